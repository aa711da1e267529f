"""Keys changed for good: everything under the newest one, in rounds, beside a bot that goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel, create_engine, select

from handlers.audit.resealing import AT_A_TIME, Resealed, reseal
from handlers.intents import Where
from storage import proofs
from storage.audit import log
from storage.clock import utc_now
from storage.database import Database
from storage.macs import Macs
from storage.proofs import ProofKind
from storage.records import Proof
from storage.secrets import SealBroken, Vault, generate_key

CLI = Where(transport="cli")
OLD, NEW = generate_key(), generate_key()


@contextmanager
def _store(folder: Path) -> Iterator[Database]:
    path = folder / "wicket.db"
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    database = Database(path)
    yield database
    database.close()


def _keep(database: Database, vault: Vault, count: int, kind: ProofKind = ProofKind.TOTP) -> None:
    def work(tx: Session) -> None:
        for number in range(count):
            tx.add(
                Proof(
                    id=f"p-{kind}-{number:05}-{id(vault)}", directory="staff", account=f"a{number}", kind=kind,
                    secret=vault.seal(f"SEED{number}"), confirmed=True, created_at=utc_now(),
                )
            )  # fmt: skip

    database.write_now(work)


def _secrets(database: Database) -> list[str]:
    return database.write_now(
        lambda tx: [row.secret for row in tx.exec(select(Proof).order_by(Proof.id)).all()]
    )


def test_after_resealing_the_old_key_can_go(tmp_path: Path) -> None:
    with _store(tmp_path) as database:
        _keep(database, Vault([OLD]), AT_A_TIME + 3)
        told: list[tuple[int, int | None]] = []
        done = reseal(
            database, Vault([NEW, OLD]), where=CLI, tell=lambda seen, total: told.append((seen, total))
        )
        count = AT_A_TIME + 3
        assert done == Resealed(seen=count, moved=count, lost=0)
        assert told == [(AT_A_TIME, count), (count, count)]
        alone = Vault([NEW])
        assert [alone.open(secret) for secret in _secrets(database)] == [f"SEED{n}" for n in range(count)]
        entries = [row.said() for row in database.write_now(lambda tx: log.rows(tx, limit=10))]
        assert [(entry["action"], entry["facts"]["moved"]) for entry in entries] == [
            ("keys.resealed", AT_A_TIME),
            ("keys.resealed", 3),
        ]
        assert "SEED" not in repr(entries)


def test_until_then_either_key_opens_and_the_newest_seals(tmp_path: Path) -> None:
    both = Vault([NEW, OLD])
    assert both.open(Vault([OLD]).seal("seed")) == "seed"
    assert (both.is_newest(both.seal("seed")), both.is_newest(Vault([OLD]).seal("seed"))) == (True, False)
    with pytest.raises(SealBroken):
        Vault([OLD]).open(both.seal("seed"))


def test_a_second_time_there_is_nothing_to_do(tmp_path: Path) -> None:
    with _store(tmp_path) as database:
        _keep(database, Vault([OLD]), 2)
        reseal(database, Vault([NEW, OLD]), where=CLI, tell=lambda *_: None)
        before = _secrets(database)
        done = reseal(database, Vault([NEW, OLD]), where=CLI, tell=lambda *_: None)
        assert (done, _secrets(database)) == (Resealed(seen=2, moved=0, lost=0), before)


def test_what_no_key_opens_is_counted_and_left(tmp_path: Path) -> None:
    with _store(tmp_path) as database:
        _keep(database, lost := Vault([generate_key()]), 1)
        _keep(database, Vault([OLD]), 1)
        before = set(_secrets(database))
        done = reseal(database, Vault([NEW, OLD]), where=CLI, tell=lambda *_: None)
        assert done == Resealed(seen=2, moved=1, lost=1)
        (left,) = before & set(_secrets(database))
        assert lost.open(left) == "SEED0"


def test_hashes_of_recovery_codes_are_not_touched(tmp_path: Path) -> None:
    with _store(tmp_path) as database:
        _keep(database, Vault([OLD]), 3, ProofKind.RECOVERY_CODE)
        before = _secrets(database)
        done = reseal(database, Vault([NEW, OLD]), where=CLI, tell=lambda *_: None)
        assert (done.seen, _secrets(database)) == (0, before)


def test_every_row_is_signed_by_the_newest_key_as_well(tmp_path: Path) -> None:
    """T-9: after it the old key can go; a row that is not as Wicket wrote it stays as it is, and is counted."""
    with _store(tmp_path) as unsigned:
        unsigned.close()
        path = tmp_path / "wicket.db"
        old = Database(path, macs=Macs(Vault([OLD])))
        _keep(old, Vault([OLD]), AT_A_TIME + 3, ProofKind.RECOVERY_CODE)
        forged = "UPDATE proofs SET account = 'eve' WHERE id = (SELECT min(id) FROM proofs)"
        old.write_now(lambda tx: tx.connection().execute(text(forged)) and None)
        old.close()
        both = Vault([NEW, OLD])
        database = Database(path, macs=Macs(both))
        done = reseal(database, both, where=CLI, tell=lambda *_: None)
        assert (done.signed, done.doubtful) == (AT_A_TIME + 2, 1)
        database.close()
        alone = Database(path, macs=Macs(Vault([NEW])))
        assert len(alone.read_now(lambda tx: proofs.recovery_codes(tx, "staff", "a9"))) == 1
        assert not alone.read_now(lambda tx: proofs.recovery_codes(tx, "staff", "eve"))
        alone.close()
