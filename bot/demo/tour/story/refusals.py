"""What nobody gets, whoever would approve: refused with the reason, and told to the security channel.

Nothing reaches an owner's channel here.
"""

from bot.demo.tour.scene import Scene
from bot.demo.tour.telling import expect


async def a_contractor_asks_for_administration(scene: Scene) -> None:
    """A contractor asks for administrative access: refused at once, with the reason, and security sees it."""
    eve = scene.player("eve")
    await eve.says("I need github-admin for 1h because the vendor portal is slow")
    await eve.hears("⛔ I can't give github-admin", "Contractors cannot hold administrative access")
    told = await scene.player("alan").sees("Refused: github-admin", "Eve Example", channel="security")
    expect("contractors-never-admin" in told.plain, "The exception does not name its policy.")
    await scene.must_be_in("eve", "github-admin", whether=False)


async def for_ever(scene: Scene) -> None:
    """Nothing is given for ever: she is asked for how long."""
    ada = scene.player("ada")
    await ada.says("give me permanent access to crm-read because I like it")
    await ada.hears("Access given here always ends")


async def longer_than_it_may_last(scene: Scene) -> None:
    """Nothing is given for longer than it may last."""
    ada = scene.player("ada")
    await ada.says("I need prod-db for 3 days because INC-4713")
    await ada.hears("⛔ I can't give prod-db", "longer than this access may last")


STEPS = (a_contractor_asks_for_administration, for_ever, longer_than_it_may_last)
