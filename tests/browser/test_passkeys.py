"""Passkeys in a real browser, with Chromium's own virtual authenticator: made, used, renamed, removed, and refused.

On a desk and on a phone; nothing here reads the page's own code.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from storage.states import Purpose
from tests.bot.web.serving import serving
from tests.browser.chromium import with_authenticator
from tests.browser.readable import readable
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD, World, world

# One loop for the file, as for its Chromium.
pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "has_touch": True}
SIZES = pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])


@pytest_asyncio.fixture(loop_scope="session")
async def page_world(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def origin(page_world: World) -> AsyncIterator[str]:
    """The server's origin, by a name: browsers have no passkeys for numbers."""
    async with serving(page_world, host="localhost") as served:
        yield served


class Device:
    """A browser with an authenticator built in. complaints: what the browser did not like about the page."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.clicks = 0
        self.complaints: list[str] = []
        tab.on("console", self._complain)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _complain(self, message: ConsoleMessage) -> None:
        # A refused form answers 4xx, which Chromium notes as an error of loading.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    async def plug_in(self) -> None:
        """Give it an authenticator that says yes."""
        self._devtools, self._authenticator = await with_authenticator(self.tab)

    async def refuses(self) -> None:
        """Its person does not show a finger, or shows the wrong one."""
        await self._devtools.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self._authenticator, "isUserVerified": False}
        )

    async def presses(self, label: str) -> None:
        """Press a button."""
        self.clicks += 1
        await self.tab.get_by_role("button", name=label, exact=True).click()


async def _device(browser: Browser, how: dict[str, Any], *, plugged_in: bool = True) -> Device:
    context = await browser.new_context(**how)
    device = Device(await context.new_page())
    if plugged_in:
        await device.plug_in()
    return device


async def _entered(page_world: World, origin: str, device: Device, account: str = "ada") -> None:
    visitor = await page_world.opened(Purpose.CARE, account)
    await device.tab.goto(f"{origin}/p/{visitor.text}")
    await device.tab.get_by_label("The password you have now").fill(OLD_PASSWORD)
    await device.presses("Sign in")
    if account in page_world.seeds:
        await device.tab.get_by_label("Code from your authenticator").fill(page_world.code(account))
        await device.presses("Continue")
    await expect(device.tab.get_by_role("heading", level=1)).to_have_text("Your proofs")
    page_world.clock.forward(seconds=60)


async def _made(page_world: World, origin: str, device: Device, name: str = "") -> None:
    await _entered(page_world, origin, device)
    await device.tab.get_by_label("A name for it, if you like").fill(name)
    await device.presses("Add a passkey")
    await expect(device.tab.get_by_role("status")).to_have_text("It was added.")


@SIZES
async def test_a_passkey_is_made_renamed_and_removed(
    page_world: World, origin: str, browser: Browser, how: dict[str, Any]
) -> None:
    device = await _device(browser, how)
    await _entered(page_world, origin, device)
    await readable(device.tab)
    await device.presses("Add a passkey")
    await expect(device.tab.get_by_role("heading", name="Passkey made 2 Mar")).to_be_visible()
    await expect(device.tab.get_by_text("on one device only")).to_be_visible()
    await readable(device.tab)
    await device.tab.get_by_text("Rename or remove").click()
    await readable(device.tab)
    await device.tab.get_by_label("Name", exact=True).fill("work laptop")
    await device.presses("Rename")
    await expect(device.tab.get_by_role("heading", name="work laptop")).to_be_visible()
    await device.tab.get_by_text("Rename or remove").click()
    await device.presses("Remove “work laptop”")
    await expect(device.tab.get_by_role("status")).to_have_text("It was removed.")
    assert device.complaints == []


@SIZES
async def test_a_password_is_reset_by_passkey_in_five_clicks_and_one_password(
    page_world: World, origin: str, browser: Browser, how: dict[str, Any]
) -> None:
    """The link in Slack is the first click."""
    device = await _device(browser, how)
    await _made(page_world, origin, device)
    visitor = await page_world.opened(Purpose.RESET)
    device.clicks = 1
    await device.tab.goto(f"{origin}/p/{visitor.text}")
    await expect(device.tab.get_by_role("button", name="Use my passkey")).to_be_focused()
    await readable(device.tab)
    await device.presses("Use my passkey")
    await device.tab.get_by_label("New password").fill(NEW_PASSWORD)
    await device.tab.get_by_label("The same once more").fill(NEW_PASSWORD)
    await device.presses("Change my password")
    await expect(device.tab.get_by_role("heading")).to_have_text("Your password was changed.")
    assert device.clicks <= 5
    assert await page_world.local.verify_password("ada", NEW_PASSWORD)
    assert device.complaints == []


async def test_who_does_not_show_it_reads_what_to_do_and_can_try_again(
    page_world: World, origin: str, browser: Browser
) -> None:
    device = await _device(browser, PHONE)
    await _made(page_world, origin, device)
    await device.refuses()
    visitor = await page_world.opened(Purpose.RESET)
    await device.tab.goto(f"{origin}/p/{visitor.text}")
    await device.presses("Use my passkey")
    await expect(device.tab.get_by_role("alert")).to_contain_text("No passkey was shown: you cancelled")
    await readable(device.tab)
    await device.tab.get_by_label("Code from your authenticator").fill(page_world.code())
    await device.presses("Continue")
    await expect(device.tab.get_by_role("heading")).to_have_text("Choose a new password")
    assert device.complaints == []


async def test_a_device_that_holds_one_already_is_told_so(
    page_world: World, origin: str, browser: Browser
) -> None:
    device = await _device(browser, DESK)
    await _made(page_world, origin, device)
    await device.presses("Add a passkey")
    await expect(device.tab.get_by_role("alert")).to_contain_text("holds a passkey of yours already")
    assert device.complaints == []


async def test_a_browser_without_passkeys_says_so_and_the_other_way_works(
    page_world: World, origin: str, browser: Browser
) -> None:
    await _made(page_world, origin, await _device(browser, DESK))
    device = await _device(browser, DESK, plugged_in=False)
    await device.tab.add_init_script("delete window.PublicKeyCredential")
    visitor = await page_world.opened(Purpose.RESET)
    await device.tab.goto(f"{origin}/p/{visitor.text}")
    await expect(device.tab.get_by_role("alert")).to_contain_text("This browser can't use passkeys here.")
    await expect(device.tab.get_by_role("button", name="Use my passkey")).to_be_disabled()
    await device.tab.get_by_label("Code from your authenticator").fill(page_world.code())
    await device.presses("Continue")
    await expect(device.tab.get_by_role("heading")).to_have_text("Choose a new password")


async def test_a_page_whose_link_is_over_says_to_reload(
    page_world: World, origin: str, browser: Browser
) -> None:
    device = await _device(browser, DESK)
    await _made(page_world, origin, device)
    visitor = await page_world.opened(Purpose.RESET)
    await device.tab.goto(f"{origin}/p/{visitor.text}")
    page_world.clock.forward(minutes=11)
    await device.presses("Use my passkey")
    await expect(device.tab.get_by_role("alert")).to_contain_text("reload the page")


async def test_without_scripts_nobody_sees_the_button(
    page_world: World, origin: str, browser: Browser
) -> None:
    await _made(page_world, origin, await _device(browser, DESK))
    device = await _device(browser, {**DESK, "java_script_enabled": False}, plugged_in=False)
    visitor = await page_world.opened(Purpose.RESET)
    await device.tab.goto(f"{origin}/p/{visitor.text}")
    await expect(device.tab.get_by_label("Code from your authenticator")).to_be_visible()
    await expect(device.tab.get_by_role("button", name="Use my passkey")).to_have_count(0)


@SIZES
async def test_an_approver_proves_who_they_are_by_passkey_with_one_click(
    browser: Browser, page_world: World, origin: str, how: dict[str, Any]
) -> None:
    """P-10: what it was for is said to them alone, and the page goes nowhere from there."""
    device = await _device(browser, how)
    await _made(page_world, origin, device)
    device.clicks = 0
    await device.tab.goto(f"{origin}/p/{(await page_world.asked_to_prove()).text}")
    await device.presses("Use my passkey")
    await expect(device.tab.get_by_role("heading", level=1)).to_have_text("You proved who you are.")
    main = device.tab.get_by_role("main")
    await expect(main).to_contain_text("You showed your passkey. It is for one decision: about prod-db")
    await expect(main.get_by_role("button")).to_have_count(0)
    assert not await device.tab.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert (device.clicks, device.complaints) == (1, [])
