"""What the security channel sees of patterns in the record, and of a record that was edited past Wicket.

Each scene is played through the real bot; only what nobody can do through it is done to its database by hand.
"""

from datetime import timedelta

from handlers.audit.publishing import Publishing
from handlers.audit.telling import Telling
from handlers.audit.walking import Walking
from handlers.audit.watching import Watching
from handlers.decisions.freezing import Check
from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio
from tests.handlers.audit.test_retiling import done_to
from tests.wire.steps import approve, ask

DATA = "C0DATAOWN"
LOW = (
    "[detectors.refusals]\nperson = 3\n[detectors.each_other]\ntimes = 1\n[detectors.at_once]\ntimes = 2\n"
    "[detectors.dormant]\ndays = 2\n[detectors.many_asked]\ndifferent = 2\n"
)


async def patterns(it: Studio) -> None:
    """Somebody tries doors, two approve each other within seconds, and one comes back after a long silence."""
    eve, ada, grace, linus = (it.person(login) for login in ("eve", "ada", "grace", "linus"))
    for _ in range(3):
        await eve.say("I need github-admin for 1h because the vendor portal is slow")
    await told(it, "alert-many-refusals", "Many refusals: Eve")
    for thing in ("grafana-edit", "crm-read"):
        await ask(ada, f"I need {thing} for 2h because of the audit")
    await told(it, "alert-many-asked", "Many different things asked for: Ada")
    await ask(linus, "I need prod-db for 2h because INC-4711")
    await approve(grace, DATA, "prod-db")
    await linus.sees("✅ prod-db")
    await ask(grace, "I need prod-db for 2h because INC-4711")
    await approve(linus, DATA, "prod-db")
    await told(it, "alert-each-other", "Approving each other")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await approve(grace, DATA, "prod-db")
    await told(it, "alert-approved-at-once", "Approved within seconds")
    it.world.clock.skip(days=3)
    await ask(it.person("bob"), "I need prod-db for 2h because INC-4712")
    await told(it, "alert-dormant", "after a long silence: Bob")


async def an_unchecked_record(it: Studio) -> None:
    """Somebody keeps a stop from being written, and the process stops by itself."""
    app = it.world.app
    app.database.unchecked.begin(Check.ENTRIES, app.ground.now())
    tells = Telling(app.ground, replica="wicket-1")
    await tells.look()
    await tells.look()
    await told(it, "alert-unchecked", "New access is stopped by wicket-1 alone")
    app.database.unchecked.end(Check.ENTRIES)
    await tells.look()
    await told(it, "alert-unchecked-gone", "New access was stopped by wicket-1 alone")


async def an_edited_record(it: Studio) -> None:
    """Whoever can write to the database edits an entry, and later another."""
    await ask(it.person("ada"), "I need grafana-edit for 2h because of the new latency board")
    await it.person("ada").sees("✅ grafana-edit")
    await _edited(it, 2)
    await told(it, "alert-mismatch", "New access is stopped", "at index 2")
    await _edited(it, 1)
    await told(it, "alert-record-changed", "Changed past Wicket")


async def _edited(it: Studio, index: int) -> None:
    """An entry is edited, and the walk comes by in a day."""
    app, signer = it.world.app, it.world.settings.secrets.signer()
    done_to(
        app.database, "audit_entries", f"UPDATE audit_entries SET actor = 'p-eve' WHERE \"index\" = {index}"
    )
    it.world.clock.skip(hours=25)
    watching = Watching(app.ground, signer, publishing=Publishing(app.ground, None), stopped=lambda _: None)
    await Walking(app.ground, watching, signer.verifier, every=timedelta(hours=24)).look()
