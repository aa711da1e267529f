"""Routine questions: on the record, once per delivery, and answered from the directory as it is."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.helping import Act, Desk, HelpDesks
from handlers.intents import Ask
from handlers.outcomes import Repeated
from handlers.policies import shipped
from handlers.questions.answers import AccessList, Help, Membership
from handlers.questions.checks import Checks, Kind
from storage import alarms
from storage.engine.stores import Server
from storage.faults import DirectoryUnavailable
from storage.handles import make_handle
from storage.records import Question
from storage.states import Purpose
from tests.handlers.access_ground import CATALOGUE, HOUR, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


@pytest.fixture
async def on_each(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    """The wiki may be taken in an emergency by whoever owns the databases."""
    listed = replace(
        CATALOGUE,
        entitlements={
            name: replace(one, break_glass=("data-owners",)) if name == "wiki-edit" else one
            for name, one in CATALOGUE.entitlements.items()
        },
    )
    async with open_world(tmp_path, server=server, catalogue=listed) as made:
        yield made


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


@pytest.mark.both_engines
async def test_help_names_what_this_person_may_do_and_nothing_else(on_each: World) -> None:
    """By what turns others away at the click: the groups of teams, of lists and of security."""
    world = on_each
    assert await answer(world, "ada", Kind.HELP) == Help()
    assert await answer(world, "grace", Kind.HELP) == Help(may=("decide-for-team", "break-glass"))
    assert await answer(world, "sam", Kind.HELP) == Help(may=("stop",))
    await world.local.put_in_group("data-owners", "sam")
    assert await answer(world, "sam", Kind.HELP) == Help(may=("decide-for-team", "break-glass", "stop"))
    await world.local.change_account("sam", employment="contractor")
    assert "stop" not in vars(await answer(world, "sam", Kind.HELP))["may"]
    assert (await world.last("question.asked"))["facts"] == {"kind": "help", "about": []}


async def test_help_names_no_stop_to_whose_account_was_reported(world: World) -> None:
    await world.ground.database.write(lambda tx: _reported(tx, world.clock()))
    assert await answer(world, "sam", Kind.HELP) == Help()


def _reported(tx: Session, at: datetime) -> None:
    sam = {"directory": "staff", "account": "sam"}
    visit = make_handle(
        tx, at=at, expires_at=at, purpose=Purpose.RESET, slack_team="T1", slack_user="Usam", **sam
    )
    alarms.sound(tx, handle=visit.id, name="Sam", door="mail", disabled=alarms.Effect.HELD, at=at, **sam)


async def test_help_names_what_the_desks_of_this_person_may_do(tmp_path: Path) -> None:
    desk = Desk(
        id="it", name="IT", group="security-team", may=frozenset({Act.RECHECK, Act.UNLOCK}), everybody=True
    )
    async with open_world(tmp_path) as world:
        world.checks = Checks(world.ground, desks=HelpDesks(desks=(desk,)))
        assert await answer(world, "sam", Kind.HELP) == Help(may=("unlock", "recheck", "stop"))
        assert await answer(world, "ada", Kind.HELP) == Help()


async def test_help_names_nothing_by_a_group_of_another_directory(world: World) -> None:
    """One that is called the same is another."""
    world.ground = replace(world.ground, people_of={"staff": "other"})
    world.checks = Checks(world.ground)
    assert await answer(world, "grace", Kind.HELP) == Help()
    assert await answer(world, "sam", Kind.HELP) == Help()


async def test_help_needs_no_directory(world: World) -> None:
    """Who they are the door has read; whoever asks for help while a directory is away is helped."""
    asked = Ask(**await world.intent("sam"), kind=Kind.HELP)
    question = await world.checks.owe_answer(asked)
    assert isinstance(question, Question)
    world.faulty.error("account")
    assert await world.checks.answer(question) == Help(may=("stop",))


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
