"""Security hears of each stop that a process makes by itself, and that it is over, whatever the store takes (T-2)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from handlers.audit.telling import PAST_THE_STORE, Alone, Telling, stopping_alone
from handlers.decisions.freezing import CALM
from handlers.exceptions.outside import Notice
from handlers.exceptions.strange import Kind
from storage.audit.published import publish
from storage.engine.stores import Server
from storage.exceptions import SECURITY, raise_exception
from storage.faults import OutsideUnavailable
from storage.outbox import GRAVE
from storage.records import ExceptionRecord, Owed
from storage.states import ExceptionState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands
from tests.handlers.audit.test_watching import happened, signed, watching
from tests.handlers.emergencies.test_granting import Pager

AWAY = "ALTER TABLE audit_checkpoints RENAME TO elsewhere"
BACK = "ALTER TABLE elsewhere RENAME TO audit_checkpoints"
NEVER = "CREATE TRIGGER never_{0} BEFORE INSERT ON {0} BEGIN SELECT RAISE(ABORT, 'not here'); END"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


@pytest.fixture
async def on_each(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made


def telling(world: World, *straight: Pager, replica: str = "wicket-1") -> Telling:
    """As a process that starts now has it."""
    return Telling(world.ground, replica=replica, straight=straight)


async def looks(world: World, tells: Telling, times: int = 2, seconds: float = 10) -> None:
    """The clock comes by."""
    for _ in range(times):
        await tells.look()
        world.clock.forward(seconds=seconds)


async def calm(world: World, tells: Telling) -> None:
    """It is gone, and stays so for as long as it takes until it is over."""
    await looks(world, tells, times=2)
    world.clock.forward(seconds=CALM.total_seconds())
    await looks(world, tells, times=2)


async def told(world: World) -> list[ExceptionRecord]:
    return [one for one in await world.exceptions() if one.kind == Kind.UNCHECKED]


@pytest.mark.both_engines
async def test_a_stop_that_a_process_makes_by_itself_is_told_once_and_that_it_is_over(on_each: World) -> None:
    world, tells = on_each, telling(on_each)
    watch = watching(world, None)
    await watch.look()
    await looks(world, tells)
    assert await world.kinds() == []
    await by_other_hands(world, AWAY)
    with pytest.raises(Exception, match="audit_checkpoints"):
        await watch.look()
    began = world.clock()
    await looks(world, tells, times=8)
    (one,) = await told(world)
    assert (one.severity, one.count, one.state) == ("high", 1, ExceptionState.OPEN)
    assert one.facts == {"replica": "wicket-1", "since": began.isoformat(), "checks": ["checkpoints"]}
    owed = [row for row in await world.rows(Owed) if row.subject == one.id]
    assert [(row.recipient, row.urgency) for row in owed] == [(SECURITY, GRAVE)]
    await by_other_hands(world, BACK)
    await watch.look()
    await looks(world, tells)
    (one,) = await told(world)
    assert (one.state, "calm_since" in one.facts) == (ExceptionState.OPEN, True)
    await calm(world, tells)
    (one,) = await told(world)
    assert (one.state, "settled" in one.facts) == (ExceptionState.RESOLVED, True)
    assert await world.actions("access.unchecked") == ["access.unchecked failed", "access.unchecked done"]


async def test_a_freeze_that_somebody_keeps_from_being_written_is_told_all_the_same(
    world: World, tmp_path: Path
) -> None:
    file, tells = tmp_path / "checkpoints.txt", telling(world)
    await happened(world)
    watch = watching(world, file)
    await watch.look()
    await by_other_hands(world, NEVER.format("freezes"))
    publish(file, await signed(world, more=3))
    with pytest.raises(Exception, match="not here"):
        await watch.look()
    await looks(world, tells)
    assert await world.kinds() == [Kind.UNCHECKED]
    await by_other_hands(world, "DROP TRIGGER never_freezes")
    await watch.look()
    await calm(world, tells)
    assert sorted(await world.kinds()) == [Kind.ACCESS_STOPPED, Kind.UNCHECKED]
    assert "settled" in (await told(world))[0].facts


async def test_what_the_next_check_ends_is_told_to_nobody(world: World) -> None:
    """A database that was away for a moment is none: each check that failed is made anew within seconds."""
    tells, unchecked = telling(world), world.ground.database.unchecked
    unchecked.begin("checkpoints", world.clock())
    await looks(world, tells, times=1)
    unchecked.end("checkpoints")
    await looks(world, tells)
    assert await world.kinds() == []


async def test_what_cannot_be_told_in_the_store_is_told_past_it(world: World) -> None:
    """And written down once it can be: nothing is lost because it was over before."""
    pager, down, unchecked = Pager(), Pager(name="mail", down=True), world.ground.database.unchecked
    tells = telling(world, down, pager)
    await by_other_hands(world, NEVER.format("exceptions"))
    unchecked.begin("walk", began := world.clock())
    await looks(world, tells, times=1)
    unchecked.begin("entries", world.clock())
    unchecked.end("walk")
    await looks(world, tells, times=1)
    assert pager.taken == []
    await looks(world, tells, times=9)
    assert world.clock() - began > PAST_THE_STORE
    (notice,) = pager.taken
    assert (notice.severity, "wicket-1" in notice.title) == ("high", True)
    down.down = False
    await looks(world, tells, times=2)
    assert (down.taken, pager.taken) == ([notice], [notice])
    unchecked.end("entries")
    with pytest.raises(Exception, match="not here"):
        await tells.look()
    await by_other_hands(world, "DROP TRIGGER never_exceptions")
    await looks(world, tells, times=3)
    assert [one.state for one in await told(world)] == [ExceptionState.OPEN]
    await calm(world, tells)
    assert [one.id for one in pager.taken] == [notice.id, f"{notice.id}-over"]
    (one,) = await told(world)
    assert (one.severity, one.facts["since"], one.facts["checks"]) == (
        "medium",
        began.isoformat(),
        ["entries"],
    )
    assert "settled" in one.facts
    assert await world.actions("access.unchecked") == ["access.unchecked failed", "access.unchecked done"]


async def test_what_is_taken_away_as_soon_as_it_is_told_is_told_past_the_store(world: World) -> None:
    """It was told there anew at each look, with an entry each, and nobody heard of it ever."""
    pager, unchecked = Pager(), world.ground.database.unchecked
    tells = telling(world, pager)
    await by_other_hands(
        world,
        "CREATE TRIGGER gone AFTER INSERT ON outbox BEGIN DELETE FROM exceptions WHERE id = NEW.subject; "
        "DELETE FROM outbox WHERE id = NEW.id; END",
    )
    unchecked.begin("walk", world.clock())
    await looks(world, tells, times=20)
    (notice,) = pager.taken
    assert await told(world) == []
    assert len(await world.actions("access.unchecked")) <= 2
    await by_other_hands(world, "DROP TRIGGER gone")
    await looks(world, tells, times=3)
    assert len(await told(world)) == 1
    unchecked.end("walk")
    await calm(world, tells)
    assert [one.id for one in pager.taken] == [notice.id, f"{notice.id}-over"]
    assert "settled" in (await told(world))[0].facts


async def test_what_is_taken_away_and_not_written_again_is_told_past_the_store(world: World) -> None:
    pager = Pager()
    tells = telling(world, pager)
    world.ground.database.unchecked.begin("walk", world.clock())
    await looks(world, tells, times=3)
    assert len(await told(world)) == 1
    await by_other_hands(world, "DELETE FROM exceptions", NEVER.format("exceptions"))
    await looks(world, tells, times=6)
    assert len(pager.taken) == 1
    await by_other_hands(world, "DROP TRIGGER never_exceptions")


async def test_a_channel_that_takes_it_and_does_not_say_so_is_told_ever_less_often(world: World) -> None:
    """A Slack behind a proxy that drops the answers had it again every ten seconds."""

    class Silent(Pager):
        async def tell(self, notice: Notice) -> None:
            await super().tell(notice)
            raise OutsideUnavailable("It did not answer.")

    silent = Silent()
    tells = telling(world, silent)
    await by_other_hands(world, NEVER.format("exceptions"))
    world.ground.database.unchecked.begin("walk", world.clock())
    await looks(world, tells, times=360)
    assert 10 <= len(silent.taken) <= 22
    before = len(silent.taken)
    world.clock.forward(minutes=-50)  # nothing is waited for that long because of it
    await looks(world, tells, times=2)
    assert len(silent.taken) == before + 1
    await by_other_hands(world, "DROP TRIGGER never_exceptions")


async def test_it_is_told_though_the_record_takes_nothing(world: World) -> None:
    """What stops may be just that; the alert waits for no entry."""
    await by_other_hands(world, NEVER.format("audit_entries"))
    world.ground.database.unchecked.begin("walk", world.clock())
    await looks(world, telling(world), times=3)
    assert len(await told(world)) == 1
    await by_other_hands(world, "DROP TRIGGER never_audit_entries")


async def test_no_row_by_other_hands_keeps_it_from_being_told(world: World) -> None:
    """One that stands there already counts nothing away, and one that is gone is told anew; what lasts, each day."""
    tells = telling(world)

    def forged(tx: Session) -> None:
        raise_exception(
            tx, at=world.clock(), kind=Kind.UNCHECKED, cause="unchecked:wicket-1", severity="high", who="Wicket",
            correlation="unchecked", facts={},
        )  # fmt: skip

    await looks(world, tells)
    await world.ground.database.write(forged)
    world.ground.database.unchecked.begin("checkpoints", world.clock())
    await looks(world, tells, times=3)
    assert [bool(one.facts.get("replica")) for one in await told(world)] == [False, True]
    await by_other_hands(world, "DELETE FROM exceptions")
    await looks(world, tells, times=3)
    assert len(await told(world)) == 1
    world.clock.forward(hours=25)
    await looks(world, tells, times=3)
    assert [one.state for one in await told(world)] == [ExceptionState.RESOLVED, ExceptionState.OPEN]


async def test_what_a_process_that_is_no_more_told_is_over_at_the_next_start(world: World) -> None:
    """In containers each has another name; one that still stands tells anew."""
    before, other, unchecked = (
        telling(world),
        telling(world, replica="wicket-2"),
        world.ground.database.unchecked,
    )
    unchecked.begin("checkpoints", world.clock())
    await looks(world, before)
    await looks(world, other)
    unchecked.end("checkpoints")
    await looks(world, telling(world, replica="wicket-3"))
    assert ["settled" in one.facts for one in await told(world)] == [True, True]
    unchecked.begin("checkpoints", world.clock())
    await looks(world, other)
    assert [one.facts["replica"] for one in await told(world)] == ["wicket-1", "wicket-2", "wicket-2"]


async def flaps(world: World, tells: Telling, times: int, up: int = 2, down: int = 2) -> None:
    """A check that fails at each look that is due, and passes when it is made anew: looks of each."""
    for _ in range(times):
        world.ground.database.unchecked.begin("signing", world.clock())
        await looks(world, tells, times=down)
        world.ground.database.unchecked.end("signing")
        await looks(world, tells, times=up)


async def test_a_stop_that_comes_and_goes_is_one_alert_that_counts(on_each: World) -> None:
    """Each time it was a grave alert of its own; the first is told, and the last end."""
    world, tells = on_each, telling(on_each)
    await flaps(world, tells, times=1)
    (first,) = await told(world)
    await flaps(world, tells, times=30)
    world.ground.database.unchecked.begin("walk", began := world.clock())
    await looks(world, tells, times=1)
    (one,) = await told(world)
    assert (one.id, one.severity, one.count, one.state) == (first.id, "high", 32, ExceptionState.OPEN)
    assert one.facts == {"replica": "wicket-1", "since": began.isoformat(), "checks": ["walk"]}
    world.ground.database.unchecked.end("walk")
    await looks(world, tells, times=1)
    (one,) = await told(world)
    assert "calm_since" in one.facts
    assert "settled" not in one.facts
    await calm(world, tells)
    (one,) = await told(world)
    assert ("settled" in one.facts, one.count) == (True, 32)
    grave = [row.urgency for row in await world.rows(Owed) if row.subject == one.id]
    assert grave == [GRAVE]
    assert await world.actions("access.unchecked") == ["access.unchecked failed", "access.unchecked done"]


async def test_what_comes_again_once_it_was_over_is_news(world: World) -> None:
    tells = telling(world)
    await flaps(world, tells, times=1)
    await calm(world, tells)
    await flaps(world, tells, times=2)
    assert [(one.state, one.count) for one in await told(world)] == [
        (ExceptionState.RESOLVED, 1),
        (ExceptionState.OPEN, 2),
    ]


async def test_what_somebody_resolved_and_comes_again_is_told_once_more(world: World) -> None:
    """As of all that recurs after that; and no more often than they resolve it."""
    tells = telling(world)
    await flaps(world, tells, times=3)

    def resolve(tx: Session) -> None:
        for row in tx.exec(select(ExceptionRecord)):
            row.state = ExceptionState.RESOLVED
            tx.add(row)

    await world.ground.database.write(resolve)
    await flaps(world, tells, times=3)
    assert [one.count for one in await told(world)] == [3, 3]
    await calm(world, tells)
    assert all("settled" in one.facts for one in await told(world))


async def test_what_stands_again_in_a_message_of_its_own_does_not_look_gone_by_the_one_before(
    world: World,
) -> None:
    """As once somebody resolved that: whoever asks a machine hears what stands now, and since when it was told."""
    tells = telling(world)
    await flaps(world, tells, times=1)
    began = (await told(world))[0].first_at

    def resolve(tx: Session) -> None:
        for row in tx.exec(select(ExceptionRecord)):
            row.state = ExceptionState.RESOLVED
            tx.add(row)

    await world.ground.database.write(resolve)
    world.ground.database.unchecked.begin("signing", world.clock())
    await looks(world, tells, times=2)
    assert await world.ground.database.read(stopping_alone) == {"wicket-1": Alone(told_at=began)}


async def test_what_comes_and_goes_for_days_is_told_each_day(world: World) -> None:
    tells = telling(world)
    await flaps(world, tells, times=2)
    for _ in range(25 * 6):
        world.clock.forward(minutes=9)
        await flaps(world, tells, times=1)
    assert len(await told(world)) == 2
    assert [one.state for one in await told(world)] == [ExceptionState.RESOLVED, ExceptionState.OPEN]


async def test_one_that_comes_again_and_is_gone_before_the_store_answers_is_counted_after_it(
    world: World,
) -> None:
    """As where the database is away each time: what was told of stays the one alert."""
    tells = telling(world)
    await flaps(world, tells, times=1)
    await by_other_hands(world, NEVER.format("exceptions").replace("INSERT", "UPDATE"))
    world.ground.database.unchecked.begin("walk", world.clock())
    await looks(world, tells, times=2)
    world.ground.database.unchecked.end("walk")
    with pytest.raises(Exception, match="not here"):
        await tells.look()
    await by_other_hands(world, "DROP TRIGGER never_exceptions")
    await looks(world, tells, times=1)
    assert [(one.count, "calm_since" in one.facts) for one in await told(world)] == [(2, True)]


async def test_what_was_over_each_time_before_the_store_took_it_is_one_alert_and_wakes_nobody(
    world: World,
) -> None:
    """As of a database that is away for minutes, again and again; one that stands then is grave, and overtakes it."""
    tells = telling(world)
    for _ in range(3):
        await by_other_hands(world, NEVER.format("exceptions"))
        world.ground.database.unchecked.begin("walk", world.clock())
        await looks(world, tells, times=10)
        world.ground.database.unchecked.end("walk")
        await by_other_hands(world, "DROP TRIGGER never_exceptions")
        await looks(world, tells, times=2)
    assert [(one.severity, one.count) for one in await told(world)] == [("medium", 3)]
    world.ground.database.unchecked.begin("walk", world.clock())
    await looks(world, tells, times=2)
    assert [(one.severity, "renewed" in one.facts, one.state) for one in await told(world)] == [
        ("medium", True, ExceptionState.RESOLVED),
        ("high", False, ExceptionState.OPEN),
    ]


async def test_a_notice_past_the_store_says_once_that_what_came_and_went_is_over(world: World) -> None:
    """Nobody is woken by each of them, and whoever was told hears of the end though the store takes nothing yet."""
    pager = Pager()
    tells = telling(world, pager)
    await by_other_hands(world, NEVER.format("exceptions"))
    for _ in range(5):
        world.ground.database.unchecked.begin("walk", world.clock())
        await looks(world, tells, times=10)
        world.ground.database.unchecked.end("walk")
        with pytest.raises(Exception, match="not here"):
            await tells.look()
    assert len(pager.taken) == 1
    world.clock.forward(seconds=CALM.total_seconds())
    with pytest.raises(Exception, match="not here"):
        await tells.look()
    assert [one.id.endswith("-over") for one in pager.taken] == [False, True]
    await by_other_hands(world, "DROP TRIGGER never_exceptions")
    await looks(world, tells)
    assert ["settled" in one.facts for one in await told(world)] == [True]
    assert len(pager.taken) == 2


async def test_nobody_waits_for_a_clock_that_was_set_back_to_hear_that_it_is_over(world: World) -> None:
    tells = telling(world)
    await flaps(world, tells, times=1)
    world.clock.forward(hours=-5)
    await looks(world, tells, times=1)
    assert "settled" in (await told(world))[0].facts
