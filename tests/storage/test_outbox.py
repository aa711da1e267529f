"""Messages owed: one a thing, the newest state wins, alerts first, and nobody's delivery overtakes another's."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from storage import outbox
from storage.database import Database
from storage.outbox import ALERT, NORMAL, Message
from storage.records import Owed

LEASE = timedelta(seconds=30)
LONGEST = timedelta(minutes=5)


def owe(tx: Session, at: datetime, subject: str = "g-1", **changes: Any) -> None:
    """A message to Ada about this, unless a test wants another."""
    outbox.owe(
        tx,
        **{
            "at": at,
            "courier": "slack",
            "kind": "request",
            "subject": subject,
            "recipient": "U0ADA",
            **changes,
        },
    )


def claimed(database: Database, at: datetime, *, limit: int = 50, courier: str = "slack") -> list[Owed]:
    return database.write_now(
        lambda tx: outbox.claim(tx, courier=courier, at=at, lease=LEASE, limit=limit, longest=LONGEST)
    )


def rows(database: Database) -> list[Owed]:
    return database.read_now(lambda tx: list(tx.exec(select(Owed)).all()))


def test_a_message_that_waits_is_not_owed_twice(database, now):
    """It will be rendered when it is delivered, and shows the newest state then."""
    for _ in range(3):
        database.write_now(lambda tx: owe(tx, now))
    assert database.read_now(outbox.backlog) == 1


@pytest.mark.parametrize(
    "other", [{"kind": "approval"}, {"subject": "g-2"}, {"recipient": "C0DATAOWN"}, {"courier": "mail"}]
)
def test_another_message_is_owed_beside_it(database, now, other):
    database.write_now(lambda tx: owe(tx, now))
    database.write_now(lambda tx: owe(tx, now, **other))
    assert database.read_now(outbox.backlog) == 2


def test_many_are_owed_as_each_alone(database, now):
    """One that waits shows the newest state already; one on its way may have been rendered before the change."""
    database.write_now(lambda tx: owe(tx, now, "on-its-way"))
    assert claimed(database, now)
    database.write_now(lambda tx: owe(tx, now, "waits"))
    later = now + timedelta(seconds=1)
    messages = [
        Message("request", subject, recipient)
        for subject in ("on-its-way", "waits", "new")
        for recipient in ("U0ADA", "U0BOB", "U0ADA")
    ]
    woken: list[frozenset[str]] = []

    def work(tx: Session) -> None:
        outbox.owe_each(tx, messages, at=later, courier="slack")
        woken.append(frozenset(tx.info["wake"]))
        outbox.owe_each(tx, [], at=later, courier="slack")

    database.write_now(work)
    fresh = [row for row in rows(database) if row.owed_at == later]
    assert [(row.subject, row.recipient) for row in fresh] == [
        ("on-its-way", "U0ADA"), ("on-its-way", "U0BOB"), ("waits", "U0BOB"), ("new", "U0ADA"), ("new", "U0BOB"),
    ]  # fmt: skip
    assert woken == [{"outbox"}]
    database.write_now(lambda tx: outbox.owe_each(tx, messages, at=later, courier="mail"))
    assert [row.courier for row in rows(database)].count("mail") == 6
    alone = fresh[-1].model_dump(exclude={"id", "recipient"})
    database.write_now(lambda tx: owe(tx, later, "new", recipient="U0EVE"))
    assert rows(database)[-1].model_dump(exclude={"id", "recipient"}) == alone


def test_what_changes_while_a_message_is_on_its_way_is_owed_again(database, now):
    """The one on its way may have been rendered before the change."""
    database.write_now(lambda tx: owe(tx, now))
    (on_its_way,) = claimed(database, now)
    database.write_now(lambda tx: owe(tx, now))
    database.write_now(lambda tx: owe(tx, now))
    assert database.read_now(outbox.backlog) == 2
    assert database.write_now(lambda tx: outbox.done(tx, on_its_way))
    assert [owed.subject for owed in claimed(database, now)] == ["g-1"]


def test_a_newer_message_about_the_same_waits_until_the_older_has_its_place(database, now):
    """Another replica would post it a second time, since nobody knows yet where the first one stands (promise 10)."""
    database.write_now(lambda tx: owe(tx, now))
    (on_its_way,) = claimed(database, now)
    database.write_now(lambda tx: owe(tx, now))
    database.write_now(lambda tx: owe(tx, now, "g-2"))
    assert [owed.subject for owed in claimed(database, now)] == ["g-2"]
    database.write_now(lambda tx: outbox.done(tx, on_its_way))
    assert [owed.subject for owed in claimed(database, now)] == ["g-1"]


def test_a_newer_message_does_not_wait_longer_than_the_older_ones_lease(database, now):
    """Whoever was at the older one is dead, or stands still."""
    database.write_now(lambda tx: owe(tx, now))
    claimed(database, now)
    database.write_now(lambda tx: owe(tx, now))
    later = now + LEASE + timedelta(microseconds=1)
    (left,) = claimed(database, later)
    assert left.attempts == 2
    database.write_now(lambda tx: outbox.done(tx, left))
    assert [owed.attempts for owed in claimed(database, later)] == [1]


def test_alerts_go_first_and_the_rest_by_age(database, now):
    """SL-11."""

    def work(tx: Session) -> None:
        owe(tx, now, "first")
        owe(tx, now, "second")
        owe(tx, now, "alert", urgency=ALERT, kind="exception")
        owe(tx, now, "third")

    database.write_now(work)
    assert [owed.subject for owed in claimed(database, now, limit=2)] == ["alert", "first"]
    assert [owed.subject for owed in claimed(database, now)] == ["second", "third"]
    assert ALERT < NORMAL


def test_what_is_leased_is_left_alone_until_the_lease_is_over(database, now):
    database.write_now(lambda tx: owe(tx, now))
    (first,) = claimed(database, now)
    assert first.attempts == 1
    assert claimed(database, now + LEASE) == []
    (second,) = claimed(database, now + LEASE + timedelta(microseconds=1))
    assert (second.attempts, second.fence) == (2, first.fence + 1)


def test_whoever_lost_the_lease_can_neither_finish_nor_postpone(database, now):
    """A courier that hung does not take away what another is delivering."""
    database.write_now(lambda tx: owe(tx, now))
    (slow,) = claimed(database, now)
    later = now + LEASE * 2
    (quick,) = claimed(database, later)
    assert not database.write_now(lambda tx: outbox.done(tx, slow))
    database.write_now(lambda tx: outbox.postpone(tx, slow, until=now, fault="too late"))
    (row,) = rows(database)
    assert (row.last_fault, row.lease_until) == ("", later + LEASE)
    assert database.write_now(lambda tx: outbox.done(tx, quick))
    assert not database.write_now(lambda tx: outbox.done(tx, quick))
    assert rows(database) == []


def test_what_could_not_be_delivered_waits_and_is_not_forgotten(database, now):
    """Promise 10."""
    database.write_now(lambda tx: owe(tx, now))
    (owed,) = claimed(database, now)
    until = now + timedelta(minutes=5)
    database.write_now(lambda tx: outbox.postpone(tx, owed, until=until, fault="Slack did not answer."))
    (row,) = rows(database)
    assert (row.next_at, row.last_fault, row.lease_until) == (until, "Slack did not answer.", None)
    assert claimed(database, until - timedelta(microseconds=1)) == []
    assert [one.attempts for one in claimed(database, until)] == [2]


def test_a_postponed_message_takes_the_newer_state_with_it(database, now):
    database.write_now(lambda tx: owe(tx, now))
    (owed,) = claimed(database, now)
    database.write_now(lambda tx: outbox.postpone(tx, owed, until=now + LEASE, fault="Slack did not answer."))
    database.write_now(lambda tx: owe(tx, now))
    assert database.read_now(outbox.backlog) == 1


def test_what_is_given_back_counts_no_attempt_and_is_due_when_it_is_said(database, now):
    """It was not tried: whoever lost the lease gives nothing back."""
    database.write_now(lambda tx: owe(tx, now))
    (owed,) = claimed(database, now)
    (again,) = claimed(database, now + LEASE * 2)
    until = now + LEASE * 3
    database.write_now(lambda tx: outbox.give_back(tx, [owed], until=until))
    assert claimed(database, now + LEASE * 2) == []
    database.write_now(lambda tx: outbox.give_back(tx, [again], until=until))
    assert claimed(database, until - timedelta(microseconds=1)) == []
    assert [(one.attempts, one.last_fault) for one in claimed(database, until)] == [(2, "")]


def test_only_what_is_so_urgent_is_taken(database, now):
    """Alerts are taken up by themselves, and so is the rest."""
    database.write_now(lambda tx: owe(tx, now, "news"))
    database.write_now(lambda tx: owe(tx, now, "alert", urgency=ALERT, kind="exception"))
    for urgency, subject in ((ALERT, "alert"), (NORMAL, "news")):
        taken = database.write_now(
            lambda tx, urgency=urgency: outbox.claim(
                tx, courier="slack", at=now, lease=LEASE, limit=9, longest=LONGEST, urgency=urgency
            )
        )
        assert [one.subject for one in taken] == [subject]


def test_each_courier_takes_its_own(database, now):
    database.write_now(lambda tx: owe(tx, now, courier="mail"))
    assert claimed(database, now) == []
    assert len(claimed(database, now, courier="mail")) == 1


def test_a_thread_is_told_in_order_whoever_asks_and_whatever_fails(database, now):
    """The second thing about it to the same person waits for the first, also for its next try, at every replica."""
    database.write_now(lambda tx: owe(tx, now, kind="page"))
    (first,) = claimed(database, now)
    database.write_now(lambda tx: owe(tx, now, kind="password-changed"))
    database.write_now(lambda tx: owe(tx, now, kind="password-changed", recipient="U0BOB"))
    (other,) = claimed(database, now)
    assert other.recipient == "U0BOB"
    database.write_now(lambda tx: outbox.done(tx, other))
    until = now + timedelta(minutes=1)
    database.write_now(lambda tx: outbox.postpone(tx, first, until=until, fault="Slack did not answer."))
    assert claimed(database, until - timedelta(microseconds=1)) == []
    (again,) = claimed(database, until)
    assert again.kind == "page"
    database.write_now(lambda tx: outbox.done(tx, again))
    assert [owed.kind for owed in claimed(database, until)] == ["password-changed"]


def test_what_was_given_back_is_not_overtaken_in_its_thread(database, now):
    """Another replica does not know that somebody waits for the recipient, and need not."""
    database.write_now(lambda tx: owe(tx, now, kind="page"))
    taken = claimed(database, now)
    database.write_now(lambda tx: outbox.give_back(tx, taken, until=now + LEASE))
    database.write_now(lambda tx: owe(tx, now, kind="password-changed"))
    assert claimed(database, now) == []


def test_what_fails_for_ever_does_not_hold_up_its_thread_for_ever(database, now):
    """It may be about the message itself."""
    database.write_now(lambda tx: owe(tx, now, kind="page"))
    for tried in range(outbox.HOLDS_UP + 1):
        (owed,) = claimed(database, now)
        database.write_now(lambda tx, owed=owed: outbox.postpone(tx, owed, until=now, fault="no"))
        if tried == 0:
            database.write_now(lambda tx: owe(tx, now, kind="password-changed"))
    assert {owed.kind for owed in claimed(database, now)} == {"page", "password-changed"}


def test_what_is_not_about_the_message_never_costs_it_its_place(database, now):
    """Slack was away, however long: what came after is told after."""
    database.write_now(lambda tx: owe(tx, now, kind="page"))
    for tried in range(3 * outbox.HOLDS_UP):
        (owed,) = claimed(database, now)
        assert owed.kind == "page"
        database.write_now(
            lambda tx, owed=owed: outbox.postpone(tx, owed, until=now, fault="503", keeps_its_place=True)
        )
        if tried == 0:
            database.write_now(lambda tx: owe(tx, now, kind="password-changed"))


def test_where_nobody_else_is_at_work_what_is_held_is_free_at_once(database, now):
    """An alert that a dead process was at does not wait for its lease; and the dead one's hand is off it."""
    database.write_now(lambda tx: owe(tx, now, urgency=ALERT, kind="exception"))
    (held,) = claimed(database, now)
    database.write_now(lambda tx: outbox.free_leases(tx, at=now))
    assert not database.write_now(lambda tx: outbox.done(tx, held))
    assert [(owed.kind, owed.attempts) for owed in claimed(database, now)] == [("exception", 2)]


def test_what_waits_for_its_time_is_left_to_wait_when_leases_are_freed(database, now):
    """Slack said when."""
    database.write_now(lambda tx: owe(tx, now))
    (owed,) = claimed(database, now)
    database.write_now(lambda tx: outbox.postpone(tx, owed, until=now + LEASE, fault="rate limited"))
    database.write_now(lambda tx: outbox.free_leases(tx, at=now))
    assert claimed(database, now) == []


def test_the_oldest_that_is_due_is_taken_first_also_when_it_was_tried_before(database, now):
    """However much is owed: what one person is told comes in the order in which it was owed."""
    database.write_now(lambda tx: owe(tx, now, "g-1"))
    (first,) = claimed(database, now)
    database.write_now(lambda tx: outbox.postpone(tx, first, until=now + LEASE, fault="503"))
    database.write_now(lambda tx: owe(tx, now, "g-2"))
    assert [owed.subject for owed in claimed(database, now + LEASE, limit=1)] == ["g-1"]


@pytest.mark.parametrize("state", ["owed", "postponed", "held"])
def test_a_clock_that_is_set_back_holds_nothing_up(database, now, state):
    """Neither what was owed before, nor what waits for its next try, nor what a dead one held."""
    database.write_now(lambda tx: owe(tx, now))
    if state != "owed":
        (owed,) = claimed(database, now)
    if state == "postponed":
        until = now + LONGEST
        database.write_now(lambda tx: outbox.postpone(tx, owed, until=until, fault="Slack did not answer."))
    assert len(claimed(database, now - timedelta(minutes=59))) == 1


def test_a_clock_that_is_set_back_a_little_takes_nothing_from_whoever_is_at_it(database, now):
    """A second back is usual, and no reason to post beside somebody."""
    database.write_now(lambda tx: owe(tx, now))
    claimed(database, now)
    assert claimed(database, now) == []
    database.write_now(lambda tx: owe(tx, now, "g-2"))
    (owed,) = claimed(database, now)
    database.write_now(lambda tx: outbox.postpone(tx, owed, until=now + LONGEST - LEASE, fault="no"))
    assert claimed(database, now - timedelta(seconds=1)) == []


def test_what_is_undone_owes_nothing(database, now):
    def work(tx: Session) -> None:
        owe(tx, now)
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(work)
    assert database.read_now(outbox.backlog) == 0


def test_where_a_message_stands_is_remembered_and_moved(database, now):
    """An edit rather than a second message (promise 10)."""
    where = {"kind": "request", "subject": "g-1", "recipient": "U0ADA"}
    assert database.read_now(lambda tx: outbox.where_posted(tx, **where)) is None
    for ts in ("1.1", "2.2"):
        database.write_now(
            lambda tx, ts=ts: outbox.remember_posted(tx, **where, channel="D0ADA", ts=ts, at=now)
        )
    posted = database.read_now(lambda tx: outbox.where_posted(tx, **where))
    assert posted is not None
    assert (posted.channel, posted.ts) == ("D0ADA", "2.2")
    other = {**where, "recipient": "C0DATAOWN"}
    assert database.read_now(lambda tx: outbox.where_posted(tx, **other)) is None
