"""Exceptions as somebody's work: taken up, handed on, resolved, and what each day says of those that are open.

Each scene is played through the real bot; nothing is put into its store or into a message.
"""

from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio
from tests.wire.steps import SECURITY


async def worked_on(it: Studio) -> None:
    """One exception from open to resolved, with what whoever works on it hears; then the summary of a day."""
    alan, joan, eve = (it.person(login) for login in ("alan", "joan", "eve"))
    await eve.say("I need github-admin for 1h because the vendor portal is slow")
    alert = await alan.sees("Refused: github-admin", channel=SECURITY)
    await alan.click(alert, "exception.assign")
    form = await alan.sees_view("Who works on it?")
    await alan.choose(form, "for", "U0JOAN")
    await it.take_form("form-assign", "alan")
    await alan.submit(form)
    await told(it, "alert-assigned", "Refused: github-admin", "Joan Clarke was given it")
    await it.take("exception-yours", "joan", await joan.sees("An exception is yours to work on"))
    await joan.click(alert, "exception.acknowledge")
    taken = await told(it, "alert-acknowledged", "Refused: github-admin", "Acknowledged by Joan Clarke")
    await joan.click(taken, "exception.resolve")
    form = await joan.sees_view("How did it end?")
    await joan.choose(form, "why", "expected")
    await joan.choose(form, "rationale", "she read an old page; it is corrected")
    await it.take_form("form-resolve", "joan")
    await joan.submit(form)
    await told(it, "alert-resolved", "Refused: github-admin", "Resolved by Joan Clarke")
    await it.person("greta").say("reset my password")
    await alan.sees("Turned away", channel=SECURITY)
    await it.person("konrad").say("reset my password")
    await alan.sees("Refused: a password reset", channel=SECURITY)
    it.world.clock.skip(hours=27)
    await it.world.app.bulletins.owe_due()
    await told(it, "open-exceptions", "Exceptions that are open", patience=15)
