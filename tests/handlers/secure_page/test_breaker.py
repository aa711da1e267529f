"""The breaker over everybody's resets: it trips once, tells once, and lets people hear what to do (P-7)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from handlers.decisions.breaking import Bars, Counted, bar
from handlers.decisions.freezing import RESETS_STOPPED
from handlers.secure_page import breaker
from handlers.secure_page.attempts import Attempts, Checked, Kinds
from handlers.secure_page.changes import RESET, UNLOCK, Changes, Words
from handlers.secure_page.passwords import Passwords
from handlers.secure_page.proving import Proving
from handlers.secure_page.visits import Done, NotYet, Over, PageLimits, Person, Proven, Refused
from storage import freezes, tallies
from storage.engine.stores import Server
from storage.handles import close_everybodys
from storage.records import ExceptionRecord, Failures, Freeze
from storage.states import Purpose
from tests.handlers.page_ground import NEW_PASSWORD, World, world

THREE = PageLimits(bars=Bars(resets=3, wrong_proofs=12, times=10))


@pytest.fixture
async def page(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    """A company that lets three resets and twelve wrong proofs by in an hour."""
    async with world(tmp_path, limits=THREE, server=server) as made:
        yield made


async def count(page: World, what: Counted, times: int) -> list[bool]:
    def work(tx: Session) -> bool:
        return breaker.lets_by(tx, page.ground, what)

    return list(await asyncio.gather(*(page.ground.database.write(work) for _ in range(times))))


async def lift(page: World) -> None:
    def work(tx: Session) -> None:
        for one in freezes.open_ones(tx):
            freezes.lift(tx, one, at=page.clock(), by="Sam", rationale="a campaign of ours")

    await page.ground.database.write(work)


@pytest.mark.both_engines
async def test_a_flood_stops_resets_once_and_is_one_message(page: World) -> None:
    """P-7: however many come at the same moment."""
    answers = await count(page, Counted.RESETS, 40)
    assert sum(answers) == 3
    (told,) = await page.rows(ExceptionRecord)
    assert (told.kind, told.severity, told.count) == ("access-stopped", "high", 1)
    assert (told.facts["kind"], told.facts["count"], told.facts["most"]) == ("resets", 4, 3)
    assert [each.kind for each in await page.rows(Freeze)] == ["resets"]
    assert [outcome for outcome, _ in await page.audited("resets.stopped")] == ["done"]


async def test_the_reset_that_is_too_many_is_not_made_and_hears_what_to_do(page: World) -> None:
    """P-7: neither blame nor a bare no; links that were open are over."""
    visitor, other = await page.proven(), await page.opened(Purpose.RESET, "bob")
    await count(page, Counted.RESETS, 3)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == NotYet(reason=RESETS_STOPPED)
    assert page.faulty.calls["set_password"] == 0
    assert "IT desk" in RESETS_STOPPED
    handle = await page.ground.handle_of(other)
    assert handle is not None
    assert not page.ground.is_open(handle)


async def test_while_they_are_stopped_no_proof_for_a_reset_is_taken(page: World) -> None:
    """P-7, P-9: with the words that every refusal has, and without counting against the person."""
    await count(page, Counted.RESETS, 4)
    visitor = await page.opened(Purpose.RESET)
    assert await page.proving.give_totp(visitor, page.code()) == Refused()
    assert ("refused", "resets_stopped") in await page.audited("proof.given")
    assert [one.count for one in await page.rows(Failures)] == [0]


async def test_when_security_lifts_it_counting_begins_anew(page: World) -> None:
    """P-7: otherwise the next one would stop everybody again."""
    await count(page, Counted.RESETS, 4)
    await lift(page)
    page.clock.forward(minutes=10)
    assert await count(page, Counted.RESETS, 4) == [True, True, True, False]
    assert len(await page.rows(Freeze)) == 2


async def test_a_clock_that_is_set_back_after_the_lift_does_not_blind_it(page: World) -> None:
    """P-7: until it is that late again, nothing would count."""
    await count(page, Counted.RESETS, 4)
    await lift(page)
    page.clock.forward(hours=-2)
    assert not all(await count(page, Counted.RESETS, 4))


async def test_an_hour_later_what_was_is_forgotten(page: World) -> None:
    await count(page, Counted.RESETS, 3)
    page.clock.forward(minutes=70)
    assert await count(page, Counted.RESETS, 3) == [True] * 3


async def test_within_the_hour_nothing_is_forgotten_however_its_ten_minutes_lie(page: World) -> None:
    """P-7: who waits for the edge of a slot gains nothing by it."""
    page.clock.forward(minutes=7)
    await count(page, Counted.RESETS, 3)
    page.clock.forward(minutes=53)
    assert await count(page, Counted.RESETS, 1) == [False]


@pytest.mark.both_engines
async def test_brute_force_over_many_links_and_persons_stops_everybody_s_resets(page: World) -> None:
    """P-7: no person is at ten wrong codes yet, and no address or link is used twice."""
    for round_ in range(5):
        for who in ("ada", "gil", "ina", "bob"):
            visitor = await page.opened(Purpose.RESET, who)
            assert await page.proving.give_totp(visitor, page.wrong_code()) == Refused(), round_
    assert await page.exceptions() == ["access-stopped"]
    (told,) = await page.rows(ExceptionRecord)
    assert told.facts["what"] == "wrong-proofs"
    right = await page.opened(Purpose.RESET)
    assert await page.proving.give_totp(right, page.code()) == Refused()


async def test_one_person_s_bad_day_stops_nobody_else(tmp_path: Path) -> None:
    """P-7: they are locked long before, and what comes after the lock is not counted."""
    async with world(tmp_path, limits=THREE) as page:
        for _ in range(20):
            await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
        assert await page.exceptions() == ["page-lockout"]


async def test_more_than_is_usual_stops_them_sooner(tmp_path: Path) -> None:
    """P-7: a company that resets one password a day need not wait for thirty in an hour."""
    async with world(tmp_path) as page:
        for _ in range(10):
            await count(page, Counted.RESETS, 1)
            page.clock.forward(days=1)
        assert sum(await count(page, Counted.RESETS, 30)) == 10


async def test_resets_go_on_beside_the_breaker_and_are_counted(page: World) -> None:
    """P-7: three of them are, and the fourth stops them."""
    fewer = replace(page.ground, limits=replace(THREE, resets_a_day=9))
    page.passwords, page.proving = Passwords(fewer), Proving(fewer)
    came = []
    for number in range(4):
        page.clock.forward(seconds=60)
        came.append(await page.passwords.choose(await page.proven(), *[f"{NEW_PASSWORD} {number}"] * 2))
    assert came == [Done(), Done(), Done(), NotYet(reason=RESETS_STOPPED)]


async def test_a_password_that_the_directory_rejects_counts_for_nothing(page: World) -> None:
    """P-7: whoever tries five that it does not take resets nothing."""
    await page.local.set_password("ada", NEW_PASSWORD)
    visitor = await page.proven()
    for _ in range(5):
        rejected = await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
        assert isinstance(rejected, NotYet)
    assert await count(page, Counted.RESETS, 3) == [True] * 3


async def test_other_purposes_are_not_stopped(page: World) -> None:
    """P-7: an unlock is no reset."""
    await count(page, Counted.RESETS, 4)
    visitor = await page.opened(Purpose.UNLOCK)
    assert isinstance(await page.proving.give_totp(visitor, page.code()), Proven)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Over()


@pytest.mark.parametrize("purpose", [Purpose.UNLOCK, Purpose.STEP_UP])
async def test_no_visit_that_is_open_takes_a_kept_proof_while_the_store_is_unchecked(
    page: World, purpose: Purpose
) -> None:
    """T-2: a written stop closes the visits; this one cannot, and what is kept of proofs may be of yesterday."""
    unchecked = page.ground.database.unchecked
    visitor = await page.opened(purpose)
    unchecked.begin("checkpoints", page.clock())
    assert isinstance(await page.proving.give_totp(visitor, page.code()), Refused)
    unchecked.end("checkpoints")
    assert isinstance(await page.proving.give_totp(visitor, page.code()), Proven)


async def test_a_proof_that_is_looked_at_while_the_store_becomes_unchecked_proves_nothing(
    page: World,
) -> None:
    """T-2: a directory may take its time over a password, and what it is for was asked before."""
    unchecked = page.ground.database.unchecked
    visitor = await page.opened(Purpose.STEP_UP)

    async def check(_person: Person) -> Checked:
        unchecked.begin("checkpoints", page.clock())
        return Checked(right=True, proofs=("totp",), spend=lambda _tx: True)

    kinds = Kinds(action="proof.given", purposes=frozenset({Purpose.STEP_UP}), second_factor=True)
    assert await Attempts(page.ground).run(visitor, kinds, check) == Refused()
    unchecked.end("checkpoints")
    assert isinstance(await page.proving.give_totp(visitor, page.code()), Proven)


async def looked_at_as_a_stop_begins(page: World, purpose: Purpose, *, right: bool) -> Proven | Refused:
    """A code, right or wrong, during the check of which this process alone stops what it is for."""
    unchecked = page.ground.database.unchecked

    async def check(_person: Person) -> Checked:
        unchecked.begin("checkpoints", page.clock())
        return Checked(right=right, proofs=("totp",), spend=lambda _tx: True)

    kinds = Kinds(action="proof.given", purposes=frozenset({purpose}), second_factor=True)
    try:
        return await Attempts(page.ground).run(await page.opened(purpose), kinds, check)
    finally:
        unchecked.end("checkpoints")


async def wrong_in_a_row(page: World) -> int:
    return next((row.count for row in await page.rows(Failures) if row.account == "ada"), 0)


@pytest.mark.parametrize("purpose", [Purpose.UNLOCK, Purpose.RESET])
async def test_a_right_proof_that_a_stop_turns_away_is_no_failed_try(page: World, purpose: Purpose) -> None:
    """P-7: it was counted before the check; nobody is locked out, or told of, for what they did right."""
    for _ in range(9):
        await page.proving.give_totp(await page.opened(purpose), page.wrong_code())
    for _ in range(3):
        assert await looked_at_as_a_stop_begins(page, purpose, right=True) == Refused()
    assert await wrong_in_a_row(page) == 9
    assert await page.exceptions() == []
    assert isinstance(await page.proving.give_totp(await page.opened(purpose), page.code()), Proven)


async def test_a_right_sign_in_whose_link_a_stop_closes_is_no_failed_try(page: World) -> None:
    """P-7: a stop that is written closes what it does not stop as well, such as the linking of an account."""
    kinds = Kinds(action="proof.given", purposes=frozenset({Purpose.LINK}), second_factor=False)

    async def check(_person: Person) -> Checked:
        await page.ground.database.write(lambda tx: close_everybodys(tx, page.clock()))
        return Checked(right=True, proofs=("password",), spend=lambda _tx: True)

    for _ in range(10):
        assert await Attempts(page.ground).run(await page.opened(Purpose.LINK), kinds, check) == Refused()
    assert (await page.audited("proof.given"))[-10:] == [("refused", "link_over")] * 10
    assert await wrong_in_a_row(page) == 0
    assert await page.exceptions() == []


async def test_a_wrong_proof_that_a_stop_turns_away_too_stays_counted(page: World) -> None:
    """P-7: whoever could make a process stop would have looks at codes for nothing."""
    for _ in range(12):
        assert await looked_at_as_a_stop_begins(page, Purpose.UNLOCK, right=False) == Refused()
    assert await wrong_in_a_row(page) == 10
    assert await page.exceptions() == ["page-lockout"]
    assert await page.proving.give_totp(await page.opened(Purpose.UNLOCK), page.code()) == Refused()


async def test_a_right_proof_that_a_stop_turns_away_forgets_none_of_the_wrong_ones(page: World) -> None:
    """P-7: nine wrong ones beside it are nine, and the tenth locks."""
    kinds = Kinds(action="proof.given", purposes=frozenset({Purpose.UNLOCK}), second_factor=True)
    for _ in range(8):
        await page.proving.give_totp(await page.opened(Purpose.UNLOCK), page.wrong_code())

    async def check(_person: Person) -> Checked:
        for _ in range(2):
            await page.proving.give_totp(await page.opened(Purpose.UNLOCK), page.wrong_code())
        page.ground.database.unchecked.begin("checkpoints", page.clock())
        return Checked(right=True, proofs=("totp",), spend=lambda _tx: True)

    run = Attempts(page.ground).run
    assert await run(await page.opened(Purpose.UNLOCK), kinds, check) == Refused()
    page.ground.database.unchecked.end("checkpoints")
    assert await wrong_in_a_row(page) == 9
    await page.proving.give_totp(await page.opened(Purpose.UNLOCK), page.wrong_code())
    assert await page.proving.give_totp(await page.opened(Purpose.UNLOCK), page.code()) == Refused()


@pytest.mark.parametrize(("purpose", "words"), [(Purpose.UNLOCK, UNLOCK), (Purpose.RESET, RESET)])
async def test_no_change_begins_once_the_store_is_unchecked(
    page: World, purpose: Purpose, words: Words
) -> None:
    """T-2: whatever was found a moment before, the directory is asked for nothing."""
    unchecked, changes = page.ground.database.unchecked, Changes(page.ground)
    visitor = await page.proven(purpose)
    handle = await page.ground.handle_of(visitor)
    assert handle is not None
    person = await page.ground.person_of(handle)
    decision = Attempts(page.ground).ask(person, handle, tuple(handle.proven))
    assert decision is not None
    unchecked.begin("checkpoints", page.clock())
    assert await changes.begin(handle, words, decision) is None
    unchecked.end("checkpoints")
    assert await changes.begin(handle, words, decision)


async def test_a_visit_that_gave_its_proofs_unlocks_nothing_while_the_store_is_unchecked(page: World) -> None:
    """T-2."""
    await page.local.change_account("ada", locked=True)
    visitor = await page.proven(Purpose.UNLOCK)
    page.ground.database.unchecked.begin("checkpoints", page.clock())
    assert isinstance(await page.passwords.unlock(visitor), NotYet)
    page.ground.database.unchecked.end("checkpoints")
    assert await page.passwords.unlock(visitor) == Done()


@given(most=st.integers(1, 1000), usual=st.none() | st.floats(0, 1e6), times=st.integers(0, 100))
def test_what_is_usual_lowers_the_bar_and_never_below_a_third(
    most: int, usual: float | None, times: int
) -> None:
    """P-7."""
    found = bar(Bars(resets=most, times=times), Counted.RESETS, usual)
    assert most / 3 <= found <= most
    assert found == most or (usual is not None and times)


async def test_counts_are_forgotten_after_four_weeks(page: World) -> None:
    await count(page, Counted.RESETS, 1)
    page.clock.forward(days=28, minutes=10)
    await page.ground.database.write(lambda tx: tallies.forget_old(tx, page.clock()))
    usual = await page.ground.database.read(
        lambda tx: tallies.usual(tx, Counted.RESETS, page.clock(), timedelta(hours=1), least=timedelta(0))
    )
    assert usual is None
