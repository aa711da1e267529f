"""One person in two directories, over the wire: found by number, asked again, and a hung one stalls nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.company import LOVELACE, Company, Group, Person
from storage.catalogue import Owner
from tests.wire.conftest import World, close_world, open_world
from tests.wire.steps import SECURITY, answer_to, approve, ask, fill_in, undecided

DATA = "C0DATAOWN"
THINGS = {one.id: one for one in LOVELACE.entitlements}
LAB = Company(
    name="The lab",
    slack_team=LOVELACE.slack_team,
    directory="lab",
    security="lab-admins",
    security_channel=LOVELACE.security_channel,
    people=(Person(slack="U0KING", login="countess", name="A. King", title="Lab", linked=False),),
    channels=(),
    groups=(Group(name="lab-admins"), Group(name="lab-notes"), Group(name="lab-db")),
    owners=(
        Owner(
            id="lab",
            name="The Lab",
            channel=DATA,
            approvers=next(o for o in LOVELACE.owners if o.channel == DATA).approvers,
        ),
    ),
    entitlements=(
        replace(
            THINGS["grafana-edit"], id="lab-notes", title="Lab notes", directory="lab", group="lab-notes",
            owner="lab", aliases=(),
        ),
        replace(
            THINGS["prod-db"], id="lab-db", title="Lab database", directory="lab", group="lab-db",
            owner="lab", aliases=(),
        ),
    ),
)  # fmt: skip


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Ada signs in from the company's directory, and has an account called "countess" in the lab's."""
    opened = await open_world(tmp_path, second=LAB, same_people=True)
    await opened.directory.change_account("p-ada", person="1815")
    assert opened.beside is not None
    await opened.beside.directory.change_account("p-countess", person="1815")
    yield opened
    await close_world(opened)


async def test_access_in_another_directory_from_the_asking_to_the_end(world):
    """Asked for in words, given to the account with her number, told with the rest, and taken back on time."""
    ada = world.person("ada")
    await ask(ada, "I need lab-notes for 2h because INC-4711")
    await ada.sees("✅ lab-notes")
    assert await world.holders("lab-notes") == {"countess"}
    for way in ("command", "message"):
        answer = await answer_to(ada, "what access do I have?", way)
        assert "You hold 3 things." in answer
        assert "lab-notes, until" in answer
        assert "Directory lab read" in answer
        assert "Yes, you are in lab-notes until" in await answer_to(ada, "am I in lab-notes?", way)
    world.clock.skip(hours=2, seconds=1)
    await ada.sees("lab-notes", "ended at")
    assert await world.holders("lab-notes") == set()


async def test_an_owner_sees_where_it_goes_and_approves(world):
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need lab-db for 1h because INC-4711")
    request = await undecided(grace, DATA, "lab-db")
    assert request.says("in the directory lab")
    await grace.click(request, "approval.details")
    details = await grace.sees_view("Request details")
    assert "p-countess" in str(details.blocks)
    await approve(grace, DATA, "lab-db")
    await ada.sees("✅ lab-db")
    assert await world.holders("lab-db") == {"countess"}


async def test_two_accounts_with_one_number_are_refused_kindly_and_told(world):
    """Ambiguity is an exception, not a guess."""
    ada, alan = world.person("ada"), world.person("alan")
    await world.beside.directory.add_account("p-twin", login="twin", name="T", mail="", person="1815")
    await ada.slash("/wicket", "request")
    assert (await fill_in(ada, "lab-notes", "2h", "INC-4711")).closed
    refused = await ada.sees("I can't give lab-notes")
    assert "the directory lab has two accounts with your staff number" in refused.plain
    assert "Ask the IT desk" in refused.plain
    alert = await alan.sees("Not certain whose account", channel=SECURITY)
    assert "p-countess and p-twin" in alert.plain
    assert "1815" not in alert.plain
    assert await world.holders("lab-notes") == set()
    assert "I don't know whether you are in lab-notes" in await answer_to(
        ada, "am I in lab-notes?", "command"
    )


async def test_a_number_that_moved_before_the_click_gives_nothing_to_anybody(world):
    ada, grace, alan = world.person("ada"), world.person("grace"), world.person("alan")
    await ask(ada, "I need lab-db for 1h because INC-4711")
    request = await undecided(grace, DATA, "lab-db")
    await world.beside.directory.change_account("p-countess", person="")
    await world.beside.directory.add_account("p-other", login="other", name="O", mail="", person="1815")
    await grace.click(request, "approval.approve")
    await ada.sees("lab-db", "is not granted after all", "leads to another account")
    await alan.sees("Not certain whose account", "First p-countess, then p-other", channel=SECURITY)
    assert await world.holders("lab-db") == set()


async def test_a_hung_directory_is_unknown_for_what_is_kept_there_and_stalls_nothing_else(world):
    """Promise 7 and N-11: identity, requests, resets and approvals elsewhere never ask it."""
    ada, grace = world.person("ada"), world.person("grace")
    world.beside.faulty.hang()
    looked_for_drift = world.beside.faulty.calls.copy()
    await ask(ada, "I need prod-db for 1h because INC-4711")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    await ada.say("reset my password")
    await ada.sees("Continue on the secure page")
    assert (
        "your password expires" in (await answer_to(ada, "when does my password expire?", "command")).lower()
    )
    assert world.beside.faulty.calls == looked_for_drift
    for way in ("command", "message"):
        answer = await answer_to(ada, "what access do I have?", way)
        assert "prod-db, until" in answer
        assert "I don't know about lab-db or lab-notes. I can't read the directory lab right now." in answer
        assert "You hold nothing" not in answer
        assert "I can't read the directory right now" in await answer_to(ada, "am I in lab-db?", way)
    world.beside.faulty.mend()
    assert "I don't know" not in await answer_to(ada, "what access do I have?", "command")


async def test_somebody_who_asks_about_the_hung_directory_keeps_what_they_typed(world):
    ada = world.person("ada")
    world.beside.faulty.hang()
    await ada.slash("/wicket", "request")
    refused = await fill_in(ada, "lab-notes", "2h", "INC-4711")
    assert "I can't read the directory right now" in refused.errors["for"]
    world.beside.faulty.mend()
    assert (await ada.submit(refused.view, {})).closed
    await ada.sees("✅ lab-notes")


async def test_the_end_comes_on_time_while_the_home_directory_hangs(world):
    """Promise 1: taking back asks nobody whose account it was."""
    ada = world.person("ada")
    await ask(ada, "I need lab-notes for 2h because INC-4711")
    await ada.sees("✅ lab-notes")
    await world.told()
    world.faulty.hang()
    world.clock.skip(hours=2, seconds=1)
    await ada.sees("lab-notes", "ended at")
    assert await world.holders("lab-notes") == set()


async def test_an_answer_that_waits_for_a_hung_directory_holds_up_nobody_elses(world):
    """Messages to others go out while one is still being made; that one comes as soon as it can."""
    ada, bob = world.person("ada"), world.person("bob")
    world.beside.faulty.hang()
    asked = await ada.say("what access do I have?")
    await world.until(lambda: world.beside.faulty.hanging > 0)
    assert "belongs to" in await answer_to(bob, "who owns prod-db?", "message")
    assert world.beside.faulty.hanging > 0
    assert not any(one.ts > asked.ts for one in ada.messages()), "the other one takes two seconds"
    await ada.sees("I don't know about lab-db or lab-notes", after=asked.ts)
