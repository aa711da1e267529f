"""Rows of one table as the objects that the ORM makes of them, without its way there, which costs more than the look.

It decides nothing: what is looked for stands in the statement, and what changes goes through `storage.engine.changing`.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from sqlalchemy import Insert
from sqlalchemy.orm import Mapper, class_mapper
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value
from sqlmodel import Session, SQLModel

from storage.engine.plain import NO_VALUES, Plain, Statement, Values, rows

R = TypeVar("R", bound=SQLModel)


class Loading(Generic[R]):
    """One statement that answers with all columns of a table, in their order."""

    def __init__(self, record: type[R], statement: Statement | Mapping[str, Insert]) -> None:
        self._record = record
        self._plain = Plain(statement)

    def found(self, tx: Session, values: Values = NO_VALUES) -> list[R]:
        """What it finds, apart from the session: nothing assigned to it is kept, nor would it be by a reader."""
        return [self._apart(row) for row in rows(tx.connection(), self._plain, values)]

    def held(self, tx: Session, values: Values = NO_VALUES) -> list[R]:
        """What it finds, in the session; an object that the session has already becomes what was found.

        What was assigned, added or deleted and is not written yet is written before, as the ORM does when it looks.
        """
        tx.flush()  # of a session that holds nothing it asks nothing, and makes none
        return [self._in(tx, self._apart(row)) for row in rows(tx.connection(), self._plain, values)]

    def one_found(self, tx: Session, values: Values = NO_VALUES) -> R | None:
        """The first that `found` answers with; None if there is none."""
        return next(iter(self.found(tx, values)), None)

    def one_held(self, tx: Session, values: Values = NO_VALUES) -> R | None:
        """The first that `held` answers with; None if there is none."""
        return next(iter(self.held(tx, values)), None)

    @cached_property
    def _mapper(self) -> Mapper[R]:
        return class_mapper(self._record)

    @cached_property
    def _key(self) -> Sequence[int]:
        """Where in a row the columns of its primary key are, in their order."""
        key = {column.key for column in self._mapper.primary_key}
        return [at for at, column in enumerate(self._mapper.local_table.c) if column.key in key]

    @cached_property
    def _names(self) -> Sequence[str]:
        return [self._mapper.get_property_by_column(column).key for column in self._mapper.local_table.c]

    def _apart(self, row: Sequence[Any]) -> R:
        mapper, names = self._mapper, self._names
        made: R = mapper.class_manager.new_instance()
        instance_dict(made).update(zip(names, row, strict=True))
        instance_state(made).key = mapper.identity_key_from_primary_key(tuple(row[at] for at in self._key))
        return made

    def _in(self, tx: Session, made: R) -> R:
        key = instance_state(made).key
        known: R | None = None if key is None else tx.identity_map.get(key)
        if known is None:
            tx.add(made)
            return made
        for name in self._names:
            set_committed_value(known, name, instance_dict(made)[name])
        return known
