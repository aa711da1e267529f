"""What no single message shows: patterns in the record and a record that was edited, told in Slack (A-15, T-10)."""

import pytest

from tests.handlers.audit.test_retiling import done_to
from tests.wire.conftest import close_world, open_world
from tests.wire.steps import SECURITY, approve, ask

LOW = "[detectors.refusals]\nperson = 3\n[detectors.at_once]\ntimes = 2\n[security]"


@pytest.fixture
async def world(tmp_path):
    made = await open_world(tmp_path, changes={"[security]": LOW})
    yield made
    await close_world(made)


async def test_refusals_and_quick_approvals_come_from_slack_to_the_security_channel(world):
    """A-15: explained in the message, with its story behind a button; nobody was kept waiting or stopped."""
    alan, eve, ada, grace = (world.person(login) for login in ("alan", "eve", "ada", "grace"))
    for _ in range(3):
        await eve.say("I need github-admin for 1h because the vendor portal is slow")
    alert = await alan.sees("Many refusals: Eve", channel=SECURITY)
    for words in ("was refused 3 times within 1 hour", "Usually", "Nothing is stopped by this",
                  "[detectors.refusals]: person = 3, everybody = 60, minutes = 60"):  # fmt: skip
        assert words in alert.plain
    for number in range(2):
        await ask(ada, f"I need prod-db for {number + 1}h because INC-4711")
        await approve(grace, "C0DATAOWN", "prod-db")
        await ada.sees("✅ prod-db")
    alert = await alan.sees("Approved within seconds, again and again: Grace Hopper", channel=SECURITY)
    await alan.click(alert, "story.alert")
    assert "A pattern was noticed that this belongs to" in (await alan.sees_view("What happened")).plain


async def test_an_entry_that_was_edited_stops_new_access_by_itself(world):
    """T-10: nobody ran a verification; the walk came by within the time that is set for a round."""
    alan, ada = world.person("alan"), world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    edit = "UPDATE audit_entries SET action = '{action}' WHERE \"index\" = 2"
    was = (await world.actions())[2].split()[0]
    done_to(world.database, "audit_entries", edit.format(action="question.asked2"))
    world.clock.skip(hours=25)
    await alan.sees("New access is stopped", "index 2 is not what was written", channel=SECURITY, timeout=15)
    await ask(ada, "I need grafana-edit for 2h because INC-4712")
    await ada.sees("Stopped since")
    done_to(world.database, "audit_entries", edit.format(action=was))
