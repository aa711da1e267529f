"""Rows that are put back to what they were before: every MAC holds, and the record knows better (T-9)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel

from storage import alarms, delegations, links, passkeys, petitions, proofs, step_ups, vouchings
from storage.alarms import Effect
from storage.database import Database
from storage.engine.stores import Store
from storage.macs import Macs
from storage.secrets import Vault, generate_key
from storage.states import DelegationEnd, Ended, PetitionState
from tests.storage import bound_rows
from tests.storage.bound_rows import ADA, KINDS, a_handle
from tests.storage.rows import recorded

LATER = timedelta(minutes=1)
MACS = Macs(Vault([generate_key()]))


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of a row and is on the record. kind: of the row, in bound_rows by its maker's name.

    story: in which it is told, or the column that names it; "" for the row's own.
    """

    kind: str
    changed: Callable[[Session, str, datetime], object]
    action: str
    facts: dict[str, str]
    story: str = ""

    @property
    def of(self) -> bound_rows.Kind:
        """The kind of row."""
        return next(one for one in KINDS if one.make.__name__ == self.kind)


def _end(tx: Session, row: str, at: datetime) -> None:
    found = petitions.get(tx, row)
    assert found is not None
    petitions.move(tx, found, PetitionState.DENIED, ended_at=at)


def _over(tx: Session, row: str, at: datetime) -> None:
    found = delegations.get(tx, row)
    assert found is not None
    assert delegations.end(tx, found, DelegationEnd.REVOKED, at=at)


CHANGES = (
    Change(
        kind="a_link", changed=lambda tx, row, _: links.suspend(tx, row, mail="ada@example.com"),
        action="link.suspended", facts={},
    ),
    Change(kind="_petition", changed=_end, action="petition.denied", facts={}),
    Change(
        kind="_step_up", changed=step_ups.spend, action="approval.given", facts={"proof": "ROW"}, story="g-1",
    ),
    Change(
        kind="_passkey", changed=passkeys.stop_passkey, action="proofs.changed",
        facts={"what": "passkey-stopped", "passkey": "ROW"}, story="h-1",
    ),
    Change(kind="_delegation", changed=_over, action="delegation.ended", facts={"why": "revoked"}),
    Change(
        kind="_vouching", changed=lambda tx, row, at: vouchings.use(tx, row, "h-2", at), action="vouching.used",
        facts={"vouching": "ROW"}, story="handle",
    ),
    Change(
        kind="_vouching", changed=lambda tx, row, at: vouchings.end(tx, row, Ended.REPORTED, at),
        action="vouching.ended", facts={"vouching": "ROW"}, story="handle",
    ),
    Change(kind="_code", changed=proofs.use_recovery_code, action="code.used", facts={"kind": "recovery_code"}),
)  # fmt: skip


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    opened = Database(store, macs=MACS)
    yield opened
    opened.close()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind.strip("_"))
def test_a_row_put_back_to_before_counts_no_more_than_it_did(
    database: Database, now: datetime, change: Change
):
    """T-9: refused, and told; without the entry nothing would show it."""
    of = change.of
    row = database.write_now(lambda tx: of.make(tx, now))
    counts = _is_active if of.table == "links" else of.counts
    assert database.write_now(lambda tx: counts(tx, now))
    table = SQLModel.metadata.tables[of.table]
    before = database.read_now(lambda tx: dict(tx.connection().execute(table.select()).mappings().one()))
    database.write_now(lambda tx: change.changed(tx, row, now + LATER))
    facts = {name: row if value == "ROW" else value for name, value in change.facts.items()}
    story = str(before.get(change.story, change.story)) or row
    database.write_now(lambda tx: recorded(tx, now + LATER, change.action, story, **facts))
    assert not database.write_now(lambda tx: counts(tx, now))
    assert not database.doubts
    database.write_now(lambda tx: tx.connection().execute(table.update().values(before)))
    assert not database.write_now(lambda tx: counts(tx, now))
    assert {doubt.table for doubt in database.doubts} == {of.table}


def _is_active(tx: Session, _: datetime) -> bool:
    found = links.link_of(tx, "T1", "U0ADA")
    active = found is not None and found.state == "active"
    assert (links.link_to(tx, **ADA) is not None) == active
    assert (links.link_of_user(tx, "U0ADA") is not None) == active
    return active


def test_a_link_that_was_made_anew_after_it_rested_is_as_new(database: Database, now: datetime):
    """T-9, SL-3: the person signed in again."""
    link = database.write_now(lambda tx: bound_rows.a_link(tx, now))
    database.write_now(lambda tx: links.suspend(tx, link, mail="ada@example.com"))
    database.write_now(lambda tx: recorded(tx, now + LATER, "link.suspended", link))
    database.write_now(lambda tx: bound_rows.a_link(tx, now + 2 * LATER))
    assert database.read_now(lambda tx: _is_active(tx, now))
    assert not database.doubts


def test_an_alarm_that_is_changed_or_taken_away_is_open_and_is_put_back(database: Database, now: datetime):
    """T-9, P-6: until somebody lifts it, which is on the record."""

    def sound(tx: Session) -> str:
        handle = a_handle(tx, now)
        assert alarms.sound(tx, handle=handle, **ADA, name="Ada", door="mail", disabled=Effect.WANTED, at=now)
        said = {"door": "mail", "disabled": "wanted", "directory": "local"}
        recorded(tx, now, "account.reported", handle, **said)
        return handle

    handle = database.write_now(sound)
    assert len(database.write_now(lambda tx: alarms.open_of(tx, **ADA))) == 1
    rename = text("UPDATE alarms SET account = 'p-bob'")
    database.write_now(lambda tx: tx.connection().execute(rename) and None)
    assert ("local", "p-ada") in database.read_now(alarms.reported)
    assert database.read_now(alarms.switched_off) == {("local", "p-ada")}
    assert len(database.read_now(lambda tx: alarms.open_of(tx, **ADA))) == 1
    delete = text("DELETE FROM alarms")
    database.write_now(lambda tx: tx.connection().execute(delete) and None)
    assert database.read_now(alarms.reported) == {("local", "p-ada")}
    assert len(database.read_now(lambda tx: alarms.open_of(tx, **ADA))) == 1
    database.write_now(alarms.put_back)
    assert {doubt.table for doubt in database.doubts} == {"alarms"}
    assert database.write_now(lambda tx: alarms.get(tx, handle)) is not None
    database.write_now(lambda tx: recorded(tx, now + LATER, "account.released", handle))
    database.write_now(lambda tx: tx.connection().execute(delete) and None)
    assert not database.read_now(alarms.reported)
