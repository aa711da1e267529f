"""A directory that fails, hangs or lies, over the wire: unknown is never none, and what was promised happens later."""

import asyncio
from dataclasses import replace
from time import perf_counter

import pytest

from bot.demo.company import LOVELACE
from bot.demo.company.shapes import Channel, Company, Group, Person
from storage.catalogue import Owner
from tests.wire.conftest import close_world, open_world
from tests.wire.steps import SECURITY, answer_to, approve, ask, fill_in, undecided

DATA = "C0DATAOWN"
UNKNOWN = "I can't read the directory right now, so I don't know"
QUESTIONS = ["what access do I have?", "am I in vpn-users?", "when does my password expire?"]


def break_it(directory, fault: str, *methods: str, **how: float) -> None:
    getattr(directory, fault)(*methods, **how)


@pytest.mark.parametrize("fault", ["error", "hang"])
@pytest.mark.parametrize("way", ["message", "command"])
async def test_unknown_is_never_none(world, fault, way):
    """Whether the person or the answer cannot be looked up: "I don't know", and afterwards all is well (promise 7)."""
    ada = world.person("ada")
    # The look-up of who asks; the look-up of what they ask, which a command's answer does without.
    look_ups = ({"times": 1}, {"every": 2}) if way == "message" else ({"times": 1},)
    for words in QUESTIONS:
        for how in look_ups:
            break_it(world.faulty, "partial" if "every" in how else fault, "account", **how)
            assert UNKNOWN in await answer_to(ada, words, way)
            world.faulty.mend()
    assert "You hold 2 things" in await answer_to(ada, QUESTIONS[0], way)
    assert not any(message.says("You hold nothing") for message in ada.messages())


@pytest.mark.parametrize("fault", ["error", "hang"])
async def test_a_request_whose_facts_are_not_there_keeps_what_was_typed(world, fault):
    """The form stays open and can be sent again."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    break_it(world.faulty, fault)
    refused = await fill_in(ada, "prod-db", "2h", "INC-4711")
    assert UNKNOWN in refused.errors["for"]
    assert not any(action.startswith("grant") for action in await world.actions())
    world.faulty.mend()
    assert (await ada.submit(refused.view, {})).closed
    await ada.sees("waiting for Data Platform")


@pytest.mark.parametrize("fault", ["error", "hang"])
async def test_a_decision_whose_facts_are_not_there_is_not_made(world, fault):
    """At the click the approver hears why no form opens; at the submission the rationale is kept."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    break_it(world.faulty, fault, "account")
    await grace.click(request, "approval.approve")
    await grace.sees(UNKNOWN, channel=DATA)
    assert grace.view is None
    world.faulty.mend()
    await grace.click(request, "approval.approve")
    form = await grace.sees_view("Approve request")
    break_it(world.faulty, fault, "account")
    refused = await grace.submit(form, {"rationale": "ok for the incident"})
    assert UNKNOWN in refused.errors["rationale"]
    await ada.sees("waiting for Data Platform")
    world.faulty.mend()
    assert (await grace.submit(refused.view, {})).closed
    await ada.sees("“ok for the incident”")
    await world.until(lambda: _holds(world, "prod-db", "ada"))


@pytest.mark.parametrize("fault", ["error", "hang"])
async def test_a_request_goes_to_its_owner_though_nobody_knows_who_can_decide(world, fault):
    """Names are a help and no condition: the team is named, and a decision does not need them (promise 7)."""
    ada, grace = world.person("ada"), world.person("grace")
    break_it(world.faulty, fault, "group")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    assert "Needed: one approval from Data Platform" in request.plain
    assert "Can decide now" not in request.plain
    await world.person("bob").click(request, "approval.approve")
    await world.person("bob").sees("belongs to Data Platform", "Nothing was changed", channel=DATA)
    await grace.click(request, "approval.approve")
    assert (await grace.submit(await grace.sees_view("Approve request"), {"rationale": "ok"})).closed
    await ada.sees("“ok”")


async def _holds(world, entitlement: str, login: str) -> bool:
    return login in await world.holders(entitlement)


async def _holds_not(world, entitlement: str, login: str) -> bool:
    return login not in await world.holders(entitlement)


@pytest.mark.parametrize("fault", ["error", "hang", "lie", "succeed_after_timeout"])
async def test_adding_is_tried_until_the_directory_read_back_agrees(world, fault):
    """Nobody is told they have what they have not; the end does not move for it (promise 1)."""
    ada = world.person("ada")
    break_it(world.faulty, fault, "add_member", times=2)
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    await ada.sees("being set up")
    assert not any(message.plain.startswith("✅") for message in ada.messages())
    await world.in_time(lambda: any(m.plain.startswith("✅") for m in ada.messages()))
    assert await _holds(world, "grafana-edit", "ada")
    assert await _changes(world, "ada", "grafana-editors") == ["add"]
    world.clock.skip(hours=2)
    await ada.sees("ended at")
    assert await _changes(world, "ada", "grafana-editors") == ["add", "remove"]


async def _changes(world, login: str, group: str) -> list[str]:
    """What was really changed in the directory about one membership."""
    found = await world.directory.effects()
    return [e.what for e in found if e.changed and (e.account, e.group) == (f"p-{login}", group)]


def _told(who, words: str, channel: str | None = None) -> bool:
    return any(message.says(words) for message in who.messages(channel))


async def _recorded(world, action: str) -> bool:
    return action in await world.actions()


async def test_after_three_tries_security_hears_that_the_directory_does_not_follow(world):
    """Once, however often it is tried; the tries go on."""
    ada, alan = world.person("ada"), world.person("alan")
    world.faulty.lie("add_member")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await world.in_time(lambda: _told(alan, "does not follow", SECURITY))
    alert = await alan.sees("The directory does not follow: grafana-edit of Ada Lovelace", channel=SECURITY)
    assert "3 times" in alert.plain
    assert "reading it back shows it was not" in alert.plain
    world.clock.skip(minutes=5)
    await world.in_time(lambda: world.faulty.calls["add_member"] >= 4)
    assert len(alan.messages(SECURITY)) == 1
    world.faulty.mend()
    # The fourth try may still be under way, and sets the time of the fifth from its own end.
    await world.in_time(lambda: _told(ada, "✅ grafana-edit"), step=300)


@pytest.mark.parametrize("fault", ["error", "hang", "lie", "succeed_after_timeout"])
async def test_removing_is_tried_until_the_directory_read_back_agrees(world, fault):
    """Nobody is told it ended while it has not, nor that they still have it as agreed (promise 1)."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    break_it(world.faulty, fault, "remove_member", times=2)
    world.clock.skip(hours=2, seconds=1)
    await ada.sees("being taken back")
    assert not any(message.says("ended at") for message in ada.messages())
    await world.in_time(lambda: _told(ada, "ended at"))
    assert await _changes(world, "ada", "grafana-editors") == ["add", "remove"]
    assert (await world.actions()).count("access.removed done") == 1


async def test_an_overdue_removal_is_told_once_and_tried_for_ever(world):
    """A minute late, security knows who still has what (promise 1)."""
    ada, alan = world.person("ada"), world.person("alan")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    world.faulty.hang("remove_member")
    world.clock.skip(hours=2, seconds=61)
    overdue = await alan.sees("Revocation overdue: grafana-edit of Ada Lovelace", channel=SECURITY)
    assert "They may still have it" in overdue.plain
    assert await _recorded(world, "access.removal_overdue failed")
    tried = world.faulty.calls["remove_member"]
    await world.in_time(lambda: world.faulty.calls["remove_member"] > tried, step=300)
    assert await _holds(world, "grafana-edit", "ada")
    world.faulty.mend()
    await world.in_time(lambda: _told(ada, "ended at"), step=300)
    assert await _holds_not(world, "grafana-edit", "ada")
    assert (await alan.sees("Revocation overdue", "Settled", channel=SECURITY)).ts == overdue.ts
    assert len([m for m in alan.messages(SECURITY) if m.says("Revocation overdue")]) == 1
    assert not any(message.says("They may still have it") for message in alan.messages(SECURITY))


async def test_what_stays_overdue_goes_to_its_owner_and_again_every_hour(world):
    """A quarter of an hour late, in a message of its own; when it is over, each that is still open says so."""
    ada, alan = world.person("ada"), world.person("alan")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    mary, observability = world.person("mary"), world.channel("observability")
    world.faulty.error("remove_member")
    world.clock.skip(hours=2, seconds=61)
    first = await alan.sees("Revocation overdue: grafana-edit", channel=SECURITY)
    world.clock.skip(minutes=15)
    page = await alan.sees("overdue by 16 minutes", "Owner: Observability", channel=SECURITY)
    assert "answered with an error" in page.plain
    assert page.ts != first.ts
    await mary.sees("Revocation overdue by 16 minutes: grafana-edit of Ada", channel=observability)
    assert (await alan.sees("was told anew", channel=SECURITY)).ts == first.ts
    world.clock.skip(hours=1)
    again = await alan.sees("Revocation overdue by 1 hour", channel=SECURITY)
    assert again.ts not in (first.ts, page.ts)
    world.faulty.mend()
    await world.in_time(lambda: _told(ada, "ended at"), step=300)
    assert (await alan.sees("came late by 1 hour", "Settled", channel=SECURITY)).ts == again.ts
    await mary.sees("came late by 1 hour", "Settled", channel=observability)
    assert not any(message.says("They may still have it") for message in alan.messages(SECURITY))


async def test_access_that_could_never_be_given_ends_all_the_same(world):
    """The end is durable before the access, so a directory that comes back late gives nothing (promise 1)."""
    ada = world.person("ada")
    world.faulty.error("add_member")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    world.clock.skip(hours=2, seconds=1)
    world.faulty.mend()
    await ada.sees("grafana-edit · edit ended")
    assert await _holds_not(world, "grafana-edit", "ada")
    assert "access.given done" not in await world.actions()
    assert not any(message.says("✅") for message in ada.messages())


async def test_a_directory_that_cannot_be_read_back_is_not_believed(world):
    """It was added, but nobody knows: not told, not active, until it can be read."""
    ada = world.person("ada")
    world.faulty.timeout = 3
    world.faulty.hang("add_member")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await world.until(lambda: world.faulty.hanging == 1)
    world.faulty.release()
    world.faulty.error("membership")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    assert await _holds(world, "grafana-edit", "ada")
    assert not any(message.plain.startswith("✅") for message in ada.messages())
    world.faulty.mend()
    world.clock.skip(seconds=10)
    await ada.sees("✅ grafana-edit")
    world.clock.skip(hours=2)
    await ada.sees("ended at")
    assert await _holds_not(world, "grafana-edit", "ada")


@pytest.mark.parametrize("fault", ["error", "hang", "lie"])
async def test_an_unlock_that_did_not_happen_is_never_called_done(world, fault):
    """What was not read back is not said, and the record says that it failed."""
    bob = world.person("bob")
    break_it(world.faulty, fault, "unlock")
    said = await answer_to(bob, "unlock my account", "message")
    assert "✅" not in said
    assert "I don't know whether" in said
    assert (await world.directory.account("p-bob")).locked
    actions = await world.actions()
    assert "account.unlocked failed" in actions
    assert "account.unlocked done" not in actions


FIELD = Company(
    name="Field office",
    slack_team=LOVELACE.slack_team,
    directory="field",
    security="field-security",
    security_channel=LOVELACE.security_channel,
    people=(
        Person(slack="U0HEDY", login="hedy", name="Hedy Lamarr", title="Engineer, Field", team="Field"),
        Person(slack="U0RADIA", login="radia", name="Radia Perlman", title="Lead, Field", team="Field"),
    ),
    channels=(Channel(id="C0FIELD", name="field-owners", members=("radia", "hedy"), topic="The field's"),),
    groups=(
        Group(name="field-security"),
        Group(name="field-owners", people=("radia",)),
        Group(name="field-notes"),
        Group(name="field-db"),
    ),
    owners=(Owner(id="field", name="Field", channel="C0FIELD", approvers="field-owners"),),
    entitlements=(
        replace(
            next(e for e in LOVELACE.entitlements if e.id == "grafana-edit"), id="field-notes",
            title="Field notes", directory="field", group="field-notes", owner="field", aliases=(),
        ),
        replace(
            next(e for e in LOVELACE.entitlements if e.id == "prod-db"), id="field-db",
            title="Field database", directory="field", group="field-db", owner="field", aliases=(),
        ),
    ),
)  # fmt: skip


async def _field_story(world, ticket: str) -> float:
    """Ask, get, read and lose access in the second directory; how many seconds it took."""
    hedy = world.person("hedy")
    began = perf_counter()
    draft = await ask(hedy, f"I need field-notes for 2h because {ticket}")
    await world.until(lambda: any(m.ts == draft.ts and m.plain.startswith("✅") for m in hedy.messages()))
    assert "You hold 1 thing" in await answer_to(hedy, "what access do I have?", "command")
    took = perf_counter() - began
    shown = next(m for m in hedy.messages() if m.ts == draft.ts)
    await hedy.click(shown, "grant.give_back")
    await world.until(lambda: any(m.ts == draft.ts and m.says("ended at") for m in hedy.messages()))
    assert await world.holders("field-notes") == set()
    return took


async def test_a_hung_directory_stalls_nobody_elses(tmp_path):
    """With every call of one directory hanging, people of another ask, get, read and lose access as fast as ever."""
    world = await open_world(tmp_path, second=FIELD)
    world.faulty.timeout = 5
    quiet = await _field_story(world, "QUIET-1")
    staff = [world.person(login) for login in ("ada", "bob", "charles", "linus", "joan")]
    world.faulty.hang("add_member")
    await asyncio.gather(*(ask(who, "I need crm-read for 2h because STUCK-1") for who in staff))
    await world.until(lambda: world.faulty.hanging == 5)
    world.faulty.hang()
    asking = [asyncio.create_task(answer_to(who, "what access do I have?", "command")) for who in staff]
    await world.until(lambda: world.faulty.hanging == 10)
    stalled = await _field_story(world, "STALLED-1")
    assert world.faulty.hanging > 0
    assert stalled < max(4.5, 3 * quiet), (quiet, stalled)  # a stalled one would wait five seconds
    assert all(UNKNOWN in answer for answer in await asyncio.gather(*asking))
    hedy, radia = world.person("hedy"), world.person("radia")
    await ask(hedy, "I need field-db for 1h because STALLED-2")
    await approve(radia, "C0FIELD", "field-db")
    await hedy.sees("✅ field-db")
    world.faulty.mend()
    world.clock.skip(seconds=31)
    await asyncio.gather(*(who.sees("✅ crm-read") for who in staff))
    await close_world(world)


async def test_what_needs_no_change_is_answered_while_changes_hang(world):
    """A hung change holds up no question and no menu, and no decision of others."""
    ada, grace, linus = world.person("ada"), world.person("grace"), world.person("linus")
    world.faulty.timeout = 5
    world.faulty.hang("add_member")
    await ask(ada, "I need grafana-edit for 2h because STUCK-1")
    await world.until(lambda: world.faulty.hanging == 1)
    await grace.slash("/wicket", "who owns prod-db?")
    await grace.sees("belongs to Data Platform")
    await linus.slash("/wicket", "request")
    form = await linus.sees_view("What do you need?")
    assert len(await linus.options(form, "entitlement", "db")) == 2
    await fill_in(linus, "prod-db", "1h", "INC-1")
    await approve(grace, DATA, "prod-db")
    assert world.faulty.hanging > 0
    assert "access.change_failed failed" not in await world.actions(), "the first try of it hangs still"
