"""Who is speaking: a new colleague links her account, and those who are nobody here are turned away.

An e-mail address alone links nobody.
"""

from bot.demo.company import LOVELACE
from bot.demo.tour.browser import Browser
from bot.demo.tour.scene import Scene

_LINK = "Continue securely"
_WRONG = "not her password"


async def a_new_colleague_proves_who_she_is(scene: Scene) -> None:
    """A new colleague is asked to sign in on the secure page; a wrong password links nobody, the right one her."""
    katherine, person = scene.player("katherine"), LOVELACE.person("katherine")
    await katherine.says("hello")
    invited = await katherine.hears("First I need to know that this Slack account is yours")
    async with Browser() as browser:
        page = katherine.reads(await browser.open(invited.link(_LINK)))
        button = "Sign in and link"
        page = await katherine.sends(
            browser, page, button, told="a wrong password", login="katherine", password=_WRONG
        )  # fmt: skip
        page.shows("That did not work.")
        page = await katherine.sends(
            browser, page, button, told="her password", login="katherine", password=person.password
        )
        page.shows("Your Slack account is linked to you.")
    await katherine.hears("✅ This Slack account is linked to you")


async def from_then_on_she_is_served(scene: Scene) -> None:
    """From then on she is served as herself, in this conversation alone."""
    katherine = scene.player("katherine")
    await katherine.says("am I in vpn-users?")
    await katherine.hears("✅ Yes, you are in vpn-users")


async def a_link_alone_is_worth_nothing(scene: Scene) -> None:
    """A link carries no authority: whoever finds Katherine's cannot sign in with it as somebody else."""
    found = await scene.player("katherine").client.sees("First I need to know")
    ada, person = scene.player("ada"), LOVELACE.person("ada")
    async with Browser() as browser:
        page = ada.reads(await browser.open(found.link(_LINK)))
        page = await ada.sends(
            browser, page, "Sign in and link", told="her own login and password", login="ada", password=person.password
        )  # fmt: skip
        page.shows("That did not work.")


async def a_new_name_is_the_same_person(scene: Scene) -> None:
    """Luca goes by another name and login in the directory: he is still himself, with everything that he holds."""
    luca = scene.player("luca")
    await scene.by_other_hands_rename("luca", new_login="luca.diborgo", name="Luca di Borgo")
    await luca.says("what access do I have?")
    await luca.hears("You hold", "crm-read", "billing-export")


async def a_guest_is_turned_away(scene: Scene) -> None:
    """A guest of the workspace is turned away, kindly, and security sees it."""
    greta = scene.player("greta")
    await greta.says("reset my password")
    await greta.hears("I work for staff accounts only")
    await scene.player("alan").sees("Turned away: Greta Gast", channel="security")


async def a_stranger_is_turned_away(scene: Scene) -> None:
    """Somebody from the other company in a shared channel is turned away too, and security sees it."""
    mallory = scene.player("mallory")
    await mallory.commands("who owns prod-db?", channel="vendor-co")
    await mallory.hears("company", channel="vendor-co")
    await scene.player("alan").sees("Turned away: Mallory Fremd", channel="security")


STEPS = (
    a_new_colleague_proves_who_she_is,
    from_then_on_she_is_served,
    a_link_alone_is_worth_nothing,
    a_new_name_is_the_same_person,
    a_guest_is_turned_away,
    a_stranger_is_turned_away,
)
