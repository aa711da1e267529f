"""How a real Chromium is found and started here.

It never downloads one, and what it starts reaches for nothing beyond loopback by itself.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, async_playwright

# A window's own parts, which nobody looks at here: each new one made two pages for its address bar, another process for
# the next site, and a new frame for every page, and so took most of the time that Chromium did.
UNSEEN = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess", "RenderDocument")
# What Playwright switches off: its list gives way to the one that is named here.
PLAYWRIGHTS = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch",
)  # fmt: skip
QUIET = (
    "--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    f"--disable-features={','.join((*PLAYWRIGHTS, *UNSEEN))}",
)  # fmt: skip
MISSING = "no Chromium here: install Debian's chromium to run the browser tests"


def chromium() -> str | None:
    """Where it is; None if it is not installed."""
    return shutil.which("/usr/bin/chromium") or shutil.which("chromium")


async def with_authenticator(tab: Page, **other: Any) -> tuple[CDPSession, str]:
    """Give this tab an authenticator that says yes, by Chromium's own means; its session there and its id."""
    devtools = await tab.context.new_cdp_session(tab)
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **other,
    }
    await devtools.send("WebAuthn.enable")
    added = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, str(added["authenticatorId"])


@asynccontextmanager
async def running(path: str) -> AsyncIterator[Browser]:
    """One Chromium, closed afterwards."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()
