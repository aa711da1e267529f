"""Deciding a request: who may, which decisions count, and what somebody hears who comes too late."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import text
from sqlmodel import delete

from handlers.approvals.deciders import deciders, how_far
from handlers.approvals.deciding import Deciding
from handlers.decisions.cedar import CedarPolicy
from handlers.intents import Decide
from handlers.outcomes import (
    Changed,
    Decided,
    MayDecide,
    NeedsRationale,
    NotAllowed,
    Repeated,
    TooLate,
    Unknown,
)
from storage import outbox, rule_sets
from storage.catalogue import Catalogue, Owner
from storage.engine.stores import Server
from storage.faults import DirectoryUnavailable
from storage.records import Approval, Holding, Owed, VoidedApproval
from storage.states import GrantState, RuleSetState
from tests.handlers.access_ground import CATALOGUE, HOUR, SLACK, World, thing
from tests.handlers.access_ground import world as open_world
from tests.handlers.decisions.cast import overflowing
from tests.handlers.made_once import without_step_up


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


@pytest.mark.both_engines
async def test_an_owner_approves_and_the_end_is_durable_at_once(world: World) -> None:
    """Promise 1: the end stands in the row before any access exists."""
    grant = await world.asked("ada", "prod-db")
    decided = await world.decide("grace", grant)
    assert (decided.grant, decided.state) == (grant, GrantState.APPROVED)
    assert (await world.grant(grant)).expires_at == world.clock() + HOUR
    assert not await world.holds("ada", "prod-db")
    assert await world.actions("approval", "grant") == [
        "grant.requested done",
        "approval.given done",
        "grant.approved done",
    ]
    entry = await world.last("approval.given")
    assert entry["policy"]["ids"] == ["approve-as-owner"]
    assert entry["actor"]["slack_user"] == "Ugrace"


async def test_a_denial_is_for_good_and_the_next_hears_who_denied(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    assert (await world.decide("grace", grant, approve=False)).state == GrantState.DENIED
    late = await world.decide("linus", grant)
    assert isinstance(late, TooLate)
    assert (late.state, late.by) == (GrantState.DENIED, "Grace")
    assert await world.actions("approval.late") == ["approval.late refused"]


@pytest.mark.both_engines
async def test_four_deliveries_of_one_decision_count_once(world: World) -> None:
    """Promise 6."""
    grant = await world.asked("ada", "prod-admin")
    outcomes = [await world.decide("grace", grant, delivery="same") for _ in range(4)]
    assert isinstance(outcomes[0], Decided)
    assert outcomes[1:] == [Repeated()] * 3
    assert len(await world.rows(Approval)) == 1


async def test_nobody_decides_their_own_request_nor_by_a_second_account(world: World) -> None:
    """Promise 5, R-1: the second account has the same address and an owner's power."""
    await world.local.add_account("grace2", login="grace2", name="Grace Two", mail="GRACE@example.com")
    await world.local.put_in_group("data-owners", "grace2")
    grant = await world.asked("grace", "prod-db")
    for login in ("grace", "grace2"):
        for approve in (True, False):
            outcome = await world.decide(login, grant, approve=approve)
            assert isinstance(outcome, NotAllowed), login
    assert await world.state(grant) == GrantState.PENDING
    assert [(row.kind, row.facts["own"], row.count) for row in await world.exceptions()] == [
        ("wrong-approver", True, 2),
        ("wrong-approver", True, 2),
    ]


async def test_two_approvals_of_one_person_count_once(world: World) -> None:
    """R-1: an owner whose second account is on the security team is still one person."""
    await world.local.add_account("grace2", login="grace2", name="Grace Two", mail="grace@example.com")
    await world.local.put_in_group("security-team", "grace2")
    grant = await world.asked("ada", "prod-admin")
    await world.decide("grace", grant)
    again = await world.decide("grace2", grant)
    assert isinstance(again, TooLate)
    assert await world.state(grant) == GrantState.PENDING
    assert await world.actions("approval.repeated") == ["approval.repeated refused"]


@pytest.mark.both_engines
async def test_two_approvals_at_the_same_instant_both_count(world: World) -> None:
    """Both read the facts before either decided; owner and security together are enough."""
    grant = await world.asked("ada", "prod-admin")
    first, second = await asyncio.gather(world.decide("grace", grant), world.decide("sam", grant))
    assert {first.state, second.state} == {GrantState.PENDING, GrantState.APPROVED}
    assert (await world.grant(grant)).missing == {}
    await world.settle()
    assert await world.state(grant) == GrantState.ACTIVE


async def test_an_approval_elsewhere_while_a_form_was_open_counts_beside_that_forms(world: World) -> None:
    """Another replica decides between the form and its submission: what was known at the form is read anew."""
    grant = await world.asked("ada", "prod-admin")
    assert isinstance(await world.deciding.consider(await world.on("sam", grant)), MayDecide)
    here, world.deciding = world.deciding, Deciding(world.ground)
    assert (await world.decide("grace", grant)).state == GrantState.PENDING
    world.deciding = here
    assert (await world.decide("sam", grant)).state == GrantState.APPROVED


async def test_whoever_asked_is_looked_up_anew_when_the_form_is_sent(world: World) -> None:
    """Promise 5: who has left meanwhile gets nothing, though they were there when the form opened."""
    grant = await world.asked("ada", "prod-db")
    assert not world.deciding.was_asked(grant)
    assert isinstance(await world.deciding.consider(await world.on("grace", grant)), MayDecide)
    assert world.deciding.was_asked(grant)  # so nothing is prepared while Slack says who sent it
    await world.local.switch((await world.grant(grant)).requester_account, active=False)
    assert isinstance(await world.decide("grace", grant), TooLate)
    assert await world.state(grant) == GrantState.VOIDED


@pytest.mark.parametrize("changes", [{"active": False}, {"employment": "contractor"}])
async def test_whoever_decides_is_weighed_anew_when_the_form_is_sent(
    world: World, changes: dict[str, object]
) -> None:
    """Promise 3: what policy said when the form opened counts for nothing, though it was asked the same."""
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await world.deciding.consider(await world.on("grace", grant)), MayDecide)
    await world.local.change_account("grace", **changes)
    assert isinstance(await world.decide("grace", grant), NotAllowed)
    assert await world.state(grant) == GrantState.PENDING


@pytest.mark.parametrize(
    ("who", "changes"),
    [
        ("grace", {"active": False}),
        ("grace", {"employment": "contractor"}),
        ("ada", {"active": False}),
    ],
)
async def test_what_policy_was_asked_ahead_counts_for_nothing_where_a_fact_changed(
    world: World, who: str, changes: dict[str, object]
) -> None:
    """Promise 3: it is asked while Slack says who clicked. What changes until then is seen under the lock."""
    grant, fresh = await world.asked("ada", "prod-db"), Deciding(world.ground)
    world.deciding, entries = fresh, len(await world.actions("approval", "grant"))
    await fresh.ask_ahead((await world.on("grace", grant)).actor.account, grant, explained=True)
    assert len(await world.actions("approval", "grant")) == entries  # it leaves nothing behind
    await world.local.change_account(who, **changes)
    assert isinstance(await world.decide("grace", grant), NotAllowed if who == "grace" else TooLate)


async def test_what_was_decided_while_policy_was_asked_ahead_is_seen(world: World) -> None:
    """Promise 6: another replica is faster; the second approval counts beside its own, and the next comes too late."""
    grant = await world.asked("ada", "prod-admin")
    here, world.deciding = Deciding(world.ground), Deciding(world.ground)
    await here.ask_ahead((await world.on("sam", grant)).actor.account, grant, explained=True)
    assert (await world.decide("grace", grant)).state == GrantState.PENDING
    there, world.deciding = world.deciding, here
    assert (await world.decide("sam", grant)).state == GrantState.APPROVED
    world.deciding = there
    assert isinstance(await world.decide("linus", grant), TooLate)


async def test_nothing_is_asked_ahead_about_what_does_not_wait(world: World) -> None:
    """A button that we never made, and a request that is over: the click itself says so, on the record."""
    grant = await world.asked("ada", "prod-db")
    account = (await world.on("grace", grant)).actor.account
    await world.decide("grace", grant)
    for about in (grant, "g-of-nobody"):
        await world.deciding.ask_ahead(account, about, explained=True)
    assert isinstance(await world.decide("linus", grant), TooLate)
    assert isinstance(await world.decide("linus", "g-of-nobody"), Unknown)


async def test_a_click_asks_what_its_message_and_its_request_asked_before(world: World) -> None:
    """Nothing changed since its message was written: so Cedar, most of what a click costs, is not asked again."""
    policy = CedarPolicy.load(*without_step_up(), bound_to="")
    ground = replace(world.ground, policy=policy)
    grant = await world.asked("ada", "prod-db")
    assert await how_far(ground, grant) is not None
    assert "Grace" in [one.account.name for one in await deciders(ground, grant)]
    kept, deciding = policy.answers_kept, Deciding(ground)
    account = (await world.on("grace", grant)).actor.account
    await deciding.ask_ahead(account, grant, explained=True)
    assert policy.answers_kept == kept
    await Deciding(ground).ask_ahead(replace(account, team="Search"), grant, explained=True)
    assert policy.answers_kept == kept + 1


async def test_what_is_still_missing_is_shown_after_the_first_of_two(world: World) -> None:
    grant = await world.asked("ada", "prod-admin")
    assert (await world.decide("grace", grant)).state == GrantState.PENDING
    assert (await world.grant(grant)).missing == {"security": 1}


async def test_a_wrong_person_is_told_who_may_and_security_hears_once(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    for _ in range(3):
        outcome = await world.deciding.consider(await world.on("charles", grant))
        assert isinstance(outcome, NotAllowed)
        assert (outcome.owner_name, outcome.can) == ("Data Platform", ("Grace", "Linus"))
    (told,) = await world.exceptions()
    assert (told.kind, told.who, told.count, told.correlation) == (
        "wrong-approver",
        "Charles (charles)",
        3,
        grant,
    )
    assert told.facts["requester"] == "Ada (ada)"


@pytest.mark.parametrize("approve", [True, False])
async def test_what_is_no_longer_possible_is_void_by_approval_and_denied_by_denial(
    world: World, approve: bool
) -> None:
    """The catalogue became stricter while it waited: the approver is no wrong person, and may say no to it."""
    grant = await world.asked("ada", "prod-db")
    things = world.ground.catalogue.entitlements
    stricter = replace(
        world.ground.catalogue,
        entitlements={**things, "prod-db": replace(things["prod-db"], max_duration=timedelta(minutes=30))},
    )
    world.deciding = Deciding(replace(world.ground, catalogue=stricter))
    assert isinstance(await world.deciding.consider(await world.on("grace", grant)), MayDecide)
    outcome = await world.decide("grace", grant, approve=approve)
    assert isinstance(outcome, Decided)
    assert outcome.state == (GrantState.VOIDED if approve else GrantState.DENIED)
    assert bool((await world.grant(grant)).end_reason) is approve
    assert "wrong-approver" not in await world.kinds()


@pytest.mark.parametrize("place", [{"group": "wiki-edit"}, {"directory": "other"}])
async def test_what_is_another_group_by_now_is_void_for_whoever_clicks(
    world: World, place: dict[str, str]
) -> None:
    """The operator corrected the catalogue while it waited: nobody was asked about the group that was meant then."""
    grant = await world.asked("ada", "prod-db")
    things = world.ground.catalogue.entitlements
    moved = {**things, "prod-db": replace(things["prod-db"], **place)}
    world.reopen(catalogue=replace(world.ground.catalogue, entitlements=moved))
    assert await deciders(world.ground, grant) == ()
    outcome = await world.decide("grace", grant)
    assert isinstance(outcome, TooLate)
    assert outcome.state == GrantState.VOIDED
    assert (await world.grant(grant)).end_reason == "it can no longer be granted"
    await world.settle()
    assert await world.changes() == []


async def test_what_only_another_replica_knows_is_neither_void_nor_given_here(world: World) -> None:
    """While a catalogue is rolled out, an older replica gets every other click, and takes up every other grant."""
    grant, known = await world.asked("ada", "prod-db"), world.ground.catalogue
    newer = rule_sets.Loaded(policy_set="newer", content="c", composition={}, sources={}, catalogue={})
    await world.ground.database.write(
        lambda tx: rule_sets.add(tx, newer, RuleSetState.ACTIVE, at=world.clock())
    )
    older = replace(known, entitlements={})
    world.reopen(catalogue=older)
    with pytest.raises(DirectoryUnavailable, match="Another replica"):
        await world.decide("grace", grant)
    world.reopen(catalogue=known)
    assert isinstance(await world.decide("grace", grant), Decided)
    world.reopen(catalogue=older)
    await world.settle()
    assert (await world.state(grant), await world.kinds()) == (GrantState.APPROVED, [])
    world.reopen(catalogue=known)
    world.clock.forward(minutes=1)
    await world.settle()
    assert await world.holds("ada", "prod-db")
    forgotten = await world.asked("linus", "prod-db")
    world.reopen(catalogue=older)
    world.clock.forward(minutes=4)
    assert isinstance(await world.decide("grace", forgotten), TooLate)
    assert await world.state(forgotten) == GrantState.VOIDED


async def test_what_is_left_to_another_replica_did_not_fail(world: World) -> None:
    """Most replicas are older ones at first, and any may take it up again and again: nobody is to look at that."""
    grant, known = await world.asked("ada", "prod-db"), world.ground.catalogue
    assert isinstance(await world.decide("grace", grant), Decided)
    newer = rule_sets.Loaded(policy_set="newer", content="c", composition={}, sources={}, catalogue={})
    await world.ground.database.write(
        lambda tx: rule_sets.add(tx, newer, RuleSetState.ACTIVE, at=world.clock())
    )
    world.reopen(catalogue=replace(known, entitlements={}))
    for _ in range(8):
        await world.settle()
        world.clock.forward(seconds=30)
    assert (await world.state(grant), await world.kinds()) == (GrantState.APPROVED, [])
    (holding,) = await world.rows(Holding)
    assert holding.attempts == 0
    world.reopen(catalogue=known)
    await world.settle()
    assert await world.holds("ada", "prod-db")


@pytest.mark.parametrize("owners", [CATALOGUE.owners, {}])
async def test_the_message_of_what_left_the_catalogue_says_that_it_is_over(
    world: World, owners: dict[str, Owner]
) -> None:
    """It stands in a channel with its buttons; nothing goes to the channel of an owner who is gone as well."""
    grant = await world.asked("ada", "prod-db")
    for recipient in ("owner:data", "Usam", "copy:C0DATA:1.1"):
        stands = {"kind": "approval", "subject": grant, "recipient": recipient, "channel": "C1", "ts": "1"}
        await world.ground.database.write(
            partial(outbox.remember_posted, **stands, at=world.clock())  # as a courier does
        )
    await world.ground.database.write(lambda tx: tx.execute(delete(Owed)))
    world.reopen(catalogue=Catalogue(entitlements={}, owners=owners))
    world.clock.forward(hours=24)
    await world.tick()
    assert await world.state(grant) == GrantState.LAPSED
    owed = {("request", "Uada"), ("approval", "Usam"), ("approval", "copy:C0DATA:1.1")}
    assert await world.owed() == owed | ({("approval", "owner:data")} if owners else set())


async def test_considering_changes_nothing(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    found = await world.deciding.consider(await world.on("grace", grant))
    assert isinstance(found, MayDecide)
    assert (found.why, found.explains) == (("You are an approver of the team that owns this.",), True)
    assert await world.state(grant) == GrantState.PENDING


async def test_a_request_that_waited_too_long_is_lapsed_before_any_tick(world: World) -> None:
    """One of two had approved; nobody is said to have settled it."""
    grant = await world.asked("ada", "prod-admin")
    await world.decide("grace", grant)
    world.clock.forward(hours=24)
    late = await world.decide("sam", grant)
    assert isinstance(late, TooLate)
    assert (late.state, late.by) == (GrantState.LAPSED, "")
    await world.tick()
    assert await world.state(grant) == GrantState.LAPSED


async def test_a_withdrawn_request_is_not_said_to_be_settled_by_an_approver(world: World) -> None:
    grant = await world.asked("ada", "prod-admin")
    await world.decide("grace", grant)
    await world.access.withdraw(await world.on("ada", grant))
    late = await world.decide("sam", grant)
    assert isinstance(late, TooLate)
    assert (late.state, late.by) == (GrantState.WITHDRAWN, "")


@pytest.mark.parametrize("changes", [{"active": False}, {"employment": "service"}])
async def test_an_approver_who_may_no_longer_decides_nothing(
    world: World, changes: dict[str, object]
) -> None:
    grant = await world.asked("ada", "prod-db")
    await world.local.change_account("grace", **changes)
    assert isinstance(await world.decide("grace", grant), NotAllowed)
    assert await world.state(grant) == GrantState.PENDING


async def test_the_request_of_somebody_who_left_is_voided(world: World) -> None:
    """SL-17: and the approver is not reported as a wrong person."""
    grant = await world.asked("ada", "prod-db")
    await world.local.change_account("ada", active=False)
    outcome = await world.decide("grace", grant)
    assert isinstance(outcome, TooLate)
    assert await world.state(grant) == GrantState.VOIDED
    assert await world.kinds() == []
    assert await world.actions("grant.voided") == ["grant.voided refused"]


async def test_a_button_that_we_never_made_is_an_exception(world: World) -> None:
    automatic = await world.given("ada")
    for grant in ("g-made-up", automatic):
        assert await world.decide("grace", grant) == Unknown(what="request")
    assert await world.kinds() == ["tampered"]
    assert await world.actions("approval") == ["approval.tampered refused"] * 2


async def test_groups_of_another_directory_give_no_authority(world: World) -> None:
    """A group called the same elsewhere is another group, and an id that is the same is another person."""
    grant = await world.asked("ada", "prod-db")
    stranger = replace(await world.account("grace"), directory="other")
    actor = replace(await world.actor("grace"), account=stranger)
    intent = Decide(
        actor=actor, where=SLACK, delivery=world.delivery(), grant=grant, approve=True, rationale="ok", shown="",
    )  # fmt: skip
    assert isinstance(await world.deciding.decide(intent), NotAllowed)
    assert await world.state(grant) == GrantState.PENDING


async def test_a_directory_that_fails_leaves_the_request_and_the_click_to_be_tried_again(
    world: World,
) -> None:
    """Promise 7: unknown is not none; the same delivery counts once the directory answers."""
    grant = await world.asked("ada", "prod-db")
    world.faulty.error("group", "account")
    with pytest.raises(DirectoryUnavailable):
        await world.decide("grace", grant, delivery="same")
    world.faulty.mend()
    assert (await world.decide("grace", grant, delivery="same")).state == GrantState.APPROVED


async def test_a_rationale_is_on_the_record_once_and_as_a_commitment(world: World) -> None:
    """Promise 4: the leaf has no free text. One erasure erases it: what the approval came to does not repeat it."""
    grant = await world.asked("ada", "prod-db")
    await world.decide("grace", grant, rationale="because of the incident")
    entry = await world.last("approval.given")
    assert set(entry["texts"]) == {"rationale"}
    assert "incident" not in str(entry)
    assert (await world.last("grant.approved"))["texts"] == {}


async def test_an_approval_that_policy_cannot_weigh_is_void_and_told(tmp_path: Path) -> None:
    """Promise 3: error means refuse; security hears that the policy is broken."""
    sources, schema = without_step_up()
    # It cannot be evaluated for one team, into which she moves after she asked.
    broken = overflowing("forbid", "grant").replace("when {", 'when { principal.team == "New" &&')
    policy = CedarPolicy.load({**sources, "broken.cedar": broken}, schema, bound_to="test")
    async with open_world(tmp_path, policy=policy) as world:
        grant = await world.asked("ada", "prod-admin")
        await world.local.change_account("ada", team="New")
        assert (await world.decide("grace", grant)).state == GrantState.VOIDED
        assert await world.kinds() == ["policy-error"]
        assert await world.actions("grant.voided") == ["grant.voided refused"]
        assert (await world.last("grant.voided"))["facts"]["errors"]


@pytest.mark.both_engines
async def test_a_shorter_time_moves_the_end_and_voids_what_was_approved_before(world: World) -> None:
    """R-2: whoever agreed to an hour has not agreed to half of one; the record has both times."""
    grant = await world.asked("ada", "prod-admin")
    await world.decide("grace", grant)
    assert (await world.decide("sam", grant, minutes=30)).state == GrantState.PENDING
    row = await world.grant(grant)
    assert (row.minutes, row.asked_minutes, row.missing) == (30, 60, {"owner": 1})
    assert [one.why for one in await world.rows(VoidedApproval)] == ["the time was made shorter after it"]
    entry = await world.last("approval.given")
    assert (entry["facts"]["minutes"], entry["facts"]["asked_minutes"]) == (30, 60)
    assert (await world.decide("grace", grant)).state == GrantState.APPROVED
    assert (await world.grant(grant)).expires_at == world.clock() + HOUR / 2
    await world.settle()
    assert await world.state(grant) == GrantState.ACTIVE
    assert await world.actions("approval") == [
        "approval.given done",
        "approval.voided done",
        "approval.given done",
        "approval.given done",
    ]


@pytest.mark.parametrize("minutes", [60, 61, 10_000])
async def test_a_time_that_is_not_shorter_decides_nothing(world: World, minutes: int) -> None:
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await world.decide("grace", grant, minutes=minutes), Changed)
    assert await world.state(grant) == GrantState.PENDING
    assert (await world.grant(grant)).minutes == 60


@pytest.mark.parametrize("minutes", [0, -5])
async def test_a_time_that_is_none_is_no_intent(world: World, minutes: int) -> None:
    grant = await world.asked("ada", "prod-db")
    with pytest.raises(ValueError, match="longer than nothing"):
        await world.decide("grace", grant, minutes=minutes)


async def test_a_policy_that_breaks_is_not_taken_for_somebody_elses_turn(tmp_path: Path) -> None:
    """Promise 3: though it could be evaluated once another has approved, security hears that it is broken."""
    sources, schema = without_step_up()
    broken = overflowing("forbid", "approve").replace("when {", "when { context.approvals.total < 1 &&")
    policy = CedarPolicy.load({**sources, "broken.cedar": broken}, schema, bound_to="test")
    root = thing("vault-root", risk=5, environment="production", kind="secrets", group="prod-db")
    catalogue = replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, root.id: root})
    async with open_world(tmp_path, policy=policy, catalogue=catalogue) as world:
        grant = await world.asked("ada", root.id)
        assert isinstance(await world.decide("grace", grant), NotAllowed)
        assert await world.kinds() == ["policy-error"]


@pytest.mark.parametrize(
    "changes", [{"linus": {"active": False}}, {"grace": {"person": "1906"}, "linus": {"person": "1906"}}]
)
async def test_whoever_left_or_is_one_person_with_another_by_now_is_counted_no_more(
    tmp_path: Path, changes: dict[str, dict[str, Any]]
) -> None:
    """R-1, R-2: those who approved are looked up at each click, and each person counts once."""
    trio = thing("trio", risk=3, environment="staging", kind="database", people=3, group="wiki-admins")
    catalogue = replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, "trio": trio})
    async with open_world(tmp_path, catalogue=catalogue) as world:
        for login in ("charles", "sam"):
            await world.local.put_in_group("data-owners", login)
        grant = await world.asked("ada", "trio")
        for login in ("grace", "linus"):
            assert (await world.decide(login, grant)).state == GrantState.PENDING
        for login, values in changes.items():
            await world.local.change_account(login, **values)
        assert (await world.decide("charles", grant)).state == GrantState.PENDING
        assert (await world.decide("sam", grant)).state == GrantState.APPROVED


async def test_an_approval_by_whoever_is_not_on_call_any_more_gives_nothing_where_policy_wants_that(
    tmp_path: Path,
) -> None:
    """R-2, promise 3: though they are of the owner still."""
    sources, schema = without_step_up()
    own = (
        '@id("on-call-only") @reason("Whoever is on call.") '
        'forbid (principal, action == Action::"approve", resource) unless { context.onCall };'
    )
    policy = CedarPolicy.load({**sources, "own.cedar": own}, schema, bound_to="test")
    owner = replace(CATALOGUE.owners["data"], on_call="data-on-call")
    async with open_world(
        tmp_path, policy=policy, catalogue=replace(CATALOGUE, owners={"data": owner})
    ) as world:
        await world.local.add_group("data-on-call")
        await world.local.put_in_group("data-on-call", "grace")
        kept, lost = await world.asked("ada", "prod-db"), await world.asked("charles", "prod-db")
        assert isinstance(await world.decide("linus", kept), NotAllowed)
        assert (await world.decide("grace", kept)).state == GrantState.APPROVED
        await world.settle()
        assert (await world.decide("grace", lost)).state == GrantState.APPROVED
        await world.local.remove_member("grace", "data-on-call")
        await world.settle()
        assert [await world.state(one) for one in (kept, lost)] == [GrantState.ACTIVE, GrantState.VOIDED]


async def test_whoever_is_in_no_directory_any_more_gets_nothing_of_what_was_approved(world: World) -> None:
    """Promise 3: it is over, and not tried for ever; security hears of it."""
    grant = await world.asked("ada", "prod-db")
    assert (await world.decide("grace", grant)).state == GrantState.APPROVED
    await world.local.drop_account("ada")
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED
    assert await world.kinds() == ["authority-lost"]


@pytest.mark.parametrize(
    ("way", "why"), [("reset", "reset-approves-later"), ("reported", "reported-nothing")]
)
async def test_whoever_was_reset_or_reported_approves_nothing_and_is_not_named_as_one_who_could(
    world: World, way: Literal["reset", "reported"], why: str
) -> None:
    """P-8, P-6: neither opens the form for them nor counts what they send."""
    grant = await world.asked("ada", "prod-db")
    assert {one.account.id for one in await deciders(world.ground, grant)} == {"grace", "linus"}
    await world.happened(way, "grace")
    for outcome in (
        await world.deciding.consider(await world.on("grace", grant)),
        await world.decide("grace", grant),
    ):
        assert isinstance(outcome, NotAllowed)
        assert why in (await world.last("approval.refused"))["policy"]["ids"]
    assert await world.state(grant) == GrantState.PENDING
    assert {one.account.id for one in await deciders(world.ground, grant)} == {"linus"}


@pytest.mark.parametrize("way", ["reset", "reported"])
async def test_whoever_was_reset_or_reported_since_they_approved_carries_no_access(
    world: World, way: Literal["reset", "reported"]
) -> None:
    """P-8, promise 3: it is asked about each approver once more, with what happened to their account since."""
    grant = await world.asked("ada", "prod-db")
    assert (await world.decide("grace", grant)).state == GrantState.APPROVED
    await world.happened(way, "grace")
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED
    assert not await world.holds("ada", "prod-db")


@pytest.mark.parametrize("shown", ["", "0" * 20, "anything"])
@pytest.mark.parametrize("approve", [True, False])
async def test_a_decision_about_what_was_not_shown_decides_nothing(
    world: World, shown: str, approve: bool
) -> None:
    """R-2: neither a denial nor an approval, and it is on the record."""
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await world.decide("grace", grant, approve=approve, shown=shown), Changed)
    assert await world.state(grant) == GrantState.PENDING
    assert await world.actions("approval") == ["approval.outdated refused"]


@pytest.mark.parametrize("approve", [True, False])
async def test_who_does_not_say_why_is_asked_to_and_is_no_exception(world: World, approve: bool) -> None:
    grant = await world.asked("ada", "prod-db")
    outcome = await world.decide("grace", grant, approve=approve, rationale=" ")
    assert isinstance(outcome, NeedsRationale)
    assert await world.actions("approval") == ["approval.unexplained refused"]
    assert await world.exceptions() == []
    assert await world.state(grant) == GrantState.PENDING


async def test_somebody_without_authority_is_a_wrong_person_whether_they_explain_or_not(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    for rationale in ("", "because"):
        assert isinstance(await world.decide("charles", grant, rationale=rationale), NotAllowed)
    (told,) = await world.exceptions()
    assert (told.kind, told.count) == ("wrong-approver", 2)


async def test_an_approval_whose_rationale_is_gone_gives_nothing_where_policy_wants_one(
    world: World,
) -> None:
    """Promise 3: asked once more before the access is there."""
    grant = await world.asked("ada", "prod-db")
    assert (await world.decide("grace", grant, rationale="because of the incident")).state == (
        GrantState.APPROVED
    )
    by_hand = text("UPDATE approvals SET rationale = ' '")
    await world.ground.database.write(lambda tx: tx.connection().execute(by_hand) and None)
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED
