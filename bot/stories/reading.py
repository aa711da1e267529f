"""Entries of the audit log made ready to be told: what the leaf says, with names for ids.

It writes no sentence, and says nothing of an entry that its leaf does not.
"""

from collections.abc import Mapping
from typing import Any

from bot.stories.telling import Step, short
from bot.texts import say
from storage.audit.log import Row
from storage.faults import AuditFault


def step_of(row: Row, names: Mapping[str, str], *, withheld: bool = False) -> Step:
    """The entry as its leaf has it. names: of people, by their ids; whoever has none is told by the id.

    withheld: its words are not for whoever reads it.
    """
    try:
        said: Mapping[str, Any] = row.said()
    except AuditFault:
        said = {}
    policy = said.get("policy") or {}
    return Step(
        at=row.at,
        id=row.id,
        action=row.action,
        outcome=row.outcome,
        who=_actor(said.get("actor") or {"id": row.actor}, names),
        whom=_named(row.subject, names) if row.subject else say("somebody"),
        own=row.subject in (None, row.actor),
        what=short(row.resource) if row.resource else say("something"),
        facts=said.get("facts") or {},
        policies=tuple(str(one) for one in policy.get("ids", ())),
        policy_set=str(policy.get("set", "")),
        withheld=withheld,
        words=tuple(
            (name, None if kept.erased_by is not None else kept.text or "")
            for name, kept in sorted(row.texts.items())
            if kept.erased_by is not None or kept.text
        ),
    )


def _actor(actor: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Only a person has a name; the others are called by what they are."""
    match actor.get("type"):
        case "wicket":
            return say("Wicket")
        case "operator":
            return say("An operator")
        case "unknown":
            return say("Somebody unknown")
        case _:
            return _named(str(actor.get("id") or ""), names)


def _named(account: str, names: Mapping[str, str]) -> str:
    return short(names.get(account, account))
