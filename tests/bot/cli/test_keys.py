"""`wicket keys reseal`: what is kept goes under the newest key, and what cannot be opened is said."""

from pathlib import Path

import pytest
from sqlmodel import Session

from bot.cli.sentences import UNSOUND
from storage.clock import utc_now
from storage.proofs import ProofKind
from storage.records import Proof
from storage.secrets import Vault, generate_key
from tests.bot.cli.test_cli import AUDIT_KEY, Install, installed

OLD, NEW = generate_key(), generate_key()


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """A store with one authenticator's seed, sealed by the old key."""
    made = installed(tmp_path)

    def work(tx: Session) -> None:
        tx.add(
            Proof(
                id="p-1", directory="staff", account="p-1", kind=ProofKind.TOTP, secret=Vault([OLD]).seal("SEED"),
                confirmed=True, created_at=utc_now(),
            )
        )  # fmt: skip

    with made.tx() as write:
        write(work)
    return made


def _with(install: Install, keys: str) -> Install:
    install.environ = {"WICKET_AUDIT_KEY": AUDIT_KEY, "WICKET_SECRET_KEYS": keys}
    return install


def test_keys_are_changed_for_good(install: Install) -> None:
    done = _with(install, f"{NEW},{OLD}").run("keys", "reseal")
    assert (done.exit_code, "1 secret looked at, 1 put under the newest key." in done.stdout) == (0, True)
    with install.tx() as write:
        row = write(lambda tx: tx.get(Proof, "p-1"))
    assert isinstance(row, Proof)
    assert Vault([NEW]).open(row.secret) == "SEED"
    assert "0 put under" in _with(install, NEW).run("keys", "reseal").stdout


def test_a_key_that_is_missing_is_said_and_nothing_is_shown(install: Install) -> None:
    done = _with(install, NEW).run("keys", "reseal")
    assert (done.exit_code, "No key that was given opens 1 secret" in done.stdout) == (UNSOUND, True)
    assert not any(secret in done.output for secret in (NEW, OLD, "SEED"))


def test_without_keys_nothing_begins(install: Install) -> None:
    install.environ = {"WICKET_AUDIT_KEY": AUDIT_KEY}
    assert install.run("keys", "reseal").exit_code == 2


def test_what_an_older_version_wrote_is_signed_once(install: Install) -> None:
    """T-9: with how many of which table; the second time there is nothing to do."""
    done = _with(install, OLD).run("keys", "sign")
    assert (done.exit_code, "proofs: 1" in done.stdout) == (0, True)
    again = _with(install, OLD).run("keys", "sign")
    assert (again.exit_code, "Everything was signed before" in again.stdout) == (0, True)
