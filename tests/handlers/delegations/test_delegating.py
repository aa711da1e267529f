"""Delegated approvals: who may make one, what it is worth at the click and at the execution, and how it ends."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pytest
from sqlalchemy import text
from sqlmodel import select

from handlers.approvals.deciders import deciders, is_decider
from handlers.delegations.delegating import ASKED_FOR, ELSEWHERE, SEVERAL_OWNERS, THEIR_OWN, Delegating
from handlers.delegations.outcomes import (
    Delegate,
    EndedBefore,
    EndedNow,
    Made,
    MayDelegate,
    MayNotDelegate,
    MayNotEnd,
    NotToThem,
    OnDelegation,
)
from handlers.delegations.shown import DelegationsShown
from handlers.grants.leavers import Leavers
from handlers.grants.revoking_all import RevokingAll
from handlers.intents import SCHEDULE, Intent
from handlers.outcomes import Decided, MayDecide, NotAllowed, Repeated, TooLate, Unknown
from handlers.questions.concerned import could_decide
from handlers.recording import WICKET
from handlers.stops.freezing import Cause, begin
from handlers.stops.outcomes import AllRevoked, RevokeAll
from storage import links
from storage.audit.checkpoint import Signer
from storage.catalogue import Scope
from storage.directories.base import Directory, Group
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.group_names import GroupNames, exact
from storage.records import Approval, Delegation
from storage.states import FreezeKind, GrantState
from tests.handlers.access_ground import CATALOGUE, HOUR, World, thing
from tests.handlers.access_ground import world as open_world
from tests.handlers.questions.test_home import waits

DAY = timedelta(days=1)
PAIR = thing("pair-db", risk=3, environment="staging", kind="database", people=2, group="wiki-admins")
THINGS = replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, "pair-db": PAIR})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, catalogue=THINGS) as made:
        for login in ("charles", "eve", "grace", "linus", "ada", "sam"):
            await link(made, login)
        yield made
        assert await made.sound()


@pytest.mark.parametrize(
    "group", ["Wiki-Edit", "wiki-\u0117dit", "\uff57iki-edit", "wiki-ed\u00adit", "wi\u212ai-edit"]
)
async def test_a_group_that_may_be_had_on_request_by_another_name_approves_for_nobody(
    tmp_path: Path, group: str
) -> None:
    """R-5: what no rule tells for sure of a directory is taken for one where it would let somebody in."""
    unsure = GroupNames({"staff": exact})
    async with open_world(tmp_path, catalogue=THINGS, group_names=unsure) as world:
        await world.local.add_group(group)
        assert isinstance(await delegate(world, group=group), NotToThem)
        things = world.ground.catalogue.entitlements
        without = {name: one for name, one in things.items() if name != "wiki-edit"}
        world.ground = replace(world.ground, catalogue=replace(world.ground.catalogue, entitlements=without))
        await made(world, group=group)
        await world.local.put_in_group(group, "charles")
        world.ground = replace(world.ground, catalogue=THINGS)
        world.__post_init__()
        await refused(world, "charles", await world.asked("ada", "prod-db"))


async def test_where_each_letter_counts_a_group_of_other_letters_may_approve(world: World) -> None:
    """R-5: the local directory tells them apart, so it is not the one that is had on request."""
    await world.local.add_group("Wiki-Edit")
    await made(world, group="Wiki-Edit")


async def link(world: World, login: str) -> None:
    def work(tx: Any) -> None:
        links.make_link(
            tx, at=world.clock(), slack_team="T1", slack_user=f"U{login.upper()}", directory="staff", account=login,
            mail=f"{login}@example.com", made_by="sign-in",
        )  # fmt: skip

    await world.ground.database.write(work)


async def delegate(
    world: World, by: str = "grace", to: str = "charles", *what: str, group: str = "", risk: int = 4,
    minutes: int = 480, lasts: timedelta = 5 * DAY, delivery: str = "",
) -> Any:  # fmt: skip
    intent = Delegate(
        **await world.intent(by, delivery), entitlements=what or ("prod-db",), whom="" if group else f"U{to.upper()}",
        group=group, max_risk=risk, max_minutes=minutes, lasts=lasts,
    )  # fmt: skip
    return await Delegating(world.ground).delegate(intent)


async def made(world: World, *args: Any, **more: Any) -> str:
    outcome = await delegate(world, *args, **more)
    assert isinstance(outcome, Made), outcome
    return outcome.delegation


async def end(world: World, by: str, delegation: str, delivery: str = "") -> Any:
    intent = OnDelegation(**await world.intent(by, delivery), delegation=delegation)
    return await Delegating(world.ground).end(intent)


async def refused(world: World, login: str, grant: str, **more: Any) -> tuple[str, ...]:
    """They try to approve and may not; by which policies, and nothing of it counted."""
    outcome = await world.decide(login, grant, **more)
    assert isinstance(outcome, NotAllowed), outcome
    assert await world.state(grant) == GrantState.PENDING
    return tuple((await world.last("approval.refused"))["policy"]["ids"])


# Making one.


async def test_a_delegate_approves_with_the_owners_word_and_the_record_says_by_what(world: World) -> None:
    """R-5: it counts as the owner's, once; the entry and the approval name the delegation and whoever made it."""
    delegation = await made(world)
    assert {one for one in await world.owed() if one[0] == "delegation"} == {
        ("delegation", place) for place in ("security", "owner:data", "UCHARLES", "Ugrace")
    }
    grant = await world.asked("ada", "prod-db")
    assert [one.account.id for one in await deciders(world.ground, grant)] == ["charles", "grace", "linus"]
    decided = await world.decide("charles", grant)
    assert isinstance(decided, Decided)
    assert decided.state == GrantState.APPROVED
    entry = await world.last("approval.given")
    assert entry["policy"]["ids"] == ["approve-by-delegation"]
    assert (entry["facts"]["delegation"], entry["facts"]["delegator"]) == (delegation, "grace")
    assert [(one.role, one.delegation) for one in await world.rows(Approval)] == [("owner", delegation)]
    await world.settle()
    assert await world.state(grant) == "active"


async def test_a_group_is_whoever_is_in_it_at_the_click_and_no_contractor(world: World) -> None:
    """R-5."""
    await world.local.add_group("deputies")
    await world.local.put_in_group("deputies", "charles", "eve")
    await made(world, group="deputies")
    grant = await world.asked("ada", "prod-db")
    assert await refused(world, "eve", grant) == ("contractors-never-approve",)
    await world.local.remove_member("charles", "deputies")
    await refused(world, "charles", grant)
    await world.local.put_in_group("deputies", "charles")
    assert (await world.decide("charles", grant)).state == GrantState.APPROVED
    world.clock.forward(days=366)
    assert await Delegating(world.ground).end_due() == 1
    for action in ("delegation.made", "delegation.expired"):  # each names whom it is about, and what
        facts = (await world.last(action))["facts"]
        assert (facts.get("group"), facts.get("entitlements")) == ("deputies", ["prod-db"])


async def test_a_group_that_is_had_on_request_approves_for_nobody(world: World) -> None:
    """R-5: whoever took it, at low risk by nobody's decision, would decide; also where it is offered only since."""
    things = world.ground.catalogue.entitlements
    without = {name: one for name, one in things.items() if name != "wiki-edit"}
    assert isinstance(await delegate(world, "grace", group="wiki-edit"), NotToThem)
    world.ground = replace(world.ground, catalogue=replace(world.ground.catalogue, entitlements=without))
    await made(world, group="wiki-edit")
    await world.local.put_in_group("wiki-edit", "charles")
    grant = await world.asked("ada", "prod-db")
    world.reopen(catalogue=replace(world.ground.catalogue, entitlements=things))
    await refused(world, "charles", grant)
    world.reopen(catalogue=replace(world.ground.catalogue, entitlements=without))
    assert (await world.decide("charles", grant)).state == GrantState.APPROVED


class AlsoCalled:
    """A directory that knows "deputies" by more names."""

    def __init__(self, inner: Directory, *others: str) -> None:
        self.inner, self.others = inner, frozenset(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def group(self, name: str) -> Group | None:
        found = await self.inner.group(name)
        return replace(found, others=self.others) if found and name == "deputies" else found


@pytest.mark.parametrize(
    ("other", "why"), [("wiki-edit", ASKED_FOR), ("data-owners", THEIR_OWN), ("stand-ins", None)]
)
async def test_a_group_that_has_several_names_is_looked_at_by_each(
    world: World, other: str, why: str | None
) -> None:
    """R-5: by whichever of them it is had on request, or approves anyhow."""
    await world.local.add_group("deputies")
    world.faulty.inner = AlsoCalled(world.local, "more-deputies", other)  # type: ignore[assignment]
    outcome = await delegate(world, "grace", group="deputies")
    assert outcome == NotToThem(group=True, reason=why) if why else isinstance(outcome, Made)


@pytest.mark.parametrize(
    ("by", "to", "more", "why"),
    [
        ("charles", "ada", {}, ()),  # nobody who has nothing
        ("grace", "eve", {}, ("delegates-are-employed-and-active",)),  # a contractor
        ("grace", "grace", {}, ("nobody-delegates-to-themselves",)),
        ("grace", "charles", {"lasts": 15 * DAY}, ("delegations-end",)),
        ("grace", "charles", {"risk": 3}, ("delegated-risk-is-enough",)),
    ],
)
async def test_what_is_not_to_be_delegated_is_not(
    world: World, by: str, to: str, more: dict[str, Any], why: tuple[str, ...]
) -> None:
    """R-5: refused by policy, on the record, and no row of it."""
    outcome = await delegate(world, by, to, **more)
    assert isinstance(outcome, MayNotDelegate)
    assert tuple((await world.last("delegation.refused"))["policy"]["ids"]) == why
    assert await world.rows(Delegation) == []


@pytest.mark.parametrize(
    ("login", "way", "why"),
    [
        ("charles", "reported", "delegates-are-themselves"),
        ("grace", "reported", "reported-nothing"),
        ("grace", "reset", "reset-delegates-later"),
    ],
)
async def test_nothing_is_delegated_by_or_to_an_account_that_somebody_else_may_be_in(
    world: World, login: str, way: Literal["reset", "reported"], why: str
) -> None:
    """P-6, P-8, R-5: whoever is in it would lend the owner's word, or get it."""
    await world.happened(way, login)
    assert isinstance(await delegate(world), MayNotDelegate)
    assert why in (await world.last("delegation.refused"))["policy"]["ids"]
    assert await world.rows(Delegation) == []


@pytest.mark.parametrize("what", [("prod-db", "wiki-edit"), ("wiki-edit", "prod-db")])
async def test_of_several_things_one_that_is_not_to_be_delegated_is_enough(
    world: World, what: tuple[str, str]
) -> None:
    """R-5: wherever it stands among them."""
    assert isinstance(await delegate(world, "grace", "charles", *what, risk=3), MayNotDelegate)
    assert (await world.last("delegation.refused"))["policy"]["ids"] == ["delegated-risk-is-enough"]
    assert await world.rows(Delegation) == []


async def test_no_delegate_delegates_on(world: World) -> None:
    """R-5: whoever approves by delegation alone is refused, in the form and behind it, and it is an exception."""
    await made(world)
    considered = await Delegating(world.ground).consider(Intent(**await world.intent("charles")))
    assert isinstance(considered, MayNotDelegate)
    assert isinstance(await delegate(world, "charles", "ada"), MayNotDelegate)
    assert len(await world.rows(Delegation)) == 1
    assert await world.kinds() == ["wrong-approver"]
    grant = await world.asked("linus", "prod-db")
    await refused(world, "ada", grant)


async def test_nobody_gets_one_who_is_not_known_is_gone_or_is_no_group(world: World) -> None:
    """R-5, P-4: a bot and a stranger have no link; a deactivated account is none to approve with."""
    assert isinstance(await delegate(world, "grace", "robot"), NotToThem)
    assert isinstance(await delegate(world, "grace", group="nowhere"), NotToThem)
    assert isinstance(await delegate(world, "grace", group="data-owners"), NotToThem)
    await world.local.switch("charles", active=False)
    assert isinstance(await delegate(world), MayNotDelegate)
    assert await delegate(world, "grace", "charles", "gone") == Unknown(what="entitlement")
    assert await world.rows(Delegation) == []


async def test_nobody_delegates_to_another_account_of_their_own(world: World) -> None:
    """R-5, R-1: by whatever account, it is the same person."""
    for login in ("grace", "charles"):
        await world.local.change_account(login, person="1906")
    assert isinstance(await delegate(world), MayNotDelegate)
    assert (await world.last("delegation.refused"))["policy"]["ids"] == ["nobody-delegates-to-themselves"]


async def test_nobody_gets_one_who_signs_in_elsewhere_though_an_account_here_has_the_same_id(
    world: World,
) -> None:
    """R-5, SL-3: an id is of one directory, and in another it may be anybody's."""

    def work(tx: Any) -> None:
        links.make_link(
            tx, at=world.clock(), slack_team="T1", slack_user="UFAR", directory="branch", account="charles",
            mail="far@example.com", made_by="sign-in",
        )  # fmt: skip

    await world.ground.database.write(work)
    assert await delegate(world, "grace", "far") == NotToThem(group=False, reason=ELSEWHERE)
    assert await world.rows(Delegation) == []


async def test_nobody_delegates_what_is_owned_where_they_do_not_sign_in(tmp_path: Path) -> None:
    """R-5, SL-3: a group of that name there is of other people."""
    far = thing("far-db", directory="branch", risk=3)
    catalogue = replace(THINGS, entitlements={**THINGS.entitlements, "far-db": far})
    branch = LocalDirectory(tmp_path / "branch.db", name="branch", cost=Scrypt(n=2))
    async with open_world(tmp_path, catalogue=catalogue, beside={"branch": branch}) as world:
        await link(world, "charles")
        assert isinstance(await delegate(world, "grace", "charles", "far-db"), MayNotDelegate)
        assert await world.rows(Delegation) == []
    branch.close()


async def test_one_delegation_is_of_things_of_one_owner_that_are_all_there(tmp_path: Path) -> None:
    """R-5: a row has one owner's approvers behind it, and nobody lends less than they read in the form."""
    other = replace(CATALOGUE.owners["data"], id="other", name="Other")
    theirs = replace(PAIR, id="theirs", owner="other")
    catalogue = replace(
        THINGS,
        owners={**THINGS.owners, "other": other},
        entitlements={**THINGS.entitlements, "theirs": theirs},
    )
    async with open_world(tmp_path, catalogue=catalogue) as world:
        await link(world, "charles")
        refused = await delegate(world, "grace", "charles", "prod-db", "theirs")
        assert refused == MayNotDelegate(reasons=(SEVERAL_OWNERS,))
        gone = await delegate(world, "grace", "charles", "prod-db", "gone")
        assert gone == Unknown(what="entitlement")
        assert await world.rows(Delegation) == []


async def test_a_form_that_is_mended_and_sent_again_delegates(world: World) -> None:
    """R-5, promise 6: a form that stayed open with an error has the delivery that it had; its error counts once."""
    for _ in range(2):
        assert isinstance(await delegate(world, group="nowhere", delivery="view:1"), NotToThem)
    assert await world.actions("delegation") == ["delegation.refused refused"]
    assert isinstance(await delegate(world, delivery="view:1"), Made)
    assert await delegate(world, delivery="view:1") == Repeated()


async def test_security_lends_no_owners_word_since_it_has_none(world: World) -> None:
    """R-5: never more than the delegator holds. What security could not approve itself, nobody approves for it."""
    assert await refused(world, "sam", await world.asked("linus", "prod-db")) == ()
    may = await Delegating(world.ground).consider(Intent(**await world.intent("sam")))
    assert isinstance(may, MayNotDelegate)
    assert isinstance(await delegate(world, "sam"), MayNotDelegate)
    assert await world.rows(Delegation) == []


async def test_a_repeat_makes_no_second(world: World) -> None:
    """R-5, promise 6."""
    may = await Delegating(world.ground).consider(Intent(**await world.intent("grace")))
    assert isinstance(may, MayDelegate)
    await made(world, delivery="same")
    assert await delegate(world, delivery="same") == Repeated()
    assert [one.role for one in await world.rows(Delegation)] == ["owner"]


async def test_nothing_is_delegated_while_new_access_is_stopped(world: World) -> None:
    """T-4: no new way to access. Ending one goes on."""
    delegation = await made(world)
    cause = Cause(kind=FreezeKind.EMERGENCY, detail="", by="Sam", rationale="")

    def stop(tx: Any) -> None:
        begin(tx, world.ground, cause, actor=WICKET, where=SCHEDULE, signer=Signer.generate("wicket.example"))

    await world.ground.database.write(stop)
    assert not isinstance(await delegate(world, "linus"), Made)
    assert await world.actions("delegation.stopped") == ["delegation.stopped refused"]
    assert await end(world, "grace", delegation) == EndedNow()


# What it is worth.


@pytest.mark.parametrize(
    ("limits", "hours", "minutes"),
    [({"risk": 4, "minutes": 60}, 2, None), ({"risk": 4, "minutes": 60}, 3, 120)],
)
async def test_no_delegate_approves_for_longer(
    world: World, limits: dict[str, int], hours: int, minutes: int | None
) -> None:
    """R-5: neither what was asked nor a shorter time that is too long still; a short one will do."""
    await made(world, **limits)
    grant = await world.asked("ada", "prod-db", hours * HOUR)
    assert await refused(world, "charles", grant, minutes=minutes) == ("beyond-delegation",)
    assert (await world.decide("charles", grant, minutes=60)).state == GrantState.APPROVED
    await world.settle()
    assert await world.state(grant) == "active"


async def test_no_delegate_approves_another_thing_nor_one_whose_risk_was_raised(world: World) -> None:
    """R-5: the limits are looked at when they click."""
    await made(world, "grace", "charles", "pair-db", risk=3)
    assert await refused(world, "charles", await world.asked("ada", "prod-db")) == ()
    raised = {**THINGS.entitlements, "pair-db": replace(PAIR, risk=4)}
    world.reopen(catalogue=replace(THINGS, entitlements=raised))
    grant = await world.asked("ada", "pair-db")
    assert await refused(world, "charles", grant) == ("beyond-delegation",)


async def test_it_is_worth_nothing_once_it_ended_between_the_message_and_the_click(world: World) -> None:
    """R-5: by its time, and by a click of whoever may; the second click hears who ended it."""
    delegation = await made(world, lasts=DAY)
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await end(world, "ada", delegation), MayNotEnd)
    assert await end(world, "linus", delegation) == EndedNow()
    late = await end(world, "sam", delegation)
    assert isinstance(late, EndedBefore)
    assert late.by == "Linus"
    await refused(world, "charles", grant)
    await made(world, lasts=HOUR)
    world.clock.forward(hours=1)
    await refused(world, "charles", grant)  # before anything noticed its end
    assert await Delegating(world.ground).end_due() == 1
    assert await world.actions("delegation") == [
        "delegation.made done", "delegation.end_refused refused", "delegation.ended done",
        "delegation.end_late refused", "delegation.made done", "delegation.expired done",
    ]  # fmt: skip


@pytest.mark.parametrize("lost", ["group", "active", "employment"])
async def test_it_is_worth_nothing_once_the_delegator_lost_what_they_had(world: World, lost: str) -> None:
    """R-5: never more than the delegator holds, at the click."""
    await made(world)
    grant = await world.asked("ada", "prod-db")
    if lost == "group":
        await world.local.remove_member("grace", "data-owners")
    elif lost == "active":
        await world.local.switch("grace", active=False)
    else:
        await world.local.change_account("grace", employment="contractor")
    await refused(world, "charles", grant)


async def test_it_waits_for_nobody_whose_delegator_was_reset_lately(world: World) -> None:
    """P-8, R-5: whose first page it stands on is as a click would be answered."""
    await made(world)
    grant, charles = await world.asked("ada", "prod-db"), await world.account("charles")
    assert await is_decider(world.ground, grant, charles)

    await world.happened("reset", "grace")
    assert "reset-delegates-later" in await refused(world, "charles", grant)
    assert not await is_decider(world.ground, grant, charles)


async def test_an_approval_by_it_counts_no_more_at_the_execution_either(world: World) -> None:
    """R-5, promise 3: approved, and ended before the access is there."""
    delegation = await made(world)
    grant = await world.asked("ada", "prod-db")
    assert (await world.decide("charles", grant)).state == GrantState.APPROVED
    await end(world, "charles", delegation)
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED
    assert not await world.holds("ada", "prod-db")
    assert "authority-lost" in await world.kinds()


async def test_it_counts_no_more_at_the_execution_if_the_delegator_was_reset_meanwhile(world: World) -> None:
    """P-8, R-5, promise 3."""
    await made(world)
    grant = await world.asked("ada", "prod-db")
    assert (await world.decide("charles", grant)).state == GrantState.APPROVED
    await world.happened("reset", "grace")
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED


async def test_no_delegate_decides_what_their_delegator_asks_for_nor_their_own(world: World) -> None:
    """R-1, R-5: requester, approver and whoever lent the authority are three."""
    await made(world)
    assert await refused(world, "charles", await world.asked("grace", "prod-db")) == (
        "not-for-their-delegator",
    )
    assert await refused(world, "charles", await world.asked("charles", "prod-db")) == (
        "requester-never-approves",
    )


async def test_one_authority_is_never_two_people(world: World) -> None:
    """R-5: two delegates of one owner, and an owner with their delegate, do not make two; another owner does."""
    await world.local.add_account("dora", login="dora", name="Dora", mail="dora@example.com")
    await link(world, "dora")
    await made(world, "grace", "charles", "pair-db")
    await made(world, "linus", "dora", "pair-db")
    grant = await world.asked("ada", "pair-db")
    assert (await world.decide("charles", grant)).state == GrantState.PENDING
    for second in ("dora", "grace"):
        assert await refused(world, second, grant) == ("one-authority-counts-once",)
    assert isinstance(await world.decide("charles", grant), TooLate)
    assert (await world.decide("linus", grant)).state == GrantState.APPROVED
    await world.settle()
    assert await world.state(grant) == "active"


async def test_a_delegate_adds_nothing_to_their_delegator(world: World) -> None:
    """R-5: the other way round."""
    await made(world, "grace", "charles", "pair-db")
    grant = await world.asked("ada", "pair-db")
    assert (await world.decide("grace", grant)).state == GrantState.PENDING
    assert await refused(world, "charles", grant) == ("one-authority-counts-once",)


async def test_security_does_not_approve_beside_whom_it_delegated_to(world: World) -> None:
    """R-5: owner and security are two authorities, not one person's who is of both."""
    await world.local.put_in_group("data-owners", "sam")
    await made(world, "sam", "charles", "prod-admin")
    grant = await world.asked("ada", "prod-admin")
    assert (await world.decide("charles", grant)).state == GrantState.PENDING
    assert await refused(world, "sam", grant) == ("one-authority-counts-once",)


@pytest.mark.parametrize(("thing", "role"), [("prod-db", "owner"), ("prod-admin", "security")])
async def test_a_delegate_of_security_counts_at_the_execution_as_what_they_approved_as(
    world: World, thing: str, role: str
) -> None:
    """R-5, promise 3: for the owner where security is not asked, for security where it is."""
    await made(world, "grace", "sam", thing)
    grant = await world.asked("ada", thing)
    await world.decide("sam", grant)
    assert [one.role for one in await world.rows(Approval)] == [role]
    if role == "security":
        assert (await world.decide("linus", grant)).state == GrantState.APPROVED
    await world.settle()
    assert await world.state(grant) == "active"


async def forge(world: World, change: str) -> None:
    await world.ground.database.write(
        lambda tx: tx.connection().execute(text(f"UPDATE delegations SET {change}"))
    )


@pytest.mark.parametrize(
    "change", ["delegate = 'charles', mac = 'x'", "max_minutes = 600", "expires_at = expires_at + 1"]
)
async def test_a_row_that_was_changed_by_hand_gives_nothing(world: World, change: str) -> None:
    """T-9: whoever it was for."""
    await made(world, "grace", "linus" if "delegate" in change else "charles", minutes=60)
    await forge(world, change)
    grant = await world.asked("ada", "prod-db")
    await refused(world, "charles", grant)
    assert {one.table for one in world.ground.database.doubts} == {"delegations"}


async def test_a_row_that_was_put_back_to_before_its_end_gives_nothing(world: World) -> None:
    """T-9: its MAC is sound, and the record knows better."""
    delegation = await made(world)
    (before,) = await world.rows(Delegation)
    await end(world, "grace", delegation)
    await forge(world, f"ended_at = NULL, ended = '', ended_by = '', mac = '{before.mac}'")
    grant = await world.asked("ada", "prod-db")
    await refused(world, "charles", grant)


async def test_everything_revoked_ends_delegations_by_and_to_that_person(world: World) -> None:
    """R-5, P-6."""
    await made(world, "grace", "charles")
    await made(world, "linus", "grace", "wiki-edit", risk=1)
    await made(world, "linus", "charles")
    intent = RevokeAll(**await world.intent("sam"), whom="grace", rationale="their phone was stolen")
    outcome = await RevokingAll(world.ground).revoke(intent)
    assert isinstance(outcome, AllRevoked)
    assert outcome.stock.delegations == 2
    found = await world.ground.database.read(lambda tx: [one.ended for one in tx.exec(select(Delegation))])
    assert sorted(found) == ["", "revoked_all", "revoked_all"]


# Standing scopes.

SCOPE = Scope(
    id="oslo", name="Data in Oslo", owner="data", group="oslo-leads", max_risk=4, max_minutes=120, kind="database",
    location="Oslo",
)  # fmt: skip


@pytest.mark.parametrize("who", ["grace", "charles"])
async def test_whoever_left_and_comes_back_has_no_delegation_any_more(world: World, who: str) -> None:
    """J-4, R-5: neither what they delegated nor what was delegated to them; and it is told where it was told of."""
    await made(world)
    await world.local.switch(who, active=False)
    assert await Leavers(world.ground).look(everybody=True) == 1
    assert await world.actions("delegation") == ["delegation.made done", "delegation.ended done"]
    assert (await world.last("person.left"))["facts"]["delegations"] == 1
    assert await why_ended(world) == "switched_off"
    await world.local.switch(who, active=True)
    await refused(world, "charles", await world.asked("ada", "prod-db"))


async def test_a_delegation_says_that_one_of_the_two_left(world: World) -> None:
    """J-4, R-5: and not that anybody revoked anything; security reads of it with all else that ended."""
    await made(world)
    await world.local.drop_account("charles")
    assert await Leavers(world.ground).look(everybody=True) == 1
    assert await why_ended(world) == "left"
    assert (await world.exceptions())[-1].facts["delegations"] == 1


async def why_ended(world: World) -> str:
    """Of the one delegation: as its message says it, and the record."""
    (row,) = await world.rows(Delegation)
    assert (await world.last("delegation.ended"))["facts"]["why"] == row.ended
    return row.ended


async def test_a_standing_scope_lets_its_group_approve_what_it_takes_in(world: World) -> None:
    """R-5: of this kind, for people of that place, up to its risk and time; nothing else."""
    await world.local.add_group("oslo-leads")
    await world.local.put_in_group("oslo-leads", "charles")
    world.reopen(catalogue=replace(THINGS, scopes=MappingProxyType({"oslo": SCOPE})))
    elsewhere = await world.asked("ada", "prod-db")
    await refused(world, "charles", elsewhere)
    world.reopen(catalogue=replace(THINGS, scopes=MappingProxyType({"oslo": replace(SCOPE, location="")})))
    await refused(world, "charles", await world.asked("ada", "prod-admin"))
    assert await refused(world, "charles", await world.asked("linus", "prod-db", 3 * HOUR)) == (
        "beyond-delegation",
    )
    assert (await world.decide("charles", elsewhere)).state == GrantState.APPROVED
    assert (await world.last("approval.given"))["facts"]["delegation"] == "scope:oslo"
    assert isinstance(await delegate(world, "charles", "ada"), MayNotDelegate)
    assert THINGS.digest != world.ground.catalogue.digest  # whoever changes a scope changes the policy set


async def test_what_waits_for_a_delegate_stands_on_their_home(world: World) -> None:
    """R-5, SL-18: and no more once it ended."""
    grant = await world.asked("ada", "prod-db")
    delegation = await made(world)
    assert await waits(world, "charles") == [grant]
    await end(world, "grace", delegation)
    assert await waits(world, "charles") == []


async def test_a_delegate_may_read_what_they_are_to_decide(world: World) -> None:
    """R-5: the story of the request, while it is delegated to them and no longer."""
    grant = await world.grant(await world.asked("ada", "prod-db"))
    delegation = await made(world)
    for login, may in (("charles", True), ("eve", False)):
        assert await could_decide(world.ground, await world.actor(login), grant, by_manager=False) == may
    await end(world, "grace", delegation)
    assert not await could_decide(world.ground, await world.actor("charles"), grant, by_manager=False)


async def test_everybody_sees_their_own_and_security_sees_all(world: World) -> None:
    """R-5."""
    await made(world, "grace", "charles")
    shown = DelegationsShown(world.ground)
    for login, count in (("charles", 1), ("grace", 1), ("linus", 1), ("sam", 1), ("ada", 0)):
        found, _ = await shown.to(await world.account(login))
        assert len(found) == count, login


async def test_extensions_by_a_delegate_do_not_add_up_to_more_than_was_delegated(world: World) -> None:
    """R-5: an hour, and an hour after it, are two of what is held without a break; a rest may be added."""
    await made(world, minutes=90)
    first = await world.asked("ada", "prod-db")
    assert (await world.decide("charles", first)).state == GrantState.APPROVED
    await world.settle()
    world.clock.forward(minutes=50)
    await world.extend("ada", first)
    [again] = [one.id for one in await world.rows_of_grants() if one.state == GrantState.PENDING]
    assert await refused(world, "charles", again) == ("beyond-delegation",)
    may = await world.deciding.consider(await world.on("charles", again), "approve-less")
    assert isinstance(may, MayDecide)
    assert (await world.decide("charles", again, minutes=30)).state == GrantState.APPROVED
