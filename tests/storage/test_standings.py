"""Standing memberships as rows: found once, declared anew, forgotten when they are gone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from storage import standings
from storage.database import Database
from storage.engine.stores import Store
from storage.macs import Macs
from storage.secrets import Vault, generate_key

PLACE = {"directory": "local", "group": "wiki-editors"}
ADA, TEAM = ("account", "p-ada"), ("group", "team")
MACS = Macs(Vault([generate_key()]))


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    opened = Database(store, macs=MACS)
    yield opened
    opened.close()


def watch(database: Database, at: datetime, *found: tuple[str, str], **place: str) -> None:
    database.write_now(
        lambda tx: standings.watch(tx, at=at, **{**PLACE, **place}, entitlement="wiki-edit", found=found)
    )


def declare(database: Database, at: datetime, *members: tuple[str, str], **changes: Any) -> None:
    said: dict[str, Any] = {
        "owner": "it", "declared_by": "p-sam", "rationale": "ok", "review_at": at + timedelta(days=90)
    }  # fmt: skip
    database.write_now(
        lambda tx: standings.declare(
            tx, at=at, **PLACE, entitlement="wiki-edit", members=members, **{**said, **changes}
        )
    )


def kept(database: Database) -> dict[tuple[str, str], str]:
    """Who declared each."""
    rows = database.read_now(lambda tx: standings.of_group(tx, **PLACE))
    return {(row.kind, row.member): row.declared_by for row in rows}


def test_a_group_is_watched_from_its_first_look_on(database, now):
    assert not database.read_now(lambda tx: standings.is_watched(tx, **PLACE))
    watch(database, now, ADA, TEAM)
    assert database.read_now(lambda tx: standings.is_watched(tx, **PLACE))
    assert not database.read_now(lambda tx: standings.is_watched(tx, directory="other", group="wiki-editors"))
    assert kept(database) == {ADA: "", TEAM: ""}


def test_what_was_found_is_declared_in_its_place(database, now):
    watch(database, now, ADA, TEAM)
    declare(database, now, ADA)
    assert kept(database) == {ADA: "p-sam", TEAM: ""}


def test_declaring_anew_takes_the_place_of_what_was_said(database, now):
    declare(database, now, ADA)
    declare(database, now + timedelta(days=80), ADA, declared_by="p-alan", rationale="still", owner="data")
    (row,) = database.read_now(lambda tx: standings.of_group(tx, **PLACE))
    assert (row.declared_by, row.rationale, row.owner) == ("p-alan", "still", "data")
    assert row.review_at == now + timedelta(days=170)


def test_an_account_and_a_group_of_one_name_are_two(database, now):
    declare(database, now, ("account", "x"), ("group", "x"))
    database.write_now(lambda tx: standings.forget(tx, **PLACE, members=[("group", "x")]))
    assert list(kept(database)) == [("account", "x")]


@pytest.mark.parametrize("by", ["", "p-eve"])
def test_what_others_wrote_counts_for_nothing_and_keeps_nobody_from_declaring(database, now, by):
    """T-9: a member stands in a group once, so a row by hand would be in the way."""
    database.write_now(
        lambda tx: tx.connection().execute(
            text(
                'INSERT INTO standings (id, directory, "group", entitlement, kind, member, owner, declared_by,'
                " rationale, review_at, at) VALUES"
                f" ('s-1', 'local', 'wiki-editors', 'wiki-edit', 'account', 'p-ada', '', '{by}', '', 1, 1)"
            )
        ) and None
    )  # fmt: skip
    assert kept(database) == {}
    assert [(one.table, one.account) for one in database.doubts] == [("standings", "p-ada")]
    watch(database, now, ADA)
    assert kept(database) == {ADA: ""}
    declare(database, now, ADA)
    assert kept(database) == {ADA: "p-sam"}
