"""What looks over the record and stands still is told once, and is over by itself when it goes on (T-10, A-15)."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.audit.lagging import (
    AFTER_A_START,
    IS_TOLD_WITHIN,
    KEPT_EVERY,
    STANDS_STILL,
    WALK,
    Lagging,
    after_a_start,
)
from handlers.audit.streaming import SIEM, NotTaken
from handlers.audit.walking import AT_ONCE
from handlers.detectors.detecting import Detecting
from handlers.exceptions.strange import Kind
from storage import streams
from storage.audit.slices import SLICE
from storage.engine.stores import Server
from storage.macs import DETECTORS, SENDING
from storage.records import ExceptionRecord, LastLook
from storage.states import Resolution
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands
from tests.handlers.audit.test_streaming import Collector, streaming
from tests.handlers.audit.test_walking import DAY, a_round

A_MOMENT = timedelta(seconds=1)
# As bot.lookouts has it.
LOOKS_EVERY = timedelta(seconds=5)


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


def lagging(world: World, *followed: str) -> Lagging:
    """As a process that starts now has it."""
    return Lagging(world.ground, every=DAY, followed=followed)


async def told(world: World) -> list[ExceptionRecord]:
    return [one for one in await world.rows(ExceptionRecord) if one.kind == Kind.NOT_LOOKED_OVER]


async def later(world: World, watch: Lagging, by: timedelta) -> list[ExceptionRecord]:
    """What is told after so much time."""
    world.clock.forward(seconds=by.total_seconds())
    await watch.look()
    return await told(world)


async def meanwhile(world: World, watch: Lagging, by: timedelta) -> list[ExceptionRecord]:
    """What is told after so much time, in which it goes on looking (each minute, but for the time that takes)."""
    ends = world.clock() + by
    while world.clock() < ends:
        await later(world, watch, min(STANDS_STILL, ends - world.clock()))
    return await told(world)


async def test_an_overdue_walk_is_told_once_and_settles_when_a_round_ends(world: World) -> None:
    """T-10: after twice the time of a round; the record has it, and one message says when it goes on."""
    await world.given("ada")
    watch = lagging(world)
    assert await later(world, watch, 2 * DAY - 2 * AFTER_A_START) == []
    assert await meanwhile(world, watch, 2 * AFTER_A_START - A_MOMENT) == []
    (found,) = await later(world, watch, 2 * A_MOMENT)
    assert (found.severity, found.facts["what"], found.facts["never"]) == ("high", WALK, True)
    assert (await world.last("log.overdue"))["facts"]["what"] == WALK
    (found,) = await later(world, watch, A_MOMENT)
    assert found.count == 1
    await a_round(world)
    (found,) = await later(world, watch, A_MOMENT)
    assert found.resolution == Resolution.SETTLED
    assert (await world.actions("log.overdue")) == ["log.overdue failed"]
    await later(world, watch, 4 * DAY)
    *_, found = sorted(await meanwhile(world, watch, 2 * AFTER_A_START), key=lambda one: one.first_at)
    assert (found.resolution, "never" in found.facts) == ("", False)


async def test_a_bot_that_was_off_for_days_walks_before_it_tells(world: World) -> None:
    """Nor does it settle what was told before."""
    await world.given("ada")
    watch = lagging(world)
    await watch.look()
    assert await later(world, watch, 3 * DAY) == []
    assert await meanwhile(world, watch, AFTER_A_START - A_MOMENT) == []
    (found,) = await later(world, watch, 2 * A_MOMENT)
    (found,) = await later(world, watch, STANDS_STILL + A_MOMENT)
    assert (found.count, found.resolution) == (1, "")


@pytest.mark.both_engines
async def test_a_bot_that_restarts_every_few_minutes_tells_what_stands_still(world: World) -> None:
    """T-10, A-15: no process of it ever saw that for as long as it takes."""
    await world.given("ada")
    a_while = timedelta(minutes=4)
    for _ in range(4):
        assert await later(world, lagging(world, DETECTORS, SENDING), a_while) == []
    found = await later(world, lagging(world, DETECTORS, SENDING), a_while)
    assert {one.facts["what"] for one in found} == {DETECTORS, SIEM}
    world.clock.forward(days=2)
    for _ in range(2 * AFTER_A_START // a_while):
        await later(world, lagging(world), a_while)
    assert {one.facts["what"] for one in await told(world)} == {DETECTORS, SIEM, WALK}


_CHANGES = (
    "UPDATE last_looks SET since = 4102444800000000", "UPDATE last_looks SET since = 'never'",
    "UPDATE last_looks SET looked_at = 4102444800000000", "UPDATE last_looks SET position = position + 1",
    "DELETE FROM last_looks",
)  # fmt: skip


@pytest.mark.sqlite_alone
async def test_a_row_of_other_hands_puts_it_off_for_minutes_and_no_longer(world: World) -> None:
    """T-10: a time that is to come, one that cannot be read, a look that never was; by whoever starts anew."""
    await world.given("ada")
    for change in _CHANGES:
        await lagging(world, DETECTORS).look()
        await by_other_hands(world, change)
        assert await later(world, lagging(world, DETECTORS), A_MOMENT) == []
    (found,) = await meanwhile(world, lagging(world, DETECTORS), STANDS_STILL)
    assert found.facts["what"] == DETECTORS


@pytest.mark.sqlite_alone
async def test_rows_that_other_hands_write_again_and_again_mute_nothing_that_a_bot_saw(world: World) -> None:
    """T-10, A-15: they carry no MAC. So nothing is told late by them, nor over, while one process lives."""
    await world.given("ada")
    watch = lagging(world, DETECTORS, SENDING)
    await watch.look()
    for change in (*_CHANGES, *_CHANGES):
        await by_other_hands(world, change)
        await later(world, watch, STANDS_STILL / len(_CHANGES))
    assert {(one.facts["what"], one.resolution) for one in await told(world)} == {(DETECTORS, ""), (SIEM, "")}
    await by_other_hands(world, "UPDATE last_looks SET position = position + 1")
    assert {one.resolution for one in await later(world, lagging(world, DETECTORS, SENDING), A_MOMENT)} == {
        ""
    }


async def test_a_refusal_that_is_ever_again_a_new_one_hides_nothing_for_good(world: World) -> None:
    """T-10: since when it was refused stands in a row that other hands may write."""
    await world.given("ada")
    watch, now = lagging(world, SENDING), world.clock()
    await world.ground.database.write(
        partial(streams.take, name=SENDING, sender="one", at=now, until=now + A_MOMENT, begins=lambda _: 0)
    )
    await watch.look()
    for _ in range(4):
        assert await told(world) == []
        await by_other_hands(world, "UPDATE streams SET failing_since = NULL")
        await world.ground.database.write(
            partial(streams.refused, name=SENDING, sender="one", at=world.clock())
        )
        await meanwhile(world, watch, IS_TOLD_WITHIN / 4)
    (found,) = await later(world, watch, A_MOMENT)
    assert found.facts["what"] == SIEM


async def test_a_look_that_sees_nothing_new_writes_nothing(world: World) -> None:
    await world.given("ada")
    watch = lagging(world)
    await watch.look()
    before = await world.rows(LastLook)
    await later(world, watch, KEPT_EVERY - A_MOMENT)
    assert await world.rows(LastLook) == before
    await later(world, watch, A_MOMENT)
    assert await world.rows(LastLook) != before


async def test_detectors_that_stand_still_are_told_once_and_settle_when_they_go_on(world: World) -> None:
    """A-15: while there is something to follow, and not because nothing happens."""
    detecting = Detecting(world.ground, (), sender="one")
    watch = lagging(world, DETECTORS)
    await world.given("ada")
    await detecting.look()
    assert await later(world, watch, timedelta(0)) == []
    assert await later(world, watch, 2 * STANDS_STILL) == []
    await world.given("charles")
    assert await later(world, watch, timedelta(0)) == []
    (found,) = await later(world, watch, STANDS_STILL)
    assert (found.facts["what"], found.facts["waits"] > 0) == (DETECTORS, True)
    (found,) = await later(world, watch, STANDS_STILL)
    (found,) = await later(
        world, lagging(world, DETECTORS), A_MOMENT
    )  # another replica, which has just started
    assert (found.count, found.resolution) == (1, "")
    await detecting.look()
    (found,) = await later(world, watch, A_MOMENT)
    assert found.resolution == Resolution.SETTLED


async def test_what_moves_is_not_late_however_far_behind_it_is(world: World) -> None:
    await world.given("ada")
    watch = lagging(world, SENDING)
    for number in range(4):
        assert await later(world, watch, STANDS_STILL) == []
        await world.ground.database.write(partial(moved, at=world.clock(), before=number))


def moved(tx: Session, at: datetime, before: int) -> None:
    """One entry was taken."""
    streams.take(tx, SENDING, sender="one", at=at, until=at + A_MOMENT, begins=lambda _: 0)
    assert streams.accepted(tx, SENDING, sender="one", before=before, now=before + 1)


async def test_a_collector_that_refuses_is_told_by_its_own_exception_alone(world: World) -> None:
    """One cause is one message."""
    collector = Collector()
    collector.refuses = NotTaken("It answered 503")
    stream, watch = streaming(world, collector), lagging(world, SENDING)
    await world.given("ada")
    await watch.look()
    await stream.send_due()
    assert await later(world, watch, 2 * STANDS_STILL) == []
    await stream.send_due()
    assert await world.kinds() == [Kind.NOT_STREAMED]


async def test_a_row_that_says_it_is_refused_hides_nothing_that_stands_still(world: World) -> None:
    """T-10, A-15: the detectors are refused by nobody; and who sends no more tells of no refusal, either."""
    await world.given("ada")
    now = world.clock()
    for name in (DETECTORS, SENDING):
        await world.ground.database.write(
            partial(streams.take, name=name, sender="one", at=now, until=now + A_MOMENT, begins=lambda _: 0)
        )
        await world.ground.database.write(partial(streams.refused, name=name, sender="one", at=now))
    watch = lagging(world, DETECTORS, SENDING)
    assert await later(world, watch, timedelta(0)) == []
    (found,) = await later(world, watch, STANDS_STILL)
    assert found.facts["what"] == DETECTORS
    await meanwhile(world, watch, IS_TOLD_WITHIN)
    assert {one.facts["what"] for one in await told(world)} == {DETECTORS, SIEM}


def test_a_first_walk_over_a_long_log_has_time_to_catch_up() -> None:
    """T-10: on the day of an upgrade nothing is overdue that goes as fast as it may."""
    for size in (10_000_000, 100_000_000):
        looks = size / (AT_ONCE * SLICE)
        assert after_a_start(size) > looks * LOOKS_EVERY
