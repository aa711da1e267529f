"""Messages of exceptions as the courier renders them: whatever the kind, what happened is one click away."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_sdk.models.blocks import ActionsBlock
from sqlmodel import Session

from bot.couriers.exception_messages import seen
from bot.slack.actions import Action
from handlers.exceptions.raising import Kind
from handlers.intents import AskStory
from handlers.questions.what_happened import Story, WhatHappened
from storage.exceptions import raise_exception
from storage.floods import ALONE
from storage.records import ExceptionRecord
from storage.states import FreezeKind
from tests.handlers.access_ground import SLACK, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made


def raised(tx: Session, world: World, kind: Kind, cause: str, story: str = "") -> str:
    facts = {"kind": FreezeKind.EMERGENCY} if kind == Kind.ACCESS_STOPPED else {}
    return raise_exception(
        tx, at=world.clock(), kind=kind, cause=f"{kind}:{cause}", severity="low", who="Wicket", correlation=story,
        facts=facts, folds=cause.isdigit(),
    ).id  # fmt: skip


def opens(tx: Session, world: World, exception: str) -> tuple[str, str]:
    """What its message's one button about what happened asks for, and which story it says that this is."""
    told = seen(tx, world.ground, exception, here=True)
    assert told is not None
    buttons = [one for row in told.message.blocks if isinstance(row, ActionsBlock) for one in row.elements]
    asked = [one for one in buttons if one.to_dict().get("action_id") == Action.STORY_OF_ALERT]
    assert len(asked) == 1, told.alert.kind
    return str(asked[0].to_dict()["value"]), told.alert.correlation


async def look(world: World, about: str) -> str:
    """The story that security is shown."""
    intent = AskStory(actor=await world.actor("sam"), where=SLACK, delivery=world.delivery(), about=about)
    story = await WhatHappened(world.ground).look(intent)
    assert isinstance(story, Story)
    return story.correlation


async def test_every_alert_opens_the_story_that_it_belongs_to_or_its_own(world: World) -> None:
    """A-6: whatever was raised, what happened with it can be asked where it is told."""

    def work(tx: Session) -> None:
        for kind in Kind:
            own = raised(tx, world, kind, "x")
            assert opens(tx, world, own) == (own, own)
        theirs = raised(tx, world, kind, "y", "g-1")
        assert opens(tx, world, theirs) == (theirs, "g-1")

    await world.ground.database.write(work)
    for row in (await world.exceptions())[-2:]:
        assert await look(world, row.id) == (row.correlation or row.id)


async def test_a_message_that_counts_many_opens_the_story_of_the_latest(world: World) -> None:
    """O-7, A-6: as it names the latest."""

    def work(tx: Session) -> str:
        for number in range(ALONE + 3):
            world.clock.forward(seconds=1)
            last = raised(tx, world, Kind.REFUSED_REQUEST, str(number), f"g-{number}")
        lead = tx.get_one(ExceptionRecord, last).fold or ""
        assert opens(tx, world, lead) == (lead, f"g-{number}")
        return lead

    lead = await world.ground.database.write(work)
    assert await look(world, lead) == f"g-{ALONE + 2}"
