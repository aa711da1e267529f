"""Moments as they are kept: whole microseconds since 1970, in UTC.

It reads no clock, and a time without a zone is never let in.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC, exactly. A naive datetime is a ValueError."""
    if moment.tzinfo is not UTC and moment.utcoffset() is None:
        raise ValueError("a time without a zone cannot be stored; use an aware UTC datetime")
    return (moment - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of so many microseconds since 1970. OverflowError beyond year 9999."""
    return EPOCH + timedelta(microseconds=micros)
