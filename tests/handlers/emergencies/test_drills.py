"""A drill of breaking the glass, and what an emergency without its review keeps somebody from: without Slack."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from handlers.decisions.emergency_reviews import Finding, WorkingDays
from handlers.emergencies.asking import DRILL
from handlers.emergencies.followups import EmergencyFollowups
from handlers.emergencies.outcomes import EmergencyAsked, EmergencyRefused
from handlers.emergencies.reviewed import Restored, RestoreEligibility, ReviewEmergency, ReviewKept
from handlers.emergencies.reviewers import Reviewers
from handlers.emergencies.reviews import EmergencyReviews
from handlers.intents import AskStory
from handlers.outcomes import NotAllowed
from handlers.questions.what_happened import Story, WhatHappened
from storage import emergencies
from storage.records import Grant
from storage.states import EmergencyState
from tests.handlers.access_ground import world as open_world
from tests.handlers.emergencies.test_granting import LISTED, Glass

LAPSED = "break-glass-once-reviewed"


@pytest.fixture
async def glass(tmp_path: Path) -> AsyncIterator[Glass]:
    async with open_world(tmp_path, catalogue=LISTED) as world:
        made = Glass(world)
        made.start(days=WorkingDays(off=frozenset()), again_after=timedelta(hours=1))
        yield made
        assert await world.sound()


async def review(glass: Glass, emergency: str, login: str, finding: Finding = Finding.JUSTIFIED) -> Any:
    ground = glass.world.ground
    intent = ReviewEmergency(
        **await glass.world.intent(login), emergency=emergency, finding=finding, words="alert earlier"
    )
    return await EmergencyReviews(ground, Reviewers(ground)).review(intent)


async def test_a_drill_goes_the_same_way_is_flagged_everywhere_and_gives_nothing(glass: Glass) -> None:
    """B-4: proof, both alerts and a review as in earnest; there never is a grant, so nothing can be given by it."""
    world = glass.world
    drill = await glass.proven(drill=True, incident="INC-1")
    assert (await glass.row(drill)).incident == DRILL
    await glass.arrive(drill)
    await glass.go_on()
    await world.settle()
    (notice,) = glass.pager.taken
    assert notice.kind == "break-glass.drill"
    assert notice.title.startswith("DRILL of break-glass")
    assert "nothing is given" in notice.told
    row = await glass.row(drill)
    assert (row.state, row.grant, row.ends_at) == (EmergencyState.GRANTED, "", row.opened_at)
    assert await world.rows(Grant) == []
    assert await world.changes() == []
    said = await world.last("emergency.practised")
    assert said["facts"]["drill"] is True
    assert "emergency.granted done" not in await world.actions("emergency")
    await EmergencyFollowups(world.ground, Reviewers(world.ground), drill_every=timedelta(days=30)).look()
    assert await world.kinds() == ["emergency-review"]
    assert isinstance(await review(glass, drill, "linus", Finding.NOT_JUSTIFIED), ReviewKept)
    world.clock.forward(hours=1)
    assert isinstance(await glass.ask(), EmergencyAsked)


async def test_what_happened_in_a_drill_is_told_though_there_never_was_a_grant(glass: Glass) -> None:
    """B-4: to whoever did it, the owner's team and security, and to nobody else."""
    world = glass.world
    drill = await glass.proven(drill=True)
    look = WhatHappened(world.ground).look
    for login in ("grace", "linus", "sam"):
        told = await look(AskStory(**await world.intent(login), about=drill))
        assert isinstance(told, Story)
        assert told.rows[-1].action == "emergency.proven"
    assert isinstance(await look(AskStory(**await world.intent("charles"), about=drill)), NotAllowed)
    assert await world.kinds() == []


async def test_a_drill_without_its_proof_or_its_alerts_is_no_drill(glass: Glass) -> None:
    """B-4: else it would show nothing."""
    glass.pager.down = True
    drill = await glass.proven(drill=True)
    await glass.arrive(drill)
    glass.world.clock.forward(minutes=2)
    await glass.go_on()
    assert await glass.state(drill) == EmergencyState.REFUSED


async def test_without_its_review_nobody_breaks_the_glass_and_with_it_they_do(glass: Glass) -> None:
    """B-3: refused by policy at the asking, as in a drill; a late review gives it back."""
    world = glass.world
    emergency = await glass.granted()
    world.clock.forward(hours=1)
    await world.tick()
    world.clock.forward(hours=47)
    assert isinstance(await glass.ask(what="prod-admin", incident="INC-2"), EmergencyAsked)
    world.clock.forward(hours=1)
    await glass.go_on()
    for drill in (False, True):
        refused = await glass.ask(incident="INC-3", drill=drill)
        assert isinstance(refused, EmergencyRefused)
        assert (await world.last("emergency.refused"))["policy"]["ids"] == [LAPSED]
    assert isinstance(await glass.ask("linus", incident="INC-3"), EmergencyAsked)
    assert isinstance(await review(glass, emergency, "sam"), ReviewKept)
    assert isinstance(await glass.ask(incident="INC-4"), EmergencyAsked)


async def test_a_review_that_finds_it_not_justified_stops_what_is_under_way(glass: Glass) -> None:
    """Promise 3, B-3: asked again after the proof, and before the access exists."""
    world = glass.world
    emergency = await glass.granted()
    world.clock.forward(hours=2)
    await world.tick()
    second = await glass.proven(incident="INC-2")
    assert isinstance(await review(glass, emergency, "sam", Finding.NOT_JUSTIFIED), ReviewKept)
    await glass.arrive(second)
    await glass.go_on()
    assert await glass.state(second) == EmergencyState.REFUSED
    assert (await world.last("emergency.refused"))["policy"]["ids"] == [LAPSED]
    again = RestoreEligibility(**await world.intent("sam"), emergency=emergency, rationale="we spoke")
    ground = world.ground
    assert isinstance(await EmergencyReviews(ground, Reviewers(ground)).restore(again), Restored)
    assert isinstance(await glass.ask(incident="INC-3"), EmergencyAsked)


async def test_whoever_ended_it_stands_in_what_the_reviewer_sees(glass: Glass) -> None:
    """Promise 9: the facts of the real grant."""
    world = glass.world
    emergency = await glass.granted()
    world.clock.forward(minutes=20)
    await world.end("sam", emergency, "the incident is over")
    await world.settle()

    def looked(tx: Session) -> Any:
        row = emergencies.get(tx, emergency)
        assert row is not None
        return EmergencyReviews(world.ground, Reviewers(world.ground)).looked(tx, row)

    seen = await world.ground.database.read(looked)
    assert (seen.who, seen.minutes, seen.ended_by) == ("Grace (grace)", 20, "Sam")
    assert (seen.ended_why, seen.incident) == ("the incident is over", "INC-1")
    assert seen == replace(seen, drill=False, by_hand=False)
