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
    scene.screens["refused"] = told
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


async def security_takes_it_up(scene: Scene) -> None:
    """Joan takes it up, speaks to Eve and says how it ended: one message shows who is at it, and what it was."""
    joan = scene.player("joan")
    await joan.presses(scene.screens["refused"], "Acknowledge")
    taken = await joan.sees("Refused: github-admin", "Acknowledged by Joan Clarke", "Due", channel="security")
    await joan.presses(taken, "Resolve…")
    form = await joan.form("How did it end?")
    await joan.fills(form, {"How did it end": "expected", "What did you find": "she read an old page"})
    over = await joan.sees(
        "Refused: github-admin", "Resolved by Joan Clarke", "an old page", channel="security"
    )
    expect(over.ts == taken.ts, "It was told in another message.")


async def a_late_click_hears_who_did(scene: Scene) -> None:
    """Alan still has the buttons on his screen: he hears that it was done, and by whom."""
    alan = scene.player("alan")
    await alan.presses(scene.screens["refused"], "Acknowledge", stale=True)
    await alan.sees("Joan Clarke resolved this", channel="security")


STEPS = (
    a_contractor_asks_for_administration,
    security_takes_it_up,
    a_late_click_hears_who_did,
    for_ever,
    longer_than_it_may_last,
)
