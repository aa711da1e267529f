"""Passwords and lockouts: Slack is the front desk, the secure page is the vault.

No password and no code passes through Slack; the last chapter looks for them there.
"""

from bot.demo.company import LOVELACE
from bot.demo.tour.browser import Browser
from bot.demo.tour.scene import Scene
from bot.demo.tour.telling import expect

NEW_PASSWORDS = {
    "ada": "seven brass gears turn slowly",
    "katherine": "orbits bend around quiet moons",
}
_LINK = "Continue securely"
_CHANGE = "Change my password"
_WRONG_SIGN_INS = 5


async def a_reset_by_authenticator(scene: Scene) -> None:
    """Ada forgot her password: the code from her authenticator opens the form, weak passwords are told why."""
    ada = scene.player("ada")
    await ada.says("reset my password")
    invited = await ada.hears(
        "Continue on the secure page", "will ever ask for a password or a code in Slack"
    )
    async with Browser() as browser:
        page = ada.reads(await browser.open(invited.link(_LINK)))
        wrong = f"{(int(scene.code('ada')) + 1) % 10**6:06d}"
        page = await ada.sends(browser, page, "Continue", told="a wrong code", code=wrong)
        page.shows("That did not work.")
        page = await ada.sends(browser, page, "Continue", told="the right code", code=scene.code("ada"))
        page.shows("Choose a new password")
        weak = "lovelace12345678"
        page = await ada.sends(browser, page, _CHANGE, told=f"“{weak}” twice", password=weak, repeated=weak)
        expect("Your password was changed" not in page.text, f"“{weak}” was taken as a password.")
        new = NEW_PASSWORDS["ada"]
        page = await ada.sends(browser, page, _CHANGE, told="a good one twice", password=new, repeated=new)
        page.shows("Your password was changed.")


async def the_reset_took_effect_and_was_told(scene: Scene) -> None:
    """The old password no longer works, the new one does, sessions known of ended, and she heard of it before."""
    await scene.mail("ada", "A new password is being set for you")
    ada, person = scene.player("ada"), LOVELACE.person("ada")
    told = "signed out everywhere" if scene.capabilities.sessions else "can't end sessions"
    await ada.hears("✅ Your password was changed", told)
    await scene.mail("ada", "Your password was changed")
    await scene.must_sign_in("ada", person.password, whether=False, which="the old password")
    await scene.must_sign_in("ada", NEW_PASSWORDS["ada"], which="the new password")
    expect(await scene.keepers.open_sessions("ada") == 0, "A session of Ada's is still open.")


async def proofs_come_first(scene: Scene) -> None:
    """Katherine has no authenticator yet: she sets one up with her password, and keeps ten recovery codes."""
    katherine, person = scene.player("katherine"), LOVELACE.person("katherine")
    await katherine.says("reset my password")
    told = await katherine.hears("you have no authenticator set up here")
    await katherine.presses(told, "Set up authenticator")
    invited = await katherine.hears("Set up your authenticator on the secure page")
    async with Browser() as browser:
        page = katherine.reads(await browser.open(invited.link(_LINK)))
        page = await katherine.sends(browser, page, "Sign in", told="her password", password=person.password)
        page.shows("Add this key to your authenticator")
        scene.stage.phones.scan(person.slack, page.links["Open it in an authenticator on this device"])
        code = scene.code("katherine")
        page = await katherine.sends(
            browser, page, "Confirm", told="the code that her phone shows", code=code
        )
        page.shows("Now keep these ten recovery codes.")
        expect(len(page.listed) == 10, f"There are {len(page.listed)} recovery codes.")
        scene.notes["recovery"] = page.listed[0]
    await katherine.hears("✅ Your authenticator and recovery codes were set up")


async def a_reset_without_the_phone(scene: Scene) -> None:
    """Her phone is lost: a recovery code together with a code sent by mail will do, and only together."""
    katherine = scene.player("katherine")
    await katherine.says("reset my password")
    invited = await katherine.hears("Continue on the secure page")
    async with Browser() as browser:
        page = await browser.open(invited.link(_LINK))
        page = katherine.reads(
            await browser.open(_beside(page.address, page.links["I don't have my authenticator"]))
        )
        page = await katherine.sends(browser, page, "Send me a code")
        mail = await scene.mail("katherine", "Your code for Wicket's secure page")
        mailed = mail.partition("Your code is ")[2][:8]
        both = {"recovery": scene.notes["recovery"], "mailed": mailed}
        alone = both | {"recovery": "0000-0000-00000"}
        page = await katherine.sends(
            browser, page, "Continue", told="the mailed code with a made-up one", **alone
        )
        page.shows("That did not work.")
        page = await katherine.sends(browser, page, "Continue", told="both codes", **both)
        page.shows("Choose a new password")
        new = NEW_PASSWORDS["katherine"]
        page = await katherine.sends(
            browser, page, _CHANGE, told="a new one twice", password=new, repeated=new
        )
        page.shows("Your password was changed.")
    await katherine.hears("✅ Your password was changed")
    old = LOVELACE.person("katherine").password
    await scene.must_sign_in("katherine", old, whether=False, which="the old password")
    await scene.must_sign_in("katherine", new, which="the new password")


async def it_was_not_her(scene: Scene) -> None:
    """Say it was not her: the link of the mail stops it all, without signing in."""
    katherine = scene.player("katherine")
    await scene.mail("katherine", "A new password is being set for you")
    mail = await scene.mail("katherine", "Your password was changed")
    async with Browser() as browser:
        page = katherine.reads(await browser.open(_link_in(mail)))
        page.shows("You need not sign in: this page can only stop things.")
        await scene.must_sign_in("katherine", NEW_PASSWORDS["katherine"], which="the new password")
        page = await katherine.sends(browser, page, "It wasn't me: stop it")
        page.shows("It is stopped.")
    await scene.must_sign_in("katherine", NEW_PASSWORDS["katherine"], whether=False, which="the new password")
    await scene.player("alan").sees(
        "“This wasn't me”: Katherine Johnson", "Their account is switched off", channel="security"
    )


async def nobody_looked(scene: Scene) -> None:
    """Nobody of security takes it up for a quarter of an hour, so whoever is on duty hears of it outside Slack."""
    await scene.later(minutes=16)
    mail = await scene.mail("joan", "Katherine Johnson")
    expect(
        "Nobody acknowledged it in Slack within 15 minutes." in mail, "The mail does not say why it was sent."
    )


async def security_lets_her_in_again(scene: Scene) -> None:
    """Alan reads what was done already, and where it was told; he spoke to her, and lifts it."""
    alan = scene.player("alan")
    told = await alan.sees("“This wasn't me”: Katherine Johnson", "in time: sent by mail", channel="security")
    await alan.presses(told, "Let them in again…")
    await alan.fills(
        await alan.form("Let them in again"), {"How do you know": "I spoke to her: it was her after all"}
    )
    await alan.sees("Lifted by Alan Turing", channel="security")
    await scene.must_sign_in("katherine", NEW_PASSWORDS["katherine"], which="the new password")


async def what_is_privileged_waits(scene: Scene) -> None:
    """For a day after her reset Ada is given nothing of risk 4, so that a thief of her proofs gets no further."""
    ada = scene.player("ada")
    await ada.says("I need prod-db for 1h because INC-4714")
    await ada.hears("⛔ I can't give prod-db", "reset less than 24 hours ago")


async def administrators_go_the_governed_way(scene: Scene) -> None:
    """An administrator's account is never reset by itself, and he is told so frankly."""
    konrad = scene.player("konrad")
    await konrad.says("reset my password")
    await konrad.hears("⛔ I can't do that for you alone", "administrative power", "ask two people")


async def an_unlock_at_once(scene: Scene) -> None:
    """Bob is locked out, so that his own password does not help: once a day that is undone at once."""
    bob, password = scene.player("bob"), LOVELACE.person("bob").password
    await scene.must_sign_in("bob", password, whether=False)
    await bob.says("unlock my account")
    await bob.hears("✅ Your account is unlocked")
    await scene.must_sign_in("bob", password)


async def an_unlock_with_proof(scene: Scene) -> None:
    """Somebody sprays wrong passwords and he is locked again: the second time that day he proves who he is."""
    bob, password = scene.player("bob"), LOVELACE.person("bob").password
    for _ in range(_WRONG_SIGN_INS):
        await scene.must_sign_in("bob", "sprayed", whether=False, which="a wrong password")
    await scene.must_sign_in("bob", password, whether=False, which="even the right password")
    await bob.says("unlock my account")
    invited = await bob.hears("I can unlock your account once you show that it is you")
    async with Browser() as browser:
        page = bob.reads(await browser.open(invited.link(_LINK)))
        page = await bob.sends(browser, page, "Continue", told="his code", code=scene.code("bob"))
        page.shows("Your account is unlocked.")
    await bob.hears("✅ Your account was unlocked")
    await scene.mail("bob", "Your account was unlocked")
    await scene.must_sign_in("bob", password)


async def the_help_desk_unlocks(scene: Scene) -> None:
    """Linus is locked out, and rings the IT desk: Konrad unlocks him with a ticket, and Linus hears who did."""
    konrad, linus = scene.player("konrad"), scene.player("linus")
    for _ in range(_WRONG_SIGN_INS):
        await scene.must_sign_in("linus", "sprayed", whether=False, which="a wrong password")
    await konrad.commands("unlock @linus for INC-1720", channel="it-desk")
    await konrad.fills(
        await konrad.form("They are told at once"), {"Why": "he rang me from his desk, and I called him back"}
    )
    await linus.hears("Konrad Zuse of the help desk unlocked your account", "INC-1720")
    await scene.mail("linus", "The help desk unlocks your account")
    await scene.must_sign_in("linus", LOVELACE.person("linus").password)


def _link_in(mail: str) -> str:
    """The address in a mail behind which something can be stopped."""
    return next(word for word in mail.split() if "/not-me/" in word)


def _beside(address: str, link: str) -> str:
    """Where a link of the page leads."""
    return address.partition("/p/")[0] + link if link.startswith("/") else link


STEPS = (
    a_reset_by_authenticator,
    the_reset_took_effect_and_was_told,
    proofs_come_first,
    a_reset_without_the_phone,
    it_was_not_her,
    nobody_looked,
    security_lets_her_in_again,
    what_is_privileged_waits,
    administrators_go_the_governed_way,
    an_unlock_at_once,
    an_unlock_with_proof,
    the_help_desk_unlocks,
)
