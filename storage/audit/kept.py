"""What is signed and kept beside the log, checkpoints and statements of archives, held against what the log says of it.

It asks for no key and judges no signature: a row is the one that was kept if an entry has its number and its digest.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Table, bindparam, cast, select, type_coerce
from sqlalchemy.types import NullType

from storage.audit.archives import ARCHIVED, SIGNED_ANEW, Facts, archive_of, facts_of
from storage.audit.entry import decode
from storage.audit.findings import Finding
from storage.audit.log import Transaction, connection_of
from storage.audit.tables import ARCHIVES, CHECKPOINTS, ENTRIES
from storage.engine.plain import Plain, rows
from storage.faults import AuditFault

# The action of the entry that says that a checkpoint was kept.
TAKEN = "checkpoint.taken"

_OF_AN_ACTION = Plain(
    select(ENTRIES.c.index, cast(ENTRIES.c.leaf, LargeBinary))
    .where(ENTRIES.c.action == bindparam("action"))
    .order_by(ENTRIES.c.index)
)


def _all_of(table: Table) -> Plain:
    """Its rows as the driver has them."""
    columns: list[ColumnElement[Any]] = [type_coerce(each, NullType()) for each in table.c]
    return Plain(select(*columns).order_by(table.c.id))


_ROWS = {table: _all_of(table) for table in (CHECKPOINTS, ARCHIVES)}


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row as it stands there. beside: all but its number."""

    number: int
    beside: Sequence[Any]

    @property
    def facts(self) -> Facts:
        """What the log is to say of it: its number, and the digest of all else."""
        said = json.dumps(self.beside, separators=(",", ":"), default=_as_object)
        return {"number": self.number, "row": hashlib.sha256(said.encode()).hexdigest()}


@dataclass(frozen=True, kw_only=True)
class _Told:
    """An entry that says that a row was kept. facts: its own, in a version before without the row's."""

    index: int
    action: str
    facts: Facts

    @property
    def names_row(self) -> bool:
        """Whether it says of a row what that held."""
        return {"number", "row"} <= self.facts.keys()

    def tells_of(self, row: _Row) -> bool:
        """Whether the row is as this says."""
        return row.facts.items() <= self.facts.items()


def newest(tx: Transaction, table: Table) -> Facts:
    """What the log is to say of the row of these that was kept last."""
    return _kept(tx, table)[-1].facts


def untold(tx: Transaction) -> list[Facts]:
    """What the log is to say of the checkpoint that was kept last; of each, where a version before told of none."""
    return [row.facts for row in _kept(tx, CHECKPOINTS)[-1 if _told(tx, TAKEN) else 0 :]]


def misfits(tx: Transaction) -> Iterator[Finding]:
    """What is kept and is not what the log says, or on no record; what is on record and not kept any more."""
    if told := _told(tx, TAKEN):
        yield from _compared(_kept(tx, CHECKPOINTS), told, (), "checkpoint")
    said = [*_said(tx, ARCHIVED), *_said(tx, SIGNED_ANEW)]
    before = [one.facts for one in said if "row" not in one.facts]
    told = [one for one in said if one.names_row]
    yield from _compared(_kept(tx, ARCHIVES), told, before, "statement of an archive")


def _compared(
    kept: Sequence[_Row], told: Sequence[_Told], before: Sequence[Facts], what: str
) -> Iterator[Finding]:
    """before: what entries of a version before say, without the row's number and digest; each of one row."""
    left = list(before)
    by_number: dict[object, list[_Told]] = {}
    for one in told:
        by_number.setdefault(one.facts["number"], []).append(one)
    for row in kept:
        ours = by_number.get(row.number, [])
        fits = [one for one in ours if one.tells_of(row)]
        if ours and not fits:
            yield _changed(row, what)
        elif not ours and not _is_of_before(row, left):
            yield _put_there(row, what)
        # Of several that tell of one number only one can be right: what another tells of was taken away.
        by_number[row.number] = [one for one in ours if fits and one not in fits]
    for one in (each for missing in by_number.values() for each in missing):
        if not any(_is_anew(other, one) for other in told):
            yield _taken_away(one, what)


def _is_anew(other: _Told, one: _Told) -> bool:
    """Whether the entries of an archive were archived anew since, as is done where its statement was taken away."""
    first, end = one.facts.get("first", 0), one.facts.get("end", 0)
    later = other.action == ARCHIVED and other.index > one.index
    return later and bool(first < other.facts.get("end", 0) and other.facts.get("first", 0) < end)


def _kept(tx: Transaction, table: Table) -> list[_Row]:
    return [_Row(number=number, beside=beside) for number, *beside in rows(connection_of(tx), _ROWS[table])]


def _told(tx: Transaction, action: str) -> list[_Told]:
    """The entries of this action that say of a row what it held."""
    return [one for one in _said(tx, action) if one.names_row]


def _said(tx: Transaction, action: str) -> Iterator[_Told]:
    for index, leaf in rows(connection_of(tx), _OF_AN_ACTION, {"action": action}):
        with suppress(AuditFault):  # one that was edited is named where it stands
            yield _Told(index=index, action=action, facts=decode(leaf)["facts"])


def _is_of_before(row: _Row, left: list[Facts]) -> bool:
    """Whether a version before put what this row states on record. What says so is not left for another row."""
    archive = archive_of(row.beside, None) if left else None
    if archive is None or (facts := facts_of(archive)) not in left:
        return False
    left.remove(facts)
    return True


def _as_object(stored: bytes) -> dict[str, str]:
    return {"hex": stored.hex()}


def _changed(row: _Row, what: str) -> Finding:
    return Finding(
        kind="kept",
        detail=f"The {what} that is kept as number {row.number} is not what the log says of it: it was changed, or "
        "another stands in its place.",
    )


def _put_there(row: _Row, what: str) -> Finding:
    return Finding(
        kind="kept",
        detail=f"A {what} is kept as number {row.number}, and the log does not say so: it was put there by other "
        "hands.",
    )


def _taken_away(one: _Told, what: str) -> Finding:
    return Finding(
        kind="kept",
        detail=f"The log says at index {one.index} that a {what} was kept as number {one.facts['number']}, and it is "
        "not there: it was taken away.",
    )
