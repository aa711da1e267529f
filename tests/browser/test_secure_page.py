"""The secure page in a real browser: without scripts, by keyboard, on a phone, in the dark, twice as large.

Nothing here reads the page's own code: it looks, types and presses as a person would.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from storage.states import Purpose
from tests.bot.web.serving import serving
from tests.browser.looks import Look, Mirror
from tests.browser.readable import readable
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD, World, world

# One loop for the file, as for its Chromium.
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def page_world(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def origin(page_world: World) -> AsyncIterator[str]:
    """The server's origin."""
    async with serving(page_world) as served:
        yield served


async def _tab(browser: Browser, **how: Any) -> tuple[Page, list[str]]:
    """A fresh browser without scripts, and what it complains of."""
    context = await browser.new_context(java_script_enabled=False, **how)
    page, complaints = await context.new_page(), list[str]()

    def complain(message: ConsoleMessage) -> None:
        # A refused form answers 422 or 403, which Chromium notes as an error of loading.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            complaints.append(message.text)

    page.on("console", complain)
    return page, complaints


async def test_a_password_is_reset_by_keyboard_alone(
    page_world: World, origin: str, browser: Browser
) -> None:
    visitor = await page_world.opened(Purpose.RESET)
    page, complaints = await _tab(browser)
    await page.goto(f"{origin}/p/{visitor.text}")
    await expect(page.get_by_label("Code from your authenticator")).to_be_focused()
    await page.keyboard.type(page_world.code())
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading")).to_have_text("Choose a new password")
    await expect(page.get_by_label("New password")).to_be_focused()
    await page.keyboard.type(NEW_PASSWORD)
    await page.keyboard.press("Tab")
    await page.keyboard.type(NEW_PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading")).to_have_text("Your password was changed.")
    assert await page_world.local.verify_password("ada", NEW_PASSWORD)
    assert complaints == []


async def test_a_wrong_code_is_said_aloud_and_the_field_is_ready(
    page_world: World, origin: str, browser: Browser
) -> None:
    visitor = await page_world.opened(Purpose.RESET)
    page, _ = await _tab(browser)
    await page.goto(f"{origin}/p/{visitor.text}")
    await page.get_by_label("Code from your authenticator").fill(page_world.wrong_code())
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("alert")).to_contain_text("That did not work.")
    await expect(page.get_by_label("Code from your authenticator")).to_be_focused()
    await expect(page.get_by_label("Code from your authenticator")).to_have_value("")


async def test_a_weak_password_is_explained_at_its_field(
    page_world: World, origin: str, browser: Browser
) -> None:
    visitor = await page_world.opened(Purpose.RESET)
    page, _ = await _tab(browser)
    await page.goto(f"{origin}/p/{visitor.text}")
    await page.get_by_label("Code from your authenticator").fill(page_world.code())
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("New password").fill("correct horse battery staple")
    await page.get_by_label("The same once more").fill("correct horse battery staple")
    await page.get_by_role("button", name="Change my password").click()
    field = page.get_by_label("New password")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(
        "At least 15 characters. Four or five unrelated words do well, and so does a password manager. "
        "Any characters, and you can paste. It is among the passwords that are tried first."
    )
    await expect(field).to_be_focused()


async def test_a_recovery_code_with_a_mailed_code_leads_on(
    page_world: World, origin: str, browser: Browser
) -> None:
    visitor = await page_world.opened(Purpose.RESET)
    page, _ = await _tab(browser)
    await page.goto(f"{origin}/p/{visitor.text}")
    await page.get_by_role("link", name="I don't have my authenticator").click()
    await page.get_by_role("button", name="Send me a code").click()
    await expect(page.get_by_role("status")).to_contain_text("a code is on its way")
    await page.get_by_label("Recovery code").fill(page_world.codes["ada"][3])
    await page.get_by_label("Code from the mail").fill(await page_world.mailed())
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading")).to_have_text("Choose a new password")


async def test_proofs_are_set_up_with_a_picture_and_ten_codes(
    page_world: World, origin: str, browser: Browser
) -> None:
    visitor = await page_world.opened(Purpose.ENROL, "bob")
    page, complaints = await _tab(browser)
    await page.goto(f"{origin}/p/{visitor.text}")
    await page.get_by_label("The password you have now").fill(OLD_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("img", name="QR code with your new key")).to_be_visible()
    page_world.seeds["bob"] = (await page.locator("code").inner_text()).replace(" ", "")
    await page.get_by_label("Code that the new key gives").fill(page_world.code("bob"))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("listitem")).to_have_count(10)
    await page.goto(f"{origin}/p/{visitor.text}")
    await expect(page.get_by_role("heading")).to_have_text("Your authenticator is set up.")
    assert complaints == []


async def test_a_stolen_link_shows_a_second_browser_nothing(
    page_world: World, origin: str, browser: Browser
) -> None:
    visitor = await page_world.opened(Purpose.RESET)
    owner, _ = await _tab(browser)
    thief, _ = await _tab(browser)
    await owner.goto(f"{origin}/p/{visitor.text}")
    await owner.get_by_label("Code from your authenticator").fill(page_world.code())
    await owner.get_by_role("button", name="Continue").click()
    await expect(owner.get_by_text("It is you, Ada Byron.")).to_be_visible()
    await thief.goto(f"{origin}/p/{visitor.text}")
    await expect(thief.get_by_role("heading")).to_have_text("Show that it is you")
    await expect(thief.locator("body")).not_to_contain_text("Ada")


async def test_another_site_cannot_send_a_form_for_its_visitor(
    page_world: World, origin: str, browser: Browser
) -> None:
    """CSRF, with a browser's own rules: the strict cookies stay home and the form has no token."""
    visitor = await page_world.opened(Purpose.RESET)
    page, _ = await _tab(browser)
    await page.goto(f"{origin}/p/{visitor.text}")
    await page.get_by_label("Code from your authenticator").fill(page_world.code())
    await page.get_by_role("button", name="Continue").click()
    form = (
        f'<form method="post" action="{origin}/p/{visitor.text}"><input name="do" value="choose">'
        f'<input name="password" value="{NEW_PASSWORD}"><input name="repeated" value="{NEW_PASSWORD}">'
        "<button>Win a prize</button></form>"
    )
    await page.route("http://evil.test/", lambda route: route.fulfill(body=form, content_type="text/html"))
    await page.goto("http://evil.test/")
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_contain_text("nothing was done")
    assert page_world.faulty.calls["set_password"] == 0


LOOKS = {
    "phone": Look(width=320, height=640),
    "light": Look(width=1280, height=800),
    "dark": Look(width=1280, height=800, dark=True),
    "twice as large": Look(width=640, height=400, scale=2),  # 1280 wide at 200 %
}


async def test_every_step_can_be_read_by_everybody(page_world: World, origin: str, browser: Browser) -> None:
    """WCAG 2.2 AA: contrast of text, nothing sideways, a name for every field, one heading."""
    page, _ = await _tab(browser)
    mirror = await Mirror.before(page)
    async for _ in _read(page_world, origin, page):
        async for _ in mirror.each(LOOKS):
            await readable(page)


async def _read(page_world: World, origin: str, page: Page) -> AsyncIterator[str]:
    """Go through what there is to be read; what it is while the browser shows it."""
    reset, enrol = await page_world.opened(Purpose.RESET), await page_world.opened(Purpose.ENROL, "bob")
    link = await page_world.opened(Purpose.LINK, "bob", "Uother")
    await page.goto(f"{origin}/p/{reset.text}")
    yield "prove"
    await page.get_by_role("button", name="Continue").click()
    yield "prove-missing"
    await page.goto(f"{origin}/p/{reset.text}?way=recovery&sent=1")
    yield "recovery"
    await page.goto(f"{origin}/p/{reset.text}")
    await page.get_by_label("Code from your authenticator").fill(page_world.code())
    await page.get_by_role("button", name="Continue").click()
    yield "choose"
    await page.goto(f"{origin}/p/{link.text}")
    await page.get_by_role("button").click()
    yield "link-missing"
    await page.goto(f"{origin}/p/{enrol.text}")
    await page.get_by_label("The password you have now").fill(OLD_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    yield "new-key"
    page_world.seeds["bob"] = (await page.locator("code").inner_text()).replace(" ", "")
    await page.get_by_label("Code that the new key gives").fill(page_world.code("bob"))
    await page.get_by_role("button", name="Confirm").click()
    yield "codes"
