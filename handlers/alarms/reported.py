"""What comes of an alarm, and of lifting one. Frozen facts.

They look nothing up; handlers.alarms.raising and handlers.alarms.releasing fill them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """It is stopped. again: it was said before, of the same visit, and nothing more was done.

    held: the account is left as it is, for there were too many such reports at once. petition: only a petition that
    nobody approved yet was stopped; the account stays as it is.
    """

    again: bool = False
    held: bool = False
    petition: bool = False


@dataclass(frozen=True, kw_only=True)
class NoLink:
    """This link stops nothing: it is none of ours, or too old."""


@dataclass(frozen=True, kw_only=True)
class MayRelease:
    """This person may lift it. exception: whose button it was. who: whose account. disabled: how it stands with it."""

    exception: str
    who: str
    disabled: str


@dataclass(frozen=True, kw_only=True)
class Released:
    """It is lifted, and the account is on if the alarm had switched it off. who: whose it is; "" if none was open."""

    who: str


@dataclass(frozen=True, kw_only=True)
class NotReleased:
    """The directory did not answer, so nothing is lifted yet."""
