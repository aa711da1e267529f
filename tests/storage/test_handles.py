"""Handles as rows: whose password was reset lately."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from storage import handles
from storage.database import Database
from storage.handles import resets_since
from storage.records import Handle
from storage.states import Purpose, Result
from tests.handlers.access_ground import MACS
from tests.storage.rows import recorded


def begin_reset(tx, now):
    """A visit of Ada's in which her password is being changed; its id."""
    handle = handles.make_handle(
        tx, at=now, expires_at=now, purpose=Purpose.RESET, directory="local", account="p-ada", slack_team="T1",
        slack_user="U1",
    )  # fmt: skip
    assert handles.move(tx, handle.id, was=Result.OPEN, now=Result.CHANGING, at=now)
    return handle.id


def end_reset(tx, handle, now):
    """It is changed, and on the record."""
    assert handles.move(tx, handle, was=Result.CHANGING, now=Result.DONE, at=now)
    recorded(tx, now, "password.changed", handle)


@pytest.mark.parametrize("others", [0, 1, 3, 4, 9])
def test_whoever_is_asked_about_with_others_has_the_same_last_reset(database, now, others):
    """P-8: about many people it is asked several times, and about few once, with one answer."""
    hour = timedelta(hours=1)

    def work(tx):
        for number, (account, purpose, ago) in enumerate(
            [
                ("p-ada", Purpose.RESET, 3),
                ("p-ada", Purpose.RESET, 2),
                ("p-ada", Purpose.ENROL, 1),
                ("p-bob", Purpose.RESET, 9),
                ("p-eve", Purpose.RESET, 1),
            ]
        ):
            tx.add(
                Handle(
                    id=f"h-{number}", purpose=purpose, directory="local", account=account, slack_team="T1",
                    slack_user="U1", proven=[], created_at=now - 10 * hour, expires_at=now, done_at=now - ago * hour,
                )
            )  # fmt: skip

    database.write_now(work)
    accounts = ["p-ada", "p-bob", *(f"p-{number}" for number in range(others))]
    people = {("local", account) for account in accounts}
    found = database.read_now(lambda tx: resets_since(tx, people, now - 5 * hour))
    assert found == {("local", "p-ada"): now - 2 * hour}
    assert database.read_now(lambda tx: resets_since(tx, set(), now - 5 * hour)) == {}


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM handles",
        "UPDATE handles SET directory = 'elsewhere'",
        "UPDATE handles SET account = 'p-eve'",
        "UPDATE handles SET purpose = 'enrol'",
        "UPDATE handles SET done_at = NULL",
        "UPDATE handles SET done_at = created_at - 999999999999",
    ],
)
def test_a_reset_whose_visit_other_hands_changed_or_took_away_holds_back_all_the_same(store, now, deed):
    """P-8, T-9: the record tells of it; of which directory's it was no row says any more, so it is of each."""
    opened = Database(store, busy_timeout=0.1, macs=MACS)
    people = {("local", "p-ada"), ("other", "p-ada"), ("local", "p-bob")}

    def found():
        return opened.read_now(lambda tx: resets_since(tx, people, now - timedelta(days=7)))

    try:
        opened.write_now(lambda tx: end_reset(tx, begin_reset(tx, now), now))
        assert found() == {("local", "p-ada"): now}
        opened.write_now(lambda tx: tx.execute(text(deed)))
        assert found() == {("local", "p-ada"): now, ("other", "p-ada"): now}
    finally:
        opened.close()


def test_a_visit_that_was_put_back_to_before_its_reset_holds_back_all_the_same(store, now):
    """P-8, T-9: a copy of the row as it was has its MAC, and the record says that the password was changed in it."""
    opened = Database(store, busy_timeout=0.1, macs=MACS)

    def as_it_is(tx):
        return dict(tx.execute(text("SELECT result, done_at, mac FROM handles")).mappings().one())

    try:
        handle = opened.write_now(lambda tx: begin_reset(tx, now))
        before = opened.read_now(as_it_is)
        opened.write_now(lambda tx: end_reset(tx, handle, now))
        put_back = text("UPDATE handles SET result = :result, done_at = :done_at, mac = :mac")
        opened.write_now(lambda tx: tx.execute(put_back, before))
        asked = {("local", "p-ada")}
        assert opened.read_now(lambda tx: resets_since(tx, asked, now - timedelta(days=7))) == {
            ("local", "p-ada"): now
        }
    finally:
        opened.close()
