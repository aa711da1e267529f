"""A-8: what was written when is found by ids, to the microsecond, whatever the clock did and however text is sorted."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text
from sqlmodel import Session

from storage.audit import glimpses, log, stories
from storage.audit.verification import verify_log
from storage.engine.migrating import migrate
from storage.identifiers import first_of
from tests.storage.postgres import postgres
from tests.storage.rows import numbered

from .conftest import START, MakeEntry

MILLI, MICRO, HOUR = timedelta(milliseconds=1), timedelta(microseconds=1), timedelta(hours=1)
# Three of one millisecond, then three at the clock that was set back, one of them on a millisecond, and later ones.
WRITTEN = [
    START + 2 * MILLI + 500 * MICRO, START + 2 * MILLI + 501 * MICRO, START + 2 * MILLI + 999 * MICRO,
    START + MILLI, START + MILLI + MICRO, START,
    START + 3 * MILLI, START + timedelta(hours=1), START + timedelta(days=9),
]  # fmt: skip


def fill(tx: Session | Connection, make_entry: MakeEntry, moments: list[datetime]) -> None:
    """Entries of these moments; of one millisecond the last has the smallest id."""
    for number, at in enumerate(moments):
        log.append(tx, make_entry(at=at, id=numbered(100 - number, at), texts={}))


def around(moments: list[datetime]) -> Iterator[datetime]:
    """Each of them, and what is next to it."""
    for at in moments:
        yield from (at - MILLI, at - MICRO, at, at + MICRO, at + MILLI)


def test_no_entry_of_a_time_is_left_out_and_none_of_another_is_told(
    engine: Engine, make_entry: MakeEntry
) -> None:
    """Against a look at each entry, for every time around those at which there are any."""
    with Session(engine) as tx:
        fill(tx, make_entry, WRITTEN)
        for since in sorted(set(around(WRITTEN))):
            expected = [index for index, at in enumerate(WRITTEN) if at >= since]
            assert [row.index for row in log.rows(tx, since=since)] == expected
            assert [row.index for row in log.rows(tx, until=since)] == [
                index for index in range(len(WRITTEN)) if index not in expected
            ]
            for until in around([WRITTEN[1], WRITTEN[3]]):
                within = [index for index, at in enumerate(WRITTEN) if since <= at < until]
                assert [row.index for row in log.rows(tx, since=since, until=until)] == within
                assert sum(log.tally(tx, since, until).values()) == len(within)
                assert [one.index for one in stories.during(tx, since, until, ["grant.requested"])] == within


def test_where_a_time_begins_is_before_all_that_is_of_it(engine: Engine, make_entry: MakeEntry) -> None:
    """And no further than the entries of one millisecond: what follows reads from there on."""
    with Session(engine) as tx:
        fill(tx, make_entry, WRITTEN)
        for at in around(WRITTEN):
            since = [index for index, moment in enumerate(WRITTEN) if moment >= at]
            first = log.first_since(tx, at)
            assert first is None or first <= min(since, default=first)
            assert (first is None) <= (not since)
            assert first is None or WRITTEN[first] > at - MILLI


@pytest.mark.parametrize("way", [1, -1])
def test_a_look_back_leaves_out_none_of_the_moment_at_which_it_begins(
    engine: Engine, make_entry: MakeEntry, way: int
) -> None:
    """Of entries that one transaction wrote any may have the smallest id."""
    beyond = 5 + 1000  # so many before what is new are looked at in any case
    moments = [START, *[START + MILLI] * 3, START + 2 * MILLI]
    with Session(engine) as tx:
        for number, at in enumerate(moments):
            log.append(tx, make_entry(at=at, id=numbered(50 + way * number, at), texts={}))
        found = [glimpses.floor(tx, beyond, at) for at in (START, START + MILLI, *moments[-2:])]
        assert found == [0, 1, 1, 4]
        assert glimpses.floor(tx, beyond, moments[-1] + MILLI) == 5


def test_times_are_found_in_whatever_language_the_database_sorts(make_entry: MakeEntry) -> None:
    """By ids they would not be: in Danish "aa" stands behind "z", and one of a thousand moments ends with it."""
    running = postgres()
    if _version() < 15_00_00:
        pytest.skip("before PostgreSQL 15 a database sorts by the system's languages alone")
    running.run("CREATE DATABASE danish TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'da-DK'")
    try:
        server = running.server("danish")
        migrate(server)
        engine = running.engine(server)
        begun = next(
            START + one * MILLI for one in range(100_000) if "aa-" in numbered(0, START + one * MILLI)
        )
        moments = [begun + one * MILLI for one in range(-40, 40)]
        with Session(engine) as tx:
            assert tx.connection().execute(text("SELECT 'aa' > 'z'")).scalar_one()
            fill(tx, make_entry, moments)
            for number, at in enumerate(moments):
                assert [row.index for row in log.rows(tx, since=at)] == list(range(number, len(moments)))
                assert sum(log.tally(tx, at, moments[-1]).values()) == len(moments) - 1 - number
        engine.dispose()
    finally:
        running.run("DROP DATABASE danish WITH (FORCE)")


def _version() -> int:
    with postgres().connect() as admin:
        return admin.info.server_version


@pytest.mark.parametrize(
    "wrong", [numbered(7, START - timedelta(days=3000)), f"{first_of('e', START + HOUR)}-/../../x"]
)
def test_an_entry_whose_id_is_none_of_its_moment_is_named(
    engine: Engine, make_entry: MakeEntry, wrong: str
) -> None:
    """T-2, T-9: only other hands add one. It would be counted on no day and told of none, or be the path of a file of
    evidence, while all was well.
    """
    odd = make_entry(at=START + HOUR, texts={})
    object.__setattr__(odd, "id", wrong)
    with Session(engine) as tx:
        fill(tx, make_entry, [START])
        log.append(tx, odd)
        assert (
            log.tally(tx, odd.at, odd.at + MICRO) == {} or engine.dialect.name == "postgresql" or "/" in wrong
        )
        report = verify_log(tx)
    assert [finding.detail for finding in report.findings] == [
        f"The id of entry {odd.id} at index 1 is none of its moment."
    ]
