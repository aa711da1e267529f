"""Statements that are said to the driver themselves: what they keep and raise is as if SQLAlchemy had said them."""

from datetime import timedelta

import pytest
from sqlalchemy import Column, MetaData, Table, Text, bindparam, insert, update
from sqlalchemy import select as select_columns
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlmodel import Session, SQLModel, select

from storage.engine.plain import Plain, rows, run, run_each
from storage.faults import StorageUnavailable
from storage.records import Delivery, Grant
from storage.states import LIVE, GrantState

DELIVERIES = SQLModel.metadata.tables[Delivery.__tablename__]
ADD = Plain(insert(DELIVERIES))
MOVE = Plain(update(DELIVERIES).where(DELIVERIES.c.key == bindparam("of")).values(at=bindparam("then")))


def kept(database) -> list[tuple[str, object]]:
    return database.read_now(lambda tx: [(row.key, row.at) for row in tx.exec(select(Delivery))])


def test_what_was_given_is_kept_and_counted(database, now):
    def work(tx: Session) -> list[int]:
        return [
            run(tx.connection(), ADD, {"key": "a", "at": now}),
            run(tx.connection(), MOVE, {"of": "a", "then": now + timedelta(hours=1)}),
            run(tx.connection(), MOVE, {"of": "b", "then": now}),
        ]

    assert database.write_now(work) == [1, 1, 0]
    assert kept(database) == [("a", now + timedelta(hours=1))]


def test_a_second_row_of_one_key_is_the_fault_it_always_is(database, now):
    def work(tx: Session) -> None:
        run(tx.connection(), ADD, {"key": "a", "at": now})
        run(tx.connection(), ADD, {"key": "a", "at": now})

    with pytest.raises(IntegrityError):
        database.write_now(work)
    assert kept(database) == []


def test_what_is_no_time_is_refused_as_everywhere(database, now):
    """A time without a zone does not get in by another door."""

    def work(tx: Session) -> None:
        run(tx.connection(), ADD, {"key": "a", "at": now.replace(tzinfo=None)})

    with pytest.raises(ValueError, match="without a zone"):
        database.write_now(work)


def test_a_fault_of_the_driver_is_one_of_sqlalchemys(database):
    """So that what it means for the store is told as everywhere: SQLite's is trouble, PostgreSQL's an error of ours."""
    nowhere = Plain(insert(Table("nowhere", MetaData(), Column("key", Text))))

    def work(tx: Session) -> None:
        run(tx.connection(), nowhere, {"key": "a"})

    with pytest.raises((StorageUnavailable, ProgrammingError), match="nowhere"):
        database.write_now(work)


def test_rows_come_as_their_columns_have_them(database, now):
    """Also with values that stand in the statement itself."""
    one = Plain(
        select_columns(DELIVERIES)
        .where(DELIVERIES.c.key == "a", DELIVERIES.c.at >= bindparam("since"))
        .limit(1)
    )

    def work(tx: Session) -> list[list[object]]:
        run_each(tx.connection(), ADD, [{"key": "a", "at": now}, {"key": "b", "at": now}])
        return [list(row) for row in rows(tx.connection(), one, {"since": now})]

    assert database.write_now(work) == [["a", now]]
    assert run_now(database, MOVE, {"of": "b", "then": now}) == 1


def run_now(database, plain: Plain, values: dict[str, object]) -> int:
    return database.write_now(lambda tx: run(tx.connection(), plain, values))


def test_readers_and_the_writer_are_each_told_in_their_own_words(database, now):
    """A lock is for the writer alone: the same statement serves both, on either engine."""
    locked = Plain(select_columns(DELIVERIES.c.key).with_for_update())
    database.write_now(
        lambda tx: (run(tx.connection(), ADD, {"key": "a", "at": now}), rows(tx.connection(), locked))
    )
    assert [tuple(row) for row in database.read_now(lambda tx: rows(tx.connection(), locked))] == [("a",)]


def test_what_the_statement_says_itself_is_said_with_what_is_given(database, now):
    """And what has many values is run for each of them."""
    again = Plain(
        update(DELIVERIES).where(DELIVERIES.c.key == bindparam("of")).values(key="z", at=bindparam("then"))
    )

    def work(tx: Session) -> int:
        run_each(tx.connection(), ADD, [{"key": "a", "at": now}, {"key": "b", "at": now}])
        return run(tx.connection(), again, {"of": "b", "then": now + timedelta(hours=1)})

    assert database.write_now(work) == 1
    assert sorted(kept(database)) == [("a", now), ("z", now + timedelta(hours=1))]


def test_a_state_stands_in_the_statement_and_is_no_value_of_it(database):
    """As a value it would have SQLite plan the statement anew each time it is run."""
    grants = SQLModel.metadata.tables[Grant.__tablename__]
    waiting = select_columns(grants.c.id).where(
        grants.c.account == bindparam("of"), grants.c.state == GrantState.PENDING
    )
    said = database.read_now(lambda tx: Plain(waiting).said_to(tx.connection().dialect))
    assert "state = 'pending'" in said.text
    assert said.given({"of": "p-ada"}) in (("p-ada",), {"of": "p-ada"})


def test_states_of_which_it_may_be_any_stand_in_the_statement_too(database):
    """They are the one list that it takes: indexes are for rows of such states."""
    grants = SQLModel.metadata.tables[Grant.__tablename__]
    live = Plain(select_columns(grants.c.id).where(grants.c.state.in_(LIVE)))
    said = database.read_now(lambda tx: live.said_to(tx.connection().dialect))
    assert "state IN ('approved', 'active')" in said.text
    assert database.read_now(lambda tx: list(rows(tx.connection(), live))) == []
