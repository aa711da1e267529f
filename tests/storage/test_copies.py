"""Copies of a message: known when they are touched, brought up to date then and with the other from then on."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from storage import copies, outbox
from storage.database import Database
from storage.records import Owed, Posted

LEASE = timedelta(seconds=30)
ABOUT = {"kind": "approval", "subject": "g-1"}
COPY = "copy:C0DATA:1.1"


def owe(tx: Session, at: datetime) -> None:
    outbox.owe(tx, at=at, courier="slack", recipient="owner:data", **ABOUT)


def posted(tx: Session, at: datetime, *, ts: str = "2.2", channel: str = "C0DATA") -> None:
    """What is kept up to date stands there."""
    outbox.remember_posted(tx, **ABOUT, recipient="owner:data", channel=channel, ts=ts, at=at)


def recipients(database: Database) -> list[str]:
    return database.read_now(lambda tx: [each.recipient for each in tx.exec(select(Owed)).all()])


def is_copy(database: Database, ts: str = "1.1", channel: str = "C0DATA") -> bool:
    return database.read_now(lambda tx: copies.is_copy(tx, **ABOUT, channel=channel, ts=ts))


def adopt(tx: Session, at: datetime) -> None:
    copies.adopt(tx, at=at, **ABOUT, channel="C0DATA", ts="1.1")


def test_what_stands_beside_the_one_that_is_kept_up_to_date_is_a_copy(database, now):
    database.write_now(lambda tx: posted(tx, now))
    assert is_copy(database)
    assert not is_copy(database, ts="2.2")
    database.write_now(lambda tx: copies.adopt(tx, at=now, **ABOUT, channel="C0DATA", ts="2.2"))
    assert recipients(database) == [], "asked before it was recorded, and none after all"


def test_what_an_owner_left_behind_in_another_channel_is_none(database, now):
    """Nothing more is told there."""
    database.write_now(lambda tx: posted(tx, now))
    assert not is_copy(database, channel="C0ELSE")


def test_what_nobody_ever_owed_has_no_copy(database, now):
    """A value that we never gave a button."""
    assert not is_copy(database)
    database.write_now(lambda tx: owe(tx, now))
    assert is_copy(database), "posted, and the record of it was lost"


def test_a_copy_that_was_touched_is_owed_the_newest_state_then_and_whenever_it_changes(database, now):
    database.write_now(lambda tx: posted(tx, now))
    database.write_now(lambda tx: adopt(tx, now))
    assert recipients(database) == [COPY]
    assert copies.place(COPY) == ("C0DATA", "1.1")
    assert not is_copy(database), "it is known by now"
    (owed,) = database.write_now(
        lambda tx: outbox.claim(tx, courier="slack", at=now, lease=LEASE, limit=9, longest=LEASE)
    )
    database.write_now(lambda tx: outbox.done(tx, owed))
    database.write_now(lambda tx: copies.follow(tx, at=now, **ABOUT, channel="C0DATA", ts="2.2"))
    assert recipients(database) == [COPY]
    database.write_now(lambda tx: copies.forget(tx, **ABOUT, recipient=COPY))
    database.write_now(lambda tx: copies.follow(tx, at=now, **ABOUT, channel="C0DATA", ts="2.2"))
    assert recipients(database) == []


@pytest.mark.parametrize("ts", ["1.1", "2.2"])
def test_what_is_touched_while_it_is_being_recorded_waits_until_that_is_known(database, now, ts):
    """It turns out to be the one itself, and nothing is owed to it; or another was posted, and it is a copy."""
    database.write_now(lambda tx: owe(tx, now))
    (under_way,) = database.write_now(
        lambda tx: outbox.claim(tx, courier="slack", at=now, lease=LEASE, limit=9, longest=LEASE)
    )
    database.write_now(lambda tx: adopt(tx, now))
    (copy,) = database.read_now(lambda tx: tx.exec(select(Owed).where(Owed.recipient == COPY)).all())
    assert copy.next_at == now + LEASE

    def delivered(tx: Session) -> None:
        posted(tx, now, ts=ts)
        copies.follow(tx, at=now, **ABOUT, channel="C0DATA", ts=ts)
        outbox.done(tx, under_way)

    database.write_now(delivered)
    assert recipients(database) == ([] if ts == "1.1" else [COPY])
    stand = database.read_now(lambda tx: [each.recipient for each in tx.exec(select(Posted)).all()])
    assert (COPY in stand) == (ts == "2.2")


def test_a_message_of_another_kind_with_the_same_button_is_none(database, now):
    """A reminder about the same stands there, and keeps its own words."""
    database.write_now(lambda tx: posted(tx, now))
    reminder = {"kind": "ending", "subject": "g-1", "recipient": "U1", "channel": "C0DATA"}
    database.write_now(lambda tx: outbox.remember_posted(tx, **reminder, ts="1.1", at=now))
    assert not is_copy(database)
    database.write_now(lambda tx: adopt(tx, now))
    assert recipients(database) == []
