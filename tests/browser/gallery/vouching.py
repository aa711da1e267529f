"""A scene about vouching: Ada's manager says that he has spoken to her, and somebody tries it for their own boss.

It acts through Slack and the secure page, and changes no row.
"""

from playwright.async_api import Page

from bot.demo.workspace.person import PersonClient
from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio


async def a_word(it: Studio) -> None:
    """Asked on the page, begun by whoever vouches, proven, given, and counted an hour later."""
    ada, charles, bob = it.person("ada"), it.person("charles"), it.person("bob")
    said = await charles.say("vouch for Ada")
    begin = await charles.sees("You can vouch for somebody", after=said.ts)
    await it.take("answer-vouch", "charles", begin)
    await _ask(it, "ada")
    code = await it.page.locator(".said").inner_text()
    await charles.click(begin, "ask.vouch")
    await _fill(it, charles, "ada", code)
    await it.take_form("form-vouch", "charles")
    await charles.submit(await charles.sees_view("The code that they read out to you"))
    await _prove(it, charles)
    await charles.submit(await charles.sees_view("The code that they read out to you"))
    await charles.sees_view("You vouched for")
    await it.take_form("form-vouched", "charles")
    await charles.close_view()
    await it.take("notice-word-given", "charles", await charles.sees("You vouched for Ada Lovelace"))
    await it.take(
        "notice-vouched", "ada", await ada.sees("vouched for you", "They say that you met in person")
    )
    await it.world.until(lambda: "Somebody vouched for you" in _mails(it))
    it.world.clock.skip(minutes=61)
    await it.take("notice-vouched-counts", "ada", await ada.sees("counts now", timeout=60))
    await _ask(it, "edsger")
    code = await it.page.locator(".said").inner_text()
    await bob.slash("/wicket", "vouch")
    await _fill(it, bob, "edsger", code)
    await bob.submit(await bob.sees_view("The code that they read out to you"), {"ticket": "INC-4711"})
    await bob.sees_view("You can't vouch for them")
    await it.take_form("form-vouch-refused", "bob")
    await told(it, "alert-vouching", "vouches for their own boss")


async def _ask(it: Studio, login: str) -> None:
    """They ask for a code on the page."""
    said = await it.person(login).say("reset my password")
    there = await it.person(login).sees("Continue securely", after=said.ts)
    await it.page.goto(there.link("Continue securely"))
    await it.page.get_by_role("link", name="Ask somebody to vouch for you").click()
    await it.page.get_by_role("button", name="Show me a code").click()


async def _fill(it: Studio, who: PersonClient, whom: str, code: str) -> None:
    form = await who.sees_view("The code that they read out to you")
    await who.choose(form, "for", it.person(whom).user_id)
    await who.choose(form, "code", code)
    await who.choose(form, "spoken", "in_person")


async def _prove(it: Studio, who: PersonClient) -> None:
    """They show on the page that it is them, and come back to their form."""
    form = await who.sees_view("Show on the secure page that it is you who vouches")
    await it.take_form("form-vouch-prove", "charles")
    address = next(one["url"] for block in form.blocks for one in block.get("elements", []) if one.get("url"))
    secure: Page = await it.page.context.new_page()
    await secure.goto(address)
    code = it.world.phones.codes(who.user_id)[0]["code"]
    await secure.get_by_label("Code from your authenticator").fill(code)
    await secure.get_by_role("button", name="Continue").click()
    await secure.get_by_text("Now go back to Slack").wait_for()
    await secure.close()
    await who.close_view()


def _mails(it: Studio) -> list[str]:
    return [mail["subject"] for mail in it.world.phones.mailbox(it.person("ada").user_id)]
