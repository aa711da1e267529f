"""Exceptions as rows: one a cause while it lasts, counted, and owed to the security channel before anything else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from storage import outbox
from storage.exceptions import SAME_CAUSE, SECURITY, raise_exception
from storage.outbox import ALERT
from storage.records import ExceptionRecord, Owed

LEASE = timedelta(seconds=30)


def raised(database, at, **changes: Any) -> ExceptionRecord:
    facts = {
        "at": at, "kind": "tampered", "cause": "tampered:p-eve", "severity": "medium", "who": "Eve Example",
        "correlation": "g-1", "facts": {"tries": 1},
    }  # fmt: skip
    return database.write_now(lambda tx: raise_exception(tx, **{**facts, **changes}))


def owed(database) -> list[Owed]:
    return database.read_now(lambda tx: list(tx.exec(select(Owed)).all()))


def test_an_exception_is_kept_and_owed_to_the_security_channel_first(database, now):
    row = raised(database, now)
    assert (row.count, row.first_at, row.last_at, row.facts) == (1, now, now, {"tries": 1})
    (message,) = owed(database)
    assert (message.kind, message.subject, message.recipient, message.urgency) == (
        "exception",
        row.id,
        SECURITY,
        ALERT,
    )


def test_the_same_cause_is_counted_and_does_not_flood(database, now):
    first = raised(database, now)
    for minute in range(1, 100):
        again = raised(database, now + timedelta(minutes=minute), facts={"tries": minute})
    assert (again.id, again.count, again.first_at) == (first.id, 100, now)
    assert (again.last_at, again.facts) == (now + timedelta(minutes=99), {"tries": 99})
    assert len(owed(database)) == 1


def test_a_repeat_after_it_was_told_is_told_again_on_the_same_message(database, now):
    first = raised(database, now)
    (told,) = database.write_now(lambda tx: outbox.claim(tx, courier="slack", at=now, lease=LEASE, limit=9))
    database.write_now(lambda tx: outbox.done(tx, told))
    raised(database, now)
    assert [message.subject for message in owed(database)] == [first.id]


def test_another_cause_is_another_exception(database, now):
    assert raised(database, now).id != raised(database, now, cause="tampered:p-bob").id
    assert len(owed(database)) == 2


def test_a_cause_that_was_quiet_for_a_day_is_news_again(database, now):
    first = raised(database, now)
    assert raised(database, now + SAME_CAUSE - timedelta(microseconds=1)).id == first.id
    quiet = now + 2 * SAME_CAUSE
    assert raised(database, quiet).id != first.id
    assert raised(database, quiet).count == 2


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("low", "high", "high"),
        ("high", "low", "high"),
        ("medium", "low", "medium"),
        ("low", "medium", "medium"),
    ],
)
def test_what_was_grave_stays_grave_and_may_become_graver(database, now, before, after, shown):
    raised(database, now, severity=before)
    assert raised(database, now, severity=after).severity == shown


def test_the_message_tells_of_the_latest(database, now):
    raised(database, now)
    again = raised(database, now, who="Eve Example-Smith", correlation="g-2")
    assert (again.who, again.correlation) == ("Eve Example-Smith", "g-2")


def test_what_is_undone_raises_nothing(database, now):
    def work(tx) -> None:
        raise_exception(
            tx, at=now, kind="tampered", cause="c", severity="low", who="", correlation="", facts={}
        )
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(work)
    assert owed(database) == []
