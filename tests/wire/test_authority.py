"""Authority lost between asking, approving and giving, over the wire: policy is asked each time (promise 3)."""

import pytest

from handlers.decisions.cedar import CedarPolicy
from tests.handlers.made_once import without_step_up
from tests.wire.conftest import close_world, open_world
from tests.wire.steps import SECURITY, approve, ask, undecided

PAYMENTS_ONLY = """
@id("payments-only") @reason("Only Payments works with it.")
forbid (principal, action == Action::"grant", resource) unless { principal.team == "Payments" };
"""
DATA = "C0DATAOWN"
PLATFORM = "C0PLATFORM"


async def _recorded(world, action: str) -> bool:
    return action in await world.actions()


async def approved_but_not_given(world, requester, approver) -> None:
    """An approval counts, and the directory cannot be asked yet whether it still does."""
    await ask(requester, "I need prod-db for 2h because INC-4711")
    world.faulty.error("membership")
    await approve(approver, DATA, "prod-db")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))


async def not_given(world, requester, approver) -> None:
    """Nothing was given, everybody knows, and security sees it as an exception."""
    world.faulty.mend()
    world.clock.skip(seconds=20)
    alan = world.person("alan")
    await alan.sees("Not granted after approval: prod-db for Ada Lovelace", channel=SECURITY)
    assert await world.holders("prod-db") == set()
    voided = await requester.sees("is not granted after all")
    assert voided.buttons.keys() == {"request.again"}
    decided = await approver.sees("Not granted", channel=DATA)
    assert decided.buttons.keys() == {"story.tell"}
    actions = await world.actions()
    assert "grant.voided refused" in actions
    assert "access.given done" not in actions


@pytest.mark.parametrize("change", [{"active": False}, {"employment": "service"}])
async def test_a_requester_who_may_no_longer_have_it_gets_nothing(world, change):
    """Deactivated, or no person any more, between approval and giving (SL-17)."""
    ada, grace = world.person("ada"), world.person("grace")
    await approved_but_not_given(world, ada, grace)
    await world.directory.change_account("p-ada", **change)
    await not_given(world, ada, grace)


async def test_a_requester_who_changed_teams_is_asked_about_in_the_new_one(tmp_path):
    """Between approval and giving; policy hears of the team that the directory says then."""
    sources, schema = without_step_up()
    world = await open_world(
        tmp_path, policy=CedarPolicy.load({**sources, "teams.cedar": PAYMENTS_ONLY}, schema, bound_to="")
    )
    try:
        ada, grace = world.person("ada"), world.person("grace")
        await approved_but_not_given(world, ada, grace)
        await world.directory.change_account("p-ada", team="Sales")
        await not_given(world, ada, grace)
    finally:
        await close_world(world)


@pytest.mark.parametrize("loss", ["left the team", "was deactivated", "became a contractor"])
async def test_an_approval_ends_with_the_approvers_authority(world, loss):
    """Whoever approved must still be allowed to when it is done."""
    ada, grace = world.person("ada"), world.person("grace")
    await approved_but_not_given(world, ada, grace)
    if loss == "left the team":
        await world.directory.remove_member("p-grace", "data-platform-owners")
    elif loss == "was deactivated":
        await world.directory.change_account("p-grace", active=False)
    else:
        await world.directory.change_account("p-grace", employment="contractor")
    await not_given(world, ada, grace)


async def test_of_two_approvals_one_lost_is_not_enough(world):
    """Security's still counts, the owner's does not."""
    ada, edsger, joan, alan = (world.person(login) for login in ("ada", "edsger", "joan", "alan"))
    world.slack.update_channel(PLATFORM, members=["U0EDSGER", "U0JOAN", world.slack.bot_user_id])
    await ask(ada, "I need github-admin for 1h because INC-4711")
    world.faulty.error("membership")
    await approve(joan, PLATFORM, "github-admin")
    await edsger.sees("Needed: one approval from Platform", channel=PLATFORM)
    await approve(edsger, PLATFORM, "github-admin")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    await world.directory.remove_member("p-edsger", "platform-owners")
    world.faulty.mend()
    world.clock.skip(seconds=20)
    await alan.sees("Not granted after approval: github-admin for Ada Lovelace", channel=SECURITY)
    await ada.sees("is not granted after all")
    assert await world.holders("github-admin") == set()


async def test_who_lost_the_authority_before_the_click_cannot_decide(world):
    """The message is old, the directory is not; security sees who tried."""
    ada, grace, alan = world.person("ada"), world.person("grace"), world.person("alan")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    await world.directory.remove_member("p-grace", "data-platform-owners")
    await grace.click(request, "approval.approve")
    await grace.sees("You can't decide this one", channel=DATA)
    assert grace.view is None
    await alan.sees(
        "Grace Hopper (grace) tried to decide the request of Ada Lovelace (ada)", channel=SECURITY
    )
    await approve(world.person("linus"), DATA, "prod-db")
    await ada.sees("✅ prod-db")


async def test_who_loses_the_authority_while_writing_why_cannot_decide(world):
    """The form was open, the submission is asked about again."""
    ada, grace, alan = world.person("ada"), world.person("grace"), world.person("alan")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await grace.click(await undecided(grace, DATA, "prod-db"), "approval.approve")
    form = await grace.sees_view("Approve request")
    await world.directory.remove_member("p-grace", "data-platform-owners")
    told = await grace.submit(form, {"rationale": "ok"})
    assert "You can't decide this one" in told.view.plain
    await alan.sees("Grace Hopper (grace) tried to decide", channel=SECURITY)
    await ada.sees("waiting for Data Platform")
    assert await world.holders("prod-db") == set()


async def test_a_requester_deactivated_while_waiting_can_be_approved_by_nobody(world):
    """At the click the request itself is asked about too."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    await world.directory.change_account("p-ada", active=False)
    await grace.click(request, "approval.approve")
    await grace.sees("This request can no longer be granted", channel=DATA)
    await ada.sees("is not granted after all")
    assert grace.view is None
    assert await world.holders("prod-db") == set()
    assert "grant.approved done" not in await world.actions()


async def test_an_approver_who_left_slack_decides_nothing(world):
    """Deactivated in Slack, still in the directory: not a person to us (SL-1)."""
    ada, grace, alan = world.person("ada"), world.person("grace"), world.person("alan")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    world.slack.update_user("U0GRACE", deleted=True)
    await grace.click(request, "approval.approve")
    await alan.sees("Turned away: Grace Hopper", channel=SECURITY)
    assert grace.view is None
    assert await world.holders("prod-db") == set()


async def test_an_automatic_grant_is_asked_about_again_too(world):
    """Nobody approved it, so nothing but policy stands between asking and giving."""
    ada, alan = world.person("ada"), world.person("alan")
    world.faulty.error("membership")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await world.until(lambda: _recorded(world, "access.change_failed failed"))
    await world.directory.change_account("p-ada", employment="contractor")
    world.faulty.mend()
    world.clock.skip(seconds=20)
    await alan.sees("Not granted after approval: grafana-edit for Ada Lovelace", channel=SECURITY)
    assert "ada" not in await world.holders("grafana-edit")
    await ada.sees("not granted after all")


async def test_access_held_already_is_not_lost_by_an_approver_leaving(world):
    """Authority counts when something is decided and done; what is active ends at its time."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    await world.directory.change_account("p-grace", active=False)
    world.clock.skip(hours=1)
    assert await world.holders("prod-db") == {"ada"}
    world.clock.skip(hours=1, seconds=1)
    await ada.sees("ended at")
    assert await world.holders("prod-db") == set()
