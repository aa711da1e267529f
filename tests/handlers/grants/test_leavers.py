"""People who left: everything of theirs ends at once, once the directory itself says so, and nothing comes back."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlmodel import Session

from handlers.approvals.deciders import deciders
from handlers.exceptions.outcomes import OnException, Resolve
from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.exceptions.working import ExceptionWork
from handlers.grants.leavers import Leavers
from handlers.intents import Reconcile
from handlers.outcomes import Decided, NoLonger, NotAllowed, Reconciled, Repeated, TooLate, Unknown
from storage import handles, links
from storage.database import Database
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.stores import Server
from storage.records import ExceptionRecord, Grant, Handle, Link
from storage.states import GrantState, Purpose, Resolution
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as open_world
from tests.handlers.late_answers import LateAnswers


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, patience=1, server=server) as made:
        yield made
        assert await made.sound()


async def look(world: World, *, everybody: bool = False) -> int:
    return await Leavers(world.ground).look(everybody=everybody)


async def link(world: World, *logins: str) -> None:
    """They are linked to their Slack accounts, and have a page open."""
    now = world.clock()

    def one(tx: Session, login: str) -> None:
        links.make_link(
            tx, at=now, slack_team="T1", slack_user=f"U{login}", directory="staff", account=login,
            mail=f"{login}@example.com", made_by="test",
        )  # fmt: skip
        handles.make_handle(
            tx, at=now, expires_at=now + HOUR, purpose=Purpose.RESET, directory="staff", account=login,
            slack_team="T1", slack_user=f"U{login}",
        )  # fmt: skip

    def work(tx: Session) -> None:
        for login in logins:
            one(tx, login)

    await world.ground.database.write(work)


async def leave(world: World, login: str, how: str) -> None:
    if how == "gone":
        await world.local.drop_account(login)
    else:
        await world.local.change_account(login, active=False)


@pytest.mark.parametrize(("others", "told"), [((), None), (("lab",), "staff")])
async def test_where_there_are_several_directories_a_report_says_which_they_left(
    world: World, others: tuple[str, ...], told: str | None
) -> None:
    world.ground = replace(
        world.ground, directories={**world.ground.directories, **dict.fromkeys(others, world.faulty)}
    )
    await world.given("ada")
    await leave(world, "ada", "gone")
    await look(world)
    (report,) = await world.exceptions()
    assert report.facts.get("directory") == told


@pytest.mark.both_engines
@pytest.mark.parametrize("how", ["gone", "switched off"])
async def test_everything_of_a_leaver_ends_at_once_with_one_report(world: World, how: str) -> None:
    """Access, what they wait for, what they drafted, their link and the page that stands open."""
    await link(world, "ada")
    held = await world.given("ada")
    waiting = await world.asked("ada", "prod-db")
    draft = (await world.draft("ada", "prod-db")).grant
    await leave(world, "ada", how)
    assert await look(world) == 1
    assert await world.state(held) == GrantState.ENDING
    assert await world.state(waiting) == GrantState.VOIDED
    assert await world.state(draft) == GrantState.VOIDED
    await world.settle()
    assert await world.state(held) == GrantState.ENDED
    assert not await world.holds("ada")
    (row,) = await world.exceptions()
    assert (row.kind, row.severity, row.who) == (Kind.LEFT, "medium", "Ada (ada)")
    assert row.facts == {
        "why": "left" if how == "gone" else how, "access": ["wiki-edit"], "requests": ["prod-db"],
        "approvals": [], "link": True, "pages": 1,
    }  # fmt: skip
    (kept,) = await world.rows(Link)
    assert kept.state == "suspended"
    (page,) = await world.rows(Handle)
    assert page.expires_at == world.clock()
    said = await world.last("person.left")
    assert (said["facts"]["grants"], said["facts"]["requests"]) == (1, 1)


async def test_looking_again_finds_nothing_more(world: World) -> None:
    await world.given("ada")
    await leave(world, "ada", "gone")
    await look(world)
    await world.settle()
    size = len(await world.audit())
    assert await look(world, everybody=True) == 0
    assert len(await world.audit()) == size
    assert len(await world.exceptions()) == 1


@pytest.mark.both_engines
async def test_a_deleted_account_ends_in_a_defined_state(world: World) -> None:
    """What does not exist is no member: the holding is settled, read back, and nothing is tried for ever."""
    grant = await world.given("ada")
    await leave(world, "ada", "gone")
    await look(world)
    await world.settle()
    assert await world.state(grant) == GrantState.ENDED
    assert await world.unsettled() == 0
    assert (await world.last("access.removed"))["facts"]["read_back"] is True


@pytest.mark.parametrize("fault", ["error", "hang"])
async def test_unknown_ends_nothing(world: World, fault: str) -> None:
    """Promise 7."""
    grant = await world.given("ada")
    getattr(world.faulty, fault)("account")
    assert await look(world) == 0
    assert await world.state(grant) == GrantState.ACTIVE
    assert await world.exceptions() == []


@pytest.mark.both_engines
@pytest.mark.parametrize("how", ["gone", "switched off"])
async def test_what_a_leaver_worked_on_waits_for_somebody_again(world: World, how: str) -> None:
    """O-7: what they acknowledged is open again, and goes outside Slack in its time; what is over stays so."""
    await world.local.put_in_group("security-team", "linus")
    await link(world, "linus")

    async def strange(cause: str) -> ExceptionRecord:
        told = Strange(
            kind=Kind.TAMPERED,
            severity=Severity.HIGH,
            who="Ada (ada)",
            cause=cause,
            correlation="s",
            facts={},
        )
        await world.ground.database.write(lambda tx: tell_security(tx, world.clock(), told))
        return next(one for one in await world.exceptions() if one.cause.endswith(cause))

    taken, over, others = await strange("taken-up"), await strange("over"), await strange("of-another")
    work = ExceptionWork(world.ground)
    for login, one in (("linus", taken), ("linus", over), ("sam", others)):
        await work.acknowledge(OnException(**await world.intent(login), exception=one.id))
    resolved = Resolve(**await world.intent("linus"), exception=over.id, why=Resolution.MENDED, words="done")
    await work.resolve(resolved)
    world.clock.forward(minutes=30)
    await leave(world, "linus", how)
    assert await look(world, everybody=True) == 1
    stand = {one.id: (one.state, one.assignee) for one in await world.exceptions()}
    assert stand[taken.id] == ("open", "")
    assert stand[over.id] == ("resolved", "linus")
    assert stand[others.id] == ("acknowledged", "sam")
    again = next(one for one in await world.exceptions() if one.id == taken.id)
    assert again.open_since == world.clock()
    assert (await world.last("exception.reopened"))["correlation"] == taken.id
    assert (await world.last("person.left"))["facts"]["exceptions"] == 1


async def test_coming_back_revives_nothing(world: World) -> None:
    """J-4: neither the access, nor the request, nor the approval they gave."""
    held = await world.given("grace")
    waiting = await world.asked("ada", "prod-admin")
    await world.decide("grace", waiting)
    await leave(world, "grace", "switched off")
    await look(world)
    await world.settle()
    await world.local.change_account("grace", active=True)
    await look(world)
    await world.settle()
    assert await world.state(held) == GrantState.ENDED
    assert not await world.holds("grace")
    await world.decide("sam", waiting)
    assert await world.state(waiting) == GrantState.PENDING
    assert (await world.grant(waiting)).missing == {"owner": 1}
    assert await world.state(waiting) == GrantState.PENDING


async def test_an_approval_of_a_leaver_is_void_and_asked_for_again(world: World) -> None:
    """Of two that are needed, one is missing again; its message is shown anew."""
    waiting = await world.asked("ada", "prod-admin")
    await world.decide("grace", waiting)
    assert (await world.grant(waiting)).missing == {"security": 1}
    await leave(world, "grace", "gone")
    await look(world)
    assert (await world.grant(waiting)).missing == {"security": 1, "owner": 1}
    assert ("approval", "owner:data") in await world.owed()
    (row,) = await world.exceptions()
    assert row.facts["approvals"] == ["prod-admin"]
    await world.decide("sam", waiting)
    assert await world.state(waiting) == GrantState.PENDING
    await world.decide("linus", waiting)
    assert await world.state(waiting) == GrantState.APPROVED


async def test_an_approver_who_is_back_may_approve_again_what_waits(world: World) -> None:
    """They are named as somebody who can decide; what they approved before they left has no part in it."""
    waiting = await world.asked("ada", "prod-admin")
    await world.decide("grace", waiting)
    await leave(world, "grace", "switched off")
    await look(world)
    await world.local.switch("grace", active=True)
    world.clock.forward(minutes=1)
    assert "grace" in [one.account.id for one in await deciders(world.ground, waiting)]
    assert isinstance(await world.decide("grace", waiting, rationale="still right"), Decided)
    assert isinstance(await world.decide("grace", waiting), TooLate)
    assert (await world.grant(waiting)).missing == {"security": 1}
    await world.decide("sam", waiting)
    await world.settle()
    assert await world.state(waiting) == GrantState.ACTIVE
    assert await world.actions("approval") == [
        "approval.given done", "approval.voided done", "approval.given done", "approval.repeated refused",
        "approval.given done",
    ]  # fmt: skip


@pytest.mark.both_engines
async def test_an_approver_who_is_back_may_deny_what_they_approved(world: World) -> None:
    waiting = await world.asked("ada", "prod-admin")
    await world.decide("grace", waiting)
    await leave(world, "grace", "switched off")
    await look(world)
    await world.local.switch("grace", active=True)
    assert (await world.decide("grace", waiting, approve=False)).state == GrantState.DENIED


async def test_who_is_linked_and_holds_nothing_is_looked_at_now_and_then(world: World) -> None:
    await link(world, "ada")
    await leave(world, "ada", "switched off")
    assert await look(world) == 0
    assert await look(world, everybody=True) == 1
    (kept,) = await world.rows(Link)
    assert kept.state == "suspended"


@pytest.mark.both_engines
async def test_who_leaves_twice_in_a_day_is_reported_twice(world: World) -> None:
    """The second report takes nothing from the first: each says what ended then."""
    await world.given("ada")
    await leave(world, "ada", "switched off")
    await look(world)
    await world.settle()
    await world.local.change_account("ada", active=True)
    world.clock.forward(hours=1)
    await world.asked("ada", "prod-db")
    await leave(world, "ada", "switched off")
    await look(world)
    told = sorted((one.facts["access"], one.facts["requests"]) for one in await world.exceptions())
    assert told == [([], ["prod-db"]), (["wiki-edit"], [])]


# Too many at once.


async def crowd(world: World, count: int) -> list[str]:
    """So many people who each hold something."""
    logins = [f"p{number:03}" for number in range(count)]
    for login in logins:
        await world.local.add_account(login, login=login, name=login, mail=f"{login}@example.com")
        await world.asked(login, "wiki-edit")
    await world.settle(rounds=20)
    return logins


async def linked_beside(world: World, count: int) -> None:
    """So many people who are linked and hold nothing."""
    logins = [f"q{number:03}" for number in range(count)]
    for login in logins:
        await world.local.add_account(login, login=login, name=login, mail=f"{login}@example.com")
    await link(world, *logins)


async def confirm(world: World, login: str, exception: str, delivery: str = ""):
    intent = Reconcile(**await world.intent(login, delivery), exception=exception, way="end")
    return await Leavers(world.ground).confirm(intent)


@pytest.mark.both_engines
async def test_many_who_are_gone_at_once_end_nothing_before_a_human_says_so(world: World) -> None:
    """J-2: more than ten, and more than one in twenty."""
    logins = await crowd(world, 12)
    for login in logins[:11]:
        await leave(world, login, "gone")
    assert await look(world) == 0
    assert await look(world) == 0
    (row,) = await world.exceptions()
    assert (row.kind, row.severity, row.count) == (Kind.MANY_LEFT, "high", 1)
    assert (row.facts["count"], row.facts["looked_at"]) == (11, 12)
    assert len(await world.local.memberships()) == 3 + 1  # the owners, security, and who is still there
    assert {await world.state(one.id) for one in await _grants(world)} == {GrantState.ACTIVE}
    answers = [await confirm(world, "sam", row.id, "same") for _ in range(2)]
    assert answers == [Reconciled(way="confirm"), Repeated()]
    late = await confirm(world, "sam", row.id)
    assert isinstance(late, NoLonger)
    assert late.by == "Sam"
    assert await look(world) == 11
    states = [one.state for one in await _grants(world)]
    assert (states.count(GrantState.ENDING), states.count(GrantState.ACTIVE)) == (11, 1)
    settled = next(one for one in await world.exceptions() if one.kind == Kind.MANY_LEFT)
    assert "settled" in settled.facts


@pytest.mark.sqlite_alone
async def test_a_question_that_was_put_back_after_its_yes_keeps_nobodys_access(world: World) -> None:
    """T-9, J-2: the record says that security said yes; that the row says otherwise is told."""
    logins = await crowd(world, 12)
    for login in logins[:11]:
        await leave(world, login, "gone")
    await look(world)
    (row,) = await world.exceptions()
    before = await world.ground.database.read(_kept)
    await confirm(world, "sam", row.id)
    await world.ground.database.write(
        lambda tx: tx.connection().execute(
            text("UPDATE exceptions SET facts = :facts, mac = :mac, state = 'open'"), dict(before)
        )
    )
    assert await look(world) == 11
    assert {one.table for one in world.ground.database.doubts} == {"exceptions"}


def _kept(tx: Session) -> Mapping[str, Any]:
    return tx.connection().execute(text("SELECT facts, mac FROM exceptions")).mappings().one()


async def test_ten_who_are_gone_are_no_mass(world: World) -> None:
    logins = await crowd(world, 11)
    for login in logins[:10]:
        await leave(world, login, "switched off")
    assert await look(world) == 10


async def test_a_yes_counts_for_exactly_those_it_was_about(world: World) -> None:
    """Who left after the question waits for the next look, and holds up nobody."""
    logins = await crowd(world, 13)
    for login in logins[:11]:
        await leave(world, login, "gone")
    await look(world)
    (row,) = await world.exceptions()
    await confirm(world, "sam", row.id)
    await leave(world, logins[11], "gone")
    assert await look(world) == 11
    left = {one.requester_account for one in await _grants(world) if one.state == GrantState.ACTIVE}
    assert left == set(logins[11:])


async def test_a_yes_to_one_question_is_none_to_the_next(world: World) -> None:
    """J-2: a day later it was asked anew about more of them; yesterday's message was about eleven."""
    logins = await crowd(world, 26)
    for login in logins[:11]:
        await leave(world, login, "gone")
    await look(world)
    (first,) = await world.exceptions()
    world.clock.forward(hours=25)
    for login in logins[11:]:
        await leave(world, login, "gone")
    await look(world)
    many = [one for one in await world.exceptions() if one.kind == Kind.MANY_LEFT]
    assert [one.facts["count"] for one in many] == [11, 26]
    await confirm(world, "sam", first.id)
    assert await look(world) == 11
    assert await look(world) == 0
    many = [one for one in await world.exceptions() if one.kind == Kind.MANY_LEFT]
    assert [one.facts["count"] for one in many if "settled" not in one.facts] == [15]


async def test_what_is_halted_is_not_let_through_by_a_look_at_more_people(world: World) -> None:
    """J-2: eleven of twelve who hold something are few among everybody who is linked, and gone all the same."""
    logins = await crowd(world, 12)
    await linked_beside(world, 250)
    for login in logins[:11]:
        await leave(world, login, "gone")
    assert await look(world) == 0
    assert await look(world, everybody=True) == 0
    assert {one.state for one in await _grants(world)} == {GrantState.ACTIVE}


async def test_a_look_at_fewer_people_settles_no_alarm_about_the_others(world: World) -> None:
    """Twelve who are linked and hold nothing: security has longer than a minute to say that they left."""
    logins = [f"q{number:03}" for number in range(12)]
    for login in logins:
        await world.local.add_account(login, login=login, name=login, mail=f"{login}@example.com")
    await link(world, *logins)
    await world.given("ada")
    for login in logins:
        await leave(world, login, "gone")
    assert await look(world, everybody=True) == 0
    assert await look(world) == 0
    (row,) = await world.exceptions()
    assert "settled" not in row.facts
    assert await confirm(world, "sam", row.id) == Reconciled(way="confirm")
    assert await look(world) == 0
    assert await look(world, everybody=True) == 12
    assert "settled" in next(one for one in await world.exceptions() if one.id == row.id).facts


@pytest.mark.parametrize("everybody", [False, True])
async def test_a_directory_that_is_silent_settles_no_alarm(world: World, everybody: bool) -> None:
    """Promise 7: unknown is not that they are back."""
    logins = await crowd(world, 12)
    for login in logins:
        await leave(world, login, "gone")
    await look(world)
    world.faulty.error("account")
    assert await look(world, everybody=everybody) == 0
    world.faulty.mend()
    (row,) = await world.exceptions()
    assert "settled" not in row.facts
    assert await confirm(world, "sam", row.id) == Reconciled(way="confirm")
    assert await look(world) == 12


async def test_the_security_team_of_another_home_says_nothing_about_this_one(
    world: World, tmp_path: Path
) -> None:
    """A group of another directory that is called the same is another."""
    logins = await crowd(world, 12)
    other = LocalDirectory(tmp_path / "other.db", name="partner", now=world.clock, cost=Scrypt(n=2))
    await other.add_account("pia", login="pia", name="Pia", mail="pia@example.org")
    await other.add_group("security-team")
    await other.put_in_group("security-team", "pia")
    for login in logins:
        await leave(world, login, "gone")
    await look(world)
    (row,) = await world.exceptions()
    pia = await other.account("pia")
    assert pia is not None
    other.close()
    intent = await world.intent("sam")
    intent["actor"] = replace(intent["actor"], account=pia)
    answer = await Leavers(world.ground).confirm(Reconcile(**intent, exception=row.id, way="end"))
    assert isinstance(answer, NotAllowed)


async def test_many_who_are_back_settle_the_alarm(world: World) -> None:
    logins = await crowd(world, 12)
    for login in logins:
        await world.local.change_account(login, active=False)
    await look(world)
    for login in logins:
        await world.local.change_account(login, active=True)
    assert await look(world) == 0
    (row,) = await world.exceptions()
    assert "settled" in row.facts


@pytest.mark.parametrize("who", ["grace", "eve", "ada", "p011"])
async def test_only_the_security_team_says_that_many_left(world: World, who: str) -> None:
    """Not an owner, not a contractor on the team, not one of those who are said to have left."""
    logins = await crowd(world, 12)
    await world.local.put_in_group("security-team", "eve", "p011")
    intent = await world.intent(who)
    for login in logins:
        await leave(world, login, "gone")
    await look(world)
    (row,) = await world.exceptions()
    answer = await Leavers(world.ground).confirm(Reconcile(**intent, exception=row.id, way="end"))
    assert isinstance(answer, NotAllowed)
    assert await look(world) == 0
    assert Kind.WRONG_APPROVER in await world.kinds()
    assert isinstance(await confirm(world, "sam", "x-none"), Unknown)


async def _grants(world: World) -> list[Grant]:
    return await world.rows(Grant)


# Looks that go side by side, as that at who holds something and that at everybody who is linked.


async def test_a_look_that_began_earlier_settles_no_halt_that_a_later_one_told(world: World) -> None:
    """J-2: it saw them before they were gone, and a look at more people ended what they held with nobody's yes."""
    logins = await crowd(world, 12)
    await linked_beside(world, 250)
    late = LateAnswers(world.ground.database)
    late.keep_back(after=2)
    slower = replace(world.ground, database=cast("Database", late))
    earlier = asyncio.create_task(Leavers(slower).look())
    await late.waiting.wait()
    world.clock.forward(seconds=1)
    for login in logins[:11]:
        await leave(world, login, "gone")
    assert await look(world) == 0
    late.release()
    assert await earlier == 0
    (row,) = await world.exceptions()
    assert "settled" not in row.facts
    assert await look(world, everybody=True) == 0
    assert {one.state for one in await _grants(world)} == {GrantState.ACTIVE}
