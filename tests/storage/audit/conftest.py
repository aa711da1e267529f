"""A real SQLite file with the audit tables and their triggers, and entries to put into it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import SQLModel

from storage.audit.entry import Actor, Entry, PolicyTrace, Where
from storage.audit.guards import TRIGGERS_SQLITE
from storage.audit.tables import TABLES
from storage.identifiers import new_id

START = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)

MakeEntry = Callable[..., Entry]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty audit store in a file of its own."""
    made = create_engine(f"sqlite:///{tmp_path / 'audit.db'}")
    # What is tested here is not the disk.
    event.listen(made, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    with made.begin() as connection:
        SQLModel.metadata.create_all(connection, tables=list(TABLES))
        for trigger in TRIGGERS_SQLITE:
            connection.execute(text(trigger))
    yield made
    made.dispose()


@pytest.fixture
def unguarded(engine: Engine) -> Engine:
    """The same store without its triggers, as somebody with the file in hand would have it."""
    with engine.begin() as connection:
        for trigger in TRIGGERS_SQLITE:
            connection.execute(text(f"DROP TRIGGER {trigger.split()[2]}"))
    return engine


@pytest.fixture
def make_entry() -> MakeEntry:
    """Makes entries one second apart; every field can be given."""
    made = 0

    def make(**given: Any) -> Entry:
        nonlocal made
        at = START + timedelta(seconds=made)
        made += 1
        fields: dict[str, Any] = {
            "id": new_id("e", at),
            "at": at,
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
