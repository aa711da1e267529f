"""Every step of the secure page under axe, in Chromium, as wide as a desk and as narrow as a phone, light and dark.

Each is played as a person would, with scripts on, since that is where axe looks.
"""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from storage.states import Purpose
from tests.bot.web.serving import serving
from tests.browser.looks import Look, Mirror, axe_finds
from tests.browser.page_steps import house, steps
from tests.handlers.page_ground import NEW_PASSWORD, world

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGEST = 60_000
LOOKS = {
    "desk": Look(width=1280, height=800),
    "phone": Look(width=360, height=740, dark=True, touch=True),
    "twice as large": Look(width=640, height=400, scale=2),
}
# The page is one column of 29 rem, which fits there: axe would see what it sees at a desk.
LAID_OUT_ALIKE = {"twice as large"}


async def test_axe_finds_nothing_at_any_step(browser: Browser, tmp_path: Path) -> None:
    """WCAG 2.2 AA; and nothing goes sideways, weighs more than it may, or breaks the page's own policy."""
    context = await browser.new_context(reduced_motion="reduce")
    page, refused = await context.new_page(), list[str]()
    page.on(
        "console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None
    )
    mirror, seen = await Mirror.before(page), set()
    async with house(tmp_path) as at:
        async for step in steps(at, page):
            seen.add(step)
            assert len((await page.content()).encode()) < LARGEST, step
            async for look in mirror.each(LOOKS):
                assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), (
                    step,
                    look,
                )
                if look not in LAID_OUT_ALIKE:
                    assert await axe_finds(page) == [], (step, look)
    assert len(seen) >= 20
    assert refused == []


async def test_a_password_can_be_shown_and_pasted_and_is_offered_to_its_keeper(
    browser: Browser, tmp_path: Path
) -> None:
    """SP 800-63B-4, 3.1.1.2: pasting and showing are allowed; the attributes are those that managers look for."""
    async with world(tmp_path) as here, serving(here) as origin:
        context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        await page.goto(f"{origin}/p/{(await here.opened(Purpose.RESET)).text}")
        code = page.get_by_label("Code from your authenticator")
        assert await code.get_attribute("autocomplete") == "one-time-code"
        await code.fill(here.code())
        await page.get_by_role("button", name="Continue").click()
        field = page.get_by_label("New password")
        await expect(field).to_be_focused()
        new = "new-password"
        assert await _attributes(page) == {"username": "username", "password": new, "repeated": new}
        await page.evaluate(f"navigator.clipboard.writeText({NEW_PASSWORD!r})")
        await page.keyboard.press("Control+V")
        await expect(field).to_have_value(NEW_PASSWORD)
        show = page.get_by_role("button", name="Show the password").first
        await show.click()
        await expect(field).to_have_attribute("type", "text")
        await page.get_by_role("button", name="Hide the password").click()
        await expect(field).to_have_attribute("type", "password")
        await expect(field).to_have_value(NEW_PASSWORD)


async def _attributes(page: Page) -> dict[str, str]:
    found: dict[str, str] = await page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('input:not([type=hidden])')]"
        ".map(each => [each.name, each.autocomplete]))"
    )
    return found


async def test_without_scripts_the_way_to_the_sign_in_and_back_is_by_hand(
    browser: Browser, tmp_path: Path
) -> None:
    """P-1, by a browser's own rules for another site: the strict cookies stay home, the lax one comes along."""
    async with house(tmp_path) as at:
        context = await browser.new_context(java_script_enabled=False)
        page = await context.new_page()
        visitor = await at.visits.world.opened(Purpose.RESET)
        await page.goto(f"{at.origin}/p/{visitor.text}")
        await expect(page.get_by_role("button", name="Show the password")).to_have_count(0)
        await page.get_by_role("button", name="Sign in with Example sign-in instead").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("You are back")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Choose a new password")


async def test_with_scripts_somebody_who_comes_back_goes_on_by_themselves(
    browser: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path) as at:
        page = await (await browser.new_context()).new_page()
        visitor = await at.visits.world.opened(Purpose.RESET)
        await page.goto(f"{at.origin}/p/{visitor.text}")
        await page.get_by_role("button", name="Sign in with Example sign-in instead").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Choose a new password")


async def test_nothing_moves_for_whoever_asked_for_that(browser: Browser, tmp_path: Path) -> None:
    async with world(tmp_path) as here, serving(here) as origin:
        page = await (await browser.new_context(reduced_motion="reduce")).new_page()
        await page.goto(f"{origin}/p/{(await here.opened(Purpose.RESET)).text}")
        everything = "[...document.querySelectorAll('*')]"
        moving = f"{everything}.filter(each => getComputedStyle(each).transitionDuration != '0s').length"
        assert await page.evaluate(moving) == 0
