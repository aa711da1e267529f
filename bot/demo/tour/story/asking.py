"""The request form: several things at once, a message made into a request, and access for somebody who reports to one.

Before anything is sent it says what would happen.
"""

from bot.demo.tour.scene import Scene
from bot.demo.tour.telling import expect

_WHAT, _TIME, _WHY, _FOR = "What", "For how long", "Why", "For whom"


async def it_says_what_would_happen(scene: Scene) -> None:
    """Edsger uses the shortcut and chooses three things: the form says of each what would happen, and for how long."""
    edsger = scene.player("edsger")
    await edsger.uses("Ask for access")
    form = await edsger.form("Choose what you need")
    await edsger.chooses(form, _WHAT, ["crm-read", "billing-export", "grafana-edit"])
    await edsger.chooses(form, _TIME, "1 hour")
    await edsger.form("✅ crm-read: you will have it at once, for 1 hour.")
    await edsger.form("⏳ billing-export: needs one approval from Finance")
    await edsger.form("✅ grafana-edit: you already hold it, standing")


async def several_at_once(scene: Scene) -> None:
    """He sends it: two go, each on its own, and what could not be sent is named at the end."""
    edsger = scene.player("edsger")
    form = await edsger.form("What do you need?")
    await edsger.fills(form, {_WHY: "CHG-20"})
    await edsger.form("Sent: crm-read and billing-export")
    await edsger.client.close_view()
    given = await edsger.sees("✅ crm-read")
    await scene.must_be_in("edsger", "crm-read")
    await edsger.presses(await edsger.sees("⏳ billing-export", "waiting for Finance"), "Withdraw")
    await edsger.sees("billing-export", "you took it back")
    await edsger.presses(given, "I'm done")
    await edsger.sees("⌛ crm-read", "you gave it back")


async def a_message_becomes_a_request(scene: Scene) -> None:
    """Joan reads in #general what she needs too: the message's shortcut makes a form of it, and keeps nothing else."""
    joan, linus = scene.player("joan"), scene.player("linus")
    message = await linus.says_in("I need crm-read for 30 min to look up a customer", channel="general")
    await joan.uses("Ask for this access", message)
    await joan.form("This is what I read in the message")
    await joan.form("✅ crm-read: you will have it at once, for 30 minutes.")
    await joan.client.close_view()
    secret = await linus.says_in("the wifi password is correct horse", channel="general")
    await joan.uses("Ask for this access", secret)
    form = await joan.form("I could not read a request in that message")
    expect("horse" not in str(form.state()), "What was not understood was kept in the form.")
    await joan.client.close_view()


async def for_somebody_who_reports_to_her(scene: Scene) -> None:
    """Grace asks for Linus, who reports to her: he has it, both are told, and he can give it back."""
    grace, linus = scene.player("grace"), scene.player("linus")
    await grace.uses("Ask for access")
    form = await grace.form("Choose what you need")
    await grace.chooses(form, _FOR, "U0LINUS", shown="Linus Pauling")
    await grace.chooses(form, _WHAT, ["wiki-edit"])
    await grace.chooses(form, _TIME, "30 minutes")
    form = await grace.form("Linus Pauling will have it at once")
    await grace.fills(form, {_WHY: "CHG-21"})
    held = await linus.sees("✅ wiki-edit", "is yours until", "Grace Hopper asked for it for you")
    await grace.sees("✅ wiki-edit", "for Linus Pauling")
    await scene.must_be_in("linus", "wiki-edit")
    await linus.presses(held, "I'm done")
    await grace.sees("for Linus Pauling", "ended")
    await scene.must_be_in("linus", "wiki-edit", whether=False)


async def but_not_for_anybody_else(scene: Scene) -> None:
    """Bob does not report to her: the form says so, and nothing is sent."""
    grace = scene.player("grace")
    await grace.uses("Ask for access")
    form = await grace.form("Choose what you need")
    await grace.chooses(form, _FOR, "U0BOB", shown="Bob Noyce")
    await grace.form("only if the directory says that they report to you")
    await grace.client.close_view()


STEPS = (
    it_says_what_would_happen,
    several_at_once,
    a_message_becomes_a_request,
    for_somebody_who_reports_to_her,
    but_not_for_anybody_else,
)
