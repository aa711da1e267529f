"""Statements that run for every click, or thousands of times in a row: compiled once, then said to the driver.

It knows no table, and what it sends is what SQLAlchemy would: it only spares it the way there, which costs more.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    Update,
    literal_column,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.visitors import replacement_traverse

Values = Mapping[str, Any]
Statement: TypeAlias = Insert | Update | Delete | Select[Any] | CompoundSelect[Any]
_Change: TypeAlias = Callable[[Any], Any]
_Some = TypeVar("_Some", bound=Statement)

NO_VALUES: Values = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class _Said:
    """text: as the driver wants it. names: of its values, in order. changes: which of them are changed, and how.

    picked: those values, of all that are given. fixed: values that stand in the statement itself. read: which columns
    of an answer are changed, and how.
    """

    text: str
    positional: bool
    names: tuple[str, ...]
    picked: Callable[[Values], Iterable[Any]]
    changes: tuple[tuple[int, _Change], ...]
    fixed: Values
    read: tuple[tuple[int, _Change], ...]

    def given(self, values: Values) -> Any:
        """The values as the driver takes them."""
        if self.fixed:
            values = {**self.fixed, **values}
        made = list(self.picked(values))
        for at, change in self.changes:
            made[at] = change(made[at])
        return tuple(made) if self.positional else dict(zip(self.names, made, strict=True))

    def answered(self, found: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Rows of the driver as their columns have them."""
        if not self.read:
            return found
        rows = [list(row) for row in found]
        for row in rows:
            for index, change in self.read:
                if row[index] is not None:  # nothing is nothing, whatever its column holds
                    row[index] = change(row[index])
        return rows


class Plain:
    """A statement that takes all its values by name, and no list among them but one of states.

    statement: or one for each engine, by its name. columns: those that an insert sets, if not all.
    """

    def __init__(
        self, statement: Statement | Mapping[str, Insert], columns: Collection[str] | None = None
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._said: dict[type[Dialect], _Said] = {}

    def said_to(self, dialect: Dialect) -> _Said:
        """As this engine's driver takes it; readers of one engine may be told otherwise than its writer."""
        said = self._said.get(type(dialect))
        if said is None:
            chosen = (
                self._statement[dialect.name] if isinstance(self._statement, Mapping) else self._statement
            )
            said = self._said[type(dialect)] = _said(chosen, self._columns, dialect)
        return said


def run(connection: Connection, plain: Plain, values: Values = NO_VALUES) -> int:
    """Run one; how many rows it was about."""
    with Talk(connection) as talk:
        return talk.run(plain, values)


def run_each(connection: Connection, plain: Plain, many: Iterable[Values]) -> None:
    """Run one for each of these, in their order."""
    with Talk(connection) as talk:
        talk.run_each(plain, many)


def rows(connection: Connection, plain: Plain, values: Values = NO_VALUES) -> Sequence[Sequence[Any]]:
    """Run one that answers with rows."""
    with Talk(connection) as talk:
        return talk.rows(plain, values)


class Talk:
    """Several statements, one after the other, by one cursor that lasts as long as the block.

    What its driver raises is raised as SQLAlchemy's own fault once the block is left.
    """

    __slots__ = ("_connection", "_cursor", "_in_part", "dialect")

    def __init__(self, connection: Connection) -> None:
        self._connection, self.dialect = connection, connection.dialect

    def run(self, plain: Plain, values: Values = NO_VALUES) -> int:
        """Run one; how many rows it was about."""
        said = plain.said_to(self.dialect)
        self._cursor.execute(said.text, said.given(values))
        return int(self._cursor.rowcount)

    def run_each(self, plain: Plain, many: Iterable[Values]) -> None:
        """Run one for each of these, in their order."""
        said = plain.said_to(self.dialect)
        self._cursor.executemany(said.text, [said.given(values) for values in many])

    def rows(self, plain: Plain, values: Values = NO_VALUES) -> Sequence[Sequence[Any]]:
        """Run one that answers with rows."""
        said = plain.said_to(self.dialect)
        self._cursor.execute(said.text, said.given(values))
        return said.answered(self._cursor.fetchall())

    def run_in_part(self, text: str, values: Sequence[Any]) -> None:
        """Run a statement that is written as this driver wants it already, with values as it takes them.

        If it fails it may have been done in part, so all of its transaction is undone.
        """
        self._in_part = True
        self._cursor.execute(text, values)
        self._in_part = False

    def __enter__(self) -> "Talk":
        self._cursor: Any = self._connection.connection.cursor()
        self._in_part = False
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._cursor.close()
        if error is None:
            return
        driver = self.dialect.loaded_dbapi
        try:
            if isinstance(error, driver.Error):
                raise DBAPIError.instance(None, None, error, driver.Error, dialect=self.dialect) from error
        finally:
            if self._in_part:
                self._undo()

    def _undo(self) -> None:
        """As the ORM does it, so that nothing follows (storage.database)."""
        begun = self._connection.get_nested_transaction() or self._connection.get_transaction()
        if begun is not None:
            begun.rollback()


def _said(statement: Statement, columns: Collection[str] | None, dialect: Dialect) -> _Said:
    compiled = with_states(statement).compile(
        dialect=dialect, column_keys=None if columns is None else list(columns)
    )
    names = tuple(compiled.positiontup or dict.fromkeys(compiled.bind_names.values()))
    binds = {name: compiled.binds[name] for name in names}
    return _Said(
        text=str(compiled),
        positional=bool(compiled.positional),
        names=names,
        picked=_picking(names),
        changes=_changes(binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names),
        fixed={name: bind.effective_value for name, bind in binds.items() if not bind.required},
        read=_read(statement, dialect),
    )


def _picking(names: Sequence[str]) -> Callable[[Values], Iterable[Any]]:
    """What takes the values of these names out of others: every click has hundreds of them taken."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def with_states(statement: _Some) -> _Some:
    """The statement with its states written out, as all here are."""
    return cast(_Some, replacement_traverse(cast(Any, statement), {}, _written_out))


def _written_out(element: Any, **_: Any) -> ColumnElement[Any] | None:
    """A state stands in the statement itself. As a value it would have SQLite choose the way to the rows anew each
    time, since an index may be for the rows of one state only: that costs many times what going it does.
    """
    if not isinstance(element, BindParameter):
        return None
    if isinstance(element.value, StrEnum):
        return literal_column(f"'{element.value}'", element.type)
    if element.expanding and element.value and all(isinstance(one, StrEnum) for one in element.value):
        states = ", ".join(f"'{one}'" for one in element.value)
        return literal_column(f"({states})", element.type)
    return None


def _read(statement: Statement, dialect: Dialect) -> tuple[tuple[int, _Change], ...]:
    """What the types of the columns make of what the driver answers."""
    if isinstance(statement, Select | CompoundSelect):
        answers = list(statement.selected_columns)
    else:
        answers = list(statement.exported_columns)
    types = [column.type.dialect_impl(dialect) for column in answers]
    return _changes(kind.result_processor(dialect, None) for kind in types)


def _changes(of: Iterable[_Change | None]) -> tuple[tuple[int, _Change], ...]:
    return tuple((at, change) for at, change in enumerate(of) if change is not None)
