"""Scenes of stopping things at once: all new access, and everything of one person.

They act through Slack alone, and change no row.
"""

from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio
from tests.wire.steps import SECURITY, ask


async def halted(it: Studio) -> None:
    """One of security stops new access; of the two who let it begin again one has said so."""
    ada, alan = it.person("ada"), it.person("alan")
    await alan.slash("/wicket", "freeze")
    form = await alan.sees_view("Two people of the security team let it begin again")
    await alan.choose(form, "rationale", "a laptop was stolen, and its owner is on call for prod-db")
    await it.take_form("form-halt", "alan")
    await alan.submit(form)
    stopped = await alan.sees("New access is stopped", "a laptop was stolen", channel=SECURITY)
    await ada.say("I need grafana-edit for 2h because INC-4711")
    await it.take("draft-stopped", "ada", await ada.sees("You are asking for", "stopped new access"))
    await alan.click(stopped, "freeze.resume")
    form = await alan.sees_view("New access again")
    await alan.choose(form, "rationale", "the laptop is back, and nothing was done with it")
    await alan.submit(form)
    await alan.sees_view("one of two")
    await it.take_form("form-said", "alan")
    await alan.close_view()
    await told(it, "alert-halted", "One of two", "the laptop is back")


async def revoked(it: Studio) -> None:
    """All that somebody has ends in one act, shown before it and reported after."""
    ada, alan = it.person("ada"), it.person("alan")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await alan.slash("/wicket", "revoke")
    form = await alan.sees_view("Of whom?")
    await alan.choose(form, "answer", "ada")
    await it.take_form("form-whom", "alan")
    await alan.submit(form)
    form = await alan.sees_view("What there is")
    await alan.choose(form, "rationale", "her phone was stolen, unlocked")
    await it.take_form("form-revoke-all", "alan")
    await alan.submit(form)
    await alan.close_view()
    await told(it, "alert-revoked-all", "Everything revoked", "Done after")
