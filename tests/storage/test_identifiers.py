"""Identifiers: they sort by time, never meet, and hold nothing that a message or a log could stumble over."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.identifiers import are_of, first_of, last_of, made_at, new_id, new_ids
from storage.micros import to_micros

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@given(TIMES)
def test_every_id_has_one_shape(at):
    """Crockford's letters: none that is mistaken for another, none that needs escaping anywhere."""
    assert re.fullmatch(r"g-[0-9a-hjkmnp-tv-z]{9}-[0-9a-hjkmnp-tv-z]{8}", new_id("g", at))


@given(TIMES, st.timedeltas(timedelta(milliseconds=1), timedelta(days=3650)))
def test_a_later_id_sorts_later(at, by):
    assert new_id("g", at) < new_id("g", at + by)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(3600, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.sampled_from([1, 500, 999, 1000, 1001, 10**9]) | st.integers(0, 10**16),
)
def test_the_bounds_of_a_moment_hold_its_ids_and_leave_out_no_later_and_no_earlier_one(at, micros):
    """Whatever time somebody asks about, and though a moment on a millisecond may be given the one before it."""
    later = at + timedelta(microseconds=micros)
    assert first_of("e", at) < new_id("e", at) <= last_of("e", at)
    assert first_of("e", at) < new_id("e", later)
    assert new_id("e", at) <= last_of("e", later)


def test_ids_of_one_moment_differ():
    at = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
    assert len({new_id("g", at) for _ in range(10_000)}) == 10_000
    assert len({new_id("g", at)[:11] for _ in range(10)}) == 1


def test_many_ids_of_one_moment_are_each_one_of_their_own():
    at = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
    many = new_ids("e", at, 1000)
    assert len(set(many)) == 1000
    assert {made_at(one) for one in many} == {at}
    assert new_ids("e", at, 0) == []


def test_an_id_says_when_it_was_made_and_what_is_none_says_nothing():
    at = datetime(2026, 11, 23, 14, 2, 3, 456000, tzinfo=UTC)
    assert made_at(new_id("g", at)) == at
    for wrong in (
        "",
        "g",
        "g-",
        "g-1-2",
        "g-zzzzzzzzz-zzzzzzz",
        "g-ZZZZZZZZZ-zzzzzzzz",
        "é-000000000-00000000x",
    ):
        assert made_at(wrong) is None
    assert made_at("g-zzzzzzzzz-zzzzzzzz") is None or made_at("g-zzzzzzzzz-zzzzzzzz").year > 2026


@given(st.lists(TIMES))
def test_an_id_is_of_its_moment_whatever_that_is(moments):
    ids, micros = [new_id("e", at) for at in moments], [to_micros(at) for at in moments]
    assert are_of("e", ids, micros)
    for beside in (1000, 10**9):
        assert not moments or not are_of("e", ids, [*micros[:-1], micros[-1] + 2 * beside])
    assert not moments or not are_of("g", ids, micros)


@pytest.mark.parametrize(
    "digits",
    [
        "1m84bdby",
        "1m84bdby00",
        "1M84bdby0",
        "1_84bdby0",
        " 1m84bdby",
        "+m84bdby0",
        "-m84bdby0",
        "1m84-dby0",
        "im84bdby0",
        "\u0661m84bdby0",
    ],
)
def test_what_is_no_moment_is_of_none(digits):
    """Whatever would be read as a number elsewhere."""
    micros = 1795442520000000
    assert are_of("e", ["e-1m84bdby0-00000001"], [micros])
    assert not are_of("e", [f"e-{digits}-00000001"], [micros])
    assert not are_of("e", ["e-1m84bdby0-00000001", f"e-{digits}-00000001"], [micros, micros])


@pytest.mark.parametrize(
    "chance",
    ["", "0000000", "000000001", "/../../x", "zzzzzzz~", "0000 000", "0000000\n", "0000-001", "0000000I"],
)
def test_an_id_has_eight_letters_of_chance_and_nothing_else(chance):
    """O-4: files are named by ids; and one that sorts behind its moment is found in none."""
    micros = 1795442520000000
    assert not are_of("e", [f"e-1m84bdby0-{chance}"], [micros])
    assert not are_of("e", [f"e-1m84bdby0-{chance}", "e-1m84bdby0-00000001"], [micros, micros])


def test_one_id_that_is_too_long_makes_up_for_none_that_is_too_short():
    micros = 1795442520000000
    assert not are_of("e", ["e-1m84bdby0-0000000", "0e-1m84bdby0-0000000"], [micros, micros])
