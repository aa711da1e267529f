"""What a freeze stops and what goes on: nothing new is given, everything that ends does (T-4)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from handlers.audit.doubts import Doubts
from handlers.decisions.freezing import Stopped
from handlers.drift.finding import Drift
from handlers.drift.reconciling import Reconciling
from handlers.exceptions.strange import Kind
from handlers.intents import SCHEDULE, OnGrant, Reconcile, Resume
from handlers.outcomes import Decided, MayResume, NoLonger, NotAllowed, NotPossible, Resumed, Unknown
from handlers.recording import WICKET, record
from handlers.requests.access import Access
from handlers.stops.freezing import AGAIN, Cause, begin
from handlers.stops.lifting import Lifting
from storage.audit.checkpoint import Signer
from storage.audit.merkle import WIDTH
from storage.engine.stores import Server
from storage.freezes import open_ones
from storage.identifiers import new_id
from storage.proofs import ProofKind, use_step
from storage.records import Proof
from storage.states import FreezeKind, GrantState
from tests.handlers.access_ground import CATALOGUE, HOUR, World, thing
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import archive_what_is_old


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    entitlements = {
        **CATALOGUE.entitlements,
        "wiki-edit": thing("wiki-edit", standing_allowed=True),
        "swept": thing("swept", group="wiki-admins", drift="remove"),
    }
    catalogue = replace(CATALOGUE, entitlements=entitlements)
    async with open_world(tmp_path, server=server, catalogue=catalogue) as made:
        yield made
        assert await made.sound()


SIGNER = Signer.generate("wicket.example")


async def freeze(world: World, kind: FreezeKind = FreezeKind.EMERGENCY) -> str:
    """New access stops; the id of the exception that tells of it."""
    cause = Cause(kind=kind, detail="It is a test.", signed=3)

    def work(tx: Session) -> None:
        begin(tx, world.ground, cause, actor=WICKET, where=SCHEDULE, signer=SIGNER)

    await world.ground.database.write(work)
    return next(row.id for row in await world.exceptions() if row.kind == Kind.ACCESS_STOPPED)


async def lift(world: World, exception: str, login: str = "sam", why: str = "looked") -> Any:
    """They confirm, after somebody else of security where it takes two; the handler's outcome."""
    freezes = await world.ground.database.read(open_ones)
    if any(one.kind == FreezeKind.EMERGENCY for one in freezes):
        await world.local.put_in_group("security-team", "charles")
        first = Resume(**await world.intent("charles"), freeze=exception, rationale="looked, too")
        await Lifting(world.ground).resume(first)
    intent = Resume(**await world.intent(login), freeze=exception, rationale=why)
    return await Lifting(world.ground).resume(intent)


async def test_what_was_approved_just_before_waits_and_is_given_when_it_is_lifted(world: World) -> None:
    """A freeze during an approval: decided before, not given; policy is asked as ever afterwards (promise 3)."""
    grant = await world.asked("ada", "wiki-edit")
    exception = await freeze(world)
    await world.settle()
    assert await world.state(grant) == GrantState.APPROVED
    assert not await world.holds("ada")
    assert await world.actions("effect") == []
    assert isinstance(await lift(world, exception), Resumed)
    await world.settle()
    assert await world.state(grant) == GrantState.ACTIVE
    assert await world.holds("ada")


@pytest.mark.both_engines
async def test_a_freeze_that_comes_while_policy_is_being_asked_still_stops_the_gift(world: World) -> None:
    """The last look is in the transaction before the directory is called."""
    grant = await world.asked("ada", "wiki-edit")
    tasks = await world.begin("account")
    await freeze(world)
    world.faulty.mend()
    world.faulty.release()
    await world.effects.finish()
    assert tasks
    assert not await world.holds("ada")
    assert await world.state(grant) == GrantState.APPROVED
    assert await world.changes() == []


@pytest.mark.both_engines
async def test_what_other_hands_put_there_meanwhile_is_not_recorded_as_given(world: World) -> None:
    """The membership stands when it is read: the grant still waits for the freeze to be lifted."""
    grant = await world.asked("ada", "wiki-edit")
    await world.begin("account")
    await freeze(world)
    await world.local.put_in_group("wiki-edit", "ada")
    world.faulty.mend()
    world.faulty.release()
    await world.effects.finish()
    assert await world.state(grant) == GrantState.APPROVED
    assert "access.given done" not in await world.actions("access")


async def test_an_end_is_not_held_up_by_what_waits_to_be_given(world: World) -> None:
    """Promise 1: one grant ends; another on the same group that is not given yet does not keep it."""
    first = await world.given("ada")
    second = await world.asked("ada", "wiki-edit", 3 * HOUR)
    exception = await freeze(world)
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(first) == GrantState.ENDED
    assert not await world.holds("ada")
    assert await world.state(second) == GrantState.APPROVED
    await lift(world, exception)
    await world.settle()
    assert await world.state(second) == GrantState.ACTIVE


async def test_what_was_given_and_is_gone_is_not_put_back(world: World) -> None:
    """A look that is due again finds the membership away: who took it is not known, so it is asked about."""
    await world.given("ada")
    await world.local.take_from_group("wiki-edit", "ada")
    other = await world.asked("ada", "wiki-edit", 2 * HOUR)
    await world.access.give_back(await world.on("ada", other))
    await freeze(world)
    await world.settle()
    assert not await world.holds("ada")


@pytest.mark.parametrize("kind", [FreezeKind.RESTORED, FreezeKind.MISMATCH])
async def test_after_a_loss_what_was_approved_and_not_given_is_void(world: World, kind: FreezeKind) -> None:
    grant = await world.asked("ada", "wiki-edit")
    await freeze(world, kind)
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED
    assert not await world.holds("ada")


async def test_asking_and_approving_hear_why_once_on_the_record_and_denying_goes_on(world: World) -> None:
    """Four deliveries, one entry (promise 6); afterwards the same delivery counts."""
    waiting = await world.asked("ada", "prod-db")
    exception = await freeze(world)
    for _ in range(3):
        assert isinstance(await world.ask("ada", "wiki-edit", delivery="form-1"), Stopped)
        assert isinstance(await world.decide("grace", waiting, delivery="form-2"), Stopped)
    assert await world.actions("grant.stopped", "approval.stopped") == [
        "grant.stopped refused",
        "approval.stopped refused",
    ]
    assert await world.state(waiting) == GrantState.PENDING
    await lift(world, exception)
    assert isinstance(await world.decide("grace", waiting, delivery="form-2"), Decided)
    other = await world.asked("ada", "prod-admin")
    again = await freeze(world)
    assert again
    assert isinstance(await world.decide("grace", other, approve=False), Decided)
    assert await world.state(other) == GrantState.DENIED


async def test_a_draft_is_kept_while_it_cannot_be_sent(world: World) -> None:
    draft = (await world.draft("ada", "wiki-edit")).grant
    exception = await freeze(world)
    assert isinstance(await world.asking.send_draft(await world.on("ada", draft)), Stopped)
    assert await world.state(draft) == GrantState.DRAFT
    await lift(world, exception)
    await world.asking.send_draft(await world.on("ada", draft))
    assert await world.state(draft) == GrantState.APPROVED


async def test_nobodys_request_lapses_for_a_freeze(world: World) -> None:
    """When it is lifted there is half an hour left at least."""
    grant = await world.asked("ada", "prod-db")
    exception = await freeze(world)
    for _ in range(8 * 26):
        world.clock.forward(minutes=7, seconds=30)
        await world.revocation.lapse_unanswered()
    await lift(world, exception)
    row = await world.grant(grant)
    assert row.state == GrantState.PENDING
    assert row.lapses_at is not None
    assert row.lapses_at - world.clock() >= timedelta(minutes=30)
    world.clock.forward(hours=2)
    await world.revocation.lapse_unanswered()
    assert await world.state(grant) == GrantState.LAPSED


async def test_no_request_lapses_for_a_freeze_where_nobody_looked_in_time_either(world: World) -> None:
    """The bot was down while its hour came: nobody could have approved it."""
    grant = await world.asked("ada", "prod-db")
    await freeze(world)
    world.clock.forward(hours=25)
    await world.revocation.lapse_unanswered()
    row = await world.grant(grant)
    assert row.state == GrantState.PENDING
    assert row.lapses_at == world.clock() + timedelta(hours=1)


async def test_no_request_is_put_off_whose_end_may_be_archived(world: World, tmp_path: Path) -> None:
    """Promise 8, T-9: its row, put back to before it was withdrawn, would wait anew, and nothing would tell."""
    grant = await world.asked("ada", "prod-db")
    await world.ground.database.write(
        lambda tx: tx.connection().execute(text("CREATE TABLE kept AS SELECT * FROM grants"))
    )
    await Access(world.ground).withdraw(OnGrant(**await world.intent("ada"), grant=grant))
    await world.ground.database.write(lambda tx: _others(tx, world.clock()))
    world.clock.forward(seconds=500 * 86400)
    done = await asyncio.to_thread(archive_what_is_old, world.ground.database, tmp_path, world.clock())
    assert done.gone > 0
    assert await world.actions("grant") == []
    await world.ground.database.write(_put_back)
    await freeze(world)
    await world.revocation.lapse_unanswered()
    assert await world.state(grant) == GrantState.LAPSED
    assert await world.actions("grant") == ["grant.lapsed done"]


def _others(tx: Session, at: datetime) -> None:
    """Enough for a whole tile to leave."""
    for _ in range(WIDTH):
        record(
            tx,
            at=at,
            action="access.removed",
            outcome="done",
            actor=WICKET,
            where=SCHEDULE,
            correlation="g-1",
        )


def _put_back(tx: Session) -> None:
    tx.connection().execute(text("DELETE FROM grants"))
    tx.connection().execute(text("INSERT INTO grants SELECT * FROM kept"))


async def reconcile(world: World, login: str, exception: str, way: str, **more: Any) -> Any:
    intent = Reconcile(**await world.intent(login), exception=exception, way=way, rationale="so", **more)
    return await Reconciling(world.ground).reconcile(intent)


async def test_drift_is_asked_about_and_decided_so_that_it_ends_but_nothing_is_made_to_stand(
    world: World,
) -> None:
    """Adopting gives what is there an end, so it goes on; declaring and giving again wait."""
    drift = Drift(world.ground)
    await drift.look("staff")
    await freeze(world)
    await world.local.put_in_group("wiki-edit", "ada")
    world.clock.forward(minutes=1)
    await drift.look("staff")
    (found,) = [row.id for row in await world.exceptions() if row.kind == Kind.UNEXPLAINED]
    refused = await reconcile(world, "grace", found, "declare", owner="data")
    assert isinstance(refused, NotPossible)
    assert "no new access is given" in refused.reasons[0]
    await reconcile(world, "grace", found, "adopt", minutes=60)
    world.clock.forward(hours=1)
    await world.tick()
    assert not await world.holds("ada")


async def test_what_vanished_is_not_given_again_before_it_is_lifted(world: World) -> None:
    drift = Drift(world.ground)
    await drift.look("staff")
    await world.given("ada")
    exception = await freeze(world)
    await world.local.take_from_group("wiki-edit", "ada")
    world.clock.forward(minutes=1)
    await drift.look("staff")
    (found,) = [row.id for row in await world.exceptions() if row.kind == Kind.VANISHED]
    assert isinstance(await reconcile(world, "grace", found, "give-again"), NotPossible)
    await lift(world, exception)
    await reconcile(world, "grace", found, "give-again")
    await world.settle()
    assert await world.holds("ada")


async def test_what_the_catalogue_removes_by_itself_is_asked_about_and_stays_asked(world: World) -> None:
    """Found while nobody knows what was granted: it stays a person's to decide, after the freeze too."""
    drift = Drift(world.ground)
    await drift.look("staff")
    exception = await freeze(world, FreezeKind.RESTORED)
    await world.local.put_in_group("wiki-admins", "ada")
    for _ in range(3):
        world.clock.forward(hours=25)
        await drift.look("staff")
        await world.settle()
        assert await world.holds("ada", "wiki-admins")
        await lift(world, exception)
    assert Kind.UNEXPLAINED in await world.kinds()


async def test_a_click_of_the_lost_time_is_no_forgery_and_one_of_before_is(world: World) -> None:
    """Only ids of the time that the store does not know of are taken for lost; nothing comes of them either."""
    await world.asked("ada", "wiki-edit")
    world.clock.forward(hours=3)
    lost = new_id("g", world.clock() - timedelta(hours=1))
    before = new_id("g", world.clock() - timedelta(days=9))
    await freeze(world, FreezeKind.RESTORED)
    assert await world.decide("grace", lost, approve=False) == Unknown(what="request", lost=True)
    assert Kind.TAMPERED not in await world.kinds()
    assert await world.decide("grace", before, approve=False) == Unknown(what="request")
    assert Kind.TAMPERED in await world.kinds()


@pytest.mark.both_engines
@pytest.mark.parametrize("login", ["grace", "eve", "root"])
async def test_nobody_but_security_lifts_it_and_trying_is_told(world: World, login: str) -> None:
    exception = await freeze(world)
    considered = await Lifting(world.ground).consider(Resume(**await world.intent(login), freeze=exception))
    assert isinstance(considered, NotAllowed)
    assert isinstance(await lift(world, exception, login), NotAllowed)
    assert len(await world.ground.database.read(open_ones)) == 1
    assert Kind.WRONG_APPROVER in await world.kinds()


async def test_a_contractor_of_the_security_team_does_not_lift_it(world: World) -> None:
    await world.local.put_in_group("security-team", "eve")
    assert isinstance(await lift(world, await freeze(world), "eve"), NotAllowed)


async def test_whoever_was_put_out_of_the_team_between_form_and_sending_does_not(world: World) -> None:
    """Promise 5: looked up each time."""
    exception = await freeze(world)
    lifting = Lifting(world.ground)
    may = await lifting.consider(Resume(**await world.intent("sam"), freeze=exception))
    assert isinstance(may, MayResume)
    await world.local.take_from_group("security-team", "sam")
    assert isinstance(await lift(world, exception, "sam"), NotAllowed)


@pytest.mark.parametrize("by_hand", ["began_by = began_by", "facts = '{\"lost\": 0}'", "facts = '{}'"])
async def test_how_much_was_lost_is_shown_as_the_record_has_it(world: World, by_hand: str) -> None:
    """T-9: whoever lets access begin again decides by that."""
    exception = await freeze(world, FreezeKind.RESTORED)
    await world.ground.database.write(
        lambda tx: tx.connection().execute(text(f"UPDATE freezes SET {by_hand}"))
    )
    may = await Lifting(world.ground).consider(Resume(**await world.intent("sam"), freeze=exception))
    assert isinstance(may, MayResume)
    assert may.lost == 3


async def test_lifting_is_on_the_record_with_its_reason_and_happens_once(world: World) -> None:
    exception = await freeze(world)
    assert isinstance(await lift(world, exception, why="compared"), Resumed)
    assert isinstance(await lift(world, exception), NoLonger)
    entry = await world.last("access.resumed")
    assert entry["actor"]["id"] == "sam"
    assert entry["policy"]["ids"] == ["resume-as-security"]
    assert set(entry["texts"]) == {"rationale"}


async def test_an_exception_that_is_no_freeze_lifts_nothing(world: World) -> None:
    """A value that our button never had is a forgery."""
    await freeze(world)
    await world.decide("ada", "g-none", approve=False)
    other = next(row.id for row in await world.exceptions() if row.kind == Kind.TAMPERED)
    assert isinstance(await lift(world, other), Unknown)
    assert len(await world.ground.database.read(open_ones)) == 1


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("change", ["facts = REPLACE(facts, :this, :other)", "mac = ''"])
async def test_a_message_that_other_hands_pointed_at_another_stop_lifts_none_and_is_told_anew(
    world: World, change: str
) -> None:
    """T-9, T-4: between the form and its sending; whoever sent it is no forger, and the message anew lifts its own."""
    about = await freeze(world)
    await freeze(world, FreezeKind.MISMATCH)
    stops = {one.kind: one.id for one in await world.ground.database.read(open_ones)}
    this, other = stops[FreezeKind.EMERGENCY], stops[FreezeKind.MISMATCH]
    lifting = Lifting(world.ground)
    assert isinstance(
        await lifting.consider(Resume(**await world.intent("sam"), freeze=about)), MayResume
    )  # fmt: skip
    await world.ground.database.write(
        lambda tx: tx.connection().execute(
            text(f"UPDATE exceptions SET {change} WHERE id = :about"),
            {"this": this, "other": other, "about": about},
        )
    )
    assert await lift(world, about) == Unknown(what="exception", changed=True)
    assert {one.id for one in await world.ground.database.read(open_ones)} == {this, other}
    assert (await world.last("resume.tampered"))["facts"] == {"row": "refused"}
    await Doubts(world.ground).look()
    await Doubts(world.ground).look()
    kinds = await world.kinds()
    assert (kinds.count(Kind.TAMPERED), kinds.count(Kind.ROW_CHANGED)) == (0, 1)
    (anew,) = [row for row in await world.exceptions() if row.facts.get("detail") == AGAIN]
    assert isinstance(await lift(world, anew.id), Resumed)
    assert [one.id for one in await world.ground.database.read(open_ones)] == [other]


@pytest.mark.both_engines
async def test_nothing_is_extended_or_approved_for_less_meanwhile(world: World) -> None:
    """Ways to access like any other: what lasts ends at its time."""
    held, asked = await world.given("ada"), await world.asked("ada", "prod-db")
    await freeze(world)
    assert isinstance(await world.extend("ada", held), Stopped)
    assert isinstance(await world.decide("grace", asked, minutes=30), Stopped)
    assert await world.actions("grant.stopped", "approval.stopped") == [
        "grant.stopped refused",
        "approval.stopped refused",
    ]
    world.clock.forward(hours=1)
    await world.tick()
    assert not await world.holds("ada")


async def test_a_code_of_the_half_minute_to_come_that_was_seen_before_works_no_more_either(
    world: World,
) -> None:
    """T-4: an authenticator may be so far ahead, and its code may have been used in the time that is lost."""
    seed = Proof(
        id="p-1", directory="staff", account="ada", kind=ProofKind.TOTP, secret="sealed", confirmed=True,
        used_step=0, created_at=world.clock(),
    )  # fmt: skip
    await world.ground.database.write(lambda tx: tx.add(seed))
    present = int(world.clock().timestamp()) // 30
    await freeze(world, FreezeKind.MISMATCH)

    def used(tx: Session) -> list[bool]:
        return [use_step(tx, "p-1", present + ahead, world.clock()) for ahead in (0, 1, 2)]

    assert await world.ground.database.write(used) == [False, False, True]
