"""What follows an emergency, over the wire: who reviews it, who may not, what comes of being late, and a drill."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.demo.workspace.messages import Message
from bot.demo.workspace.person import PersonClient
from bot.demo.workspace.views import View
from handlers.emergencies.lost import LostEmergencies
from handlers.emergencies.reviewers import Reviewers
from tests.handlers.made_once import shipped_policy
from tests.wire.conftest import World, close_world, open_world
from tests.wire.steps import SECURITY
from tests.wire.test_emergencies import COMMAND, DATA, WHY, begin
from tests.wire.test_stepping_up import PROVE, proves

REVIEW, RESTORE, RESTORE_LOST = "emergency.review", "emergency.restore", "emergency.restore_lost"
# Every day counts, whatever day it is; and the same may be taken again soon.
SETTINGS = "[emergencies]\nweekend = []\nagain_hours = 1\n[security]"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The bot by all the policies that it ships with. Bob may break the glass, and is of the team that owns it."""
    opened = await open_world(tmp_path, policy=shipped_policy(), changes={"[security]": SETTINGS})
    await opened.directory.put_in_group("data-platform-owners", "p-bob")
    yield opened
    await close_world(opened)


async def broken(world: World, incident: str) -> None:
    """Bob breaks the glass, and Grace ends it."""
    bob, grace = world.person("bob"), world.person("grace")
    form = await begin(bob, incident)
    await proves(world, "bob", form.link(PROVE))
    await bob.close_view()
    held = await grace.sees("held by Bob Noyce", incident, channel=DATA)
    await grace.click(held, "emergency.end")


async def reviews(who: PersonClient, asked: Message, finding: str = "justified") -> View:
    """They say what they found; the form that takes the place of theirs."""
    await who.click(asked, REVIEW)
    form = await who.sees_view("Was it justified?")
    await who.submit(form, {"finding": finding, "rationale": "alert earlier"})
    return await who.sees_view("Your review is kept")


async def test_somebody_else_reviews_it_and_neither_they_nor_their_report_does(world: World) -> None:
    """B-3: Bob is of the owner's team, and Linus reports to him; the second reviewer hears who was first."""
    await world.directory.change_account("p-linus", manager="p-bob")
    alan, bob, grace, linus = (world.person(login) for login in ("alan", "bob", "grace", "linus"))
    await broken(world, "INC-4711")
    asked = await alan.sees("Review owed: Bob Noyce (bob) broke the glass", "[Review…]", channel=SECURITY)
    assert "Can do it now: Grace Hopper" in asked.plain
    theirs = await grace.sees("Review owed", "[Review…]", channel=DATA)
    for who, why in ((bob, "Nobody reviews what they did"), (linus, "You report to them")):
        await who.click(theirs, REVIEW)
        await who.sees(why, channel=DATA)
        assert who.view is None
    await alan.sees("Bob Noyce (bob) tried", channel=SECURITY)
    await alan.click(asked, REVIEW)
    late = await alan.sees_view("Was it justified?")
    for fact in (
        "Bob Noyce (bob)",
        "Production database",
        "INC-4711",
        WHY,
        "by Grace Hopper, before its time",
    ):
        assert fact in late.plain
    await reviews(grace, theirs)
    await alan.submit(late, {"finding": "not-justified", "rationale": "too late"})
    await alan.sees_view("Grace Hopper reviewed this already")
    over = await alan.sees("Justified", "says the review by Grace Hopper", "alert earlier", channel=SECURITY)
    assert REVIEW not in str(over.blocks)
    said = await world.actions()
    assert said.count("emergency.review_refused refused") == 2
    assert said.count("emergency.reviewed done") == 1


async def test_without_a_review_nobody_breaks_the_glass_again_until_security_lets_them(world: World) -> None:
    """B-3: reminded of, told anew when it is late; a review gives it back, unless it finds that it was not right."""
    alan, bob, joan = world.person("alan"), world.person("bob"), world.person("joan")
    await broken(world, "INC-4711")
    await alan.sees("Review owed: Bob Noyce", channel=SECURITY)
    world.clock.skip(hours=25)
    await alan.sees("is still owed, by", channel=SECURITY)
    world.clock.skip(hours=24)
    late = await alan.sees("Review overdue: Bob Noyce", "high", "[Review…]", channel=SECURITY)
    refused = await begin(bob, "INC-4712")
    assert "An earlier one of yours was not reviewed in time" in refused.plain
    await bob.close_view()
    await reviews(alan, late, "not-justified")
    told = await joan.sees("Not justified: Bob Noyce", "[Let them again…]", channel=SECURITY)
    refused = await begin(bob, "INC-4712")
    assert "or not justified. Until that is settled" in refused.plain
    await bob.close_view()
    await joan.click(told, RESTORE)
    await joan.submit(await joan.sees_view("alert earlier"), {"rationale": "we spoke"})
    await joan.sees("They can break the glass again, says Joan Clarke", "we spoke", channel=SECURITY)
    await broken(world, "INC-4712")
    await thrown_away(world)
    lost = await joan.sees(
        "Lost from the records: emergencies of Bob Noyce", "2 emergencies", channel=SECURITY
    )
    for who, answer in ((joan, "one of two"), (alan, "can break the glass again")):
        await who.click(lost, RESTORE_LOST)
        await who.submit(
            await who.sees_view("It takes two people of security"), {"rationale": "read its story"}
        )
        await who.sees_view(answer)
    await alan.sees("They can break the glass again, say Joan Clarke, Alan Turing", channel=SECURITY)


async def thrown_away(world: World) -> None:
    """Whoever can write to the database takes every emergency out of it; the schedule comes by."""
    await world.database.write(lambda tx: tx.connection().execute(text("DELETE FROM emergencies")))
    await LostEmergencies(world.app.ground, Reviewers(world.app.ground)).look()


async def test_a_drill_goes_the_whole_way_says_so_everywhere_and_gives_nothing(world: World) -> None:
    """B-4."""
    bob, alan, grace = world.person("bob"), world.person("alan"), world.person("grace")
    await bob.slash("/wicket", f"{COMMAND} drill")
    form = await bob.sees_view("DRILL")
    await bob.submit(form, {"entitlement": "prod-db", "justification": "the monthly drill"})
    asked = await bob.sees_view("")
    await proves(world, "bob", asked.link(PROVE))
    await bob.sees("The drill is over")
    owed = await alan.sees("DRILL: review owed", "[Review…]", channel=SECURITY)
    await grace.sees("This is a DRILL.", "Break-glass practised", channel=DATA)
    [mail] = world.phones.mailbox(world.person("joan").user_id)
    assert "DRILL" in mail["subject"]
    await alan.click(owed, REVIEW)
    looked = await alan.sees_view("Did it go as it should?")
    assert "This was a DRILL." in looked.plain
    await alan.submit(looked, {"finding": "justified", "rationale": "nothing"})
    await alan.sees("DRILL", "It went as it should", channel=SECURITY)
    assert await world.holders("prod-db") == set()
    assert "access.given done" not in await world.actions()
    about = [one for one in alan.messages(channel=SECURITY) if "Bob Noyce" in one.plain]
    assert [one.plain for one in about if "DRILL" not in one.plain] == []
