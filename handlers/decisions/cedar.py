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

from handlers.decisions.alike import Answers, alike, of_one_reading
from handlers.decisions.choosing import Choices, Chosen
from handlers.decisions.circumstances import Hours
from handlers.decisions.facts import Json, Wanted, put, texts_about_groups, value_of
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

# Answers kept of what clicks ask, some three kilobytes each, and sixty bytes more for each group of somebody in it.
# Unless a fact changed, a click asks what was asked before: when the request came, when its message was written, or
# when its form was opened.
_ANSWERS_KEPT = 1024
_GROUPS_KEPT = 200_000

# Sets kept, for whoever builds a bot in a process that had one: most of its start would be reading them anew.
_SETS_KEPT = 2
# Files kept, a few sets of them: who changes one file has the others checked already.
_FILES_KEPT = 64

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
# What a policy reads of the moment at which it is asked.
_OF_THE_TIME = ("now", "local")
_KINDS: Mapping[str, frozenset[str]] = {
    **{action.value: frozenset({action.value}) for action in Action},
    _TOGETHER: frozenset(action.value for action in _ASKED_TOGETHER),
}

_RANK: Mapping[Severity | None, int] = {None: 0, "low": 1, "medium": 2, "high": 3}


class CedarPolicy:
    """A loaded policy set, immutable: a change is a new object, so a bad set never replaces a good one."""

    def __init__(
        self,
        choices: Choices,
        schema: cedarpy.Schema,
        notes: Mapping[str, PolicyNote],
        policy_set: str,
        hours: Hours | None = None,
    ) -> None:
        """Use `load`, which checks what it is given. choices: by `_KINDS`."""
        self._choices = choices
        self._schema = schema
        self._notes = notes
        self._policy_set = policy_set
        self._hours = hours
        self._read = _read_by(notes.values())
        by_kind = {which: _read_by(choices.notes(which)) for which in _KINDS}
        # Of all policies, as the facts of whomever it is about are: they are kept for every kind of question.
        texts = texts_about_groups(notes.values())
        self._wanted = {
            which: Wanted(of_entities=self._read, in_context=read, texts=texts)
            for which, read in by_kind.items()
        }
        # What is put at once: of each question its own facts, and of whomever it is about what both may read.
        self._wanted_together = {
            action: Wanted(of_entities=by_kind[_TOGETHER], in_context=by_kind[action.value], texts=texts)
            for action in _ASKED_TOGETHER
        }
        # The same facts are asked about several times over: to find what is missing, and by whoever asks again.
        self._entities = lru_cache(_ENTITIES_KEPT)(self._parsed)
        self._known = Answers(_ANSWERS_KEPT, _GROUPS_KEPT)
        self._whenever = [one for one in _ASKED_TOGETHER if by_kind[one.value].isdisjoint(_OF_THE_TIME)]

    @classmethod
    def load(
        cls, sources: Mapping[str, str], schema: str, bound_to: str, hours: Hours | None = None
    ) -> "CedarPolicy":
        """Parse and check a whole set.

        sources: Cedar text by file name. bound_to: what else shapes the answers (catalogue digest, security
        settings), so that it is part of `policy_set`. hours: the company's, None if nobody said. Raises PolicyFault
        with file, line and what is wrong.
        """
        choices, parsed_schema, notes = _checked(tuple(sorted(sources.items())), schema)
        return cls(choices, parsed_schema, notes, _digest(sources, schema, bound_to), hours)

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

    @property
    def hours(self) -> Hours | None:
        """The company's business hours, by which it answers; None if nobody said."""
        return self._hours

    @property
    def answers_kept(self) -> int:
        """How many answers are kept for whoever asks the same again."""
        return len(self._known)

    def ask(self, question: Question) -> PolicyDecision:
        """The answer. Whatever goes wrong on the way is a refusal with `errors`, never an exception."""
        return self._ask(question.action, [question])[0]

    def ask_each(self, questions: Sequence[Question]) -> list[PolicyDecision]:
        """Likewise. What is asked together at each click is put to Cedar at once, with the facts of all.

        An answer follows from the question and nothing else, so what is alike to the last fact is not put again.
        """
        of_clicks = [
            one for one in questions if isinstance(one, AccessQuestion) and one.action in _ASKED_TOGETHER
        ]
        if len(of_clicks) < len(questions):
            return [self.ask(question) for question in questions]
        if not of_one_reading(of_clicks):
            return self._put(of_clicks)
        try:
            named = alike(of_clicks, whenever=self._whenever)
        except TypeError:  # odd facts, which nothing is like
            return self._put(of_clicks)
        known = [self._known.to(one) for one in named]
        new = [question for question, answer in zip(of_clicks, known, strict=True) if answer is None]
        answers = iter(self._put(new) if new else ())
        found = [next(answers) if answer is None else answer for answer in known]
        for one, before, answer in zip(named, known, found, strict=True):
            if before is None:
                self._known.keep(one, answer)
        return found

    def _put(self, questions: Sequence[AccessQuestion]) -> list[PolicyDecision]:
        if tuple(question.action for question in questions) == _ASKED_TOGETHER:
            return self._ask(_TOGETHER, questions)
        return [self.ask(question) for question in questions]

    def _ask(self, which: str, questions: Sequence[Question]) -> list[PolicyDecision]:
        """which: the name of the policies that could decide about any of them."""
        requests, known = list[Json](), list[Json]()
        try:
            for question in questions:
                wanted = self._wanted_together[question.action] if which == _TOGETHER else self._wanted[which]
                request, entities = put(question, wanted, self._hours)
                requests.append(request)
                known += [entity for entity in entities if entity not in known]
            parsed = self._facts([json.dumps(entity) for entity in known], which)
            chosen = self._choices.of(
                which, lambda read: [value_of(read, request, known) for request in requests]
            )
            results = cedarpy.is_authorized_batch(requests, chosen.policies, parsed, self._schema)
        except Exception as error:  # noqa: BLE001 - an engine that fails in any way must refuse, not fail the caller
            return [self._not_evaluated((f"{type(error).__name__}: {error}",))] * len(questions)
        return [
            self._answer(chosen, question, result)
            for question, result in zip(questions, results, strict=True)
        ]

    def _answer(self, chosen: Chosen, question: Question, result: cedarpy.AuthzResult) -> PolicyDecision:
        diagnostics = result.diagnostics
        # Cedar leaves an erroring policy out and decides by the rest, so an erroring `forbid` would let in.
        if diagnostics.errors:
            return self._failed(chosen, question, diagnostics.errors)
        if result.decision is cedarpy.Decision.NoDecision:
            return self._not_evaluated(("no decision was reached",))
        return self._decided(question, result.allowed, sorted(diagnostics.id_annotations_by_reason.values()))

    def _facts(self, entities: Sequence[str], which: str) -> cedarpy.Entities:
        """Who approves comes again: kept on top of what it is about. Whoever asked seldom does, and is read anew."""
        if which != _TOGETHER:
            return self._entities(*entities)
        *others, approver = entities[_ABOUT:]
        return self._entities(*entities[:_ABOUT], approver).with_added_json_str(
            f"[{','.join(others)}]", self._schema
        )

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

    def _failed(self, chosen: Chosen, question: Question, errors: Sequence[str]) -> PolicyDecision:
        """The answer where policies could not be evaluated: what is unknown, if that and nothing else is why."""
        numbered = chosen.numbered
        named = tuple(_NUMBERED.sub(lambda at: _name_of(numbered, at[0]), error) for error in errors)
        missing = _missing(unknown(question, self._hours), numbered, errors)
        if not missing:
            return self._not_evaluated(named)
        return PolicyDecision(
            allowed=False,
            policy_ids=(FACT_MISSING,),
            reasons=missing,
            errors=named,
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


@lru_cache(_FILES_KEPT)
def _checked_file(file: str, text: str, schema: str) -> tuple[PolicyNote, ...]:
    """What each policy of a file says of itself, by this schema; a PolicyFault at the first one that will not do."""
    return tuple(checked(file, text, _parsed_schema(schema), looked_up(schema)))


@lru_cache(2 * _SETS_KEPT)
def _parsed_schema(schema: str) -> cedarpy.Schema:
    try:
        return cedarpy.Schema.from_str(schema)
    except ValueError as error:
        raise PolicyFault(f"the policy schema: {error}") from error


@lru_cache(_SETS_KEPT)
def _checked(
    sources: tuple[tuple[str, str], ...], schema: str
) -> tuple[Choices, cedarpy.Schema, Mapping[str, PolicyNote]]:
    """The policies by `_KINDS`, the schema of questions, and each policy's note.

    Nothing of it can be changed.
    """
    _parsed_schema(schema)  # first: what is wrong is told of where it is written
    asked = _parsed_schema(as_asked(schema))
    notes: dict[str, PolicyNote] = {}
    for file, text in sources:
        for note in _checked_file(file, text, schema):
            if note.id in notes:
                first = notes[note.id].where
                raise PolicyFault(f"{note.where}: the @id `{note.id}` is already used in {first}")
            notes[note.id] = note
    if not notes:
        raise PolicyFault("there are no policies, so nothing could ever be allowed")
    return Choices(_KINDS, notes.values()), asked, MappingProxyType(notes)


def _read_by(notes: Iterable[PolicyNote]) -> frozenset[str]:
    return frozenset(fact for note in notes for _, fact in note.reads)


def _told(reason: str, question: Question) -> str:
    """A reason, with what fills its places. What fills them is a value, whatever stands in it."""
    if "{" not in reason:
        return reason
    if not isinstance(question, AccessQuestion):
        return Sentence.of(reason, {"name": question.principal.name, "owner": "", "conflicts": ""})
    conflicts = ", ".join(conflicts_of(question) or ())
    return Sentence.of(
        reason, {"name": question.holder.name, "owner": question.owner.name, "conflicts": conflicts}
    )


def _name_of(numbered: Mapping[str, PolicyNote], number: str) -> str:
    return numbered[number].id if number in numbered else number


def _missing(
    left_out: Mapping[Read, str], numbered: Mapping[str, PolicyNote], errors: Iterable[str]
) -> tuple[str, ...]:
    """What is unknown, in words, of that which the policies failed over; nothing if one failed over something else."""
    found: dict[str, None] = {}
    for error in errors:
        failed = _LEFT_OUT.fullmatch(error)
        words = _of_whom(left_out, numbered[failed[1]].reads, failed[2]) if failed else ()
        if not words:
            return ()
        found |= dict.fromkeys(words)
    return tuple(found)


def _of_whom(left_out: Mapping[Read, str], reads: Iterable[Read], fact: str) -> list[str]:
    """In words, whose fact it is that a policy with these reads missed. Where it depends, everybody's."""
    of = {whose for whose, read in reads if read == fact}
    return [words for (whose, name), words in left_out.items() if name == fact and (whose in of or "" in of)]


def _digest(sources: Mapping[str, str], schema: str, bound_to: str) -> str:
    whole = json.dumps([sorted(sources.items()), schema, bound_to], ensure_ascii=True)
    return hashlib.sha256(whole.encode("ascii")).hexdigest()
