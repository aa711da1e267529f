"""What holds and who approved it, against clicks of one moment and against whoever can write the database."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlmodel import Session

from handlers import recording
from handlers.audit.doubts import Doubts
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.composition import Composition
from handlers.exceptions.strange import Kind
from handlers.ground import ROLLED_OUT_WITHIN
from handlers.intents import SCHEDULE
from handlers.rules.governing import hashes, kept_catalogue
from handlers.rules.holding import Rules
from handlers.rules.outcomes import ProveForRules, RulesApproved, RulesOver
from storage import rule_sets
from storage.catalogue import Catalogue, as_plain
from storage.faults import AuditFault, PolicyFault
from storage.records import RuleApproval, RuleSet
from storage.rule_sets import STORY
from storage.states import RuleSetState
from tests.handlers.access_ground import CATALOGUE, World
from tests.handlers.audit.test_watching import watching
from tests.handlers.rules.test_governing import LOWER, SCHEMA, Office, built, office, rules
from tests.handlers.rules.test_governing import world as world
from tests.storage.audit.forging import forge


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


@pytest.mark.parametrize("forged", ["policy_set", "content"])
async def test_files_are_not_approved_by_a_hash_in_the_database(world: World, forged: str) -> None:
    """G-3: a row that says that these files hold already is not what the log tells of."""
    await office(world, two_owners=True).governing.begin("")
    new = rules("smuggled")
    await set_rows(world, **{forged: new.policy.policy_set if forged == "policy_set" else new.content})
    with pytest.raises(PolicyFault, match="not those that the audit log tells of"):
        await office(world, two_owners=True, begins=new).governing.begin("")


@pytest.mark.parametrize("how", ["inserted", "changed", "unsigned"])
async def test_no_row_by_other_hands_holds_though_the_log_was_made_to_tell_of_it(
    world: World, how: str
) -> None:
    """T-9, G-3: with the entry beside it; what holds goes on, here and after a restart, and security hears of it."""
    at, new = office(world, two_owners=True), rules(catalogue=LOWER)
    await at.governing.begin("")
    held = at.holds

    def forge(tx: Session) -> None:
        by_hand, active = tx.connection(), rule_sets.active(tx)
        assert active is not None
        row = active.model_dump() | {
            "policy_set": new.policy.policy_set, "content": new.content, "sources": dict(new.sources),
            "composition": new.composition.plain, "catalogue": as_plain(LOWER),
        }  # fmt: skip
        if how == "inserted":
            by_hand.execute(update(RuleSet).values(state="former"))
            by_hand.execute(insert(RuleSet).values(row | {"id": "r-forged"}))
        else:
            by_hand.execute(update(RuleSet).values({**row, **({"mac": ""} if how == "unsigned" else {})}))
        recording.record(
            tx, at=world.clock(), action="rules.changed", outcome="done", actor=recording.WICKET, where=SCHEDULE,
            correlation=STORY, facts=hashes(new),
        )  # fmt: skip

    await world.ground.database.write(forge)
    with pytest.raises(PolicyFault, match="not those that the audit log tells of"):
        await at.governing.look()
    assert at.holds == held
    assert await world.ground.database.read(kept_catalogue) is None
    with pytest.raises(PolicyFault, match="not those that the audit log tells of"):
        await office(world, two_owners=True, begins=new).governing.begin("")
    await Doubts(world.ground).tell_due()
    assert {row.facts["table"] for row in await world.exceptions()} == {"rule_sets"}


async def test_a_planted_denial_keeps_nothing_from_being_proposed(world: World) -> None:
    """T-9, G-3."""
    at, new = office(world, two_owners=True), rules("never")
    await at.governing.begin("")

    def plant(tx: Session) -> None:
        active = rule_sets.active(tx)
        assert active is not None
        row = active.model_dump() | {"id": "r-planted", "content": new.content, "state": "denied"}
        tx.connection().execute(insert(RuleSet).values(row | {"at": world.clock() + ROLLED_OUT_WITHIN}))

    await world.ground.database.write(plant)
    await at.governing.take(new)
    assert await at.proposal()


async def test_a_record_that_other_hands_wrote_changes_no_rules(world: World) -> None:
    """T-9: neither while the log is not Wicket's alone, nor when an epoch says of it that nobody vouches for it."""
    at, new = office(world, two_owners=True), rules("smuggled")
    await at.governing.begin("")
    before, now = at.holds, world.clock()
    await set_rows(
        world, policy_set=new.policy.policy_set, content=new.content, sources=dict(new.sources),
        composition=new.composition.plain, catalogue=as_plain(new.catalogue),
    )  # fmt: skip
    await world.ground.database.write(
        lambda tx: forge(tx.connection(), "rules.changed", STORY, hashes(new), at=now)
    )
    with pytest.raises(AuditFault, match="no key of Wicket's"):
        await at.governing.look()
    await watching(world, None).look()
    with pytest.raises(PolicyFault, match="not those that the audit log tells of"):
        await at.governing.look()
    assert at.holds == before


async def test_the_log_still_tells_what_holds_after_a_thousand_clicks_of_strangers(world: World) -> None:
    """G-3: whoever may click can fill the story of the rules, and not hide what holds."""
    at, _ = await proposed(world)

    def fill(tx: Any) -> None:
        for _ in range(600):
            recording.record(
                tx, at=world.clock(), action="rules.not_allowed", outcome="refused", actor=recording.WICKET,
                where=SCHEDULE, correlation=STORY, facts={},
            )  # fmt: skip

    await world.ground.database.write(fill)
    told = await world.ground.database.read(rule_sets.witnessed)
    assert told is not None
    assert told.policy_set == at.holds


async def test_what_was_put_in_the_place_of_a_proposal_cannot_be_approved(world: World) -> None:
    """G-3: an approval is of the content that was shown; and security hears of it."""
    at, proposal = await proposed(world)
    old, other = at.holds, rules("smuggled", catalogue=LOWER)
    await set_rows(
        world, RuleSet.id == proposal,
        content=other.content, sources=dict(other.sources), catalogue=as_plain(LOWER),
    )  # fmt: skip
    assert await at.click("grace", proposal) == RulesOver(state=RuleSetState.WITHDRAWN)
    assert at.holds == old
    assert Kind.RULES_INVALID in await world.kinds()


async def test_an_approval_that_only_the_database_knows_does_not_count(world: World) -> None:
    """G-3: each approval is on record, too, and one owner and a row are not two owners."""
    at, proposal = await proposed(world)
    directory = (await world.actor("linus")).account.directory
    made_up = RuleApproval(
        rule_set=proposal, directory=directory, account="linus", name="Linus", slack_user="U0", proof="h-0",
        at=world.clock(),
    )  # fmt: skip
    await world.ground.database.write(lambda tx: rule_sets.approve(tx, made_up))
    assert await at.click("grace", proposal) == RulesApproved(holds=False)


async def test_settings_that_changed_with_the_files_are_told_and_the_files_still_wait(world: World) -> None:
    """G-2, G-3: after a restart the approved policies go by the new settings, and that is on record as what holds."""
    await office(world, two_owners=True).governing.begin("")
    old = rules()

    def under_others(sources: Mapping[str, str], catalogue: Catalogue) -> Rules:
        made = built(sources, catalogue)
        bound = CedarPolicy.load(sources, SCHEMA, bound_to=f"{catalogue.digest} and another door")
        settings = {
            "slack.teams": Composition.of({}, CATALOGUE, {"slack.teams": ["T2"]}).settings["slack.teams"]
        }
        return replace(made, policy=bound, composition=replace(made.composition, settings=settings))

    new = rules("never")
    at = office(world, two_owners=True, begins=under_others(new.sources, new.catalogue), rebuild=under_others)
    await at.governing.begin("")
    with_old_files = under_others(old.sources, old.catalogue)
    assert at.holds == with_old_files.policy.policy_set
    assert (await world.last("rules.changed"))["facts"]["set"] == at.holds
    told = {row.kind: row.facts["changed"] for row in await world.exceptions()}
    assert told == {
        Kind.RULES_CHANGED: {"settings_changed": ["slack.teams"]}, Kind.RULES_PROPOSED: {"policies_added": ["never"]}
    }  # fmt: skip
    world.clock.forward(seconds=ROLLED_OUT_WITHIN.total_seconds() + 1)
    await at.governing.look()
    await at.governing.look()
    assert Kind.RULES_DIFFER not in await world.kinds()
