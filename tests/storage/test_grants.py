"""Grants as rows: an end that never moves, states that follow each other, and what is due is found in order."""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import grants
from storage.approvals import add_approval, approvals_of
from storage.database import Database
from storage.given import given_to
from storage.records import Grant
from storage.states import FOLLOWS, LIVE, GrantState
from tests.storage.rows import keep

HOUR = timedelta(hours=1)


def states_of(database: Database, found) -> list[str]:
    return [grant.id for grant in database.read_now(found)]


@pytest.mark.parametrize("state", [GrantState.APPROVED, GrantState.ACTIVE])
@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(), timedelta(days=9)])
def test_the_end_of_a_grant_never_moves(database, now, state, by):
    """Promise 1: not later, not earlier, not even to where it is, and nothing else of such a move is done."""
    grant = database.write_now(lambda tx: keep(tx, now, state))

    def move(tx: Session) -> None:
        found = grants.get(tx, grant.id)
        grants.move(tx, found, GrantState.ENDING, end_reason="moved", expires_at=found.expires_at + by)

    with pytest.raises(ValueError, match="never moves"):
        database.write_now(move)
    row = database.read_now(lambda tx: tx.get(Grant, grant.id))
    assert (row.state, row.expires_at, row.end_reason) == (state, now + 2 * HOUR, "")


def test_a_live_grant_ends_sooner_at_most(database, now):
    """Promise 1: never later, and what is over or never began has no end that moves."""
    for state in GrantState:
        for by in (timedelta(hours=-1), timedelta(), timedelta(microseconds=1)):
            ends_sooner(database, now, state, by)


def ends_sooner(database, now, state: GrantState, by: timedelta) -> None:
    """Or not at all. Each is of somebody else."""
    grant = database.write_now(
        lambda tx: keep(tx, now, state, account=f"{state}-{by.microseconds}-{by.days}", expires_at=now + HOUR)
    )

    def end_sooner(tx: Session) -> None:
        grants.end_sooner(tx, grants.get(tx, grant.id), now + HOUR + by)

    if state in LIVE and by < timedelta():
        database.write_now(end_sooner)
    else:
        with pytest.raises(ValueError, match="never moves to later"):
            database.write_now(end_sooner)
    row = database.read_now(lambda tx: tx.get(Grant, grant.id))
    moved = by if state in LIVE and by < timedelta() else timedelta()
    assert row.expires_at == now + HOUR + moved, (state, by)


def test_the_end_is_set_once_with_the_decision(database, now):
    def work(tx: Session) -> Grant:
        grant = keep(tx, now, GrantState.PENDING)
        grants.move(tx, grant, GrantState.APPROVED, decided_at=now, expires_at=now + HOUR)
        return grant

    grant = database.write_now(work)
    row = database.read_now(lambda tx: tx.get(Grant, grant.id))
    assert (row.state, row.decided_at, row.expires_at) == (GrantState.APPROVED, now, now + HOUR)


@pytest.mark.parametrize("before", GrantState)
def test_only_what_may_follow_follows(database, now, before):
    """Nothing leaves a final state, whoever asks, and nothing skips one."""

    def moved(tx: Session) -> set[GrantState]:
        done = set()
        for after in GrantState:
            grant = keep(tx, now, before)
            with suppress(ValueError):
                grants.move(tx, grant, after)
                done.add(after)
        return done

    same = {before} if before in FOLLOWS else set()
    assert database.write_now(moved) == set(FOLLOWS.get(before, ())) | same


def test_what_is_ending_or_over_is_never_given_again():
    """Promise 1: an end that has begun can only come about."""
    over = set(GrantState) - {GrantState.DRAFT, GrantState.PENDING, *LIVE}
    assert {state: FOLLOWS[state] for state in over if FOLLOWS.get(state)} == {
        GrantState.ENDING: frozenset({GrantState.ENDED})
    }


def test_requests_nobody_answered_are_found_when_their_time_is_over(database, now):
    def work(tx: Session) -> None:
        keep(tx, now, GrantState.PENDING, id="over", lapses_at=now)
        keep(tx, now, GrantState.PENDING, id="ahead", lapses_at=now + HOUR)
        keep(tx, now, GrantState.DENIED, id="answered", lapses_at=now - HOUR)

    database.write_now(work)
    assert states_of(database, lambda tx: grants.unanswered(tx, now, 10)) == ["over"]


def test_a_holding_is_concerned_by_live_grants_and_those_that_are_ending(database, now):
    def work(tx: Session) -> None:
        for state in GrantState:
            keep(tx, now, state, id=state)
        keep(tx, now, id="other-person", account="p-bob")
        keep(tx, now, id="other-group", group="crm-readers")
        keep(tx, now, id="other-directory", directory="elsewhere")

    database.write_now(work)
    found = states_of(
        database, lambda tx: grants.covering(tx, directory="local", account="p-ada", group="prod-db-rw")
    )
    assert sorted(found) == ["active", "approved", "ending"]


def test_what_somebody_had_before_is_found_newest_first(database, now):
    def work(tx: Session) -> None:
        for days in (3, 1, 2):
            keep(tx, now, GrantState.ENDED, id=f"{days}-days-ago", ended_at=now - timedelta(days=days))
        keep(tx, now, GrantState.VOIDED, id="never-had", ended_at=now)
        keep(tx, now, GrantState.ENDED, id="another", entitlement="crm-read", ended_at=now)

    database.write_now(work)
    found = states_of(database, lambda tx: grants.past_of(tx, "local", "p-ada", "prod-db"))
    assert found == ["1-days-ago", "2-days-ago", "3-days-ago"]


def test_nobody_decides_one_request_twice(database, now):
    """R-1: even if everything above failed, the row says no, and the first decision stands."""
    grant = database.write_now(lambda tx: keep(tx, now, GrantState.PENDING))

    def approve(tx: Session, *, approved: bool = True, who: str = "p-grace") -> None:
        add_approval(
            tx, grant, at=now, approver=who, approver_name="Grace Hopper", slack_user="U0GRACE", role="owner",
            approved=approved, rationale="ok",
        )  # fmt: skip

    database.write_now(approve)
    with pytest.raises(IntegrityError):
        database.write_now(lambda tx: approve(tx, approved=False))
    database.write_now(lambda tx: approve(tx, who="p-linus"))
    found = database.read_now(lambda tx: approvals_of(tx, grant.id))
    assert sorted((one.approver, one.approved) for one in found) == [("p-grace", True), ("p-linus", True)]


def test_a_decision_on_nothing_is_not_kept(database, now):
    with pytest.raises(IntegrityError):
        database.write_now(
            lambda tx: add_approval(
                tx, Grant(id="g-none"), at=now, approver="p-grace", approver_name="", slack_user="", role="owner",
                approved=True, rationale="ok",
            )
        )  # fmt: skip


def test_drafts_are_forgotten_and_what_was_asked_is_not(database, now):
    def work(tx: Session) -> None:
        keep(tx, now - 2 * HOUR, GrantState.DRAFT, id="old-draft")
        keep(tx, now, GrantState.DRAFT, id="new-draft")
        for state in set(GrantState) - {GrantState.DRAFT}:
            keep(tx, now - 2 * HOUR, state, id=state)

    database.write_now(work)
    database.write_now(lambda tx: grants.drop_drafts(tx, now - HOUR))
    left = {
        state for state in GrantState if database.read_now(lambda tx, s=state: tx.get(Grant, s)) is not None
    }
    assert left == set(GrantState) - {GrantState.DRAFT}
    assert database.read_now(lambda tx: tx.get(Grant, "new-draft")) is not None
    assert database.read_now(lambda tx: tx.get(Grant, "old-draft")) is None


def test_a_persons_grants_are_theirs_in_whatever_directory(database, now):
    """By who asked, and an id of another directory is somebody else's."""
    mine = {"requester_directory": "local", "requester_account": "p-ada"}
    database.write_now(lambda tx: keep(tx, now, id="g-1", directory="lab", account="l-ada", **mine))
    database.write_now(
        lambda tx: keep(tx, now, id="g-2", requester_directory="field", requester_account="p-ada")
    )
    ids = database.read_now(
        lambda tx: [
            [grant.id for grant in found]
            for found in (
                grants.live_of(tx, "local", "p-ada"),
                given_to(tx, "local", "p-ada"),
                grants.live_of(tx, "lab", "l-ada"),
                grants.covering(tx, directory="lab", account="l-ada", group="prod-db-rw"),
            )
        ]
    )
    assert ids == [["g-1"], ["g-1"], [], ["g-1"]]


def test_those_who_have_something_are_read_some_at_a_time(database, now):
    """However many there are: the next are read when the ones before are done with."""
    place = {"entitlement": "prod-db", "directory": "local", "group": "prod-db-rw"}

    def work(tx: Session) -> None:
        for number in range(501):
            keep(tx, now, account=f"p{number:03}")
        keep(tx, now, GrantState.ENDED, account="over")
        keep(tx, now, GrantState.PENDING, account="waits", lapses_at=now)
        keep(
            tx,
            now,
            account="elsewhere",
            directory="far",
            requester_directory="local",
            requester_account="p-ada",
        )
        keep(tx, now, account="other", group="other")

    database.write_now(work)
    pages = database.read_now(lambda tx: list(grants.active_in(tx, **place)))
    assert sorted(len(page) for page in pages) == [1, 500]
    assert {one for page in pages for one in page} == {f"p{number:03}" for number in range(501)}
    people = database.read_now(grants.people_concerned)
    assert people.keys() == {"local", "far"}
    assert people["far"] == {"elsewhere"}
    assert len(people["local"]) == 501 + len({"waits", "other", "p-ada"})
