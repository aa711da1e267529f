"""Breaking the glass: there is no time to ask, so everybody is told first, and somebody else can end it at a click.

Everything is done by people with the buttons they see, and the mail is taken by the demo's own mail server.
"""

from bot.demo.tour.scene import Scene
from bot.demo.tour.stepping import proves_who_they_are
from bot.demo.tour.telling import expect

_OWNERS = "data-owners"


async def the_list_is_explicit(scene: Scene) -> None:
    """Ada is on no list: she hears what to do instead, and security hears of it."""
    ada = scene.player("ada")
    await ada.commands("break-glass", channel="general")
    await ada.hears("you are on no list of those who may", "ask for access as always", channel="general")
    await scene.player("alan").sees("Break-glass tried by Ada Lovelace", channel="security")


async def everybody_is_told_first(scene: Scene) -> None:
    """The database is down. Edsger proves who he is; security and those on duty hear of it, and then he has it."""
    edsger = scene.player("edsger")
    await edsger.commands("break-glass", channel="general")
    form = await edsger.form("What do you need?")
    await edsger.fills(form, {"Incident": "INC-4712", "What happened": "The database is down, restarting it"})
    form = await edsger.form("waits for your proof")
    await scene.must_be_in("edsger", "prod-db", whether=False)
    await proves_who_they_are(scene, edsger, form, says="you have it as soon as they were")
    await scene.mail("joan", "Break-glass: Edsger Dijkstra")
    await edsger.sees("✅ prod-db")
    await scene.player("alan").sees(
        "held by Edsger Dijkstra", "incident INC-4712", "Told before access", channel="security"
    )
    await scene.must_be_in("edsger", "prod-db")


async def one_click_ends_it(scene: Scene) -> None:
    """Grace, whose team owns the database, has it in hand and ends the emergency; one message tells all of it."""
    grace = scene.player("grace")
    alert = await grace.sees("held by Edsger Dijkstra", channel=_OWNERS)
    await grace.presses(alert, "End now")
    over = await grace.sees("Break-glass over", "by Grace Hopper", channel=_OWNERS)
    expect(over.ts == alert.ts, "The end of the emergency stands in another message.")
    await scene.must_be_in("edsger", "prod-db", whether=False)


async def somebody_else_reviews_it(scene: Scene) -> None:
    """Alan looks at it with every fact before him. Without a review Edsger could not break the glass again."""
    alan = scene.player("alan")
    owed = await alan.sees("Review owed: Edsger Dijkstra", "Can do it now", channel="security")
    await alan.presses(owed, "Review…")
    form = await alan.form("Was it justified?")
    for fact in ("Edsger Dijkstra", "INC-4712", "restarting it", "by Grace Hopper, before its time"):
        expect(fact in form.plain, f"The review does not show: {fact}")
    await alan.fills(
        form, {"Was it justified?": "Justified", "What is to be changed": "alert before the disk is full"}
    )
    await alan.sees(
        "Justified, says the review by Alan Turing", "alert before the disk is full", channel="security"
    )


STEPS = (the_list_is_explicit, everybody_is_told_first, one_click_ends_it, somebody_else_reviews_it)
