"""What came of an intent: frozen answers that a listener turns into words.

Expected refusals are here; faults are exceptions (storage.faults).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.fresh import FreshProof


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """This delivery had its effect already; there is nothing to say."""


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A request was prepared; nothing is sent yet."""

    grant: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request was taken up. state: "approved", "pending" or "refused"; the status message tells the rest."""

    grant: str
    state: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """There is no such entitlement or request (any more).

    lost: it seems to be of a time that a restored store does not know of. changed: it is there, and not as Wicket
    wrote it.
    """

    what: str
    lost: bool = False
    changed: bool = False


@dataclass(frozen=True, kw_only=True)
class AlreadyHeld:
    """The person has it already: until `until`, or standing if that is None."""

    entitlement: str
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class AlreadyAsked:
    """The same request already waits."""

    grant: str
    entitlement: str


@dataclass(frozen=True, kw_only=True)
class AlreadyExtended:
    """It goes on already, until `until`."""

    entitlement: str
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class AskedTogether:
    """What became of each thing that was asked for, in the order of the asking. report: name of whom it is for."""

    each: tuple[tuple[str, Asked | AlreadyHeld | AlreadyAsked | Unknown], ...]
    report: str = ""


@dataclass(frozen=True, kw_only=True)
class NotAReport:
    """Nothing was sent: it was asked for somebody who does not report to this person. advice: a whole sentence."""

    advice: str


@dataclass(frozen=True, kw_only=True)
class TicketWanted:
    """Nothing was sent: policy gives these only with a ticket."""

    entitlements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MayEnd:
    """The person may end this grant now; the form can open."""

    grant: str


@dataclass(frozen=True, kw_only=True)
class EndedEarly:
    """The grant is being taken back. still_until: another grant of theirs gives the same until then, if one does."""

    grant: str
    still_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a form has to ask of an approver beside the rationale (P-10).

    handle: of the page, where they prove who they are; "" if they need not, or have: proof is then what they gave.
    weak: what they gave is not enough for this. enrolled: they have something to prove it by. code: to retype, or "".
    rationale, minutes: what they had typed before.
    """

    handle: str = ""
    proof: FreshProof | None = None
    weak: bool = False
    enrolled: bool = True
    code: str = ""
    rationale: str = ""
    minutes: int | None = None


NOTHING_MORE = Demand()


@dataclass(frozen=True, kw_only=True)
class MayDecide:
    """The person may decide this request now; the form can open.

    shown: the mark of the request as it is now. why: policy's sentences about this person.
    explains: whether policy wants a rationale from them for this. demand: what else.
    """

    grant: str
    shown: str
    why: tuple[str, ...]
    explains: bool
    demand: Demand = NOTHING_MORE


@dataclass(frozen=True, kw_only=True)
class NotAllowed:
    """The person may not. reasons: policy's sentences; owner_name: whose it is; can: names of who may decide."""

    entitlement: str
    owner_name: str
    reasons: tuple[str, ...]
    can: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TooLate:
    """It was settled before. state: the state it is in; by and at: who settled it and when, if a person did."""

    entitlement: str
    state: str
    by: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The decision counts. state: "approved", "denied", "pending" (more approvals needed) or "voided"."""

    grant: str
    state: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ended:
    """One's own request was withdrawn, or one's own grant is being taken back."""

    grant: str
    state: str


@dataclass(frozen=True, kw_only=True)
class MayReconcile:
    """The person may decide so now; the form can open. who: whom it is about; longest: of an adoption, in minutes.

    owner: the id of the team that answers for it.
    """

    exception: str
    way: str
    entitlement: str
    who: str
    longest: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """The decision counts."""

    way: str


@dataclass(frozen=True, kw_only=True)
class NotPossible:
    """The person may decide, but not so. reasons: whole sentences that say what to do instead."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NoLonger:
    """There is nothing to decide any more. by and way: who decided what, or empty if it is over by itself."""

    by: str
    way: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class MayResume:
    """The person may let new access begin again; the form can open. lost: how many signed entries are gone.

    said: who said so before, where it takes two.
    """

    exception: str
    kind: str
    since: datetime
    lost: int
    said: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """New access begins again."""


@dataclass(frozen=True, kw_only=True)
class NotYet:
    """The person may decide, but after others. first: how many approvals come before theirs, by role."""

    grant: str
    first: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class NeedsRationale:
    """The person may decide so, if they say why. Nothing was decided."""

    grant: str


@dataclass(frozen=True, kw_only=True)
class NeedsMore:
    """The person may decide so, once they have given what is lacking: nothing was decided, and what they typed is kept.

    demand: for the form. rationale, proof, code: what is lacking.
    """

    grant: str
    demand: Demand
    rationale: bool
    proof: bool
    code: bool


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The request is no longer what the person saw. Nothing was decided."""

    grant: str


@dataclass(frozen=True, kw_only=True)
class Inquired:
    """The question is on its way to the requester."""

    inquiry: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The answer is on its way to the approvers; or it was given before, and the first stands."""

    grant: str
    before: bool = False


@dataclass(frozen=True, kw_only=True)
class EnoughAsked:
    """So much was asked about this request that nobody is asked more."""

    grant: str


@dataclass(frozen=True, kw_only=True)
class CheckpointTaken:
    """How far the log had grown was signed: over `size` entries, at `at`; the whole text is the note."""

    at: datetime
    size: int
    note: str


@dataclass(frozen=True, kw_only=True)
class NotSigned:
    """The log contradicts what was signed of it before, so nothing was signed."""
