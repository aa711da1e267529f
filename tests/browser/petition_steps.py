"""Every step of a petition on the secure page, played in a browser one after another, for whoever looks at each.

It judges nothing, and finds its way by what can be read on the screen.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, expect
from prometheus_client import CollectorRegistry

from bot.metrics import Metrics
from bot.web.asking import asking_routes
from storage.records import Petition
from tests.bot.web.serving import serving
from tests.browser.page_steps import DOOR
from tests.handlers.page_ground import OLD_PASSWORD
from tests.handlers.petition_ground import Square


@asynccontextmanager
async def petition_page(sq: Square) -> AsyncIterator[str]:
    """The page with its front door and the way to two people, by a name: browsers have no passkeys for numbers."""
    metrics = Metrics.in_registry(CollectorRegistry())
    async with serving(
        sq.page,
        host="localhost",
        front_door=DOOR,
        more=lambda origin: asking_routes(sq.ground, sq.page.ground, DOOR, origin, metrics),
    ) as origin:
        yield origin


async def petition_steps(sq: Square, origin: str, page: Page) -> AsyncIterator[str]:
    """Ada asks, two people and four hours later she sets up a passkey. The name of each while the browser shows it."""
    await page.goto(f"{origin}/start")
    await page.get_by_role("link", name="I lost what I prove myself with").click()
    await _reads(page, "Ask two people")
    yield "ask"
    await _press(page, "Ask them")
    await expect(page.get_by_role("alert").first).to_be_visible()
    yield "ask-missing"
    await page.get_by_label("Login").fill("ada")
    await page.get_by_label("What happened?").fill("My phone fell into the sea")
    await _press(page, "Ask them")
    await _reads(page, "Two people are asked, if this login can be helped so.")
    yield "asked"
    (row,) = await sq.page.rows(Petition)
    await _until_its_hour(sq, row.id)
    await page.goto(f"{origin}/p/{sq.visitor(row.id).text}")
    await _reads(page, "Show what you have left")
    yield "regain"
    await _press(page, "Send me a code")
    await expect(page.get_by_role("status")).to_be_visible()
    yield "regain-sent"
    await page.get_by_label("Code from the mail").fill("00000000")
    await _press(page, "Continue with the code")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "regain-wrong"
    await page.get_by_label("The password you have now").fill(OLD_PASSWORD)
    await _press(page, "Continue with my password")
    await _reads(page, "Set up new proofs")
    yield "new-proofs"
    await page.get_by_label("A name for it, if you like").fill("new phone")
    await _press(page, "Make a passkey")
    await expect(page.get_by_role("listitem")).to_have_count(10)
    await page.goto(f"{origin}/p/{sq.visitor(row.id).text}")
    await _reads(page, "Your new proofs are set up.")
    yield "regained"


async def _until_its_hour(sq: Square, petition: str) -> None:
    for login in ("sam", "grace"):
        await sq.approve(petition, login)
    await sq.mailed(petition)
    sq.page.clock.forward(hours=4)
    await sq.openings.settle_due()


async def _press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def _reads(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
