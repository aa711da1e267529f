"""A store with years behind it: very many grants, holdings and entries, copied as plain rows.

It makes up what was, since the bot would take hours for it; never what is measured.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlmodel import Session, SQLModel

from storage import grants, holdings
from storage.audit.entry import Actor, Entry, Where, written
from storage.audit.guards import put_back
from storage.audit.merkle import Frontier, leaf_hash
from storage.catalogue import Entitlement
from storage.database import Database
from storage.macs import BOUND, Macs
from storage.micros import to_micros
from storage.records import Grant, Holding
from storage.signing import sign_unsigned
from storage.states import GrantState
from tests.bench.stage import CROWD, a_grant, crowd
from tests.storage.rows import numbered

# Among so many the past is divided; the first thousand are the crowd, who also ask while it is measured.
PEOPLE = 10_000
_MONTH = timedelta(days=30)
_ONE = f"n % {PEOPLE}"
_WHO = f"printf(CASE WHEN {_ONE} < {CROWD} THEN 'p-crowd%04d' ELSE 'x%05d' END, {_ONE})"
_ACCOUNT = (
    "INSERT OR IGNORE INTO accounts (id, login, name, mail, mail_folded, employment, team, company, active, privileged)"
    f" SELECT {_WHO}, {_WHO}, 'Somebody', '', '', 'employee', '', '', 1, 0 FROM numbers"
)
_MEMBER = f"INSERT OR IGNORE INTO members SELECT ?, 'account', {_WHO} FROM numbers"
_ENTRY = (
    'INSERT INTO audit_entries VALUES (?, ?, ?, "wicket", ?, "past", "grant.expired", "done", ?, ?, ?, ?)'
)
_GUARDS = ("audit_entries_insert", "audit_head_update")


def add_active(store: Path, people: Path, things: Sequence[Entitlement], count: int) -> None:
    """So many active grants that end in a month, with holdings and memberships, the same number of each thing."""
    each = count // len(things)
    for thing in things:
        _copy(store, thing, GrantState.ACTIVE, range(each))
    with closing(sqlite3.connect(people, isolation_level=None)) as rows:
        rows.execute(f"{_numbers(range(each))} {_ACCOUNT}")
        for thing in things:
            rows.execute(f"{_numbers(range(each))} {_MEMBER}", (thing.group,))


def add_past(store: Path, things: Sequence[Entitlement], numbers: range) -> None:
    """The past grants of these numbers with an entry each, and their holdings: all of it is over."""
    share = len(numbers) // len(things)
    for place, thing in enumerate(things):
        begin = numbers.start + place * share
        _copy(store, thing, GrantState.ENDED, range(begin, begin + share))
    with closing(sqlite3.connect(store, isolation_level=None)) as rows:
        rows.execute("BEGIN IMMEDIATE")
        for guard in _GUARDS:  # they look at each entry, of which there are very many
            rows.execute(f"DROP TRIGGER {guard}")
        _grow(rows, len(numbers))
        rows.execute("COMMIT")
    database = Database(store)
    database.write_now(put_back)
    database.close()


def sign_all(store: Path, macs: Macs) -> None:
    """Give every row that needs a MAC its own, as if the bot had written it."""
    database = Database(store, macs=macs)
    for table in BOUND:
        while database.write_now(partial(sign_unsigned, name=table, limit=5000)):
            pass
    database.close()


def _copy(store: Path, thing: Entitlement, state: GrantState, numbers: range) -> None:
    grant, holding = _templates(store, thing, state)
    name = f"'{state}-' || t.\"group\" || n"
    with closing(sqlite3.connect(store, isolation_level=None)) as rows:
        changed = {"id": name, "account": _WHO}
        _copy_row(rows, Grant, grant, numbers, {**changed, "requester_account": _WHO})
        _copy_row(rows, Holding, holding, numbers, changed)


def _templates(store: Path, thing: Entitlement, state: GrantState) -> tuple[str, str]:
    """A grant and its holding as the bot writes them; their ids."""
    at, is_over = datetime.now(UTC), state == GrantState.ENDED

    def work(tx: Session) -> tuple[str, str]:
        made = a_grant(
            crowd()[-1], thing, at, state=state, expires_at=at + _MONTH, ended_at=at if is_over else None
        )
        grant = grants.add(tx, made)
        if is_over:
            holding = holdings.follow_grant(tx, grant, at=at, due_at=at)
        else:
            holding = holdings.take_over(tx, grant, at=at)
        holdings.settle(tx, holding, present=not is_over, over=is_over)
        return grant.id, holding.id

    database = Database(store)
    try:
        return database.write_now(work)
    finally:
        database.close()


def _copy_row(
    rows: sqlite3.Connection, table: type[SQLModel], template: str, numbers: range, changed: Mapping[str, str]
) -> None:
    name = str(table.__tablename__)
    names = [column.name for column in SQLModel.metadata.tables[name].columns]
    listed = ", ".join(f'"{each}"' for each in names)
    said = ", ".join(changed.get(each, f't."{each}"') for each in names)
    copied = f"INSERT OR IGNORE INTO {name} ({listed}) SELECT {said} FROM numbers, {name} t"
    rows.execute(f"{_numbers(numbers)} {copied} WHERE t.id = ?", (template,))


def _numbers(numbers: range) -> str:
    last = numbers.stop - 1
    return f"WITH RECURSIVE numbers(n) AS (SELECT {numbers.start} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"


def _grow(rows: sqlite3.Connection, count: int) -> None:
    """A sound tree with so many entries more."""
    (stored,) = rows.execute("SELECT frontier FROM audit_head").fetchone()
    tree = Frontier.from_bytes(stored)

    def entries() -> Iterator[tuple[object, ...]]:
        nonlocal tree
        for index in range(tree.size, tree.size + count):
            hashed = leaf_hash(leaf := _LEAF.replace(b"#", str(index).encode()))
            tree = tree.append(hashed)
            who, story = f"p-crowd{index % PEOPLE:04}", f"ended-{index}"
            yield index, numbered(index, _THEN), _AT, who, story, leaf, hashed, tree.root

    rows.executemany(_ENTRY, entries())
    rows.execute("UPDATE audit_head SET size = ?, frontier = ?", (tree.size, tree.to_bytes()))


_THEN = datetime(2026, 1, 1, tzinfo=UTC)
_AT = to_micros(_THEN)
_, _LEAF = written(
    Entry(
        id=numbered(0, _THEN), at=_THEN, action="grant.expired", outcome="done",
        actor=Actor(type="wicket", id="wicket"), subject="#", resource="past",
        correlation="past", where=Where(transport="schedule", replica="main"),
    ),
    {},
)  # fmt: skip
