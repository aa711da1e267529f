"""Whoever asks what stands in the way hears of what this process alone knows as well (T-2)."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.decisions.freezing import UNCHECKED, Stopped
from handlers.secure_page import breaker
from handlers.stops.standing import standing, written
from storage.database import Database
from tests.handlers.made_once import copy_empty_database

AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(copy_empty_database(tmp_path / "wicket.db"))) as opened:
        yield opened


@pytest.mark.parametrize("ask", [standing, lambda tx: [one for one in [breaker.stopped(tx)] if one]])
def test_what_the_process_alone_knows_stands_until_all_of_it_is_over(
    database: Database, ask: Callable[[Session], list[Stopped]]
) -> None:
    database.unchecked.begin("one", AT + timedelta(minutes=1))
    database.unchecked.begin("other", AT)
    database.unchecked.begin("other", AT + timedelta(minutes=2))
    assert database.read_now(ask) == [Stopped(id=UNCHECKED, kind=UNCHECKED, since=AT)]
    database.unchecked.end("other")
    assert [one.since for one in database.read_now(ask)] == [AT + timedelta(minutes=1)]
    database.unchecked.end("one")
    assert database.write_now(ask) == []


def test_what_is_written_is_told_apart(database: Database) -> None:
    """A freeze that could not be written is tried again, and not taken for one that is."""
    database.unchecked.begin("one", AT)
    assert database.read_now(written) == []
