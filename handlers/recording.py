"""The record of what happened, in the words of the audit log: one call for each decision and effect.

It writes inside the transaction it is given and never outside one (promise 2).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision
from handlers.intents import Actor, Where
from storage.audit import log
from storage.audit.entry import Entry, EntryActor, EntryPolicy, EntryWhere
from storage.identifiers import new_id

Fact = str | int | bool | Sequence[str]

WICKET = EntryActor(type="wicket", id="wicket")
OPERATOR = EntryActor(type="operator", id="cli")


def person(actor: Actor) -> EntryActor:
    """A linked person as the actor of an entry."""
    return EntryActor(
        type="person", id=actor.account.id, slack_team=actor.slack_team, slack_user=actor.slack_user
    )


def stranger(slack_team: str, slack_user: str) -> EntryActor:
    """Somebody who is not known to be anybody."""
    return EntryActor(type="unknown", id="", slack_team=slack_team, slack_user=slack_user)


def record(
    tx: Session,
    *,
    at: datetime,
    action: str,
    outcome: str,
    actor: EntryActor,
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
    texts: free text (justification, rationale), kept as salted commitments.
    """
    return log.append(
        tx,
        Entry(
            id=new_id("e", at),
            at=at,
            action=action,
            outcome=outcome,
            actor=actor,
            subject=subject,
            resource=resource,
            correlation=correlation,
            where=EntryWhere(transport=where.transport, team=where.team, channel=where.channel),
            policy=_policy(decision),
            facts=dict(facts or {}),
            texts=dict(texts or {}),
        ),
    )


def _policy(decision: PolicyDecision | None) -> EntryPolicy | None:
    if decision is None:
        return None
    return EntryPolicy(
        allowed=decision.allowed, ids=tuple(decision.policy_ids), policy_set=decision.policy_set
    )
