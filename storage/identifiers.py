"""Identifiers: opaque, time-ordered, unguessable enough never to collide and short enough to read aloud.

They carry no meaning and give no authority.
"""

import secrets
from datetime import UTC, datetime, timedelta

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str, at: datetime) -> str:
    """A new id such as "g-06k3v8qz1m-4t7x9c2b": the time in milliseconds, then 40 random bits (Crockford base32)."""
    return f"{prefix}-{_base32(int(at.timestamp() * 1000), 9)}-{_base32(secrets.randbits(40), 8)}"


def made_at(identifier: str) -> datetime | None:
    """When an id says that it was made; None for what is no id. Anybody can write one that says something else."""
    _, _, rest = identifier.partition("-")
    written, _, chance = rest.partition("-")
    if len(written) != 9 or len(chance) != 8 or not set(written + chance) <= set(_ALPHABET):
        return None
    milliseconds = 0
    for digit in written:
        milliseconds = milliseconds * 32 + _ALPHABET.index(digit)
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _base32(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 32)
        digits = _ALPHABET[rest] + digits
    return digits
