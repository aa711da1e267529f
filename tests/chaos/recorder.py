"""A directory that records what was really changed in it: triggers in its file, which write with every change.

They belong to the tests and know nothing of the program: whoever changes a membership, in whatever way, is recorded in
the same transaction, so a change is there with its record or not at all.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.chaos.history import Change, Pair

_NOW = "(julianday('now') - 2440587.5) * 86400 - (SELECT back FROM recorded_clock)"


def _trouble(change: str) -> str:
    """What a directory that is not well does with a change: refuse it, every second one, or lie about it."""
    kind = "(SELECT kind FROM recorded_trouble)"
    refused = f"{kind} = 'error' OR ({kind} = 'partial' AND random() % 2 = 0)"
    return f"""
CREATE TRIGGER refused_{change} BEFORE {change} ON members WHEN {refused} BEGIN SELECT RAISE(ABORT, 'not now'); END;
CREATE TRIGGER lied_{change} BEFORE {change} ON members WHEN {kind} = 'lie' BEGIN SELECT RAISE(IGNORE); END;
"""


_SCHEMA = f"""
CREATE TABLE recorded (id INTEGER PRIMARY KEY, at REAL NOT NULL, account TEXT, "group" TEXT, added INTEGER NOT NULL);
CREATE TABLE recorded_clock (back REAL NOT NULL);
INSERT INTO recorded_clock VALUES (0);
CREATE TRIGGER recorded_add AFTER INSERT ON members WHEN new.kind = 'account' BEGIN
    INSERT INTO recorded (at, account, "group", added) VALUES ({_NOW}, new.member, new."group", 1);
END;
CREATE TRIGGER recorded_remove AFTER DELETE ON members WHEN old.kind = 'account' BEGIN
    INSERT INTO recorded (at, account, "group", added) VALUES ({_NOW}, old.member, old."group", 0);
END;
CREATE TABLE recorded_trouble (kind TEXT NOT NULL);
INSERT INTO recorded_trouble VALUES ('');
{_trouble("INSERT")}
{_trouble("DELETE")}
CREATE TRIGGER recorded_never_edited BEFORE UPDATE ON members BEGIN SELECT RAISE(ABORT, 'members come and go'); END;
CREATE TRIGGER record_stands BEFORE DELETE ON recorded BEGIN SELECT RAISE(ABORT, 'the record stands'); END;
CREATE TRIGGER record_unedited BEFORE UPDATE ON recorded BEGIN SELECT RAISE(ABORT, 'the record stands'); END;
"""


def watch(directory: Path) -> None:
    """Record every change of this directory's file from now on."""
    with closing(sqlite3.connect(directory)) as file:
        file.executescript(_SCHEMA)


def set_back(directory: Path, seconds: float) -> None:
    """Record with a clock that is so many seconds behind, for what runs as some time ago."""
    with closing(sqlite3.connect(directory)) as file:
        file.execute("UPDATE recorded_clock SET back = ?", (seconds,))
        file.commit()


def make_trouble(directory: Path, kind: str) -> None:
    """From now on it refuses each change ("error"), or about half of them ("partial"), or says that it is done ("lie").

    The empty kind ends it.
    """
    with closing(sqlite3.connect(directory)) as file:
        file.execute("UPDATE recorded_trouble SET kind = ?", (kind,))
        file.commit()


async def hang(directory: Path, seconds: float) -> None:
    """Let every call hang for so long: those that are not made by then answer that they could not be."""
    with closing(sqlite3.connect(directory, isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(seconds)
        file.execute("ROLLBACK")


def changes(directory: Path) -> list[Change]:
    """What was changed since, oldest first."""
    with closing(sqlite3.connect(directory)) as file:
        rows = file.execute('SELECT at, account, "group", added FROM recorded ORDER BY id').fetchall()
    return [
        Change(at=at, account=account, group=group, added=bool(added)) for at, account, group, added in rows
    ]


def members(directory: Path) -> frozenset[Pair]:
    """Every direct membership as it is now."""
    with closing(sqlite3.connect(directory)) as file:
        return frozenset(
            file.execute("SELECT member, \"group\" FROM members WHERE kind = 'account'").fetchall()
        )
