"""What somebody wants of an emergency that is over, and what came of it. Frozen facts.

They look nothing up; handlers.emergencies.reviews fills them.
"""

from dataclasses import dataclass
from datetime import datetime

from handlers.decisions.emergency_reviews import Finding
from handlers.intents import RATIONALE_LIMIT, Intent


@dataclass(frozen=True, kw_only=True)
class ReviewEmergency(Intent):
    """Say what a review came to, or ask whether one may (without words). emergency: its id.

    words: what is to be changed, so that it need not happen again.
    """

    emergency: str
    finding: Finding = Finding.JUSTIFIED
    words: str = ""

    def __post_init__(self) -> None:
        if len(self.words) > RATIONALE_LIMIT:
            raise ValueError(f"what is to be changed is said in {RATIONALE_LIMIT} characters")


@dataclass(frozen=True, kw_only=True)
class RestoreEligibility(Intent):
    """Let somebody break glass again after it was found not justified, or ask whether one may (without a rationale)."""

    emergency: str
    rationale: str = ""


@dataclass(frozen=True, kw_only=True)
class RestoreLost(Intent):
    """Let somebody break glass again whose emergencies were lost from the records, as one of two people.

    exception: the one that tells of it. shown: the mark of those that the form named. Without a rationale: ask whether
    one may.
    """

    exception: str
    shown: str = ""
    rationale: str = ""


@dataclass(frozen=True, kw_only=True)
class MayRestoreLost:
    """This person may say so; the form can open. lost: id, entitlement and time of each; said: who did already.

    shown: the mark of all these, which comes back with the word.
    """

    exception: str
    shown: str
    who: str
    lost: tuple[tuple[str, str, datetime], ...]
    said: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LostMeanwhile:
    """Others are lost than the form named, so the word was not kept."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """An emergency as a reviewer has to see it, whole.

    who: name and login. what: the entitlement's title. ended_by: who ended it before its time, "" for its own end;
    ended_why: their words. proved_by: kinds of proof, with a space between. by_hand: it did not go through Wicket, and
    an operator put it on the record.
    """

    id: str
    who: str
    what: str
    incident: str
    reason: str
    began_at: datetime
    ended_at: datetime
    due_at: datetime
    ended_by: str = ""
    ended_why: str = ""
    proved_by: str = ""
    drill: bool = False
    by_hand: bool = False

    @property
    def minutes(self) -> int:
        """How long it lasted, rounded up."""
        return max(0, -(-int((self.ended_at - self.began_at).total_seconds()) // 60))


@dataclass(frozen=True, kw_only=True)
class Reminded:
    """A review that reviewers are reminded of. reviewed_by: who did it meanwhile, "" for nobody."""

    emergency: str
    who: str
    what: str
    due_at: datetime
    drill: bool
    reviewed_by: str


@dataclass(frozen=True, kw_only=True)
class MayReview:
    """This person may review it; the form can open."""

    looked: Looked


@dataclass(frozen=True, kw_only=True)
class ReviewKept:
    """The review is kept. lapsed: whoever it is about cannot break glass until security lets them again."""

    looked: Looked
    finding: Finding
    lapsed: bool


@dataclass(frozen=True, kw_only=True)
class ReviewedBefore:
    """Somebody reviewed it already."""

    by: str
    at: datetime
    finding: Finding


@dataclass(frozen=True, kw_only=True)
class NotOver:
    """Its access has not ended yet, so there is nothing to review."""


@dataclass(frozen=True, kw_only=True)
class MayRestore:
    """This person may let whoever it is about break glass again; the form can open. words: of the review."""

    looked: Looked
    reviewed_by: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """They can break glass again."""

    who: str


@dataclass(frozen=True, kw_only=True)
class NothingToRestore:
    """It was not found unjustified, or somebody let them again already. by: who, "" for nobody."""

    by: str = ""
    at: datetime | None = None
