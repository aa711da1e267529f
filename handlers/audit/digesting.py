"""The digest of a week, counted from the audit log and the exceptions of that week.

It reads only, and a week that is over always gives the same numbers; what is open is what is open now.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from handlers.audit.digests import AUTOMATIC, BY_DELEGATION, BY_PEOPLE, Digest
from handlers.audit.retiling import REBUILT
from handlers.audit.unarchiving import UNARCHIVED
from handlers.decisions.lifecycle import OVERDUE_AFTER
from handlers.decisions.outliers import Decided, Late, StandsOut, since, stand_out
from handlers.emergencies.frequency import frequency
from storage import grants
from storage.approvals import approvals_of
from storage.audit import log, stories
from storage.audit.archives import ARCHIVED, SIGNED_ANEW
from storage.audit.entry import TEXT_ERASED, decode
from storage.audit.slices import GIVEN_UP
from storage.audit.stories import Brief
from storage.exceptions import raised_during
from storage.faults import AuditFault

_ASKED, _APPROVED, _REFUSED, _REMOVED = "grant.requested", "grant.approved", "grant.refused", "access.removed"
_DECIDED = ("approval.given", "approval.denied")
_LOOKED_AT = (_ASKED, _APPROVED, _REFUSED, _REMOVED, *_DECIDED)


_COUNTED = (
    _ASKED, "approval.denied", "grant.lapsed", "grant.withdrawn", "grant.expired", "grant.ended_early",
    "grant.given_back", "password.changed", "account.unlocked", "account.reported", "petition.asked", "petition.used",
    "vouching.given", "vouching.used", "delegation.made", TEXT_ERASED, ARCHIVED, UNARCHIVED, SIGNED_ANEW, REBUILT,
    GIVEN_UP,
)  # fmt: skip


def digest_of(tx: Session, begins: datetime, ends: datetime) -> Digest:
    """The digest of the time from `begins` until before `ends` (aware UTC)."""
    tally = log.tally(tx, begins, ends)
    done = {action: times for (action, outcome), times in tally.items() if outcome == "done"}
    seen = _Seen()
    for entry in stories.during(tx, begins, ends, _LOOKED_AT):
        seen.take(entry)
    found = stand_out(seen.decided_since(tx), seen.late, seen.asked, seen.refused)
    counts = {action: done.get(action, 0) for action in _COUNTED} | {
        AUTOMATIC: seen.automatic,
        BY_DELEGATION: seen.by_delegation,
        BY_PEOPLE: done.get(_APPROVED, 0) - seen.automatic,
        _REFUSED: tally.get((_REFUSED, "refused"), 0),
    }
    return Digest(
        since=begins,
        until=ends,
        entries=sum(tally.values()),
        counts=counts,
        late=len(seen.late),
        exceptions=raised_during(tx, begins, ends),
        outliers=found,
        names=_names(tx, found),
        broken=frequency(tx, begins, ends),
    )


class _Seen:
    """What is gathered on one way through the week."""

    def __init__(self) -> None:
        self.automatic = 0
        self.by_delegation = 0
        self.asked: Counter[str] = Counter()
        self.late: list[Late] = []
        self.refused: list[tuple[str, str]] = []
        self._asked_at: dict[str, datetime] = {}
        self._decided: list[Brief] = []

    def take(self, entry: Brief) -> None:
        if entry.action == _ASKED:
            self._asked_at.setdefault(entry.correlation, entry.at)
            self.asked[entry.resource] += 1
        elif entry.action == _APPROVED and _facts(entry).get("automatic") is True:
            self.automatic += 1
            self.asked[entry.resource] += 1
        elif entry.action == _REFUSED:
            self.refused.append((entry.actor, entry.correlation))
        elif entry.action in _DECIDED and entry.outcome == "done":
            self._decided.append(entry)
            self.by_delegation += bool(_facts(entry).get("delegation"))
        elif entry.action == _REMOVED:
            late = _facts(entry).get("late_ms")
            by = timedelta(milliseconds=late) if isinstance(late, int) else timedelta(0)
            if by > OVERDUE_AFTER:
                self.late.append(
                    Late(story=entry.correlation, what=entry.resource, whose=entry.subject, by=by)
                )

    def decided_since(self, tx: Session) -> list[Decided]:
        """Each decision, with how long it took; what was asked before the week is looked up."""
        before = {one.correlation for one in self._decided} - set(self._asked_at)
        asked = self._asked_at | stories.begun(tx, sorted(before), _ASKED)
        return [
            Decided(
                story=one.correlation,
                what=one.resource,
                by=one.actor,
                after=since(asked[one.correlation], one.at),
            )
            for one in self._decided
            if one.correlation in asked
        ]


def _names(tx: Session, found: tuple[StandsOut, ...]) -> Mapping[str, str]:
    """The names of those who stand out, as they were when it happened."""
    names: dict[str, str] = {}
    for one in found:
        grant = grants.get(tx, one.story) if one.story else None
        if grant is None:
            continue
        names |= {each.approver: each.approver_name for each in approvals_of(tx, grant.id)}
        names[grant.requester_account] = grant.requester_name
        if grant.target_account:
            names[grant.target_account] = grant.target_name
    return names


def _facts(entry: Brief) -> Mapping[str, Any]:
    """What its leaf says; nothing where that cannot be read, which `wicket audit verify` names."""
    try:
        found: Mapping[str, Any] = decode(entry.leaf)["facts"]
    except AuditFault:
        return {}
    return found
