"""Grants whose entitlement has left the catalogue: nobody owns them, so security hears of them and can end each.

It only tells; whoever has one gives it back, security ends it (handlers.grants.ending), and its time ends it anyway.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from handlers import recording
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, named_holder, tell_security
from handlers.ground import Ground
from storage import given, rule_sets
from storage.exceptions import (
    SAME_CAUSE,
    decide_exception,
    is_open,
    known_among,
    open_under,
    settle_exceptions,
)
from storage.records import ExceptionRecord

# Grants named in one message, each with its button.
NAMED = 3


class Leftovers:
    """The look at what is left. One exception for each entitlement, told again each day while some of it lasts."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def look(self) -> None:
        """Tell of what is left and was not told of, keep what was told as it is now, and settle what is over."""
        if await self._ground.database.read(self._is_news):
            await self._ground.database.write(self._tell_all)

    def _others_hold(self, tx: Session) -> bool:
        """Whether other rules than ours hold by the store: two replicas that differ would contradict each other."""
        return rule_sets.holding(tx) not in (None, self._ground.policy.policy_set)

    def _left(self, tx: Session) -> dict[str, Mapping[str, Any]]:
        """The facts of each, by the id of the entitlement."""
        known = self._ground.catalogue.entitlements
        return {one: _facts(tx, one) for one in given.entitlements_given(tx) if one not in known}

    def _is_news(self, tx: Session) -> bool:
        if self._others_hold(tx):
            return False
        found, told = self._left(tx), _told(tx)
        fresh = any(self._is_to_tell(tx, one) for one in found)
        return fresh or any(found.get(name) != _known(row) for name, row in told)

    def _is_to_tell(self, tx: Session, entitlement: str) -> bool:
        return not is_open(tx, _cause(entitlement), since=self._ground.now() - SAME_CAUSE)

    def _tell_all(self, tx: Session) -> None:
        if self._others_hold(tx):
            return
        now, found = self._ground.now(), self._left(tx)
        for name, row in _told(tx):
            if name not in found:
                settle_exceptions(tx, at=now, causes=[row.cause])
            elif found[name] != _known(row):
                decide_exception(tx, at=now, row=row, facts=found[name])
        for name in filter(partial(self._is_to_tell, tx), found):
            self._tell(tx, name, found[name], now)

    def _tell(self, tx: Session, entitlement: str, facts: Mapping[str, Any], now: datetime) -> None:
        recording.record(
            tx, at=now, action="entitlement.left", outcome="failed", **recording.BY_ITSELF, resource=entitlement,
            correlation=entitlement, facts={"grants": facts["count"]},
        )  # fmt: skip
        strange = Strange(
            kind=Kind.LEFT_CATALOGUE, severity=Severity.MEDIUM, who=entitlement, cause=entitlement,
            correlation=entitlement, facts=facts, anew=True,
        )  # fmt: skip
        tell_security(tx, now, strange)


def was_told(tx: Session, entitlement: str) -> bool:
    """Whether security ever had a message about this one, with buttons to end what is left of it."""
    return bool(known_among(tx, [_cause(entitlement)]))


def _facts(tx: Session, entitlement: str) -> Mapping[str, Any]:
    """grants: the ids of some and whose they are, who has it longest first."""
    left = given.given_of(tx, entitlement)
    return {
        "entitlement": entitlement,
        "count": len(left),
        "until": left[0].expires_at.isoformat() if left and left[0].expires_at else "",
        "grants": [[one.id, named_holder(one)] for one in left[:NAMED]],
    }


def _told(tx: Session) -> list[tuple[str, ExceptionRecord]]:
    """What was told and is not over, each with its entitlement."""
    return [(str(row.facts.get("entitlement")), row) for row in open_under(tx, _cause(""))]


def _known(row: ExceptionRecord) -> Mapping[str, Any]:
    return {name: row.facts.get(name) for name in ("entitlement", "count", "until", "grants")}


def _cause(entitlement: str) -> str:
    return cause_of(Kind.LEFT_CATALOGUE, entitlement)
