"""An approver proves who they are: from the form's link to the secure page, and back.

Their code comes from their own phone, and passes through the page alone.
"""

from bot.demo.tour.browser import Browser
from bot.demo.tour.players import Player
from bot.demo.tour.scene import Scene
from bot.demo.workspace import View

LINK = "Prove who I am"


async def proves_who_they_are(
    scene: Scene, player: Player, form: View, *, says: str = "Nothing is approved by this page."
) -> None:
    """Follow the link of the form, and give the code that the phone shows. says: how the page ends."""
    player.does(f"presses [{LINK}]")
    async with Browser() as browser:
        page = player.reads(await browser.open(form.link(LINK)))
        code = scene.code(player.person.login)
        page = await player.sends(
            browser, page, "Continue", told="the code that their phone shows", code=code
        )
        if "Your proof was used for the decision." in page.text:
            return  # what it was for happened before the page was there
        page.shows("You proved who you are.")
        page.shows(says)
