"""What every tick asks is answered from an index over what is open: years of history cost nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Connection, event
from sqlmodel import Session

from storage import (
    claims,
    copies,
    endings,
    escalations,
    exceptions,
    floods,
    grants,
    handles,
    holdings,
    outbox,
    reminders,
    vouchings,
)
from storage.audit import glimpses, log, stories
from storage.database import Database
from storage.given import given_to
from storage.group_names import NAMES, GroupNames
from storage.records import Grant
from storage.spellings import ways, ways_of
from tests.storage.rows import recorded

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

ASKED = {
    "grants_due": lambda tx: endings.due(tx, NOW, 100),
    "grants_due/next": lambda tx: endings.next_end(tx, NOW),
    "grants_due/late": lambda tx: endings.late(tx, NOW),
    "grants_due/ahead": lambda tx: endings.ahead(tx, NOW),
    "grants_waiting": lambda tx: grants.unanswered(tx, NOW, 100),
    "grants_reminding": lambda tx: reminders.due(tx, NOW, 100),
    "holdings_open": lambda tx: claims.due(
        tx, directory="local", at=NOW, limit=32, longest=timedelta(minutes=5)
    ),
    "exceptions_unheeded": lambda tx: escalations.unheeded(tx, NOW, 20, after=timedelta(minutes=15)),
    "exceptions_alone": lambda tx: floods.lead_for(
        tx, kind="tampered", severity="high", who="Eve", at=NOW, due_at=NOW
    ),
    "audit_entries_password_changed": lambda tx: handles.resets_since(tx, {("local", "p-ada")}, NOW),
    "outbox_oldest/next": lambda tx: outbox.next_due(tx, courier="slack", urgency=outbox.GRAVE),
    "outbox_oldest": lambda tx: outbox.claim(
        tx,
        courier="slack",
        at=NOW,
        lease=timedelta(seconds=30),
        limit=50,
        longest=timedelta(minutes=5),
        urgency=outbox.ALERT,
    ),
    "outbox_oldest/all": lambda tx: outbox.claim(
        tx, courier="slack", at=NOW, lease=timedelta(seconds=30), limit=50, longest=timedelta(minutes=5)
    ),
}


OF_ONE_PERSON = {
    "live_of": lambda tx: grants.live_of(tx, "local", "p-ada"),
    "given_to": lambda tx: given_to(tx, "local", "p-ada"),
    "open_of": lambda tx: grants.open_of(tx, "local", "p-ada", "prod-db"),
    "continued": lambda tx: reminders.continued(
        tx,
        Grant(
            id="g", requester_directory="local", requester_account="p-ada", entitlement="prod-db", extends=""
        ),
    ),
    "past_of": lambda tx: grants.past_of(tx, "local", "p-ada", "prod-db"),
}


OF_MANY = {
    "begin": lambda tx: endings.begin(tx, [], reason=""),
    "end": lambda tx: endings.end(tx, [], at=NOW),
    "covering_each": lambda tx: endings.covering_each(tx, []),
    "standing_each": lambda tx: endings.standing_each(tx, []),
    "held_each": lambda tx: claims.held_each(tx, []),
    "settle_removed": lambda tx: claims.settle_removed(tx, []),
    "known_among": lambda tx: exceptions.known_among(tx, []),
    "ways_of": lambda tx: ways_of(tx, [("names", one, "prod-db") for one in ("p-ada", "p-bob")]),
    "ways": lambda tx: ways(tx, "names", "p-ada", "prod-db"),
    "of_accounts": lambda tx: holdings.of_accounts(tx, directory="names", group="prod-db", accounts=[]),
}


# On SQLite by ids, which sort by time.
BY_WHEN = r"\b(sqlite_autoindex_audit_entries_1|ix_audit_entries_at)\b"
BY_TIME = {
    "since": lambda tx: log.rows(tx, since=NOW),
    "until": lambda tx: log.rows(tx, until=NOW),
    "between": lambda tx: log.rows(tx, since=NOW, until=NOW + timedelta(days=7)),
    "tally": lambda tx: log.tally(tx, NOW, NOW + timedelta(days=7)),
    "first_since": lambda tx: log.first_since(tx, NOW),
    "span_of": lambda tx: stories.span_of(tx, NOW, NOW + timedelta(days=7)),
    "floor": lambda tx: glimpses.floor(tx, 0, NOW),
}


@contextmanager
def heard_by_driver(connection: Connection) -> Iterator[list[tuple[str, object]]]:
    """The statements that the engine is asked meanwhile; SQLite says them with their values in place."""
    heard: list[tuple[str, object]] = []
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.set_trace_callback(lambda statement: heard.append((statement, ())))
        yield heard
        driver.set_trace_callback(None)
        return

    class Hearing(psycopg.Cursor):
        def execute(self, query, params=None, **how):
            heard.append((query, params))
            return super().execute(query, params, **how)

    before, driver.cursor_factory = driver.cursor_factory, Hearing
    yield heard
    driver.cursor_factory = before


def plan_of(tx: Session, ask: Callable[[Session], object]) -> str:
    """How the engine goes about what `ask` asks, with the very values it is asked with."""
    asked: list[tuple[str, object]] = []
    connection = tx.connection()

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    with heard_by_driver(connection) as heard:
        ask(tx)
    event.remove(connection, "before_cursor_execute", note)
    # SQLAlchemy does not hear of what is said to the driver itself.
    statement, parameters = (asked or heard)[-1]
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(str(row[3]) for row in rows)
    # An empty table is faster read whole; what matters is that the index would do, and in its order.
    for other in ("seqscan", "sort", "bitmapscan"):
        connection.exec_driver_sql(f"SET LOCAL enable_{other} = off")
    return "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())


@pytest.mark.parametrize("index", ASKED)
def test_a_tick_reads_only_what_is_open_and_in_order(database, index):
    """No scan of a whole table, and no sorting of all that is due to find the first few."""
    plan = database.write_now(lambda tx: plan_of(tx, ASKED[index]))
    assert re.search(rf"(USING INDEX|Index (Only )?Scan using) {index.partition('/')[0]}\b", plan)
    assert not re.search(r"\bSCAN (?!due\b)|TEMP B-TREE|Seq Scan", plan)
    # SQLite's index ends with the row number; PostgreSQL sorts those that are due in the same moment.
    assert not re.search(r"Sort +\(", plan) or index.startswith("outbox_oldest")


@pytest.mark.parametrize("asked", OF_MANY)
def test_what_is_in_a_list_is_found_by_its_key(database, asked):
    """A round asks about its own rows alone, however many there are."""

    def work(tx: Session) -> str:
        tx.info[NAMES] = GroupNames({"names": str.lower})
        return plan_of(tx, OF_MANY[asked])

    plan = database.write_now(work)
    assert not re.search(r"\bSCAN (?!anon_\d VIRTUAL TABLE)|Seq Scan", plan)


def test_what_a_click_asks_about_one_account_is_no_list(database):
    """PostgreSQL takes a list for many, and would read thousands of rows of others to find the few."""

    def work(tx: Session) -> str:
        tx.info[NAMES] = GroupNames({"names": str.lower})
        return plan_of(tx, OF_MANY["ways"])

    plan = database.write_now(work)
    assert not re.search(r"VIRTUAL TABLE|Function Scan|ProjectSet", plan)
    assert re.search(r"SEARCH holdings USING|using holdings_directory", plan)


def test_what_each_click_asks_about_its_message_is_found_by_its_key(database):
    """All other clicks wait for it, and where messages stand is kept for years. A reminder has the status's buttons."""

    def work(tx: Session) -> str:
        about = {"kind": "request", "subject": "g-1", "channel": "D1"}
        outbox.remember_posted(tx, **about, recipient="U1", ts="1.1", at=NOW)
        return plan_of(tx, lambda tx: copies.seems_copy(tx, **about, ts="2.2"))

    assert not re.search(r"\bSCAN|Seq Scan", database.write_now(work))


@pytest.mark.parametrize("asked", OF_ONE_PERSON)
def test_what_one_person_asked_for_is_found_by_who_asked(path, asked):
    """However much others asked for. SQLite has no figures to choose by; PostgreSQL, that has, chooses for itself."""
    database = Database(path)
    plan = database.write_now(lambda tx: plan_of(tx, OF_ONE_PERSON[asked]))
    database.close()
    assert "USING INDEX grants_by (requester_account=? AND state=?" in plan


def test_when_somebody_vouched_is_not_looked_for_in_the_whole_record(database):
    """Of two who did much, or had much done to them, PostgreSQL read all of it from its end to find the last word."""

    def work(tx: Session) -> str:
        for number in range(500):
            recorded(tx, NOW, "grant.requested", f"g-{number}")
        if tx.connection().dialect.name == "postgresql":
            tx.connection().exec_driver_sql("ANALYZE audit_entries")
        them = {"vouchers": {"wicket", "wicket-2"}, "accounts": {"p-ada", "p-ada-2"}}
        return plan_of(tx, lambda tx: vouchings.last_word(tx, directory="local", **them))

    plan = database.write_now(work)
    assert not re.search(rf"{BY_WHEN}|\bSCAN|Seq Scan", plan)
    # By the few words that were ever given; SQLite reads no entry of these two but those that are in both.
    assert re.search(r"(COVERING INDEX|Index Only Scan using) audit_entries_action\b", plan)
    assert "Scan" in plan or re.search(r"ix_audit_entries_(subject|actor) \(\w+=\? AND rowid=\?\)", plan)


@pytest.mark.parametrize("asked", BY_TIME)
def test_what_happened_when_is_found_by_an_index(database, asked):
    """The whole record is never read for what is of one week, nor for where that begins."""
    plan = database.write_now(lambda tx: plan_of(tx, BY_TIME[asked]))
    assert re.search(BY_WHEN, plan)
    assert not re.search(r"\bSCAN audit_entries|Seq Scan", plan)
    # On SQLite no row is looked at only to find where a time begins and ends.
    assert asked == "tally" or "sqlite" not in plan or re.search(f"USING COVERING INDEX {BY_WHEN}", plan)
