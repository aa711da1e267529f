"""The record of what happened, in the words of the audit log: one call for each decision and effect.

It writes inside the transaction it is given and never outside one (promise 2).
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision
from handlers.intents import Actor, Where
from storage.audit import entry as audit
from storage.audit import log
from storage.identifiers import new_id
from storage.records import Grant

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
            where=audit.Where(
                transport=where.transport,
                replica=REPLICA,
                team=where.team or None,
                channel=where.channel or None,
            ),
            policy=_policy(decision),
            facts={**errors, **(facts or {})},
            texts=dict(texts or {}),
        ),
    )


def record_grant(
    tx: Session,
    grant: Grant,
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
    subject = grant.target_account or grant.requester_account
    place: dict[str, Fact] = {}
    if (grant.requester_directory, subject) != (grant.directory, grant.account):
        place = {"directory": grant.directory, "account": grant.account}
    if grant.target_account:
        place["requested_by"] = grant.requester_account
    return record(
        tx,
        at=at,
        action=action,
        outcome=outcome,
        actor=actor,
        where=where,
        subject=subject,
        resource=grant.entitlement,
        correlation=grant.id,
        decision=decision,
        facts={**place, **(facts or {})},
        texts=texts,
    )


def _policy(decision: PolicyDecision | None) -> audit.PolicyTrace | None:
    if decision is None:
        return None
    return audit.PolicyTrace(
        allowed=decision.allowed, ids=tuple(decision.policy_ids), digest=decision.policy_set
    )
