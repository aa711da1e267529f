"""`wicket release` lets somebody in again, with name and reason on the record; `wicket resume` lets resets begin."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from storage import alarms, freezes
from storage.alarms import Effect
from storage.audit import log
from storage.clock import utc_now
from storage.database import Database
from storage.directories.local import LocalDirectory
from storage.handles import make_handle
from storage.macs import Macs
from storage.records import Alarm
from storage.secrets import Vault, generate_key
from storage.states import FreezeKind, Purpose
from tests.bot.cli.test_cli import ADA, Install
from tests.bot.cli.test_cli import install as bare

__all__ = ["bare"]


@pytest.fixture
def install(bare: Install) -> Install:
    """With the keys of the bot, without which nothing is put on record."""
    bare.environ["WICKET_SECRET_KEYS"] = generate_key()
    return bare


def _reported(tx: Session) -> None:
    at = utc_now()
    handle = make_handle(
        tx, at=at, expires_at=at + timedelta(minutes=10), purpose=Purpose.RESET, directory="staff", account=ADA,
        slack_team="T0123ABCD", slack_user="U1",
    )  # fmt: skip
    alarms.sound(
        tx, handle=handle.id, directory="staff", account=ADA, name="Ada Lovelace (ada)", door="mail",
        disabled=Effect.DONE, at=at,
    )  # fmt: skip


async def _active(install: Install, *, switch: bool | None = None) -> bool:
    directory = LocalDirectory(install.folder / "people.db", name="staff")
    try:
        if switch is not None:
            await directory.switch(ADA, active=switch)
        found = await directory.account(ADA)
    finally:
        directory.close()
    assert found is not None
    return found.active


def test_an_operator_lets_somebody_in_again_with_name_and_reason(install: Install):
    """P-6: the account is on, the alarm is lifted, and both stand on the record."""
    database = Database(
        install.folder / "wicket.db", macs=Macs(Vault([install.environ["WICKET_SECRET_KEYS"]]))
    )
    database.write_now(_reported)
    database.close()
    assert not asyncio.run(_active(install, switch=False))
    done = install.run("release", "ada", "--by", "Olga", "--why", "She came by with her badge.")
    assert (done.exit_code, done.stdout.startswith("Ada Lovelace is let in again.")) == (0, True), done.output
    assert asyncio.run(_active(install))
    with install.tx() as write:
        (alarm,) = write(lambda tx: tx.exec(select(Alarm)).all())
        entry = write(lambda tx: log.rows(tx))[-1]
    assert (alarm.lifted_by, alarm.rationale) == ("Olga", "She came by with her badge.")
    assert (entry.action, entry.said()["actor"]["type"]) == ("account.released", "operator")
    again = install.run("release", "ada", "--by", "Olga", "--why", "again")
    assert "nothing to lift" in again.stdout


def test_nobody_is_let_in_without_a_word_or_under_a_name_that_nobody_has(install: Install):
    """P-6."""
    assert install.run("release", "ada", "--by", "Olga").exit_code == 2
    assert install.run("release", "ada", "--by", " ", "--why", "because").exit_code == 2
    unknown = install.run("release", "nobody", "--by", "Olga", "--why", "because")
    assert "No directory knows anybody" in unknown.output


def test_an_operator_lets_resets_begin_again(install: Install):
    """P-7: by the command that lifts any stop."""

    def stop(tx: Session) -> None:
        freezes.begin(
            tx, at=utc_now(), kind=FreezeKind.RESETS, by="wicket", lost_from=None, facts={"detail": "many"}
        )

    with install.tx() as write:
        write(stop)
    done = install.run("resume", "resets", "--by", "Olga", "--why", "a campaign of ours")
    assert "Resets begin again." in done.stdout
    with install.tx() as write:
        assert list(write(freezes.open_ones)) == []
