"""Rows that carry authority, and everything that whoever writes the database can do to one of them (T-9)."""

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel

from storage import approvals, freezes, grants, handles, holdings, links
from storage.database import Database
from storage.engine.stores import Store
from storage.macs import BOUND, BOUND_BEFORE, DETECTORS, Macs
from storage.secrets import Vault, generate_key
from storage.signing import sign_by_newest
from storage.states import FreezeKind, GrantState
from tests.storage.bound_rows import (
    ADA,
    HOUR,
    KINDS,
    Kind,
    a_handle,
    a_link,
    an_approval,
    covers,
    stood_before,
)
from tests.storage.rows import keep, recorded

KEY = generate_key()
# What of each table gives nobody anything: names and words, what was told of it, whose turn it is. All else is bound.
UNBOUND = {
    "alarms": ("name", "door", "sessions", "settled_at", "rationale"),
    "announcements": (),
    "approvals": ("approver_name", "rationale", "delegation"),
    "attestations": ("name", "rationale"),
    "bulletins": (),
    "challenges": (),
    "delegations": (
        "delegator_name", "delegator_slack", "delegate_name", "delegate_slack", "ended", "ended_by",
    ),
    "emergencies": (
        "told_by", "refused_why", "reviewed_by_name", "escalated_at", "reminded_at", "review_words", "restored_by_name",
    ),
    "exceptions": (
        "count", "last_at", "owner", "state", "due_at", "acknowledged_at", "acknowledged_by", "assignee",
        "assignee_directory", "assignee_name", "resolved_at", "resolved_by", "resolution", "words", "reopened", "fold",
        "open_since",
    ),
    "freezes": ("rationale",),
    "grants": (
        "policy_set", "foreseen", "end_reason", "ended_by", "active_at", "ended_at", "remind_at", "reminder",
        "reminded_at", "passed_on_at", "end_rationale",
    ),
    "handles": (),
    "inquiries": (),
    "holdings": (
        "wanted", "present", "settled", "fence", "attempts", "last_fault", "overdue_told", "due_at", "next_at",
        "lease_until", "page_at",
    ),
    "lift_words": ("name", "rationale"),
    "links": ("zone",),
    "log_walks": (),
    "mail_codes": (),
    "passkeys": ("aaguid", "transports", "backed_up", "name", "used_at"),
    "petitions": ("next_at", "ended_by", "end_reason", "end_words"),
    "proofs": (),
    "restore_words": ("name",),
    "rule_sets": ("sources", "catalogue"),
    "sign_ins": (),
    "standings": ("rationale",),
    "step_ups": ("thing", "whom", "rationale", "minutes", "tries"),
    "streams": ("sender", "lease_until", "failing_since"),
    "subjects": (),
    "vouchings": ("counted", "name", "voucher_name", "ticket", "cooled_at"),
}  # fmt: skip


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    opened = Database(store, macs=Macs(Vault([KEY])))
    yield opened
    opened.close()


def _run(database: Database, *statements: str) -> None:
    """As whoever can write to the database does."""
    database.write_now(lambda tx: [tx.connection().execute(text(each)) for each in statements] and None)


def _told(database: Database) -> set[str]:
    return {doubt.table for doubt in database.doubts}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.table}-{kind.make.__name__}")
def test_a_row_counts_as_wicket_wrote_it_and_in_no_other_way(database: Database, now: datetime, kind: Kind):
    """T-9: a changed field, a row without a MAC, one with another's MAC."""
    database.write_now(lambda tx: kind.make(tx, now))
    counts = lambda: database.write_now(lambda tx: kind.counts(tx, now))  # noqa: E731
    if kind.table not in ("challenges",):  # taken by being looked at
        assert counts()
    assert not database.doubts
    if kind.table != "holdings":
        _run(database, f"UPDATE {kind.table} SET {kind.change}")
        assert not counts()
        assert kind.table in _told(database)
        database.doubts.clear()
    for mac in ("", "00000000.00", _another(database, kind.table)):
        _run(database, f"UPDATE {kind.table} SET mac = '{mac}'")
        assert not counts(), mac
        assert kind.table in _told(database)
        database.doubts.clear()
        if kind.table == "holdings":
            return  # it was taken for ours, which needs no MAC


def _another(database: Database, table: str) -> str:
    """A MAC that Wicket made for another row of the table."""
    row = dict.fromkeys(BOUND[table], "another")
    row |= {"state": GrantState.ACTIVE, "stood_before": True}  # type: ignore[dict-item]
    return Macs(Vault([KEY])).of(table, row)


def test_what_was_signed_is_of_one_table_only():
    """T-9: two tables with as many columns, and the same in each."""
    macs, one, other = Macs(Vault([KEY])), "mail_codes", "subjects"
    assert len(BOUND[one]) == len(BOUND[other])
    mac = macs.of(one, dict.fromkeys(BOUND[one], "x"))
    assert macs.holds(one, dict.fromkeys(BOUND[one], "x"), mac)
    assert not macs.holds(other, dict.fromkeys(BOUND[other], "x"), mac)


def test_a_mac_is_the_hmac_of_what_the_row_says():
    """RFC 2104, reckoned here without it: what stores have kept since rows are signed holds."""
    vault = Vault([generate_key()])
    row = {
        "freeze": "z-1",
        "directory": "local",
        "account": "p-\u00e9",
        "at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    (key,) = vault.derive_all("rows", "mac")
    said = b'["lift_words", "z-1", "local", "p-\\u00e9", 1767225600000000]'
    name, _, made = Macs(vault).of("lift_words", row).partition(".")
    assert name == hmac.digest(key, b"name", "sha256")[:4].hex()
    assert made == hmac.digest(key, said, "sha256").hex()


def test_a_word_holds_by_what_a_version_before_bound_of_it_and_a_new_one_by_all_of_it():
    """T-9: its reason is bound now; a word of before counts as it stands, and no new one looks like it."""
    vault, table = Vault([generate_key()]), "restore_words"
    macs = Macs(vault)
    row = {
        "emergency": "b-1", "directory": "local", "account": "p-ada", "rationale": "by hand", "settles": True,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    (key,) = vault.derive_all("rows", "mac")
    said = b'["restore_words", "b-1", "local", "p-ada", true, 1767225600000000]'
    before, now = f"{macs.newest}.{hmac.digest(key, said, 'sha256').hex()}", macs.of(table, row)
    assert now != before
    assert macs.holds(table, row, before)
    assert not macs.holds(table, {**row, "settles": False}, before)
    assert not macs.holds(table, {**row, "rationale": "for fun"}, now)


@pytest.mark.parametrize("table", BOUND_BEFORE)
def test_a_row_of_before_holds_by_what_was_bound_then_and_is_signed_whole_from_now_on(table: str):
    """T-9: what a later version binds as well, it cannot have of a row that an earlier one signed."""
    vault = Vault([generate_key()])
    (key,) = vault.derive_all("rows", "mac")
    macs, before = Macs(vault), BOUND_BEFORE[table]
    row: dict[str, Any] = dict.fromkeys(BOUND[table], "x") | (
        {"state": "active"} if table == "grants" else {}
    )
    said = json.dumps([table, *(row[name] for name in before)]).encode()
    old = f"{macs.newest}.{hmac.digest(key, said, 'sha256').hex()}"
    assert macs.holds(table, row, old)
    assert set(before) < set(BOUND[table])
    for name in BOUND[table]:
        other = {**row, name: GrantState.APPROVED if (table, name) == ("grants", "state") else "y"}
        assert macs.holds(table, other, old) == (name not in before), name
        assert not macs.holds(table, other, macs.of(table, row)), name


def test_a_mac_counts_to_its_last_digit():
    """T-9: whoever may try finds eight digits in a week, and all of them never."""
    macs, row = Macs(Vault([KEY])), dict.fromkeys(BOUND["subjects"], "x")
    mac = macs.of("subjects", row)
    for at, digit in enumerate(mac):
        other = "1" if digit == "0" else "0"
        assert not macs.holds("subjects", row, mac[:at] + other + mac[at + 1 :]), at
        assert not macs.holds("subjects", row, mac[:at]), at
    assert not macs.holds("subjects", row, f"{mac}0")


THAT_GIVE = {"kind": "unexplained", "state": GrantState.ACTIVE, "stood_before": True, "name": DETECTORS}
OTHERS = {("grants", "state"): GrantState.APPROVED, ("exceptions", "kind"): "not-me"}


def test_every_bound_column_is_bound(database: Database, now: datetime):
    """T-9: of each table, each column by itself."""
    macs = Macs(Vault([KEY]))
    for table, columns in BOUND.items():
        row: dict[str, Any] = dict.fromkeys(columns, "x") | THAT_GIVE
        row = {name: row[name] for name in columns}
        mac = macs.of(table, row)
        assert macs.holds(table, row, mac)
        for name in columns:
            if (table, name) not in (("holdings", "stood_before"), ("streams", "name")):
                other = OTHERS.get((table, name), "y")
                assert not macs.holds(table, {**row, name: other}, mac), (table, name)


def test_what_is_bound_by_no_mac_is_named_and_nothing_else_is_left_out():
    """T-9: whoever takes a column out of what is bound, or adds one, weighs what it gives."""
    found = {
        table: {column.name for column in SQLModel.metadata.tables[table].c} - {"mac", *columns}
        for table, columns in BOUND.items()
    }
    assert found == {table: set(columns) for table, columns in UNBOUND.items()}


def test_a_change_of_something_else_signs_nothing_that_was_forged(database: Database, now: datetime):
    """T-9: by the ORM, by a statement, and by `change`."""
    link, grant, handle = database.write_now(
        lambda tx: (a_link(tx, now), keep(tx, now).id, a_handle(tx, now))
    )
    _run(
        database, "UPDATE links SET account = 'p-eve'", "UPDATE grants SET account = 'p-eve'",
        "UPDATE handles SET account = 'p-eve'",
    )  # fmt: skip

    def work(tx: Session) -> None:
        assert links.suspend(tx, link, mail="ada@example.com")
        assert handles.bind(tx, handle, proven=["totp"], session="s", was="", at=now)
        found = grants.get(tx, grant)
        assert found is not None
        grants.move(tx, found, GrantState.APPROVED)

    database.write_now(work)
    assert database.read_now(lambda tx: links.link_of(tx, "T1", "U0ADA")) is None
    assert database.read_now(lambda tx: handles.handle_by_id(tx, handle)) is None
    assert not database.read_now(
        lambda tx: grants.covering(tx, directory="local", account="p-eve", group="prod-db-rw")
    )


def _rows(tx: Session, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.connection().execute(SQLModel.metadata.tables[table].select()).mappings()]


def _put_back(tx: Session, name: str, rows: list[dict[str, Any]]) -> None:
    """Whoever kept a copy of these rows writes them over what stands there."""
    table = SQLModel.metadata.tables[name]
    for row in rows:
        tx.connection().execute(table.delete().where(table.c.id == row["id"]))
        tx.connection().execute(table.insert().values(row))


@pytest.mark.parametrize(
    "action",
    [
        "grant.expired", "grant.ended_early", "grant.given_back", "grant.voided", "grant.withdrawn", "grant.lapsed",
        "approval.denied",
    ],
)  # fmt: skip
def test_a_grant_gives_nothing_once_any_end_of_it_is_on_record(
    database: Database, now: datetime, action: str
):
    """T-9: a request that was over is put back too, and approved by whoever does not know."""
    grant = database.write_now(lambda tx: keep(tx, now).id)
    assert database.write_now(lambda tx: covers(tx, now))
    database.write_now(lambda tx: recorded(tx, now, action, grant))
    assert not database.write_now(lambda tx: covers(tx, now))


def test_a_grant_put_back_to_before_its_end_gives_nothing(database: Database, now: datetime):
    """T-9: every MAC holds, and the record says that it is over."""
    grant = database.write_now(lambda tx: keep(tx, now).id)
    before = database.read_now(lambda tx: _rows(tx, "grants"))

    def end(tx: Session) -> None:
        found = grants.get(tx, grant)
        assert found is not None
        grants.move(tx, found, GrantState.ENDING)
        recorded(tx, now, "grant.ended_early", grant)
        grants.move(tx, found, GrantState.ENDED, ended_at=now)

    database.write_now(end)
    _run(database, "UPDATE grants SET state = 'active'")
    assert not database.write_now(lambda tx: covers(tx, now))
    database.doubts.clear()
    database.write_now(lambda tx: _put_back(tx, "grants", before))
    assert not database.write_now(lambda tx: covers(tx, now))
    assert _told(database) == {"grants"}


def test_a_void_approval_counts_no_more_whatever_row_is_put_back_or_taken_away(
    database: Database, now: datetime
):
    """T-9, J-4."""
    approval = database.write_now(lambda tx: an_approval(tx, now))
    before = database.read_now(lambda tx: _rows(tx, "approvals"))

    def void(tx: Session) -> None:
        approvals.void_approval(tx, approvals.approvals_of(tx, "g-1")[0], at=now, why="they left")

    database.write_now(void)
    _run(database, "DELETE FROM voided_approvals")
    assert not database.write_now(lambda tx: approvals.counting_of(tx, "g-1"))
    database.doubts.clear()
    database.write_now(lambda tx: recorded(tx, now + HOUR, "approval.voided", "g-1", approval=approval))
    database.write_now(lambda tx: _put_back(tx, "approvals", before))
    assert not database.write_now(lambda tx: approvals.counting_of(tx, "g-1"))
    assert _told(database) == {"approvals"}


def test_a_freeze_that_is_changed_or_taken_away_is_open_and_is_put_back(database: Database, now: datetime):
    """T-9, T-4: the record says that it began."""

    def begin(tx: Session) -> str:
        freeze = freezes.begin(tx, at=now, kind=FreezeKind.RESTORED, by="cli", lost_from=None, facts={})
        recorded(tx, now, "access.stopped", freeze.id, kind=FreezeKind.RESTORED)
        return freeze.id

    freeze = database.write_now(begin)
    _run(database, "UPDATE freezes SET kind = 'resets'")
    assert [one.kind for one in database.read_now(freezes.open_ones)] == [FreezeKind.RESTORED]
    _run(database, "DELETE FROM freezes")
    found = database.read_now(freezes.open_ones)
    assert [(one.id, one.kind, one.since) for one in found] == [(freeze, FreezeKind.RESTORED, now)]
    database.write_now(freezes.put_back)
    assert _told(database) == {"freezes"}
    kept = database.write_now(lambda tx: freezes.get(tx, freeze))
    assert kept is not None
    database.write_now(
        lambda tx: freezes.lift(tx, freezes.get(tx, freeze) or kept, at=now, by="Ina", rationale="")
    )
    assert not database.read_now(freezes.open_ones)


def test_what_stood_before_is_not_forgotten_into_staying(database: Database, now: datetime):
    """T-9, promise 1: a membership that we gave is ours, though the row says that nobody looked."""

    def work(tx: Session) -> None:
        grant = keep(tx, now, GrantState.ENDING)
        held = holdings.follow_grant(tx, grant, at=now, due_at=now)
        holdings.note_stood_before(tx, held, stood=False)
        recorded(tx, now, "access.given", grant.id, stood_before=False)

    database.write_now(work)
    _run(database, "UPDATE holdings SET stood_before = NULL")
    assert not database.write_now(lambda tx: stood_before(tx, now))


def test_an_older_key_still_holds_until_the_newest_signed_everything(store: Store, now: datetime):
    """T-9: and a row that is not sound is not signed on the way."""
    old, new = generate_key(), generate_key()
    signed = Database(store, macs=Macs(Vault([old])))
    signed.write_now(lambda tx: a_link(tx, now))
    signed.write_now(lambda tx: (keep(tx, now), keep(tx, now + HOUR)))
    signed.close()
    both = Database(store, macs=Macs(Vault([new, old])))
    assert both.read_now(lambda tx: links.link_of(tx, "T1", "U0ADA")) is not None
    _run(both, "UPDATE grants SET minutes = 9 WHERE id = (SELECT min(id) FROM grants)")
    assert both.write_now(lambda tx: sign_by_newest(tx, "links", limit=9, skip=0)) == (1, 0)
    assert both.write_now(lambda tx: sign_by_newest(tx, "grants", limit=9, skip=0)) == (1, 1)
    assert both.write_now(lambda tx: sign_by_newest(tx, "grants", limit=9, skip=1)) == (0, 0)
    both.close()
    alone = Database(store, macs=Macs(Vault([new])))
    assert alone.read_now(lambda tx: links.link_of(tx, "T1", "U0ADA")) is not None
    assert len(alone.read_now(lambda tx: grants.covering(tx, **ADA, group="prod-db-rw"))) == 1
    alone.close()


def test_a_mac_is_for_values_and_their_types_however_often_it_was_asked_for() -> None:
    """T-9: MACs are kept for a while; what Python calls equal, but is written otherwise, is another row."""
    macs = Macs(Vault([KEY]))
    row = dict.fromkeys(BOUND["alarms"], "x") | {"at": datetime(2026, 3, 2, tzinfo=UTC), "disabled": True}
    mac = macs.of("alarms", row)
    assert macs.holds("alarms", row, mac)
    for disabled in (1, 1.0, "True", None):
        assert not macs.holds("alarms", {**row, "disabled": disabled}, mac)
    lists = {**row, "account": ["x"]}  # which cannot be kept, and is signed all the same
    assert macs.holds("alarms", lists, macs.of("alarms", lists))
    assert not macs.holds("alarms", {**row, "account": ["y"]}, macs.of("alarms", lists))
    assert Macs(Vault([generate_key()])).of("alarms", row) != mac
