"""Whose words of a story are told to whom: what somebody sees elsewhere, and nothing that they see nowhere."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.intents import AskStory
from handlers.questions.what_happened import Story, WhatHappened
from handlers.questions.words_told import Reader, withheld
from storage.audit import entry as leaves
from storage.audit.log import Row, StoredText
from storage.identifiers import new_id
from tests.handlers.access_ground import SLACK, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def withheld_of(world: World, login: str, about: str) -> list[str]:
    """What is withheld from this reader, by action."""
    intent = AskStory(actor=await world.actor(login), where=SLACK, delivery=world.delivery(), about=about)
    story = await WhatHappened(world.ground).look(intent)
    assert isinstance(story, Story)
    return [row.action for row in story.rows if row.id in story.withheld]


async def test_the_reason_of_who_may_not_decide_is_told_to_security_and_to_them_alone(world: World) -> None:
    """It counted for nothing and stood in no message; whoever asked read it in the story all the same."""
    grant = await world.asked("ada", "prod-db")
    await world.decide("charles", grant, rationale="I never liked this one")
    await world.decide("grace", grant, rationale="ok for the incident")
    assert await withheld_of(world, "ada", grant) == ["approval.refused"]
    assert await withheld_of(world, "grace", grant) == ["approval.refused"]
    assert await withheld_of(world, "sam", grant) == []


ADA = ("p-ada", ("T1", "UADA"))


def entry(
    action: str, outcome: str = "done", actor: str = "p-grace", slack_user: str | None = "UGRACE"
) -> Row:
    """An entry with words."""
    at = datetime(2026, 11, 23, tzinfo=UTC)
    _, leaf = leaves.written(
        leaves.Entry(
            id=new_id(leaves.PREFIX, at), at=at, action=action, outcome=outcome, correlation="g-1", where=SLACK,
            actor=leaves.Actor(type="person", id=actor, slack_team="T1", slack_user=slack_user),
        ),
        {},
    )  # fmt: skip
    return Row(
        index=0, id=f"{action}:{outcome}", at=at, actor=actor, subject="p-ada",
        resource="prod-db", action=action, outcome=outcome, correlation="g-1", leaf=leaf, leaf_hash=b"", root=b"",
        texts={"rationale": StoredText(text="why", salt=b"", erased_by=None)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        (Reader.SECURITY, {"asked", "decided", "ended", "late", "reviewed", "attested", "denied", "said"}),
        (Reader.DECIDES, {"asked", "decided", "ended", "reviewed"}),
        (Reader.ASKED, {"asked", "decided", "ended"}),
        (Reader.FOR_THEM, {"asked", "ended"}),
        (Reader.PETITIONER, {"asked", "ended", "denied"}),
        (Reader.DELEGATION, set()),
    ],
)
def test_each_reader_has_the_words_that_messages_show_them(reader: Reader, told: set[str]) -> None:
    rows = {
        "asked": entry("grant.requested"), "decided": entry("approval.given"), "ended": entry("grant.ended_early"),
        "late": entry("approval.late", "refused"), "reviewed": entry("emergency.reviewed"),
        "attested": entry("petition.attested"), "denied": entry("petition.denied", "refused"),
        "said": entry("something.new"),
    }  # fmt: skip
    kept = withheld(rows.values(), reader, *ADA)
    assert {name for name, row in rows.items() if row.id not in kept} == told


@pytest.mark.parametrize("reader", Reader)
def test_ones_own_words_are_told_whatever_became_of_them(reader: Reader) -> None:
    for slack_user in ("UADA", None):
        assert not withheld([entry("approval.late", "refused", "p-ada", slack_user)], reader, *ADA)


def test_a_namesake_of_another_directory_is_not_whoever_wrote_it() -> None:
    """The record has an id, and not whose directory it is of; the Slack account beside it is one person's alone."""
    late = entry("approval.late", "refused", "p-ada", "UOTHER")
    assert withheld([late], Reader.DECIDES, *ADA) == {late.id}
    edited = replace(entry("approval.late", "refused", "p-ada"), leaf=b"")
    assert withheld([edited], Reader.DECIDES, *ADA) == {edited.id}
