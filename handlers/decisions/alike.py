"""Questions as values that can be compared: two that are alike to the last fact have one answer, which is kept here.

It leaves nothing out of a question but when something was read, and decides nothing.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from itertools import compress, count
from typing import Any

from handlers.decisions.circumstances import Having, Recently
from handlers.decisions.delegated import Delegated
from handlers.decisions.policy import AccessQuestion, Action, Approvals, GivenProof, PolicyDecision
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

# What has something in it that is left out, or that cannot be compared as it is, or numbers that policies read.
_TO_BE_TAKEN_APART = frozenset(
    {Account, Approvals, Delegated, Entitlement, GivenProof, Having, Owner, Recently}
)


class Alike:
    """A question, without being it. Facts of another type are others, even where Python calls them equal."""

    __slots__ = ("_hash", "_said", "names")

    def __init__(self, said: tuple[object, ...], names: int) -> None:
        """names: how many names of groups it holds, by far its largest part. TypeError for what cannot be compared."""
        self._said, self.names = said, names
        self._hash = hash(said)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self._said == other._said


def alike(questions: Sequence[AccessQuestion], *, whenever: Collection[Action]) -> list[Alike]:
    """Each as a value. whenever: the actions for which the moment of asking makes no difference to who answers.

    TypeError as above.
    """
    apart = dict[int, tuple[object, ...]]()  # what several of them have in common is taken apart once
    return [
        Alike(_plain(vars(one), apart, "now" if one.action in whenever else ""), _names_in(one))
        for one in questions
    ]


def of_one_reading(questions: Sequence[AccessQuestion]) -> bool:
    """Whether all that they say of anybody and anything was read once, so that no two of them can disagree."""
    read = dict[tuple[type, str], object]()
    for question in questions:
        if question.recently is not questions[0].recently:
            return False
        for one in (
            question.principal, question.requester, question.report, question.entitlement, question.owner,
        ):  # fmt: skip
            if one is not None and read.setdefault((type(one), one.id), one) is not one:
                return False
    return True


class Answers:
    """So many of them, of so many names in all: what was not asked for longest goes first. For any thread."""

    def __init__(self, most: int, most_names: int) -> None:
        self._most, self._most_names, self._names = most, most_names, 0
        self._known = dict[Alike, PolicyDecision]()
        self._lock = threading.Lock()

    def to(self, question: Alike) -> PolicyDecision | None:
        """The one to this question, if it is kept."""
        with self._lock:
            if (known := self._known.pop(question, None)) is not None:
                self._known[question] = known
            return known

    def keep(self, question: Alike, answer: PolicyDecision) -> None:
        """Keep it, unless something could not be evaluated: that is asked anew each time."""
        if answer.errors:
            return
        with self._lock:
            if question not in self._known:
                self._names += question.names
            self._known[question] = answer
            while len(self._known) > self._most or self._names > self._most_names:
                oldest = next(iter(self._known))
                self._names -= oldest.names
                del self._known[oldest]

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._known)


def _names_in(question: AccessQuestion) -> int:
    people = {
        id(one): len(one.groups) + len(one.direct_groups)
        for one in (question.principal, question.requester, question.report, question.target)
        if isinstance(one, Account)
    }
    return sum(people.values())


def _plain(
    facts: Mapping[str, Any], apart: dict[int, tuple[object, ...]], besides: str = ""
) -> tuple[object, ...]:
    """The values of all facts but one, and their types."""
    if besides:
        facts = dict(facts)
        facts.pop(besides, None)
    values: tuple[object, ...] = tuple(facts.values())
    types = tuple(map(type, values))
    if _TO_BE_TAKEN_APART.isdisjoint(types):
        return types, values
    parts = list(values)
    for at in compress(count(), map(_TO_BE_TAKEN_APART.__contains__, types)):
        parts[at] = _apart(values[at], apart)
    return types, tuple(parts)


def _apart(value: object, apart: dict[int, tuple[object, ...]]) -> tuple[object, ...]:
    known = apart.get(id(value))
    if known is None:
        if isinstance(value, Recently):
            since = frozenset((who, hours, type(hours)) for who, hours in value.hours_since_reset.items())
            known = (since, value.reported)
        else:
            known = _plain(vars(value), apart, "read_at" if isinstance(value, Account) else "")
        apart[id(value)] = known
    return known
