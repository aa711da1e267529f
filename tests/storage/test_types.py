"""Time goes into the database and comes out the same, or does not go in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from storage.micros import EPOCH, from_micros, to_micros
from storage.types import NO_MOMENT, NOT_READ, SentenceJson, SentenceText, UtcMicros

_METADATA = MetaData()
_MOMENTS = Table(
    "moments",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcMicros, nullable=True),
)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_survives_to_the_microsecond(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


def test_another_zone_is_the_same_moment() -> None:
    there = timezone(timedelta(hours=-9, minutes=-30))
    moment = datetime(2026, 3, 29, 2, 30, tzinfo=there)
    assert from_micros(to_micros(moment)) == moment
    assert from_micros(to_micros(moment)).tzinfo is UTC


def test_a_naive_time_is_refused_by_the_conversion() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        to_micros(datetime(2026, 1, 1))  # noqa: DTZ001  the naive datetime is the point


def test_a_column_stores_integers_and_gives_aware_times_back() -> None:
    engine = create_engine("sqlite://")
    _METADATA.create_all(engine)
    moment = EPOCH + timedelta(microseconds=1_793_000_000_000_001)
    with engine.begin() as connection:
        connection.execute(insert(_MOMENTS), [{"id": 1, "at": moment}, {"id": 2, "at": None}])
        kinds = connection.scalars(text("SELECT typeof(at) FROM moments ORDER BY id")).all()
        assert kinds == ["integer", "null"]
        assert connection.scalars(select(_MOMENTS.c.at).order_by(_MOMENTS.c.id)).all() == [moment, None]
        assert connection.scalar(select(_MOMENTS.c.id).where(_MOMENTS.c.at <= moment)) == 1
    engine.dispose()


def test_a_column_refuses_a_naive_time() -> None:
    engine = create_engine("sqlite://")
    _METADATA.create_all(engine)
    with engine.begin() as connection, pytest.raises(StatementError, match="without a zone"):
        connection.execute(insert(_MOMENTS), {"id": 1, "at": datetime(2026, 1, 1)})  # noqa: DTZ001  as above
    engine.dispose()


ODD_TIMES = [
    9 * 10**18,
    -9 * 10**18,
    -(2**63),
    to_micros(datetime.max.replace(tzinfo=UTC)),
    "x",
    b"\xff",
    1e300,
]


@pytest.mark.parametrize("value", ODD_TIMES)
def test_a_time_that_is_none_is_read_as_one_that_can_be_reckoned_with(value: object) -> None:
    """T-2: whoever writes one row keeps no other from being read."""
    read = UtcMicros().result_processor(sqlite.dialect(), None)(value)
    assert read == NO_MOMENT
    assert read - timedelta(days=366) < read < read + timedelta(days=366)


ODD_TEXTS = [
    b"\xff",
    7,
    '{"said": ',
    '{"said": "{x.y}", "with": {"x": 1}}',
    '{"said": "{0}", "with": {"x": 1}}',
]


@pytest.mark.parametrize("value", ODD_TEXTS)
def test_a_text_that_is_none_is_read_as_one(value: object) -> None:
    """T-2: the same, whatever SQLite keeps in a column of text."""
    assert SentenceText().result_processor(sqlite.dialect(), None)(value) == NOT_READ


ODD_JSON = ["x", "[", "5", "null", '"x"', "[" * 100_000, b"\xff", 7, '{"said": "{x.y}", "with": {"x": 1}}']


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize("value", ODD_JSON)
def test_json_that_is_none_or_of_another_kind_is_read_as_an_empty_one(value: object, kind: type) -> None:
    """T-2: the same."""
    kept = SentenceJson(kind).dialect_impl(sqlite.dialect())
    assert kept.result_processor(sqlite.dialect(), None)(value) == kind()
