"""Scenes of delegated approvals: made in a form, used, and ended at a click.

They act through Slack alone, and change no row.
"""

from tests.browser.gallery.staff import DATA, WHY
from tests.browser.gallery.studio import Studio
from tests.wire.steps import approve, ask


async def holiday(it: Studio) -> None:
    """Grace lets Bob approve while she is away; he does, and it is ended when she is back."""
    ada, grace, bob = (it.person(login) for login in ("ada", "grace", "bob"))
    await grace.slash("/wicket", "delegate")
    form = await grace.sees_view("Approvals of what?")
    (choice, *_) = await grace.options(form, "entitlement", "prod-db")
    chosen = {"entitlement": choice["value"], "for": "U0BOB", "risk": "4", "length": "240", "lasts": "5"}
    for field, value in chosen.items():
        await grace.choose(form, field, value)
    await it.take_form("form-delegate", "grace")
    await grace.submit(form)
    await grace.close_view()
    made = await grace.sees("Approvals delegated", "✅ Delegated", channel=DATA)
    await it.take("delegation-made", "grace", made, channel=DATA)
    await ask(ada, f"I need prod-db for 2h because {WHY}")
    await approve(bob, DATA, "prod-db")
    decided = await grace.sees("✅ Approved", "by delegation from Grace Hopper", channel=DATA)
    await it.take("approval-by-delegation", "grace", decided, channel=DATA)
    await grace.click(made, "delegation.end")
    over = await grace.sees("Approvals delegated", "⌛ Ended", channel=DATA)
    await it.take("delegation-ended", "grace", over, channel=DATA)
