"""The evidence as an auditor prints it: whole, on paper of the usual size, whatever people and groups are called."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser

from bot.evidence.cases import Case, Decision
from bot.evidence.gathering import Wanted
from bot.evidence.report import report

pytestmark = pytest.mark.asyncio(loop_scope="session")

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
# What is left of A4 between margins of 16 mm, at 96 pixels an inch.
A4 = {"width": 672, "height": 1001}
# Nobody's name has a place to break at, and it has to break all the same.
NAMES = {"p-ada": "W" * 80, "p-grace": "Ğ" * 80}
DECISION = Decision(
    at=SINCE + timedelta(minutes=5), by="p-grace", role="owner", what="approved", rationale="x" * 300,
    policies=("granted-by-owner",), proof="passkey", entry="e-1", delegation="d-1", delegator="p-ada",
)  # fmt: skip
CASE = Case(
    id=f"g_{'0' * 26}", asked_at=SINCE, requester="p-grace", subject="p-ada", entitlement="z" * 120, minutes=60,
    justification="y" * 300, ticket="T" * 150, outcome="approved", decisions=(DECISION,), policies=("p" * 150,),
    policy_set="ab" * 32, approved_at=SINCE, due_at=SINCE + timedelta(hours=1), given_at=SINCE,
    ended_at=SINCE + timedelta(hours=1), ended_how="its time was over", ended_by="", ended_why="",
    removed_at=SINCE + timedelta(hours=1, seconds=3), kept=False, late=3.0,
    entries=tuple(f"{n:026}" for n in range(9)),
)  # fmt: skip
PAGE = report(
    [CASE, replace(CASE, id="g_2", outcome="automatic"), replace(CASE, id="g_3", outcome="denied")],
    Wanted(since=SINCE, until=SINCE + timedelta(days=90), person="v" * 150, entitlement="u" * 150), NAMES,
    written=SINCE + timedelta(days=91), checkpoint=f"wicket.example.com/{'l' * 150}\n3\n{'q' * 43}=\n",
)  # fmt: skip
# Each part that has a place on the page: where it ends, and what it is.
ENDS = """() => [...document.body.querySelectorAll("*")]
    .map(one => [one.getBoundingClientRect(), one.closest("svg") ? "svg" : one.localName])
    .filter(([place, name]) => place.left < -0.5 || place.right > innerWidth + 0.5)
    .map(([place, name]) => `${name} from ${place.left} to ${place.right}`)"""
LOOKS = """() => {
    const style = (of, name) => [...document.querySelectorAll(of)].map(one => getComputedStyle(one)[name]);
    const once = (of, name) => [...new Set(style(of, name))];
    return {
        paper: once("html, body", "backgroundColor"), ink: once("body", "color"), size: once("body", "fontSize"),
        inks: once("svg rect", "fill"), kept: once("svg rect, .key i", "printColorAdjust"),
        whole: once("article, figure, pre, .numbers div", "breakInside"), follows: once("h2, h3", "breakAfter"),
        live: document.querySelectorAll("a, button, nav, input, script, img").length,
        charts: [...document.querySelectorAll("svg")].map(one => one.getBoundingClientRect().height > 100),
        shown: [...document.querySelectorAll("body *")].filter(one => getComputedStyle(one).display == "none").length,
    };
}"""


async def test_the_report_prints_on_a4_whole_and_readable(browser: Browser) -> None:
    """Nothing is cut at the edge or makes all of it smaller, charts keep their colours, no request is torn apart."""
    page = await browser.new_page(viewport=A4, color_scheme="dark")
    await page.set_content(PAGE)
    await page.emulate_media(media="print")
    assert await page.evaluate(ENDS) == []
    looks = await page.evaluate(LOOKS)
    assert looks == {
        "paper": ["rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"], "ink": ["rgb(29, 36, 33)"], "size": ["12.6667px"],
        "inks": ["rgb(47, 125, 104)", "rgb(185, 138, 47)", "rgb(139, 149, 143)"], "kept": ["exact"],
        "whole": ["avoid"], "follows": ["avoid"], "live": 0, "charts": [True, True, True], "shown": 0,
    }  # fmt: skip
    assert (await page.pdf(format="A4")).startswith(b"%PDF")
