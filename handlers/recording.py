"""The record of what happened, in the words of the audit log: one call for each decision and effect.

It writes inside the transaction it is given and never outside one (promise 2).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias, TypedDict

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision
from handlers.intents import SCHEDULE, Actor, Intent, Where
from storage.audit import entry as audit
from storage.audit import log
from storage.database import replica_of
from storage.endings import Ending
from storage.identifiers import new_id, new_ids
from storage.records import Grant
from storage.whose import holder_of

Fact = audit.Fact
Recorded: TypeAlias = Grant | Ending
NOTHING: Mapping[str, Fact] = MappingProxyType({})
NOTHING_SAID: Mapping[str, str] = MappingProxyType({})

WICKET = audit.Actor(type="wicket", id="wicket")
OPERATOR = audit.Actor(type="operator", id="cli")


def person(actor: Actor) -> audit.Actor:
    """A linked person as the actor of an entry."""
    return audit.Actor(
        type="person", id=actor.account.id, slack_team=actor.slack_team, slack_user=actor.slack_user
    )


def stranger(slack_team: str, slack_user: str) -> audit.Actor:
    """Somebody who is not known to be anybody."""
    return audit.Actor(type="unknown", id="unknown", slack_team=slack_team, slack_user=slack_user)


class By(TypedDict):
    """Who did what an entry tells of, and from where."""

    actor: audit.Actor
    where: Where


def by(intent: Intent) -> By:
    """Whoever wants this."""
    return {"actor": person(intent.actor), "where": intent.where}


BY_ITSELF: By = {"actor": WICKET, "where": SCHEDULE}
"""What Wicket does on its schedule."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened. action: "grant.requested". outcome: "done", "refused" or "failed"."""

    action: str
    outcome: str
    decision: PolicyDecision | None = None
    facts: Mapping[str, Fact] = field(default_factory=lambda: NOTHING)


def record(
    tx: Session,
    *,
    at: datetime,
    action: str,
    outcome: str,
    actor: audit.Actor,
    where: Where,
    correlation: str,
    subject: str | None = None,
    resource: str | None = None,
    decision: PolicyDecision | None = None,
    facts: Mapping[str, Fact] | None = None,
    texts: Mapping[str, str] | None = None,
) -> str:
    """Append one entry; its id.

    action: "grant.requested". outcome: "done", "refused" or "failed". subject: account id; resource: entitlement id.
    texts: free text (justification, rationale), kept as salted commitments. A decision's errors stand in the facts.
    """
    step = Step(action=action, outcome=outcome, decision=decision, facts=facts or NOTHING)
    shared: _Shared = {
        "at": at, "actor": actor, "subject": subject, "resource": resource, "correlation": correlation,
        "where": _place(tx, where), "texts": texts or {},
    }  # fmt: skip
    return log.append(tx, _entry(step, new_id(audit.PREFIX, at), shared))


class _Shared(TypedDict):
    """What all entries say that came of one act."""

    at: datetime
    actor: audit.Actor
    subject: str | None
    resource: str | None
    correlation: str
    where: audit.Where
    texts: Mapping[str, str]


def record_grant(
    tx: Session,
    grant: Recorded,
    *,
    at: datetime,
    action: str,
    outcome: str,
    actor: audit.Actor,
    where: Where,
    decision: PolicyDecision | None = None,
    facts: Mapping[str, Fact] | None = None,
    texts: Mapping[str, str] | None = None,
) -> str:
    """Append one entry about a grant: its subject is whose it is; an account of theirs elsewhere stands in the facts.

    So does who asked, where that is another.
    """
    step = Step(action=action, outcome=outcome, decision=decision, facts=facts or NOTHING)
    return record_steps(tx, grant, [step], at=at, actor=actor, where=where, texts=texts)[0]


def record_steps(
    tx: Session,
    grant: Recorded,
    steps: Iterable[Step],
    *,
    at: datetime,
    actor: audit.Actor,
    where: Where,
    facts: Mapping[str, Fact] = NOTHING,
    texts: Mapping[str, str] | None = None,
) -> list[str]:
    """`record_grant` of several things that came of one act, in this order; their ids. facts: of each.

    texts: of the first alone. What somebody typed stands once, so that one erasure erases it.
    """
    shared, wanted = _about(grant, at, actor, _place(tx, where), texts or {}), list(steps)
    wordless: _Shared = {**shared, "texts": NOTHING_SAID}
    besides = {**facts, **_account_of(grant)}
    entries = [
        _entry(step, fresh, wordless if number else shared, besides)
        for number, (fresh, step) in enumerate(
            zip(new_ids(audit.PREFIX, at, len(wanted)), wanted, strict=True)
        )
    ]
    log.append_each(tx, entries)
    return [entry.id for entry in entries]


def record_each(
    tx: Session,
    grants: Iterable[tuple[Recorded, Mapping[str, Fact]]],
    *,
    at: datetime,
    action: str,
) -> None:
    """`record_grant` of what Wicket itself has done with many grants at once, each with its own facts."""
    place, wanted = _place(tx, SCHEDULE), list(grants)
    log.append_each(
        tx,
        [
            _entry(
                Step(action=action, outcome="done", facts=facts),
                fresh,
                _about(grant, at, WICKET, place),
                _account_of(grant),
            )
            for fresh, (grant, facts) in zip(new_ids(audit.PREFIX, at, len(wanted)), wanted, strict=True)
        ],
    )


def _about(
    grant: Recorded,
    at: datetime,
    actor: audit.Actor,
    place: audit.Where,
    texts: Mapping[str, str] = NOTHING_SAID,
) -> _Shared:
    """What all entries about this grant say."""
    return {
        "at": at, "actor": actor, "subject": holder_of(grant)[1], "resource": grant.entitlement,
        "correlation": grant.id, "where": place, "texts": texts,
    }  # fmt: skip


def _entry(step: Step, fresh: str, shared: _Shared, besides: Mapping[str, Fact] = NOTHING) -> audit.Entry:
    """fresh: the entry's id. shared: its fields that come of no step. besides: facts beside those of the step."""
    errors = step.decision.errors if step.decision else ()
    facts = {"errors": list(errors), **besides, **step.facts} if errors else {**besides, **step.facts}
    return audit.Entry(
        id=fresh,
        action=step.action,
        outcome=step.outcome,
        policy=_policy(step.decision),
        facts=facts,
        **shared,
    )


def _account_of(grant: Recorded) -> Mapping[str, Fact]:
    """An account of theirs elsewhere, and who asked, where that is another."""
    place: dict[str, Fact] = {}
    if holder_of(grant) != (grant.directory, grant.account):
        place = {"directory": grant.directory, "account": grant.account}
    if grant.target_account:
        place["requested_by"] = grant.requester_account
    return place


def _place(tx: Session, where: Where) -> audit.Where:
    return _placed(where, replica_of(tx))


@lru_cache(maxsize=256)
def _placed(where: Where, replica: str) -> audit.Where:
    """The same few come again and again."""
    return audit.Where(
        transport=where.transport, replica=replica, team=where.team or None, channel=where.channel or None
    )


def _policy(decision: PolicyDecision | None) -> audit.PolicyTrace | None:
    if decision is None:
        return None
    return audit.PolicyTrace(
        allowed=decision.allowed, ids=tuple(decision.policy_ids), digest=decision.policy_set
    )
