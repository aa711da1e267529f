"""Holdings: what follows from the grants, worked on by one at a time, and what stood before us is remembered."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from storage import grants, holdings
from storage.database import Database
from storage.records import Holding
from storage.states import GrantState
from tests.storage.rows import claim, keep, next_due

LEASE = timedelta(seconds=30)
KEY = {"directory": "local", "account": "p-ada", "group": "prod-db-rw"}


def follow(database: Database, at: datetime, due_at: datetime | None = None, **key: str) -> Holding:
    return database.write_now(lambda tx: holdings.follow(tx, at=at, due_at=due_at or at, **{**KEY, **key}))


def claimed(database: Database, at: datetime, limit: int = 50) -> list[Holding]:
    return database.write_now(
        lambda tx: claim(tx, directory="local", at=at, lease=LEASE, limit=limit, longest=timedelta(minutes=5))
    )


def row(database: Database) -> Holding:
    return database.read_now(lambda tx: tx.exec(select(Holding)).one())


@pytest.mark.parametrize("state", GrantState)
def test_a_holding_wants_what_its_live_grants_want(database, now, state):
    database.write_now(lambda tx: keep(tx, now, state))
    assert follow(database, now).wanted == (state in (GrantState.APPROVED, GrantState.ACTIVE))


def test_overlapping_grants_are_counted(database, now):
    """Promise 8: the end of one takes nothing away while another covers it."""
    first = database.write_now(lambda tx: keep(tx, now))
    database.write_now(lambda tx: keep(tx, now))

    def end(tx: Session) -> Holding:
        grant = grants.get(tx, first.id)
        grants.move(tx, grant, GrantState.ENDING)
        return holdings.follow_grant(tx, grant, at=now, due_at=now)

    assert database.write_now(end).wanted


@pytest.mark.parametrize("newcomers", [(), ("p-new",)])
def test_many_ends_are_followed_as_one_is(database, now, newcomers):
    """One that another grant covers, one that none does, and perhaps one that had no holding yet."""
    ends = now - timedelta(hours=1)
    known = ("p-ada", "p-bob")

    def work(tx: Session) -> None:
        ended = [
            keep(tx, now, GrantState.ENDING, account=who, expires_at=ends) for who in (*known, *newcomers)
        ]
        keep(tx, now, GrantState.ACTIVE, account="p-bob")
        for grant in ended[: len(known)]:
            holding = holdings.follow_grant(tx, grant, at=ends, due_at=ends)
            holdings.settle(tx, holding, present=True, over=False)
        holdings.follow_each(tx, ended, at=now)

    database.write_now(work)
    rows = database.read_now(lambda tx: {row.account: row for row in tx.exec(select(Holding)).all()})
    assert [who for who, row in rows.items() if row.wanted] == ["p-bob"]
    assert set(rows) == {*known, *newcomers}
    assert {(row.due_at, row.next_at, row.settled) for row in rows.values()} == {(ends, now, False)}


def test_what_two_grants_gave_is_due_since_the_last_of_them_ended(database, now):
    ends = [now - timedelta(hours=2), now - timedelta(hours=1)]

    def work(tx: Session) -> None:
        ended = [keep(tx, now, GrantState.ENDING, account="p-ada", expires_at=at) for at in ends]
        holdings.follow_grant(tx, ended[0], at=ends[0], due_at=ends[0])
        holdings.follow_each(tx, ended, at=now)

    database.write_now(work)
    (row,) = database.read_now(lambda tx: tx.exec(select(Holding)).all())
    assert (row.due_at, row.wanted) == (ends[1], False)


def test_one_membership_is_one_row_however_often_it_is_asked_for(database, now):
    ids = {follow(database, now).id for _ in range(3)}
    ids.add(follow(database, now, group="crm-readers").id)
    assert len(ids) == 2


def test_following_begins_anew(database, now):
    """The tries and the alarm of an earlier end do not count for this one."""
    follow(database, now)
    (claim,) = claimed(database, now)

    def fail(tx: Session) -> None:
        holding = holdings.held_under(tx, claim)
        holdings.release(tx, holding, next_at=now + timedelta(minutes=5), fault="It did not answer.")
        holdings.told_overdue(tx, holding, page_at=now)

    database.write_now(fail)
    again = follow(database, now + LEASE, due_at=now + LEASE)
    assert (again.attempts, again.overdue_told, again.page_at, again.settled) == (0, False, None, False)
    assert (again.next_at, again.due_at) == (now + LEASE, now + LEASE)


def test_removals_are_taken_up_first_then_what_waits_longest(database, now):
    """SL-11: nothing delays a revocation."""

    def work(tx: Session) -> None:
        for minutes, group in ((1, "add-new"), (9, "add-old")):
            keep(tx, now, group=group)
            holdings.follow(tx, at=now, due_at=now - timedelta(minutes=minutes), **{**KEY, "group": group})
        for minutes, group in ((1, "remove-new"), (5, "remove-old")):
            holdings.follow(tx, at=now, due_at=now - timedelta(minutes=minutes), **{**KEY, "group": group})

    database.write_now(work)
    taken = [claimed(database, now, limit=1)[0].group for _ in range(4)]
    assert taken == ["remove-old", "remove-new", "add-old", "add-new"]
    assert claimed(database, now) == []


def test_what_is_settled_not_due_or_elsewhere_is_left_alone(database, now):
    follow(database, now, directory="elsewhere")
    follow(database, now + timedelta(microseconds=1), group="later")
    follow(database, now)
    (claim,) = claimed(database, now)
    database.write_now(
        lambda tx: holdings.settle(tx, holdings.held_under(tx, claim), present=False, over=True)
    )
    assert claimed(database, now) == []


def test_whoever_lost_the_lease_may_not_complete(database, now):
    """Section 7: the fence sits on the holding, so that a removal and an addition are ordered."""
    follow(database, now)
    (slow,) = claimed(database, now)
    assert claimed(database, now + LEASE) == []
    (quick,) = claimed(database, now + LEASE + timedelta(microseconds=1))
    assert database.read_now(lambda tx: holdings.held_under(tx, slow)) is None
    assert not database.write_now(lambda tx: holdings.note_stood_before(tx, slow, stood=True))
    assert row(database).stood_before is None
    held = database.read_now(lambda tx: holdings.held_under(tx, quick))
    assert held is not None
    assert (held.fence, held.attempts) == (slow.fence + 1, 2)


def test_following_while_somebody_is_at_it_does_not_hand_the_work_to_another(database, now):
    """The one at it sees the new wish when it completes; two at once would race in the directory."""
    follow(database, now)
    (claim,) = claimed(database, now)
    database.write_now(lambda tx: keep(tx, now))
    assert follow(database, now).wanted
    assert claimed(database, now) == []
    assert database.read_now(lambda tx: holdings.held_under(tx, claim)) is not None


def test_what_stood_before_us_is_kept_until_the_last_grant_is_over(database, now):
    """Promise 8."""
    follow(database, now)
    (claim,) = claimed(database, now)
    assert database.write_now(lambda tx: holdings.note_stood_before(tx, claim, stood=True))
    database.write_now(
        lambda tx: holdings.settle(tx, holdings.held_under(tx, claim), present=True, over=False)
    )
    assert (row(database).stood_before, row(database).present, row(database).settled) == (True, True, True)
    follow(database, now)
    assert row(database).stood_before is True
    (claim,) = claimed(database, now)
    database.write_now(
        lambda tx: holdings.settle(tx, holdings.held_under(tx, claim), present=True, over=True)
    )
    assert row(database).stood_before is None


def test_a_failed_try_keeps_its_fault_and_its_turn(database, now):
    follow(database, now)
    (claim,) = claimed(database, now)
    later = now + timedelta(seconds=2)
    database.write_now(
        lambda tx: holdings.release(
            tx, holdings.held_under(tx, claim), next_at=later, fault="It did not answer."
        )
    )
    assert row(database).last_fault == "It did not answer."
    assert claimed(database, now) == []
    assert database.read_now(next_due) == later
    assert [one.attempts for one in claimed(database, later)] == [2]


def test_another_round_is_no_retry(database, now):
    follow(database, now)
    (claim,) = claimed(database, now)
    database.write_now(lambda tx: holdings.go_on(tx, holdings.held_under(tx, claim), next_at=now))
    assert [one.attempts for one in claimed(database, now)] == [1]


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def overdue(database: Database, at: datetime) -> list[str]:
    return database.read_now(
        lambda tx: [one.id for one in holdings.overdue(tx, at, after=MINUTE, again=HOUR, limit=100)]
    )


def told(database: Database, page_at: datetime | None) -> None:
    database.write_now(
        lambda tx: holdings.told_overdue(tx, tx.exec(select(Holding)).one(), page_at=page_at)  # type: ignore[arg-type]
    )


def test_overdue_removals_are_told_once_and_again_at_their_time(database, now):
    """Promise 1: overdue goes to the security channel, and is not forgotten there."""
    follow(database, now)
    assert overdue(database, now + MINUTE) == []
    late = now + 2 * MINUTE
    assert overdue(database, late) == [row(database).id]
    told(database, late + HOUR)
    assert overdue(database, late) == []
    assert overdue(database, late + HOUR) == [row(database).id]


def test_what_a_clock_that_was_set_back_put_far_off_is_told_all_the_same(database, now):
    follow(database, now)
    told(database, now + 3 * HOUR)
    assert overdue(database, now + 2 * MINUTE) == [row(database).id]


def test_what_an_earlier_version_told_of_is_told_again(database, now):
    """It knew of no second time, and may have worked beside this one."""
    follow(database, now)
    told(database, None)
    assert overdue(database, now + 2 * MINUTE) == [row(database).id]


def test_what_is_late_is_listed_with_the_longest_overdue_first(database, now):
    for minutes, group in ((5, "five"), (9, "nine"), (0, "none")):
        follow(database, now, due_at=now - minutes * MINUTE, group=group)
    found = database.read_now(lambda tx: [one.group for one in holdings.late(tx, now - MINUTE)])
    assert found == ["nine", "five"]


def test_an_addition_that_is_late_is_not_an_overdue_removal(database, now):
    database.write_now(lambda tx: keep(tx, now))
    follow(database, now)
    assert overdue(database, now + timedelta(days=1)) == []


def test_when_nothing_is_open_nothing_is_due(database):
    assert database.read_now(next_due) is None


def test_what_came_late_by_us_is_ours_though_another_had_read_it_as_standing(database, now):
    """Promise 1: the one whose turn was over says so between the other's reading and its note."""
    follow(database, now)
    (slow,) = claimed(database, now)
    (quick,) = claimed(database, now + LEASE + timedelta(microseconds=1))
    database.write_now(lambda tx: holdings.changed_late(tx, slow, at=now, ours=True))
    assert database.write_now(lambda tx: holdings.note_stood_before(tx, quick, stood=True))
    assert row(database).stood_before is False
    assert row(database).lease_until == quick.lease_until
