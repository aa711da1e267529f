"""Access from the asking to the revocation, over the wire."""

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
