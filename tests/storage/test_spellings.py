"""One group whose name is written in several ways: rows are found by each, and new ones are written as the old."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from storage import grants, holdings, standings
from storage.database import Database
from storage.engine.stores import Store
from storage.group_names import GroupNames
from storage.holdings import follow_grant
from storage.records import Grant, Holding, Standing, Watched
from storage.spellings import ways
from storage.states import GrantState
from tests.storage.rows import keep

OLD, NEW = "Prod-DB-RW", "prod-db-rw"
PLACE = {"directory": "local", "account": "p-ada"}


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    """Of the directory "local", which tells no capitals apart, and of others that do."""
    opened = Database(store, busy_timeout=0.1, group_names=GroupNames({"local": str.lower}))
    yield opened
    opened.close()


def rows_of(database: Database, table: type) -> list:
    return database.read_now(lambda tx: list(tx.exec(select(table)).all()))


@pytest.mark.parametrize(
    "state", [GrantState.DRAFT, GrantState.PENDING, GrantState.ACTIVE, GrantState.ENDING]
)
def test_a_new_row_is_written_as_what_waits_or_is_given(database, now, state):
    database.write_now(lambda tx: keep(tx, now, state, group=OLD))
    assert database.read_now(lambda tx: ways(tx, **PLACE, group=NEW)) == [OLD]


@pytest.mark.parametrize("other", [{"account": "p-bob"}, {"directory": "exact"}, {"group": "prod-db"}])
def test_what_is_another_membership_is_written_as_it_is(database, now, other):
    database.write_now(lambda tx: keep(tx, now, **{"group": OLD, **other}))
    assert database.read_now(lambda tx: ways(tx, **PLACE, group=NEW)) == [NEW]


def test_where_capitals_are_told_apart_nothing_is_asked(database, now):
    database.write_now(lambda tx: keep(tx, now, directory="exact", group=OLD))
    assert database.read_now(lambda tx: ways(tx, directory="exact", account="p-ada", group=NEW)) == [NEW]


def test_a_membership_has_one_row_in_whatever_way_it_is_asked_for(database, now):
    def work(tx: Session) -> list[str]:
        given = follow_grant(tx, keep(tx, now, group=OLD), at=now, due_at=now)
        found = holdings.of_account(tx, **PLACE, group=NEW)
        again = holdings.follow(tx, at=now, **PLACE, group=NEW, due_at=now)
        (listed,) = holdings.of_accounts(tx, directory="local", group=NEW, accounts=["p-ada"]).values()
        return [given.id, found.id, again.id, listed.id]

    ids = database.write_now(work)
    (row,) = rows_of(database, Holding)
    assert (set(ids), row.group, row.wanted) == ({row.id}, OLD, True)


@pytest.mark.parametrize("group", [OLD, NEW])
def test_grants_are_found_in_either_way(database, now, group):
    place = {**PLACE, "group": group}

    def work(tx: Session) -> dict[str, object]:
        for one in (OLD, NEW):
            keep(tx, now, group=one)
            holding = follow_grant(
                tx, keep(tx, now, GrantState.ENDED, group=one, ended_at=now), at=now, due_at=now
            )
        here = {"directory": "local", "group": group}
        about = {**here, "entitlement": "prod-db"}
        return {
            "covering": len(grants.covering(tx, **place)),
            "of the holding": len(grants.covering_each(tx, [holding])[holding.id]),
            "ended": len(grants.ended_since(tx, **place, at=now)),
            "concerning": len(grants.concerning_group(tx, **about)),
            "among": len(grants.concerning_group(tx, **about, among=["p-ada"])),
            "active": sum(map(len, grants.active_in(tx, **about))),
            "covered": grants.covered_in(tx, **here, among=["p-ada"]),
        }

    assert database.write_now(work) == {
        "covering": 2, "of the holding": 2, "ended": 2, "concerning": 2, "among": 2, "active": 2,
        "covered": {"p-ada"},
    }  # fmt: skip


def end_one(tx: Session, ended: Grant, at) -> None:
    follow_grant(tx, ended, at=at, due_at=at)


def end_many(tx: Session, ended: Grant, at) -> None:
    holdings.follow_each(tx, [ended], at=at)


@pytest.mark.parametrize("end", [end_one, end_many])
def test_two_rows_of_before_want_the_same(database, now, end: Callable[..., None]):
    """What another grant gives is wanted by both, and by neither once that is over; by one of them it is ours."""

    def held_apart(tx: Session) -> dict[str, Grant]:
        found = {one: keep(tx, now, group=one, expires_at=now) for one in (OLD, NEW)}
        for name, grant in found.items():
            holding = follow_grant(tx, grant, at=now, due_at=now)
            holdings.change(tx, holding, settled=True, stood_before=name == NEW)
        return found

    given = database.write_now(held_apart)
    for name, wanted in ((OLD, True), (NEW, False)):

        def finish(tx: Session, name: str = name) -> None:
            grant = grants.get(tx, given[name].id)
            grants.move(tx, grant, GrantState.ENDING)
            end(tx, grant, now + timedelta(hours=1))

        database.write_now(finish)
        said = {(row.wanted, row.settled, row.stood_before) for row in rows_of(database, Holding)}
        assert said == {(wanted, False, False)}


@pytest.mark.parametrize("end", [end_one, end_many])
def test_what_is_over_is_read_anew_the_next_time(database, now, end: Callable[..., None]):
    """Promise 8: what other hands give after it was over is not ours, though we gave the same by another name."""

    def work(tx: Session) -> None:
        for name, state in ((OLD, GrantState.ENDED), (NEW, GrantState.ACTIVE)):
            holding = follow_grant(tx, keep(tx, now, state, group=name), at=now, due_at=now)
            holdings.settle(tx, holding, present=name == NEW, over=name == OLD)
        given = grants.covering(tx, **PLACE, group=NEW)[0]
        holdings.change(tx, holdings.of_account(tx, **PLACE, group=NEW), stood_before=False)
        grants.move(tx, given, GrantState.ENDING)
        end(tx, given, now + timedelta(hours=1))

    database.write_now(work)
    assert {row.group: row.stood_before for row in rows_of(database, Holding)} == {OLD: None, NEW: False}


@pytest.mark.parametrize("restless", [OLD, NEW])
@pytest.mark.parametrize("asked", [OLD, NEW])
def test_of_two_rows_the_one_that_is_worked_on_counts(database, now, restless, asked):
    """A membership is known to be as it should only when nobody is at it any more."""

    def work(tx: Session) -> list[str]:
        for one in (OLD, NEW):
            follow_grant(tx, keep(tx, now, group=one), at=now, due_at=now)
        for row in tx.exec(select(Holding)).all():
            if row.group != restless:
                holdings.settle(tx, row, present=True, over=False)
        some = holdings.of_accounts(tx, directory="local", group=asked, accounts=["p-ada"])
        return [some["p-ada"].group, holdings.of_account(tx, **PLACE, group=asked).group]

    assert database.write_now(work) == [restless, restless]


@pytest.mark.parametrize("group", [OLD, NEW])
def test_what_we_gave_by_one_of_two_rows_did_not_stand_before(database, now, group):
    """Promise 8: a version before took what our first row had given for something that stood there."""

    def work(tx: Session) -> frozenset[str]:
        for account in ("p-ada", "p-bob"):
            for one in (OLD, NEW):
                holding = follow_grant(tx, keep(tx, now, group=one, account=account), at=now, due_at=now)
                holdings.change(tx, holding, stood_before=(account, one) != ("p-ada", OLD))
        return holdings.stood_before(tx, directory="local", group=group)

    assert database.write_now(work) == {"p-bob"}


def test_what_is_over_for_good_is_not_taken_up_again(database, now):
    def work(tx: Session) -> None:
        over = follow_grant(tx, keep(tx, now, GrantState.ENDED, group=OLD), at=now, due_at=now)
        holdings.settle(tx, over, present=False, over=True)
        follow_grant(tx, keep(tx, now, group=NEW), at=now, due_at=now)

    database.write_now(work)
    assert {row.group: row.settled for row in rows_of(database, Holding)} == {OLD: True, NEW: False}


def test_what_stands_in_a_group_is_known_in_either_way(database, now):
    def work(tx: Session) -> list[object]:
        about = {"at": now, "directory": "local", "entitlement": "prod-db"}
        standings.watch(tx, **about, group=OLD, found=[("account", "p-ada")])
        standings.declare(
            tx, **about, group=NEW, members=[("account", "p-ada"), ("account", "p-bob")], owner="it",
            declared_by="p-sam", rationale="ok", review_at=now,
        )  # fmt: skip
        seen = [standings.is_watched(tx, "local", NEW), standings.is_watched(tx, "exact", OLD)]
        return [*seen, *(len(standings.of_group(tx, "local", one)) for one in (OLD, NEW))]

    assert database.write_now(work) == [True, False, 2, 2]
    assert {row.group for row in (*rows_of(database, Standing), *rows_of(database, Watched))} == {OLD}
    database.write_now(
        lambda tx: standings.forget(tx, "local", NEW, [("account", "p-ada"), ("account", "p-bob")])
    )
    assert rows_of(database, Standing) == []
