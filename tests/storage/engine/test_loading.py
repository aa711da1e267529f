"""Rows as objects, found without the ORM: they are what it would have made of them, and are changed as its own are."""

import pytest
from sqlalchemy import bindparam
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, select

from storage import grants, holdings
from storage.engine.changing import change
from storage.engine.loading import Loading
from storage.records import Grant, Holding
from storage.states import GrantState
from tests.storage.rows import keep

GRANTS = SQLModel.metadata.tables[Grant.__tablename__]
BY_ID = Loading(Grant, pick(GRANTS).where(GRANTS.c.id == bindparam("of")))


def values(row: SQLModel) -> dict[str, object]:
    return {column.name: getattr(row, column.name) for column in GRANTS.c}


def test_each_column_is_what_the_orm_reads(database, now):
    """Times with their zone, lists and mappings, flags: by readers and by the writer."""
    kept = database.write_now(lambda tx: keep(tx, now, expires_at=now))

    def both(tx: Session) -> tuple[object, object]:
        (found,) = BY_ID.found(tx, {"of": kept.id})
        return values(found), values(tx.exec(select(Grant)).one())

    for run in (database.read_now, database.write_now):
        found, as_ever = run(both)
        assert found == as_ever
    assert database.read_now(lambda tx: BY_ID.found(tx, {"of": "g-none"})) == []


def test_what_a_session_holds_already_becomes_what_was_found(database, now):
    """One object for one row, however often it is looked for, and never an older state of it."""
    kept = database.write_now(lambda tx: keep(tx, now))

    def work(tx: Session) -> tuple[bool, int]:
        before = tx.get(Grant, kept.id)
        tx.connection().execute(GRANTS.update().values(minutes=7))
        after = grants.get(tx, kept.id)
        return before is after, before.minutes

    assert database.write_now(work) == (True, 7)


def test_what_is_assigned_to_a_held_row_is_kept(database, now):
    kept = database.write_now(lambda tx: keep(tx, now))

    def work(tx: Session) -> None:
        (row,) = BY_ID.held(tx, {"of": kept.id})
        row.end_reason = "by the ORM"
        change(tx, row, minutes=9)

    database.write_now(work)
    row = database.read_now(lambda tx: grants.get(tx, kept.id))
    assert (row.end_reason, row.minutes) == ("by the ORM", 9)


def test_what_was_assigned_is_not_lost_when_it_is_looked_for_again(database, now):
    """Nor is what was added passed over: both are written before."""
    kept = database.write_now(lambda tx: keep(tx, now))

    def work(tx: Session) -> None:
        row = grants.get(tx, kept.id)
        grants.show_verdict(row, reasons=["so"], missing={}, policy_set="p", foreseen="approval")
        assert grants.get(tx, kept.id) is row
        tx.add(Grant(**values(row) | {"id": "g-new"}))
        assert grants.get(tx, "g-new") is not None

    database.write_now(work)
    assert database.read_now(lambda tx: grants.get(tx, kept.id)).reasons == ["so"]


def test_what_was_deleted_is_found_no_more(database, now):
    """Though nobody has written yet that it is gone."""
    kept = database.write_now(lambda tx: keep(tx, now))

    def work(tx: Session) -> Grant | None:
        tx.delete(grants.get(tx, kept.id))
        return grants.get(tx, kept.id)

    assert database.write_now(work) is None


def test_what_is_looked_at_apart_moves_as_what_the_session_holds(database, now):
    """Also where the session has the same row: the store is right, and nobody's object comes between."""
    kept = database.write_now(lambda tx: keep(tx, now, GrantState.PENDING))

    def work(tx: Session) -> None:
        held, apart = grants.get(tx, kept.id), grants.look(tx, kept.id)
        assert apart is not held
        assert values(apart) == values(held)
        grants.move(tx, apart, GrantState.APPROVED, expires_at=now)
        with pytest.raises(ValueError, match="never moves"):
            grants.move(tx, apart, GrantState.APPROVED, expires_at=now)

    database.write_now(work)
    row = database.read_now(lambda tx: grants.get(tx, kept.id))
    assert (row.state, row.expires_at) == (GrantState.APPROVED, now)
    assert database.read_now(lambda tx: grants.look(tx, "g-none")) is None


def test_a_new_grant_that_moves_counts_for_its_holding(database, now):
    """Promise 1: what follows looks for it without the ORM, so it must be there by then."""

    def work(tx: Session) -> bool:
        grant = Grant(**values(keep(tx, now, GrantState.PENDING)) | {"id": "g-new", "account": "p-new"})
        grants.move(tx, grant, GrantState.APPROVED, expires_at=now)
        return holdings.follow_grant(tx, grant, at=now, due_at=now).wanted

    assert database.write_now(work) is True
    assert database.read_now(lambda tx: tx.exec(select(Holding)).one().wanted) is True
