"""What somebody wants of a petition, and what came of it. Frozen facts.

They look nothing up; handlers.petitions.asking and its neighbours fill them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from handlers.decisions.policy import AttestWay
from handlers.intents import JUSTIFICATION_LIMIT, RATIONALE_LIMIT, Intent
from storage.states import PetitionKind

STATUS = "petition"
"""The message in Slack to whoever asked; it is edited in place."""

APPROVAL = "petition-approval"
"""The message to those who decide; edited in place as well."""

ASKED, APPROVED, OPENED, USED, ENDED = (
    f"petition-{stage}" for stage in ("asked", "approved", "opened", "used", "ended")
)
"""The letters, and what is said of the same anew in Slack."""

NEWS = (APPROVED, OPENED, USED)
"""Those that are said anew in Slack."""


class Why(StrEnum):
    """Why a petition ended otherwise than by being used. Each has its sentence in bot.slack.messages.petitions."""

    DENIED = "denied"
    BY_PERSON = "by-person"
    NOT_ME = "not-me"
    BY_APPROVER = "by-approver"
    ALARM = "alarm"
    BY_OPERATOR = "by-operator"
    UNANSWERED = "unanswered"
    UNUSED = "unused"
    NOT_TOLD = "not-told"
    AUTHORITY = "authority"
    PERSON = "person"
    FOUND = "found"
    STOPPED = "stopped"
    VISIT_CLOSED = "visit-closed"
    ROW = "row"


@dataclass(frozen=True, kw_only=True)
class AskPetition(Intent):
    """Ask two people to say that it is oneself. explanation: what happened, in the person's own words."""

    kind: PetitionKind
    explanation: str

    def __post_init__(self) -> None:
        if not self.explanation.strip() or len(self.explanation) > JUSTIFICATION_LIMIT:
            raise ValueError(f"an explanation has between 1 and {JUSTIFICATION_LIMIT} characters")


@dataclass(frozen=True, kw_only=True)
class OnPetition(Intent):
    """Do something about one petition: look whether one may approve it, or cancel it."""

    petition: str


@dataclass(frozen=True, kw_only=True)
class DecidePetition(OnPetition):
    """Approve or deny it, with the rationale."""

    approve: bool
    rationale: str

    def __post_init__(self) -> None:
        if not self.rationale.strip() or len(self.rationale) > RATIONALE_LIMIT:
            raise ValueError(f"a rationale has between 1 and {RATIONALE_LIMIT} characters")

    @property
    def way(self) -> AttestWay:
        """What it is called where policy is asked."""
        return "approve" if self.approve else "deny"


@dataclass(frozen=True, kw_only=True)
class Petitioned:
    """It was asked, and those who decide are told."""

    petition: str


@dataclass(frozen=True, kw_only=True)
class AskedBefore:
    """This person has one already that is not over."""

    petition: str


@dataclass(frozen=True, kw_only=True)
class NotNeeded:
    """They can do it alone, so nobody is asked."""

    kind: PetitionKind


@dataclass(frozen=True, kw_only=True)
class NotForYou:
    """No number of people makes it possible. reasons: whole sentences."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MayAsk:
    """The form can open."""

    kind: PetitionKind
    privileged: bool


@dataclass(frozen=True, kw_only=True)
class MayAttest:
    """The form can open. name, login: whose account it is, as the directory has them now, whatever the petition says.

    why: policy's sentences about this person.
    """

    name: str
    login: str
    why: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProveFirst:
    """They may approve once they have shown on the secure page who they are. handle: the visit for that."""

    handle: str


@dataclass(frozen=True, kw_only=True)
class MayNot:
    """They may not decide so. reasons: policy's sentences."""

    who: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SaidBefore:
    """They approved it before, and count once."""


@dataclass(frozen=True, kw_only=True)
class SettledBefore:
    """There is nothing to decide any more. state and why: how it stands; by, at: who settled it, if somebody did."""

    state: str
    why: str
    by: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Said:
    """It counts. approved: nobody else is needed, and it opens at `opens_at`."""

    approved: bool
    opens_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Settled:
    """It is denied or cancelled. who: whose petition it was."""

    who: str
