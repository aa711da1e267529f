"""The audit tables with their triggers, on both engines, and entries to put into them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import SQLModel

from storage.audit.entry import Actor, Entry, PolicyTrace, Where
from storage.audit.guards import TRIGGERS_SQLITE, triggers
from storage.audit.tables import TABLES
from storage.engine.forgiving import Forgiving
from storage.engine.stores import Server
from storage.identifiers import new_id
from tests.storage.postgres import postgres

START = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)

MakeEntry = Callable[..., Entry]


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty audit store in a file of its own."""
    made = create_engine(f"sqlite:///{tmp_path / 'audit.db'}", connect_args={"factory": Forgiving})
    # What is tested here is not the disk.
    event.listen(made, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    with made.begin() as connection:
        SQLModel.metadata.create_all(connection, tables=list(TABLES))
        for trigger in TRIGGERS_SQLITE:
            connection.execute(text(trigger))
    yield made
    made.dispose()


@pytest.fixture
def postgresql_engine(server: Server) -> Iterator[Engine]:
    """An empty audit store in a database of its own."""
    made = postgres().engine(server)
    yield made
    made.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An empty audit store on either engine."""
    found = request.getfixturevalue(f"{request.param}_engine")
    assert isinstance(found, Engine)
    return found


@pytest.fixture
def unguarded(engine: Engine) -> Engine:
    """The same store without its triggers, as somebody with the file in hand would have it."""
    with engine.begin() as connection:
        on_table = engine.dialect.name == "postgresql"
        for trigger in triggers(connection):
            if trigger.startswith("CREATE TRIGGER"):
                name, table = trigger.split()[2], trigger.split(" ON ")[1].split()[0]
                connection.execute(text(f"DROP TRIGGER {name}{f' ON {table}' if on_table else ''}"))
    return engine


@pytest.fixture
def make_entry() -> MakeEntry:
    """Makes entries one second apart; every field can be given."""
    made = 0

    def make(**given: Any) -> Entry:
        nonlocal made
        at = given.get("at", START + timedelta(seconds=made))
        made += 1
        fields: dict[str, Any] = {
            "at": at,
            "id": new_id("e", at),
            "action": "grant.requested",
            "outcome": "done",
            "actor": Actor(type="person", id="p-ada", slack_user="U1", slack_team="T1"),
            "subject": "p-ada",
            "resource": "prod-db",
            "correlation": "c-7f3a",
            "where": Where(transport="socket", replica="r1", team="T1", channel="D1"),
            "policy": PolicyTrace(allowed=True, ids=("request-eligible",), digest="ab" * 32),
            "facts": {"minutes": 120, "risk": 4, "production": True, "approvers": ["p-grace", "p-linus"]},
            "texts": {"justification": f"fix INC-{made}"},
        }
        return Entry(**{**fields, **given})

    return make
