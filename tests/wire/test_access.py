"""Access from the asking to the revocation, over the wire."""

from storage.audit import log
from tests.wire.conftest import ON_BOTH

pytestmark = ON_BOTH


async def test_low_risk_access_is_given_at_once_and_ends_on_time(world):
    """A request in words becomes a draft, one click gives it, its end takes it back (promise 1)."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    assert "ada" not in await world.holders("grafana-edit")
    await ada.click(draft, "draft.send")
    await ada.sees("✅ grafana-edit")
    assert "ada" in await world.holders("grafana-edit")
    world.clock.skip(hours=2, seconds=1)
    await ada.sees("ended")
    assert "ada" not in await world.holders("grafana-edit")
    actions = await world.actions()
    assert [a for a in actions if a.startswith(("grant", "access"))] == [
        "grant.approved done",
        "access.given done",
        "grant.expired done",
        "access.removed done",
    ]


async def test_the_record_says_where_in_slack_it_was_asked(world):
    """A-6: which workspace, which conversation, over which transport, by which replica."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 2h because INC-4711")
    draft = await ada.sees("You are asking for")
    await ada.click(draft, "draft.send")
    await ada.sees("✅ grafana-edit")
    [entry] = await world.database.read(lambda tx: log.rows(tx, action="grant.approved"))
    where = entry.said()["where"]
    assert (where["team"], where["channel"], where["transport"]) == ("T0WICKET", draft.channel, "socket")
    assert where["replica"]
