"""The policy engine: Cedar, parsed once, asked with only the facts of one question.

It never lets anything through that it could not evaluate in full, and never reads a file or a clock.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import cedarpy

from handlers.decisions.facts import Json, put
from handlers.decisions.policy import Action, PolicyDecision, Question, Severity
from handlers.decisions.statements import PolicyNote, checked
from storage.faults import PolicyFault

NO_POLICY = "No policy allows this."
NOT_EVALUATED = "The policy could not be evaluated, so nothing was allowed."

# Parsed facts kept, a few kilobytes each; reading them anew costs nearly as much as deciding by them.
_ENTITIES_KEPT = 256

# Sets kept, for whoever builds a bot in a process that had one: most of its start would be reading them anew.
_SETS_KEPT = 2

# Cedar numbers policies by their place in what it was given.
_NUMBERED = re.compile(r"(?<=policy `)policy\d+(?=`)")

# What every approval asks: whether this person may give it, and whether it is enough then.
_ASKED_TOGETHER = (Action.APPROVE, Action.GRANT)
_TOGETHER = "approve and grant"
# The owner and what is asked for stand in front of the people of such a question.
_ABOUT = 2
_KINDS: Mapping[str, frozenset[str]] = {
    **{action.value: frozenset({action.value}) for action in Action},
    _TOGETHER: frozenset(action.value for action in _ASKED_TOGETHER),
}

_RANK: Mapping[Severity | None, int] = {None: 0, "low": 1, "medium": 2, "high": 3}


class CedarPolicy:
    """A loaded policy set, immutable: a change is a new object, so a bad set never replaces a good one."""

    def __init__(
        self,
        policies: Mapping[str, cedarpy.PolicySet],
        schema: cedarpy.Schema,
        notes: Mapping[str, PolicyNote],
        policy_set: str,
    ) -> None:
        """Use `load`, which checks what it is given. policies: for each of `_KINDS`, all that could decide about it."""
        self._policies = policies
        self._schema = schema
        self._notes = notes
        self._policy_set = policy_set
        # The same facts are asked about several times over: to find what is missing, and by whoever asks again.
        self._entities = lru_cache(_ENTITIES_KEPT)(self._parsed)

    @classmethod
    def load(cls, sources: Mapping[str, str], schema: str, bound_to: str) -> "CedarPolicy":
        """Parse and check a whole set.

        sources: Cedar text by file name. bound_to: what else shapes the answers (catalogue digest, security
        settings), so that it is part of `policy_set`. Raises PolicyFault with file, line and what is wrong.
        """
        policies, parsed_schema, notes = _checked(tuple(sorted(sources.items())), schema)
        return cls(policies, parsed_schema, notes, _digest(sources, schema, bound_to))

    @property
    def policy_set(self) -> str:
        """SHA-256 (hex) over the policies, the schema and what they are bound to."""
        return self._policy_set

    @property
    def notes(self) -> Mapping[str, PolicyNote]:
        """What each policy says of itself, by its id."""
        return self._notes

    def ask(self, question: Question) -> PolicyDecision:
        """The answer. Whatever goes wrong on the way is a refusal with `errors`, never an exception."""
        return self._ask(question.action, [question])[0]

    def ask_each(self, questions: Sequence[Question]) -> list[PolicyDecision]:
        """Likewise. What is asked together at each click is put to Cedar at once, with the facts of all."""
        actions = tuple(question.action for question in questions)
        if actions == _ASKED_TOGETHER:
            return self._ask(_TOGETHER, questions)
        return [self.ask(question) for question in questions]

    def _ask(self, which: str, questions: Sequence[Question]) -> list[PolicyDecision]:
        """which: the name of the policies that could decide about any of them."""
        requests, known = list[Json](), list[Json]()
        try:
            for question in questions:
                request, entities = put(question)
                requests.append(request)
                known += [entity for entity in entities if entity not in known]
            parsed = self._facts([json.dumps(entity) for entity in known], which)
            results = cedarpy.is_authorized_batch(requests, self._policies[which], parsed, self._schema)
        except Exception as error:  # noqa: BLE001 - an engine that fails in any way must refuse, not fail the caller
            return [self._not_evaluated((f"{type(error).__name__}: {error}",))] * len(questions)
        return [self._answer(which, result) for result in results]

    def _answer(self, which: str, result: cedarpy.AuthzResult) -> PolicyDecision:
        diagnostics = result.diagnostics
        # Cedar leaves an erroring policy out and decides by the rest, so an erroring `forbid` would let in.
        if diagnostics.errors:
            return self._not_evaluated(self._named(diagnostics.errors, which))
        if result.decision is cedarpy.Decision.NoDecision:
            return self._not_evaluated(("no decision was reached",))
        return self._decided(result.allowed, sorted(diagnostics.id_annotations_by_reason.values()))

    def _facts(self, entities: Sequence[str], which: str) -> cedarpy.Entities:
        """A click's two people seldom meet again: they are read at once, on top of what it is about, and not kept."""
        if which != _TOGETHER:
            return self._entities(*entities)
        people = ",".join(entities[_ABOUT:])
        return self._entities(*entities[:_ABOUT]).with_added_json_str(f"[{people}]", self._schema)

    def _parsed(self, *entities: str) -> cedarpy.Entities:
        """These, on top of all but the last: what two questions have in common stands in front and is read once."""
        *before, last = entities
        if not before:
            return cedarpy.Entities.from_json_str(f"[{last}]", schema=self._schema)
        return self._entities(*before).with_added_json_str(f"[{last}]", self._schema)

    def _decided(self, allowed: bool, ids: list[str]) -> PolicyDecision:
        notes = [self._notes[name] for name in ids]
        worst = max((note.severity for note in notes), key=_RANK.__getitem__, default=None)
        return PolicyDecision(
            allowed=allowed,
            policy_ids=tuple(ids),
            reasons=tuple(note.reason for note in notes) or (NO_POLICY,),
            severity=None if allowed else worst,
            policy_set=self._policy_set,
        )

    def _named(self, errors: Iterable[str], which: str) -> tuple[str, ...]:
        """What went wrong, each policy by its @id instead of Cedar's number for it."""
        notes = _about(_KINDS[which], self._notes.values())
        names = {f"policy{at}": note.id for at, note in enumerate(notes)}
        return tuple(_NUMBERED.sub(lambda found: names.get(found[0], found[0]), error) for error in errors)

    def _not_evaluated(self, errors: tuple[str, ...]) -> PolicyDecision:
        return PolicyDecision(
            allowed=False,
            policy_ids=(),
            reasons=(NOT_EVALUATED,),
            errors=errors,
            severity="high",
            policy_set=self._policy_set,
        )


@lru_cache(_SETS_KEPT)
def _checked(
    sources: tuple[tuple[str, str], ...], schema: str
) -> tuple[Mapping[str, cedarpy.PolicySet], cedarpy.Schema, Mapping[str, PolicyNote]]:
    """For each of `_KINDS` all that could decide about it, the schema, and what each policy says of itself.

    Nothing of it can be changed.
    """
    try:
        parsed_schema = cedarpy.Schema.from_str(schema)
    except ValueError as error:
        raise PolicyFault(f"the policy schema: {error}") from error
    notes: dict[str, PolicyNote] = {}
    for file, text in sources:
        for note in checked(file, text, parsed_schema):
            if note.id in notes:
                first = notes[note.id].where
                raise PolicyFault(f"{note.where}: the @id `{note.id}` is already used in {first}")
            notes[note.id] = note
    if not notes:
        raise PolicyFault("there are no policies, so nothing could ever be allowed")
    policies = {
        which: cedarpy.PolicySet.from_str(
            "\n".join(note.text for note in _about(actions, notes.values())), release_gil=True
        )
        for which, actions in _KINDS.items()
    }
    return MappingProxyType(policies), parsed_schema, MappingProxyType(notes)


def _about(actions: frozenset[str], notes: Iterable[PolicyNote]) -> list[PolicyNote]:
    """All policies but those that are about other actions: they neither apply nor fail, and looking costs time."""
    return [note for note in notes if note.actions is None or actions & note.actions]


def _digest(sources: Mapping[str, str], schema: str, bound_to: str) -> str:
    whole = json.dumps([sorted(sources.items()), schema, bound_to], ensure_ascii=True)
    return hashlib.sha256(whole.encode("ascii")).hexdigest()
