"""Several approvals, written in policy, not in code: two people, two teams, one after the other, and who is on call."""

from contextlib import asynccontextmanager

import pytest

from handlers.decisions.cedar import CedarPolicy
from tests.handlers.made_once import without_step_up
from tests.wire.conftest import World, close_world, open_world
from tests.wire.steps import SECURITY, approve, ask, deny, undecided

DATA = "C0DATAOWN"
PLATFORM = "C0PLATFORM"

AS_OWNER = """
@id("owners") @reason("You are an approver of the team that owns this.")
permit (principal, action == Action::"approve", resource) when { context has role && context.role == "owner" };
"""
TWO_PEOPLE = (
    AS_OWNER
    + """
@id("two") @reason("Two of them approved.")
permit (principal, action == Action::"grant", resource) when { context.approvals.owner >= 2 };
"""
)
MANAGER_THEN_OWNER = """
@id("manager-first") @reason("You are their manager.")
permit (principal, action == Action::"approve", resource) when { context has role && context.role == "manager" };
@id("then-owner") @reason("Their manager agreed, and you are an approver of the team that owns this.")
permit (principal, action == Action::"approve", resource)
when { context has role && context.role == "owner" && context.approvals.manager >= 1 };
@id("both") @reason("Both approved.")
permit (principal, action == Action::"grant", resource)
when { context.approvals.manager >= 1 && context.approvals.owner >= 1 };
"""


def policy(approvals: str) -> CedarPolicy:
    """The shipped set with other rules for approvals."""
    sources, schema = without_step_up()
    return CedarPolicy.load({**sources, "approvals.cedar": approvals}, schema, bound_to="")


@asynccontextmanager
async def opened(folder, approvals: str):
    world = await open_world(folder, policy=policy(approvals))
    yield world
    await close_world(world)


async def direct(world: World, login: str, *words: str):
    """A request that somebody got as a direct message."""
    return await world.person(login).sees("Access request", *words)


async def test_two_distinct_people_must_approve(tmp_path):
    """Each approval is one record, the message shows how far it has got, and one person is not two."""
    async with opened(tmp_path, TWO_PEOPLE) as world:
        ada, grace, linus = (world.person(login) for login in ("ada", "grace", "linus"))
        await ask(ada, "I need prod-db for 2h because INC-4711")
        await grace.sees("Needed: 2 approvals from Data Platform", channel=DATA)
        await approve(grace, DATA, "prod-db")
        half = await linus.sees("1 of 2: Grace Hopper approved at", channel=DATA)
        assert "Needed: one approval from Data Platform" in half.plain
        assert "Can decide now: Linus Pauling for Data Platform." in half.plain
        await grace.click(half, "approval.approve")
        await grace.sees(
            "You approved this already. It waits for somebody else's approval now.", channel=DATA
        )
        assert await world.holders("prod-db") == set()
        await approve(linus, DATA, "prod-db")
        await ada.sees("✅ prod-db")
        assert (await world.actions()).count("approval.given done") == 2


async def test_the_manager_comes_first_and_the_owner_after(tmp_path):
    """Whose turn it is gets the request with its buttons; who is early hears so, and it is no exception."""
    async with opened(tmp_path, MANAGER_THEN_OWNER) as world:
        ada, grace, charles = (world.person(login) for login in ("ada", "grace", "charles"))
        await ask(ada, "I need prod-db for 2h because INC-4711")
        request = await undecided(grace, DATA, "prod-db")
        mine = await direct(world, "charles", "Ada Lovelace", "INC-4711", "[Approve…]")
        assert "Can decide now: Charles Babbage for the requester, as their manager." in mine.plain

        await grace.click(request, "approval.approve")
        early = await grace.sees("Not yet: one approval from the requester's manager", channel=DATA)
        assert early.ephemeral
        assert grace.view is None

        await charles.click(mine, "approval.details")
        await charles.sees_view("Request details")
        await charles.close_view()
        await charles.click(mine, "approval.approve")
        form = await charles.sees_view("Approve request")
        assert "You can decide this. You are their manager." in form.plain
        assert (await charles.submit(form, {"rationale": "she is on the incident"})).closed
        half = await grace.sees("1 of 2: Charles Babbage approved", channel=DATA)
        assert "for the requester, as their manager. Needed: one approval from Data Platform" in half.plain
        assert await world.holders("prod-db") == set()

        await approve(grace, DATA, "prod-db")
        await ada.sees("✅ prod-db")
        over = await direct(world, "charles", "✅ Approved by Charles Babbage", "Grace Hopper")
        assert (over.ts, over.buttons.keys()) == (mine.ts, {"story.tell"})
        assert await world.holders("prod-db") == {"ada"}
        assert "approval.early refused" in await world.actions()
        assert world.person("alan").messages(SECURITY) == []


async def test_of_two_stages_the_first_can_say_no(tmp_path):
    """The owner's message says by whom, and has no buttons any more."""
    async with opened(tmp_path, MANAGER_THEN_OWNER) as world:
        ada, grace, charles = (world.person(login) for login in ("ada", "grace", "charles"))
        await ask(ada, "I need prod-db for 2h because INC-4711")
        await charles.click(await direct(world, "charles", "INC-4711", "[Deny…]"), "approval.deny")
        form = await charles.sees_view("Deny request")
        assert (await charles.submit(form, {"rationale": "not your incident"})).closed
        await ada.sees("was denied by Charles Babbage")
        over = await grace.sees("⛔ Denied by Charles Babbage", channel=DATA)
        assert over.buttons.keys() == {"story.tell"}


async def test_a_shorter_time_by_the_second_voids_the_first_who_may_approve_anew(tmp_path):
    """An approval binds the request as it was shown (R-2): whoever agreed to two hours has not agreed to one."""
    async with opened(tmp_path, TWO_PEOPLE) as world:
        ada, grace, linus = (world.person(login) for login in ("ada", "grace", "linus"))
        await ask(ada, "I need prod-db for 2h because INC-4711")
        await approve(grace, DATA, "prod-db", "two hours are fine")
        half = await linus.sees("1 of 2: Grace Hopper", channel=DATA)
        await linus.click(half, "approval.less")
        form = await linus.sees_view("Approve for less")
        assert "Whoever approved the longer time has to approve this one too." in form.plain
        assert (await linus.submit(form, {"less": "60", "rationale": "one is enough"})).closed
        void = await grace.sees("1 of 2: Linus Pauling approved", channel=DATA)
        assert "Grace Hopper's approval is void: the time was made shorter after it." in void.plain
        assert "Can decide now: Grace Hopper for Data Platform." in void.plain
        assert await world.holders("prod-db") == set()
        assert (
            "made it 1 hour instead of the 2 hours" in (await ada.sees("⏳ prod-db", "one is enough")).plain
        )

        await approve(grace, DATA, "prod-db", "one is fine too")
        await ada.sees("✅ prod-db")
        actions = await world.actions()
        assert actions.count("approval.given done") == 3
        assert actions.count("approval.voided done") == 1
        world.clock.skip(hours=1, seconds=1)
        await ada.sees("⌛ prod-db", "as agreed")


async def test_the_owner_may_shorten_after_the_manager_who_then_agrees_anew(tmp_path):
    """Whose turn it was is settled by then; both have agreed to the shorter time in the end."""
    async with opened(tmp_path, MANAGER_THEN_OWNER) as world:
        ada, grace, charles = (world.person(login) for login in ("ada", "grace", "charles"))
        await ask(ada, "I need prod-db for 2h because INC-4711")
        await charles.click(await direct(world, "charles", "[Approve…]"), "approval.approve")
        await charles.submit(await charles.sees_view("Approve request"), {"rationale": "yes"})
        await grace.click(await grace.sees("1 of 2: Charles", channel=DATA), "approval.less")
        await grace.submit(await grace.sees_view("Approve for less"), {"less": "30", "rationale": "enough"})
        again = await direct(world, "charles", "30 minutes from approval", "1 of 2: Grace Hopper")
        await charles.click(again, "approval.approve")
        await charles.submit(await charles.sees_view("Approve request"), {"rationale": "yes"})
        await ada.sees("✅ prod-db")
        assert await world.holders("prod-db") == {"ada"}


async def test_a_form_opened_before_the_time_was_changed_decides_nothing(tmp_path):
    """It showed two hours; now it is one: nobody approves what they have not seen."""
    async with opened(tmp_path, TWO_PEOPLE) as world:
        ada, grace, linus = (world.person(login) for login in ("ada", "grace", "linus"))
        await ask(ada, "I need prod-db for 2h because INC-4711")
        request = await undecided(grace, DATA, "prod-db")
        await grace.click(request, "approval.approve")
        form = await grace.sees_view("Approve request")
        await linus.click(request, "approval.less")
        await linus.submit(await linus.sees_view("Approve for less"), {"less": "60", "rationale": "enough"})
        told = await grace.submit(form, {"rationale": "ok"})
        assert "no longer what you were shown" in told.view.plain
        assert "It is 1 hour of prod-db" in told.view.plain
        assert "approval.outdated refused" in await world.actions()
        assert await world.holders("prod-db") == set()
        await grace.close_view()
        await deny(grace, DATA, "prod-db", "not at all then")
        await ada.sees("was denied by Grace Hopper")


async def test_security_is_asked_where_they_are(world):
    """They need not read every owner's channel; whoever cannot act is told nothing, and each copy is kept true."""
    ada, edsger, alan, joan = (world.person(login) for login in ("ada", "edsger", "alan", "joan"))
    await ask(ada, "I need github-admin for 1h because INC-4711")
    mine = await direct(world, "alan", "github-admin", "[Approve…]")
    theirs = await direct(world, "joan", "github-admin", "[Approve…]")
    await approve(edsger, PLATFORM, "github-admin", "needed for the move")
    half = await direct(world, "alan", "1 of 2: Edsger Dijkstra approved")
    assert "Can decide now: Alan Turing or Joan Clarke for security." in half.plain
    assert half.ts == mine.ts
    await alan.click(half, "approval.approve")
    await alan.submit(await alan.sees_view("Approve request"), {"rationale": "seen"})
    await ada.sees("✅ github-admin")
    handled = await direct(world, "joan", "and by Alan Turing")
    assert (handled.ts, handled.buttons.keys()) == (theirs.ts, {"story.tell"})
    await joan.click(theirs, "approval.approve", stale=True)
    await joan.sees("Alan Turing approved this at")
    await world.told()
    for login in ("konrad", "charles", "bob", "grace"):
        assert not [m for m in world.person(login).messages() if m.says("Access request")], login
    assert alan.messages(SECURITY) == []


@pytest.mark.parametrize("lost", ["before the click", "after the approval"])
async def test_whoever_is_on_call_decides_as_long_as_they_are(tmp_path, lost):
    """The directory says who is; the form says so to them, and leaving the group takes it away (promise 3)."""
    changes = {
        'approvers = "data-platform-owners"': 'approvers = "data-platform-owners"\non_call = "data-on-call"'
    }
    world = await open_world(tmp_path, changes=changes)
    ada, mary = world.person("ada"), world.person("mary")
    await world.directory.add_group("data-on-call")
    await world.directory.put_in_group("data-on-call", "p-mary")
    world.slack.update_channel(DATA, members=["U0GRACE", "U0MARY", world.slack.bot_user_id])
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(mary, DATA, "prod-db")
    assert "Mary Somerville" in request.plain
    if lost == "before the click":
        await world.directory.take_from_group("data-on-call", "p-mary")
        await mary.click(request, "approval.approve")
        await mary.sees("You can't decide this one", channel=DATA)
    else:
        world.faulty.error("membership")
        await mary.click(request, "approval.approve")
        form = await mary.sees_view("Approve request")
        assert "You can decide this. You are on call for the team that owns this." in form.plain
        assert (await mary.submit(form, {"rationale": "ok"})).closed
        await ada.sees("is being set up")
        await world.directory.take_from_group("data-on-call", "p-mary")
        world.clock.skip(seconds=20)
        await ada.sees("is not granted after all")
        world.faulty.mend()
    assert await world.holders("prod-db") == set()
    await close_world(world)
