"""The bot stopped, killed or frozen at the worst moments and started on the same files, over the wire (promise 6)."""

import asyncio

import pytest

from bot.demo.company import LOVELACE
from storage.engine.stores import Server
from tests.ports import free_port
from tests.wire.conftest import ON_BOTH
from tests.wire.steps import SECURITY, approve, ask, undecided

DATA = "C0DATAOWN"
# On both engines where the store says who goes first, whose work is whose, or what is still owed. What a crash leaves
# stands in tests/handlers/grants on both, and tests/chaos kills the real process on both.
PAST_THE_LEASE = 31  # of a message; the one of a membership is shorter


async def changes(world, login: str, group: str) -> list[str]:
    """What was really changed in the directory about one membership."""
    found = await world.directory.effects()
    return [e.what for e in found if e.changed and (e.account, e.group) == (f"p-{login}", group)]


async def _recorded(world, action: str) -> bool:
    return action in await world.actions()


@pytest.mark.parametrize("end", ["restart", "kill"])
async def test_a_waiting_request_outlives_the_bot(world, end):
    """Its message still works, and is the only one."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    await _end(world, end)
    await approve(grace, DATA, "prod-db")
    active = await ada.sees("✅ prod-db")
    assert (await grace.sees("Active until", channel=DATA)).ts == request.ts
    assert [m.ts for m in ada.messages() if m.bot_id] == [active.ts]


async def _end(world, end: str) -> None:
    if end == "restart":
        await world.restart()
        return
    await world.told()  # only a message that is being posted in the very moment may be posted twice
    await world.kill()
    await world.start()


async def test_a_request_that_lapsed_while_the_bot_was_away_is_told_when_it_is_back(world):
    """And cannot be approved any more, not even in the first moment."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    await world.stop()
    world.clock.skip(hours=25)
    await world.start()
    await grace.click(request, "approval.approve", stale=True)
    await ada.sees("did not answer in time")
    assert (await grace.sees("Lapsed", channel=DATA)).buttons.keys() == {"story.tell"}
    assert grace.view is None
    assert await world.holders("prod-db") == set()


async def test_what_was_approved_and_not_yet_given_is_given_after_a_start(world):
    """The end was durable before; the time away does not move it (promise 1)."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    world.faulty.error("add_member")
    await approve(grace, DATA, "prod-db")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    await world.stop()
    assert await world.holders("prod-db") == set()
    world.clock.skip(hours=1)
    await world.start()
    await ada.sees("✅ prod-db")
    assert await world.holders("prod-db") == {"ada"}
    world.clock.skip(hours=1, seconds=1)
    await ada.sees("ended at")
    assert await changes(world, "ada", "prod-db-rw") == ["add", "remove"]


async def test_what_was_approved_and_is_over_by_now_is_never_given(world):
    """The bot was away longer than the access would have lasted."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    world.faulty.error("add_member")
    await approve(grace, DATA, "prod-db")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    await world.stop()
    world.clock.skip(hours=3)
    await world.start()
    await ada.sees("ended")
    assert await changes(world, "ada", "prod-db-rw") == []
    assert "access.given done" not in await world.actions()


@ON_BOTH
async def test_overdue_access_goes_first_after_a_start(world):
    """Before any new work is taken up, what should be gone is gone (A-1)."""
    people = [world.person(login) for login in ("ada", "bob", "charles")]
    for who, hours in zip(people, (1, 2, 3), strict=True):
        await ask(who, f"I need crm-read for {hours}h because INC-1")
        await who.sees("✅ crm-read")
    grace, linus = world.person("grace"), world.person("linus")
    await ask(linus, "I need prod-db for 8h because INC-2")
    world.faulty.error("add_member")
    await approve(grace, DATA, "prod-db")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    await world.stop()
    world.clock.skip(hours=4)
    before = len(await world.directory.effects())
    await world.start()
    await asyncio.gather(*(who.sees("ended at") for who in people))
    await linus.sees("✅ prod-db")
    done = [(e.what, e.account) for e in (await world.directory.effects())[before:] if e.changed]
    assert sorted(done[:3]) == [("remove", "p-ada"), ("remove", "p-bob"), ("remove", "p-charles")]
    assert done[3:] == [("add", "p-linus")]


async def test_security_hears_at_once_of_what_cannot_be_taken_back_after_a_start(world):
    """A directory that is still away when the bot is back does not keep it secret."""
    ada, alan = world.person("ada"), world.person("alan")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    world.faulty.error("remove_member")
    world.clock.skip(hours=1, seconds=1)
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    await world.stop()
    world.clock.skip(minutes=10)
    await world.start()
    await alan.sees("Revocation overdue: grafana-edit of Ada Lovelace", channel=SECURITY)
    await ada.sees("ended at")
    assert "ada" not in await world.holders("grafana-edit")


@ON_BOTH
async def test_messages_owed_when_the_bot_stopped_arrive_when_it_is_back(world):
    """Also those it had taken up and not sent (promise 10)."""
    ada, grace = world.person("ada"), world.person("grace")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    world.slack.faults.hold("chat.postMessage")
    await ada.click(draft, "draft.send")
    await world.until(lambda: world.slack.faults.held)
    await world.kill()
    world.slack.faults.let_go("chat.postMessage")
    world.clock.skip(seconds=PAST_THE_LEASE)
    await world.start()
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    assert len([m for m in grace.messages(DATA) if not m.ephemeral]) <= 2


async def test_a_message_under_way_when_asked_to_stop_is_not_posted_again(world):
    """The stop waits for it, so that every new version does not repeat itself in the owners' channels (promise 10)."""
    ada, grace = world.person("ada"), world.person("grace")
    await ada.say("I need prod-db for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    world.slack.faults.hold("chat.postMessage")
    await ada.click(draft, "draft.send")
    await ada.sees("waiting for Data Platform")
    await world.until(lambda: world.slack.faults.held)
    assert grace.messages(DATA) == []
    stopping = asyncio.create_task(world.stop())
    await asyncio.sleep(0.3)  # it waits by now, and does for seconds
    world.slack.faults.let_go("chat.postMessage")
    await stopping
    await grace.sees("Access request: prod-db", channel=DATA)
    world.clock.skip(seconds=PAST_THE_LEASE)
    await world.start()
    await approve(grace, DATA, "prod-db")
    await grace.sees("Active until", channel=DATA)
    assert len(grace.messages(DATA)) == 1


WORST = pytest.mark.parametrize("moment", ["before the call", "before the read-back"])


async def stuck(world, moment: str) -> None:
    """Wait until the bot stands at this moment of the change that hangs, and let it stand there."""
    await world.until(lambda: world.faulty.hanging == 1)
    if moment == "before the call":
        return
    # A released call goes on at once; the switch thrown in the same moment holds the one after it.
    world.faulty.release()
    world.faulty.hang("membership")
    before = world.faulty.calls["membership"]
    await world.until(lambda: world.faulty.hanging == 1 and world.faulty.calls["membership"] > before)


@WORST
async def test_killed_while_giving_access_it_is_given_once(world, moment):
    """Claimed, or even added, and never recorded: the next one finds out and finishes (promise 6)."""
    ada = world.person("ada")
    world.faulty.timeout = 20
    world.faulty.hang("add_member")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await stuck(world, moment)
    assert ("ada" in await world.holders("grafana-edit")) == (moment != "before the call")
    await world.kill()
    world.clock.skip(seconds=PAST_THE_LEASE)
    await world.start()
    await ada.sees("✅ grafana-edit")
    assert await changes(world, "ada", "grafana-editors") == ["add"]
    actions = await world.actions()
    assert actions.count("access.given done") == 1
    assert actions.count("grant.approved done") == 1
    world.clock.skip(hours=2)
    await ada.sees("ended at")
    assert await changes(world, "ada", "grafana-editors") == ["add", "remove"]
    assert (await world.actions()).count("access.removed done") == 1


@WORST
async def test_killed_while_taking_access_back_it_is_taken_back_once(world, moment):
    """And recorded once, however far the dead one came."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    world.faulty.timeout = 20
    world.faulty.hang("remove_member")
    world.clock.skip(hours=2, seconds=1)
    await stuck(world, moment)
    await world.kill()
    world.clock.skip(seconds=PAST_THE_LEASE)
    await world.start()
    await ada.sees("ended at")
    assert await changes(world, "ada", "grafana-editors") == ["add", "remove"]
    actions = await world.actions()
    assert actions.count("access.removed done") == 1
    assert actions.count("grant.expired done") == 1


@ON_BOTH
async def test_started_again_right_after_a_kill_it_takes_up_what_it_was_at(world):
    """Only one bot runs on a file, so it need not wait until its predecessor's lease is over (A-1).

    On PostgreSQL another replica may be at it: there nothing is taken up before the lease is over.
    """
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    world.faulty.timeout = 20
    world.faulty.hang("remove_member")
    world.clock.skip(hours=2, seconds=1)
    await world.until(lambda: world.faulty.hanging == 1)
    await world.kill()
    await world.start()
    if isinstance(world.settings.store, Server):
        await asyncio.sleep(1.5)
        assert await changes(world, "ada", "grafana-editors") == ["add"]
        world.clock.skip(seconds=PAST_THE_LEASE)
    await ada.sees("ended at", timeout=15)  # the lease takes twenty seconds
    assert await changes(world, "ada", "grafana-editors") == ["add", "remove"]
    assert (await world.actions()).count("effect.begun done") >= 3


async def test_killed_between_reading_and_adding_what_stood_before_stays(world):
    """Whose membership it was is durable before the first add, so a crash cannot make it ours (promise 8)."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await world.directory.add_member("p-ada", "prod-db-rw")
    world.faulty.timeout = 20
    world.faulty.hang("membership")
    await approve(grace, DATA, "prod-db")
    await world.until(lambda: world.faulty.hanging == 1)
    await world.kill()
    world.clock.skip(seconds=PAST_THE_LEASE)
    await world.start()
    await ada.sees("✅ prod-db")
    world.clock.skip(hours=2)
    await ada.sees("ended at")
    assert "ada" in await world.holders("prod-db")


@ON_BOTH
async def test_one_that_was_frozen_and_wakes_up_late_changes_nothing(world):
    """It holds a call of long ago, and another has finished the work: its late answer counts for nothing."""
    ada = world.person("ada")
    world.faulty.timeout = 20
    world.faulty.hang("add_member")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await world.until(lambda: world.faulty.hanging == 1)
    frozen, its_directory = world.freeze(), world.faulty
    server = world.settings.server.model_copy(update={"port": free_port()})
    world.settings = world.settings.model_copy(update={"server": server})
    world.clock.skip(seconds=PAST_THE_LEASE)
    await world.start()
    await ada.sees("✅ grafana-edit")
    given = (await world.actions()).count("access.given done")
    its_directory.mend()
    await world.until(lambda: its_directory.hanging == 0)
    await frozen.stop()
    actions = await world.actions()
    assert given == actions.count("access.given done") == 1
    assert await changes(world, "ada", "grafana-editors") == ["add"]
    world.clock.skip(hours=2)
    await ada.sees("ended at")
    assert "ada" not in await world.holders("grafana-edit")
    assert len([m for m in ada.messages() if m.bot_id]) == 1


async def test_questions_and_clicks_work_again_right_after_a_start(world):
    """Nothing that was on a screen before is dead after."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    await _end(world, "kill")
    await ada.click(draft, "draft.send")
    active = await ada.sees("✅ grafana-edit")
    assert active.ts == draft.ts
    await world.restart()
    await ada.click(active, "grant.give_back")
    await ada.sees("you gave it back")
    assert await world.holders("grafana-edit") == {
        p.login for p in LOVELACE.people if p.login in ("mary", "edsger")
    }
