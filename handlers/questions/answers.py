"""Answers to routine questions and to help with one's own account, as frozen facts ready to be put into words.

They hold no words of ours and look nothing up.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from handlers.decisions.helping import Act
from handlers.questions.explained import CanAsk, WhyApproval, WhyRefused
from handlers.requests.stories import GrantStory


@dataclass(frozen=True, kw_only=True)
class Held:
    """One thing a person holds: by a grant until `until`, or standing (None) from `owner`.

    ending: it is being taken back already.
    """

    entitlement: str
    owner: str
    until: datetime | None
    grant: str | None
    ending: bool = False


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """One more directory in which the person could hold something.

    read_at: when it was read; None if nobody can say what they hold there. unknown: then, the ids of what is kept
    there. advice: what to do about it; empty if it just does not answer.
    """

    directory: str
    read_at: datetime | None
    unknown: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class AccessList:
    """What the person holds now. read_at: when their own directory was read. elsewhere: how it stands in others."""

    held: tuple[Held, ...]
    read_at: datetime
    elsewhere: tuple[Elsewhere, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Whether the person is in it, and until when if by a grant; None if nobody can say, with what to do about it.

    grant: the id of that grant, while it is not being taken back. owner: who keeps what has no end, by name.
    """

    entitlement: str
    member: bool | None
    until: datetime | None
    read_at: datetime
    advice: str = ""
    grant: str | None = None
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class OwnedBy:
    """Who answers for an entitlement, where they are asked, and what its risk is."""

    entitlement: str
    title: str
    owner: str
    channel: str
    risk: int
    environment: str


@dataclass(frozen=True, kw_only=True)
class PasswordExpiry:
    """When the person's password expires; None if never."""

    at: datetime | None
    read_at: datetime


class Ability(StrEnum):
    """What some may do. Those of a help desk are its acts."""

    UNLOCK_OTHERS = Act.UNLOCK
    RESET_OTHERS = Act.RESET
    RECHECK_OTHERS = Act.RECHECK
    DECIDE_FOR_TEAM = "decide-for-team"
    BREAK_GLASS = "break-glass"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class Help:
    """What can be done here. may: what this person may beside what everybody does, as Ability names it."""

    may: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Courteous:
    """A courtesy was said, and nothing was asked. kind: one of handlers.decisions.understanding.Courtesy."""

    kind: str


@dataclass(frozen=True, kw_only=True)
class ForAnother:
    """Access is wanted for somebody else, which only the form can ask for."""


@dataclass(frozen=True, kw_only=True)
class Worried:
    """They fear that somebody else has their account."""


@dataclass(frozen=True, kw_only=True)
class OwnRequests:
    """What the person asked for and waits, or is being set up, the oldest first. more: there are others besides.

    last: where nothing is open, what they asked for last, or prepared; None if there was nothing.
    """

    open: tuple[GrantStory, ...]
    more: bool = False
    last: GrantStory | None = None


@dataclass(frozen=True, kw_only=True)
class LinkedAlready:
    """This Slack account is linked to the person; there is nothing to do."""


@dataclass(frozen=True, kw_only=True)
class DidYouMean:
    """Names close to what was typed; none where nothing here is called nearly so.

    wanted: whether they asked for it, and not only about it.
    """

    candidates: tuple[str, ...]
    wanted: bool = True


@dataclass(frozen=True, kw_only=True)
class NothingNamed:
    """It is access that they want, and they did not say to what."""


@dataclass(frozen=True, kw_only=True)
class SeveralNamed:
    """Several things are wanted at once, which only the form can ask for. entitlements: their ids, as named."""

    entitlements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NearlyUnderstood:
    """Which of "reset", "unlock" and "access" may have been meant, likeliest first. None was done."""

    commands: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NotUnderstood:
    """What was typed is not understood, and was not kept."""


@dataclass(frozen=True, kw_only=True)
class PageOpened:
    """The secure page waits for this person under this handle."""

    handle: str
    purpose: str


@dataclass(frozen=True, kw_only=True)
class NotHere:
    """This cannot be done by oneself; reasons: policy's sentences; instead: what to do, by kind.

    vouches: somebody can vouch for them.
    """

    purpose: str
    reasons: tuple[str, ...]
    instead: Literal["governed way", "set up proofs first", "ask two people"]
    vouches: bool = False


@dataclass(frozen=True, kw_only=True)
class NotLocked:
    """There is nothing to unlock."""


@dataclass(frozen=True, kw_only=True)
class Unlocked:
    """The account was unlocked and read back so."""


@dataclass(frozen=True, kw_only=True)
class NotKnownUnlocked:
    """The directory was asked to unlock, and what it holds now is not known, or is still locked."""


Answer = (
    AccessList
    | Membership
    | OwnedBy
    | PasswordExpiry
    | WhyRefused
    | WhyApproval
    | CanAsk
    | Help
    | Courteous
    | OwnRequests
    | ForAnother
    | Worried
    | LinkedAlready
    | DidYouMean
    | NothingNamed
    | SeveralNamed
    | NearlyUnderstood
    | NotUnderstood
)
