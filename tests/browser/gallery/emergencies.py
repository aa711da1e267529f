"""Scenes of breaking the glass: the form, the alert from before the access until after its end, and who may not.

They act through Slack and the secure page alone, and change no row.
"""

from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio
from tests.wire.steps import SECURITY
from tests.wire.test_emergencies import COMMAND, WHY
from tests.wire.test_stepping_up import PROVE, proves


async def broken_glass(it: Studio) -> None:
    """Edsger takes the production database in an emergency, and Grace, whose team owns it, ends that."""
    edsger, alan, grace = it.person("edsger"), it.person("alan"), it.person("grace")
    await it.person("ada").slash("/wicket", COMMAND)
    await told(it, "alert-emergency-refused", "Break-glass tried by Ada Lovelace")
    await edsger.slash("/wicket", COMMAND)
    form = await edsger.sees_view("What do you need?")
    await edsger.choose(form, "ticket", "INC-4711")
    await edsger.choose(form, "justification", WHY)
    await it.take_form("form-break-glass", "edsger")
    await edsger.submit(form)
    form = await edsger.sees_view("waits for your proof")
    await it.take_form("form-break-glass-prove", "edsger")
    await edsger.close_view()
    await it.take("emergency-asked", "edsger", await edsger.sees("You are breaking the glass"))
    await it.world.phones.stop()
    await proves(it.world, "edsger", form.link(PROVE))
    await told(it, "emergency-told", "Edsger Dijkstra (edsger) takes", "Nothing is given yet")
    await it.world.phones.start("127.0.0.1", it.world.settings.mail.port)
    alert = await alan.sees("held by Edsger Dijkstra", channel=SECURITY)
    await it.take("emergency-held", "alan", alert, channel=SECURITY)
    theirs = await grace.sees("held by Edsger Dijkstra", channel="C0DATAOWN")
    await it.take_confirm("confirm-end-emergency", "grace", theirs, "End now", channel="C0DATAOWN")
    await grace.click(theirs, "emergency.end")
    over = await alan.sees("Break-glass over", "by Grace Hopper", channel=SECURITY)
    await it.take("emergency-over", "alan", over, channel=SECURITY)
