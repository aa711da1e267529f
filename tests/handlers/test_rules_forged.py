"""What holds and who approved it, against clicks of one moment and against whoever can write the database."""

import asyncio
from typing import Any

from sqlalchemy import update

from handlers.governed import ProveForRules, RulesApproved
from storage.records import RuleSet
from tests.handlers.access_ground import World
from tests.handlers.test_governing import Office, office, rules
from tests.handlers.test_governing import world as world


async def proposed(world: World) -> tuple[Office, str]:
    """A bot in which a change waits for two owners."""
    at = office(world, two_owners=True)
    await at.governing.begin("")
    await at.governing.take(rules("never"))
    return at, await at.proposal()


async def set_rows(world: World, where: Any = True, /, **values: Any) -> None:
    done = update(RuleSet).where(where).values(**values)
    await world.ground.database.write(lambda tx: tx.execute(done))


async def test_two_owners_who_approve_at_the_same_moment_are_two(world: World) -> None:
    """G-3, G-4: neither is told that another is needed, for nobody could be that any more."""
    at, proposal = await proposed(world)
    for who in ("grace", "linus"):
        asked = await at.click(who, proposal, prove=False)
        assert isinstance(asked, ProveForRules)
        await at.proven(asked.handle)
    outcomes = await asyncio.gather(*(at.click(who, proposal) for who in ("grace", "linus")))
    assert sorted(outcomes, key=str) == [RulesApproved(holds=False), RulesApproved(holds=True)]
    assert at.holds == rules("never").policy.policy_set
