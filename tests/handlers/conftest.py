"""The engines that a handler's test runs on: SQLite, and PostgreSQL as well if it is marked `both_engines`.

It decides nothing else. `make postgresql` runs every one of them on both, but for those that do what only SQLite lets
anybody do (`sqlite_alone`), or only a server does (`postgresql_alone`); CONTRIBUTING.md says which are marked.
"""

from collections.abc import Iterator

import pytest

from storage.engine.stores import Server
from tests.storage.postgres import postgres

_ENGINES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Once for each engine, for whoever asks for `server`, or for the name of the `engine` to fill a store on."""
    marked = metafunc.definition.get_closest_marker
    asked = marked("both_engines") or metafunc.config.getoption("--postgresql")
    both = asked and not marked("sqlite_alone")
    engines = _ENGINES[1:] if marked("postgresql_alone") else _ENGINES if both else _ENGINES[:1]
    for name in {"server", "engine"}.intersection(metafunc.fixturenames):
        metafunc.parametrize(name, engines, indirect=name == "server")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """A PostgreSQL database with every table; None where a file in the test's folder is meant."""
    if request.param == "sqlite":
        yield None
        return
    running = postgres()
    with running.empty() as name:
        yield running.server(name)
