"""Grants that end many at a time: found by their time, moved together or not at all."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from storage import endings, grants, holdings
from storage.faults import NotKept
from storage.states import LIVE, GrantState
from tests.storage.rows import keep

HOUR = timedelta(hours=1)


def test_what_is_due_is_found_the_longest_overdue_first(database, now):
    def work(tx: Session) -> None:
        for hours, state in enumerate(GrantState):
            keep(tx, now, state, id=f"{state}-late", expires_at=now - HOUR * (hours + 1))
            keep(tx, now, state, id=f"{state}-ahead", expires_at=now + timedelta(microseconds=1))
        keep(tx, now, GrantState.ACTIVE, id="just-now", expires_at=now)

    database.write_now(work)
    found = database.read_now(lambda tx: endings.due(tx, now, 10))
    assert [one.id for one in found] == ["active-late", "approved-late", "just-now"]
    assert {one.state for one in found} == set(LIVE)
    assert [one.id for one in database.read_now(lambda tx: endings.due(tx, now, 1))] == ["active-late"]


def test_what_is_needed_of_a_grant_is_as_the_row_says(database, now):
    kept = database.write_now(lambda tx: keep(tx, now, lapses_at=now, active_at=now, expires_at=now))
    (found,) = database.read_now(lambda tx: endings.due(tx, now, 10))
    assert found._asdict() == {name: getattr(kept, name) for name in endings.Ending._fields}


def test_the_next_end_is_that_of_the_first_live_grant(database, now):
    """Promise 1: so that nobody looks for it too late. What is over, or ending already, is no end to come."""
    assert database.read_now(lambda tx: endings.next_end(tx, now)) is None

    def work(tx: Session) -> None:
        for hours, state in enumerate(
            (GrantState.ENDING, GrantState.ENDED, GrantState.ACTIVE, GrantState.APPROVED)
        ):
            keep(tx, now, state, expires_at=now + HOUR * hours)

    database.write_now(work)
    assert database.read_now(lambda tx: endings.next_end(tx, now)) == now + HOUR * 2
    beyond = database.read_now(lambda tx: endings.next_end(tx, now + HOUR * 2))
    assert beyond == now + HOUR * 3, (
        "what is over already, and is kept from ending, is looked for at each tick"
    )


def test_what_lasts_beyond_all_its_minutes_was_granted_by_a_clock_that_was_ahead(database, now):
    """Whatever is live; what is over lasts no more, and what waits has no end yet."""

    def work(tx: Session) -> None:
        for state in GrantState:
            later, moment = now + HOUR * 2, timedelta(microseconds=1)
            ahead = {"decided_at": now + moment, "expires_at": later + moment}
            keep(tx, now, state, **ahead, id=f"{state}-ahead")
            keep(tx, now, state, **{**ahead, "decided_at": now}, id=f"{state}-longer")
            keep(tx, now, state, **{**ahead, "expires_at": later}, id=f"{state}-mended")
            keep(tx, now, state, **{**ahead, "expires_at": None}, id=f"{state}-unset")

    database.write_now(work)
    found = database.read_now(lambda tx: endings.ahead(tx, now))
    assert sorted(found) == ["active-ahead", "approved-ahead"]


def states(tx: Session, *ids: str) -> list[str]:
    return [grants.get(tx, each).state for each in ids]


def test_many_live_grants_begin_to_end_at_once_or_none_does(database, now):
    """What is final stays final, also among others."""
    live = [database.write_now(lambda tx: keep(tx, now)).id for _ in range(2)]
    over = database.write_now(lambda tx: keep(tx, now, GrantState.ENDED)).id

    def begin(tx: Session, *ids: str) -> None:
        endings.begin(tx, ids, reason="its time is over")

    with pytest.raises(NotKept):
        database.write_now(lambda tx: begin(tx, *live, over))
    assert database.read_now(lambda tx: states(tx, *live)) == [GrantState.ACTIVE] * 2
    database.write_now(lambda tx: begin(tx, *live))
    assert database.read_now(lambda tx: states(tx, *live)) == [GrantState.ENDING] * 2
    assert database.read_now(lambda tx: grants.get(tx, live[0]).end_reason) == "its time is over"


@pytest.mark.parametrize("other", [state for state in GrantState if state != GrantState.ENDING])
def test_many_ends_are_reached_at_once_or_none_is(database, now, other):
    ending = database.write_now(lambda tx: keep(tx, now, GrantState.ENDING)).id
    another = database.write_now(lambda tx: keep(tx, now, other)).id
    with pytest.raises(NotKept):
        database.write_now(lambda tx: endings.end(tx, [ending, another], at=now))
    assert database.read_now(lambda tx: states(tx, ending, another)) == [GrantState.ENDING, other]
    database.write_now(lambda tx: endings.end(tx, [ending], at=now))
    ended = database.read_now(lambda tx: grants.get(tx, ending))
    assert (ended.state, ended.ended_at) == (GrantState.ENDED, now)


def test_each_holding_is_concerned_by_live_grants_and_those_that_are_ending(database, now):
    def work(tx: Session) -> list[str]:
        for state in GrantState:
            keep(tx, now, state, id=state)
        keep(tx, now, id="of-bob", account="p-bob")
        keep(tx, now, id="other-group", group="crm-readers")
        keep(tx, now, id="other-directory", directory="elsewhere")
        return [
            holdings.follow(tx, at=now, directory="local", account=who, group="prod-db-rw", due_at=now).id
            for who in ("p-ada", "p-bob", "p-eve")
        ]

    ada, bob, eve = database.write_now(work)
    found = database.read_now(lambda tx: endings.covering_each(tx, [ada, bob, eve]))
    assert {holding: sorted(one.id for one in of) for holding, of in found.items()} == {
        ada: ["active", "approved", "ending"],
        bob: ["of-bob"],
        eve: [],
    }
    assert database.read_now(lambda tx: endings.standing_each(tx, [ada, eve])) == {
        ada: {"active": "active", "approved": "approved", "ending": "ending"},
        eve: {},
    }
