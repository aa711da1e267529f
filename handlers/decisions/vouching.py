"""What vouching is held to: its limits, in what role somebody vouches, how they may have spoken, codes as typed.

Pure. Who may vouch for whom is for policy, and no code is made here.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

CODE_DIGITS = 8
# Why a word counts not now: policy could not be asked, so nobody lost anything, and it is asked again.
POLICY_BROKEN = "policy_broken"
VouchRole = Literal["manager", "help_desk"]
# The manager first: whoever is both needs no ticket for their own report.
ROLES: tuple[VouchRole, ...] = ("manager", "help_desk")
_NO_DIGIT = re.compile(r"[\s.-]+")


class Spoken(StrEnum):
    """How whoever vouches has spoken to the person."""

    IN_PERSON = "in_person"
    VIDEO = "video"
    KNOWN_NUMBER = "known_number"


@dataclass(frozen=True, kw_only=True)
class VouchingLimits:
    """How narrow vouching is held. code_life: how long a code can be read out (SP 800-63B-4, 4.2: ten minutes).

    cool_off: how long nobody can use what was vouched, so that the person hears of it first. counts_for: how long after
    that it is worth something. asked_a_day: askings of one person. wrong: codes typed wrong that end an asking.
    wrong_by_one: codes typed wrong by one voucher, for whomever, after which they rest for `rest`.
    """

    code_life: timedelta = timedelta(minutes=10)
    cool_off: timedelta = timedelta(hours=1)
    counts_for: timedelta = timedelta(hours=8)
    asked_a_day: int = 5
    wrong: int = 5
    wrong_by_one: int = 10
    rest: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        if self.cool_off <= timedelta(0):
            raise ValueError("somebody's word never counts at once")

    def counts(self, at: datetime) -> tuple[datetime, datetime]:
        """From when until when a word that is given now counts."""
        begins = at + self.cool_off
        return begins, begins + self.counts_for


def role_in(found: Collection[str]) -> VouchRole | None:
    """The one role in which somebody vouches, of all that they are to the person; None if they are nobody to them."""
    return next((role for role in ROLES if role in found), None)


def plain_code(typed: str) -> str | None:
    """The eight digits that were typed, however they were grouped; None if it is something else."""
    code = _NO_DIGIT.sub("", typed)
    return code if len(code) == CODE_DIGITS and code.isascii() and code.isdigit() else None


def read_out(code: str) -> str:
    """A code in two groups, as one reads it out."""
    return f"{code[:4]} {code[4:]}"
