"""A database of its own for each test, on both engines, with every table and nothing in them; and a moment."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import SQLModel, create_engine

import storage.records  # noqa: F401 - its tables are made below
from storage.database import Database
from storage.engine.forgiving import Forgiving
from storage.engine.stores import Server, Store
from tests.storage.postgres import postgres


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with nothing in it, to copy."""
    made = tmp_path_factory.mktemp("empty") / "wicket.db"
    engine = create_engine(f"sqlite:///{made}", connect_args={"factory": Forgiving})
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return made


@pytest.fixture
def path(tmp_path: Path, empty: Path) -> Path:
    """A SQLite file."""
    return Path(shutil.copy(empty, tmp_path / "wicket.db"))


@pytest.fixture
def server() -> Iterator[Server]:
    """A PostgreSQL database."""
    running = postgres()
    with running.empty() as name:
        yield running.server(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """Where the tables are, on either engine."""
    found = request.getfixturevalue("path" if request.param == "sqlite" else "server")
    assert isinstance(found, Path | Server)
    return found


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    opened = Database(store, busy_timeout=0.1)
    opened.write_now(
        lambda _tx: None
    )  # the first connection makes it a database of readers beside one writer
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
