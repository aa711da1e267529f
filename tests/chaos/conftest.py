"""What the chaos tests share: the process that bears their bots, and scenarios that run beside each other.

Most of a scenario is waiting until leases of dead processes are over, so several of them take hardly longer than one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from typing import TypeVar

import pytest

from tests.chaos.bots import Nursery
from tests.chaos.stage import prepare, prepare_server

T = TypeVar("T")


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Loaded once for all bots of a process."""
    with Nursery() as bears:
        yield bears


@pytest.fixture(scope="session", autouse=True)
def first_day(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What every stage begins with. Where PostgreSQL is not installed, whoever needs it is skipped."""
    asyncio.run(prepare(tmp_path_factory.mktemp("first")))
    with suppress(pytest.skip.Exception):
        prepare_server()


def together(scenarios: Mapping[str, Callable[[], Awaitable[T]]]) -> Mapping[str, T | BaseException]:
    """What came of each, or what it failed by; one that fails ends no other."""

    async def run() -> list[T | BaseException]:
        return await asyncio.gather(*(each() for each in scenarios.values()), return_exceptions=True)

    return dict(zip(scenarios, asyncio.run(run()), strict=True))


def result(outcomes: Mapping[str, T | BaseException], name: str) -> T:
    """What came of this one; what it failed by is raised."""
    found = outcomes[name]
    if isinstance(found, BaseException):
        raise found
    return found
