"""How long: what is read, and how each thing that cannot be read is answered."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.decisions.durations import (
    ENDLESS,
    HOW_TO_WRITE,
    POINT_IN_TIME,
    TOO_LONG,
    TOO_SHORT,
    UNREADABLE,
    WITHOUT_UNIT,
    parse_duration,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2h", 2 * HOUR),
        (" 2 H ", 2 * HOUR),
        ("2 hrs", 2 * HOUR),
        ("for 2 hours", 2 * HOUR),
        ("90 min", 90 * MINUTE),
        ("90m", 90 * MINUTE),
        ("1 minute", MINUTE),
        ("1 day", DAY),
        ("2 weeks", 14 * DAY),
        ("half an hour", 30 * MINUTE),
        ("an hour", HOUR),
        ("a day", DAY),
        ("an hour and a half", 90 * MINUTE),
        ("two hours", 2 * HOUR),
        ("1.5h", 90 * MINUTE),
        ("1,5 hours", 90 * MINUTE),
        ("1h30", 90 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1 hour and 30 minutes", 90 * MINUTE),
        ("1d 4h", 28 * HOUR),
        ("about 2 hours", 2 * HOUR),
        ("\uff12\uff48", 2 * HOUR),
        ("365d", 365 * DAY),
        ("1m", MINUTE),
    ],
)
def test_durations_as_people_write_them(text: str, length: timedelta) -> None:
    """Numbers, words and both together."""
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0", TOO_SHORT),
        ("0h", TOO_SHORT),
        ("zero hours", TOO_SHORT),
        ("0.4m", TOO_SHORT),
        ("-1h", TOO_SHORT),
        ("-1", TOO_SHORT),
        ("\u22122h", TOO_SHORT),
        ("9999d", TOO_LONG),
        ("366d", TOO_LONG),
        ("9" * 50 + "d", TOO_LONG),
        ("tomorrow", POINT_IN_TIME),
        ("until tomorrow", POINT_IN_TIME),
        ("until 16:30", POINT_IN_TIME),
        ("16:30", POINT_IN_TIME),
        ("4pm", POINT_IN_TIME),
        ("forever", ENDLESS),
        ("for ever", ENDLESS),
        ("permanently", ENDLESS),
        ("5", WITHOUT_UNIT),
        ("30s", UNREADABLE),
        ("5 parsecs", UNREADABLE),
        ("a fortnight", UNREADABLE),
        ("a few hours", UNREADABLE),
        ("2h 3", UNREADABLE),
        ("1e9h", UNREADABLE),
        ("inf h", UNREADABLE),
        ("\u0662h", UNREADABLE),
        ("", UNREADABLE),
        ("\x00", UNREADABLE),
        ("2h" + " " * 80 + "x", UNREADABLE),
    ],
)
def test_what_is_no_duration_is_answered_with_how_to_write_one(text: str, sentence: str) -> None:
    """A sentence that fits the mistake, and never an exception; each says what would be understood."""
    assert parse_duration(text) == sentence
    assert sentence.endswith(HOW_TO_WRITE)


def test_every_example_in_the_sentences_can_be_read() -> None:
    """Somebody who copies what the sentence shows is understood."""
    examples = HOW_TO_WRITE.split('"')[1::2]
    assert len(examples) == 3
    assert all(isinstance(parse_duration(example), timedelta) for example in examples)


@given(st.text())
def test_any_text_is_a_duration_within_bounds_or_a_sentence(text: str) -> None:
    """No exception, nothing under a minute, nothing over a year."""
    read = parse_duration(text)
    assert isinstance(read, str) or MINUTE <= read <= 365 * DAY


@given(
    st.from_regex(
        r"-?[0-9]{1,4}([.,][0-9]{1,2})? ?(m|min|h|hours|d|w)( and [0-9]{1,3} minutes)?", fullmatch=True
    )
)
def test_whatever_looks_like_a_duration_is_read_or_out_of_bounds(text: str) -> None:
    """A number with a unit is never "unreadable"."""
    assert parse_duration(text) not in (UNREADABLE, WITHOUT_UNIT, POINT_IN_TIME, ENDLESS)
