"""Scenes about one's proofs: a passkey is added, and a copy of it is shown.

They act through the secure page and the browser's own authenticator, and change no row.
"""

from playwright.async_api import expect

from bot.demo.company import LOVELACE
from tests.browser.chromium import with_authenticator
from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio


async def a_passkey(it: Studio) -> None:
    """Added by Ada, shown by her, and then by somebody with a copy of its key."""
    ada = it.person("ada")
    devtools, authenticator = await with_authenticator(it.page)
    await _follow(it, "manage my proofs")
    await it.page.get_by_label("The password you have now").fill(LOVELACE.person("ada").password)
    await it.page.get_by_role("button", name="Sign in").click()
    code = it.world.phones.codes(ada.user_id)[0]["code"]
    await it.page.get_by_label("Code from your authenticator").fill(code)
    await it.page.get_by_role("button", name="Continue").click()
    await it.page.get_by_label("A name for it, if you like").fill("work laptop")
    await it.page.get_by_role("button", name="Add a passkey").click()
    await it.take("notice-proofs-changed", "ada", await ada.sees("The passkey work laptop was added"))
    held = await devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    (copy,) = held["credentials"]
    await _show(it)
    await expect(it.page.get_by_role("heading")).to_have_text("Choose a new password")
    which = {"authenticatorId": authenticator, "credentialId": copy["credentialId"]}
    await devtools.send("WebAuthn.removeCredential", which)
    await devtools.send(
        "WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": {**copy, "signCount": 0}}
    )
    await _show(it)
    await it.take("notice-passkey-stopped", "ada", await ada.sees("I stopped your passkey"))
    await told(it, "alert-cloned-passkey", "A second one seems to exist")


async def _show(it: Studio) -> None:
    await _follow(it, "reset my password")
    await it.page.get_by_role("button", name="Use my passkey").click()


async def _follow(it: Studio, words: str) -> None:
    said = await it.person("ada").say(words)
    there = await it.person("ada").sees("Continue securely", after=said.ts)
    await it.page.goto(there.link("Continue securely"))
