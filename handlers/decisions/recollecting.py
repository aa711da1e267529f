"""A policy set, asked with the facts that a record holds: whatever rests on another fact is told as not to be told.

It guesses no fact. What a policy that did not change came to is known from the record, whatever it read then.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import cedarpy

from handlers.decisions.circumstances import Hours
from handlers.decisions.facts import Json, put
from handlers.decisions.facts_used import named, wanted_by
from handlers.decisions.policy import AccessQuestion, Action, Approvals, PolicyDecision, Question
from handlers.decisions.statements import PolicyNote

# What stands beside the people of a question, and is left out of it where it is unknown.
_AROUND = frozenset({"local", "openGrants", "conflicts", "workloadEnvironments"})
_NUMBERED = re.compile(r"while evaluating policy `policy(\d+)`")


class CannotTell(Exception):
    """It rests on facts that the record does not hold. facts: their names, as policies call them."""

    def __init__(self, facts: Iterable[str]) -> None:
        self.facts = tuple(sorted(facts))
        super().__init__(", ".join(self.facts))


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """An answer on the record. action: what was asked. texts: the policies of that set by @id; none if it is not known.

    approvals: those that it was asked with; None if the record does not say. same_catalogue: what was asked for is
    described now as it was then.
    """

    action: Action
    allowed: bool
    ids: frozenset[str]
    texts: Mapping[str, str] = field(default_factory=dict)
    approvals: Approvals | None = None
    same_catalogue: bool = True

    def came_to(self, note: PolicyNote, question: Question) -> bool | None:
        """Whether this policy applied then; None if that does not follow, or does not bear on this question."""
        if self.texts.get(note.id) != note.text or (note.actions and self.action not in note.actions):
            return None
        reads = named(note.reads)
        if not self.same_catalogue and any(name.startswith("resource.") for name in reads):
            return None
        if any(name.startswith("context.approvals") for name in reads):
            given = question.approvals if isinstance(question, AccessQuestion) else None
            if given is None or given != self.approvals:
                return None
        if self.allowed:
            return note.id in self.ids if note.permits else False
        if self.ids:
            return None if note.permits else note.id in self.ids
        return False


@dataclass(frozen=True, kw_only=True)
class Known:
    """Which facts the record holds of each account, by its id, and which of the context it does not hold."""

    accounts: Mapping[str, frozenset[str]]
    not_in_context: frozenset[str] = frozenset()


class Recollecting:
    """Fills the port of a policy engine for one question of the record; asking raises CannotTell where that is so."""

    def __init__(self, rules: "RulesRecalled", known: Known, remembered: Remembered | None) -> None:
        self._rules, self._known, self._remembered = rules, known, remembered

    @property
    def policy_set(self) -> str:
        """SHA-256 (hex) of the set that is asked."""
        return self._rules.policy_set

    def reads(self, fact: str) -> bool:
        """Whether a policy reads this fact."""
        return any(
            name.endswith(f".{fact}") for note in self._rules.notes.values() for name in named(note.reads)
        )

    def ask_each(self, questions: Sequence[Question]) -> list[PolicyDecision]:
        """The answers, each as `ask` gives it."""
        return [self.ask(question) for question in questions]

    def ask(self, question: Question) -> PolicyDecision:
        """The answer. CannotTell where it rests on what the record does not hold."""
        request, entities = put(question, self._rules.wanted, self._rules.hours)
        left_out = self._left_out(request, entities)
        which, policies = self._rules.about(question.action)
        (result,) = cedarpy.is_authorized_batch(
            [request], policies, cedarpy.Entities.from_json_str(json.dumps(entities))
        )
        failed = {
            which[int(found[1])] for one in result.diagnostics.errors if (found := _NUMBERED.search(one))
        }
        # A policy that asks whether such a fact is there was told that it is not.
        misled = {one for one in which if any(_is_left_out(name, left_out) for name in named(one.guards))}
        applied = set(result.diagnostics.id_annotations_by_reason.values()) - {one.id for one in misled}
        return self._decided(question, applied, failed | misled, left_out)

    def _left_out(self, request: Json, entities: list[Json]) -> set[str]:
        """Take what is not known out of the question; the names of it."""
        left_out = set[str]()
        for entity in entities:
            if entity["uid"]["type"] != "Account":
                continue
            known = self._known.accounts.get(entity["uid"]["id"], frozenset())
            left_out |= {*entity["attrs"], "manager", "hoursSinceReset", "location"} - known
            entity["attrs"] = {name: fact for name, fact in entity["attrs"].items() if name in known}
        for name in self._known.not_in_context:
            request["context"].pop(name, None)
        not_known = {name for name in _AROUND if name not in request["context"]}
        return left_out | self._known.not_in_context | not_known

    def _decided(
        self, question: Question, applied: set[str], unsure: set[PolicyNote], left_out: set[str]
    ) -> PolicyDecision:
        """The answer by those that applied, and those of which the record says whether they did."""
        came_to = {
            note: self._remembered.came_to(note, question) if self._remembered else None for note in unsure
        }
        applied = applied | {note.id for note, came in came_to.items() if came}
        open_ones = {note for note, came in came_to.items() if came is None}
        notes = self._rules.notes
        forbids = {name for name in applied if not notes[name].permits}
        permits = applied - forbids
        if not forbids:
            deciding = {note for note in open_ones if not note.permits or not permits}
            if deciding:
                names = {name for note in deciding for name in named(note.reads)}
                raise CannotTell({name for name in names if _is_left_out(name, left_out)})
        ids = tuple(sorted(forbids or permits))
        return PolicyDecision(
            allowed=bool(permits) and not forbids,
            policy_ids=ids,
            reasons=tuple(notes[name].reason for name in ids),
            policy_set=self.policy_set,
        )


def _is_left_out(name: str, left_out: set[str]) -> bool:
    return name.rpartition(".")[2] in left_out or any(f".{one}." in name for one in left_out)


class RulesRecalled:
    """A policy set for questions of the record, each parsed once. notes: its policies by @id. hours: the company's."""

    def __init__(self, notes: Mapping[str, PolicyNote], policy_set: str, hours: Hours | None = None) -> None:
        self.notes, self.policy_set, self.hours = notes, policy_set, hours
        self.wanted = wanted_by(notes.values())
        self.about = lru_cache(maxsize=None)(self._about)

    def _about(self, action: Action) -> tuple[list[PolicyNote], cedarpy.PolicySet]:
        """All policies that could decide about it, in the order of Cedar's numbers for them."""
        which = [one for one in self.notes.values() if one.actions is None or action in one.actions]
        return which, cedarpy.PolicySet.from_str("\n".join(one.text for one in which))
