"""The record of what happened, in the words of the audit log: one call for each decision and effect.

It writes inside the transaction it is given and never outside one (promise 2).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision
from handlers.intents import Actor, Where
from storage.audit import entry as audit
from storage.audit import log
from storage.identifiers import new_id, new_ids

Fact = audit.Fact

# One process writes for now; replicas will each have a name of their own.
REPLICA = "main"

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
    errors: dict[str, Fact] = {"errors": list(decision.errors)} if decision and decision.errors else {}
    return log.append(
        tx,
        audit.Entry(
            id=new_id("e", at),
            at=at,
            action=action,
            outcome=outcome,
            actor=actor,
            subject=subject,
            resource=resource,
            correlation=correlation,
            where=_place(where),
            policy=_policy(decision),
            facts={**errors, **(facts or {})},
            texts=dict(texts or {}),
        ),
    )


class Recorded(Protocol):
    """What an entry says of a grant."""

    @property
    def id(self) -> str: ...
    @property
    def directory(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def entitlement(self) -> str: ...
    @property
    def requester_directory(self) -> str: ...
    @property
    def requester_account(self) -> str: ...
    @property
    def target_account(self) -> str: ...


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
    return record(
        tx,
        at=at,
        action=action,
        outcome=outcome,
        actor=actor,
        where=where,
        subject=_subject(grant),
        resource=grant.entitlement,
        correlation=grant.id,
        decision=decision,
        facts=_with_account(grant, facts or {}),
        texts=texts,
    )


def record_each(
    tx: Session,
    grants: Iterable[tuple[Recorded, Mapping[str, Fact]]],
    *,
    at: datetime,
    action: str,
    where: Where,
) -> None:
    """`record_grant` of what Wicket itself has done with many grants at once, each with its own facts."""
    place, wanted = _place(where), list(grants)
    log.append_each(
        tx,
        [
            audit.Entry(
                id=fresh,
                at=at,
                action=action,
                outcome="done",
                actor=WICKET,
                subject=_subject(grant),
                resource=grant.entitlement,
                correlation=grant.id,
                where=place,
                facts=_with_account(grant, facts),
            )
            for fresh, (grant, facts) in zip(new_ids("e", at, len(wanted)), wanted, strict=True)
        ],
    )


def _with_account(grant: Recorded, facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    place: dict[str, Fact] = {}
    if (grant.requester_directory, _subject(grant)) != (grant.directory, grant.account):
        place = {"directory": grant.directory, "account": grant.account}
    if grant.target_account:
        place["requested_by"] = grant.requester_account
    return {**place, **facts}


def _subject(grant: Recorded) -> str:
    """Whose it is, by the account that they sign in with."""
    return grant.target_account or grant.requester_account


def _place(where: Where) -> audit.Where:
    return audit.Where(
        transport=where.transport, replica=REPLICA, team=where.team or None, channel=where.channel or None
    )


def _policy(decision: PolicyDecision | None) -> audit.PolicyTrace | None:
    if decision is None:
        return None
    return audit.PolicyTrace(
        allowed=decision.allowed, ids=tuple(decision.policy_ids), digest=decision.policy_set
    )
