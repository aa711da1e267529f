"""An emergency in real browsers, from the asking over the page and both alerts to the review by somebody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from bot.demo.company import toml
from bot.demo.folder import Folder
from bot.demo.keepers import LocalKeepers
from bot.demo.stage import Stage, on_stage
from storage.audit.verification import verify_log
from tests.bot.couriers.receivers import Receiver, receiving
from tests.browser.seats import Clock, Seat, seat

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WHY = "The database is down, restarting it"


@dataclass(kw_only=True)
class House:
    """The running demo, who collects its notices outside Slack, and the browser."""

    stage: Stage
    receiver: Receiver
    browser: Browser

    async def seat(self, login: str, channel: str = "") -> Seat:
        """Let somebody sit down before a channel."""
        taken = await seat(self.stage, self.browser, login)
        await taken.opens(channel)
        return taken

    async def has(self, login: str) -> bool:
        """Whether the directory itself has this person in the group of the production database."""
        return await self.stage.keepers.has(login, "prod-db-rw")


@asynccontextmanager
async def _stage(folder: Folder, receiver: Receiver) -> AsyncIterator[Stage]:
    """The demo with an incident tool on loopback beside the mail, as an operator adds one."""
    clock = Clock()
    keepers = LocalKeepers(folder.people, now=clock.now)
    keepers.secrets = {"WICKET_INCIDENT_SECRET": SECRET}
    written = toml(api_url="", port=0, smtp_port=0, database=folder.database.name, directory=keepers.section)
    folder.config.write_text(
        written.replace("[incidents]\n", f'[incidents]\nwebhook = "{receiver.url}"\n'), encoding="utf-8"
    )
    try:
        async with on_stage(folder, now=clock.now, chance=lambda: 0.0, keepers=keepers) as stage:
            yield stage
    finally:
        keepers.close()


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path, browser: Browser) -> AsyncIterator[House]:
    """Nobody has used it yet. Afterwards its record proves itself, and Slack had nothing to complain of."""
    async with receiving(SECRET) as receiver, _stage(Folder(tmp_path), receiver) as stage:
        yield House(stage=stage, receiver=receiver, browser=browser)
        await stage.slack.settled()
        assert (await stage.app.database.read(verify_log)).sound
        assert stage.slack.violations == []


async def test_an_emergency_from_the_asking_until_it_is_reviewed(house: House) -> None:
    """B-1 to B-3: proven on the page, told in Slack and outside it before the access, ended at a click, reviewed."""
    edsger, alan = await house.seat("edsger"), await house.seat("alan", "security")
    grace, joan = await house.seat("grace", "data-owners"), await house.seat("joan")
    await edsger.says("/wicket break-glass")
    form = edsger.form("Break the glass")
    await form.get_by_label("Incident").fill("INC-4711")
    await form.get_by_label("What happened, and what will you do?").fill(WHY)
    await form.get_by_role("button", name="Continue").click()
    waits = edsger.form("Prove that it is you")
    await expect(waits).to_contain_text("Nothing is given yet")
    assert (await house.has("edsger"), house.receiver.taken) == (False, [])

    await edsger.proves(waits)
    await edsger.reads("✅ prod-db")
    assert await house.has("edsger")
    [notice] = house.receiver.taken  # signed, as the receiver itself verified
    assert (notice["type"], notice["data"]["severity"]) == ("wicket.break-glass", "high")
    assert WHY not in str(notice)
    await expect(await joan.mail("Break-glass: Edsger Dijkstra")).to_contain_text("INC-4711")
    alert = await alan.reads("held by Edsger Dijkstra", "INC-4711")
    await expect(alert).to_contain_text("Told before access: here at")
    await expect(alert).to_contain_text("Somebody else reviews it within two working days")

    theirs = await grace.reads("held by Edsger Dijkstra", WHY)
    await grace.presses(theirs, "End now")
    await grace.page.get_by_role("button", name="Yes, end it").click()
    await expect(alert).to_contain_text("Break-glass over")
    await expect(alert).to_contain_text("by Grace Hopper")
    assert not await house.has("edsger")

    owed = await alan.reads("Review owed: Edsger Dijkstra", "Review…")
    await alan.presses(owed, "Review…")
    await reviewed(alan.form("Review an emergency"))
    await expect(alan.form("Reviewed")).to_contain_text("Your review is kept")
    for told in (owed, alert):
        await expect(told).to_contain_text("Justified, says the review by Alan Turing")
        await expect(told.get_by_role("button")).to_have_text(["What happened?"])


async def reviewed(form: Locator) -> None:
    """Every fact stands in the form whole (promise 9), and it is not sent without a finding and words."""
    for fact in (
        "Edsger Dijkstra (edsger)", "Production database", "INC-4711", WHY, "by Grace Hopper, before its time",
    ):  # fmt: skip
        await expect(form).to_contain_text(fact)
    await form.get_by_label("Justified", exact=True).check()
    await form.get_by_label("What is to be changed").fill("alert earlier")
    await form.get_by_role("button", name="Keep the review").click()
