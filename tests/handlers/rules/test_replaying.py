"""The record asked again: what would differ, what cannot be told and for want of which facts; it writes nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from handlers.decisions.cedar import CedarPolicy
from handlers.recording import record
from handlers.rules.replaying import BY_CODE, Base, Replayed, Replaying
from storage import rule_sets
from storage.audit import entry as audit
from storage.catalogue import as_plain
from storage.states import RuleSetState
from tests.handlers.access_ground import HOUR, SLACK, World
from tests.handlers.access_ground import world as open_world
from tests.handlers.delegations.test_delegating import link, made
from tests.handlers.made_once import unproven_policy, without_step_up

STRICT = """
@id("no-databases") @reason("No databases today.") @control("AC-3")
forbid (principal, action in [Action::"grant", Action::"request"], resource)
when { resource.kind == "database" };
"""
BY_GROUP = """
@id("trained-only") @reason("Only for those who are trained.") @control("AT-3")
forbid (principal, action in [Action::"grant", Action::"request"], resource)
unless { principal.groups.contains("trained") };
"""
BY_MANAGER = """
@id("led-only") @reason("Only for those with a manager.") @control("AC-3")
forbid (principal, action in [Action::"grant", Action::"request"], resource)
unless { principal has manager };
"""
LONG = timedelta(days=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Ada had the wiki at once and the database by Grace; Eve was refused administration; Ada was refused too long."""
    async with open_world(tmp_path) as made:
        await made.given("ada")
        await made.approved("ada")
        await made.ask("eve", "prod-admin")
        await made.ask("ada", "prod-db", 30 * HOUR)
        yield made
        assert await made.sound()


def changed(*more: str, without: str = "") -> CedarPolicy:
    """The set in force, with these policies more, and without this one."""
    sources, schema = without_step_up()
    kept = {file: text for file, text in sources.items() if file != without}
    return CedarPolicy.load({**kept, "own.cedar": "\n".join(more)}, schema, bound_to="test")


async def replayed(world: World, policy: CedarPolicy, *, base: str = "") -> list[Replayed]:
    """All of the last day, asked again. base: a set in force that the record was not decided by."""
    ours = unproven_policy()
    texts = {name: note.text for name, note in ours.notes.items()}
    in_force = Base(policy_set=base or ours.policy_set, texts=texts)
    replaying = Replaying(policy, world.ground.catalogue, in_force)
    now = world.clock() + timedelta(seconds=1)
    return await world.ground.database.read(lambda tx: list(replaying.replay(tx, now - LONG, now)))


def brief(found: list[Replayed]) -> list[tuple[str, str, str, str]]:
    """Action, resource, what became of it, what it would be."""
    return [(one.action, one.resource, one.became, one.would) for one in found]


async def test_under_the_same_set_nothing_would_differ_and_all_can_be_told(world: World) -> None:
    """Facts that the record does not hold (who was in which group) follow from what unchanged policies came to."""
    assert brief(await replayed(world, unproven_policy())) == [
        ("grant.approved", "wiki-edit", "same", "automatic"),
        ("grant.requested", "prod-db", "same", "approval"),
        ("approval.given", "prod-db", "same", "allowed"),
        ("grant.refused", "prod-admin", "same", "refused"),
        ("grant.refused", "prod-db", "same", "refused"),
    ]


async def test_a_stricter_rule_is_named_with_what_it_would_have_refused(world: World) -> None:
    """Grouped by the policy that makes the difference, with the story."""
    found = [one for one in await replayed(world, changed(STRICT)) if one.became == "differs"]
    rows = [one for one in await world.rows_of_grants() if one.entitlement == "prod-db"]
    (grant,) = [one.id for one in rows if one.expires_at]
    assert [(one.story, one.by, one.was, one.would) for one in found] == [
        (grant, ("no-databases",), "approval", "refused")
    ]


async def test_a_rule_that_is_left_out_is_named_by_what_it_refused(world: World) -> None:
    """Without the limits, 30 hours would be carried to the owner, and so would Eve's wish: the ids that are gone."""
    found = [one for one in await replayed(world, changed(STRICT.replace("database", "none"), without="limits.cedar"))
             if one.became == "differs"]  # fmt: skip
    assert {(one.resource, one.would) for one in found} == {
        ("prod-db", "approval"),
        ("prod-admin", "approval"),
    }


async def test_what_rests_on_a_fact_that_is_on_no_record_cannot_be_told(world: World) -> None:
    """A new policy about groups: nothing is guessed, and the fact is named (A-12)."""
    found = await replayed(world, changed(BY_GROUP))
    requests = [one for one in found if one.action.startswith("grant.")]
    assert {one.became for one in requests if one.was != "refused"} == {"untold"}
    assert {one.facts for one in requests if one.became == "untold"} == {("principal.groups",)}
    # What another rule refuses is refused whatever else there is.
    assert [one.became for one in requests if one.was == "refused"] == ["same", "same"]


async def test_a_policy_that_asks_whether_an_unknown_fact_is_there_is_not_misled(world: World) -> None:
    """Left out is not "has none": Ada has a manager, and the record does not say so."""
    found = await replayed(world, changed(BY_MANAGER))
    assert {one.became for one in found if one.action in ("grant.approved", "grant.requested")} == {"untold"}


async def test_of_another_set_the_record_says_nothing_about_facts(world: World) -> None:
    """Decided by a set that is not known: whoever approved cannot be asked about again by their groups."""
    found = {one.action: one for one in await replayed(world, unproven_policy(), base="another")}
    assert (found["approval.given"].became, found["grant.requested"].became) == ("untold", "same")
    assert "principal.groups" in found["approval.given"].facts


@pytest.mark.parametrize("same_catalogue", [True, False])
async def test_a_set_that_was_kept_says_what_its_policies_came_to(world: World, same_catalogue: bool) -> None:
    """The store keeps sets by their hash; where the catalogue was another, nothing follows from what reads it."""
    ours, (sources, _) = unproven_policy(), without_step_up()
    catalogue = as_plain(world.ground.catalogue) if same_catalogue else {}
    kept = rule_sets.Loaded(
        policy_set=ours.policy_set, content="c", composition={}, sources=sources, catalogue=catalogue
    )
    await world.ground.database.write(
        lambda tx: rule_sets.add(tx, kept, RuleSetState.ACTIVE, at=world.clock())
    )
    found = {one.action: one for one in await replayed(world, ours, base="another")}
    assert found["approval.given"].became == ("same" if same_catalogue else "untold")


async def test_what_code_refused_is_not_put_to_policy(world: World) -> None:
    """`elsewhere` is in a directory where Ada has no account: whether she has one is on no record."""
    await world.ask("ada", "elsewhere")
    assert (await replayed(world, unproven_policy()))[-1].facts == (BY_CODE,)


async def test_a_reset_on_the_record_counts_at_its_time(world: World) -> None:
    """P-8 by the log itself: what was asked after the reset differs, and what was asked before it does not."""
    world.clock.forward(minutes=5)
    account = await world.account("ada")
    who = audit.Actor(type="person", id=account.id)
    await world.ground.database.write(
        lambda tx: record(
            tx, at=world.clock(), action="password.changed", outcome="done", actor=who, where=SLACK,
            correlation="h-1", subject=account.id,
        )
    )  # fmt: skip
    world.clock.forward(minutes=5)
    await world.asked("ada", "wiki-edit")
    after_a_reset = STRICT.replace('resource.kind == "database"', "principal.recentReset")
    found = [one for one in await replayed(world, changed(after_a_reset)) if one.action == "grant.approved"]
    assert [(one.became, one.would) for one in found] == [("same", "automatic"), ("differs", "refused")]


async def test_asking_again_writes_nothing(world: World) -> None:
    """It is a reading transaction: an attempt to write fails, and the store is as it was."""
    before = await world.audit()
    await replayed(world, changed(STRICT))
    assert await world.audit() == before


async def test_an_approval_by_a_delegation_is_asked_about_again_while_there_is_its_row(world: World) -> None:
    """A-12, R-5: with the limits that it had; without its row nobody can tell, and nothing is said to differ."""
    for login in ("charles", "grace"):
        await link(world, login)
    await made(world, minutes=60)
    assert (await world.decide("charles", await world.asked("linus", "prod-db"))).state == "approved"
    assert (await replayed(world, unproven_policy()))[-1].became == "same"
    await world.ground.database.write(lambda tx: tx.connection().execute(text("DELETE FROM delegations")))
    assert (await replayed(world, unproven_policy()))[-1].became == "untold"
