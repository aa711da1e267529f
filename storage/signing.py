"""Rows signed as they are written, and looked at before what they say counts (storage.macs).

What was not as Wicket wrote it is never signed by a change of something else; and it decides nothing but that it does
not count: it is noted, and whoever asked for the row goes on as if there were none.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Table,
    Update,
    and_,
    bindparam,
    event,
    func,
    inspect,
    or_,
    select,
    update,
)
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value
from sqlmodel import Session, SQLModel

from storage import records
from storage.audit.heads import MACS
from storage.engine.plain import Plain, run_each
from storage.macs import ACTED_UPON, BOUND, FOLLOWING, UNDER_WAY, VOID, Macs, Row, bound, needs_mac
from storage.taking_over import may_be_unsigned, takes_over

R = TypeVar("R", bound=SQLModel)

DOUBTS = "doubts"
_CHANGING = "changing"
_MOST_DOUBTS = 1000
_AT_ONCE = 100
_BOUND = {table: frozenset(names) for table, names in BOUND.items()}
# Of what is over nothing needs a MAC, and there may be very much of it.
_NEEDED: Mapping[str, ColumnElement[bool]] = {
    "exceptions": SQLModel.metadata.tables[records.ExceptionRecord.__tablename__].c.kind.in_(
        sorted(ACTED_UPON)
    ),
    "grants": SQLModel.metadata.tables[records.Grant.__tablename__].c.state.in_(UNDER_WAY),
    "holdings": SQLModel.metadata.tables[records.Holding.__tablename__].c.stood_before.is_(True),
    "streams": SQLModel.metadata.tables[records.Stream.__tablename__].c.name.in_(FOLLOWING),
}


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A row that is not as Wicket wrote it. key: what its primary key consists of.

    directory, account: whom it is about, where the row says it. of: the grant, petition or visit that it belongs to.
    """

    table: str
    key: tuple[str, ...]
    directory: str
    account: str
    of: str


def new_doubts() -> deque[Doubt]:
    """Where a database notes them until somebody tells of them: a few, since they go on being found."""
    return deque(maxlen=_MOST_DOUBTS)


def genuine(tx: Session, row: SQLModel) -> bool:
    """Whether this row counts: it is as Wicket wrote it, or needs no MAC. One that is not is noted.

    In a database without keys everything counts: only tools that give nobody anything open one so.
    """
    return is_sound(tx, str(row.__tablename__), _columns_of(row), _mac_of(row))


def if_genuine(tx: Session, row: R | None) -> R | None:
    """The row, if there is one and it counts."""
    return row if row is not None and genuine(tx, row) else None


def only_genuine(tx: Session, rows: Iterable[R]) -> list[R]:
    """Those that count."""
    return [row for row in rows if genuine(tx, row)]


def is_sound(tx: Session, table: str, row: Row, mac: str) -> bool:
    """`genuine`, for the columns of a row by their names."""
    macs = _macs(tx)
    if macs is None or macs.holds(table, row, mac) or _waits(tx, table, mac):
        return True
    note_doubt(tx, table, row)
    return False


def note_doubt(tx: Session, table: str, row: Row) -> None:
    """Note that this row does not count, for whoever tells of it."""
    columns = BOUND[table]
    doubt = Doubt(
        table=table,
        key=tuple(str(row[name]) for name in _key(table)),
        directory=_first_of(row, columns, "directory"),
        account=_first_of(row, columns, "account", "approver", "member"),
        of=_first_of(row, columns, "grant", "petition", "handle"),
    )
    tx.info[DOUBTS].append(doubt)


def note_missing(tx: Session, table: str, key: str, *, account: str) -> None:
    """Note that a row is not there as the record has it. key: the visit that it belongs to. account: of whom it is."""
    tx.info[DOUBTS].append(Doubt(table=table, key=(key,), directory="", account=account, of=key))


def signed(tx: Session, table: str, values: Row) -> dict[str, Any]:
    """A new row with its MAC, for a statement that is said to the driver as it is."""
    return {**values, "mac": _new_mac(tx, table, values)}


def resigned(tx: Session, row: SQLModel, values: Row) -> Mapping[str, Any]:
    """What a change of these columns makes of the row's MAC; nothing if none is bound, or it was not sound."""
    table, macs = str(row.__tablename__), _macs(tx)
    if macs is None or not bound(table, tuple(values)):
        return {}
    before = {**_columns_of(row), **instance_state(row).committed_state}  # as it is stored
    after = {**before, **values}
    if _waits(tx, table, _mac_of(row)):
        return {}
    if macs.holds(table, before, _mac_of(row)):
        return {"mac": macs.of(table, after)}
    return {} if needs_mac(table, after) else {"mac": ""}


def unsigned(tx: Session) -> dict[str, int]:
    """How many rows need a MAC and have none, by table."""
    found = dict[str, int]()
    for name in BOUND:
        asked = select(func.count()).select_from(SQLModel.metadata.tables[name]).where(*_without(name))
        if count := int(tx.connection().execute(asked).scalar_one()):
            found[name] = count
    return found


def sign_unsigned(tx: Session, name: str, *, limit: int) -> int:
    """Sign some rows of this table that need a MAC and have none, as they stand; how many."""
    macs, table = tx.info[MACS], SQLModel.metadata.tables[name]
    asked = select(*(table.c[each] for each in BOUND[name])).where(*_without(name)).limit(limit)
    rows = tx.connection().execute(asked.with_for_update()).mappings().all()
    _put_macs(tx, table, [(macs.of(name, row), row) for row in rows])
    return len(rows)


def sign_by_newest(tx: Session, name: str, *, limit: int, skip: int) -> tuple[int, int]:
    """Put some rows of this table that an older key signed under the newest; how many, and how many are not sound.

    skip: how many that are not sound were seen before: those stay as they are.
    """
    macs, table = tx.info[MACS], SQLModel.metadata.tables[name]
    asked = (
        select(*(table.c[each] for each in (*BOUND[name], "mac")))
        .where(table.c.mac.not_in(("", VOID)), table.c.mac.not_like(f"{macs.newest}.%"))
        .order_by(*(table.c[each] for each in _key(name)))
        .limit(limit)
        .offset(skip)
        .with_for_update()
    )
    rows = tx.connection().execute(asked).mappings().all()
    sound = [row for row in rows if macs.holds(name, row, row["mac"])]
    _put_macs(tx, table, [(macs.of(name, row), row) for row in sound])
    return len(sound), len(rows) - len(sound)


class Signing(Session):
    """A session that signs what it writes: new rows, changed ones, and those that an UPDATE is about."""

    def execute(self, statement: Any, *given: Any, **how: Any) -> Any:
        """The same; the rows that an UPDATE of bound columns is about are signed anew, if they were sound."""
        table = self._bound_by(statement)
        if table is None:
            return super().execute(statement, *given, **how)
        sound = _sound_among(self, table, statement._where_criteria)
        answer: Any = super().execute(statement, *given, **how)
        answer = answer.freeze()() if statement._returning else answer  # before the next statement is run
        _sign(self, table, sound)
        return answer

    def _bound_by(self, statement: Any) -> Table | None:
        if _macs(self) is None or not isinstance(statement, Update) or not isinstance(statement.table, Table):
            return None
        names = tuple(str(getattr(one, "key", one)) for one in statement._values or ())
        return statement.table if bound(statement.table.name, names) else None


@event.listens_for(Signing, "before_flush")
def _before_flush(tx: Session, *_: Any) -> None:
    """New rows are signed; of those that are changed it is kept which were sound before."""
    macs = _macs(tx)
    if macs is None:
        return
    for row in tx.new:
        if (name := _bound_table(row)) is not None:
            for each in _texts_of(name):
                if getattr(row, each) is None:  # what the database puts there is signed, too
                    setattr(row, each, "")
            row.mac = _new_mac(tx, name, _columns_of(row))
    tx.info[_CHANGING] = changing = list[tuple[Table, list[tuple[Any, ...]]]]()
    for row in tx.dirty:
        name = _bound_table(row)
        if name is None or not (row.mac or needs_mac(name, _columns_of(row))):
            continue
        if bound(name, tuple(inspect(row).committed_state)):
            table = row.metadata.tables[name]
            which = [table.c[each] == getattr(row, each) for each in _key(name)]
            changing.append((table, _sound_among(tx, table, which)))


@event.listens_for(Signing, "after_flush_postexec")
def _after_flush(tx: Session, *_: Any) -> None:
    for table, sound in tx.info.pop(_CHANGING, ()):
        signs = _sign(tx, table, sound)
        for row in tx.identity_map.values():
            if _bound_table(row) == table.name:
                mac = signs.get(tuple(getattr(row, name) for name in _key(table.name)))
                if mac is not None:
                    set_committed_value(row, "mac", mac)


def _sound_among(tx: Session, table: Table, which: Sequence[ColumnElement[bool]]) -> list[tuple[Any, ...]]:
    """The keys of the sound ones among these rows, which are held until the transaction ends."""
    macs, names = tx.info[MACS], (*BOUND[table.name], "mac")
    asked = select(*(table.c[name] for name in names)).where(*which).with_for_update()
    rows = tx.connection().execute(asked).mappings().all()
    sound = (row for row in rows if macs.holds(table.name, row, row["mac"]))
    signed = (row for row in sound if not _waits(tx, table.name, row["mac"]))
    return [tuple(row[name] for name in _key(table.name)) for row in signed]


def _sign(tx: Session, table: Table, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], str]:
    """Sign these rows as they stand now; their new MACs, by their keys."""
    macs, names, signs = tx.info[MACS], _key(table.name), dict[tuple[Any, ...], str]()
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        which = [and_(*(table.c[n] == v for n, v in zip(names, key, strict=True))) for key in some]
        asked = select(*(table.c[name] for name in BOUND[table.name])).where(or_(*which))
        rows = tx.connection().execute(asked).mappings().all()
        signs |= {tuple(row[name] for name in names): macs.of(table.name, row) for row in rows}
    _put_macs(tx, table, [(mac, dict(zip(names, key, strict=True))) for key, mac in signs.items()])
    return signs


def _put_macs(tx: Session, table: Table, signs: Sequence[tuple[str, Any]]) -> None:
    if signs:
        names = _key(table.name)
        values = [{"mac": mac, **{f"of_{name}": row[name] for name in names}} for mac, row in signs]
        run_each(tx.connection(), _put_mac(table), values)


def _macs(tx: Session) -> Macs | None:
    macs: Macs | None = tx.info.get(MACS)
    return macs


def _waits(tx: Session, table: str, mac: str) -> bool:
    """Whether it has no MAC and may have none yet: it counts, and stays without one until all are signed."""
    return mac == "" and may_be_unsigned(tx, table)


def _new_mac(tx: Session, table: str, row: Row) -> str:
    """The MAC of a new row. An older replica could not sign it anew, so while there may be one it has none."""
    macs = _macs(tx)
    return "" if macs is None or takes_over(tx) else macs.of(table, row)


def _mac_of(row: SQLModel) -> str:
    return str(getattr(row, "mac"))  # noqa: B009 - mypy


def _without(name: str) -> list[ColumnElement[bool]]:
    needed = [_NEEDED[name]] if name in _NEEDED else []
    return [SQLModel.metadata.tables[name].c.mac == "", *needed]


def _first_of(row: Row, columns: Sequence[str], *names: str) -> str:
    return next((str(row[name]) for name in names if name in columns), "")


@cache
def _put_mac(table: Table) -> Plain:
    which = [table.c[name] == bindparam(f"of_{name}") for name in _key(table.name)]
    return Plain(update(table).where(*which).values(mac=bindparam("mac")))


@cache
def _key(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in SQLModel.metadata.tables[table].primary_key)


@cache
def _texts_of(table: str) -> tuple[str, ...]:
    """Its bound columns in which nothing stands where nothing is said."""
    columns = SQLModel.metadata.tables[table].c
    return tuple(name for name in BOUND[table] if columns[name].server_default is not None)


def _bound_table(row: Any) -> str | None:
    name = str(getattr(row, "__tablename__", ""))
    return name if name in BOUND else None


def _columns_of(row: SQLModel) -> Row:
    """An object of the ORM as its columns, the bound ones among them: what it has is read without the ORM."""
    known, table = instance_dict(row), str(row.__tablename__)
    return known if known.keys() >= _BOUND[table] else {name: getattr(row, name) for name in BOUND[table]}
