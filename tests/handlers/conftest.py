"""Both engines, for the handlers that are asked everything on each."""

from collections.abc import Iterator

import pytest

from storage.engine.stores import Server
from tests.storage.postgres import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """A PostgreSQL database with every table; None where a file in the test's folder is meant."""
    if request.param == "sqlite":
        yield None
        return
    running = postgres()
    with running.empty() as name:
        yield running.server(name)
