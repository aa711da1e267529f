"""Groups that describe themselves: their keepers write into the directory that they may be asked for.

No file of the bot's names them; what they say is held to its settings, and security reads each change of it.
"""

from bot.demo.company.described import BLOG, MENDED, MISSPELT
from bot.demo.tour.scene import Scene
from bot.demo.tour.telling import expect


async def a_group_is_offered(scene: Scene) -> None:
    """A group that is in no catalogue says that it may be had: the rules changed, and security reads how."""
    await scene.by_other_hands_describe(BLOG)
    await scene.the_directory_is_compared()
    await scene.player("alan").sees("The rules changed", "company-blog", channel="security")


async def it_is_asked_for(scene: Scene) -> None:
    """Ada asks for it as for anything else, and it is carried to the team that it names."""
    ada = scene.player("ada")
    await ada.says("I need company-blog for 1h because PR-12")
    await ada.presses(await ada.hears("You are asking for", "company-blog"), "Send request")
    await scene.player("konrad").sees("Access request: company-blog", "PR-12", channel="it-desk")


async def another_says_nonsense(scene: Scene) -> None:
    """Another one names a team that there is not: nobody can ask for it, and security hears which line is wrong."""
    await scene.by_other_hands_describe(MISSPELT)
    await scene.the_directory_is_compared()
    told = await scene.player("alan").sees(
        "cannot be used: status-page", "observabilty", "observability", channel="security"
    )
    scene.screens["undiscovered"] = told


async def it_is_mended(scene: Scene) -> None:
    """Its keepers mend the line: the same message says since when it can be used."""
    await scene.by_other_hands_describe(MENDED)
    await scene.the_directory_is_compared()
    told = await scene.player("alan").sees("status-page", "it can be used", channel="security")
    expect(told.ts == scene.screens["undiscovered"].ts, "It was told in another message.")


STEPS = (a_group_is_offered, it_is_asked_for, another_says_nonsense, it_is_mended)
