"""One request from the asking to the end, put together from its entries in the audit log.

Pure. It says what the log says, and leaves empty what the log does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from storage.audit.log import Row
from storage.faults import AuditFault

Outcome = Literal[
    "automatic", "approved", "denied", "refused", "stopped", "lapsed", "withdrawn", "voided", "waiting"
]

# Asked while new access stood still: it is all there is of that asking, and what it is correlated with may be asked for
# again, or be the person.
STOPPED = "grant.stopped"
# An approval that counted no more: the request changed after it, or whoever gave it left.
_VOID = "approved, void later"
_DECIDED = {"approval.given": "approved", "approval.denied": "denied"}
_CLOSED: Mapping[str, Outcome] = {
    "grant.refused": "refused",
    STOPPED: "stopped",
    "approval.denied": "denied",
    "grant.lapsed": "lapsed",
    "grant.withdrawn": "withdrawn",
    "grant.voided": "voided",
}
_MOST_MINUTES = 10 * 366 * 24 * 60
# When policy was asked whether it may be.
_ASKED = frozenset({"grant.requested", "grant.approved", "grant.refused", STOPPED})
# This grant ended, and another one, or what stood before, still gives the same.
KEPT = "access.kept"
_GIVEN, _REMOVED = "access.given", "access.removed"
ENDED: Mapping[str, str] = {
    "grant.expired": "its time was over",
    "grant.given_back": "given back",
    "grant.ended_early": "ended early",
    "grant.voided": "voided",
}
# What ends because a person said so.
BY_SOMEBODY = frozenset({"grant.ended_early", "grant.given_back"})


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What one approver decided. policies: which let them. proof: how they showed who they are, if that was asked.

    delegation: the id of that, or of the standing scope, by which they had the owner's word. delegator: whose it was.
    """

    at: datetime
    by: str
    role: str
    what: str
    rationale: str
    policies: tuple[str, ...]
    proof: str
    entry: str
    delegation: str = ""
    delegator: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request, and what came of it. Times are aware UTC; None where it did not happen (yet).

    removed_at: when the directory agreed that it is over, or (kept) that something else goes on giving the same.
    ended_why: in the words of whoever ended it, or what Wicket went by. late: seconds by which the access outlived its
    time. due_at: the decision and the time that it was for, or what its
    end was set to where the clock had been ahead. policies, policy_set: of the last answer about the request.
    entries: their ids in the log, in order.
    """

    id: str
    asked_at: datetime
    requester: str
    subject: str
    entitlement: str
    minutes: int
    justification: str
    ticket: str
    outcome: Outcome
    decisions: tuple[Decision, ...]
    policies: tuple[str, ...]
    policy_set: str
    approved_at: datetime | None
    due_at: datetime | None
    given_at: datetime | None
    ended_at: datetime | None
    ended_how: str
    ended_by: str
    ended_why: str
    removed_at: datetime | None
    kept: bool
    late: float | None
    entries: tuple[str, ...]

    @property
    def waited(self) -> timedelta | None:
        """How long people took to decide; None where policy alone did, or nobody has."""
        if self.outcome == "automatic" or not self.decisions:
            return None
        return self.decisions[-1].at - self.asked_at

    @property
    def is_taken_back(self) -> bool:
        """Whether the log says that the access is gone: not so where something else goes on giving the same."""
        return self.removed_at is not None and not self.kept

    @property
    def is_open(self) -> bool:
        """Whether access was given that the log says neither was taken back nor is kept by something else."""
        return self.given_at is not None and self.removed_at is None


def begins_case(row: Row) -> bool:
    """Whether this entry is where a request begins."""
    if row.action in ("grant.requested", "grant.refused", STOPPED):
        return True
    return row.action == "grant.approved" and said_by(row)["facts"].get("automatic") is True


def case_of(rows: Sequence[Row]) -> Case:
    """The request that these entries are about, oldest first. ValueError if they do not begin one."""
    if not rows or not begins_case(rows[0]):
        raise ValueError("these entries do not begin a request")
    first = rows[0]
    by_action = {row.action: row for row in rows}  # the last of each
    approved, removed = by_action.get("grant.approved"), taken_back(rows)
    given = next((row for row in rows if row.action == _GIVEN), None)
    ended = next((row for row in reversed(rows) if row.action in ENDED), None)
    policies = [row for row in rows if row.action in _ASKED and said_by(row)["policy"]]
    facts = said_by(approved or first)["facts"]
    minutes = minutes_in(facts, "minutes") or minutes_in(said_by(first)["facts"], "minutes")
    return Case(
        id=first.correlation,
        asked_at=first.at,
        requester=first.actor,
        subject=first.subject or "",
        entitlement=first.resource or "",
        minutes=minutes,
        justification=text_of(first, "justification"),
        ticket=text_of(first, "ticket") or str(said_by(first)["facts"].get("ticket", "")),
        outcome=_outcome(rows),
        decisions=tuple(_decisions(rows)),
        policies=_policies(policies[-1]) if policies else (),
        policy_set=said_by(policies[-1])["policy"]["set"] if policies else "",
        approved_at=approved.at if approved else None,
        due_at=_due(approved, by_action.get("grant.ends_sooner"), minutes),
        given_at=given.at if given else None,
        ended_at=ended.at if ended else None,
        ended_how=ENDED[ended.action] if ended else "",
        ended_by=ended.actor if ended and ended.action in BY_SOMEBODY else "",
        ended_why=why_ended(ended),
        removed_at=removed.at if removed else None,
        kept=removed is not None and removed.action == KEPT,
        late=_late(removed, ended),
        entries=tuple(row.id for row in rows),
    )


def _due(approved: Row | None, sooner: Row | None, minutes: int) -> datetime | None:
    ends = time_in(said_by(sooner)["facts"], "ends") if sooner is not None else None
    if ends is not None:
        return ends
    return None if approved is None else approved.at + timedelta(minutes=minutes)


def _outcome(rows: Sequence[Row]) -> Outcome:
    """How the request was answered: what happened to the access later does not change that."""
    for row in rows:
        if row.action == "grant.approved":
            return "automatic" if begins_case(rows[0]) and row is rows[0] else "approved"
        if row.action in _CLOSED and row.outcome != "failed":
            return _CLOSED[row.action]
    return "waiting"


def _decisions(rows: Iterable[Row]) -> Sequence[Decision]:
    """All that were made; those of whom an approval was void later are told to be."""
    made: list[Decision] = []
    for row in rows:
        if row.action == "approval.voided":
            whose = said_by(row)["facts"].get(
                "approver", row.subject
            )  # somebody who left is whom it is about
            made = [
                replace(one, what=_VOID) if (one.by, one.what) == (whose, "approved") else one for one in made
            ]
        if row.action in _DECIDED and row.outcome == "done":
            said = said_by(row)
            one = Decision(
                at=row.at,
                by=row.actor,
                role=str(said["facts"].get("role", "")),
                what=_DECIDED[row.action],
                rationale=text_of(row, "rationale"),
                policies=_policies(row),
                proof=proof_in(said["facts"], "proved_by"),
                entry=row.id,
                delegation=str(said["facts"].get("delegation", "")),
                delegator=str(said["facts"].get("delegator", "")),
            )
            made.append(one)
    return made


def proof_in(facts: Mapping[str, Any], name: str) -> str:
    """The kinds of proof that stand under this name, with commas between; "" where none does."""
    found = facts.get(name, "")
    return ", ".join(found) if isinstance(found, list) else str(found)


# What stands in a leaf may be of others who can write there: it is told as it is, or not at all, and stops nothing.
def time_in(facts: Mapping[str, Any], name: str) -> datetime | None:
    """The time that stands under this name (aware); None where none does."""
    try:
        read = datetime.fromisoformat(facts.get(name, ""))
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo else None


def minutes_in(facts: Mapping[str, Any], name: str) -> int:
    """The minutes that stand under this name; 0 where none do, or more than anything is given for."""
    found = facts.get(name)
    return found if isinstance(found, int) and 0 <= found <= _MOST_MINUTES else 0


def _policies(row: Row) -> tuple[str, ...]:
    return tuple((said_by(row)["policy"] or {}).get("ids", ()))


def taken_back(rows: Iterable[Row]) -> Row | None:
    """The entry by which it is over; None while the access is there. What somebody changed whose turn was over takes
    nothing back that a grant still gives, and may bring back what was taken.
    """
    over, found = False, None
    for row in rows:
        if row.action == _GIVEN:
            found = None
        elif row.action in (_REMOVED, KEPT):
            over = over or "overtaken" not in said_by(row)["facts"]
            found = row if over else None
    return found


def _late(removed: Row | None, ended: Row | None) -> float | None:
    """As it was measured; for what came back meanwhile, since the grant ended."""
    late = said_by(removed)["facts"].get("late_ms") if removed else None
    if late is None and removed is not None and ended is not None:
        return max(0.0, (removed.at - ended.at).total_seconds())
    return late / 1000 if isinstance(late, int) and 0 <= late <= _MOST_MINUTES * 60_000 else None


def why_ended(row: Row | None) -> str:
    """What was written when it ended, or else on what Wicket ended it; "" where the entry says neither."""
    if row is None:
        return ""
    why = said_by(row)["facts"].get("why", "")
    return text_of(row, "rationale") or (why if isinstance(why, str) else "")


def text_of(row: Row, name: str) -> str:
    """What somebody wrote, or that it was erased."""
    kept = row.texts.get(name)
    if kept is None:
        return ""
    return "(erased)" if kept.erased_by is not None else kept.text or ""


def said_by(row: Row) -> Mapping[str, Any]:
    """What the leaf says; nothing of one that cannot be read, which `wicket audit verify` names."""
    try:
        return row.said()
    except AuditFault:
        return {"facts": {}, "policy": None}
