"""Requests that need somebody's approval, over the wire: asked, decided, told, and only then given."""

import asyncio

from handlers.decisions.cedar import CedarPolicy
from tests.handlers.made_once import without_step_up
from tests.wire.steps import SECURITY, approve, ask, deny, held_by, undecided

DATA = "C0DATAOWN"
PLATFORM = "C0PLATFORM"


async def test_one_approval_gives_access_that_ends_on_time(world):
    """The whole story, in one message for each who follows it; the end counts from the decision (promise 1)."""
    ada, grace = world.person("ada"), world.person("grace")
    draft = await ask(ada, "I need prod-db for 2h because INC-4711")
    waiting = await ada.sees(
        "⏳ prod-db · read and write, 2 hours: waiting for Data Platform in #data-owners"
    )
    request = await grace.sees("Access request: prod-db · read and write", channel=DATA)
    facts = [
        "Who Ada Lovelace (ada, Payments, reports to Charles Babbage)",
        "What prod-db · read and write, production, risk 4 of 5",
        "How long 2 hours from approval",
        "Why “INC-4711”",
        "Policy asks because it is production and its risk is 4 of 5.",
        "Ada Lovelace holds vpn-users and wiki-edit. They have never had this before.",
    ]
    shown = " ".join(request.plain.split())
    assert all(fact in shown for fact in facts), shown
    assert [request.buttons[name]["text"]["text"] for name in request.buttons] == [
        "Approve…", "Approve for less…", "Deny…", "Ask a question…", "Details",
    ]  # fmt: skip
    assert "Can decide now: Grace Hopper or Linus Pauling for Data Platform." in request.plain
    assert await world.holders("prod-db") == set()

    await approve(grace, DATA, "prod-db", "ok for the incident")
    active = await ada.sees("✅ prod-db · read and write until")
    assert "Approved by Grace Hopper at" in active.plain
    assert "“ok for the incident”" in active.plain
    assert await world.holders("prod-db") == {"ada"}
    decided = await grace.sees("Active until", channel=DATA)
    assert decided.ts == request.ts
    assert decided.buttons.keys() == {"grant.end", "story.tell"}
    shown = " ".join(decided.plain.split())
    assert all(fact in shown for fact in facts), shown
    assert "✅ Approved by Grace Hopper at" in decided.plain
    assert "“ok for the incident”" in decided.plain

    world.clock.skip(hours=2, seconds=1)
    ended = await ada.sees("⌛ prod-db · read and write ended at")
    assert "as agreed" in ended.plain
    assert await world.holders("prod-db") == set()
    over = await grace.sees("⌛ Ended at", channel=DATA)
    assert (waiting.ts, active.ts, ended.ts) == (draft.ts, draft.ts, draft.ts)
    assert over.ts == request.ts
    assert [a for a in await world.actions() if a.startswith(("grant", "approval", "access"))] == [
        "grant.requested done",
        "approval.given done",
        "grant.approved done",
        "access.given done",
        "grant.expired done",
        "access.removed done",
    ]
    assert world.person("alan").messages(SECURITY) == []


async def test_two_teams_must_approve_what_gives_administrative_power(world):
    """One approval of each team; the first is not enough, and one person does not count for both (AC-3(2))."""
    ada, edsger, alan = world.person("ada"), world.person("edsger"), world.person("alan")
    await ask(ada, "I need github-admin for 1h because INC-4711")
    await ada.sees("waiting for Platform")
    request = await edsger.sees(
        "Needed: one approval from Platform and one approval from the security team", channel=PLATFORM
    )
    await approve(edsger, PLATFORM, "github-admin", "needed for the move")
    half = await edsger.sees("Edsger Dijkstra approved at", channel=PLATFORM)
    assert "Needed: one approval from the security team" in half.plain
    assert "approval.approve" in half.buttons
    assert "Approved so far by Edsger Dijkstra" in (await ada.sees("still needed")).plain
    assert await world.holders("github-admin") == set()

    await edsger.click(half, "approval.approve")
    await edsger.sees("You approved this already", "somebody else's approval", channel=PLATFORM)
    assert await world.holders("github-admin") == set()

    world.slack.update_channel(
        PLATFORM, members=["U0EDSGER", "U0BOB", "U0CHARLES", "U0ALAN", world.slack.bot_user_id]
    )
    await approve(alan, PLATFORM, "github-admin", "seen by security")
    active = await ada.sees("✅ github-admin")
    assert "Edsger Dijkstra" in active.plain
    assert "Alan Turing" in active.plain
    assert await world.holders("github-admin") == {"ada"}
    decided = await edsger.sees("Active until", channel=PLATFORM)
    assert decided.ts == request.ts
    assert "“needed for the move”" in decided.plain
    assert "“seen by security”" in decided.plain


async def test_security_may_approve_first(world):
    """The order of the two does not matter."""
    ada, edsger, joan = world.person("ada"), world.person("edsger"), world.person("joan")
    world.slack.update_channel(PLATFORM, members=["U0EDSGER", "U0JOAN", world.slack.bot_user_id])
    await ask(ada, "I need github-admin for 1h because INC-4711")
    await approve(joan, PLATFORM, "github-admin")
    await edsger.sees("Needed: one approval from Platform", channel=PLATFORM)
    assert await world.holders("github-admin") == set()
    await approve(edsger, PLATFORM, "github-admin")
    await ada.sees("✅ github-admin")


async def test_a_denial_tells_the_requester_why(world):
    """The rationale reaches the one who asked, and stays on the message that showed the request."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because I am curious")
    await deny(grace, DATA, "prod-db", "use staging-db for this")
    refused = await ada.sees("⛔ prod-db · read and write was denied by Grace Hopper")
    assert "“use staging-db for this”" in refused.plain
    decided = await grace.sees("⛔ Denied by Grace Hopper", channel=DATA)
    assert "“use staging-db for this”" in decided.plain
    assert decided.buttons.keys() == {"story.tell"}
    assert await world.holders("prod-db") == set()
    assert "approval.denied done" in await world.actions()


async def test_a_rationale_is_needed_for_either_decision(world):
    """Spaces are no reason; the form stays open."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await grace.sees("Access request: prod-db", channel=DATA)
    for button, title in (("approval.approve", "Approve request"), ("approval.deny", "Deny request")):
        await grace.click(request, button)
        form = await grace.sees_view(title)
        assert "INC-4711" in form.plain
        assert "How long 2 hours" in " ".join(form.plain.split())
        refused = await grace.submit(form, {"rationale": "   "})
        assert "a few words" in refused.errors["rationale"]
        await grace.close_view()
    await ada.sees("waiting for Data Platform")
    assert await world.holders("prod-db") == set()


async def test_details_tell_an_approver_what_stands_behind(world):
    """What was had before and when, and how a removal takes effect (promise 8)."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 1h because INC-1")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    world.clock.skip(hours=1, seconds=1)
    await ada.sees("ended at")
    await ask(ada, "I need prod-db for 2h because INC-2")
    again = await grace.sees("INC-2", channel=DATA)
    assert "had this once before" in again.plain
    await grace.click(again, "approval.details")
    details = await grace.sees_view("Request details")
    assert "Production database" in details.plain
    assert "the removal takes effect at once" in details.plain
    assert details.submit is None


async def test_details_are_for_those_whom_it_concerns(world):
    """What somebody holds is no business of whoever happens to be in the channel."""
    ada, bob = world.person("ada"), world.person("bob")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("waiting for Data Platform")
    request = await bob.sees("Access request", channel=DATA)
    await bob.click(request, "approval.details")
    await bob.sees("for the one who asked and for those who can decide it", channel=DATA)
    assert bob.view is None
    assert "request.look_refused refused" in await world.actions()


async def test_the_first_decision_counts_and_the_second_hears_who_decided(world):
    """Both had the form open (promise 6)."""
    ada, grace, linus = world.person("ada"), world.person("grace"), world.person("linus")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await grace.sees("Access request: prod-db", channel=DATA)
    await grace.click(request, "approval.approve")
    await linus.click(request, "approval.deny")
    await grace.submit(await grace.sees_view("Approve request"), {"rationale": "ok"})
    late = await linus.submit(await linus.sees_view("Deny request"), {"rationale": "no"})
    assert late.view is not None
    assert "Grace Hopper approved this at" in late.view.plain
    await ada.sees("✅ prod-db")
    await linus.click(request, "approval.approve", stale=True)
    heard = await linus.sees("Grace Hopper approved this at", channel=DATA)
    assert heard.ephemeral
    assert "approval.late refused" in await world.actions()


async def test_a_request_that_nobody_answers_lapses(world):
    """Nothing is granted by silence, and both sides are told."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    waiting = await ada.sees("It lapses")
    request = await grace.sees("Access request: prod-db", channel=DATA)
    world.clock.skip(hours=24, seconds=1)
    lapsed = await ada.sees("did not answer in time")
    assert lapsed.ts == waiting.ts
    over = await grace.sees("⌛ Lapsed", channel=DATA)
    assert over.ts == request.ts
    assert over.buttons.keys() == {"story.tell"}
    assert "INC-4711" in over.plain
    await grace.click(request, "approval.approve", stale=True)
    assert "This request lapsed" in (await grace.sees("Nothing more to do", channel=DATA)).plain
    assert await world.holders("prod-db") == set()
    assert "grant.lapsed done" in await world.actions()


async def test_a_request_taken_back_cannot_be_approved_any_more(world):
    """Withdrawn while the approver had the form open."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    waiting = await ada.sees("waiting for Data Platform")
    request = await grace.sees("Access request: prod-db", channel=DATA)
    await grace.click(request, "approval.approve")
    form = await grace.sees_view("Approve request")
    await ada.click(waiting, "request.withdraw")
    assert (await ada.sees("you took it back")).ts == waiting.ts
    late = await grace.submit(form, {"rationale": "ok"})
    assert "took this back" in late.view.plain
    over = await grace.sees("⌛ Withdrawn by the requester", channel=DATA)
    assert over.buttons.keys() == {"story.tell"}
    assert await world.holders("prod-db") == set()
    assert "grant.withdrawn done" in await world.actions()


async def test_ask_again_starts_from_what_was_asked_before(world):
    """A new request with a message of its own; the old one keeps its story."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await deny(grace, DATA, "prod-db", "which table?")
    denied = await ada.sees("was denied by Grace Hopper")
    await ada.click(denied, "request.again")
    form = await ada.sees_view("What do you need?")
    held = held_by(form)
    assert (held["minutes"], held["justification"]) == (120, "INC-4711")
    await ada.submit(form, {"justification": "INC-4711, table payments"})
    waiting = await ada.sees("waiting for Data Platform")
    assert waiting.ts != denied.ts
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    assert "was denied" in (await ada.sees("which table?")).plain
    assert len(grace.messages(DATA)) == 2


async def test_nobody_outside_the_owners_decides_and_security_sees_who_tried(world):
    """A member of the channel who is no approver, and the requester themselves (promise 5)."""
    ada, grace, bob, linus = (world.person(login) for login in ("ada", "grace", "bob", "linus"))
    await ask(linus, "I need prod-db for 2h because INC-4711")
    request = await grace.sees("Access request: prod-db", channel=DATA)
    await bob.click(request, "approval.approve")
    told = await bob.sees("You can't decide this one", channel=DATA)
    assert told.ephemeral
    assert "belongs to Data Platform" in told.plain
    assert "Grace Hopper can" in told.plain
    await linus.click(request, "approval.approve")
    assert "Nobody approves their own request" in (await linus.sees("You can't decide", channel=DATA)).plain
    alan = world.person("alan")
    await alan.sees("Bob Noyce (bob) tried to decide the request of Linus Pauling (linus)", channel=SECURITY)
    await alan.sees("Linus Pauling (linus) tried to decide their own request for prod-db", channel=SECURITY)
    assert bob.view is None
    assert linus.view is None
    assert await world.holders("prod-db") == set()
    await approve(grace, DATA, "prod-db")
    await linus.sees("✅ prod-db")
    assert ada.messages() == []


async def test_policy_is_asked_while_slack_says_who_sent_a_form_that_was_opened_before_a_restart(world):
    """Promise 3: nothing is decided by it, and once Slack said who it is, policy has its answer already."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await grace.click(await undecided(grace, DATA, "prod-db"), "approval.approve")
    form = await grace.sees_view("Approve request")
    await world.stop()
    world.policy = CedarPolicy.load(*without_step_up(), bound_to="after the restart")
    await world.start()
    await world.told()  # what it owes after a start
    before = world.policy.answers_kept
    world.slack.faults.hold("users.info")
    sent = asyncio.create_task(grace.submit(form, {"rationale": "ok for the incident"}))
    await world.until(lambda: world.policy.answers_kept > before)
    asked = world.policy.answers_kept
    assert "approval.given done" not in await world.actions()
    world.slack.faults.let_go("users.info")
    assert (await sent).closed
    assert "approval.given done" in await world.actions()
    assert world.policy.answers_kept == asked
