"""Questions as values that can be compared: two that are alike to the last fact have one answer.

It leaves nothing out of a question but when something was read, and knows no answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handlers.decisions.circumstances import Having, Recently
from handlers.decisions.delegated import Delegated
from handlers.decisions.policy import AccessQuestion, Approvals, GivenProof
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

# What has something in it that is left out, or that cannot be compared as it is, or numbers that policies read.
_TO_BE_TAKEN_APART = frozenset(
    {Account, Approvals, Delegated, Entitlement, GivenProof, Having, Owner, Recently}
)


class Alike:
    """What is asked together. whenever: the moment of asking makes no difference to who answers.

    TypeError for facts that cannot be compared. Facts of another type are others, even where Python calls them equal.
    """

    __slots__ = ("_hash", "_said", "questions")

    def __init__(self, questions: Sequence[AccessQuestion], *, whenever: bool) -> None:
        self.questions = questions
        first, *others = (vars(question) for question in questions)
        said: list[object] = [_plain(first, "now" if whenever else "")]
        for other in others:
            more = {name: value for name, value in other.items() if value is not first[name]}
            said.append((tuple(more), _plain(more)))
        self._said = tuple(said)
        self._hash = hash(self._said)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self._said == other._said


def _plain(facts: Mapping[str, Any], besides: str = "") -> tuple[object, ...]:
    """The values of all facts but one, and their types."""
    wanted = dict(facts)
    wanted.pop(besides, None)
    values: tuple[object, ...] = tuple(wanted.values())
    types = tuple(map(type, values))
    if not _TO_BE_TAKEN_APART.isdisjoint(types):
        values = tuple(_apart(one) if type(one) in _TO_BE_TAKEN_APART else one for one in values)
    return types, values


def _apart(value: object) -> tuple[object, ...]:
    if isinstance(value, Recently):
        return frozenset(value.hours_since_reset.items()), value.reported
    return _plain(vars(value), "read_at" if isinstance(value, Account) else "")
