"""Which stories are not over, one row for each way in which one is not (A-16)."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from storage.clock import utc_now
from storage.database import Database
from storage.words_needed import Need, needed
from tests.handlers.audit.test_erasing import everywhere
from tests.handlers.made_once import copy_empty_database

NOW = utc_now()
LATER = int((NOW + timedelta(hours=1)).timestamp()) * 1_000_000
WAYS = [
    ("UPDATE grants SET state = 'draft'", {"g1": Need.OPEN}),
    ("UPDATE grants SET state = 'pending'", {"g1": Need.OPEN}),
    ("UPDATE grants SET state = 'approved'", {"g1": Need.HELD}),
    ("UPDATE grants SET state = 'active'", {"g1": Need.HELD}),
    ("UPDATE grants SET state = 'ending'", {"g1": Need.HELD}),
    ("UPDATE grants SET state = 'active', id = 'g2', extends = 'g1'", {"g1": Need.HELD}),
    ("UPDATE grants SET state = 'pending', id = 'g2', extends = 'g1'", {"g1": Need.OPEN}),
    (
        "UPDATE emergencies SET \"grant\" = 'g1'; UPDATE grants SET state = 'active'",
        {"g1": Need.HELD, "b1": Need.HELD},
    ),
    ("UPDATE emergencies SET \"grant\" = 'g1', reviewed_at = NULL", {"g1": Need.REVIEW, "b1": Need.REVIEW}),
    ("UPDATE emergencies SET state = 'telling'", {"b1": Need.OPEN}),
    ("UPDATE emergencies SET state = 'lapsed', reviewed_at = NULL", {}),
    ("UPDATE petitions SET ended_at = NULL", {"h1": Need.OPEN}),
    ("UPDATE vouchings SET ended_at = NULL, counts_until = :later", {"h1": Need.OPEN}),
    ("UPDATE vouchings SET ended_at = NULL, expires_at = :later", {"h1": Need.OPEN}),
    ("UPDATE vouchings SET ended_at = NULL, expires_at = :later, counts_until = 1", {}),
    ("UPDATE freezes SET lifted_at = NULL", {"f1": Need.STOPPED}),
    ("UPDATE alarms SET lifted_at = NULL", {"h1": Need.STOPPED}),
    ("UPDATE desk_acts SET at = :later", {"h1": Need.COUNTED}),
    ("UPDATE grants SET state = 'ended'", {}),
]


@pytest.mark.parametrize(("change", "expected"), WAYS)
def test_a_story_is_needed_in_each_way_in_which_it_is_not_over(
    tmp_path: Path, change: str, expected: dict[str, Need]
) -> None:
    copy_empty_database(tmp_path / "wicket.db")
    database = Database(tmp_path / "wicket.db")

    def work(tx: Session) -> dict[str, Need]:
        everywhere(tx)
        tx.connection().execute(text("PRAGMA defer_foreign_keys = ON"))
        for statement in change.split("; "):
            tx.connection().execute(text(statement.replace(":later", str(LATER))))
        tx.connection().execute(text('UPDATE approvals SET "grant" = (SELECT id FROM grants)'))
        tx.connection().execute(text('UPDATE inquiries SET "grant" = (SELECT id FROM grants)'))
        return needed(tx, ["g1", "h1", "b1", "f1", "x1", "g9"], at=NOW, counted_since=NOW)

    found = database.write_now(work)
    none_asked = database.read_now(lambda tx: needed(tx, [], at=NOW, counted_since=NOW))
    database.close()
    assert (found, none_asked) == (expected, {})
