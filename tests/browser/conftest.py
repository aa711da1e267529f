"""A real Chromium for tests that look at pages. It never reaches beyond loopback, and never downloads a browser.

Where there is no Chromium the tests are skipped with that reason, except in CI, where its absence is a failure.
"""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

QUIET = (
    "--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """One Chromium, closed afterwards."""
    path = shutil.which("/usr/bin/chromium") or shutil.which("chromium")
    if path is None:
        missing = "no Chromium here: install Debian's chromium to run the browser tests"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        await chromium.close()
