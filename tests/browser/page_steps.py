"""Every step of the secure page, played in a browser one after another, for whoever wants to look at each.

It judges nothing, and finds its way by what can be read on the screen.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Page, expect

from bot.web.front_door import DoorWidth
from handlers.alarms.raising import Alarms, StopLinks
from handlers.decisions.vouching import VouchingLimits
from handlers.ground import Ground
from storage.catalogue import Catalogue
from storage.states import Purpose
from tests.bot.web.serving import serving
from tests.browser.chromium import with_authenticator
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD, World, world
from tests.oidc.visits import Visits, visits

DOOR = DoorWidth(directory="staff", an_hour=100, an_hour_from_one_address=1000)


@dataclass(frozen=True, kw_only=True)
class House:
    """The page with a provider beside it, and one whose directory makes passes. Each with its origin."""

    visits: Visits
    origin: str
    cloud: World
    cloud_origin: str


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """Both of them on loopback; the provider is another site than the page."""
    for name in ("page", "cloud"):
        (folder / name).mkdir()
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(visits(folder / "page", name="localhost"))
        made.world.ground = replace(made.world.ground, vouching=VouchingLimits())
        origin = await stack.enter_async_context(serving(made.world, front_door=DOOR))
        made.provider.redirect_uri = f"{origin}/signed-in"
        provider = made.world.ground.provider
        assert provider is not None
        provider.client = replace(provider.client, redirect_uri=f"{origin}/signed-in")
        cloud = await stack.enter_async_context(world(folder / "cloud", recovery="temporary_pass"))
        cloud_origin = await stack.enter_async_context(serving(cloud))
        yield House(visits=made, origin=origin, cloud=cloud, cloud_origin=cloud_origin)


async def steps(at: House, page: Page) -> AsyncIterator[str]:
    """Go through all of them; the name of each while the browser shows it."""
    async for name in _front_door(at, page):
        yield name
    async for name in _sign_in(at, page):
        yield name
    async for name in _choosing(page):
        yield name
    async for name in _enrolling(at, page):
        yield name
    async for name in _stepping_up(at, page):
        yield name
    async for name in _caring(at, page):
        yield name
    async for name in _stopping(at, page):
        yield name
    async for name in _others(at, page):
        yield name


async def _front_door(at: House, page: Page) -> AsyncIterator[str]:
    await page.goto(f"{at.origin}/start")
    yield "start"
    await _press(page, "Continue")
    yield "start-missing"
    await page.get_by_label("Login").fill("ada")
    await _press(page, "Continue")
    await _reads(page, "Show that it is you")
    yield "prove"
    await page.get_by_label("Code from your authenticator").fill(at.visits.world.wrong_code())
    await _press(page, "Continue")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "prove-wrong"
    await page.get_by_role("link", name="Ask somebody to vouch for you").click()
    await _reads(page, "Ask somebody to vouch for you")
    yield "vouch"
    await _press(page, "Show me a code")
    await expect(page.get_by_text("It works until")).to_be_visible()
    yield "vouch-code"
    await _press(page, "Continue")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "vouch-missing"
    await _press(page, "Cancel it")
    await expect(page.get_by_role("status")).to_be_visible()
    yield "vouch-cancelled"
    await page.get_by_role("link", name="Show it another way").click()
    await page.get_by_role("link", name="I don't have my authenticator").click()
    await _reads(page, "Use a recovery code")
    yield "recovery"
    await _press(page, "Send me a code")
    await expect(page.get_by_role("status")).to_be_visible()
    yield "recovery-sent"
    await page.get_by_role("link", name="I have my authenticator after all").click()
    await _reads(page, "Show that it is you")


async def _sign_in(at: House, page: Page) -> AsyncIterator[str]:
    """There and back, held up once before the provider and once before its answer is taken up."""
    await page.route("**/authorize?*", lambda route: route.fulfill(status=204))
    await _press(page, "Sign in with Example sign-in instead")
    await _reads(page, "Going to the sign-in")
    yield "leave"
    await page.route(
        "**/static/page.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    await page.unroute("**/authorize?*")
    await page.get_by_role("link", name="Go on, if nothing happens").click()
    await _reads(page, "You are back")
    yield "returned"
    await page.unroute("**/static/page.js")
    await _press(page, "Continue")


async def _choosing(page: Page) -> AsyncIterator[str]:
    await _reads(page, "Choose a new password")
    yield "choose"
    await page.get_by_label("New password").fill("too short")
    await page.get_by_label("The same once more").fill("too short")
    await _press(page, "Change my password")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "choose-weak"
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Show the password").first.click()
    yield "choose-shown"
    await page.get_by_label("The same once more").fill(NEW_PASSWORD)
    await _press(page, "Change my password")
    await _reads(page, "Your password was changed.")
    yield "done"


async def _enrolling(at: House, page: Page) -> AsyncIterator[str]:
    here = at.visits.world
    await page.goto(f"{at.origin}/p/{(await here.opened(Purpose.ENROL, 'bob')).text}")
    yield "sign-in"
    await page.get_by_label("The password you have now").fill(OLD_PASSWORD)
    await _press(page, "Sign in")
    await _reads(page, "Add this key to your authenticator")
    here.seeds["bob"] = (await page.locator("code").inner_text()).replace(" ", "")
    yield "new-key"
    await page.get_by_label("Code that the new key gives").fill(here.code("bob"))
    await _press(page, "Confirm")
    await expect(page.get_by_role("listitem")).to_have_count(10)
    yield "codes"


async def _stepping_up(at: House, page: Page) -> AsyncIterator[str]:
    """An approver proves who they are: before, after, and when it is too late for it."""
    here = at.visits.world
    here.clock.forward(seconds=60)
    await page.goto(f"{at.origin}/p/{(await here.asked_to_prove()).text}")
    await _reads(page, "Show that it is you")
    yield "step-up"
    await page.get_by_label("Code from your authenticator").fill(here.code())
    await _press(page, "Continue")
    await _reads(page, "You proved who you are.")
    yield "stepped-up"
    here.clock.forward(minutes=5)
    await page.reload()
    await _reads(page, "Your proof is too old by now.")
    yield "stepped-up-late"


async def _caring(at: House, page: Page) -> AsyncIterator[str]:
    """By a name, since browsers have no passkeys for numbers, and with a device that says yes."""
    here = at.visits.world
    here.clock.forward(seconds=60)
    await with_authenticator(page)
    async with serving(here, host="localhost") as origin:
        await page.goto(f"{origin}/p/{(await here.opened(Purpose.CARE, 'bob')).text}")
        yield "care-sign-in"
        await page.get_by_label("The password you have now").fill(OLD_PASSWORD)
        await _press(page, "Sign in")
        await _reads(page, "Show that it is you")
        yield "care-prove"
        await page.get_by_label("Code from your authenticator").fill(here.code("bob"))
        await _press(page, "Continue")
        await _reads(page, "Your proofs")
        yield "care"
        await page.get_by_label("A name for it, if you like").fill("Work laptop")
        await _press(page, "Add a passkey")
        await expect(page.get_by_role("status")).to_have_text("It was added.")
        yield "care-added"
        await page.get_by_text("Rename or remove").click()
        await page.get_by_label("Name", exact=True).fill("Laptop at work")
        yield "care-name"
        await _press(page, "Rename")
        await expect(page.get_by_role("status")).to_have_text("It has its new name.")
        await page.get_by_text("Remove", exact=True).click()
        yield "care-remove"
        await _press(page, "Remove the authenticator")
        await expect(page.get_by_role("status")).to_have_text("It was removed.")
        await page.get_by_text("Rename or remove").click()
        await expect(page.get_by_text("This is your last proof, so it stays.")).to_be_visible()
        yield "care-last"


async def _stopping(at: House, page: Page) -> AsyncIterator[str]:
    """Behind “This wasn't me” in a letter: what it would do, that it is done, once more, and a second one too many."""
    here = at.visits.world
    narrow = replace(here.ground, limits=replace(here.ground.limits, alarms_an_hour=1))
    alarms = Alarms(
        Ground(
            database=here.ground.database, policy=here.ground.policy, now=here.clock,
            catalogue=Catalogue(owners={}, entitlements={}), directories=here.ground.directories,
            security_group="security-team", lapse_after=timedelta(hours=24),
        ),
        narrow,
    )  # fmt: skip
    async with serving(here, alarms=alarms) as origin:
        first, second = [await _letter(here, account) for account in ("gil", "eve")]
        await page.goto(f"{origin}/not-me/{first}")
        yield "not-me"
        await _press(page, "It wasn't me: stop it")
        await _reads(page, "It is stopped.")
        yield "not-me-stopped"
        await page.goto(f"{origin}/not-me/{first}")
        await _press(page, "It wasn't me: stop it")
        await _reads(page, "This was stopped before.")
        yield "not-me-before"
        await page.goto(f"{origin}/not-me/{second}")
        await _press(page, "It wasn't me: stop it")
        await _reads(page, "What was open is closed, but the account is not switched off.")
        yield "not-me-held"
        await page.goto(f"{origin}/not-me/nothing")
        await _press(page, "It wasn't me: stop it")
        await _reads(page, "This link stops nothing any more.")
        yield "not-me-over"


async def _letter(here: World, account: str) -> str:
    """What stands in the link of a letter about this person."""
    handle = await here.ground.handle_of(await here.opened(Purpose.RESET, account))
    assert handle is not None
    return StopLinks(here.ground.vault).text(handle.id)


async def _others(at: House, page: Page) -> AsyncIterator[str]:
    here = at.visits.world
    await page.goto(f"{at.origin}/p/{(await here.opened(Purpose.LINK, 'gil', 'Unew')).text}")
    yield "link"
    await _press(page, "Sign in and link")
    yield "link-missing"
    await page.goto(f"{at.cloud_origin}/p/{(await at.cloud.opened(Purpose.RESET)).text}")
    await page.get_by_label("Code from your authenticator").fill(at.cloud.code())
    await _press(page, "Continue")
    await _reads(page, "Get a temporary pass")
    yield "recover"
    await _press(page, "Show me a temporary pass")
    await _reads(page, "Your temporary pass")
    yield "pass"
    await page.goto(f"{at.origin}/nothing-here")
    yield "no-such-page"
    over = (await here.opened(Purpose.RESET)).text
    here.clock.forward(minutes=11)
    await page.goto(f"{at.origin}/p/{over}")
    yield "over"


async def _press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def _reads(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
