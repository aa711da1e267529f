"""Routine questions: on the record, once per delivery, and answered from the directory as it is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.intents import Ask
from handlers.outcomes import Repeated
from handlers.policies import shipped
from handlers.questions.answers import AccessList, Help, Membership
from handlers.questions.checks import Kind
from storage.faults import DirectoryUnavailable
from storage.records import Question
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def answer(world: World, login: str, kind: Kind, *about: str) -> object:
    """They ask, and hear this: at once and by message alike."""
    at_once = await world.checks.ask(Ask(**await world.intent(login), kind=kind, about=about))
    question = await world.checks.owe_answer(Ask(**await world.intent(login), kind=kind, about=about))
    assert isinstance(question, Question)
    assert await world.checks.answer(question) == at_once
    return at_once


async def held(world: World, login: str) -> list[tuple[str, object]]:
    """What they hear that they hold, and until when."""
    found = await answer(world, login, Kind.ACCESS)
    assert isinstance(found, AccessList)
    return [(one.entitlement, one.until) for one in found.held]


async def test_standing_and_granted_access_are_told_apart(world: World) -> None:
    await world.local.put_in_group("prod-db", "ada")
    await world.given("ada")
    assert await held(world, "ada") == [("wiki-edit", world.clock() + HOUR), ("prod-db", None)]


async def test_of_overlapping_grants_the_last_end_counts(world: World) -> None:
    await world.given("ada", duration=HOUR)
    await world.given("ada", duration=3 * HOUR)
    assert await held(world, "ada") == [("wiki-edit", world.clock() + 3 * HOUR)]
    membership = await answer(world, "ada", Kind.MEMBERSHIP, "wiki-edit")
    assert isinstance(membership, Membership)
    assert (membership.member, membership.until) == (True, world.clock() + 3 * HOUR)


async def test_what_is_being_taken_back_is_not_called_standing(world: World) -> None:
    await world.given("ada")
    world.faulty.error("remove_member")
    end = world.clock() + HOUR
    world.clock.forward(hours=2)
    await world.tick()
    assert await held(world, "ada") == [("wiki-edit", end)]


async def test_what_somebody_else_took_away_is_not_held(world: World) -> None:
    """The directory says what is so, not our rows."""
    await world.given("ada")
    await world.local.take_from_group("wiki-edit", "ada")
    assert await held(world, "ada") == []
    membership = await answer(world, "ada", Kind.MEMBERSHIP, "wiki-edit")
    assert isinstance(membership, Membership)
    assert (membership.member, membership.until) == (False, None)


async def test_a_group_called_the_same_in_another_directory_is_another(world: World) -> None:
    await world.local.put_in_group("wiki-edit", "ada")
    assert await held(world, "ada") == [("wiki-edit", None)]


async def test_a_directory_that_fails_is_unknown_and_never_none(world: World) -> None:
    """Promise 7."""
    intent = Ask(**await world.intent("ada"), kind=Kind.ACCESS)
    question = await world.checks.owe_answer(intent)
    assert isinstance(question, Question)
    world.faulty.error("account")
    with pytest.raises(DirectoryUnavailable):
        await world.checks.answer(question)


async def test_a_question_is_taken_once_and_recorded_once(world: World) -> None:
    intent = Ask(**await world.intent("ada"), kind=Kind.OWNER, about=("prod-db",))
    assert isinstance(await world.checks.owe_answer(intent), Question)
    assert await world.checks.owe_answer(intent) == Repeated()
    assert await world.checks.ask(intent) == Repeated()
    assert await world.owed() == {("answer", "Uada")}
    assert await world.actions() == ["question.asked done"]
    assert (await world.last("question.asked"))["facts"] == {"kind": "owner", "about": ["prod-db"]}


async def test_a_broken_policy_answers_with_help_and_is_told(tmp_path: Path) -> None:
    sources, schema = shipped()
    broken = (
        '@id("sums") @reason("Too large.")\nforbid (principal, action == Action::"view", resource)\n'
        "when { principal.groups.contains(principal.team) || 9223372036854775807 + 1 > 0 };\n"
    )
    policy = CedarPolicy.load({**sources, "broken.cedar": broken}, schema, bound_to="test")
    async with open_world(tmp_path, policy=policy) as world:
        assert await world.checks.ask(Ask(**await world.intent("ada"), kind=Kind.ACCESS)) == Help()
        assert await world.actions() == ["question.asked refused"]
        assert await world.kinds() == ["policy-error"]
