"""While a request waits, over the wire: reminded of once, passed on once, and past an owner that nobody can reach."""

import asyncio

import pytest

from handlers.approvals.owners import Owners
from tests.wire.conftest import ON_BOTH
from tests.wire.steps import SECURITY, approve, ask, undecided

DATA = "C0DATAOWN"
PLATFORM = "C0PLATFORM"


@ON_BOTH
async def test_a_request_is_reminded_of_in_its_thread_passed_on_and_lapses(world):
    """Nobody is called by a mention; each message says afterwards that it is settled."""
    ada, grace, edsger = (world.person(login) for login in ("ada", "grace", "edsger"))
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    world.clock.skip(hours=12)
    reminder = await grace.sees(
        "still waits for a decision", "If nobody decides, it goes to Platform", channel=DATA
    )
    assert reminder.thread_ts == request.ts
    assert "<@" not in str(reminder.blocks) + reminder.text
    assert reminder.buttons == {}
    assert edsger.messages(PLATFORM) == []
    world.clock.skip(hours=6)
    there = await undecided(edsger, PLATFORM, "prod-db")
    assert "Passed on to Platform" in there.plain
    await grace.sees("Passed on to Platform", "because nobody answered", "[Approve…]", channel=DATA)
    await ada.sees("Passed on to Platform", "because nobody answered")
    world.clock.skip(hours=6, seconds=1)
    await ada.sees("did not answer in time")
    for who, channel in ((grace, DATA), (edsger, PLATFORM)):
        lapsed = await who.sees("Access request", "Lapsed", channel=channel)
        assert lapsed.buttons.keys() == {"story.tell"}
    settled = await grace.sees("this is settled, see above", channel=DATA)
    assert settled.ts == reminder.ts
    await world.told()
    assert len(grace.messages(DATA)) == 2
    assert len(edsger.messages(PLATFORM)) == 1


async def test_whoever_stands_in_decides_and_everybody_sees_it(world):
    """Both channels say who it was; the owner's second click hears it, too."""
    ada, grace, edsger = (world.person(login) for login in ("ada", "grace", "edsger"))
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    assert "Waiting for you" not in (await edsger.open_home()).plain
    world.clock.skip(hours=18)
    await undecided(edsger, PLATFORM, "prod-db")
    assert "Waiting for you (1)" in (await edsger.open_home()).plain
    await approve(edsger, PLATFORM, "prod-db")
    await ada.sees("✅ prod-db")
    assert await world.holders("prod-db") == {"ada"}
    await grace.sees("✅ Approved by Edsger Dijkstra", channel=DATA)
    await grace.click(request, "approval.approve", stale=True)
    await grace.sees("Edsger Dijkstra approved this", channel=DATA)
    over = await edsger.sees("[End now…]", channel=PLATFORM)
    await edsger.click(over, "grant.end")
    form = await edsger.sees_view("End access now")
    assert (await edsger.submit(form, {"rationale": "done"})).closed
    await ada.sees("was ended by Edsger Dijkstra")


async def test_before_it_is_passed_on_the_fallback_decides_nothing(world):
    """Standing in begins when the request goes to them."""
    ada, edsger = world.person("ada"), world.person("edsger")
    world.slack.update_channel(DATA, members=["U0GRACE", "U0EDSGER", world.slack.bot_user_id])
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await edsger.click(await undecided(edsger, DATA, "prod-db"), "approval.approve")
    await edsger.sees("You can't decide this one", channel=DATA)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_archived": True}, "its channel is archived"),
        ({"is_ext_shared": True}, "its channel is shared outside"),
        ({"members": []}, "I am not in its channel"),
        ({"members": ["U0GRACE"], "is_private": True}, "its channel is gone"),
    ],
)
async def test_an_owners_channel_lost_between_request_and_post_is_passed_by(world, change, why):
    """The fallback has it at once; the exception settles by itself when the channel is in order again (SL-2)."""
    ada, alan, edsger = (world.person(login) for login in ("ada", "alan", "edsger"))
    world.slack.update_channel(DATA, **change)
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await alan.sees("Data Platform cannot be reached", "passed on to Platform", channel=SECURITY)
    await ada.sees("Passed on to Platform", f"because {why}")
    assert world.person("grace").messages(DATA) == []
    await approve(edsger, PLATFORM, "prod-db")
    await ada.sees("✅ prod-db")
    back = {"is_archived": False, "is_ext_shared": False, "is_private": False}
    world.slack.update_channel(DATA, **back, members=["U0GRACE", "U0LINUS", world.slack.bot_user_id])
    await world.app.look_at_owners()
    await alan.sees("Data Platform cannot be reached", "It can be again", channel=SECURITY)


async def test_approvers_who_are_gone_are_found_at_the_request(world):
    """Nobody waits for a day for a group that is empty."""
    ada, alan, edsger = (world.person(login) for login in ("ada", "alan", "edsger"))
    for login in ("p-grace", "p-linus"):
        await world.directory.remove_member(login, "data-platform-owners")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("Passed on to Platform", "because nobody among its approvers can decide")
    await alan.sees("Nobody in the group data-platform-owners is active", channel=SECURITY)
    await approve(edsger, PLATFORM, "prod-db")
    await ada.sees("✅ prod-db")


async def test_an_owner_without_a_fallback_is_told_of_and_its_request_waits(world):
    """Nothing is decided by anybody else; whoever mends it finds the request there."""
    ada, alan, edsger = (world.person(login) for login in ("ada", "alan", "edsger"))
    for login in ("p-edsger", "p-bob"):
        await world.directory.remove_member(login, "platform-owners")
    await ask(ada, "I need k8s-deploy for 2h because INC-4711")
    await alan.sees("Platform cannot be reached", "Nobody stands in for it", channel=SECURITY)
    await ada.sees("waiting for Platform")
    await world.directory.add_member("p-edsger", "platform-owners")
    await approve(edsger, PLATFORM, "k8s-deploy")
    await ada.sees("✅ k8s-deploy")


async def test_the_daily_look_finds_what_nobody_asked_about(world):
    """Once, however often it looks; a directory or a Slack that does not answer is no finding (promise 7)."""
    alan = world.person("alan")
    world.slack.update_channel("C0FINANCE", is_archived=True)
    world.slack.faults.fail("conversations.info", "internal_error", times=5)
    world.faulty.error("group")
    await world.app.look_at_owners()
    assert alan.messages(SECURITY) == []
    world.faulty.mend()
    for _ in range(3):
        await world.app.look_at_owners()
    told = await alan.sees("Finance cannot be reached", "is archived", channel=SECURITY)
    await world.told()
    assert [m.ts for m in alan.messages(SECURITY)] == [told.ts]
    assert "3 times" not in told.plain


async def test_withdrawn_before_it_is_passed_on_goes_nowhere(world):
    ada, edsger = world.person("ada"), world.person("edsger")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    waiting = await ada.sees("waiting for Data Platform")
    await ada.click(waiting, "request.withdraw")
    await ada.sees("you took it back")
    world.clock.skip(hours=18)
    world.clock.skip(hours=6, seconds=1)
    await world.told()
    assert edsger.messages(PLATFORM) == []
    assert "request.reminded done" not in await world.actions()


async def test_a_look_at_owners_that_began_earlier_settles_nothing_that_a_later_one_told(world):
    """The daily one and that at those in trouble go side by side: it was a day until it was told again."""
    owner = next(iter(world.app.ground.catalogue.owners.values()))
    group = await world.directory.group(owner.approvers)
    world.faulty.answer_late("account", times=2)
    earlier = asyncio.create_task(world.app.look_at_owners())
    async with asyncio.timeout(10):
        while world.faulty.hanging < 2:  # noqa: ASYNC110  it has no event to wait for
            await asyncio.sleep(0.001)
    world.clock.skip(seconds=1)
    for account in group.direct:
        await world.directory.remove_member(account, owner.approvers)
    await world.app.look_at_owners()
    world.faulty.release()
    await earlier
    assert owner.id in await world.database.read(Owners(world.app.ground).troubled)
    for account in group.direct:
        await world.directory.add_member(account, owner.approvers)
    await world.app.look_at_owners()
    assert await world.database.read(Owners(world.app.ground).troubled) == []
