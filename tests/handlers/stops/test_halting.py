"""An emergency stop: begun by one of security, lifted by two of them, whatever stands beside it (T-4)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handlers.decisions.freezing import Stopped
from handlers.intents import SCHEDULE, Resume, Where
from handlers.outcomes import Decided, MayResume, NoLonger, Repeated, Resumed
from handlers.recording import WICKET
from handlers.stops.freezing import Cause, begin
from handlers.stops.halting import Halting
from handlers.stops.lifting import Lifting
from handlers.stops.outcomes import (
    Halt,
    Halted,
    HaltedBefore,
    MayHalt,
    MayNotStop,
    OperatorsDoNotCount,
    WordKept,
)
from storage.audit.checkpoint import Signer
from storage.freezes import open_ones
from storage.states import FreezeKind, GrantState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world

SIGNER = Signer.generate("wicket.example")
CLI = Where(transport="cli")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        await made.local.put_in_group("security-team", "linus", "eve")
        yield made
        assert await made.sound()


async def halt(world: World, login: str = "sam", delivery: str = "") -> Any:
    intent = Halt(**await world.intent(login, delivery), rationale="somebody is in")
    return await Halting(world.ground, SIGNER).halt(intent)


async def told(world: World) -> Any:
    return [row for row in await world.exceptions() if row.kind == "access-stopped"][-1]


async def say(world: World, login: str, *, about: str = "", operators_count: bool = False) -> Any:
    about = about or (await told(world)).id
    intent = Resume(**await world.intent(login), freeze=about, rationale=f"{login} looked")
    return await Lifting(world.ground, operators_count=operators_count).resume(intent)


async def kinds(world: World) -> list[str]:
    return [one.kind for one in await world.ground.database.read(open_ones)]


async def test_one_of_security_stops_new_access_and_two_let_it_begin_again(world: World) -> None:
    """T-4, AC-3(2): what was approved waits, the first word is kept and shown, the second lifts it."""
    grant = await world.asked("ada", "wiki-edit")
    assert isinstance(
        await Halting(world.ground, SIGNER).consider(Halt(**await world.intent("sam"))), MayHalt
    )
    assert await halt(world) == Halted()
    await world.settle()
    assert await world.state(grant) == GrantState.APPROVED
    assert (await told(world)).facts["why"] == "somebody is in"
    assert await say(world, "sam") == WordKept()
    assert [one["name"] for one in (await told(world)).facts["words"]] == ["Sam"]
    assert await kinds(world) == ["emergency"]
    assert await say(world, "linus") == Resumed()
    assert await kinds(world) == []
    assert [one["why"] for one in (await told(world)).facts["words"]] == ["sam looked", "linus looked"]
    assert (await world.last("access.resumed"))["facts"]["said"] == ["sam", "linus"]
    await world.settle()
    assert await world.state(grant) == GrantState.ACTIVE


async def test_one_person_never_lifts_it_alone_however_often(world: World) -> None:
    """AC-3(2): said twice it is one word, and by a second account of theirs, too (R-1)."""
    await halt(world)
    assert await say(world, "sam") == WordKept()
    assert await say(world, "sam") == WordKept(again=True)
    await world.local.add_account("sam2", login="sam2", name="Sam II", mail="sam@example.com")
    await world.local.put_in_group("security-team", "sam2")
    assert await say(world, "sam2") == WordKept()
    assert await kinds(world) == ["emergency"]
    about = Resume(**await world.intent("sam2"), freeze=(await told(world)).id)
    assert not isinstance(await Lifting(world.ground).consider(about), Resumed)


@pytest.mark.parametrize("how", ["switched off", "out of the team", "gone"])
async def test_the_word_of_somebody_who_lost_their_authority_counts_no_more(world: World, how: str) -> None:
    """Promise 3: who gave the first word is looked up when the second is given."""
    await halt(world)
    await say(world, "sam")
    if how == "switched off":
        await world.local.change_account("sam", active=False)
    elif how == "gone":
        await world.local.drop_account("sam")
    else:
        await world.local.take_from_group("security-team", "sam")
    assert await say(world, "linus") == WordKept()
    assert [one["name"] for one in (await told(world)).facts["words"]] == ["Linus"]
    await world.local.put_in_group("security-team", "grace")
    assert await say(world, "grace") == Resumed()


@pytest.mark.parametrize("login", ["ada", "eve"])
async def test_whoever_may_not_stop_it_hears_so_kindly_and_it_is_told(world: World, login: str) -> None:
    """Eve is a contractor, though in the group."""
    refused = await halt(world, login)
    assert isinstance(refused, MayNotStop)
    assert refused.reason
    assert await kinds(world) == []
    assert await world.actions("freeze") == ["freeze.refused refused"]
    assert await world.kinds() == ["wrong-approver"]


async def test_a_second_stop_changes_nothing_and_says_who_was_first(world: World) -> None:
    """Promise 6: four deliveries are one, and a stop that stands is not begun again."""
    assert await halt(world, delivery="d") == Halted()
    assert await halt(world, delivery="d") == Repeated()
    before = await halt(world, "linus")
    assert isinstance(before, HaltedBefore)
    assert before.by == "Sam"
    assert await kinds(world) == ["emergency"]


@pytest.mark.parametrize("first", ["a person", "an operator"])
async def test_an_operators_second_stop_changes_nothing_either(world: World, first: str) -> None:
    """T-4: one stop, whoever was first, and two words lift it."""
    halting = Halting(world.ground, SIGNER)

    async def operator() -> Any:
        return await world.ground.database.write(lambda tx: halting.by_operator(tx, "an attack", CLI))

    assert (await halt(world) if first == "a person" else await operator()) == Halted()
    before = await operator()
    assert isinstance(before, HaltedBefore)
    assert before.by == ("Sam" if first == "a person" else "")
    assert await kinds(world) == ["emergency"]


async def test_two_words_at_one_moment_lift_it(world: World) -> None:
    """T-4: whichever is kept second was looked up before the first, and looks again."""
    await halt(world)
    outcomes = await asyncio.gather(say(world, "sam"), say(world, "linus"))
    assert sorted(type(one).__name__ for one in outcomes) == ["Resumed", "WordKept"]
    assert await kinds(world) == []


async def test_a_stop_beside_another_is_lifted_by_itself(world: World) -> None:
    """T-4: new access begins again when nothing stops it any more."""
    cause = Cause(kind=FreezeKind.RESTORED, detail="A test.")
    await world.ground.database.write(
        lambda tx: begin(tx, world.ground, cause, actor=WICKET, where=SCHEDULE, signer=SIGNER)
    )
    restored = (await told(world)).id
    world.clock.forward(seconds=1)
    assert await halt(world) == Halted()
    emergency = (await told(world)).id
    assert sorted(await kinds(world)) == ["emergency", "restored"]
    await say(world, "sam", about=emergency)
    assert await say(world, "linus", about=emergency) == Resumed()
    assert await kinds(world) == ["restored"]
    assert await say(world, "sam", about=restored) == Resumed()
    assert isinstance(await say(world, "sam", about=emergency), NoLonger)


async def test_an_approval_form_that_was_open_is_sent_again_afterwards(world: World) -> None:
    """Nothing is lost: the same form counts once the stop is lifted."""
    grant = await world.asked("ada", "prod-db")
    await halt(world)
    assert isinstance(await world.decide("grace", grant, delivery="form"), Stopped)
    assert await world.state(grant) == GrantState.PENDING
    await say(world, "sam")
    await say(world, "linus")
    assert isinstance(await world.decide("grace", grant, delivery="form"), Decided)


async def test_an_operator_counts_only_where_the_settings_say_so_and_only_once(world: World) -> None:
    """AC-3(2): two people, unless there is only one left."""
    await halt(world)

    async def operator(*, count: bool) -> Any:
        lifting = Lifting(world.ground, operators_count=count)
        return await lifting.by_operator(FreezeKind.EMERGENCY, by="Ops", rationale="alone", where=CLI)

    assert await operator(count=False) == OperatorsDoNotCount()
    assert await operator(count=True) == WordKept()
    assert await operator(count=True) == WordKept()
    assert await say(world, "sam", operators_count=False) == WordKept()  # it counts nowhere else, either
    assert await say(world, "sam", operators_count=True) == Resumed()


async def test_a_silent_directory_lifts_nothing_by_an_old_word(world: World) -> None:
    """Promise 7: who cannot be looked up is unknown, and nothing is done."""
    await halt(world)
    await say(world, "sam")
    intent = Resume(**await world.intent("linus"), freeze=(await told(world)).id, rationale="looked")
    world.faulty.error("account")
    with pytest.raises(Exception, match=r"directory|answer"):
        await Lifting(world.ground).resume(intent)
    world.faulty.mend()
    assert await kinds(world) == ["emergency"]
    may = await Lifting(world.ground).consider(
        Resume(**await world.intent("linus"), freeze=(await told(world)).id)
    )
    assert isinstance(may, MayResume)
    assert may.said == ("Sam",)
