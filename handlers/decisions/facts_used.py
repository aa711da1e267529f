"""The facts that a decision rests on: what the policies that made it read, each with its value in the question.

It evaluates nothing and looks nothing up: the facts are those that the question was asked with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.decisions.circumstances import Hours
from handlers.decisions.facts import Json, Wanted, put, texts_about_groups
from handlers.decisions.policy import Question
from handlers.decisions.reading import Read
from handlers.decisions.statements import PolicyNote

MISSING = "not there"
"""The value of a fact that a policy asks about and that the question does not have."""


@dataclass(frozen=True, kw_only=True)
class FactUsed:
    """name: as policies call it ("principal.employment"). value: as policy saw it; MISSING if there was none."""

    name: str
    value: Any


def facts_used(
    question: Question, notes: Iterable[PolicyNote], hours: Hours | None = None
) -> tuple[FactUsed, ...]:
    """All that these policies read of this question, by name. What has facts of its own is told by its id.

    hours: the company's, by which policies were asked.
    """
    notes = tuple(notes)
    request, entities = put(question, wanted_by(notes), hours)
    known = {(one["uid"]["type"], one["uid"]["id"]): one["attrs"] for one in entities}
    names = sorted({name for note in notes for name in named(note.reads)})
    found = ((name, _value(name, request, known)) for name in names)
    whole = [FactUsed(name=name, value=value) for name, value in found]
    return tuple(one for one in whole if not any(other.name.startswith(f"{one.name}.") for other in whole))


def wanted_by(notes: Iterable[PolicyNote]) -> Wanted:
    """What these policies read of a question."""
    notes = tuple(notes)
    every = frozenset(part for note in notes for name in named(note.reads) for part in name.split("."))
    return Wanted(of_entities=every, in_context=every, texts=texts_about_groups(notes))


def named(reads: Iterable[Read]) -> frozenset[str]:
    """Facts by their names ("principal.employment"), but for those whose owner depends on other facts."""
    return frozenset(f"{whose}.{fact}" for whose, fact in reads if whose)


def _value(name: str, request: Json, known: Mapping[tuple[str, str], Json]) -> Any:
    """What stands at the end of a path such as `resource.owner.approvers`."""
    first, *path = name.split(".")
    at: Any = request["context"] if first == "context" else {"__entity": request[first]}
    for step in path:
        if isinstance(at, Mapping) and "__entity" in at:
            at = known.get((at["__entity"]["type"], at["__entity"]["id"]), {})
        if not isinstance(at, Mapping) or step not in at:
            return MISSING
        at = at[step]
    return _plain(at)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping) and "__entity" in value:
        return value["__entity"]["id"]
    if isinstance(value, Mapping) and "__extn" in value:
        return value["__extn"]["arg"]
    return value
