"""Statements that are said to the driver themselves: what they keep and raise is as if SQLAlchemy had said them."""

from datetime import timedelta

import pytest
from sqlalchemy import Column, MetaData, Table, Text, bindparam, insert, update
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlmodel import Session, SQLModel, select

from storage.faults import StorageUnavailable
from storage.plain import Plain, in_turn
from storage.records import Delivery

DELIVERIES = SQLModel.metadata.tables[Delivery.__tablename__]
ADD = Plain(insert(DELIVERIES))
MOVE = Plain(update(DELIVERIES).where(DELIVERIES.c.key == bindparam("of")).values(at=bindparam("then")))


def kept(database) -> list[tuple[str, object]]:
    return database.read_now(lambda tx: [(row.key, row.at) for row in tx.exec(select(Delivery))])


def test_what_was_given_is_kept_and_counted(database, now):
    def work(tx: Session) -> list[int]:
        with in_turn(tx.connection()) as run:
            return [
                run(ADD, {"key": "a", "at": now}),
                run(MOVE, {"of": "a", "then": now + timedelta(hours=1)}),
                run(MOVE, {"of": "b", "then": now}),
            ]

    assert database.write_now(work) == [1, 1, 0]
    assert kept(database) == [("a", now + timedelta(hours=1))]


def test_a_second_row_of_one_key_is_the_fault_it_always_is(database, now):
    def work(tx: Session) -> None:
        with in_turn(tx.connection()) as run:
            run(ADD, {"key": "a", "at": now})
            run(ADD, {"key": "a", "at": now})

    with pytest.raises(IntegrityError):
        database.write_now(work)
    assert kept(database) == []


def test_what_is_no_time_is_refused_as_everywhere(database, now):
    """A time without a zone does not get in by another door."""

    def work(tx: Session) -> None:
        with in_turn(tx.connection()) as run:
            run(ADD, {"key": "a", "at": now.replace(tzinfo=None)})

    with pytest.raises(ValueError, match="without a zone"):
        database.write_now(work)


def test_a_fault_of_the_driver_is_one_of_sqlalchemys(database):
    """So that what it means for the store is told as everywhere: SQLite's is trouble, PostgreSQL's an error of ours."""
    nowhere = Plain(insert(Table("nowhere", MetaData(), Column("key", Text))))

    def work(tx: Session) -> None:
        with in_turn(tx.connection()) as run:
            run(nowhere, {"key": "a"})

    with pytest.raises((StorageUnavailable, ProgrammingError), match="nowhere"):
        database.write_now(work)


def test_what_the_statement_says_itself_is_said_with_what_is_given(database, now):
    """And what has many values is run for each of them, and counted together."""
    again = Plain(
        update(DELIVERIES).where(DELIVERIES.c.key == bindparam("of")).values(key="z", at=bindparam("then"))
    )

    def work(tx: Session) -> list[int]:
        with in_turn(tx.connection()) as run:
            added = run(ADD, {"key": "a", "at": now}, {"key": "b", "at": now})
            return [added, run(again, {"of": "b", "then": now + timedelta(hours=1)})]

    assert database.write_now(work) == [2, 1]
    assert sorted(kept(database)) == [("a", now), ("z", now + timedelta(hours=1))]
