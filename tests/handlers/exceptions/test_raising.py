"""Exceptions: one message for one cause, the latest told whole, and what was grave stays grave."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handlers.decisions.policy import PolicyDecision
from handlers.detectors.table import DETECTORS
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, cause_of, tell_security
from storage.engine.stores import Server
from storage.exceptions import settle_exceptions
from storage.floods import ALONE
from storage.records import Owed
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made


async def tell(world: World, **changes: Any) -> None:
    """One more of a kind."""
    plain: dict[str, Any] = {
        "kind": Kind.REFUSED_REQUEST, "severity": Severity.MEDIUM, "who": "Eve", "cause": "eve:prod-admin",
        "correlation": "g-1", "facts": {"minutes": 60},
    }  # fmt: skip
    strange = Strange(**{**plain, **changes})
    await world.ground.database.write(lambda tx: tell_security(tx, world.clock(), strange))


async def test_the_same_cause_within_a_day_is_counted_on_one_message(world: World) -> None:
    for number in range(3):
        await tell(world, correlation=f"g-{number}", facts={"minutes": number})
        world.clock.forward(hours=1)
    (told,) = await world.exceptions()
    assert (told.count, told.correlation, told.facts) == (3, "g-2", {"minutes": 2})
    (owed,) = await world.rows(Owed)
    assert (owed.recipient, owed.urgency) == ("security", 0)


@pytest.mark.parametrize(
    "kind", [Kind.EMERGENCY_REFUSED, Kind.HELP_DESK, Kind.RECORD_CHANGED, *(one.kind for one in DETECTORS)]
)
async def test_what_many_people_can_cause_at_once_does_not_fill_the_channel(world: World, kind: Kind) -> None:
    """O-7: a thousand accounts that try doors are as many findings of a detector, and one message after the first."""
    for number in range(3 * ALONE):
        await tell(world, kind=kind, cause=f"p-{number}")
    assert len(await world.exceptions()) == 3 * ALONE + 1
    assert len(await world.rows(Owed)) == ALONE + 1


@pytest.mark.both_engines
async def test_a_cause_of_any_length_is_told_counted_and_settled(
    tmp_path: Path, server: Server | None
) -> None:
    """A thousand policies that all fail are one cause, longer than an index of PostgreSQL takes."""
    names = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(400)]
    failed, other = (
        PolicyDecision(allowed=False, policy_ids=(), reasons=(), errors=tuple(errors), policy_set="s")
        for errors in (names, names[1:])
    )
    causes = [broken_policy(one, who="Ada", correlation="g-1").cause for one in (failed, other)]
    async with open_world(tmp_path, server=server) as world:
        for _ in range(2):
            await tell(world, kind=Kind.POLICY_ERROR, cause=causes[0])
        await tell(world, kind=Kind.POLICY_ERROR, cause=causes[1])
        over = [cause_of(Kind.POLICY_ERROR, causes[0])]
        await world.ground.database.write(lambda tx: settle_exceptions(tx, at=world.clock(), causes=over))
        told = {(one.count, one.state) for one in await world.exceptions()}
        assert told == {(2, "resolved"), (1, "open")}


async def test_another_cause_another_kind_and_another_day_are_others(world: World) -> None:
    await tell(world)
    await tell(world, cause="eve:prod-db")
    await tell(world, kind=Kind.TAMPERED)
    world.clock.forward(hours=25)
    await tell(world)
    assert [row.count for row in await world.exceptions()] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [("medium", "high", ["medium", "high"]), ("high", "low", ["high"]), ("low", "low", ["low"])],
)
async def test_a_graver_repeat_is_told_anew(world: World, first: str, then: str, told: list[str]) -> None:
    await tell(world, severity=Severity(first))
    world.clock.forward(minutes=1)
    await tell(world, severity=Severity(then))
    assert [row.severity for row in await world.exceptions()] == told


async def test_one_broken_policy_is_one_exception_whoever_meets_it(world: World) -> None:
    decision = PolicyDecision(
        allowed=False, policy_ids=(), reasons=("No.",), errors=("`sums`: overflow",), policy_set="0"
    )
    for who in ("Ada", "Bob"):
        strange = broken_policy(decision, who=who, correlation=f"g-{who}")
        await world.ground.database.write(partial(tell_security, at=world.clock(), strange=strange))
    (told,) = await world.exceptions()
    assert (told.count, told.who, told.correlation, told.severity) == (2, "Bob", "g-Bob", "high")
    assert told.last_at - told.first_at < timedelta(seconds=1)
