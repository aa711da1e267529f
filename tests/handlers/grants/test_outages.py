"""A directory that is away with many removals due: one message with a count, and not one for each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import Session, delete

from handlers.grants.outages import MANY, TELL_AFTER
from storage.engine.stores import Server
from storage.records import ExceptionRecord, Grant, Holding, Owed
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world

# More than have a message each, and not many more.
FEW = MANY + 2


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


async def away(world: World, many: int) -> None:
    """So many have it, their time is over, and the directory answers nothing any more."""
    first = await world.grant(await world.given("ada"))
    holding = await world.holding()

    def copies(tx: Session) -> None:
        for number in range(many - 1):
            account = f"p{number}"
            tx.add(Grant(**{**first.model_dump(), "id": f"g-{number}", "account": account}))
            tx.add(Holding(**{**holding.model_dump(), "id": f"h-{number}", "account": account}))

    await world.ground.database.write(copies)
    world.faulty.error()
    world.clock.forward(hours=1)
    await world.revocation.end_due()


async def later(world: World, **parts: float) -> list[ExceptionRecord]:
    """What was told of all that is overdue, some time later."""
    world.clock.forward(**parts)
    await world.revocation.tell_overdue()
    return [row for row in await world.exceptions() if row.kind == "revocation-overdue"]


async def test_what_is_late_together_is_told_in_one_message_with_a_count_and_the_owners(world: World) -> None:
    """Promise 1: overdue goes to security; who holds what is in `wicket grants overdue` and on the record."""
    await away(world, FEW)
    (told,) = await later(world, minutes=2)
    assert (told.who, told.facts["count"], told.facts["owners"]) == ("staff", FEW, ["Data Platform"])
    assert (told.severity, told.facts.get("paged")) == ("high", None)
    assert len(await world.actions("access.removal_overdue")) == FEW
    noted = await world.last("directory.not_following")
    assert (noted["correlation"], noted["facts"]) == (told.correlation, {"kind": told.kind, "count": FEW})
    assert len(await later(world, minutes=2)) == len(await world.actions("directory.not_following")) == 1
    assert ("exception", "owner:data") not in await world.owed()


@pytest.mark.both_engines
async def test_up_to_ten_have_a_message_each(world: World) -> None:
    await away(world, MANY)
    assert len(await later(world, minutes=2)) == MANY


async def test_an_outage_is_a_page_after_a_quarter_of_an_hour_and_told_anew_each_hour(world: World) -> None:
    """As one that is late alone is: named with its owners, who hear of it in their channels."""
    await away(world, FEW)
    await later(world, minutes=2)
    first, page = await later(world, minutes=14)
    assert first.facts["renewed"] == page.facts["paged"] == world.clock().isoformat()
    assert ("exception", "owner:data") in await world.owed()
    assert len(await later(world, minutes=59)) == 2
    assert len(await later(world, minutes=2)) == 3
    assert len(await world.actions("directory.not_following")) == 3


@pytest.mark.both_engines
async def test_the_message_counts_down_and_is_over_when_all_is_taken_back(world: World) -> None:
    """Edited in place: nothing is said a second time, and the owners' copy is settled as well."""
    await away(world, 40)
    await world.effects.settle_due()  # what failed once goes one by one
    await world.effects.finish()
    await later(world, minutes=16)
    world.faulty.mend()
    world.clock.forward(minutes=6)
    await world.effects.settle_due()
    await world.effects.finish()
    (told,) = await later(world)
    assert (told.facts["count"], "settled" in told.facts) == (8, False)
    await world.settle()
    await world.ground.database.write(lambda tx: tx.exec(delete(Owed)))
    (told,) = await later(world)
    assert told.facts["settled"] == world.clock().isoformat()
    assert {("exception", "security"), ("exception", "owner:data")} <= await world.owed()


@pytest.mark.both_engines
async def test_what_fails_together_is_told_in_one_message_too_and_settled(world: World) -> None:
    """Not a message for each holding at its third try, a few seconds after all were due."""
    await away(world, FEW)
    for _ in range(TELL_AFTER + 1):
        world.clock.forward(seconds=8)
        await world.effects.settle_due()
        await world.effects.finish()
    await world.revocation.tell_overdue()
    told = [row for row in await world.exceptions() if row.kind == "effect-failed"]
    together = [row for row in told if row.who == "staff"]
    assert len(told) <= MANY + 1
    assert [row.facts["count"] for row in together] == [FEW]
    noted = (await world.last("directory.not_following"))["facts"]
    assert noted == {"kind": "effect-failed", "count": FEW}
    world.faulty.mend()
    world.clock.forward(minutes=6)
    await world.settle()
    await world.revocation.tell_overdue()
    told = [row for row in await world.exceptions() if row.kind == "effect-failed"]
    assert all("settled" in row.facts for row in told)
