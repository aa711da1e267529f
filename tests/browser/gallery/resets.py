"""Scenes about resets that may be somebody else's: told before, stopped in one click, refused, and stopped for all.

They act through Slack, the secure page and the directory, and change no row.
"""

from playwright.async_api import Page, expect

from bot.demo.company import LOVELACE
from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio

NEW = "seven brass gears turn slowly"
MOVED = "countess@lovelace.example"


async def not_me(it: Studio) -> None:
    """Told before and after, stopped by the person in one click, and let in again by security."""
    ada, alan = it.person("ada"), it.person("alan")
    await it.world.phones.stop()
    secure = await it.page.context.new_page()
    await at_the_code(it, secure, "ada")
    await choose(secure)
    await it.take("notice-password-changing", "ada", await ada.sees("A new password is being set"))
    # Nothing is changed before the letter is out, too.
    await expect(secure.get_by_text("Nothing was changed")).to_be_visible()
    await it.world.phones.start("127.0.0.1", it.world.settings.mail.port)
    it.world.clock.skip(seconds=30)
    await it.world.told()
    await choose(secure)
    changed = await ada.sees("✅ Your password was changed")
    await secure.close()
    await it.take_confirm("confirm-not-me", "ada", changed, "It wasn't me")
    await ada.click(changed, "account.not_me")
    await it.take("private-not-me", "ada", await ada.sees("It is stopped"))
    alarm = await told(it, "alert-not-me", "“This wasn't me”", "Their account is switched off")
    it.world.clock.skip(minutes=25)
    await alan.click(alarm, "account.release")
    form = await alan.sees_view("How do you know that it is them now?")
    await alan.choose(form, "rationale", "I called her, and she came by")
    await it.take_form("form-release", "alan")
    await alan.submit(form)
    await told(it, "alert-not-me-lifted", "“This wasn't me”", "Lifted by Alan Turing")


async def a_new_address(it: Studio) -> None:
    """An address that changed lately is no way to a new password: its owner may not be the person."""
    ada = it.person("ada")
    await at_the_code(it, it.page, "ada", number="000000")
    it.world.clock.skip(minutes=10)
    await it.world.directory.change_account("p-ada", mail=MOVED)
    it.world.slack.update_user(ada.user_id, email=MOVED)
    it.world.clock.skip(minutes=10)
    await link_anew(it, "ada")
    it.world.clock.skip(minutes=10)
    await at_the_code(it, it.page, "ada")
    await told(it, "alert-address-changed", "whose mail address is new")


async def too_many_resets(it: Studio) -> None:
    """More resets within an hour than one company needs: nobody resets by themselves until security has looked."""
    alan, bob = it.person("alan"), it.person("bob")
    for login in ("ada", "grace"):
        await at_the_code(it, it.page, login)
        await choose(it.page)
        await it.person(login).sees("✅ Your password was changed")
    await told(it, "alert-many-resets", "Many resets in the whole company")
    await at_the_code(it, it.page, "linus")
    await choose(it.page)
    stopped = await told(it, "alert-resets-stopped", "Resets are stopped for everybody")
    said = await bob.say("reset my password")
    await it.take("answer-resets-stopped", "bob", await bob.sees("Nobody can reset", after=said.ts))
    it.world.clock.skip(minutes=12)
    await alan.click(stopped, "freeze.resume")
    form = await alan.sees_view("people reset their passwords by themselves as ever")
    await alan.choose(form, "rationale", "all three were asked, and it was them")
    await it.take_form("form-resume-resets", "alan")
    await alan.submit(form)
    await told(it, "alert-resets-resumed", "Resets were stopped", "Started again by Alan Turing")


async def at_the_code(it: Studio, page: Page, login: str, number: str = "") -> None:
    """The secure page, once a code was given there. number: instead of what their phone shows."""
    person = it.person(login)
    said = await person.say("reset my password")
    await page.goto((await person.sees("Continue", after=said.ts)).link("Continue securely"))
    code = number or it.world.phones.codes(person.user_id)[0]["code"]
    await page.get_by_label("Code from your authenticator").fill(code)
    await page.get_by_role("button", name="Continue").click()


async def choose(page: Page) -> None:
    """A new password, on the step that asks for it."""
    await page.get_by_label("New password").fill(NEW)
    await page.get_by_label("The same once more").fill(NEW)
    await page.get_by_role("button", name="Change my password").click()


async def link_anew(it: Studio, login: str) -> None:
    """Sign in once more, as whoever has another address in Slack has to."""
    person = it.person(login)
    said = await person.say("link my account")
    await it.page.goto((await person.sees("Continue", after=said.ts)).link("Continue securely"))
    await it.page.get_by_label("Login").fill(login)
    await it.page.get_by_label("Password").fill(LOVELACE.person(login).password)
    await it.page.get_by_role("button", name="Sign in and link").click()
    await person.sees("is linked to you", after=said.ts)
