"""Delegated approvals over the wire: holiday cover from the form to its end, and everything tried against it (R-5)."""

from typing import Any

from sqlalchemy import text

from tests.wire.hostile import approves, asks, clicked, opens, reads, submitted
from tests.wire.steps import SECURITY

OWNERS = "C0DATAOWN"


async def delegates(who: Any, what: str = "prod-db", **typed: Any) -> Any:
    """Fill in the form and send it; what came of it."""
    await who.slash("/wicket", "delegate")
    form = await who.sees_view("Approvals of what?")
    (choice, *_) = await who.options(form, "entitlement", what)
    usual = {"entitlement": choice["value"], "risk": "4", "length": "240", "lasts": "5"}
    return await who.submit(form, {**usual, **typed})


async def made(world: Any, **typed: Any) -> Any:
    """Grace delegates to Bob, or as it is typed; the message in the owner's channel."""
    grace = world.person("grace")
    outcome = await delegates(grace, **{"for": "U0BOB", **typed})
    assert "It holds from now on" in outcome.view.plain
    await grace.close_view()
    return await grace.sees("Approvals delegated: Data Platform", "✅ Delegated", channel=OWNERS)


async def refused(world: Any, login: str, message: Any) -> str:
    """They press Approve and hear that they may not; what they hear."""
    who = world.person(login)
    before = who.messages(OWNERS)[-1].ts
    await who.click(message, "approval.approve", stale=True)
    heard = await who.sees("You can't decide this one", channel=OWNERS, after=before)
    assert who.view is None
    return str(heard.plain)


async def test_holiday_cover_is_told_used_shown_and_ended_at_a_click(world):
    """R-5: told to the channel, to security and to the delegate; seen in the approval; worth nothing once ended."""
    bob, grace, alan = world.person("bob"), world.person("grace"), world.person("alan")
    message = await made(world)
    assert "Grace Hopper" in message.plain
    assert "risk 4 of 5, 4 hours each" in message.plain
    await bob.sees("Approvals delegated: Data Platform", "Grace Hopper", "cannot pass it on")
    told = await alan.sees("Approvals delegated: Data Platform", "Bob Noyce", channel=SECURITY)
    await asks(world, "ada")
    await reads(world, "bob")
    await approves(world, "bob")
    shown = await grace.sees(
        "✅ Approved", "Bob Noyce (by delegation from Grace Hopper until", channel=OWNERS
    )
    assert "prod-db" in shown.plain
    await world.person("ada").sees("✅ prod-db")
    await bob.slash("/wicket", "delegations")
    await bob.sees("Delegated approvals", "Grace Hopper lets Bob Noyce approve for Data Platform")
    await alan.click(told, "delegation.end")
    await alan.sees("nobody approves by it any more", channel=SECURITY)
    over = await grace.sees("Approvals delegated", "⌛ Ended", "by Alan Turing", channel=OWNERS)
    assert over.ts == message.ts
    assert list(over.buttons) == ["story.tell"]
    await grace.click(message, "delegation.end", stale=True)
    await grace.sees("Alan Turing ended it", channel=OWNERS)
    await grace.click(over, "story.tell")
    story = await grace.sees_view("Grace Hopper delegated approvals")
    assert "Alan Turing ended the delegation" in story.plain


async def test_who_may_not_delegate_hears_so_and_nothing_is_made(world):
    """R-5: a chain, a contractor, somebody switched off, oneself, a bot, too much risk, too long, an unknown group."""
    bob, grace, alan = world.person("bob"), world.person("grace"), world.person("alan")
    await made(world)
    chain = await delegates(bob, "prod-db", **{"for": "U0CHARLES"})
    assert "Nothing was delegated" in chain.view.title
    await alan.sees("Wrong person clicked", "Bob Noyce", "tried to delegate approvals", channel=SECURITY)
    await bob.close_view()
    for whom, why in (("U0EVE", "employees whose account is active"), ("U0GRACE", "to themselves")):
        outcome = await delegates(grace, **{"for": whom})
        assert why in outcome.view.plain
        await grace.close_view()
    await world.directory.switch("p-charles", active=False)
    outcome = await delegates(grace, **{"for": "U0CHARLES"})
    assert "employees whose account is active" in outcome.view.plain
    await grace.close_view()
    outcome = await delegates(grace, risk="2", **{"for": "U0LINUS"})
    assert "more risk than is to be delegated" in outcome.view.plain
    await grace.close_view()
    outcome = await delegates(grace, group="nowhere")
    assert "no such group" in str(outcome.errors)
    await grace.close_view()
    chosen = {name: {name: {"type": "static_select", "selected_option": {"value": value}}}
              for name, value in (("risk", "4"), ("length", "240"), ("lasts", "15"))}  # fmt: skip
    things = {"type": "multi_external_select", "selected_options": [{"value": "prod-db"}]}
    whom = {"type": "users_select", "selected_user": "U0LINUS"}
    forged = submitted(
        "U0GRACE", "form.delegate", {**chosen, "entitlement": {"entitlement": things}, "for": {"for": whom}}
    )
    [delivery] = await world.slack.send(forged, kind="interactive")
    assert "14 days at most" in str(delivery.body)
    await world.person("ada").slash("/wicket", "delegate")
    await world.person("ada").sees("You are not an approver of any team")
    assert (await world.actions()).count("delegation.made done") == 1


async def test_a_delegate_gets_no_further_than_what_was_delegated(world):
    """R-5: too long, ended meanwhile, a delegator who lost it, their delegator's request, their own, a forged row."""
    bob = world.person("bob")
    first = await made(world, length="60")
    await asks(world, "ada")
    waiting = await reads(world, "bob")
    assert "more than was delegated to you" in await refused(world, "bob", waiting)
    await bob.click(first, "delegation.end")
    await bob.sees("nobody approves by it any more", channel=OWNERS)
    await made(world, length="480")
    await world.directory.take_from_group("data-platform-owners", "p-grace")
    await refused(world, "bob", waiting)
    await world.directory.put_in_group("data-platform-owners", "p-grace")
    await asks(world, "grace")
    theirs = await bob.sees("Access request: prod-db", "Grace Hopper (grace", channel=OWNERS)
    assert "delegated this to you asked for it themselves" in await refused(world, "bob", theirs)
    await asks(world, "bob")
    own = await bob.sees("Access request: prod-db", "Bob Noyce (bob", channel=OWNERS)
    assert "Nobody approves their own request" in await refused(world, "bob", own)
    form = await opens(world, "bob", waiting, "approval.approve")
    world.clock.skip(days=5, minutes=1)  # between the form and its sending
    outcome = await bob.submit(form, {"rationale": "ok"})
    assert not outcome.closed
    assert "approval.given done" not in await world.actions()


async def test_a_group_may_and_a_row_made_by_hand_gives_nothing(world):
    """R-5, T-9: whoever is in it when they click; a row that is not as Wicket wrote it is told and worth nothing."""
    await world.directory.add_group("deputies")
    await world.directory.put_in_group("deputies", "p-charles")
    message = await made(world, **{"for": None, "group": "deputies"})
    assert "the group deputies" in message.plain
    await asks(world, "ada")
    waiting = await reads(world, "bob")
    await refused(world, "bob", waiting)
    await world.database.write(
        lambda tx: tx.connection().execute(text("UPDATE delegations SET \"group\" = '', delegate = 'p-bob'"))
    )
    await refused(world, "bob", waiting)
    await world.person("alan").sees("Not written by Wicket: a delegation", channel=SECURITY)
    await refused(world, "charles", waiting)
    assert "approval.given done" not in await world.actions()
    [delivery] = await world.slack.send(clicked("U0ADA", "delegation.end", "dg-none"), kind="interactive")
    assert delivery.acked
    assert "delegation.end_refused refused" in await world.actions()
