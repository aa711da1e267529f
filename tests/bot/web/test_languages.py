"""Whoever opens the page hears the language that their browser asks for, from its first word to a refusal (SL-19)."""

from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest

from bot.languages import read_language
from bot.texts import ENGLISH
from bot.web.languages import Languages
from bot.web.page import DID_NOT_WORK, NEED_MAILED
from storage.states import Purpose
from tests.bot.texts.compiled import compiled
from tests.bot.web.serving import Browser, serving
from tests.handlers.page_ground import World, world

GERMAN = {
    "Show that it is you": "Zeig, dass du es bist",
    "Use a recovery code": "Nimm einen Notfall-Code",
    DID_NOT_WORK: "Das hat nicht geklappt.",
    NEED_MAILED: "Schreib die acht Ziffern aus der Mail.",
    "There is no page at this address.": "Hier ist keine Seite.",
    "Not yet: {title}": "Noch nicht: {title}",
}


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as made:
        yield made


async def test_each_visitor_reads_their_own_language(page: World, tmp_path: Path) -> None:
    german = read_language(compiled(tmp_path / "de.mo", GERMAN))
    visitor = await page.opened(Purpose.RESET)
    async with serving(page, languages=Languages(ENGLISH, [german])) as origin, Browser(origin) as browser:
        shown = await browser.open(f"/p/{visitor.text}", **{"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
        assert "Zeig, dass du es bist" in shown.text
        assert '<html lang="de">' in shown.html
        assert (shown.headers["Content-Language"], shown.headers["Vary"]) == ("de", "Accept-Language")
        assert shown.headers["Cache-Control"] == "no-store"
        english = await browser.open(f"/p/{visitor.text}", **{"Accept-Language": "fr"})
        assert "Show that it is you" in english.text
        assert '<html lang="en">' in english.html


async def test_without_a_wish_it_is_the_workspaces_language_for_refusals_and_strange_addresses_too(
    page: World, tmp_path: Path
) -> None:
    german = read_language(compiled(tmp_path / "de.mo", GERMAN))
    visitor = await page.opened(Purpose.RESET)
    async with serving(page, languages=Languages(german)) as origin, Browser(origin) as browser:
        await browser.open(f"/p/{visitor.text}?way=recovery")
        wrong = await browser.send("recovery", recovery="x", mailed="1")
        assert "Schreib die acht Ziffern aus der Mail." in wrong.text
        assert "<title>Noch nicht: Nimm einen Notfall-Code · Wicket</title>" in wrong.html
        await browser.open(f"/p/{visitor.text}")
        assert "Das hat nicht geklappt." in (await browser.send("totp", code="000000")).text
        assert "Hier ist keine Seite." in (await browser.open("/nothing")).text


async def test_a_refusal_takes_its_time_in_any_language(page: World, tmp_path: Path) -> None:
    """P-9: whether it is one that must take its time is known by the sentence, not by its translation."""
    german = read_language(compiled(tmp_path / "de.mo", GERMAN))
    visitor = await page.opened(Purpose.RESET)
    async with (
        serving(page, languages=Languages(german), floor=0.2) as origin,
        Browser(origin) as browser,
    ):
        await browser.open(f"/p/{visitor.text}")
        before = monotonic()
        await browser.send("totp", code="000000")
        assert monotonic() - before >= 0.2
