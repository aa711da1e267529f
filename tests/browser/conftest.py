"""A real Chromium for tests that look at pages.

Where there is none the tests are skipped with that reason, except in CI, where its absence is a failure.
"""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.chromium import MISSING, chromium, running

# Two cores may be full of other things: what is promised to come may take its time here.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is."""
    path = chromium()
    if path is None:
        pytest.fail(MISSING) if os.environ.get("CI") == "true" else pytest.skip(MISSING)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def one_chromium(chromium_path: str) -> AsyncIterator[Browser]:
    """One Chromium for all files of a process: starting it takes longer than most of the tests."""
    async with running(chromium_path) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def browser(one_chromium: Browser) -> AsyncIterator[Browser]:
    """A Chromium without any profile; those that a test makes are gone after it.

    Its tests run in the one loop of all of them: `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
    """
    yield one_chromium
    for context in one_chromium.contexts:
        await context.close()
