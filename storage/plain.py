"""Statements that run thousands of times in a row: compiled once for each engine, then said to the driver as they are.

It knows no table, and what it sends is what SQLAlchemy would: it only spares it the way there, which costs more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert, Update

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Said:
    """text: as the driver wants it. names: of its values, in order. changed: what the type of each makes of it.

    fixed: the values that the statement itself says.
    """

    text: str
    positional: bool
    names: tuple[str, ...]
    changed: tuple[Callable[[Any], Any] | None, ...]
    fixed: Mapping[str, Any]

    def given(self, values: Values) -> Any:
        """The values as the driver takes them."""
        values = {**self.fixed, **values} if self.fixed else values
        made = [
            values[name] if change is None else change(values[name])
            for name, change in zip(self.names, self.changed, strict=True)
        ]
        return tuple(made) if self.positional else dict(zip(self.names, made, strict=True))


class Plain:
    """An insert or update that takes its values by name, and no list among them."""

    def __init__(self, statement: Insert | Update, columns: Sequence[str] | None = None) -> None:
        """columns: those that an insert gives a value, if it does not give one to all."""
        self._statement, self._columns = statement, columns
        self._said: dict[str, _Said] = {}

    def said_to(self, dialect: Dialect) -> _Said:
        """As this engine's driver takes it."""
        said = self._said.get(dialect.name)
        if said is None:
            said = self._said[dialect.name] = _said(self._statement, self._columns, dialect)
        return said


class Run(Protocol):
    """Runs one statement with these values, or for each of several, and tells how many rows it was about."""

    def __call__(self, plain: Plain, *each: Values) -> int: ...


@contextmanager
def in_turn(connection: Connection) -> Iterator[Run]:
    """Several statements one after the other, by one cursor. What has many values goes to the driver at once, which
    spares a server the answers in between.

    The transaction has begun. What the driver raises is raised as SQLAlchemy's own fault, as everywhere else.
    """
    dialect, cursor = connection.dialect, connection.connection.cursor()
    driver = dialect.loaded_dbapi

    def run(plain: Plain, *each: Values) -> int:
        said = plain.said_to(dialect)
        if len(each) == 1:
            cursor.execute(said.text, said.given(each[0]))
        else:
            cursor.executemany(said.text, [said.given(values) for values in each])
        return cursor.rowcount

    try:
        yield run
    except driver.Error as error:
        raise DBAPIError.instance(None, None, error, driver.Error, dialect=dialect) from error
    finally:
        cursor.close()


def _said(statement: Insert | Update, columns: Sequence[str] | None, dialect: Dialect) -> _Said:
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    names = tuple(compiled.positiontup or dict.fromkeys(compiled.bind_names.values()))
    return _Said(
        text=str(compiled),
        positional=bool(compiled.positional),
        names=names,
        fixed={
            name: compiled.binds[name].effective_value for name in names if not compiled.binds[name].required
        },
        changed=tuple(
            compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names
        ),
    )
