"""A database in a file of its own, with every table and nothing in them; and a moment to begin from."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import SQLModel, create_engine

import storage.records  # noqa: F401 - its tables are made below
from storage.database import Database


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing in it, to copy."""
    made = tmp_path_factory.mktemp("empty") / "wicket.db"
    engine = create_engine(f"sqlite:///{made}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return made


@pytest.fixture
def path(tmp_path: Path, empty: Path) -> Path:
    """Where the database is."""
    return Path(shutil.copy(empty, tmp_path / "wicket.db"))


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path, busy_timeout=0.1)
    opened.write_now(
        lambda _tx: None
    )  # the first connection makes it a database of readers beside one writer
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
