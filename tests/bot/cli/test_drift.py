"""`wicket drift`: what differs, in a table, beside a running bot; it changes nothing, and unknown is not nothing."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.clock import utc_now
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.grants import add
from storage.standings import watch
from storage.states import GrantState
from tests.bot.cli.test_cli import ADA, GRACE, Install, granted, install

__all__ = ["install"]


def change(install: Install, *members: str, group: bool = True) -> None:
    """The directory's keepers set its group up."""

    async def work() -> None:
        directory = LocalDirectory(install.folder / "people.db", name="staff", cost=Scrypt(n=2))
        if group:
            await directory.add_group("prod-db-rw")
            await directory.add_group("team-x")
            await directory.put_in_group("prod-db-rw", *members, groups=["team-x"] if members else [])
        directory.close()

    asyncio.run(work())


def watched(install: Install) -> None:
    """The group was looked at before, when it was empty."""
    place = {"directory": "staff", "group": "prod-db-rw", "entitlement": "prod-db"}
    with install.tx() as write:
        write(lambda tx: watch(tx, at=utc_now(), **place, found=[]))


def test_nothing_that_differs_is_said_in_words(install: Install) -> None:
    change(install)
    done = install.run("drift")
    assert (done.exit_code, done.stdout) == (0, "Nothing differs.\n")


def test_what_differs_is_named_with_who_it_is(install: Install) -> None:
    """A stranger, a group that was put in, and a grant whose membership is gone; a bot may be at its rows meanwhile."""
    change(install, ADA)
    watched(install)
    with install.tx() as write:
        write(lambda tx: add(tx, granted(GrantState.ACTIVE, account=GRACE)))
    before = install.store.read_bytes()
    with closing(sqlite3.connect(install.store)) as bot:
        bot.execute("BEGIN IMMEDIATE")
        done = install.run("drift")
        bot.rollback()
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert "prod-db unexplained Ada Lovelace" in lines
    assert "prod-db unexplained (a group) team-x" in lines
    assert "prod-db granted, but not there Grace Hopper" in lines
    assert install.store.read_bytes() == before


def test_before_the_first_look_what_stands_there_is_told_as_that(install: Install) -> None:
    change(install, ADA)
    assert "there before the first look" in install.run("drift").stdout


def test_a_group_that_is_not_there_is_told(install: Install) -> None:
    change(install, group=False)
    assert "its group is gone" in install.run("drift").stdout


@pytest.mark.parametrize("broken", ["gone", "no database"])
def test_a_directory_that_cannot_be_read_is_unknown_and_not_nothing(install: Install, broken: str) -> None:
    """Promise 7, with an exit code that a script sees."""
    file: Path = install.folder / "people.db"
    file.unlink()
    if broken == "no database":
        file.write_text("this is no database at all " * 100)
    done = install.run("drift")
    assert done.exit_code == 2
    assert "unknown" in done.stderr
