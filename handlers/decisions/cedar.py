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

from handlers.decisions.circumstances import Hours
from handlers.decisions.facts import Json, put
from handlers.decisions.policy import AccessQuestion, Action, PolicyDecision, Question, Severity
from handlers.decisions.reading import Read, as_asked, looked_up
from handlers.decisions.statements import PolicyNote, checked
from handlers.decisions.unknown import FACT_MISSING, conflicts_of, unknown
from storage.faults import PolicyFault
from storage.sentences import Sentence

NO_POLICY = "No policy allows this."
NOT_EVALUATED = "The policy could not be evaluated, so nothing was allowed."

# Parsed facts kept, a few kilobytes each; reading them anew costs nearly as much as deciding by them.
_ENTITIES_KEPT = 256

# Sets kept, for whoever builds a bot in a process that had one: most of its start would be reading them anew.
_SETS_KEPT = 2

# Cedar numbers policies by their place in what it was given.
_NUMBERED = re.compile(r"(?<=policy `)policy\d+(?=`)")

# A policy that came to something that was left out since it is unknown.
_LEFT_OUT = re.compile(
    r"error while evaluating policy `(policy\d+)`: .* does not have the attribute `(\w+)`", re.DOTALL
)

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
        hours: Hours | None = None,
        unknowable: frozenset[str] = frozenset(),
    ) -> None:
        """Use `load`, which checks what it is given. policies: for each of `_KINDS`, all that could decide about it."""
        self._policies = policies
        self._schema = schema
        self._notes = notes
        self._policy_set = policy_set
        self._hours = hours
        read = {fact for note in notes.values() for _, fact in note.reads}
        self._read, self._asked = frozenset(read), unknowable & read
        # The same facts are asked about several times over: to find what is missing, and by whoever asks again.
        self._entities = lru_cache(_ENTITIES_KEPT)(self._parsed)

    @classmethod
    def load(
        cls, sources: Mapping[str, str], schema: str, bound_to: str, hours: Hours | None = None
    ) -> "CedarPolicy":
        """Parse and check a whole set.

        sources: Cedar text by file name. bound_to: what else shapes the answers (catalogue digest, security
        settings), so that it is part of `policy_set`. hours: the company's, None if nobody said. Raises PolicyFault
        with file, line and what is wrong.
        """
        policies, parsed_schema, notes = _checked(tuple(sorted(sources.items())), schema)
        return cls(
            policies, parsed_schema, notes, _digest(sources, schema, bound_to), hours, looked_up(schema)
        )

    @property
    def policy_set(self) -> str:
        """SHA-256 (hex) over the policies, the schema and what they are bound to."""
        return self._policy_set

    @property
    def notes(self) -> Mapping[str, PolicyNote]:
        """What each policy says of itself, by its id."""
        return self._notes

    def reads(self, fact: str) -> bool:
        """Whether a loaded policy reads this fact of the schema, of whomever."""
        return fact in self._read

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
                request, entities = put(question, self._asked, self._hours)
                requests.append(request)
                known += [entity for entity in entities if entity not in known]
            parsed = self._facts([json.dumps(entity) for entity in known], which)
            results = cedarpy.is_authorized_batch(requests, self._policies[which], parsed, self._schema)
        except Exception as error:  # noqa: BLE001 - an engine that fails in any way must refuse, not fail the caller
            return [self._not_evaluated((f"{type(error).__name__}: {error}",))] * len(questions)
        return [
            self._answer(which, question, result) for question, result in zip(questions, results, strict=True)
        ]

    def _answer(self, which: str, question: Question, result: cedarpy.AuthzResult) -> PolicyDecision:
        diagnostics = result.diagnostics
        # Cedar leaves an erroring policy out and decides by the rest, so an erroring `forbid` would let in.
        if diagnostics.errors:
            named = self._named(diagnostics.errors, which)
            missing = self._missing(diagnostics.errors, which, question)
            return self._unknown(named, missing) if missing else self._not_evaluated(named)
        if result.decision is cedarpy.Decision.NoDecision:
            return self._not_evaluated(("no decision was reached",))
        return self._decided(question, result.allowed, sorted(diagnostics.id_annotations_by_reason.values()))

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

    def _decided(self, question: Question, allowed: bool, ids: list[str]) -> PolicyDecision:
        notes = [self._notes[name] for name in ids]
        worst = max((note.severity for note in notes), key=_RANK.__getitem__, default=None)
        return PolicyDecision(
            allowed=allowed,
            policy_ids=tuple(ids),
            reasons=tuple(_told(note.reason, question) for note in notes) or (NO_POLICY,),
            severity=None if allowed else worst,
            policy_set=self._policy_set,
        )

    def _named(self, errors: Iterable[str], which: str) -> tuple[str, ...]:
        """What went wrong, each policy by its @id instead of Cedar's number for it."""
        names = {number: note.id for number, note in self._numbers(which).items()}
        return tuple(_NUMBERED.sub(lambda found: names.get(found[0], found[0]), error) for error in errors)

    def _numbers(self, which: str) -> Mapping[str, PolicyNote]:
        notes = _about(_KINDS[which], self._notes.values())
        return {f"policy{at}": note for at, note in enumerate(notes)}

    def _missing(self, errors: Iterable[str], which: str, question: Question) -> tuple[str, ...]:
        """What is unknown, in words, if that and nothing else is why the policies failed."""
        left_out, notes, found = unknown(question, self._hours), self._numbers(which), dict[str, None]()
        for error in errors:
            failed = _LEFT_OUT.fullmatch(error)
            note = notes.get(failed[1]) if failed else None
            words = _of_whom(left_out, note.reads, failed[2]) if failed and note else ()
            if not words:
                return ()
            found |= dict.fromkeys(words)
        return tuple(found)

    def _unknown(self, errors: tuple[str, ...], missing: tuple[str, ...]) -> PolicyDecision:
        return PolicyDecision(
            allowed=False,
            policy_ids=(FACT_MISSING,),
            reasons=missing,
            errors=errors,
            severity="medium",
            policy_set=self._policy_set,
        )

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
    """For each of `_KINDS` all that could decide about it, the schema of questions, and each policy's note.

    Nothing of it can be changed.
    """
    try:
        parsed_schema, asked = cedarpy.Schema.from_str(schema), cedarpy.Schema.from_str(as_asked(schema))
    except ValueError as error:
        raise PolicyFault(f"the policy schema: {error}") from error
    notes: dict[str, PolicyNote] = {}
    for file, text in sources:
        for note in checked(file, text, parsed_schema, looked_up(schema)):
            if note.id in notes:
                first = notes[note.id].where
                raise PolicyFault(f"{note.where}: the @id `{note.id}` is already used in {first}")
            notes[note.id] = note
    if not notes:
        raise PolicyFault("there are no policies, so nothing could ever be allowed")
    policies = {
        which: cedarpy.PolicySet.from_str("\n".join(note.text for note in _about(actions, notes.values())))
        for which, actions in _KINDS.items()
    }
    return MappingProxyType(policies), asked, MappingProxyType(notes)


def _told(reason: str, question: Question) -> str:
    """A reason, with what fills its places. What fills them is a value, whatever stands in it."""
    if "{" not in reason:
        return reason
    if not isinstance(question, AccessQuestion):
        return Sentence(reason, name=question.principal.name, owner="", conflicts="")
    conflicts = ", ".join(conflicts_of(question) or ())
    return Sentence(reason, name=question.holder.name, owner=question.owner.name, conflicts=conflicts)


def _of_whom(left_out: Mapping[Read, str], reads: Iterable[Read], fact: str) -> list[str]:
    """In words, whose fact it is that a policy with these reads missed. Where it depends, everybody's."""
    of = {whose for whose, read in reads if read == fact}
    return [words for (whose, name), words in left_out.items() if name == fact and (whose in of or "" in of)]


def _about(actions: frozenset[str], notes: Iterable[PolicyNote]) -> list[PolicyNote]:
    """All policies but those that are about other actions: they neither apply nor fail, and looking costs time."""
    return [note for note in notes if note.actions is None or actions & note.actions]


def _digest(sources: Mapping[str, str], schema: str, bound_to: str) -> str:
    whole = json.dumps([sorted(sources.items()), schema, bound_to], ensure_ascii=True)
    return hashlib.sha256(whole.encode("ascii")).hexdigest()
