"""The audit log sent on: in order, without a gap, over refusals, restarts and two senders; and told when it stands."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, insert
from sqlmodel import Session

from handlers.audit import giving_up
from handlers.audit.doubts import Doubts
from handlers.audit.lagging import Lagging
from handlers.audit.streaming import TELL_AFTER, NotTaken, Streaming
from handlers.exceptions.strange import Kind
from handlers.intents import CLI, By
from storage import streams
from storage.audit import log
from storage.audit.log import Row
from storage.audit.tables import ARCHIVES, ENTRIES, TEXTS
from storage.engine.stores import Server
from storage.macs import SENDING
from storage.records import ExceptionRecord
from storage.states import ExceptionState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands
from tests.handlers.audit.test_archiving import entry
from tests.handlers.audit.test_walking import a_round


class Collector:
    """The other side: it keeps what it takes, unless it is told to refuse."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.refuses: NotTaken | None = None
        self.most, self.refusal = 10_000, NotTaken("It answered 413", too_much=True)
        self.tries, self.refused = 0, 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def take(self, entries: Sequence[Row]) -> None:
        self.tries += 1
        if self.refuses is not None:
            raise self.refuses
        if len(entries) > self.most:
            self.refused += 1
            raise self.refusal
        if self.meanwhile is not None:
            await self.meanwhile()
        self.taken += [one.id for one in entries]


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made


def streaming(
    world: World, collector: Collector, sender: str = "one", told: list[int] | None = None
) -> Streaming:
    heard = [] if told is None else told
    return Streaming(world.ground, collector, sender=sender, behind=heard.append)


async def everything(world: World) -> list[str]:
    """The ids of all entries, in their order."""
    return await world.ground.database.read(lambda tx: [one.id for one in log.every(tx)])


async def told(world: World) -> list[ExceptionRecord]:
    return [one for one in await world.rows(ExceptionRecord) if one.kind == "not-streamed"]


async def test_everything_is_sent_once_and_in_order(world: World) -> None:
    """From the first entry on, and from there where it stood after a restart."""
    collector, behind = Collector(), list[int]()
    await world.given("ada")
    assert await streaming(world, collector, told=behind).send_due() == len(await everything(world))
    await world.approved("charles", "prod-db")
    await streaming(world, collector, "restarted", behind).send_due()
    assert collector.taken == await everything(world)
    assert (behind[0] > 0, behind[-1]) == (True, 0)


@pytest.mark.both_engines
async def test_what_stayed_of_an_archive_is_sent_once(world: World) -> None:
    """A-17: a SIEM that begins after most old entries have left."""
    for _ in range(3):
        await world.given("ada")
    old = len(await everything(world)) - 5
    stated = {"first": 0, "size": old, "note": "", "frontier": b"", "stay": b""}
    gone = (ENTRIES.c.index < old, ENTRIES.c.index % 7 != 0)

    def leave(tx: Session) -> None:
        tx.connection().execute(insert(ARCHIVES), stated)
        tx.connection().execute(delete(TEXTS).where(TEXTS.c.index < old))
        tx.connection().execute(delete(ENTRIES).where(*gone))

    await world.ground.database.write(leave)
    collector, behind = Collector(), list[int]()
    collector.most = 3
    stream = streaming(world, collector, told=behind)
    for _ in range(20):
        await stream.send_due()
    assert (collector.taken, behind[-1]) == (await everything(world), 0)


@pytest.mark.both_engines
async def test_more_than_one_batch_is_sent_in_one_visit(world: World) -> None:
    await world.ask("ada", "wiki-edit")
    more = [entry(number, world.clock()) for number in range(205)]
    await world.ground.database.write(lambda tx: log.append_each(tx, more))
    collector = Collector()
    assert await streaming(world, collector).send_due() == len(entries := await everything(world)) > 200
    assert collector.taken == entries


@pytest.mark.both_engines
async def test_what_is_refused_comes_again_after_a_while_that_grows(world: World) -> None:
    """Back-pressure: nothing is skipped, and a collector in trouble is not besieged."""
    collector = Collector()
    collector.refuses = NotTaken("It answered 503")
    stream = streaming(world, collector)
    await world.given("ada")
    assert await stream.send_due() == 0
    collector.refuses = None
    assert await stream.send_due() == 0
    world.clock.forward(seconds=1)
    assert await stream.send_due() > 0
    assert collector.taken == await everything(world)


@pytest.mark.parametrize("most", [1, 7])
async def test_of_what_was_too_much_less_is_sent(world: World, most: int) -> None:
    """No loss: the same lines would be too many for ever, and everything behind them would wait."""
    for _ in range(10):
        await world.given("ada")
    collector = Collector()
    collector.most = most
    stream = streaming(world, collector)
    for _ in range(3 * len(await everything(world))):
        await stream.send_due()
    assert collector.taken == await everything(world)


@pytest.mark.both_engines
async def test_of_what_takes_too_long_less_is_sent_after_a_while(world: World) -> None:
    """No loss, and no end of copies: the same lines would take as long each time, and come again each time."""
    more = [entry(number, world.clock()) for number in range(150)]
    await world.ground.database.write(lambda tx: log.append_each(tx, more))
    collector = Collector()
    collector.most, collector.refusal = 7, NotTaken("It did not answer in time", too_late=True)
    stream = streaming(world, collector)
    await stream.send_due()
    assert await stream.send_due() == 0, "it is busy: nothing more is sent at once"
    for _ in range(60):
        world.clock.forward(seconds=60)
        await stream.send_due()
    assert collector.taken == await everything(world)
    assert 3 * collector.refused < collector.tries, "most of it is no copy"


async def test_one_entry_that_is_too_much_by_itself_waits_as_any_other(world: World) -> None:
    collector = Collector()
    collector.most = 0
    stream = streaming(world, collector)
    await world.given("ada")
    for _ in range(20):
        await stream.send_due()
    collector.most = 10_000
    assert await stream.send_due() == 0
    world.clock.forward(seconds=1)
    for _ in range(20):
        await stream.send_due()
    assert collector.taken == await everything(world)


async def test_the_other_side_says_how_long_to_wait(world: World) -> None:
    collector = Collector()
    collector.refuses = NotTaken("It answered 429", after=timedelta(seconds=30))
    stream = streaming(world, collector)
    await world.given("ada")
    await stream.send_due()
    collector.refuses = None
    world.clock.forward(seconds=29)
    assert await stream.send_due() == 0
    world.clock.forward(seconds=1)
    assert await stream.send_due() > 0


async def test_who_asks_for_longer_than_a_minute_gets_it(world: World) -> None:
    """Their word goes before ours; a clock that is set back meanwhile makes it no longer."""
    collector = Collector()
    collector.refuses = NotTaken("It answered 429", after=timedelta(minutes=5))
    stream = streaming(world, collector)
    await world.given("ada")
    await stream.send_due()
    collector.refuses = None
    world.clock.forward(seconds=299)
    assert await stream.send_due() == 0
    world.clock.forward(seconds=-86400)
    assert await stream.send_due() > 0


async def test_a_clock_that_is_set_back_holds_no_stream_up(world: World) -> None:
    """What a dead sender held is free again in time that passes, not in time that was."""
    await world.given("ada")
    until = world.clock() + timedelta(days=1, seconds=60)
    ahead = until - timedelta(seconds=60)
    await world.ground.database.write(
        lambda tx: streams.take(tx, SENDING, sender="dead", at=ahead, until=until, begins=lambda _: 0)
    )
    assert await streaming(world, Collector()).send_due() > 0


async def test_security_hears_when_it_stands_still_and_when_it_flows_again(world: World) -> None:
    """One message, however long; and the events of that time are not lost."""
    collector = Collector()
    collector.refuses = NotTaken("It answered 503")
    stream = streaming(world, collector)
    await world.given("ada")
    await stream.send_due()
    assert await told(world) == []
    for _ in range(3):
        world.clock.forward(seconds=TELL_AFTER.total_seconds())
        await stream.send_due()
    [one] = await told(world)
    assert one.correlation == (await world.last("stream.begun"))["correlation"]
    assert (one.facts["fault"], one.count, "settled" in one.facts) == ("It answered 503", 1, False)
    collector.refuses = None
    world.clock.forward(seconds=60)
    assert await stream.send_due() > 0
    [one] = await told(world)
    assert "settled" in one.facts
    assert collector.taken == await everything(world)


@pytest.mark.both_engines
async def test_of_two_replicas_one_sends_at_a_time(world: World) -> None:
    """Order is kept; and whoever is free goes on with what comes next."""
    collector, other = Collector(), Collector()
    one, two = streaming(world, collector), streaming(world, other, "two")
    found: list[int] = []

    async def meanwhile() -> None:
        found.append(await two.send_due())

    await world.given("ada")
    collector.meanwhile = meanwhile
    await one.send_due()
    assert (found, other.taken) == ([0], [])
    await world.given("charles")
    await two.send_due()
    assert collector.taken + other.taken == await everything(world)


async def test_what_one_sender_died_over_another_sends_again(world: World) -> None:
    """At least once: both sent it, and the place is that of whoever holds the stream."""
    collector, other = Collector(), Collector()
    two = streaming(world, other, "two")
    sent: list[int] = []

    async def stands_still() -> None:
        world.clock.forward(seconds=61)
        sent.append(await two.send_due())

    await world.given("ada")
    collector.meanwhile = stands_still
    assert await streaming(world, collector).send_due() == 0
    assert sent == [len(other.taken)]
    assert collector.taken == other.taken == await everything(world)
    assert await world.ground.database.read(lambda tx: streams.position(tx, SENDING)) == sent[0]


async def test_what_was_told_is_over_where_no_row_tells_of_it_any_more(world: World) -> None:
    """An upgrade begins with a row of its own, in which nothing was refused yet."""
    collector = Collector()
    collector.refuses = NotTaken("It answered 503")
    before = streaming(world, collector)
    await world.given("ada")
    for _ in range(2):
        await before.send_due()
        world.clock.forward(seconds=TELL_AFTER.total_seconds())
    assert len(await told(world)) == 1
    await by_other_hands(world, "UPDATE streams SET failing_since = NULL")
    assert await streaming(world, Collector(), "newer").send_due() > 0
    [one] = await told(world)
    assert "settled" in one.facts


async def told_and_nothing_passed_by(world: World, stream: Streaming, collector: Collector) -> None:
    """That the place was not where Wicket put it is told as grave, once, and every entry comes."""
    await stream.send_due()
    await Doubts(world.ground).tell_due()
    (found,) = [one for one in await world.rows(ExceptionRecord) if one.kind == Kind.ROW_CHANGED]
    assert (found.severity, found.facts["table"], found.facts["row"]) == ("high", "streams", SENDING)
    await stream.send_due()
    assert set(await everything(world)) <= set(collector.taken)
    assert not world.ground.database.doubts


FAR = f"UPDATE streams SET position = 1000 WHERE name = '{SENDING}'"
# As one of before stood there, which bound its place by nothing.
OLDER = "INSERT INTO streams (name, position, sender) VALUES ('siem', {}, 'older')"


@pytest.mark.both_engines
@pytest.mark.parametrize(
    "change",
    [(FAR,), (f"DELETE FROM streams WHERE name = '{SENDING}'", OLDER.format(1000))],
    ids=["put forward", "taken away"],
)
async def test_a_place_that_other_hands_moved_is_told_and_nothing_is_passed_by(
    world: World, change: Sequence[str]
) -> None:
    """T-9: it goes on from where the record says that it was, so some comes twice."""
    collector = Collector()
    stream = streaming(world, collector)
    await world.given("ada")
    await stream.send_due()
    await world.given("charles")
    await by_other_hands(world, *change)
    await told_and_nothing_passed_by(world, stream, collector)


async def test_whoever_comes_from_another_place_moves_nothing(world: World) -> None:
    """Promise 2: what was accepted from there says nothing of what stands between."""
    await world.given("ada")
    await streaming(world, Collector()).send_due()
    at = await world.ground.database.read(lambda tx: streams.position(tx, SENDING))
    moved = partial(streams.accepted, name=SENDING, sender="one", before=at + 1, now=at + 2)
    assert not await world.ground.database.write(moved)
    assert await world.ground.database.read(lambda tx: streams.position(tx, SENDING)) == at


async def test_a_place_that_was_kept_from_a_longer_log_is_told_and_nothing_is_passed_by(world: World) -> None:
    """T-9: as Wicket wrote it, and put into a log that was put back to what it was before."""
    collector = Collector()
    stream = streaming(world, collector)
    await world.given("ada")
    await stream.send_due()
    longer = len(await everything(world)) + 7
    at = await world.ground.database.read(lambda tx: streams.position(tx, SENDING))
    assert await world.ground.database.write(
        lambda tx: streams.accepted(tx, SENDING, sender="one", before=at, now=longer)
    )
    await world.given("charles")
    await told_and_nothing_passed_by(world, stream, collector)


@pytest.mark.sqlite_alone
@pytest.mark.parametrize(
    "change", ["position = x'00'", "mac = x'00'", "failing_since = 'never'", "lease_until = 'never'"]
)
async def test_a_row_that_cannot_even_be_read_holds_nothing_up(world: World, change: str) -> None:
    """T-9, T-10: SQLite keeps in a column whatever somebody puts there; nor does the watch fail by it."""
    collector = Collector()
    stream = streaming(world, collector)
    await world.given("ada")
    await stream.send_due()
    await by_other_hands(world, f"UPDATE streams SET {change}")
    await world.given("charles")
    await Lagging(world.ground, every=timedelta(days=1), followed=[SENDING]).look()
    await stream.send_due()
    await stream.send_due()
    assert set(await everything(world)) <= set(collector.taken)
    assert await world.ground.database.read(lambda tx: streams.position(tx, SENDING)) == len(
        await everything(world)
    )


async def test_it_goes_on_from_the_end_of_the_last_walk(world: World) -> None:
    """T-9: and not from its beginning, which may be very long ago."""
    collector = Collector()
    stream = streaming(world, collector)
    await world.given("ada")
    await stream.send_due()
    sent = len(collector.taken)
    await a_round(world)
    await by_other_hands(world, FAR)
    collector.taken.clear()
    await stream.send_due()
    assert collector.taken == (await everything(world))[sent:]


@pytest.mark.both_engines
async def test_an_upgrade_goes_on_where_the_version_before_stood_once(world: World) -> None:
    """T-9: that bound its place by no MAC. Later the record says where it began, whatever stands in the old row."""
    collector = Collector()
    await world.given("ada")
    await by_other_hands(world, OLDER.format(2))
    stream = streaming(world, collector)
    await stream.send_due()
    assert collector.taken == (await everything(world))[2:]
    said = await world.last("stream.begun")
    assert (said["outcome"], said["facts"]["position"]) == ("done", 2)
    assert not world.ground.database.doubts


@pytest.mark.both_engines
async def test_what_other_hands_put_behind_the_end_moves_no_place(world: World) -> None:
    """T-9: once it is thrown out, the entry that comes there is sent as well."""
    collector = Collector()
    stream = streaming(world, collector)
    await world.given("ada")
    await stream.send_due()
    await world.given("charles")
    size, names = len(await everything(world)), [f'"{one.name}"' for one in ENTRIES.c]
    other = {'"index"': str(size), '"id"': "'e-stray'"}
    copied = ", ".join(other.get(one, one) for one in names)
    await by_other_hands(
        world, f'INSERT INTO audit_entries ({", ".join(names)}) SELECT {copied} FROM audit_entries WHERE "index" = 0'
    )  # fmt: skip
    await stream.send_due()
    assert await world.ground.database.read(lambda tx: streams.position(tx, SENDING)) == size
    assert "e-stray" not in collector.taken


async def test_a_stream_that_was_given_up_goes_on_where_it_stood_and_is_waited_for_again(
    world: World,
) -> None:
    """A-17: whoever sets the SIEM up again, or a bot that sends still, takes it up on the record, once."""
    collector = Collector()
    await world.given("ada")
    await streaming(world, collector).send_due()
    taken = len(collector.taken)
    done = giving_up.give_up(world.ground.database, by=By(name="Olga", why="no SIEM", where=CLI))
    assert (done is not None and done.position, done is not None and done.waits) == (taken, 0)
    assert not await world.ground.database.read(lambda tx: streams.has_begun(tx, SENDING))
    assert giving_up.give_up(world.ground.database, by=By(name="Olga", why="again", where=CLI)) is None
    await world.given("charles")
    for _ in range(2):
        await streaming(world, collector, "two").send_due()
    assert collector.taken == await everything(world)
    assert (await world.actions("stream.begun")) == ["stream.begun done"] * 2
    assert (await world.last("stream.begun"))["facts"]["position"] == taken
    assert await world.ground.database.read(lambda tx: streams.has_begun(tx, SENDING))


async def test_of_a_siem_that_is_given_up_nobody_is_told_any_more_that_it_takes_nothing(world: World) -> None:
    """It stood open for ever, and said that nothing is lost; of one that is set up again it is news."""
    collector = Collector()
    collector.refuses = NotTaken("It answered 503")
    await world.given("ada")
    stream = streaming(world, collector)
    for _ in range(2):
        await stream.send_due()
        world.clock.forward(seconds=TELL_AFTER.total_seconds())
    assert len(await told(world)) == 1
    giving_up.give_up(world.ground.database, by=By(name="Olga", why="no SIEM", where=CLI))
    [one] = await told(world)
    assert (one.state, "given_up" in one.facts) == (ExceptionState.RESOLVED, True)
    for _ in range(2):
        await stream.send_due()
        world.clock.forward(seconds=TELL_AFTER.total_seconds())
    assert [one.state for one in await told(world)] == [ExceptionState.RESOLVED, ExceptionState.OPEN]


async def test_what_was_given_up_and_whose_place_somebody_deleted_begins_where_the_record_says(
    world: World,
) -> None:
    """T-9: and the row that is gone is told."""
    collector = Collector()
    await world.given("ada")
    await streaming(world, collector).send_due()
    await a_round(world)
    giving_up.give_up(world.ground.database, by=By(name="Olga", why="no SIEM", where=CLI))
    await by_other_hands(world, f"DELETE FROM streams WHERE name = '{SENDING}'")
    assert not await world.ground.database.read(lambda tx: streams.has_begun(tx, SENDING))
    await told_and_nothing_passed_by(world, streaming(world, collector, "two"), collector)
    assert await world.ground.database.read(lambda tx: streams.has_begun(tx, SENDING))


@pytest.mark.both_engines
async def test_what_other_hands_put_behind_the_end_gives_nothing_up(world: World) -> None:
    """T-9: it stands in no tree, and until it is thrown out nothing may leave by it."""
    await world.given("ada")
    await streaming(world, Collector()).send_due()
    size, names = len(await everything(world)), {f'"{one.name}"': f'"{one.name}"' for one in ENTRIES.c}
    names |= {'"index"': str(size), '"id"': "'e-stray'"}
    names |= {'"action"': "'stream.given_up'", '"correlation"': f"'{SENDING}'"}
    await by_other_hands(
        world,
        f"INSERT INTO audit_entries ({', '.join(names)}) SELECT {', '.join(names.values())} FROM audit_entries "
        'WHERE "index" = 0',
    )
    assert await world.ground.database.read(lambda tx: streams.has_begun(tx, SENDING))


async def test_what_is_called_given_up_beside_its_leaf_alone_gives_nothing_up(world: World) -> None:
    """T-9: and nothing is taken up anew for it, or each step would add to the log that it sends."""
    collector = Collector()
    await world.given("ada")
    await streaming(world, collector).send_due()
    await world.given("charles")
    await by_other_hands(
        world,
        "DROP TRIGGER audit_entries_update",
        f"UPDATE audit_entries SET action = 'stream.given_up', correlation = '{SENDING}' "
        'WHERE "index" = (SELECT max("index") FROM audit_entries)',
    )
    assert await world.ground.database.read(lambda tx: streams.has_begun(tx, SENDING))
    await streaming(world, collector, "two").send_due()
    assert (await world.actions("stream.begun")) == ["stream.begun done"]
