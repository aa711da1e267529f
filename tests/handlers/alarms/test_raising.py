"""“This wasn't me”: what one click stops, by whom, how often, and who lets it go again (P-6)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from handlers.alarms.raising import Alarms, StopLinks
from handlers.alarms.releasing import Releasing
from handlers.alarms.reported import MayRelease, NoLink, NotReleased, Released, Stopped
from handlers.decisions.policy import PolicyDecision, Question
from handlers.grants.leavers import Leavers
from handlers.ground import Ground
from handlers.intents import Actor, Report, Resume, Where
from handlers.outcomes import NoLonger, NotAllowed, Repeated, Unknown
from handlers.people.recently import recently
from handlers.recording import OPERATOR
from handlers.secure_page.looking import Step
from handlers.secure_page.passwords import Passwords
from handlers.secure_page.visits import Done, Over, Proven, Refused, Visitor
from storage.alarms import Effect
from storage.catalogue import Catalogue
from storage.directories.base import Directory
from storage.engine.stores import Server
from storage.faults import DirectoryUnavailable
from storage.records import Alarm, ExceptionRecord, Handle, Passkey, Proof
from storage.states import Purpose
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD, World, world
from tests.handlers.passkey_ground import cared, made, opened

WHERE = Where(transport="socket", channel="D1")


@dataclass
class Door:
    """The page with its alarms, and Sam of the security team."""

    page: World
    ground: Ground
    alarms: Alarms
    releasing: Releasing
    count: int = 0

    async def actor(self, login: str) -> Actor:
        account = await self.page.local.account(login)
        assert account is not None
        return Actor(account=account, slack_team="T1", slack_user=f"U{login}")

    def delivery(self) -> str:
        self.count += 1
        return f"d{self.count}"

    async def report(self, handle: str, *, by: str = "ada", delivery: str = "") -> Any:
        intent = Report(
            actor=await self.actor(by), where=WHERE, delivery=delivery or self.delivery(), handle=handle
        )
        return await self.alarms.by_slack(intent)

    async def resume(self, by: str = "sam", why: str = "I called her") -> Resume:
        (told,) = [one for one in await self.page.rows(ExceptionRecord) if one.kind == "not-me"]
        return Resume(
            actor=await self.actor(by), where=WHERE, delivery=self.delivery(), freeze=told.id, rationale=why
        )

    def link(self, handle: str) -> str:
        return StopLinks(self.page.ground.vault).text(handle)

    async def visit(self) -> str:
        """Another visit of hers, to set up proofs; its id."""
        handle = await self.page.ground.handle_of(await self.page.opened(Purpose.ENROL))
        assert handle is not None
        return handle.id

    async def reset(self) -> str:
        """Somebody resets Ada's password; the id of the visit."""
        visitor = await self.page.proven()
        assert await self.page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
        handle = await self.page.ground.handle_of(visitor)
        assert handle is not None
        return handle.id


@pytest.fixture
async def door(tmp_path: Path, server: Server | None) -> AsyncIterator[Door]:
    """Everybody, and nothing that was reported."""
    async with world(tmp_path, server=server) as page:
        await page.local.add_account("sam", login="sam", name="Sam Spade", mail="sam@example.com")
        await page.local.add_group("security-team")
        await page.local.add_member("sam", "security-team")
        ground = Ground(
            database=page.ground.database,
            policy=page.ground.policy,
            catalogue=Catalogue(owners={}, entitlements={}),
            directories=page.ground.directories,
            security_group="security-team",
            lapse_after=timedelta(hours=24),
            now=page.clock,
        )
        yield Door(page, ground, Alarms(ground, page.ground), Releasing(ground))


async def active(door: Door) -> bool:
    account = await door.page.local.account("ada")
    assert account is not None
    return account.active


async def test_one_click_in_slack_stops_it_all(door: Door) -> None:
    """P-6: open links closed, account off, sessions ended, requests held back, one grave exception."""
    handle = await door.reset()
    open_ = await door.page.opened(Purpose.ENROL)
    ended = door.page.faulty.calls["end_sessions"]
    assert await door.report(handle) == Stopped()
    assert not await active(door)
    assert door.page.faulty.calls["end_sessions"] == ended + 1
    left = await door.page.ground.handle_of(open_)
    assert left is not None
    assert not door.page.ground.is_open(left)
    (told,) = await door.page.rows(ExceptionRecord)
    assert (told.kind, told.severity, told.who) == ("not-me", "high", "Ada Byron (ada)")
    assert (told.facts["disabled"], told.facts["sessions"], told.facts["door"]) == ("done", "done", "slack")
    ada = await door.page.local.account("ada")
    lately = await door.ground.database.read(lambda tx: recently(tx, door.page.clock, (ada,)))
    assert lately.reported == {("staff", "ada")}
    assert [outcome for outcome, _ in await door.page.audited("account.reported")] == ["done"]


async def test_the_link_of_a_letter_does_the_same_without_signing_in(door: Door) -> None:
    """P-6: after the fact, too: for a week."""
    handle = await door.reset()
    door.page.clock.forward(days=6, hours=23)
    assert await door.alarms.by_mail(door.link(handle)) == Stopped()
    assert not await active(door)
    (told,) = await door.page.rows(ExceptionRecord)
    assert told.facts["door"] == "mail"


async def test_what_a_thief_set_up_is_no_way_in_when_the_account_is_on_again(door: Door) -> None:
    """P-6: otherwise the new password that its person is told to choose would be the thief's to replace."""
    page = door.page
    thief = await cared(page, "bob")
    await made(page, thief)
    await page.adding.new_codes(thief)
    visit = await page.ground.handle_of(thief)
    assert visit is not None
    assert await door.alarms.by_mail(door.link(visit.id)) == Stopped()
    assert isinstance(await door.releasing.release(await door.resume()), Released)
    by_door = await opened(page, Purpose.RESET, "bob")
    assert await page.passkeys.ask(by_door) is None
    assert await page.rows(Passkey) == []
    assert {row.account for row in await page.rows(Proof)} == {"ada"}
    again = await page.opened(Purpose.CARE, "bob")
    signed_in = await page.enrolment.sign_in(again, OLD_PASSWORD)
    assert isinstance(signed_in, Proven)
    assert (await page.looking.look(replace(again, session=signed_in.session))).step == Step.PROVE_OLD


async def test_what_its_person_set_up_in_another_visit_stays(door: Door) -> None:
    """A link that somebody else asked for lay open meanwhile, and nothing was done in it."""
    page = door.page
    other = await page.ground.handle_of(await page.opened(Purpose.CARE, "bob"))
    page.clock.forward(seconds=120)
    mine = await cared(page, "bob")
    await made(page, mine)
    await page.adding.new_codes(mine)
    page.clock.forward(seconds=30)
    assert other is not None
    kept = [await page.rows(Passkey), await page.rows(Proof)]
    assert await door.alarms.by_mail(door.link(other.id)) == Stopped()
    assert [await page.rows(Passkey), await page.rows(Proof)] == kept


async def test_what_was_set_up_before_the_visit_that_is_reported_stays(door: Door) -> None:
    before = len(await door.page.rows(Proof))
    assert await door.report(await door.reset()) == Stopped()
    assert len(await door.page.rows(Proof)) == before


async def test_a_link_that_is_forged_of_the_page_or_too_old_stops_nothing(door: Door) -> None:
    """P-6: and the link of a letter opens nothing on the secure page."""
    handle = await door.reset()
    of_page = door.page.ground.handles.handle_text(handle)
    forged = f"{handle}.{'A' * 22}"
    for text in (of_page, forged, "", handle, "x" * 128):
        assert await door.alarms.by_mail(text) == NoLink()
    assert door.page.ground.handles.handle_in(door.link(handle)) is None
    door.page.clock.forward(days=7)
    assert await door.alarms.by_mail(door.link(handle)) == NoLink()
    assert await active(door)


@pytest.mark.both_engines
async def test_said_twice_it_is_done_once(door: Door) -> None:
    """P-6: and after it was lifted, the same letter stops nobody again."""
    handle = await door.reset()
    assert await door.report(handle) == Stopped()
    assert await door.alarms.by_mail(door.link(handle)) == Stopped(again=True)
    assert len(await door.page.rows(Alarm)) == 1
    assert isinstance(await door.releasing.release(await door.resume()), Released)
    assert await door.alarms.by_mail(door.link(handle)) == Stopped(again=True)
    assert await active(door)


async def test_said_before_the_change_it_prevents_it(door: Door) -> None:
    """P-6: between the notification and the new password."""
    page = door.page
    page.arrives.discard("slack")
    quick = replace(page.ground, limits=replace(page.ground.limits, told_within=0.05))
    visitor: Visitor = await page.proven()
    await Passwords(quick).choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    handle = await page.ground.handle_of(visitor)
    assert handle is not None
    assert await door.alarms.by_mail(door.link(handle.id)) == Stopped()
    page.arrives.add("slack")
    assert await Passwords(quick).choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Over()
    assert page.faulty.calls["set_password"] == 0


async def test_somebody_else_s_button_is_a_forgery(door: Door) -> None:
    """P-6, SL-1: nobody is locked out by a colleague."""
    handle = await door.reset()
    assert isinstance(await door.report(handle, by="bob"), Unknown)
    assert isinstance(await door.report("h-000000000-00000000", by="bob"), Unknown)
    assert await active(door)
    assert set(await door.page.exceptions()) == {"tampered"}
    assert isinstance(await door.report(handle, by="bob", delivery="d2"), Repeated)


async def test_where_the_directory_cannot_switch_off_the_rest_is_done_and_it_says_so(door: Door) -> None:
    """P-6: security does it themselves."""
    handle, faulty = await door.reset(), door.page.faulty
    faulty.capabilities = replace(faulty.capabilities, switch=False, sessions=False)
    await door.report(handle)
    assert await active(door)
    (told,) = await door.page.rows(ExceptionRecord)
    assert (told.facts["disabled"], told.facts["sessions"]) == ("unable", "unable")
    assert await door.alarms.settle_due() == 0


async def test_whoever_is_reported_gets_nowhere_on_the_page_though_the_account_is_still_on(
    door: Door,
) -> None:
    """P-6: the thief who knows how to prove it would otherwise choose the next password at once."""
    handle, page = await door.reset(), door.page
    page.faulty.capabilities = replace(page.faulty.capabilities, switch=False)
    await door.report(handle)
    page.clock.forward(seconds=60)
    visitor = await page.opened(Purpose.RESET)
    assert await page.proving.give_totp(visitor, page.code()) == Refused()
    assert ("refused", "reported") in await page.audited("proof.given")
    await door.releasing.release(await door.resume())
    page.clock.forward(seconds=60)
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)


async def test_a_directory_that_does_not_answer_is_asked_again(door: Door) -> None:
    """P-6, promise 7: nothing waits for it, and a lie is found by reading back."""
    handle, faulty = await door.reset(), door.page.faulty
    faulty.error("switch", times=1)
    assert await door.report(handle) == Stopped()
    (alarm,) = await door.page.rows(Alarm)
    assert (alarm.disabled, alarm.sessions, alarm.settled_at) == ("wanted", "done", None)
    faulty.mend()
    faulty.lie("switch", times=1)
    assert await door.alarms.settle_due() == 1
    assert await active(door)
    assert await door.alarms.settle_due() == 1
    assert not await active(door)
    assert await door.alarms.settle_due() == 0
    (told,) = await door.page.rows(ExceptionRecord)
    assert (told.facts["disabled"], told.count) == ("done", 1)


async def test_so_many_within_an_hour_switch_nobody_off_any_more(door: Door) -> None:
    """P-6: this door must not lock out a company; everything else is done, and security looks first."""
    narrow = replace(door.page.ground, limits=replace(door.page.ground.limits, alarms_an_hour=1))
    door.alarms = Alarms(door.ground, narrow)
    handle = await door.reset()
    other = await door.page.opened(Purpose.RESET, "bob")
    bob = await door.page.ground.handle_of(other)
    assert bob is not None
    assert await door.alarms.by_mail(door.link(handle)) == Stopped()
    assert await door.alarms.by_mail(door.link(bob.id)) == Stopped(held=True)
    assert [one.disabled for one in await door.page.rows(Alarm)] == [Effect.DONE, Effect.HELD]
    account = await door.page.local.account("bob")
    assert account is not None
    assert account.active


async def test_security_lets_them_in_again_with_a_reason(door: Door) -> None:
    """P-6: the account is on, and it is on the record; what was closed stays closed."""
    handle = await door.reset()
    await door.report(handle)
    assert isinstance(await door.releasing.consider(await door.resume()), MayRelease)
    assert await door.releasing.release(await door.resume()) == Released(who="Ada Byron (ada)")
    assert await active(door)
    assert isinstance(await door.releasing.release(await door.resume()), NoLonger)
    assert [outcome for outcome, _ in await door.page.audited("account.released")] == ["done"]
    (told,) = await door.page.rows(ExceptionRecord)
    assert (told.facts["decided_by"], told.facts["rationale"]) == ("Sam Spade", "I called her")
    (row,) = [one for one in await door.page.rows(Handle) if one.id == handle]
    assert row.result == "done"


@pytest.mark.sqlite_alone
async def test_nobody_is_let_in_by_a_message_that_other_hands_changed(door: Door) -> None:
    """T-9: security read of somebody else."""
    await door.report(await door.reset())
    await door.ground.database.write(
        lambda tx: tx.connection().execute(sa.text("UPDATE alarms SET name = 'Bob'"))
    )
    may = await door.releasing.consider(await door.resume())
    assert isinstance(may, MayRelease)
    assert may.who == "Ada Byron (ada)"
    await door.ground.database.write(
        lambda tx: tx.connection().execute(sa.text("UPDATE exceptions SET who = 'Bob Babbage (bob)'"))
    )
    assert await door.releasing.release(await door.resume()) == Unknown(what="exception", changed=True)
    assert not await active(door)
    assert {one.kind for one in await door.page.rows(ExceptionRecord)} == {"not-me"}


async def test_nobody_else_lets_them_in(door: Door) -> None:
    """P-6: neither a colleague, nor the account itself, though it be of security."""
    handle = await door.reset()
    await door.report(handle)
    assert isinstance(await door.releasing.release(await door.resume("bob")), NotAllowed)
    await door.page.local.add_member("ada", "security-team")
    await door.page.local.change_account("ada", active=True)
    assert isinstance(await door.releasing.release(await door.resume("ada")), NotAllowed)
    assert {one.kind for one in await door.page.rows(ExceptionRecord)} == {"not-me", "wrong-approver"}
    assert (await door.page.rows(Alarm))[0].lifted_at is None


class Careless:
    """A policy set that permits everybody everything."""

    policy_set = "0" * 64

    def ask(self, question: Question) -> PolicyDecision:
        """Yes."""
        return PolicyDecision(allowed=True, policy_ids=("all",), reasons=(), policy_set=self.policy_set)

    def ask_each(self, questions: Sequence[Question]) -> list[PolicyDecision]:
        """The same, each time."""
        return [self.ask(question) for question in questions]


async def test_whatever_policy_says_nobody_lets_themselves_in(door: Door) -> None:
    """P-6: an account of the security team that is reported does not say that it is its person's again."""
    handle = await door.reset()
    await door.report(handle)
    await door.page.local.add_member("ada", "security-team")
    await door.page.local.change_account("ada", active=True)
    careless = Releasing(replace(door.ground, policy=Careless()))
    assert isinstance(await careless.release(await door.resume("ada")), NotAllowed)
    assert isinstance(await careless.release(await door.resume("sam")), Released)


async def test_nor_by_a_second_account_of_theirs(door: Door) -> None:
    """P-6, R-1: whoever holds both says nothing about one by the other."""
    handle = await door.reset()
    await door.report(handle)
    await door.page.local.add_account("ada2", login="ada2", name="Ada (admin)", mail="ada@example.com")
    await door.page.local.add_member("ada2", "security-team")
    assert isinstance(await door.releasing.consider(await door.resume("ada2")), NotAllowed)
    assert isinstance(await door.releasing.release(await door.resume("ada2")), NotAllowed)
    assert not await active(door)


async def test_while_the_directory_is_silent_the_alarm_stands(door: Door) -> None:
    handle = await door.reset()
    await door.report(handle)
    door.page.faulty.error("switch")
    assert await door.releasing.release(await door.resume()) == NotReleased()
    assert (await door.page.rows(Alarm))[0].lifted_at is None
    door.page.faulty.mend()
    lifted = await door.releasing.lift(
        "staff", "ada", actor=OPERATOR, by="Olga", rationale="she came by", where=WHERE
    )
    assert lifted == Released(who="Ada Byron (ada)")
    assert await active(door)


async def test_what_is_reported_while_somebody_is_let_in_again_stands(door: Door) -> None:
    """P-6: whoever lets them in looked at the first report alone."""
    handle, faulty = await door.reset(), door.page.faulty
    other = await door.visit()
    await door.report(handle)
    faulty.hang("switch", times=1)
    releasing = asyncio.create_task(door.releasing.release(await door.resume()))
    await door.page.until_hanging()
    assert await door.alarms.by_mail(door.link(other)) == Stopped()
    faulty.release()
    assert await releasing == Released(who="Ada Byron (ada)")
    assert [one.handle for one in await door.page.rows(Alarm) if one.lifted_at is None] == [other]
    await door.alarms.settle_due()
    assert not await active(door)


class Pausing:
    """A directory that ends no session before it is told to go on."""

    def __init__(self, inner: Directory) -> None:
        self.inner, self.reached, self.go_on = inner, asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def end_sessions(self, account_id: str) -> None:
        self.reached.set()
        await self.go_on.wait()
        await self.inner.end_sessions(account_id)


def pausing_in(door: Door) -> Pausing:
    """The directory from now on, which lets whoever switched her off wait before that is noted."""
    faulty = door.page.faulty
    faulty.inner = pausing = Pausing(faulty.inner)  # type: ignore[assignment]
    return pausing


async def not_switched_off(door: Door) -> str:
    """She reported a reset, and the directory did nothing about it yet; another visit of hers."""
    handle, faulty = await door.reset(), door.page.faulty
    other = await door.visit()
    faulty.error("switch", "end_sessions", times=2)
    await door.report(handle)
    faulty.timeout = 60
    return other


async def let_in_before_it_is_noted(door: Door) -> tuple[Pausing, "asyncio.Task[Any]"]:
    """Her account was switched off for a second report, which is about to note it, and she was let in since."""
    handle, faulty = await door.reset(), door.page.faulty
    other = await door.visit()
    await door.report(handle)
    faulty.hang("switch", times=1)
    faulty.timeout = 60
    releasing = asyncio.create_task(door.releasing.release(await door.resume()))
    await door.page.until_hanging()
    pausing = pausing_in(door)
    reporting = asyncio.create_task(door.alarms.by_mail(door.link(other)))
    await pausing.reached.wait()
    faulty.release()
    assert await releasing == Released(who="Ada Byron (ada)")
    return pausing, reporting


async def lifted_before_it_is_noted(door: Door) -> tuple[str, Pausing, "asyncio.Task[int]"]:
    """Her account is off by a slow replica, which is about to note it, and her alarm was lifted; and another visit."""
    other, pausing = await not_switched_off(door), pausing_in(door)
    slower = asyncio.create_task(door.alarms.settle_due())
    await pausing.reached.wait()
    await door.releasing.release(await door.resume())
    return other, pausing, slower


async def lifted_meanwhile(door: Door, *, looks_fail: int = 0) -> tuple[str, Pausing, "asyncio.Task[int]"]:
    """Her account is off by a slow replica since, which does not know yet that somebody let her in; another visit."""
    other, pausing, faulty = await not_switched_off(door), pausing_in(door), door.page.faulty
    faulty.hang("switch", times=1)
    slower = asyncio.create_task(door.alarms.settle_due())
    await door.page.until_hanging()
    await door.releasing.release(await door.resume())
    if looks_fail:
        faulty.error("account", times=looks_fail)
    faulty.release()
    await pausing.reached.wait()
    return other, pausing, slower


async def test_an_account_that_is_let_in_before_it_is_noted_as_off_is_switched_off_again(door: Door) -> None:
    """P-6: whoever lets her in knows of the first report alone, and the second noted what was not so any more."""
    pausing, reporting = await let_in_before_it_is_noted(door)
    pausing.go_on.set()
    assert await reporting == Stopped()
    await door.alarms.settle_due()
    assert not await active(door)


async def test_what_is_reported_while_a_late_switching_off_is_taken_back_stands(door: Door) -> None:
    """P-6: what was slower than the lifting lets her in again, and looked at what else is open before that."""
    other, pausing, slower = await lifted_before_it_is_noted(door)
    door.page.faulty.hang("switch", times=1)
    pausing.go_on.set()
    await door.page.until_hanging()
    assert await Alarms(door.ground, door.page.ground).by_mail(door.link(other)) == Stopped()
    door.page.faulty.release()
    await slower
    await door.alarms.settle_due()
    assert not await active(door)


async def test_what_finds_an_account_off_by_a_late_switching_off_that_is_taken_back_stands(
    door: Door,
) -> None:
    """P-6: it was off by no person's doing, and is on once that is taken back."""
    other, pausing, slower = await lifted_meanwhile(door)
    faulty = door.page.faulty
    faulty.hang("switch", times=1)
    pausing.go_on.set()
    await door.page.until_hanging()
    assert await door.alarms.by_mail(door.link(other)) == Stopped()
    (told,) = [one for one in await door.page.rows(Alarm) if one.handle == other]
    assert told.disabled == Effect.ALREADY
    faulty.release()
    await slower
    await door.alarms.settle_due()
    assert not await active(door)


async def test_sessions_are_ended_by_and_by_though_the_account_is_off_at_once(door: Door) -> None:
    handle, faulty = await door.reset(), door.page.faulty
    ended = faulty.calls["end_sessions"]
    faulty.error("end_sessions", times=1)
    await door.report(handle)
    assert [await door.alarms.settle_due() for _ in range(2)] == [1, 0]
    assert faulty.calls["end_sessions"] == ended + 2


async def test_what_was_wanted_anew_while_it_was_looked_at_is_not_settled_by_that(door: Door) -> None:
    """P-6: it was off when it was looked at, and whoever let her in left it to be switched off again."""
    handle = await door.reset()
    other = await door.visit()
    await door.report(handle)
    reading, go_on, local = asyncio.Event(), asyncio.Event(), door.page.faulty.inner

    class Slow(Pausing):
        looks = 0

        async def account(self, account_id: str) -> Any:
            found, self.looks = await local.account(account_id), self.looks + 1
            if self.looks == 3:  # to report, to read back, and once that is noted
                reading.set()
                await go_on.wait()
            return found

    door.page.faulty.timeout = 60
    resume = await door.resume()
    door.page.faulty.inner = slow = Slow(local)  # type: ignore[assignment]
    slow.go_on.set()
    door.page.faulty.hang("switch", times=1)
    slow.looks = -9
    releasing = asyncio.create_task(door.releasing.release(resume))
    await door.page.until_hanging()
    slow.looks = 0
    reporting = asyncio.create_task(door.alarms.by_mail(door.link(other)))
    await reading.wait()
    door.page.faulty.release()
    assert await releasing == Released(who="Ada Byron (ada)")
    go_on.set()
    assert await reporting == Stopped()
    assert await door.alarms.settle_due() == 1
    assert not await active(door)


async def test_what_was_switched_off_and_cannot_be_looked_at_is_switched_off_again(door: Door) -> None:
    """P-6: nobody knows whether somebody was let in meanwhile. What another report left as it was stays that one's."""
    handle, faulty = await door.reset(), door.page.faulty
    other = await door.visit()
    await door.page.local.change_account("ada", active=False)
    await door.report(other)
    await door.page.local.change_account("ada", active=True)
    pausing = pausing_in(door)
    reporting = asyncio.create_task(door.report(handle))
    await pausing.reached.wait()
    faulty.error("account", times=1)
    pausing.go_on.set()
    assert await reporting == Stopped()
    stand = {one.handle: one.disabled for one in await door.page.rows(Alarm)}
    assert stand == {other: Effect.ALREADY, handle: Effect.WANTED}
    assert [await door.alarms.settle_due() for _ in range(2)] == [1, 0]
    assert faulty.calls["switch"] == 2


async def test_what_is_reported_stands_where_taking_back_a_late_switching_off_was_not_answered(
    door: Door,
) -> None:
    """P-6: the directory let her in again, and nobody heard that it had."""
    other, pausing, slower = await lifted_before_it_is_noted(door)
    switch = pausing.inner.switch
    waiting, go_on = asyncio.Event(), asyncio.Event()

    async def unanswered(account_id: str, *, active: bool) -> None:
        if active:
            waiting.set()
            await go_on.wait()
        await switch(account_id, active=active)
        if active:
            raise DirectoryUnavailable("no answer")

    pausing.switch = unanswered  # type: ignore[attr-defined]
    pausing.go_on.set()
    await waiting.wait()
    assert await Alarms(door.ground, door.page.ground).by_mail(door.link(other)) == Stopped()
    go_on.set()
    await slower
    await door.alarms.settle_due()
    assert not await active(door)


async def test_an_account_is_off_though_whoever_was_to_look_once_more_was_killed(door: Door) -> None:
    """P-6: she was let in before it was noted, and between that and the look nothing was left to do."""
    pausing, reporting = await let_in_before_it_is_noted(door)
    door.page.faulty.hang("account", times=1)
    pausing.go_on.set()
    await door.page.until_hanging()
    reporting.cancel()
    with suppress(asyncio.CancelledError):
        await reporting
    assert [await door.alarms.settle_due() for _ in range(3)] == [1, 1, 0]
    assert not await active(door)


async def test_what_is_reported_stands_where_whoever_took_a_late_switching_off_back_was_killed(
    door: Door,
) -> None:
    """P-6: she is let in, and the second report was found done before that."""
    other, pausing, slower = await lifted_before_it_is_noted(door)
    door.page.faulty.hang("switch", times=1)
    pausing.go_on.set()
    await door.page.until_hanging()
    assert await Alarms(door.ground, door.page.ground).by_mail(door.link(other)) == Stopped()
    slower.cancel()
    with suppress(asyncio.CancelledError):
        await slower
    await door.page.local.change_account("ada", active=True)  # as it was asked to
    assert [await door.alarms.settle_due() for _ in range(3)] == [1, 1, 0]
    assert not await active(door)


async def test_a_late_switching_off_is_taken_back_as_soon_as_the_directory_answers(door: Door) -> None:
    """Security was told that she is in again: nobody else would look."""
    _, pausing, slower = await lifted_meanwhile(door)
    door.page.faulty.error("account", "switch", times=1)
    pausing.go_on.set()
    await slower
    assert not await active(door)
    assert [await door.alarms.settle_due() for _ in range(2)] == [1, 0]
    assert await active(door)


async def test_a_late_switching_off_is_taken_back_though_whoever_was_to_was_killed(door: Door) -> None:
    _, pausing, slower = await lifted_meanwhile(door)
    door.page.faulty.hang("switch", times=1)
    pausing.go_on.set()
    await door.page.until_hanging()
    slower.cancel()
    with suppress(asyncio.CancelledError):
        await slower
    assert not await active(door)
    assert [await door.alarms.settle_due() for _ in range(2)] == [1, 0]
    assert await active(door)


async def test_a_late_switching_off_that_was_not_answered_is_taken_back_as_well(door: Door) -> None:
    """She may be off, and nothing more is wanted of an alarm that is lifted."""
    _, pausing, slower = await lifted_meanwhile(door, looks_fail=1)
    assert not await active(door)
    pausing.go_on.set()
    await slower
    assert await active(door)
    assert await door.alarms.settle_due() == 0


async def test_whoever_was_deleted_since_is_not_switched_on_for_ever(door: Door) -> None:
    _, pausing, slower = await lifted_meanwhile(door)
    door.page.faulty.error("account", "switch", times=1)
    pausing.go_on.set()
    await slower
    await door.page.local.drop_account("ada")
    assert [await door.alarms.settle_due() for _ in range(2)] == [1, 0]


async def test_what_is_reported_of_an_account_that_is_off_by_an_alarm_that_is_being_lifted_stands(
    door: Door,
) -> None:
    """P-6: it found the account off, but not by a person's doing, and off it is to be again."""
    handle, faulty = await door.reset(), door.page.faulty
    other = await door.visit()
    await door.report(handle)
    faulty.hang("switch", times=1)
    releasing = asyncio.create_task(door.releasing.release(await door.resume()))
    await door.page.until_hanging()
    faulty.error("account", times=1)
    await door.alarms.by_mail(door.link(other))
    await door.alarms.settle_due()
    faulty.release()
    assert await releasing == Released(who="Ada Byron (ada)")
    await door.alarms.settle_due()
    assert not await active(door)


async def test_whoever_was_slower_than_the_lifting_lets_in_nobody_about_whom_another_alarm_stands(
    door: Door,
) -> None:
    """P-6: what it did for the first is taken back, unless the second wants the same."""
    handle, faulty = await door.reset(), door.page.faulty
    other = await door.visit()
    faulty.error("switch", times=1)
    await door.report(handle)
    faulty.hang("account", times=1)
    slower = asyncio.create_task(door.alarms.settle_due())
    await door.page.until_hanging()
    await door.releasing.release(await door.resume())
    assert await Alarms(door.ground, door.page.ground).by_mail(door.link(other)) == Stopped()
    assert not await active(door)
    faulty.release()
    await slower
    await door.alarms.settle_due()
    assert not await active(door)


async def test_the_alarm_of_a_deleted_account_can_be_lifted(door: Door) -> None:
    """P-6: there is nothing to switch on, and an alarm that nobody can lift would stand for ever."""
    handle = await door.reset()
    await door.report(handle)
    await door.page.local.drop_account("ada")
    assert await door.releasing.release(await door.resume()) == Released(who="Ada Byron (ada)")
    assert (await door.page.rows(Alarm))[0].lifted_at is not None


@pytest.mark.both_engines
async def test_whoever_was_switched_off_before_stays_so(door: Door) -> None:
    """P-6: lifting an alarm gives nobody back what somebody else took."""
    handle = await door.reset()
    await door.page.local.switch("ada", active=False)
    await door.alarms.by_mail(door.link(handle))
    await door.releasing.release(await door.resume())
    assert not await active(door)


@pytest.mark.both_engines
async def test_whoever_was_switched_off_before_stays_so_though_the_directory_was_silent(door: Door) -> None:
    """P-6: what it did not say at the click is asked before anything is switched."""
    handle, faulty = await door.reset(), door.page.faulty
    await door.page.local.switch("ada", active=False)
    faulty.error("account")
    await door.alarms.by_mail(door.link(handle))
    assert (await door.page.rows(Alarm))[0].disabled == Effect.UNSEEN
    faulty.mend()
    assert await door.alarms.settle_due() == 1
    assert (await door.page.rows(Alarm))[0].disabled == Effect.ALREADY
    await door.releasing.release(await door.resume())
    assert not await active(door)


async def test_whoever_was_on_is_switched_off_when_the_directory_speaks_again(door: Door) -> None:
    """P-6."""
    handle, faulty = await door.reset(), door.page.faulty
    faulty.error("account")
    await door.alarms.by_mail(door.link(handle))
    faulty.mend()
    await door.alarms.settle_due()
    assert not await active(door)
    await door.releasing.release(await door.resume())
    assert await active(door)


async def test_two_replicas_that_switch_off_at_once_know_that_it_was_them(door: Door) -> None:
    """P-6, promise 6: the slower one finds the account off, and must not say that it was so before."""
    handle, faulty = await door.reset(), door.page.faulty
    faulty.error("account")
    await door.alarms.by_mail(door.link(handle))
    faulty.mend()
    faulty.hang("account", times=1)
    slower = asyncio.create_task(door.alarms.settle_due())
    await door.page.until_hanging()
    await Alarms(door.ground, door.page.ground).settle_due()
    assert not await active(door)
    faulty.release()
    await slower
    assert (await door.page.rows(Alarm))[0].disabled == Effect.DONE
    await door.releasing.release(await door.resume())
    assert await active(door)


async def test_what_a_replica_switched_off_before_it_died_was_not_off_before(door: Door) -> None:
    """P-6, promise 6: it had not said so yet, and lifting the alarm would leave its person locked out."""
    handle, faulty = await door.reset(), door.page.faulty
    faulty.error("account", "end_sessions")
    await door.alarms.by_mail(door.link(handle))
    faulty.mend()
    faulty.hang("account", times=1)
    slower = asyncio.create_task(door.alarms.settle_due())
    await door.page.until_hanging()
    faulty.hang("end_sessions", times=1)
    dies = asyncio.create_task(Alarms(door.ground, door.page.ground).settle_due())
    for _ in range(1000):
        if faulty.hanging == 2:
            break
        await asyncio.sleep(0.001)
    dies.cancel()
    await asyncio.gather(dies, return_exceptions=True)
    faulty.release()
    await slower
    await door.alarms.settle_due()
    assert (await door.page.rows(Alarm))[0].disabled == Effect.DONE
    await door.releasing.release(await door.resume())
    assert await active(door)


async def test_what_another_replica_has_done_is_not_undone_on_the_record_by_one_that_could_not(
    door: Door,
) -> None:
    """P-6, promise 6: security would read for ever that the account is on."""
    handle, faulty = await door.reset(), door.page.faulty
    faulty.error("switch", times=1)
    await door.report(handle)
    faulty.hang("switch", times=1)
    slower = asyncio.create_task(door.alarms.settle_due())
    await door.page.until_hanging()
    await Alarms(door.ground, door.page.ground).settle_due()
    await slower  # its call was over before it was carried out
    (alarm,) = await door.page.rows(Alarm)
    assert (alarm.disabled, alarm.sessions) == (Effect.DONE, Effect.DONE)
    (told,) = await door.page.rows(ExceptionRecord)
    assert told.facts["disabled"] == "done"


async def test_whoever_security_switched_off_by_hand_did_not_leave(door: Door) -> None:
    """J-1, P-6: the exception asks them to, where Wicket could not."""
    handle, faulty = await door.reset(), door.page.faulty
    faulty.capabilities = replace(faulty.capabilities, switch=False)
    await door.report(handle)
    await door.page.local.switch("ada", active=False)
    assert await Leavers(door.ground).look(everybody=True) == 0


async def test_whoever_said_so_and_is_gone_from_the_directory_did_leave(door: Door) -> None:
    """J-1: an alarm that nobody lifts any more keeps nobody's access."""
    handle = await door.reset()
    await door.report(handle)
    await door.page.local.drop_account("ada")
    assert await Leavers(door.ground).look(everybody=True) == 1


async def test_whoever_says_so_did_not_leave(door: Door) -> None:
    """J-1: what they hold ends in its time, and their link stands, so that they can go on when it is lifted."""
    handle = await door.reset()
    await door.report(handle)
    assert await Leavers(door.ground).look(everybody=True) == 0
    await door.page.local.switch("bob", active=False)
    assert await Leavers(door.ground).look(everybody=True) == 1
