"""Many exceptions of one kind: a row each, one message for all but the first few, nothing grave below what is not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from handlers.exceptions.strange import Kind
from storage import exception_work as work
from storage import outbox
from storage.exceptions import SECURITY, raise_exception, raised_during, settle_exceptions
from storage.floods import ALONE, EDITED_EVERY, FLOOD, LONGEST, WITHIN, folded
from storage.outbox import ALERT, GRAVE
from storage.records import ExceptionRecord, Owed
from storage.states import Resolution

LEASE = timedelta(seconds=30)
MANY = 40


def raised(database, at, number: int, **changes: Any) -> ExceptionRecord:
    facts = {
        "at": at, "kind": "refused-request", "cause": f"refused-request:p-{number}", "severity": "medium",
        "who": f"Person {number % 7}", "correlation": f"g-{number}", "facts": {}, "folds": True,
    }  # fmt: skip
    return database.write_now(lambda tx: raise_exception(tx, **{**facts, **changes}))


def flood(database, at, count: int = MANY, **changes: Any) -> list[ExceptionRecord]:
    return [raised(database, at, number, **changes) for number in range(count)]


def owed(database) -> list[Owed]:
    return database.read_now(lambda tx: list(tx.exec(select(Owed).order_by(Owed.id)).all()))


def leads(database) -> list[ExceptionRecord]:
    rows = database.read_now(lambda tx: list(tx.exec(select(ExceptionRecord)).all()))
    return [row for row in rows if FLOOD in row.facts]


def deliver(database, at) -> list[str]:
    """Everything that is due is posted; about what."""

    def posted(tx) -> list[str]:
        taken = outbox.claim(tx, courier="slack", at=at, lease=LEASE, limit=99, longest=timedelta(minutes=5))
        for one in taken:
            about = {"kind": one.kind, "subject": one.subject, "recipient": one.recipient}
            outbox.remember_posted(tx, **about, channel="C1", ts="1", at=at)
            outbox.done(tx, one)
        return [one.subject for one in taken]

    return database.write_now(posted)


def test_each_has_its_row_and_all_but_the_first_few_are_one_message(database, now):
    """O-7: nothing is lost from the record, and the channel is not filled."""
    rows = flood(database, now)
    [lead] = leads(database)
    assert [row.fold for row in rows] == [None] * ALONE + [lead.id] * (MANY - ALONE)
    assert [one.subject for one in owed(database)] == [*(row.id for row in rows[:ALONE]), lead.id]
    found = database.read_now(lambda tx: folded(tx, lead.id))
    assert (found.count, found.people, found.latest.fold) == (MANY - ALONE, 7, lead.id)


def test_the_count_is_edited_every_few_seconds_and_no_more_often(database, now):
    """O-7: edits must not take the room of news."""
    flood(database, now)
    [lead] = leads(database)
    assert deliver(database, now).count(lead.id) == 1
    told = 0
    for second in range(1, 21):
        at = now + timedelta(seconds=second)
        flood(database, at, 3, cause=f"another:{second}")
        told += deliver(database, at).count(lead.id)
    assert told == 20 // EDITED_EVERY.seconds


def test_few_are_never_folded_nor_are_kinds_that_ask_something_of_each(database, now):
    assert {row.fold for row in flood(database, now, ALONE)} == {None}
    assert {row.fold for row in flood(database, now, kind="unexplained", folds=False)} == {None}


def test_what_comes_slowly_is_never_folded(database, now):
    pause = WITHIN / ALONE + timedelta(seconds=1)
    assert {raised(database, now + number * pause, number).fold for number in range(20)} == {None}


def test_what_is_grave_is_never_counted_below_what_is_not(database, now):
    """O-7: the first of each goes before everything; the rest of them on a message of their own gravity."""
    flood(database, now)
    grave = flood(database, now, severity="high", cause="grave")
    assert [row.fold for row in grave] == [None] * MANY  # the same cause: counted on its own message
    assert [one.urgency for one in owed(database) if one.subject == grave[0].id] == [GRAVE]
    for number in range(ALONE, 2 * ALONE):
        raised(database, now, number, severity="high", cause=f"grave:{number}")
    mild, high = sorted(leads(database), key=lambda row: row.severity == "high")
    assert (mild.severity, high.severity) == ("medium", "high")
    urgencies = {one.subject: one.urgency for one in owed(database)}
    assert (urgencies[mild.id], urgencies[high.id]) == (ALERT, GRAVE)


def test_an_edit_of_what_is_grave_is_not_itself_grave(database, now):
    """O-7: a thousand repeats of one must not hold up the next."""
    raised(database, now, 1, severity="high")
    deliver(database, now)
    raised(database, now, 1, severity="high")
    assert [one.urgency for one in owed(database)] == [ALERT]


@pytest.mark.parametrize("done", ["acknowledged", "resolved"])
def test_what_was_done_about_the_message_was_done_about_all_that_it_counts(database, now, done):
    """O-7: and whatever comes after it is news, on a message of its own."""
    flood(database, now)
    [lead] = leads(database)
    ada = work.Worker(directory="staff", account="p-ada", name="Ada")

    def act(tx) -> None:
        row = work.get(tx, lead.id)
        if done == "acknowledged":
            work.acknowledge(tx, row, ada, at=now)
        else:
            work.resolve(tx, row, ada, at=now, why=Resolution.EXPECTED, words="a test")

    database.write_now(act)
    rows = database.read_now(lambda tx: list(tx.exec(select(ExceptionRecord)).all()))
    assert {row.state for row in rows if row.fold} == {done}
    assert {row.state for row in rows if not row.fold and row.id != lead.id} == {"open"}
    fresh = raised(database, now, MANY)
    assert fresh.fold not in (None, lead.id)


ADA = work.Worker(directory="staff", account="p-ada", name="Ada")


def lead_of(tx, row: ExceptionRecord) -> ExceptionRecord:
    found = work.get(tx, row.fold)
    assert found is not None
    return found


def resolved(database, row: ExceptionRecord, at) -> None:
    database.write_now(
        lambda tx: work.resolve(tx, lead_of(tx, row), ADA, at=at, why=Resolution.EXPECTED, words="a test")
    )


def test_a_flood_that_is_opened_again_opens_what_was_resolved_with_it(database, now):
    """O-7: else its message is open, and the record says of each that it is over. What ended by itself stays so."""
    rows = flood(database, now)
    alone, before, over, lasting = rows[0], *rows[-3:]
    database.write_now(
        lambda tx: work.resolve(
            tx, work.get(tx, before.id), ADA, at=now, why=Resolution.FALSE_ALARM, words="this one"
        )
    )
    later = now + timedelta(minutes=1)
    resolved(database, lasting, later)
    database.write_now(lambda tx: settle_exceptions(tx, at=later, causes=[over.cause]))
    database.write_now(lambda tx: work.reopen(tx, lead_of(tx, lasting), at=later))
    stands = {
        row.id: row for row in database.read_now(lambda tx: list(tx.exec(select(ExceptionRecord)).all()))
    }
    assert [stands[row.id].state for row in (before, over, lasting, alone)] == [
        "resolved", "resolved", "open", "open",
    ]  # fmt: skip
    assert (stands[lasting.id].reopened, stands[lasting.id].resolved_by, stands[alone.id].reopened) == (
        1,
        "",
        0,
    )


def test_a_flood_that_is_resolved_resolves_no_other_flood(database, now):
    """O-7: what somebody still looks into is about others than what came today."""
    yesterday = flood(database, now)
    later = now + LONGEST + WITHIN
    for number in range(2 * ALONE):
        today = raised(database, later, number, cause=f"today:{number}")
    assert today.fold not in (None, yesterday[-1].fold)
    resolved(database, today, later)
    assert database.read_now(lambda tx: lead_of(tx, yesterday[-1]).state) == "open"


def test_what_is_open_counts_as_one_piece_of_work(database, now):
    flood(database, now)
    assert database.read_now(lambda tx: work.how_many_wait(tx, now)) == (ALONE + 1, 0)
    assert len(database.read_now(lambda tx: work.waiting(tx, now, limit=99))) == ALONE + 1
    assert len(database.read_now(lambda tx: work.found(tx, work.Wanted(), limit=99))) == MANY + 1
    until = now + timedelta(days=1)
    assert database.read_now(lambda tx: raised_during(tx, now, until)) == {"refused-request": (MANY, MANY)}
    assert FLOOD not in list(Kind)  # no cause begins as that of a lead does


def test_one_that_is_over_is_shown_on_the_message_that_counts_it(database, now):
    rows = flood(database, now)
    [lead] = leads(database)
    deliver(database, now)
    later = now + timedelta(minutes=1)
    database.write_now(lambda tx: settle_exceptions(tx, at=later, causes=[rows[-1].cause]))
    assert [one.subject for one in owed(database)] == [lead.id]


def test_a_flood_that_does_not_end_is_news_again_each_day(database, now):
    """O-7: and one that paused for long is another."""
    flood(database, now)
    at, number = now, MANY
    while at < now + LONGEST:
        at, number = at + WITHIN * 0.9, number + 1
        raised(database, at, number)
    raised(database, at + WITHIN / 2, 0)
    assert len(leads(database)) == 1
    for again in (at + WITHIN / 2, at + 3 * WITHIN):
        for _ in range(2 * ALONE):
            number += 1
            raised(database, again, number)
    assert len(leads(database)) == 3


def test_an_owner_hears_of_each_of_theirs(database, now):
    """What is counted in the security channel may be the only one of its owner."""
    flood(database, now)
    row = raised(database, now, MANY, owner="data")
    assert [one.recipient for one in owed(database) if one.subject == row.id] == ["owner:data"]
    assert {one.recipient for one in owed(database)} == {SECURITY, "owner:data"}


def test_a_flood_of_before_the_clock_was_set_back_swallows_no_news(database, now):
    """Security would hear of nothing of that kind in a message of its own until the clock is where it was."""
    flood(database, now)
    deliver(database, now)
    earlier = now - timedelta(hours=5)
    news = raised(database, earlier, 0, cause="another")
    lead = next((one for one in leads(database) if one.id == news.fold), None)
    assert lead is None or lead.first_at == earlier
    assert deliver(database, earlier) == [news.fold or news.id]
