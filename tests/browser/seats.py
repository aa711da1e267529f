"""People before the demo's page in real browsers, each in their own, doing what one does there; and their time.

They find everything by what can be read on the screen, and know nothing of the page's code or the bot's.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from bot.demo.company import LOVELACE
from bot.demo.stage import Stage
from storage.clock import utc_now

DESK = {"width": 1360, "height": 860}
# As long as what is expected may take (conftest): who presses or fills in waits for what a press before it opens.
_PATIENCE_MS = 20_000
PROVE = "Prove who I am"


@dataclass(kw_only=True)
class Clock:
    """Real time plus what was skipped, or less what was turned back."""

    skipped: timedelta = timedelta()

    def now(self) -> datetime:
        """The time in the story, aware, in UTC."""
        return utc_now() + self.skipped

    def skip(self, **parts: float) -> None:
        """Let time go by."""
        self.skipped += timedelta(**parts)


@dataclass(kw_only=True)
class Seat:
    """One person and their browser. faults: what the browser complained of. asked: every address it went to."""

    stage: Stage
    slack_id: str
    page: Page
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def opens(self, channel: str = "") -> None:
        """Go to a channel by its name; without one, to the conversation with Wicket."""
        where = self.stage.channel(channel) if channel else ""
        await self.page.goto(f"{self.stage.slack.page_url}?as={self.slack_id}&channel={where}")
        await expect(self.page.get_by_role("textbox", name="Message ")).to_be_visible()

    async def says(self, words: str) -> None:
        """Write here and send it; `/…` is a command."""
        box = self.page.get_by_role("textbox", name="Message ")
        await box.fill(words)
        await box.press("Enter")

    async def reads(self, *words: str) -> Locator:
        """The newest message with all these words, once it is there; it stays the same one when it is edited."""
        found = self.page.locator("[data-ts]")
        for each in words:
            found = found.filter(has_text=each)
        await expect(found.last).to_be_visible()
        stamp = await found.last.get_attribute("data-ts")
        return self.page.locator(f"[data-ts='{stamp}']")

    async def presses(self, message: Locator, label: str) -> None:
        """Press a message's button."""
        await message.get_by_role("button", name=label, exact=True).click()

    def form(self, title: str) -> Locator:
        """The form with this title."""
        return self.page.get_by_role("dialog", name=title)

    async def decides(self, message: Locator, button: str, why: str) -> None:
        """Approve or deny, and say why in the form that opens; prove who one is, where the form asks for that."""
        await self.presses(message, button)
        form = self.page.get_by_role("dialog")
        await form.get_by_role("textbox").fill(why)
        if await form.get_by_role("link", name=PROVE).count():
            await self.proves(form)
        await form.get_by_role("button", name=button.rstrip("…"), exact=True).click()
        await expect(form).to_have_count(0)

    async def proves(self, form: Locator) -> None:
        """Follow the form's link, type what the phone shows, and come back."""
        secure = await self.follows(form, PROVE)
        await secure.get_by_label("Code from your authenticator").fill(await self.code())
        await secure.get_by_role("button", name="Continue").click()
        # What it was for may have happened before the page is there.
        shown = re.compile(r"You proved who you are\.|Your proof was used for the decision\.")
        await expect(secure.get_by_role("heading", level=1)).to_have_text(shown)
        await secure.close()

    async def follows(self, message: Locator, label: str) -> Page:
        """Press a button that leads elsewhere: the tab that opens."""
        async with self.page.context.expect_page() as opening:
            await message.get_by_role("link", name=label).click()
        tab = await opening.value
        tab.set_default_timeout(_PATIENCE_MS)
        return tab

    @property
    def phone(self) -> Locator:
        """Their phone, beside the conversation."""
        return self.page.get_by_role("complementary", name="Phone")

    async def code(self) -> str:
        """What the authenticator on the phone shows now."""
        # On a narrow screen the phone is behind the conversation, and its code there all the same.
        shown = await self.page.locator("[data-code]").first.get_attribute("data-code")
        assert shown is not None
        return shown

    async def mail(self, subject: str) -> Locator:
        """The mail with this subject, opened."""
        letter = self.phone.locator("[data-mail]").filter(has_text=subject)
        await letter.locator("summary").click()
        return letter


async def seat(stage: Stage, browser: Browser, login: str, **how: Any) -> Seat:
    """Give this person a browser of their own. how: of the browser, as Playwright names it."""
    how = {"viewport": DESK, "reduced_motion": "reduce", "timezone_id": "Europe/London", **how}
    context = await browser.new_context(**how)
    context.set_default_timeout(_PATIENCE_MS)
    taken = Seat(stage=stage, slack_id=LOVELACE.person(login).slack, page=await context.new_page())
    context.on("weberror", lambda wrong: taken.faults.append(str(wrong.error)))
    context.on("console", lambda line: taken.faults.append(line.text) if line.type == "error" else None)
    context.on("request", lambda request: taken.asked.append(request.url))
    return taken
