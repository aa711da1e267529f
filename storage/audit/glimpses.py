"""Entries as detectors look at them: those of a stretch, and the few before it of the same person or kind.

It goes by the copies beside the leaves and proves nothing; every look reads a bounded number of rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from storage.audit import times
from storage.audit.log import Transaction, connection_of
from storage.audit.stories import Brief
from storage.audit.tables import DONE, ENTRIES
from storage.engine.listed import among, listed
from storage.engine.plain import Plain, rows
from storage.micros import to_micros

NOBODYS = ("wicket", "cli")
"""Who acts for no person: Wicket itself, and commands of operators."""

REFUSED = "refused"

# Entries before a stretch that are looked at whatever the clock says of them: it may have been set back.
_AT_LEAST = 1000
_COLUMNS = ("index", "at", "action", "outcome", "actor", "subject", "resource", "correlation")
_BRIEFLY = select(*(ENTRIES.c[name] for name in _COLUMNS))
_BETWEEN = Plain(
    _BRIEFLY.where(
        ENTRIES.c.index >= bindparam("first"),
        ENTRIES.c.index < bindparam("end"),
        or_(among(ENTRIES.c.action.concat(""), "actions"), ENTRIES.c.outcome.concat("") != DONE),
    ).order_by(ENTRIES.c.index)
)
_KEPT_SINCE = Plain(select(ENTRIES.c.at).order_by(ENTRIES.c.index).limit(1))


@dataclass(frozen=True, kw_only=True)
class Trail:
    """Which entries belong together: done by one person, or about one, or all; of some actions, or with an outcome.

    Refusals are those of people: what Wicket itself was refused is none of them.

    before: how many of them before the new ones are wanted at most, within the span, or all of what is older than so
    much before whatever asked. begun_by: the action with which their stories begin, where its time is wanted.
    needed: with none of these, nothing else is looked at.
    """

    actor: str = ""
    subject: str = ""
    actions: tuple[str, ...] = ()
    outcome: str = ""
    before: int = 0
    span: timedelta | None = None
    older: timedelta | None = None
    begun_by: str = ""
    needed: bool = False

    def holds(self, entry: Brief) -> bool:
        """Whether a new entry belongs to it."""
        return (
            self.older is None
            and (not self.actor or entry.actor == self.actor)
            and (not self.subject or entry.subject == self.subject)
            and (not self.actions or entry.action in self.actions)
            and (not self.outcome or entry.outcome == self.outcome)
            and (self.outcome != REFUSED or entry.actor not in NOBODYS)
        )


def between(tx: Transaction, first: int, end: int, actions: Collection[str]) -> list[Brief]:
    """The entries from `first` up to `end` with these actions, and all that did not go well; in their order."""
    given = {"first": first, "end": end, "actions": listed(sorted(actions))}
    return [_brief(row) for row in rows(connection_of(tx), _BETWEEN, given)]


class Earlier:
    """What stands before a stretch of new entries. first: the index of the first of them; at: when it was written."""

    def __init__(self, tx: Transaction, first: int, at: datetime) -> None:
        self.first = first
        self._tx, self._at = tx, at
        self._floors: dict[timedelta, int] = {}

    def of(self, trail: Trail, at: datetime) -> list[Brief]:
        """The last entries of this trail, oldest first. at: when what asks for them happened."""
        if not trail.before:
            return []
        given = {
            **_given(trail),
            "floor": self._floor(trail.span),
            "end": self.first,
            "most": trail.before,
            "older": to_micros(at - trail.older) if trail.older is not None else 0,
        }
        found = rows(connection_of(self._tx), _earlier(_shape(trail), trail.older is not None), given)
        return [_brief(row) for row in reversed(found)]

    def _floor(self, span: timedelta | None) -> int:
        if span is None:
            return 0
        if span not in self._floors:
            self._floors[span] = floor(self._tx, self.first, self._at - span)
        return self._floors[span]


def count(tx: Transaction, trail: Trail, since: datetime, end: int) -> tuple[int, datetime | None]:
    """How many entries of this trail there are below the index `end` from this time on, and when the first was."""
    given = {**_given(trail), "since": to_micros(since), "floor": floor(tx, end, since), "end": end}
    ((found, first),) = rows(connection_of(tx), _counted(_shape(trail)), given)
    return int(found), first


def kept_since(tx: Transaction) -> datetime | None:
    """When the first entry was written; None if there is none."""
    found = rows(connection_of(tx), _KEPT_SINCE)
    at: datetime | None = found[0][0] if found else None
    return at


_Shape = tuple[bool, bool, bool, str]


def _shape(trail: Trail) -> _Shape:
    return bool(trail.actor), bool(trail.subject), bool(trail.actions), trail.outcome


def _given(trail: Trail) -> Mapping[str, Any]:
    return {"actor": trail.actor, "subject": trail.subject, "actions": listed(trail.actions)}


@lru_cache
def _earlier(shape: _Shape, older: bool) -> Plain:
    """The newest of a trail below an index, newest first: a statement for each shape, since each has its own index."""
    old = [type_coerce(ENTRIES.c.at, BigInteger) + 0 < bindparam("older")] if older else []
    wanted = _BRIEFLY.where(*_conditions(shape), *old)
    return Plain(wanted.order_by(ENTRIES.c.index.desc()).limit(bindparam("most")))


@lru_cache
def _counted(shape: _Shape) -> Plain:
    lately = type_coerce(ENTRIES.c.at, BigInteger) + 0 >= bindparam("since")
    counted: list[Any] = [func.count(), func.min(ENTRIES.c.at)]
    return Plain(select(*counted).where(*_conditions(shape), lately))


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    actor, subject, actions, outcome = shape
    entries, led = ENTRIES.c, actor or subject
    found = [entries.index >= bindparam("floor"), entries.index < bindparam("end")]
    # Of a person there are few entries, so their index leads; what else is wanted is looked at row by row.
    if actor:
        found.append(entries.actor == bindparam("actor"))
    if subject:
        found.append((entries.subject.concat("") if actor else entries.subject) == bindparam("subject"))
    if actions:
        found.append(among(entries.action.concat("") if led else entries.action, "actions"))
    if outcome == REFUSED:
        # An index over some rows is taken only where it is seen that no others are asked for.
        ended = entries.outcome.concat("") if led else entries.outcome
        found += [ended == literal_column(f"'{REFUSED}'"), ended != literal_column(f"'{DONE}'")]
        found.append(entries.actor.concat("").not_in([literal_column(f"'{one}'") for one in NOBODYS]))
    elif outcome:
        found.append(entries.outcome.concat("") == literal_column(f"'{outcome}'"))
    return found


def floor(tx: Transaction, first: int, at: datetime) -> int:
    """The index below which nothing of that time stands, as far as the clock was not set back."""
    index = times.lowest_from(connection_of(tx), at)
    return max(0, min(first if index is None else index, first - _AT_LEAST))


def _brief(row: Sequence[Any]) -> Brief:
    index, at, action, outcome, actor, subject, resource, correlation = row
    return Brief(
        index=index, at=at, action=action, outcome=outcome, actor=actor, subject=subject or "",
        resource=resource or "", correlation=correlation,
    )  # fmt: skip
