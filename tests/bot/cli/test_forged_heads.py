"""T-9: a head whose MAC was taken away, with the one entry that says so: no command signs or gives by it unseen."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from sqlmodel import Session

from handlers.audit.taking_over import begin_now
from handlers.recording import BY_ITSELF, record
from storage.audit.checkpoint import read_signer
from storage.audit.vouched import is_ours
from storage.clock import utc_now
from storage.database import Database
from storage.faults import AuditFault, StorageUnavailable
from storage.macs import Macs
from storage.secrets import Vault, generate_key
from tests.bot.cli.test_cli import AUDIT_KEY, Install, installed
from tests.bot.cli.test_restoring import facts_of_epoch
from tests.storage.audit.forging import forge

T = TypeVar("T")
VERIFIER = read_signer(AUDIT_KEY).verifier  # type: ignore[union-attr]
NOT_OURS = "Something was added to the audit log, or its head was changed"
TAKEN_AWAY = (
    "UPDATE audit_head SET mac = NULL",
    "UPDATE audit_entries SET leaf = CAST(replace(CAST(leaf AS TEXT), 'audit_head', 'audit_tail') AS BLOB)",
)


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """With the keys."""
    made = installed(tmp_path)
    made.environ["WICKET_SECRET_KEYS"] = generate_key()
    return made


def opened(install: Install) -> Database:
    return Database(install.store, macs=Macs(Vault([install.environ["WICKET_SECRET_KEYS"]])))


def bound(install: Install) -> None:
    """As after the first start, and a day."""
    with closing(opened(install)) as database:
        begin_now(database, VERIFIER, utc_now())
        database.write_now(note)


def note(tx: Session) -> None:
    record(tx, at=utc_now(), action="note.made", outcome="done", **BY_ITSELF, correlation="c")


def taken_away(install: Install) -> None:
    """And something added."""
    install.tamper(*TAKEN_AWAY)
    with install.tx() as write:
        write(lambda tx: forge(tx.connection(), "account.released", "h-1", at=utc_now(), mac=None))


@pytest.mark.parametrize("command", ["checkpoint", "prove 2", "evidence --from 2026-01-01 --to 2100-01-01"])
def test_nothing_is_signed_by_a_head_whose_mac_was_taken_away_with_the_entry_that_tells_of_it(
    install: Install, command: str
) -> None:
    bound(install)
    taken_away(install)
    done = install.run("audit", *command.split(), "--out", str(install.folder / "out"))
    assert done.exit_code == 1, done.output
    assert not (install.folder / "out").exists()


def test_what_such_a_store_says_of_itself_last_is_not_cited_by_the_one_that_takes_its_place(
    install: Install,
) -> None:
    bound(install)
    copy = install.folder / "copy.db"
    assert install.run("backup", str(copy)).exit_code == 0
    taken_away(install)
    done = install.run("restore", str(copy))
    assert (done.exit_code, NOT_OURS in done.stderr) == (0, True), done.output
    assert facts_of_epoch(install)["cites"] == []


def test_the_log_is_walked_over_once_where_nothing_but_itself_says_that_its_head_has_no_mac_yet(
    install: Install,
) -> None:
    """A store of before, which waits for `wicket keys sign`."""
    install.happened(3)
    copy = install.folder / "copy.db"
    for command in ("backup", "restore"):
        assert install.run(command, str(copy)).exit_code == 0
    install.tamper("UPDATE audit_head SET mac = NULL")
    with closing(opened(install)) as database:
        assert not database.read_now(is_ours)
    size = str(install.checkpoint().read_text().split("\n")[1])
    assert install.run("audit", "prove", "0", "--out", str(install.folder / "proof")).exit_code == 0
    assert install.run("audit", "consistency", "1", size).exit_code == 0
    days = ("--from", "2026-01-01", "--to", "2100-01-01", "--out", str(install.folder / "evidence"))
    assert install.run("audit", "evidence", *days).exit_code == 0
    done = install.run("resume", "restored", "--by", "Olga", "--why", "it is ours")
    assert (done.exit_code, "New access begins again" in done.stdout) == (0, True), done.output


def test_what_is_decided_by_a_mac_that_is_taken_away_meanwhile_is_not_kept(install: Install) -> None:
    bound(install)
    with closing(opened(install)) as database:
        install.tamper()  # no guard is in the way

        def decide(tx: Session) -> None:
            assert is_ours(tx)
            for each in TAKEN_AWAY:
                tx.connection().exec_driver_sql(each)
            note(tx)

        with pytest.raises(AuditFault, match="Other hands added"):
            database.write_now(decide)


class Meanwhile(Database):
    """Something happens between a look at the store and what is written by it."""

    happens: Callable[[], None]

    def write_now(self, work: Callable[[Session], T]) -> T:
        self.happens()
        return super().write_now(work)


def test_a_start_puts_no_head_under_a_key_whose_mac_was_taken_away_after_it_looked(install: Install) -> None:
    bound(install)
    keys = Macs(Vault([install.environ["WICKET_SECRET_KEYS"]]))
    with closing(Meanwhile(install.store, macs=keys)) as database:
        database.happens = lambda: taken_away(install)
        with pytest.raises(StorageUnavailable, match="Other hands changed the database"):
            begin_now(database, VERIFIER, utc_now())
        with pytest.raises(AuditFault, match="is not sound"):
            begin_now(database, VERIFIER, utc_now())
