"""Approvals that rest on a fresh proof: asked for, given, spent once and on record; refused without one (P-10)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, update

from handlers.decisions.cedar import CedarPolicy
from handlers.intents import Decide
from handlers.outcomes import Changed, Decided, Demand, MayDecide, NeedsMore, NotAllowed, TooLate
from handlers.policies import shipped
from storage import proofs
from storage.binding import mark
from storage.engine.stores import Server
from storage.fresh import FreshProof
from storage.handles import bind, move
from storage.records import Approval, Handle, StepUp
from storage.states import GrantState, Result
from storage.step_ups import About
from tests.handlers.access_ground import CATALOGUE, SLACK, World, thing
from tests.handlers.access_ground import world as open_world
from tests.handlers.made_once import without_step_up

VAULT = "vault-root"
WITH_VAULT = replace(
    CATALOGUE,
    entitlements={
        **CATALOGUE.entitlements,
        VAULT: thing(VAULT, risk=5, environment="production", kind="secrets", group="prod-db"),
    },
)
# As shipped, but that only a passkey will do for the production database.
PASSKEYS_ONLY = """
@id("passkeys-only") @reason("Only a passkey will do.")
forbid (principal, action == Action::"approve", resource)
when { context has proof && !context.proof.kinds.contains("passkey") };
"""

WITHIN_A_MINUTE = """
@id("within-a-minute") @reason("Prove it within a minute.")
forbid (principal, action == Action::"approve", resource)
when { context has proof && context.proof.seconds > 60 };
"""

CODES_ONLY = """
@id("codes-only") @reason("Retype its code.")
forbid (principal, action == Action::"approve", resource) when { !context.codeRetyped };
"""

NOBODY_ANY_MORE = """
@id("nobody-any-more") @reason("Nobody has it any more.")
forbid (principal, action == Action::"grant", resource);
"""


def policy(more: str = "") -> CedarPolicy:
    sources, schema = shipped()
    return CedarPolicy.load({**sources, **({"own.cedar": more} if more else {})}, schema, bound_to="test")


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server, policy=policy(), catalogue=WITH_VAULT) as made:
        yield made
        assert await made.sound()


async def opened(world: World, who: str, grant: str, way: str = "approve") -> Demand:
    """They open the form: what it asks for."""
    outcome = await world.deciding.consider(await world.on(who, grant), way)  # type: ignore[arg-type]
    assert isinstance(outcome, MayDecide), outcome
    return outcome.demand


async def decides(world: World, who: str, grant: str, **changes: Any) -> Any:
    """They press Approve, having seen the request as it is."""
    row = await world.grant(grant)
    given: dict[str, Any] = {
        "approve": True,
        "rationale": "ok for the incident",
        "shown": mark(row),
        **changes,
    }
    return await world.deciding.decide(
        Decide(actor=await world.actor(who), where=SLACK, delivery=world.delivery(), grant=grant, **given)
    )


async def proves(world: World, handle: str, *kinds: str) -> None:
    """They give a proof on the page, by this handle (tests.handlers.approvals.test_stepping_up plays how)."""

    def work(tx: Session) -> None:
        assert bind(tx, handle, proven=list(kinds or ("totp",)), session="s", was="", at=world.clock())
        assert move(tx, handle, was=Result.OPEN, now=Result.DONE, at=world.clock())

    await world.ground.database.write(work)


async def whys(world: World, action: str = "approval.unproven") -> list[Any]:
    return [entry["facts"].get("why") for entry in await world.audit() if entry["action"] == action]


async def test_an_approval_rests_on_the_proof_that_was_given_for_it(world: World) -> None:
    """The row and the record say which proof, when, by which handle."""
    grant = await world.asked("ada", "prod-db")
    handle = (await opened(world, "grace", grant)).handle
    assert handle
    await proves(world, handle, "passkey")
    at = world.clock()
    world.clock.forward(seconds=90)
    demand = await opened(world, "grace", grant)
    assert (demand.handle, demand.proof) == ("", FreshProof(handle=handle, kinds=("passkey",), at=at))
    assert (await decides(world, "grace", grant)).state == GrantState.APPROVED
    [row] = await world.rows(Approval)
    assert (row.proof, row.proved_by, row.proved_at, row.retyped) == (handle, "passkey", at, False)
    spent = {one.handle: one.spent_at for one in await world.rows(StepUp)}
    assert spent[handle] == world.clock()  # nothing else will rest on it, whatever the record says
    [entry] = [each for each in await world.audit() if each["action"] == "approval.given"]
    told = {name: entry["facts"][name] for name in ("proof", "proved_by", "proved_at")}
    assert told == {"proof": handle, "proved_by": ["passkey"], "proved_at": at.isoformat()}


async def test_without_a_proof_nothing_is_approved_and_what_was_typed_is_kept(world: World) -> None:
    """The next form is prefilled; once it is decided nothing of it is left."""
    grant = await world.asked("ada", "prod-db")
    outcome = await decides(world, "grace", grant, minutes=30)
    assert isinstance(outcome, NeedsMore)
    assert (outcome.proof, outcome.code, outcome.rationale) == (True, False, False)
    assert (await world.grant(grant)).state == GrantState.PENDING
    assert await whys(world) == ["none"]
    again = await opened(world, "grace", grant)
    assert (again.handle, again.rationale, again.minutes) == (
        outcome.demand.handle,
        "ok for the incident",
        30,
    )
    await proves(world, again.handle)
    assert isinstance(await decides(world, "grace", grant), Decided)
    assert [(row.rationale, row.minutes) for row in await world.rows(StepUp)] == [("", None)]


@pytest.mark.both_engines
async def test_a_click_without_words_wipes_none_that_were_typed_before(world: World) -> None:
    """A message of before policy wanted a proof still has the button that approves at once."""
    grant = await world.asked("ada", "prod-db")
    await decides(world, "grace", grant, minutes=30)
    await decides(world, "grace", grant, rationale="")
    again = await opened(world, "grace", grant)
    assert (again.rationale, again.minutes) == ("ok for the incident", 30)


async def test_a_proof_that_is_old_spent_or_anothers_is_none(world: World) -> None:
    """Each is refused, and the record says why."""
    first, second = await world.asked("ada", "prod-db"), await world.asked("charles", "prod-db")
    handle = (await opened(world, "grace", first)).handle
    await proves(world, handle)
    assert isinstance(await decides(world, "linus", first), NeedsMore)  # another approver
    assert isinstance(await decides(world, "grace", second), NeedsMore)  # another request
    world.clock.forward(minutes=5)
    assert isinstance(await decides(world, "grace", first), NeedsMore)  # too old
    assert await whys(world) == ["none", "none", "stale"]
    handle = (await opened(world, "grace", first)).handle
    await proves(world, handle)
    spent = await world.ground.database.write(
        lambda tx: world.ground.stepping_up.spend(
            tx, FreshProof(handle=handle, kinds=("totp",), at=world.clock()), world.clock()
        )
    )
    assert spent
    assert isinstance(await decides(world, "grace", first), NeedsMore)
    assert (await whys(world))[-1] == "spent"
    assert await world.rows(Approval) == []


@pytest.mark.both_engines
async def test_a_proof_from_another_slack_account_of_the_same_person_is_none(world: World) -> None:
    """Whoever sits at the one did not prove it at the other."""
    grant = await world.asked("ada", "prod-db")
    handle = (await opened(world, "grace", grant)).handle
    await world.ground.database.write(
        lambda tx: tx.execute(update(Handle).where(col(Handle.id) == handle).values(slack_user="Uother"))
    )
    await proves(world, handle)
    assert isinstance(await decides(world, "grace", grant), NeedsMore)
    assert await whys(world) == ["other_account"]


async def test_the_third_approval_without_a_proof_is_an_exception(world: World) -> None:
    """Somebody may sit at their Slack account; the first two are how anybody begins."""
    grant = await world.asked("ada", "prod-db")
    for _ in range(2):
        await decides(world, "grace", grant)
    assert "unproven" not in await world.kinds()
    await decides(world, "grace", grant)
    assert "unproven" in await world.kinds()


async def test_a_wrong_person_is_one_with_or_without_a_proof(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await decides(world, "charles", grant), NotAllowed)
    assert isinstance(await decides(world, "ada", grant), NotAllowed)
    assert await world.rows(StepUp) == []


async def test_a_request_that_changed_meanwhile_is_not_approved_and_the_proof_is_left(world: World) -> None:
    """It was for this request; what it says now has still to be read."""
    grant = await world.asked("ada", "prod-db")
    await proves(world, (await opened(world, "grace", grant)).handle)
    assert isinstance(await decides(world, "grace", grant, shown="0" * 20), Changed)
    assert (await decides(world, "grace", grant)).state == GrantState.APPROVED


async def test_who_has_not_proved_it_yet_hears_first_that_the_request_changed(world: World) -> None:
    """Nobody is sent to the page, or counted as unproven, for a request that they have still to read."""
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await decides(world, "grace", grant, shown="0" * 20), Changed)
    assert (await whys(world), await world.rows(StepUp)) == ([], [])


@pytest.mark.both_engines
async def test_two_presses_at_once_are_one_approval_and_one_spent_proof(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    await proves(world, (await opened(world, "grace", grant)).handle)
    first, second = await decides(world, "grace", grant), await decides(world, "grace", grant)
    assert (type(first), type(second)) == (Decided, TooLate)
    assert len(await world.rows(Approval)) == 1


async def test_where_policy_wants_no_proof_nothing_is_looked_for_or_kept(world: World) -> None:
    """Denying, and what is less risky: no row, no link."""
    grant = await world.asked("ada", "prod-db")
    assert await opened(world, "grace", grant, "deny") == Demand()
    assert (await decides(world, "grace", grant, approve=False)).state == GrantState.DENIED
    assert await world.rows(StepUp) == []


async def test_an_approver_with_nothing_set_up_hears_of_it_and_may_do_it_yet(world: World) -> None:
    """The link is theirs all the same: it works once they have set something up."""
    grant = await world.asked("ada", "prod-db")
    assert not (await opened(world, "grace", grant)).enrolled
    await world.ground.database.write(lambda tx: _enrol(tx, world, "grace"))
    demand = await opened(world, "grace", grant)
    assert (demand.enrolled, bool(demand.handle)) == (True, True)


async def test_a_proof_that_is_too_weak_for_this_is_kept_for_nothing(tmp_path: Path) -> None:
    """A policy of one's own may want more than the page does: then another is asked for."""
    async with open_world(tmp_path, policy=policy(PASSKEYS_ONLY)) as world:
        grant = await world.asked("ada", "prod-db")
        await proves(world, (await opened(world, "grace", grant)).handle, "totp")
        outcome = await decides(world, "grace", grant)
        assert isinstance(outcome, NeedsMore)
        assert outcome.demand.weak
        assert await whys(world) == ["weak"]
        world.clock.forward(seconds=1)
        await proves(world, outcome.demand.handle, "passkey")
        assert (await decides(world, "grace", grant)).state == GrantState.APPROVED


async def test_policy_hears_how_old_a_proof_is(tmp_path: Path) -> None:
    """P-10: one of one's own may want a fresher one than the page does."""
    async with open_world(tmp_path, policy=policy(WITHIN_A_MINUTE)) as world:
        first, second = await world.asked("ada", "prod-db"), await world.asked("charles", "prod-db")
        for grant in (first, second):
            await proves(world, (await opened(world, "grace", grant)).handle)
        world.clock.forward(seconds=60)
        assert (await decides(world, "grace", first)).state == GrantState.APPROVED
        world.clock.forward(seconds=1)
        assert isinstance(await decides(world, "grace", second), NeedsMore)
        assert await whys(world) == ["weak"]


@pytest.mark.both_engines
async def test_at_risk_5_the_code_is_retyped_too(world: World) -> None:
    """Case and spaces do not matter; the code of another approver, or of before a change, does not count."""
    grant = await world.asked("ada", VAULT)
    demand, others = await opened(world, "grace", grant), await opened(world, "sam", grant)
    assert demand.code
    assert demand.code != others.code
    await proves(world, demand.handle)
    for wrong in ("", "CDF CDF", others.code):
        outcome = await decides(world, "grace", grant, code=wrong)
        assert isinstance(outcome, NeedsMore)
        assert (outcome.code, outcome.proof) == (True, False)
    assert len(await whys(world, "approval.unretyped")) == 3
    typed = f" {demand.code.lower().replace(' ', '-')} "
    assert (await decides(world, "grace", grant, code=typed)).state == GrantState.PENDING
    assert [row.retyped for row in await world.rows(Approval)] == [True]
    await proves(world, others.handle)
    assert (await decides(world, "sam", grant, code=others.code)).state == GrantState.APPROVED


async def test_what_was_approved_with_a_proof_is_given(world: World) -> None:
    """Promise 3: at execution each approval is asked about with the proof that it was given with."""
    grant = await world.asked("ada", "prod-db")
    await proves(world, (await opened(world, "grace", grant)).handle)
    await decides(world, "grace", grant)
    world.clock.forward(minutes=20)
    await world.settle()
    assert (await world.grant(grant)).state == GrantState.ACTIVE


async def test_an_approval_of_before_without_a_proof_does_not_give_it(tmp_path: Path) -> None:
    """R-2: policy wants one by now, so the approval is void when it is asked about again."""
    async with open_world(tmp_path) as world:
        grant = await world.asked("ada", "prod-db")
        await decides(world, "grace", grant)
        strict = replace(world.ground, policy=policy())
        again = World(ground=strict, clock=world.clock, local=world.local, faulty=world.faulty)
        await again.settle()
        assert (await world.grant(grant)).state == GrantState.VOIDED


@pytest.mark.parametrize("retyped", [True, False])
async def test_an_approval_of_before_gives_it_only_if_its_code_was_retyped(
    tmp_path: Path, retyped: bool
) -> None:
    """R-2: policy wants it by now, and asks about each approval as it was given."""
    async with open_world(tmp_path) as world:
        grant = await world.asked("ada", "prod-db")
        stepping, actor = world.ground.stepping_up, await world.actor("grace")
        code = stepping.code(actor, about=grant, shown=mark(await world.grant(grant))) if retyped else ""
        assert (await decides(world, "grace", grant, code=code)).state == GrantState.APPROVED
        sources, schema = without_step_up()
        codes_only = CedarPolicy.load({**sources, "own.cedar": CODES_ONLY}, schema, bound_to="test")
        strict = replace(world.ground, policy=codes_only)
        again = World(ground=strict, clock=world.clock, local=world.local, faulty=world.faulty)
        await again.settle()
        assert (await world.grant(grant)).state == (GrantState.ACTIVE if retyped else GrantState.VOIDED)


async def test_what_was_typed_is_erased_an_hour_after_the_link_is_over(world: World) -> None:
    """With the names of what it was for; who proved what, and when, stays."""
    grant = await world.asked("ada", "prod-db")
    await decides(world, "grace", grant)
    world.clock.forward(hours=1, minutes=9)
    await world.revocation.forget_old()
    [row] = await world.rows(StepUp)
    assert row.rationale == "ok for the incident"
    world.clock.forward(minutes=2)
    await world.revocation.forget_old()
    [row] = await world.rows(StepUp)
    assert (row.rationale, row.minutes, row.thing, row.whom) == ("", None, "", "")
    assert (row.about, row.kind) == (grant, About.APPROVAL)


@pytest.mark.parametrize("ending", ["denied", "void"])
async def test_what_one_typed_is_erased_when_another_decides_without_a_proof(
    tmp_path: Path, ending: str
) -> None:
    """A denial wants no proof, and neither does a request that nobody can be given any more: both decide it."""
    async with open_world(tmp_path, policy=policy()) as world:
        grant = await world.asked("ada", "prod-db")
        assert isinstance(await decides(world, "linus", grant, minutes=30), NeedsMore)
        if ending == "void":
            await proves(world, (await opened(world, "grace", grant)).handle)
            frozen = replace(world.ground, policy=policy(NOBODY_ANY_MORE))
            world = World(
                ground=frozen, clock=world.clock, local=world.local, faulty=world.faulty, deliveries=count(50)
            )
        outcome = await decides(world, "grace", grant, approve=ending == "void")
        assert isinstance(outcome, Decided), outcome
        assert outcome.state == (GrantState.DENIED if ending == "denied" else GrantState.VOIDED)
        assert {(row.rationale, row.minutes) for row in await world.rows(StepUp)} == {("", None)}


def _enrol(tx: Session, world: World, account: str) -> None:
    proofs.keep_pending_seed(
        tx, handle="h-x", directory="staff", account=account, sealed="sealed", at=world.clock()
    )
    assert proofs.replace_seed(tx, handle="h-x", directory="staff", account=account, step=0)
