"""Scenes of what follows an emergency: its review, too late and not justified, and a drill.

They act through Slack and the secure page; only what nobody can do through them is done to the database by hand.
"""

from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio
from tests.wire.steps import SECURITY
from tests.wire.test_emergencies import COMMAND, begin
from tests.wire.test_emergency_reviews import RESTORE, RESTORE_LOST, REVIEW, thrown_away
from tests.wire.test_stepping_up import PROVE, proves

DATA = "C0DATAOWN"


async def reviewed(it: Studio) -> None:
    """Grace ended what Edsger took; nobody looks at it in time, then Alan does, and Joan lets Edsger again."""
    edsger, alan, grace, joan = (it.person(login) for login in ("edsger", "alan", "grace", "joan"))
    await proves(it.world, "edsger", (await begin(edsger)).link(PROVE))
    await grace.click(await grace.sees("held by Edsger Dijkstra", channel=DATA), "emergency.end")
    owed = await alan.sees("Review owed: Edsger Dijkstra", "[Review…]", channel=SECURITY)
    await it.take("alert-emergency-review", "alan", owed, channel=SECURITY)
    over = await alan.sees("Break-glass over", "Review due", channel=SECURITY)
    await it.take("emergency-review-due", "alan", over, channel=SECURITY)
    it.world.clock.skip(hours=25)
    await told(it, "emergency-review-reminder", "is still owed, by", patience=20)
    it.world.clock.skip(hours=24)
    late = await alan.sees("Review overdue: Edsger Dijkstra", "[Review…]", channel=SECURITY)
    await it.take("alert-emergency-review-late", "alan", late, channel=SECURITY)
    await alan.click(late, REVIEW)
    form = await alan.sees_view("Was it justified?")
    await alan.choose(form, "finding", "not-justified")
    await alan.choose(form, "rationale", "A restart needed no access: the runbook says how.")
    await it.take_form("form-review-emergency", "alan")
    await alan.submit(form)
    await alan.sees_view("Your review is kept")
    await alan.close_view()
    unjustified = await joan.sees("Not justified: Edsger Dijkstra", "[Let them again…]", channel=SECURITY)
    await it.take("alert-emergency-unjustified", "joan", unjustified, channel=SECURITY)
    await joan.click(unjustified, RESTORE)
    form = await joan.sees_view("found it not justified")
    await joan.choose(form, "rationale", "We went through the runbook together.")
    await it.take_form("form-restore-eligibility", "joan")
    await joan.submit(form)
    await told(it, "alert-emergency-restored", "They can break the glass again, says Joan Clarke")
    await joan.close_view()
    await thrown_away(it.world)
    lost = await joan.sees("Lost from the records: emergencies of Edsger Dijkstra", channel=SECURITY)
    await joan.click(lost, RESTORE_LOST)
    form = await joan.sees_view("It takes two people of security")
    await joan.choose(form, "rationale", "A clean-up by hand took the row; I read its story.")
    await it.take_form("form-restore-lost", "joan")
    await joan.submit(form)
    await told(it, "alert-emergency-lost", "I read its story")


async def drilled(it: Studio) -> None:
    """Nobody practised for a week, so security is told; then Edsger does."""
    edsger, alan = it.person("edsger"), it.person("alan")
    it.world.clock.skip(days=8)
    await told(it, "alert-drill-missed", "A drill is missing", patience=20)
    await edsger.slash("/wicket", f"{COMMAND} drill")
    form = await edsger.sees_view("DRILL")
    await edsger.choose(form, "justification", "the monthly drill")
    await it.take_form("form-drill", "edsger")
    await edsger.submit(form)
    await proves(it.world, "edsger", (await edsger.sees_view("waits for your proof")).link(PROVE))
    owed = await alan.sees("DRILL: review owed", "[Review…]", channel=SECURITY)
    practised = await alan.sees("This is a DRILL.", "Review due", channel=SECURITY)
    await it.take("emergency-drill", "alan", practised, channel=SECURITY)
    await it.take("alert-drill-review", "alan", owed, channel=SECURITY)
