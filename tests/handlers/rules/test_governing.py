"""Which rules hold: one set at a time, told when it changes, and approved by two owners first where that is agreed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.composition import Composition
from handlers.ground import ROLLED_OUT_WITHIN
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.rules.approvals import ApprovingRules
from handlers.rules.governing import Governing, Rebuild
from handlers.rules.holding import Held, Rules
from handlers.rules.outcomes import OnRules, ProveForRules, RulesApproved, RulesDenied, RulesOver, SaidAlready
from storage import rule_sets
from storage.catalogue import Catalogue, as_plain, from_plain
from storage.faults import PolicyFault
from storage.records import Handle, RuleSet
from storage.states import Resolution, Result, RuleSetState
from tests.handlers.access_ground import CATALOGUE, SLACK, World, thing
from tests.handlers.access_ground import world as open_world
from tests.handlers.made_once import without_step_up

# Proofs of approvers are told of elsewhere.
SOURCES, SCHEMA = without_step_up()
FORBID = '@id("{}") @reason("It is ours.") forbid (principal, action == Action::"grant", resource);'
# Somebody who owns data owns the policies here, too.
OWNERS = "data-owners"
LOWER = Catalogue(
    entitlements={**CATALOGUE.entitlements, "prod-db": replace(CATALOGUE.entitlements["prod-db"], risk=2)},
    owners=CATALOGUE.owners,
)


def built(sources: Mapping[str, str], catalogue: Catalogue) -> Rules:
    policy = CedarPolicy.load(sources, SCHEMA, bound_to=catalogue.digest)
    texts = {name: note.text for name, note in policy.notes.items()}
    return Rules(
        policy=policy,
        catalogue=catalogue,
        sources=sources,
        composition=Composition.of(texts, catalogue, {"slack.teams": ["T1"]}),
    )


def rules(*own: str, catalogue: Catalogue = CATALOGUE) -> Rules:
    """The shipped set, with these policies beside it that forbid everything."""
    return built({**SOURCES, **{f"own/{name}.cedar": FORBID.format(name) for name in own}}, catalogue)


@dataclass
class Office:
    """A bot, and what governs its rules."""

    world: World
    held: Held
    governing: Governing
    approving: ApprovingRules

    async def click(
        self, who: str, proposal: str, *, prove: bool = True, deny: bool = False, **more: Any
    ) -> Any:
        """They press the button; with a fresh proof where one is asked for."""
        actor = more.pop("actor", None) or await self.world.actor(who)

        def intent() -> OnRules:
            return OnRules(
                actor=actor,
                where=SLACK,
                delivery=more.get("delivery", "") or self.world.delivery(),
                proposal=proposal,
            )

        if deny:
            return await self.approving.deny(intent())
        outcome = await self.approving.approve(intent())
        if not (prove and isinstance(outcome, ProveForRules)):
            return outcome
        await self.proven(outcome.handle)
        return await self.approving.approve(intent())

    async def proven(self, handle: str) -> None:
        done = update(Handle).where(Handle.id == handle).values(  # type: ignore[arg-type]
            result=Result.DONE, done_at=self.world.clock(), proven=["passkey"]
        )  # fmt: skip
        await self.world.ground.database.write(lambda tx: tx.execute(done))

    async def proposal(self) -> str:
        (row,) = await self.world.ground.database.read(lambda tx: [one.id for one in rule_sets.proposed(tx)])
        return row

    async def states(self) -> list[str]:
        return sorted(row.state for row in await self.world.rows(RuleSet))

    @property
    def holds(self) -> str:
        return self.held.newest.policy.policy_set


def office(
    world: World, *, two_owners: bool = False, begins: Rules | None = None, replica: str = "one",
    rebuild: Rebuild = built,
) -> Office:  # fmt: skip
    held = Held(begins or rules())
    ground = replace(world.ground, policy=held.policy, catalogue=held.catalogue, kept=held.kept)
    governing = Governing(ground, held, rebuild, replica=replica, two_owners=two_owners)
    approving = ApprovingRules(ground, governing, owners=OWNERS)
    return Office(World(ground=ground, clock=world.clock, local=world.local, faulty=world.faulty,
                        deliveries=world.deliveries), held, governing, approving)  # fmt: skip


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def test_the_first_set_is_put_on_record_and_tells_nobody(world: World) -> None:
    """G-2: there was nothing before that it could differ from."""
    await office(world).governing.begin("")
    assert await world.actions("rules") == ["rules.began done"]
    assert await world.kinds() == []


async def test_a_change_is_told_with_what_changed_once_over_replicas_and_restarts(world: World) -> None:
    """G-2: policies by their id, entitlements by each field that is another."""
    one, other = office(world), office(world, replica="two")
    await one.governing.begin("")
    await other.governing.begin("")
    new = rules("never", catalogue=LOWER)
    for _ in range(2):
        await one.governing.take(new)
        await other.governing.take(new)
    await office(world, begins=new).governing.begin("")  # a restart
    (told,) = await world.exceptions()
    assert told.kind == "rules-changed"
    assert told.facts["changed"] == {
        "policies_added": ["never"], "entitlements_changed": ["prod-db", "risk", "4", "2"],
    }  # fmt: skip
    assert told.facts["set"] == one.holds == other.holds == new.policy.policy_set
    said = await world.last("rules.changed")
    assert said["facts"]["entitlements_changed"] == ["prod-db", "risk", "4", "2"]
    assert await one.states() == [RuleSetState.ACTIVE, RuleSetState.FORMER]


async def test_a_kept_composition_that_the_log_does_not_tell_of_hides_no_change(world: World) -> None:
    """G-2: who writes into the database makes no change look like none."""
    first = office(world)
    await first.governing.begin("")
    forged = rules(catalogue=LOWER).composition.plain
    await world.ground.database.write(lambda tx: tx.execute(update(RuleSet).values(composition=forged)))
    await first.governing.take(rules(catalogue=LOWER))
    (told,) = await world.exceptions()
    assert told.facts["known"] is False
    assert "prod-db" in told.facts["changed"]["entitlements_added"]


async def test_what_is_under_way_keeps_the_set_that_it_began_with(world: World) -> None:
    """G-1: facts and questions of one piece of work are answered by one set, whatever is loaded meanwhile."""
    held = Held(rules())
    before, after = held.newest.policy.policy_set, rules("never", catalogue=LOWER)
    with held.kept():
        held.replace(after)
        assert held.policy.policy_set == before
        assert held.catalogue.entitlements["prod-db"].risk == 4
        assert [one.risk for one in held.catalogue.entitlements.values()] == [1, 4, 4, 1]
    assert held.policy.policy_set == after.policy.policy_set
    assert held.catalogue.entitlements["prod-db"].risk == 2


async def test_a_transaction_goes_by_the_set_that_its_click_began_with(world: World) -> None:
    """G-1, promise 3: it is decided in a thread, where a set that is loaded meanwhile counts as little as outside."""
    database, held, after = world.ground.database, Held(rules()), rules("never", catalogue=LOWER)
    database.carry(held.carried)
    first = held.newest

    def asked(_: Session) -> tuple[int, str]:
        risk = held.catalogue.entitlements["prod-db"].risk
        held.replace(after)
        return risk, held.policy.policy_set

    for transaction in (database.write, database.read, database.glance):
        held.replace(first)
        assert await transaction(asked) == (4, first.policy.policy_set)
        held.replace(first)
        with held.kept():
            held.replace(after)
            assert await transaction(asked) == (4, first.policy.policy_set)
        assert await transaction(asked) == (2, after.policy.policy_set)


@pytest.mark.parametrize(("own", "state"), [((), "active"), (("never",), "voided")])
async def test_a_reload_voids_what_was_approved_only_if_its_answer_changes(
    world: World, own: tuple[str, ...], state: str
) -> None:
    """R-2: the approval is in flight when other rules are loaded; they say the same of it, or not."""
    at = office(world)
    it = at.world
    grant = await it.asked("ada", "prod-admin")
    await it.decide("grace", grant)
    await it.decide("sam", grant)
    await at.governing.begin("")
    more = Catalogue(entitlements={**CATALOGUE.entitlements, "new": thing("new")}, owners=CATALOGUE.owners)
    await at.governing.take(rules(*own, catalogue=more))
    assert at.held.catalogue.entitlements.keys() >= {"new"}
    await it.settle()
    assert await it.state(grant) == state


async def test_a_set_that_will_not_do_is_told_once_for_each_content_and_settled_by_one_that_does(
    world: World,
) -> None:
    """G-1: what held goes on holding."""
    at = office(world)
    await at.governing.begin("")
    before = at.holds
    for content in ("a", "a", "b"):
        await at.governing.refuse(f"own/x.cedar, line 3, column 4: unexpected token ({content})", content)
    assert at.holds == before
    assert await world.kinds() == ["rules-invalid"] * 2
    assert await world.actions("rules.refused") == ["rules.refused refused"] * 2
    await at.governing.take(rules())
    assert sorted(bool(row.facts.get("settled")) for row in await world.exceptions()) == [False, True]


async def test_a_replica_with_other_files_says_so_after_a_while_and_when_it_is_over(world: World) -> None:
    one, other = office(world), office(world, replica="two")
    await one.governing.begin("")
    await other.governing.begin("")
    await one.governing.take(rules("never"))
    await other.governing.look()
    assert "rules-differ" not in await world.kinds()
    world.clock.forward(seconds=ROLLED_OUT_WITHIN.total_seconds() + 1)
    for _ in range(2):
        await other.governing.look()
    assert (await world.kinds()).count("rules-differ") == 1
    await other.governing.take(rules("never"))
    await other.governing.look()
    assert (await world.exceptions())[-1].facts["settled"]


async def test_a_change_holds_once_two_owners_approved_it_on_every_replica_and_after_a_restart(
    world: World,
) -> None:
    """G-3: the old set decides meanwhile, also in a process that was started with the new files."""
    one, other = office(world, two_owners=True), office(world, two_owners=True, replica="two")
    await one.governing.begin("")
    await other.governing.begin("")
    old, new = one.holds, rules("never")
    await one.governing.take(new)
    restarted = office(world, two_owners=True, begins=new)
    await restarted.governing.begin("")
    assert one.holds == restarted.holds == old
    assert await world.kinds() == ["rules-proposed"]
    proposal = await one.proposal()
    assert await one.click("grace", proposal) == RulesApproved(holds=False)
    assert one.holds == old
    assert await one.click("linus", proposal) == RulesApproved(holds=True)
    await other.governing.look()  # has the old files, and goes by what was approved
    await restarted.governing.look()
    assert one.holds == other.holds == restarted.holds == new.policy.policy_set
    old_files = office(world, two_owners=True)
    assert await world.actions("rules") == [
        "rules.began done", "rules.proposed done", "rules.approved done", "rules.approved done", "rules.changed done",
    ]  # fmt: skip
    await old_files.governing.begin("")
    assert old_files.holds == new.policy.policy_set
    told = [row.facts for row in await world.exceptions() if row.facts.get("became") == "active"]
    assert [facts["approved"] for facts in told] == [["Grace", "Linus"]]


async def test_whoever_lets_a_change_hold_decided_it_whatever_clocks_say(world: World) -> None:
    """G-3: by the clock of another replica who approved before was later. A directory may have no name for them."""
    at = office(world, two_owners=True)
    await at.governing.begin("")
    await at.governing.take(rules("never"))
    proposal = await at.proposal()
    assert await at.click("grace", proposal) == RulesApproved(holds=False)
    world.clock.forward(seconds=-2)
    nameless = await world.actor("linus")
    nameless = replace(nameless, account=replace(nameless.account, name=""))
    assert await at.click("linus", proposal, actor=nameless) == RulesApproved(holds=True)
    (told,) = [row for row in await world.exceptions() if row.facts.get("became") == "active"]
    assert (told.resolution, told.resolved_by) == (Resolution.DECIDED, "")


async def test_one_person_is_one_owner_and_needs_a_proof_that_counts_once(world: World) -> None:
    """G-3, R-1, P-10: neither twice, nor by a second account, nor without a proof."""
    at = office(world, two_owners=True)
    await at.governing.begin("")
    await at.governing.take(rules("never"))
    proposal = await at.proposal()
    assert isinstance(await at.click("grace", proposal, prove=False), ProveForRules)
    assert isinstance(await at.click("grace", proposal), RulesApproved)
    assert isinstance(await at.click("grace", proposal), SaidAlready)
    await world.local.add_account(
        "adm-grace", login="adm-grace", name="Grace", mail="GRACE@example.com", employment="employee"
    )
    await world.local.put_in_group(OWNERS, "adm-grace")
    assert isinstance(await at.click("adm-grace", proposal), SaidAlready)


async def test_only_owners_decide_and_who_is_none_any_more_does_not_count(world: World) -> None:
    """G-3: looked up at the click; the policies are not asked, for they are what is decided about."""
    at = office(world, two_owners=True)
    await at.governing.begin("")
    await at.governing.take(rules("never"))
    proposal = await at.proposal()
    assert isinstance(await at.click("ada", proposal), NotAllowed)
    assert isinstance(await at.click("ada", proposal, deny=True), NotAllowed)
    assert "wrong-approver" in await world.kinds()
    assert isinstance(await at.click("grace", "r-made-up"), Unknown)
    await at.click("grace", proposal)
    await world.local.take_from_group(OWNERS, "grace")
    assert await at.click("linus", proposal) == RulesApproved(holds=False)


async def test_a_denied_change_stays_denied_and_another_can_be_proposed(world: World) -> None:
    """G-3: also after a restart on the same files."""
    at = office(world, two_owners=True)
    await at.governing.begin("")
    old = at.holds
    world.clock.forward(seconds=1)
    await at.governing.take(rules("never"))
    proposal = await at.proposal()
    assert await at.click("linus", proposal, deny=True) == RulesDenied()
    assert await at.click("grace", proposal) == RulesOver(state="denied")
    told = (await world.exceptions())[-1]
    assert (told.resolution, told.resolved_by) == (Resolution.DECIDED, "Linus")
    again = office(world, two_owners=True, begins=rules("never"))
    await again.governing.begin("")
    assert again.holds == old
    await again.governing.take(rules("never", "other"))
    assert await again.states() == [RuleSetState.ACTIVE, RuleSetState.DENIED, RuleSetState.PROPOSED]
    assert isinstance(
        await again.click("grace", await again.proposal(), delivery="same"), ProveForRules | Repeated
    )


async def test_files_that_change_again_withdraw_what_they_had_proposed(world: World) -> None:
    at = office(world, two_owners=True)
    await at.governing.begin("")
    await at.governing.take(rules("never"))
    first = await at.proposal()
    await at.governing.take(rules("other"))
    assert await at.click("grace", first) == RulesOver(state="withdrawn")
    assert "withdrawn" in [row.facts.get("became") for row in await world.exceptions()]


@pytest.mark.parametrize("forged", ["sources", "catalogue", "log"])
async def test_an_approved_set_that_was_changed_in_the_database_is_not_taken(
    world: World, forged: str
) -> None:
    """G-3: its content is held against its hash, and that against the audit log."""
    at = office(world, two_owners=True)
    await at.governing.begin("")
    other = rules("smuggled", catalogue=LOWER)
    values: dict[str, Any] = {"sources": dict(other.sources)}
    if forged == "catalogue":
        values = {"catalogue": as_plain(LOWER)}
    elif forged == "log":  # the row is whole in itself, but no entry tells of it
        values = {**values, "catalogue": as_plain(LOWER), "content": other.content}
    await world.ground.database.write(lambda tx: tx.execute(update(RuleSet).values(**values)))
    started = office(world, two_owners=True, begins=rules("files"))
    with pytest.raises(PolicyFault, match="not those that the audit log tells of"):
        await started.governing.begin("")


async def test_rows_that_were_taken_away_do_not_let_a_new_set_hold_unasked(world: World) -> None:
    """G-3: the log tells that one held."""
    at = office(world, two_owners=True)
    await at.governing.begin("")
    await world.ground.database.write(lambda tx: tx.connection().exec_driver_sql("DELETE FROM rule_sets"))
    with pytest.raises(PolicyFault, match="not those that the audit log tells of"):
        await office(world, two_owners=True, begins=rules("never")).governing.begin("")


@pytest.mark.parametrize("as_if", ["that", "its-content", "proposed"])
async def test_a_row_that_says_new_files_hold_already_lets_them_hold_for_nobody(
    world: World, as_if: str
) -> None:
    """G-3, T-9: nor does a set that was proposed, if nobody approved it but whoever wrote the row."""
    at, new = office(world, two_owners=True), rules("never")
    await at.governing.begin("")
    old = at.holds
    await at.governing.take(new)
    active = update(RuleSet).where(col(RuleSet.state) == RuleSetState.ACTIVE)
    values: dict[str, Any] = {"policy_set": new.policy.policy_set}
    if as_if == "its-content":
        values = {"content": new.content}  # the row of the proposal has it, too
    forge = [active.values(**values)]
    if as_if == "proposed":
        proposed = update(RuleSet).where(col(RuleSet.state) == RuleSetState.PROPOSED)
        forge = [active.values(state=RuleSetState.FORMER), proposed.values(state=RuleSetState.ACTIVE)]
    for one in forge:
        await world.ground.database.write(lambda tx, one=one: tx.execute(one))  # type: ignore[misc]
    with pytest.raises(PolicyFault, match="not those that the audit log tells of"):
        await office(world, two_owners=True, begins=new).governing.begin("")
    with suppress(PolicyFault):
        await at.governing.look()
    assert at.holds == old


def test_a_catalogue_that_is_kept_is_the_same_afterwards() -> None:
    assert from_plain(as_plain(CATALOGUE)).digest == CATALOGUE.digest
