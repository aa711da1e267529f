"""Identifiers: opaque, time-ordered, unguessable enough never to collide and short enough to read aloud.

They carry no meaning and give no authority.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from os import urandom
from struct import unpack

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
_CHANCE = 5  # bytes
LAST = "-zzzzzzzz"
"""The end of an id that no other of its moment sorts behind."""
_LAST_MOMENT = 32**9 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Digits(dict[int, str]):
    """Digits as `int` reads them; what is none it refuses then, whatever else it would take for one."""

    def __missing__(self, _: int) -> str:
        return "!"


_DIGITS = _Digits(zip(map(ord, _ALPHABET), "0123456789abcdefghijklmnopqrstuv", strict=True))


def new_id(prefix: str, at: datetime) -> str:
    """A new id such as "g-06k3v8qz1m-4t7x9c2b": the time in milliseconds, then 40 random bits (Crockford base32)."""
    return new_ids(prefix, at, 1)[0]


def new_ids(prefix: str, at: datetime, count: int) -> list[str]:
    """So many new ids of one moment, each with chance of its own."""
    begin, chance = f"{first_of(prefix, at)}-", urandom(_CHANCE * count)
    made = list[str]()
    for start in range(0, len(chance), _CHANCE):
        n = int.from_bytes(chance[start : start + _CHANCE], "big")
        made.append(
            f"{begin}{_PAIRS[n >> 30]}{_PAIRS[n >> 20 & 1023]}{_PAIRS[n >> 10 & 1023]}{_PAIRS[n & 1023]}"
        )
    return made


@lru_cache(maxsize=16)
def first_of(prefix: str, at: datetime) -> str:
    """What every id of this moment begins with, so that none of them sorts before it: "g-06k3v8qz1m".

    Whatever is later is never before it, whatever is earlier never behind `last_of`, by the bytes of the text. A
    moment on a millisecond may be given the one before it; so nothing but this may tell what an id of a moment is.
    """
    return f"{prefix}-{_moment(min(max(int(at.timestamp() * 1000), 0), _LAST_MOMENT))}"


def last_of(prefix: str, at: datetime) -> str:
    """What none of the ids of this moment sorts behind."""
    return first_of(prefix, at) + LAST


def are_of(prefix: str, ids: Sequence[str], micros: Sequence[int]) -> bool:
    """Whether each of these ids is one of its moment, in microseconds since 1970: as `new_id` makes them, whatever
    chance they have. Anything else may be a path, or sort behind its moment.
    """
    count, begin = len(ids), len(prefix) + 1
    size = begin + 10 + len(LAST) - 1
    if set(map(len, ids)) - {size}:
        return False
    text = "".join(ids)
    digits = text.translate(_DIGITS)
    around = ((begin + 9, "-"), *enumerate(f"{prefix}-"))
    # The two dashes of each are no digits, and nothing else is none.
    if any(text[place::size] != one * count for place, one in around) or digits.count("!") != 2 * count:
        return False
    nine = unpack(f"{begin}x9s{size - begin - 9}x" * count, digits.encode())
    made = [int(each, 32) for each in nine]
    moments = [micro // 1000 for micro in micros]
    if made == moments:
        return True
    # One on a millisecond may be given the one before it.
    each_one = zip(ids, micros, made, moments, strict=True)
    return all(
        one.startswith(first_of(prefix, _EPOCH + timedelta(microseconds=micro)))
        for one, micro, said, moment in each_one
        if said != moment
    )


def made_at(identifier: str) -> datetime | None:
    """When an id says that it was made; None for what is no id. Anybody can write one that says something else."""
    _, _, rest = identifier.partition("-")
    written, _, chance = rest.partition("-")
    if len(written) != 9 or len(chance) != 8 or not set(written + chance) <= set(_ALPHABET):
        return None
    milliseconds = int(written.translate(_DIGITS), 32)
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _moment(n: int) -> str:
    """So many milliseconds in nine digits, which last until the year 3084."""
    begin = f"{_ALPHABET[n >> 40 & 31]}{_PAIRS[n >> 30 & 1023]}{_PAIRS[n >> 20 & 1023]}"
    return f"{begin}{_PAIRS[n >> 10 & 1023]}{_PAIRS[n & 1023]}"
