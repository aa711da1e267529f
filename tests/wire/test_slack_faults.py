"""Slack away, slow, forgetful or closed to us, over the wire: every message owed arrives, and once (promise 10)."""

import asyncio
from functools import partial

import pytest
from sqlmodel import select

from storage.records import Owed, Posted
from tests.wire.steps import SECURITY, approve, ask, deny, undecided

DATA = "C0DATAOWN"
OBSERVE = "C0OBSERVE"
FINANCE = "C0FINANCE"


def from_the_bot(world, who, channel=None):
    return [message for message in who.messages(channel) if message.user == world.slack.bot_user_id]


def posted(world, method: str = "chat.postMessage") -> list:
    return [call for call in world.slack.calls if call.method == method]


async def _has(world, action: str, times: int = 1) -> bool:
    return (await world.actions()).count(action) >= times


async def test_what_is_decided_while_slack_is_away_is_done_and_told_afterwards(world):
    """The approval was taken, then Slack went: access is given and ends on time all the same; then all is told once."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    draft = await ada.sees("waiting for Data Platform")
    request = await undecided(grace, DATA, "prod-db")
    world.faulty.hang("add_member")
    await approve(grace, DATA, "prod-db")
    world.slack.faults.down()
    world.faulty.mend()
    await world.until(lambda: _has(world, "access.given done"))
    assert await world.holders("prod-db") == {"ada"}
    world.clock.skip(hours=2, seconds=1)
    await world.until(lambda: _has(world, "access.removed done"))
    assert await world.holders("prod-db") == set()
    await world.waiting()
    world.slack.faults.up()
    world.clock.skip(minutes=10)
    await world.in_time(lambda: _told(ada, None, "ended at"), step=600, pace=3)
    ended = await ada.sees("ended at")
    assert ended.ts == draft.ts
    over = await grace.sees("Ended at", channel=DATA)
    assert over.ts == request.ts
    assert over.buttons.keys() == {"story.tell"}
    assert len(from_the_bot(world, ada)) == 1
    assert len(from_the_bot(world, grace, DATA)) == 1
    await world.slack.wait_connected()
    await ada.say("help")
    await ada.sees("Things you can say to me")


async def test_what_happened_while_slack_was_away_is_told_once_to_everybody(world):
    """Ends and exceptions alike, however often the bot tried meanwhile."""
    alan = world.person("alan")
    people = [world.person(login) for login in ("ada", "bob", "charles", "linus", "joan")]
    await asyncio.gather(*(ask(who, "I need crm-read for 1h because INC-1") for who in people))
    await asyncio.gather(*(who.sees("✅ crm-read") for who in people))
    world.slack.faults.down()
    world.faulty.partial("remove_member", every=2)
    world.clock.skip(hours=1, seconds=1)
    for _ in range(8):
        await asyncio.sleep(0.3)
        world.clock.skip(seconds=10)
    world.faulty.mend()
    await world.in_time(lambda: _has(world, "access.removed done", 5), step=300)
    before = len(world.slack.calls)
    await world.waiting()
    world.slack.faults.up()
    world.clock.skip(minutes=10)
    await world.in_time(lambda: all(_told(who, None, "ended at") for who in people), step=600, pace=3)
    await world.slack.wait_connected()
    await world.told()
    said = [call for call in world.slack.calls[before:] if call.method == "chat.postMessage" and call.ok]
    assert all(len(from_the_bot(world, who)) == 1 for who in people)
    alerts = from_the_bot(world, alan, SECURITY)
    # Removals that failed three times are told, each person's once: how many depends on how often they were tried.
    assert len({alert.text for alert in alerts}) == len(alerts) == len(said) <= len(people)


async def test_an_alert_does_not_wait_behind_what_others_are_owed(world):
    """Seventy answers are owed when it happens: security hears before them, and nobody is tried while they wait."""
    eve, alan = world.person("eve"), world.person("alan")
    asking = [world.person(login) for login in ("bob", "charles", "linus", "joan", "mary", "luca", "grace")]
    world.slack.faults.rate_limit("chat.postMessage", 3600, 7)
    for who in asking:
        await asyncio.gather(*(who.say("help") for _ in range(10)))
    await world.until(lambda: len(posted(world)) == 7)
    await world.waiting()
    world.slack.faults.rate_limit("chat.postMessage", 3600, 2)
    await eve.say("I need prod-admin for 1h because INC-1")
    await world.until(lambda: len(posted(world)) == 9)
    await world.waiting()
    assert alan.messages(SECURITY) == []
    world.clock.skip(hours=1, seconds=1)
    await alan.sees("Refused: prod-admin asked by Eve Example", channel=SECURITY)
    await world.until(lambda: all(len(from_the_bot(world, who)) == 10 for who in asking))
    await eve.sees("⛔ I can't give prod-admin")
    said = [call.arguments["channel"] for call in posted(world) if call.ok]
    assert said.index(SECURITY) < len(asking) + 2
    assert len(said) == 72


@pytest.mark.parametrize("trouble", ["dropped", "slow", "limited", "failing", "down"])
async def test_that_access_is_overdue_arrives_through_whatever_slack_does(world, trouble):
    """Told once (twice where the answer was cut off), to security and to the owner, and before what is less urgent."""
    ada, alan, mary = world.person("ada"), world.person("alan"), world.person("mary")
    observability, faults = world.channel("observability"), world.slack.faults
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    await world.told()
    world.faulty.error("remove_member")
    begin = {
        "dropped": lambda: faults.drop_response("chat.postMessage", 2),
        "slow": lambda: faults.delay("chat.postMessage", 0.5),
        "limited": lambda: faults.rate_limit("chat.postMessage", 5, 2),
        "failing": lambda: faults.fail("chat.postMessage", "internal_error", 2),
        "down": faults.down,
    }
    begin[trouble]()
    world.clock.skip(hours=1, minutes=16)
    await world.until(lambda: _has(world, "access.removal_overdue failed"))
    if trouble == "down":
        await world.waiting()
        faults.up()
    told = "Revocation overdue by 16 minutes: grafana-edit of Ada"
    for who, channel in ((alan, SECURITY), (mary, observability)):
        await world.in_time(lambda who=who, channel=channel: _told(who, channel, told), step=6, pace=0.3)
        copies = [m for m in from_the_bot(world, who, channel) if m.says(told)]
        assert len(copies) <= (2 if trouble == "dropped" else 1)


def _told(who, channel: str | None, words: str) -> bool:
    return any(message.says(words) for message in who.messages(channel))


async def _repeated(world, grace) -> None:
    """She sees the request, and once the bot has heard that it is not answered, the same in a second message."""
    await grace.sees("Access request: prod-db", channel=DATA)
    await world.in_time(lambda: len(from_the_bot(world, grace, DATA)) == 2, step=5)


async def test_a_rate_limit_is_waited_for_as_long_as_slack_says(world):
    """No call to the limited method before its time; nobody else waits for it (SL-11)."""
    ada = world.person("ada")
    world.slack.faults.rate_limit("chat.postMessage", 30, 1)
    await ada.say("help")
    await world.until(lambda: len(posted(world)) == 1)
    first = posted(world)[0]
    assert first.error == "ratelimited"
    await world.waiting()
    world.clock.skip(seconds=25)
    await asyncio.sleep(1.2)
    assert len(posted(world)) == 1
    world.clock.skip(seconds=6)
    await ada.sees("Things you can say to me")
    assert len(posted(world)) == 2


async def test_a_message_that_is_gone_is_posted_anew(world):
    """Somebody deleted it: the state is told in a new message, and edited there from then on."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    world.slack.faults.fail("chat.update", "message_not_found")
    await ada.click(draft, "draft.send")
    anew = await ada.sees("grafana-edit", after=draft.ts)
    await ada.sees("✅ grafana-edit")
    assert anew.ts != draft.ts
    world.clock.skip(hours=2, seconds=1)
    ended = await ada.sees("ended at")
    assert ended.ts == anew.ts


async def test_an_answer_that_was_cut_off_makes_at_most_one_repeat(world):
    """Posted, but we never heard: it may be said twice, never more, and the later one is kept up to date."""
    ada, grace = world.person("ada"), world.person("grace")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    world.slack.faults.drop_response("chat.postMessage")
    await ada.click(draft, "draft.send")
    await _repeated(world, grace)
    world.clock.skip(minutes=10)
    await asyncio.sleep(1.2)
    shown = from_the_bot(world, grace, DATA)
    assert len(shown) == 2
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    decided = await grace.sees("Active until", channel=DATA)
    assert decided.ts == shown[-1].ts
    await grace.click(shown[0], "approval.approve")
    await grace.sees("Grace Hopper approved this at", channel=DATA)
    assert (await world.actions()).count("grant.approved done") == 1


async def test_a_copy_acts_on_the_same_request_and_is_brought_up_to_date_when_somebody_touches_it(world):
    """It stood aside until then; from then on both show the same, whatever happens."""
    ada, grace = world.person("ada"), world.person("grace")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    world.slack.faults.drop_response("chat.postMessage")
    await ada.click(draft, "draft.send")
    await _repeated(world, grace)
    await world.told()
    copy, kept = from_the_bot(world, grace, DATA)
    await grace.click(copy, "approval.approve")
    form = await grace.sees_view("Approve request")
    assert (await grace.submit(form, {"rationale": "ok for the incident"})).closed
    await ada.sees("✅ prod-db")
    await _both(world, grace, "Active until")
    assert (await world.actions()).count("grant.approved done") == 1
    world.clock.skip(hours=2, seconds=1)
    await _both(world, grace, "Ended at")
    assert [each.ts for each in from_the_bot(world, grace, DATA)] == [copy.ts, kept.ts]


async def test_a_copy_that_was_decided_beside_shows_so_at_the_first_touch(world):
    """Nobody touched it until all was over: one click, a whisper, and it has no button left."""
    ada, grace, linus = (world.person(login) for login in ("ada", "grace", "linus"))
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    world.slack.faults.drop_response("chat.postMessage")
    await ada.click(draft, "draft.send")
    await _repeated(world, grace)
    await deny(grace, DATA, "prod-db", "not today")
    await grace.sees("Denied", channel=DATA)
    copy = from_the_bot(world, grace, DATA)[0]
    assert "approval.approve" in copy.buttons
    await linus.click(copy, "approval.approve")
    await linus.sees("Grace Hopper denied this at", channel=DATA)
    await _both(world, grace, "Denied")
    assert (await world.actions()).count("approval.denied done") == 1


async def test_a_copy_in_a_channel_that_is_shared_by_now_is_told_nothing(world):
    """Either side may share a channel at any time (SL-2)."""
    ada, grace, alan = (world.person(login) for login in ("ada", "grace", "alan"))
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    world.slack.faults.drop_response("chat.postMessage")
    await ada.click(draft, "draft.send")
    await _repeated(world, grace)
    await world.told()
    copy = from_the_bot(world, grace, DATA)[0]
    world.slack.update_channel(DATA, is_ext_shared=True)
    await grace.click(copy, "approval.approve")
    form = await grace.sees_view("Approve request")
    assert (await grace.submit(form, {"rationale": "seen nowhere else"})).closed
    await ada.sees("✅ prod-db")
    await alan.sees("Data Platform cannot be reached", channel=SECURITY)
    assert not any(message.says("seen nowhere else") for message in grace.messages(DATA))
    assert [m for m in alan.messages(SECURITY) if m.says("Undeliverable")] == []  # one trouble is one alert
    assert len([m for m in alan.messages(SECURITY) if m.says("cannot be reached")]) == 1


async def test_a_copy_that_decides_in_one_click_is_brought_up_to_date_by_it(world):
    """Its button names beside the request what was shown of it."""
    ada, luca = world.person("ada"), world.person("luca")
    await ada.say("I need crm-read for 12h because FIN-3")
    draft = await ada.sees("You are asking for")
    world.slack.faults.drop_response("chat.postMessage")
    await ada.click(draft, "draft.send")
    await luca.sees("Access request: crm-read", channel=FINANCE)
    await world.in_time(lambda: len(from_the_bot(world, luca, FINANCE)) == 2, step=5)
    await world.told()
    copy = from_the_bot(world, luca, FINANCE)[0]
    await luca.click(copy, "approval.approve_at_once")
    await ada.sees("✅ crm-read")
    await _both(world, luca, "Active until", FINANCE)


async def _both(world, who, words: str, channel: str = DATA) -> None:
    """Both copies say so, and neither can be decided on any more."""
    await world.until(lambda: all(each.says(words) for each in from_the_bot(world, who, channel)))
    deciding = [
        [each for each in one.buttons if each.startswith("approval.")]
        for one in from_the_bot(world, who, channel)
    ]
    assert deciding == [[], []]


async def _owes(world, messages: int) -> bool:
    return await world.owed() == messages


async def test_an_hour_without_slack_loses_nothing_of_a_hundred_things(world):
    """All arrives afterwards, each once, in its order and as it is then; nobody is asked to mend what Slack must."""
    ada, alan, mary = world.person("ada"), world.person("alan"), world.person("mary")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    held = await ada.sees("✅ grafana-edit")
    await world.told()
    asking = [world.person(login) for login in ("bob", "charles", "linus", "joan", "luca", "grace", "konrad")]
    world.slack.faults.rate_limit("chat.postMessage", 60, len(asking))
    world.faulty.timeout = 5
    for said in range(1, 15):
        await asyncio.gather(*(who.say("help") for who in asking))
        await world.until(partial(_owes, world, said * len(asking)))
    order = {
        each.subject: each.id for each in await world.database.read(lambda tx: tx.exec(select(Owed)).all())
    }
    world.faulty.error("remove_member")
    world.slack.faults.down()
    for _ in range(11):
        world.clock.skip(minutes=5)
        await asyncio.sleep(0.1)
    world.clock.skip(minutes=21)
    await world.until(lambda: _has(world, "access.removal_overdue failed"))
    await world.waiting()
    assert await world.owed() >= 14 * len(asking) + 3
    world.faulty.mend()
    await world.in_time(lambda: _has(world, "access.removed done"), step=300)
    await world.waiting()
    before = len(posted(world))
    world.slack.faults.up()
    world.clock.skip(minutes=5)
    for _ in range(20):
        world.clock.skip(minutes=1)
        await asyncio.sleep(0.3)
        if await _owes(world, 0):
            break
    await world.told()
    places = await world.database.read(lambda tx: tx.exec(select(Posted)).all())
    by_place = {each.ts: each.subject for each in places if each.subject in order}
    for who in asking:
        told = [by_place[message.ts] for message in from_the_bot(world, who) if message.ts in by_place]
        assert len(told) == len(from_the_bot(world, who)) == 14
        assert told == sorted(told, key=order.__getitem__)
    assert (await ada.sees("ended at")).ts == held.ts
    observability = world.channel("observability")
    for who, channel in ((alan, SECURITY), (mary, observability)):
        told = [message.plain for message in from_the_bot(world, who, channel)]
        assert len(told) == len(set(told))
        assert any("Revocation overdue" in each and "settled" in each.lower() for each in told), told
    assert not any(message.says("Undeliverable") for message in alan.messages(SECURITY))
    assert all(call.ok or call.error == "ratelimited" for call in posted(world)[before:])


async def test_an_edit_whose_answer_was_cut_off_repeats_nothing(world):
    """An edit made twice is one message."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    world.slack.faults.drop_response("chat.update", times=2)
    await ada.click(draft, "draft.send")
    world.clock.skip(seconds=30)
    await ada.sees("✅ grafana-edit")
    assert len(from_the_bot(world, ada)) == 1


@pytest.mark.parametrize("trouble", ["archived", "shared", "removed"])
async def test_a_channel_that_is_closed_to_us_gets_nothing_and_security_hears(world, trouble):
    """The request waits, is told to nobody outside, and arrives once the channel is in order again (SL-2)."""
    ada, grace, alan = world.person("ada"), world.person("grace"), world.person("alan")
    members = ["U0GRACE", "U0LINUS", "U0CHARLES", "U0BOB"]
    wrong, right = {
        "archived": ({"is_archived": True}, {"is_archived": False}),
        "shared": ({"is_ext_shared": True}, {"is_ext_shared": False}),
        "removed": ({"members": members}, {"members": [*members, world.slack.bot_user_id]}),
    }[trouble]
    world.slack.update_channel(DATA, **wrong)
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await alan.sees("Data Platform cannot be reached", channel=SECURITY)
    assert "message.undeliverable failed" in await world.actions()
    await ada.sees("waiting for Data Platform")
    world.clock.skip(minutes=6)
    await asyncio.sleep(1.2)
    assert grace.messages(DATA) == []
    assert [m for m in alan.messages(SECURITY) if m.says("Undeliverable")] == []  # one trouble is one alert
    assert len([m for m in alan.messages(SECURITY) if m.says("cannot be reached")]) == 1
    world.slack.update_channel(DATA, **right)
    world.clock.skip(minutes=6)
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    assert len(grace.messages(DATA)) == 1


async def test_a_channel_shared_after_the_request_sees_nothing_more(world):
    """Either side may share a channel at any time, so each message looks again (SL-2)."""
    ada, grace, alan = world.person("ada"), world.person("grace"), world.person("alan")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    await grace.click(request, "approval.approve")
    form = await grace.sees_view("Approve request")
    world.slack.update_channel(DATA, is_ext_shared=True)
    assert (await grace.submit(form, {"rationale": "seen nowhere else"})).closed
    await ada.sees("✅ prod-db")
    await alan.sees("Data Platform cannot be reached", channel=SECURITY)
    assert not any(message.says("seen nowhere else") for message in grace.messages(DATA))


async def test_who_somebody_is_cannot_be_told_without_slack(world):
    """A look-up that fails lets nobody act; the click can be made again."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    world.slack.faults.fail("users.info", "internal_error")
    await grace.click(request, "approval.approve")
    await grace.sees("Slack did not tell me who you are just now", channel=DATA)
    assert grace.view is None
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")


async def test_a_form_that_came_too_late_is_asked_for_again(world):
    """Slack opens no form for a click of three seconds ago: one more click does it."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    world.slack.faults.expire_triggers()
    await grace.click(request, "approval.approve")
    await grace.sees("Please click once more", channel=DATA)
    await ada.slash("/wicket", "request")
    await ada.sees("Please")
    assert ada.view is None
    world.slack.faults.expire_triggers(on=False)
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")


async def test_everything_delivered_four_times_has_one_effect(world):
    """Messages, clicks and forms alike (promise 6, SL-5)."""
    ada, grace = world.person("ada"), world.person("grace")
    world.slack.faults.deliver_times(4)
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await approve(grace, DATA, "prod-db")
    active = await ada.sees("✅ prod-db")
    await ada.click(active, "grant.give_back")
    await ada.sees("you gave it back. You held it")
    await world.slack.settled()
    assert len(from_the_bot(world, ada)) == 1
    assert len([m for m in from_the_bot(world, grace, DATA) if not m.ephemeral]) == 1
    actions = await world.actions()
    for once in ("grant.requested", "approval.given", "grant.approved", "grant.given_back", "access.removed"):
        assert actions.count(f"{once} done") == 1, actions


async def test_new_sockets_lose_nothing(world):
    """Slack asks us to come back on another connection every few hours, in the middle of things."""
    ada = world.person("ada")
    await world.slack.refresh_sockets()
    draft = await ask(ada, "I need grafana-edit for 2h because INC-4711")
    assert (await ada.sees("✅ grafana-edit")).ts == draft.ts
