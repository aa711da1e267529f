"""Whose account is whose in another directory: matched by the number that the company knows a person by, exactly.

It never looks at a name, a login or an address, and where more than one could be meant it says so instead of guessing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from storage.directories.base import Account
from storage.sentences import Sentence, template


class Reason(StrEnum):
    """Why nobody's account is meant."""

    ELSEWHERE = "elsewhere"
    NO_NUMBER = "no-number"
    NONE = "none"
    SEVERAL = "several"
    SHARED_NUMBER = "shared-number"
    CHANGED = "changed"
    INACTIVE = "inactive"
    NOT_A_REPORT = "not-a-report"


# Somebody is meant, and it is not certain who.
_UNCERTAIN = frozenset({Reason.SEVERAL, Reason.SHARED_NUMBER, Reason.CHANGED})
_AT_HOME = frozenset({Reason.NO_NUMBER, Reason.SHARED_NUMBER})


@dataclass(frozen=True, kw_only=True)
class NoCounterpart:
    """No account that could be taken for this person's in `directory`.

    home: the directory that they sign in from. accounts: ids of those between which nobody guessed.
    """

    reason: Reason
    directory: str
    home: str
    accounts: tuple[str, ...] = ()

    @property
    def is_uncertain(self) -> bool:
        """Whether it is an exception rather than an everyday no."""
        return self.reason in _UNCERTAIN

    @property
    def place(self) -> str:
        """The directory that something is wrong with, if anything is."""
        return self.home if self.reason in _AT_HOME else self.directory

    @property
    def finding(self) -> str:
        """What was found, for anybody who reads about it."""
        return Sentence(_FINDINGS[self.reason], place=self.place, count=self._count)

    @property
    def advice(self) -> str:
        """What to tell the person, and what they can do."""
        return Sentence(_ADVICE[self.reason], directory=self.directory, place=self.place, count=self._count)

    @property
    def _count(self) -> str:
        count = len(self.accounts)
        return Sentence(_IN_WORDS[count]) if count in _IN_WORDS else str(count)


Counterpart: TypeAlias = Account | NoCounterpart


def number_of(account: Account) -> str:
    """The person's number without the blanks around it; empty where there is none, which is nobody's."""
    return account.person.strip()


def counterpart_of(
    own: Account, directory: str, *, at_home: Iterable[Account], there: Iterable[Account]
) -> Counterpart:
    """The account of `own`'s person in `directory`, switched off or not.

    at_home, there: every account that the two directories have for that number. Switched-off ones count among
    several: a number that was given to two people is no proof of either. So do those that have it among others, which
    have no number of their own and are nobody's for certain.
    """

    def no(reason: Reason, accounts: Iterable[Account] = ()) -> NoCounterpart:
        ids = tuple(sorted(account.id for account in accounts))
        return NoCounterpart(reason=reason, directory=directory, home=own.directory, accounts=ids)

    number = number_of(own)
    having = {number, ""}
    known = [account for account in at_home if number and number_of(account) in having]
    if own.id not in {account.id for account in known}:  # none, or another one since it was read
        return no(Reason.NO_NUMBER)
    if len(known) > 1:
        return no(Reason.SHARED_NUMBER, known)
    found = [account for account in there if number_of(account) in having]
    if len(found) > 1:
        return no(Reason.SEVERAL, found)
    return found[0] if found and number_of(found[0]) else no(Reason.NONE)


def fit_to_hold(found: Counterpart, own: Account) -> Counterpart:
    """The counterpart, if access may be given to it: one that is switched off gets none."""
    if isinstance(found, NoCounterpart) or found.active or _is_own(found, own):
        return found  # of one's own account, policy is asked
    return NoCounterpart(reason=Reason.INACTIVE, directory=found.directory, home=own.directory)


def still_the_same(found: Counterpart, own: Account, account: str) -> Counterpart:
    """The counterpart, if it is the account that was meant when access was asked for."""
    if isinstance(found, NoCounterpart) or found.id == account:
        return found
    return NoCounterpart(
        reason=Reason.CHANGED, directory=found.directory, home=own.directory, accounts=(account, found.id)
    )


def _is_own(found: Account, own: Account) -> bool:
    return (found.directory, found.id) == (own.directory, own.id)


_IN_WORDS = {2: template("two"), 3: template("three")}
_FINDINGS = {
    Reason.ELSEWHERE: template("The requester has no account in the directory that it is kept in."),
    Reason.NO_NUMBER: template("The directory {place} has no staff number for the requester."),
    Reason.NONE: template("No account in the directory {place} has the requester's staff number."),
    Reason.SEVERAL: template("The directory {place} has {count} accounts with the requester's staff number."),
    Reason.SHARED_NUMBER: template(
        "The directory {place} has {count} accounts with the requester's staff number."
    ),
    Reason.CHANGED: template(
        "In the directory {place}, the requester's staff number leads to another account than when they asked."
    ),
    Reason.INACTIVE: template("The requester's account in the directory {place} is switched off."),
    Reason.NOT_A_REPORT: template("Whom it was asked for does not report to the requester any more."),
}
_UNSURE = template(
    "I can't tell which account is yours: the directory {place} has {count} accounts with your staff number. "
    "Ask the IT desk to correct that."
)
_ADVICE = {
    Reason.ELSEWHERE: template("It is kept in a directory in which you have no account."),
    Reason.NO_NUMBER: template(
        "It is kept in the directory {directory}, where people are found by their staff number, and the directory "
        "{place} has none for you. Ask the IT desk to enter it."
    ),
    Reason.NONE: template(
        "It is kept in the directory {place}, and no account there has your staff number. "
        "Ask the IT desk for an account there, or to enter your number with the one you have."
    ),
    Reason.SEVERAL: _UNSURE,
    Reason.SHARED_NUMBER: _UNSURE,
    Reason.CHANGED: template(
        "In the directory {place}, your staff number leads to another account than when you asked. "
        "Ask the IT desk which is yours."
    ),
    Reason.INACTIVE: template(
        "Your account in the directory {place} is switched off. Ask the IT desk to switch it on, then ask again."
    ),
    Reason.NOT_A_REPORT: template(
        "I can ask for somebody else only if the directory says that they report to you, and if their Slack account "
        "is linked. Ask the IT desk if it should say so."
    ),
}
