"""What is owed outside Slack: high, open and unacknowledged for so long, once for each channel and each opening."""

from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from storage import escalations
from storage import exception_work as work
from storage.exceptions import raise_exception, settle_exceptions
from storage.records import ExceptionRecord, Owed
from storage.states import Resolution

AFTER = timedelta(minutes=15)
ADA = work.Worker(directory="staff", account="p-ada", name="Ada")


def raised(database, at, **changes: Any) -> ExceptionRecord:
    facts = {
        "at": at, "kind": "tampered", "cause": "t", "severity": "high", "who": "Eve", "correlation": "g-1", "facts": {},
    }  # fmt: skip
    return database.write_now(lambda tx: raise_exception(tx, **{**facts, **changes}))


def owe(database, at) -> list[str]:
    def owed(tx) -> list[str]:
        rows = escalations.unheeded(tx, at, 20, after=AFTER)
        for row in rows:
            escalations.owe_outside(tx, row, ["webhook", "mail"], at=at)
        return [row.id for row in rows]

    return database.write_now(owed)


def on(database, row, act) -> None:
    database.write_now(lambda tx: act(tx, work.get(tx, row.id)))


def test_it_is_owed_once_to_each_channel_after_its_time(database, now):
    """O-6."""
    row = raised(database, now)
    assert owe(database, now + AFTER - timedelta(seconds=1)) == []
    assert owe(database, now + AFTER) == [row.id]
    assert owe(database, now + AFTER) == []
    told = select(Owed).where(Owed.kind == "escalation").order_by(col(Owed.id))
    found = database.read_now(lambda tx: tx.exec(told).all())
    assert [(one.courier, one.subject) for one in found] == [
        ("outside:webhook", row.id),
        ("outside:mail", row.id),
    ]


def test_what_was_raised_before_the_clock_was_set_back_is_not_waited_for(database, now):
    """O-6: those on duty would hear of it hours later."""
    row = raised(database, now)
    assert owe(database, now - AFTER) == []
    assert owe(database, now - timedelta(hours=5)) == [row.id]


def test_only_what_is_grave_and_nobodys_goes_out(database, now):
    """O-6."""
    raised(database, now, severity="medium", cause="mild")
    seen, over, resolved = (raised(database, now, cause=cause) for cause in ("seen", "over", "resolved"))
    on(database, seen, lambda tx, row: work.acknowledge(tx, row, ADA, at=now))
    on(
        database,
        resolved,
        lambda tx, row: work.resolve(tx, row, ADA, at=now, why=Resolution.EXPECTED, words=""),
    )
    database.write_now(lambda tx: settle_exceptions(tx, at=now, causes=[over.cause]))
    assert owe(database, now + AFTER) == []


def test_who_is_assigned_to_it_has_not_acknowledged_it(database, now):
    """O-6: handing it on is no look at it."""
    row = raised(database, now)
    on(database, row, lambda tx, kept: work.assign(tx, kept, ADA, at=now))
    assert owe(database, now + AFTER) == [row.id]


def test_what_is_opened_again_goes_out_again_after_its_time(database, now):
    """O-6."""
    row = raised(database, now)
    owe(database, now + AFTER)
    later = now + timedelta(hours=2)
    on(database, row, lambda tx, kept: work.resolve(tx, kept, ADA, at=now, why=Resolution.EXPECTED, words=""))
    on(database, row, lambda tx, kept: work.reopen(tx, kept, at=later))
    assert owe(database, later + AFTER / 2) == []
    assert owe(database, later + AFTER) == [row.id]


def test_what_was_raised_before_the_update_and_goes_on_goes_out_too(database, now):
    """O-6: a version before this one did not keep since when it was open."""
    row = raised(database, now)
    on(database, row, lambda tx, kept: tx.add(_as_of_before(kept)))
    assert owe(database, now + AFTER) == []
    later = now + timedelta(minutes=1)
    assert raised(database, later).id == row.id
    assert owe(database, later + AFTER) == [row.id]


def _as_of_before(row: ExceptionRecord) -> ExceptionRecord:
    row.open_since = None
    return row


def test_a_flood_goes_out_as_one(database, now):
    """O-6: those on duty are not sent a thousand mails."""
    for number in range(40):
        raised(database, now, cause=f"t:{number}", folds=True)
    assert len(owe(database, now + AFTER)) == 6
