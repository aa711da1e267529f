"""The main job as people live it: the demo that `wicket demo` serves, in real browsers, on a clock that can be skipped.

They only look, type and press; what came of it is asked of the directory itself.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.demo.company import LOVELACE
from bot.demo.folder import Folder
from bot.demo.stage import Stage, on_stage
from storage.audit.verification import verify_log
from tests.browser.chromium import with_authenticator
from tests.browser.seats import PROVE, Clock, Seat, seat

# One loop for the file, as for its Chromium.
pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW_PASSWORD = "seven brass gears turn slowly"
LOOPBACK = ("http://127.0.0.1:", "http://localhost:", "data:")
HAND = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@dataclass(kw_only=True)
class Story:
    """The running demo, who sits before it, and the time."""

    stage: Stage
    browser: Browser
    clock: Clock
    seats: list[Seat] = field(default_factory=list)

    async def seat(self, login: str, channel: str = "", **how: Any) -> Seat:
        """Let somebody sit down before a channel, by default their conversation with Wicket."""
        taken = await seat(self.stage, self.browser, login, **how)
        self.seats.append(taken)
        await taken.opens(channel)
        return taken

    async def has(self, login: str, entitlement: str) -> bool:
        """Whether the directory itself has this person in the entitlement's group."""
        group = self.stage.app.ground.catalogue.entitlements[entitlement].group
        return await self.stage.keepers.has(login, group)


@pytest_asyncio.fixture(loop_scope="session")
async def story(tmp_path: Path, browser: Browser) -> AsyncIterator[Story]:
    """A demo nobody has used yet. Afterwards its record proves itself, and nobody had anything to complain of."""
    clock = Clock()
    async with on_stage(Folder(tmp_path), now=clock.now, chance=lambda: 0.0) as stage:
        begun = Story(stage=stage, browser=browser, clock=clock)
        yield begun
        await stage.slack.settled()
        report = await stage.app.database.read(verify_log)
        for taken in begun.seats:
            await taken.page.context.close()
    assert report.sound, report.conclusion
    assert stage.slack.violations == []
    assert [fault for taken in begun.seats for fault in taken.faults] == []
    asked = [address for taken in begun.seats for address in taken.asked]
    assert [address for address in asked if not address.startswith(LOOPBACK)] == []


async def ask(who: Seat, words: str) -> Locator:
    """Ask in plain words and send the draft; the one message that then carries the state."""
    await who.says(words)
    draft = await who.reads("You are asking for", "Nothing is sent yet")
    await who.presses(draft, "Send request")
    return draft


async def test_a_forgotten_password_is_replaced_on_the_secure_page(story: Story) -> None:
    """The new password never goes through Slack (promise 4), and the change is told there and by mail."""
    ada = await story.seat("ada")
    await ada.says("reset my password")
    secure = await ada.follows(await ada.reads("secure page"), "Continue securely")
    await secure.get_by_label("Code from your authenticator").fill(await ada.code())
    await secure.get_by_role("button", name="Continue").click()
    await secure.get_by_label("New password").fill(NEW_PASSWORD)
    await secure.get_by_label("The same once more").fill(NEW_PASSWORD)
    await secure.get_by_role("button", name="Change my password").click()
    await expect(secure.get_by_role("heading", level=1)).to_have_text("Your password was changed.")
    await ada.reads("✅ Your password was changed", "signed out everywhere")
    await expect(await ada.mail("Your password was changed")).to_contain_text("Was this not you?")
    assert await story.stage.keepers.signs_in("ada", NEW_PASSWORD)
    assert not await story.stage.keepers.signs_in("ada", LOVELACE.person("ada").password)
    assert NEW_PASSWORD not in repr(story.stage.slack.calls)


async def test_low_risk_access_comes_at_once_and_goes_on_time(story: Story) -> None:
    """Nothing happens before the draft is sent; afterwards one message carries the state (promise 1)."""
    ada = await story.seat("ada")
    await ada.says("I need crm-read for 1 minute because CRM-7")
    message = await ada.reads("You are asking for", "Nothing is sent yet")
    assert not await story.has("ada", "crm-read")
    await ada.presses(message, "Send request")
    await expect(message).to_contain_text("✅ crm-read")
    assert await story.has("ada", "crm-read")
    story.clock.skip(minutes=1)
    await expect(message).to_contain_text("⌛ crm-read")
    await expect(message).to_contain_text("as agreed")
    assert not await story.has("ada", "crm-read")


async def test_a_request_by_form_is_approved_with_a_reason(story: Story) -> None:
    """A wrong field is told where it stands and nothing typed is lost; the decision is written on the request."""
    ada, grace = await story.seat("ada"), await story.seat("grace", "data-owners")
    await ada.says("/wicket request")
    form = ada.form("Ask for access")
    what, menu = form.get_by_role("combobox", name="What"), form.get_by_label("For how long")
    how_long, why = form.get_by_label("another time"), form.get_by_label("Why")
    await why.fill("INC-4711: payments are stuck")
    await what.press_sequentially("prod-db")
    await ada.page.get_by_role("option", name="prod-db").click()
    await expect(form).to_contain_text("prod-db: say for how long")
    await menu.select_option("4 hours · needs approval")
    await expect(form).to_contain_text("⏳ prod-db: needs one approval from Data Platform")
    await expect(menu.locator("option")).not_to_contain_text(["1 day"])
    await how_long.fill("tomorrow")
    await form.get_by_role("button", name="Send request").click()
    await expect(form.locator("[data-block-id=duration] .error")).to_contain_text(
        "how long rather than until when"
    )
    await expect(how_long).to_be_focused()
    await expect(how_long).to_have_value("tomorrow")
    await expect(form.locator(".chip")).to_contain_text("prod-db · read and write")
    await expect(why).to_have_value("INC-4711: payments are stuck")
    await how_long.fill("2h")
    await form.get_by_role("button", name="Send request").click()
    await expect(form).to_have_count(0)
    status = await ada.reads("⏳ prod-db", "waiting for Data Platform")

    request = await grace.reads("Access request: prod-db")
    for fact in ("Ada Lovelace", "production", "risk 4 of 5", "2 hours", "INC-4711: payments are stuck"):
        await expect(request).to_contain_text(fact)
    assert not await story.has("ada", "prod-db")
    await grace.decides(request, "Approve…", "ok for the incident")
    await expect(request).to_contain_text("Approved by Grace Hopper")
    await expect(request).to_contain_text("ok for the incident")
    await expect(request.get_by_role("button")).to_have_text(["End now…", "What happened?"])
    await expect(status).to_contain_text("✅ prod-db")
    await expect(status).to_contain_text("Approved by Grace Hopper")
    await expect(status).to_contain_text("ok for the incident")
    assert await story.has("ada", "prod-db")


async def test_two_stages_with_a_question_and_for_less_time(story: Story) -> None:
    """Each does what they see: asked in the thread, answered, made shorter, seen by security, extended, given back."""
    ada, alan = await story.seat("ada"), await story.seat("alan")
    edsger = await story.seat("edsger", "platform-owners")
    status = await ask(ada, "I need github-admin for 2h because INC-4711")
    request = await edsger.reads("Access request: github-admin")

    await edsger.presses(request, "Ask a question…")
    form = edsger.form("Ask a question")
    await form.get_by_role("textbox").fill("Which repository?")
    await form.get_by_role("button", name="Ask", exact=True).click()
    await ada.presses(await ada.reads("Edsger Dijkstra asks", "Which repository?"), "Answer…")
    form = ada.form("Answer a question")
    await form.get_by_role("textbox").fill("only payments")
    await form.get_by_role("button", name="Answer", exact=True).click()
    await edsger.reads("Ada Lovelace answered", "only payments")
    await expect(request).to_contain_text("1 question in the thread, answered")

    await edsger.presses(request, "Approve for less…")
    form = edsger.form("Approve for less")
    await expect(form).to_contain_text("You are an approver of the team that owns this.")
    await form.get_by_label("How long instead?").select_option("30 minutes")
    await form.get_by_label("Why not for so long?").fill("half an hour is enough")
    await edsger.proves(form)
    await form.get_by_role("button", name="Approve", exact=True).click()
    await expect(request).to_contain_text("1 of 2: Edsger Dijkstra approved")
    await expect(status).to_contain_text("30 minutes instead of the 2 hours that you asked for")

    theirs = await alan.reads("Access request: github-admin", "30 minutes from approval")
    await alan.decides(theirs, "Approve…", "seen by security")
    await expect(theirs).to_contain_text("Approved by Edsger Dijkstra")
    await expect(theirs.get_by_role("button")).to_have_text(["What happened?"])
    await expect(request.get_by_role("button", name="End now…")).to_be_visible()
    await expect(status).to_contain_text("✅ github-admin")
    assert await story.has("ada", "github-admin")

    story.clock.skip(minutes=20)
    for approver in (edsger, alan):
        await approver.page.reload()  # a phone that is looked at anew shows the code of now
    await ada.presses(status, "Extend")
    longer = await edsger.reads("Extension: github-admin", "Approve…")
    await edsger.decides(longer, "Approve…", "the move goes on")
    theirs = await alan.reads(
        "Extension: github-admin", "1 of 2", "Approve…"
    )  # a click while it is edited is lost
    await alan.decides(theirs, "Approve…", "seen by security")
    await expect(status).to_contain_text("goes on until")
    after = await ada.reads("✅ github-admin", "Extend")
    story.clock.skip(minutes=11)
    await expect(status).to_contain_text("⌛ github-admin")
    assert await story.has("ada", "github-admin")  # without a gap

    await ada.presses(after, "I'm done")
    await ada.page.get_by_role("button", name="Yes, I'm done").click()
    await expect(after).to_contain_text("you gave it back")
    assert not await story.has("ada", "github-admin")


async def test_a_denial_tells_why_and_gives_nothing(story: Story) -> None:
    ada, grace = await story.seat("ada"), await story.seat("grace", "data-owners")
    status = await ask(ada, "I need prod-db for 2h because I am curious")
    request = await grace.reads("Access request: prod-db")
    await grace.decides(request, "Deny…", "staging-db has the same tables")
    await expect(request).to_contain_text("Denied by Grace Hopper")
    await expect(request.get_by_role("button")).to_have_text(["What happened?"])
    await expect(status).to_contain_text("⛔ prod-db")
    await expect(status).to_contain_text("staging-db has the same tables")
    assert not await story.has("ada", "prod-db")


async def test_requester_and_owner_both_see_it_end(story: Story) -> None:
    """On time, in the very messages that told of it, without a reload (promise 1)."""
    ada, grace = await story.seat("ada"), await story.seat("grace", "data-owners")
    status = await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await grace.reads("Access request: prod-db")
    await grace.decides(request, "Approve…", "ok for the incident")
    await expect(status).to_contain_text("✅ prod-db")
    story.clock.skip(hours=2)
    await expect(status).to_contain_text("⌛ prod-db")
    await expect(status).to_contain_text("You held it for 2 hours")
    await expect(request).to_contain_text("⌛ Ended at")
    await expect(request).to_contain_text("Approved by Grace Hopper")
    assert not await story.has("ada", "prod-db")


async def test_security_sees_the_wrong_person_click(story: Story) -> None:
    """He alone hears why not and who can, the request stays open, and the exception is told (promise 5)."""
    bob, alan = await story.seat("bob", "data-owners"), await story.seat("alan", "security")
    ada = await story.seat("ada")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await bob.reads("Access request: prod-db")
    await bob.presses(request, "Approve…")
    told = await bob.reads("Only visible to you", "You can't decide this one")
    await expect(told).to_contain_text("Grace Hopper")
    await expect(told).to_contain_text("Nothing was changed")
    exception = await alan.reads("⚠️ Wrong person clicked: prod-db")
    await expect(exception).to_contain_text("Bob Noyce")
    await expect(exception).to_contain_text("story ")
    await expect(request.get_by_role("button", name="Approve…")).to_be_visible()
    assert not await story.has("ada", "prod-db")


async def test_a_new_colleague_links_her_account(story: Story) -> None:
    """Her address alone links nobody: she signs in once, with the password that came by mail."""
    katherine = await story.seat("katherine")
    await katherine.says("hello")
    password = LOVELACE.person("katherine").password
    await expect(await katherine.mail("Your password in this demo")).to_contain_text(password)
    secure = await katherine.follows(
        await katherine.reads("this Slack account is yours"), "Continue securely"
    )
    await secure.get_by_label("Login").fill("katherine")
    await secure.get_by_label("Password").fill(password)
    await secure.get_by_role("button", name="Sign in and link").click()
    await expect(secure.get_by_role("heading", level=1)).to_have_text("Your Slack account is linked to you.")
    await katherine.reads("✅ This Slack account is linked")
    await katherine.says("am I in vpn-users?")
    await katherine.reads("✅ Yes, you are in vpn-users")


async def test_an_approval_fits_into_a_hand(story: Story) -> None:
    """390 pixels wide: nothing scrolls sideways at any step, and everything to press is large enough for a thumb."""
    ada, grace = await story.seat("ada", **HAND), await story.seat("grace", "data-owners", **HAND)
    status = await ask(ada, "I need prod-db for 2h because INC-4711: " + "payments are stuck, " * 20)
    request = await grace.reads("Access request: prod-db")
    await fits(grace.page)
    for label in ("Approve…", "Deny…", "Details"):
        await thumb(request.get_by_role("button", name=label))
    await grace.presses(request, "Approve…")
    form = grace.form("Approve request")
    await expect(form).to_be_visible()
    await fits(grace.page)
    await thumb(form.get_by_role("button", name="Approve"))
    await thumb(form.get_by_role("link", name=PROVE))
    await form.get_by_role("textbox").fill("ok for the incident")
    await grace.proves(form)
    await form.get_by_role("button", name="Approve").click()
    await expect(request).to_contain_text("Active until")
    await fits(grace.page)
    await expect(status).to_contain_text("✅ prod-db")
    await fits(ada.page)
    for pane in ("Channels", "Phone"):
        await ada.page.get_by_role("button", name=pane, exact=True).click()
        await fits(ada.page)


async def fits(page: Page) -> None:
    """Nothing is wider than the screen, and nothing that scrolls does so sideways."""
    # Not innerWidth: a browser in a hand zooms out until everything fits, and innerWidth grows with it.
    screen = page.viewport_size
    assert screen is not None
    too_wide = await page.evaluate(
        """width => [...document.querySelectorAll('html, body, body *')].filter(part => {
          const box = part.getBoundingClientRect();
          const scrolls = ['auto', 'scroll'].includes(getComputedStyle(part).overflowX);
          const sideways = scrolls && part.scrollWidth > part.clientWidth + 1;
          return box.width && !part.closest('.sr') && (box.right > width + 1 || box.left < -1 || sideways);
        }).map(part => part.outerHTML.slice(0, 120))""",
        screen["width"],
    )
    assert too_wide == []


async def thumb(control: Locator) -> None:
    """Large enough to be hit: WCAG 2.2 asks for 24 pixels, a thumb for more."""
    await control.scroll_into_view_if_needed()
    box = await control.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 40


async def test_a_passkey_is_added_from_slack_and_resets_the_password(story: Story) -> None:
    """P-11: at http://localhost, with the authenticator of the browser; told in Slack and by mail (P-6)."""
    ada = await story.seat("ada")
    await ada.says("manage my proofs")
    secure = await ada.follows(await ada.reads("See and change your proofs"), "Continue securely")
    await with_authenticator(secure)
    await secure.get_by_label("The password you have now").fill(LOVELACE.person("ada").password)
    await secure.get_by_role("button", name="Sign in").click()
    await secure.get_by_label("Code from your authenticator").fill(await ada.code())
    await secure.get_by_role("button", name="Continue").click()
    await secure.get_by_label("A name for it, if you like").fill("work laptop")
    await secure.get_by_role("button", name="Add a passkey").click()
    await expect(secure.get_by_role("heading", name="work laptop")).to_be_visible()
    await ada.reads("The passkey work laptop was added to your proofs")
    await ada.says("reset my password")
    invited = await ada.reads("have your passkey or authenticator ready")
    await secure.goto(str(await invited.get_by_role("link", name="Continue securely").get_attribute("href")))
    await secure.get_by_role("button", name="Use my passkey").click()
    await secure.get_by_label("New password").fill("tram lemon forty quiet")
    await secure.get_by_label("The same once more").fill("tram lemon forty quiet")
    await secure.get_by_role("button", name="Change my password").click()
    await expect(secure.get_by_role("heading")).to_have_text("Your password was changed.")
