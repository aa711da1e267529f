"""An approval in the same moment as the lapse of its request, and as the end of what it would extend."""

import asyncio

import pytest
from sqlmodel import select

from storage.records import Grant
from storage.states import GrantState
from tests.wire.conftest import ON_BOTH
from tests.wire.hostile import asks, opens, reads
from tests.wire.test_during import end, held

DATA = "C0DATAOWN"


async def states(world) -> list[str]:
    rows = await world.database.read(lambda tx: tx.exec(select(Grant).order_by(Grant.id)).all())
    return [row.state for row in rows]


@ON_BOTH
async def test_an_approval_in_the_moment_of_the_lapse_is_the_one_or_the_other(world):
    """Either it was in time, and access is given, or it lapsed and whoever clicked hears so."""
    await asks(world, "ada")
    form = await opens(world, "grace", await reads(world, "grace"), "approval.approve")
    world.clock.skip(hours=23, minutes=59, seconds=40)

    async def time_is_over() -> None:
        world.clock.skip(seconds=30)

    sent, _ = await asyncio.gather(world.person("grace").submit(form, {"rationale": "ok"}), time_is_over())
    await world.person("ada").sees("✅ prod-db" if sent.closed else "did not answer in time")
    actions = await world.actions()
    assert ("approval.given done" in actions) is sent.closed
    assert ("grant.lapsed done" in actions) is not sent.closed
    assert ("ada" in await world.holders("prod-db")) is sent.closed
    if not sent.closed:
        assert "lapsed" in sent.view.plain


@ON_BOTH
async def test_an_extension_approved_in_the_moment_of_the_end_never_outlives_it_unseen(world):
    """Whoever is first, what the directory has is what the grants say, and each has one end (promises 1 and 8)."""
    ada, grace, linus = (world.person(login) for login in ("ada", "grace", "linus"))
    first = await held(world)
    await ada.click(first, "grant.extend")
    request = await grace.sees("Extension: prod-db", "[Approve…]", channel=DATA)
    await grace.click(request, "approval.approve")
    form = await grace.sees_view("Approve request")
    message = await grace.sees("✅ Approved by Grace Hopper", "[End now…]", channel=DATA)
    sent, ended = await asyncio.gather(
        grace.submit(form, {"rationale": "go on"}), end(linus, message, "the incident is over")
    )
    assert ended.closed
    await ada.sees("ended by Linus Pauling")

    async def settled() -> bool:
        found = await states(world)
        return not {GrantState.APPROVED, GrantState.ENDING} & set(found)

    await world.until(settled)
    await world.told()
    is_live = GrantState.ACTIVE in await states(world)
    assert ("ada" in await world.holders("prod-db")) is is_live
    actions = await world.actions()
    assert actions.count("approval.given done") == (2 if sent.closed else 1)
    assert actions.count("grant.ended_early done") >= 1


@pytest.mark.parametrize(
    ("button", "title"), [("approval.approve", "Approve request"), ("approval.deny", "Deny request")]
)
async def test_a_decision_left_open_for_a_day_hears_that_it_lapsed(world, button, title):
    """Nothing is decided by a form that is older than its request."""
    await asks(world, "ada")
    grace = world.person("grace")
    await grace.click(await reads(world, "grace"), button)
    form = await grace.sees_view(title)
    world.clock.skip(hours=24, seconds=1)
    late = await grace.submit(form, {"rationale": "at last"})
    assert "lapsed" in late.view.plain
    assert await world.holders("prod-db") == set()
    assert not {"approval.given done", "approval.denied done"} & set(await world.actions())
