"""The rows of the local directory: accounts, groups, memberships and the journal of effects.

Plain functions of a connection; they decide nothing about passwords and know nothing of threads.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.directories.base import Account, Group, Pair
from storage.directories.described import Described, lines_of
from storage.faults import DirectoryUnavailable
from storage.micros import from_micros, to_micros
from storage.sentences import template

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL, mail TEXT NOT NULL,
    mail_folded TEXT NOT NULL, employment TEXT NOT NULL, team TEXT NOT NULL, company TEXT NOT NULL, manager TEXT,
    active INTEGER NOT NULL, privileged INTEGER NOT NULL, locked INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0, sessions INTEGER NOT NULL DEFAULT 0,
    password TEXT, password_changed_at INTEGER, password_expires_at INTEGER,
    must_change_password INTEGER NOT NULL DEFAULT 0, person TEXT NOT NULL DEFAULT '',
    location TEXT NOT NULL DEFAULT '', environment TEXT NOT NULL DEFAULT '', workload TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS accounts_mail ON accounts (mail_folded);
CREATE INDEX IF NOT EXISTS accounts_person ON accounts (person);
CREATE TABLE IF NOT EXISTS groups (name TEXT PRIMARY KEY, admin INTEGER NOT NULL, owner TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS descriptions ("group" TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    "group" TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('account', 'group')), member TEXT NOT NULL,
    PRIMARY KEY ("group", kind, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS members_of ON members (kind, member, "group");
CREATE TABLE IF NOT EXISTS effects (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL, account TEXT NOT NULL, "group" TEXT NOT NULL,
    changed INTEGER NOT NULL
);
"""

# UNION, not UNION ALL: a group met twice is not followed again, so groups nested in a circle come to an end.
_GROUPS_OF = """
WITH RECURSIVE above(name, direct) AS (
    SELECT "group", 1 FROM members WHERE kind = 'account' AND member = ?
    UNION SELECT m."group", 0 FROM members m JOIN above ON m.kind = 'group' AND m.member = above.name
) SELECT g.name, g.admin, above.direct FROM above JOIN groups g ON g.name = above.name
"""
_MEMBERS_OF = """
WITH RECURSIVE below(name) AS (
    SELECT ? UNION SELECT m.member FROM members m JOIN below ON m.kind = 'group' AND m."group" = below.name
) SELECT DISTINCT m.member FROM members m JOIN below ON m."group" = below.name WHERE m.kind = 'account'
"""
_NOTE = """INSERT INTO effects (at, what, account, "group", changed) VALUES (?, ?, ?, ?, ?)"""
_CHANGEABLE = frozenset(
    {"login", "name", "mail", "person", "employment", "team", "company", "manager", "active", "privileged"}
    | {"location", "environment", "workload"}
    | {"locked", "password", "password_changed_at", "password_expires_at", "must_change_password", "sessions"}
)
_MOMENTS = ("password_changed_at", "password_expires_at")

NO_ACCOUNT = template("The directory has no account {account}, so nothing was changed.")
NOT_ENDED = template("The directory {directory} did not end it: {why}.")
TOO_SHORT = template("A password has at least {shortest} characters.")
THE_SAME = template("This is the password you have now. Choose another one.")
SILENT = template("The directory {directory} did not answer within {timeout} s.")


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing done to the directory through its port.

    what: "add", "remove", "set_password", "unlock", "switch_on", "switch_off" or "end_sessions".
    group: empty where there is none. changed: False when everything was already so.
    """

    at: datetime
    what: str
    account: str
    group: str
    changed: bool


def read_account(rows: sqlite3.Connection, directory: str, account: str, at: datetime) -> Account | None:
    """The account with its groups, as of `at`."""
    row = rows.execute("SELECT * FROM accounts WHERE id = ?", (account,)).fetchone()
    if row is None:
        return None
    groups = rows.execute(_GROUPS_OF, (account,)).fetchall()
    return Account(
        id=row["id"], directory=directory, person=row["person"], login=row["login"], name=row["name"],
        mail=row["mail"], employment=row["employment"], team=row["team"], company=row["company"],
        manager=row["manager"], active=bool(row["active"]), locked=bool(row["locked"]),
        privileged=bool(row["privileged"]) or any(admin for _, admin, _ in groups),
        must_change_password=bool(row["must_change_password"]),
        direct_groups=frozenset(name for name, _, is_direct in groups if is_direct),
        groups=frozenset(name for name, _, _ in groups),
        password_changed_at=_moment(row["password_changed_at"]),
        password_expires_at=_moment(row["password_expires_at"]), read_at=at,
        location=row["location"], environment=row["environment"], workload=row["workload"],
    )  # fmt: skip


def ids_of_all(rows: sqlite3.Connection) -> list[str]:
    """Everybody's id, sorted."""
    return [account for (account,) in rows.execute("SELECT id FROM accounts ORDER BY id")]


def ids_by_mail(rows: sqlite3.Connection, mail: str) -> list[str]:
    """Ids of the accounts with this address, in order."""
    found = rows.execute(
        "SELECT id FROM accounts WHERE mail_folded = ? ORDER BY id", (mail.strip().casefold(),)
    )
    return [row[0] for row in found]


def ids_of_person(rows: sqlite3.Connection, person: str) -> list[str]:
    """Ids of the accounts of the person with this number, in order; none for the empty one."""
    found = rows.execute(
        "SELECT id FROM accounts WHERE person = ? AND person <> '' ORDER BY id", (person.strip(),)
    )
    return [row[0] for row in found]


def id_by_login(rows: sqlite3.Connection, login: str) -> str | None:
    """Id of the account with this login; the column compares without case."""
    found = rows.execute("SELECT id FROM accounts WHERE login = ?", (login.strip(),)).fetchone()
    return None if found is None else found[0]


def read_group(rows: sqlite3.Connection, name: str, at: datetime) -> Group | None:
    """The group with everybody in it, as of `at`. Its name is its id."""
    row = rows.execute("SELECT * FROM groups WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    direct = rows.execute("""SELECT kind, member FROM members WHERE "group" = ?""", (name,)).fetchall()
    return Group(
        id=name, name=name, owner=row["owner"],
        direct=frozenset(each["member"] for each in direct if each["kind"] == "account"),
        inner=frozenset(each["member"] for each in direct if each["kind"] == "group"),
        members=frozenset(each[0] for each in rows.execute(_MEMBERS_OF, (name,))), read_at=at,
    )  # fmt: skip


def names_of_groups(rows: sqlite3.Connection) -> frozenset[str]:
    """The names of all groups."""
    return frozenset(row[0] for row in rows.execute("SELECT name FROM groups"))


def described(rows: sqlite3.Connection) -> list[Described]:
    """The groups with lines for Wicket."""
    found = rows.execute("""SELECT name, text FROM descriptions JOIN groups ON name = "group" """)
    told = ((row["name"], lines_of([row["text"]])) for row in found)
    return [Described(names=(name,), lines=lines) for name, lines in told if lines]


def describe(rows: sqlite3.Connection, group: str, text: str) -> None:
    """What a group says of itself, in place of what it said."""
    rows.execute("INSERT OR REPLACE INTO descriptions VALUES (?, ?)", (group, text))


def drop_group(rows: sqlite3.Connection, group: str) -> None:
    """Delete a group with its memberships and what it says of itself."""
    rows.execute("DELETE FROM groups WHERE name = ?", (group,))
    rows.execute("""DELETE FROM descriptions WHERE "group" = ?""", (group,))
    rows.execute(
        """DELETE FROM members WHERE "group" = ? OR (kind = 'group' AND member = ?)""", (group, group)
    )


def has_group(rows: sqlite3.Connection, group: str) -> bool:
    """Whether there is such a group."""
    return rows.execute("SELECT 1 FROM groups WHERE name = ?", (group,)).fetchone() is not None


def has_account(rows: sqlite3.Connection, account: str) -> bool:
    """Whether there is such an account."""
    return rows.execute("SELECT 1 FROM accounts WHERE id = ?", (account,)).fetchone() is not None


def put_member(rows: sqlite3.Connection, member: str, group: str, kind: str = "account") -> bool:
    """Put an account or a group directly into a group; whether that changed anything.

    A member or group that does not exist is a DirectoryUnavailable: it cannot be done, now or by trying again soon.
    """
    known = has_account(rows, member) if kind == "account" else has_group(rows, member)
    if not known or not has_group(rows, group):
        missing = f"group {group}" if known else f"{kind} {member}"
        raise DirectoryUnavailable("The directory has no {missing}, so nobody was added.", missing=missing)
    return _changes(rows, "INSERT OR IGNORE INTO members VALUES (?, ?, ?)", (group, kind, member))


def are_members(rows: sqlite3.Connection, pairs: Sequence[Pair]) -> list[bool]:
    """Whether each account is directly in its group."""
    found = rows.execute(
        """SELECT EXISTS (SELECT 1 FROM members WHERE "group" = json_extract(value, '$[1]') AND kind = 'account'
        AND member = json_extract(value, '$[0]')) FROM json_each(?) ORDER BY key""",
        (json.dumps(list(pairs)),),
    )
    return [bool(row[0]) for row in found]


def end_members(rows: sqlite3.Connection, pairs: Sequence[Pair], at: datetime) -> None:
    """Take each account out of its group, and write a line of the journal for each."""
    gone = rows.execute(
        """DELETE FROM members WHERE kind = 'account' AND ("group", member) IN
        (SELECT json_extract(value, '$[1]'), json_extract(value, '$[0]') FROM json_each(?)) RETURNING member, "group"
        """,
        (json.dumps(list(pairs)),),
    )
    changed, micros = {tuple(row) for row in gone}, to_micros(at)
    rows.executemany(_NOTE, [(micros, "remove", *pair, pair in changed) for pair in pairs])


def take_member(rows: sqlite3.Connection, account: str, group: str) -> bool:
    """Take an account out of a group; whether that changed anything."""
    return _changes(
        rows,
        """DELETE FROM members WHERE "group" = ? AND kind = 'account' AND member = ?""",
        (group, account),
    )


def insert_account(rows: sqlite3.Connection, account: str, values: Mapping[str, Any]) -> None:
    """Add an account. An id or login that is taken is a ValueError."""
    columns = {"id": account, **_columns(values)}
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    try:
        rows.execute(f"INSERT INTO accounts ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608  names are ours
    except sqlite3.IntegrityError as error:
        raise ValueError(f"the id {account} or its login is taken") from error


def update_account(rows: sqlite3.Connection, account: str, values: Mapping[str, Any]) -> bool:
    """Change columns of an account; whether there is such an account."""
    columns = _columns(values)
    settings = ", ".join(f"{name} = ?" for name in columns)
    return _changes(rows, f"UPDATE accounts SET {settings} WHERE id = ?", (*columns.values(), account))  # noqa: S608  names are ours


def open_sessions(rows: sqlite3.Connection, account: str) -> int:
    """How many sessions are open; none for an account that does not exist."""
    row = rows.execute("SELECT sessions FROM accounts WHERE id = ?", (account,)).fetchone()
    return int(row["sessions"]) if row else 0


def note_effect(
    rows: sqlite3.Connection, at: datetime, what: str, account: str, group: str = "", *, changed: bool
) -> None:
    """Write one line of the journal, in the transaction of the effect."""
    rows.execute(_NOTE, (to_micros(at), what, account, group, changed))


def read_effects(rows: sqlite3.Connection) -> list[Effect]:
    """The journal, oldest first."""
    found: Iterable[tuple[int, str, str, str, int]] = rows.execute(
        """SELECT at, what, account, "group", changed FROM effects ORDER BY id"""
    ).fetchall()
    return [
        Effect(at=from_micros(at), what=what, account=account, group=group, changed=bool(changed))
        for at, what, account, group, changed in found
    ]


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(values) - _CHANGEABLE)
    if unknown:
        raise ValueError(f"an account has no {', '.join(unknown)}")
    columns = dict(values)
    if "mail" in columns:
        columns["mail_folded"] = columns["mail"].strip().casefold()
    moments = {name: to_micros(columns[name]) for name in _MOMENTS if columns.get(name) is not None}
    return columns | moments


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _changes(rows: sqlite3.Connection, statement: str, values: tuple[Any, ...]) -> bool:
    return rows.execute(statement, values).rowcount > 0
