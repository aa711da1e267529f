"""Setting up proofs: a stolen password alone replaces nothing, and recovery codes are shown once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pyotp
import pytest
from sqlalchemy import text

from handlers.secure_page.enrolment import WRONG_CODE, Codes, NewKey
from handlers.secure_page.looking import Step
from handlers.secure_page.visits import NotYet, Over, Proven, Refused, Visitor
from storage.handles import close_all
from storage.records import Proof
from storage.states import Purpose
from tests.handlers.page_ground import OLD_PASSWORD, World, world

T = TypeVar("T")


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as made:
        yield made


async def _signed_in(page: World, account: str) -> Visitor:
    visitor = await page.opened(Purpose.ENROL, account)
    done = await page.enrolment.sign_in(visitor, OLD_PASSWORD)
    assert isinstance(done, Proven)
    visitor = Visitor(text=visitor.text, session=done.session)
    await page.enrolment.offer_key(visitor)
    return visitor


def _code(key: NewKey | None, page: World) -> str:
    assert key is not None
    return pyotp.TOTP(key.text.replace(" ", "")).at(page.clock())


@asynccontextmanager
async def _under_way(page: World, asked: Awaitable[T]) -> AsyncIterator["asyncio.Future[T]"]:
    """It waits for the directory, which answers everybody else, and is answered at the end."""
    page.faulty.hang("account", times=1)
    going = asyncio.ensure_future(asked)
    await page.until_hanging()
    yield going
    page.faulty.mend()
    await going


async def test_the_first_proofs_need_the_password_and_a_code_of_the_new_key(page: World) -> None:
    visitor = await _signed_in(page, "bob")
    look = await page.looking.look(visitor)
    assert look.key is not None
    assert look.step == Step.NEW_KEY
    assert look.key.uri.startswith("otpauth://totp/Wicket:bob?secret=")
    assert await page.enrolment.confirm(visitor, "000000") == NotYet(reason=WRONG_CODE)
    seed = look.key.text.replace(" ", "")
    done = await page.enrolment.confirm(visitor, pyotp.TOTP(seed).at(page.clock()))
    assert isinstance(done, Codes)
    assert len(set(done.codes)) == 10
    assert [each for each in await page.told() if each[1] == "proofs-changed" and "bob" in each[2]] == [
        ("slack", "proofs-changed", "Ubob"),
        ("mail", "proofs-changed", "bob"),
    ]


async def test_no_proof_is_set_up_in_a_visit_that_was_proven_before_the_store_was_unchecked(
    page: World,
) -> None:
    """T-2: and once it is checked the same key may be confirmed."""
    visitor, unchecked = await _signed_in(page, "bob"), page.ground.database.unchecked
    code = _code((await page.looking.look(visitor)).key, page)
    unchecked.begin("entries", page.clock())
    refused = await page.enrolment.confirm(visitor, code)
    assert isinstance(refused, NotYet)
    assert "Try again in some minutes" in refused.reason
    assert (await page.audited("proof.given"))[-1] == ("refused", "stopped")
    unchecked.end("entries")
    assert isinstance(await page.enrolment.confirm(visitor, code), Codes)


async def test_the_key_shown_does_not_change_by_looking_or_by_asking_again(page: World) -> None:
    visitor = await _signed_in(page, "bob")
    first = (await page.looking.look(visitor)).key
    await page.enrolment.offer_key(visitor)
    assert (await page.looking.look(visitor)).key == first


async def test_a_wrong_password_shows_no_key(page: World) -> None:
    visitor = await page.opened(Purpose.ENROL, "bob")
    assert await page.enrolment.sign_in(visitor, "guess") == Refused()
    await page.enrolment.offer_key(visitor)
    assert (await page.looking.look(visitor)).step == Step.SIGN_IN
    assert [proof for proof in await page.rows(Proof) if proof.account == "bob"] == []


@pytest.mark.parametrize(
    "by_hand",
    [
        ["UPDATE proofs SET mac = 'x'"],
        ["DELETE FROM proofs"],
        ["DELETE FROM proofs", "UPDATE handles SET directory = 'elsewhere'"],
    ],
)
async def test_a_password_alone_sets_up_nothing_where_the_proofs_were_spoilt_in_the_database(
    page: World, by_hand: list[str]
) -> None:
    """T-9, P-5: the record says that there were some."""
    visitor = await _signed_in(page, "bob")
    key = (await page.looking.look(visitor)).key
    assert key is not None
    await page.enrolment.confirm(visitor, pyotp.TOTP(key.text.replace(" ", "")).at(page.clock()))
    for each in by_hand:
        await page.ground.database.write(lambda tx, each=each: tx.connection().execute(text(each)) and None)
    visitor = await _signed_in(page, "bob")
    look = await page.looking.look(visitor)
    assert (look.step, look.key) == (Step.PROVE_OLD, None)


async def test_a_password_alone_does_not_replace_what_was_set_up(page: World) -> None:
    visitor = await _signed_in(page, "ada")
    look = await page.looking.look(visitor)
    assert (look.step, look.key) == (Step.PROVE_OLD, None)
    assert await page.enrolment.confirm(visitor, "123456") == Over()
    proven = await page.proving.give_totp(visitor, page.code())
    assert isinstance(proven, Proven)
    visitor = Visitor(text=visitor.text, session=proven.session)
    await page.enrolment.offer_key(visitor)
    key = (await page.looking.look(visitor)).key
    assert key is not None
    seed = key.text.replace(" ", "")
    assert seed != page.seeds["ada"]
    done = await page.enrolment.confirm(visitor, pyotp.TOTP(seed).at(page.clock()))
    assert isinstance(done, Codes)
    assert (await page.audit())[-1]["facts"]["replaced"] is True
    kept = [proof for proof in await page.rows(Proof) if proof.account == "ada"]
    assert len(kept) == 11
    page.clock.forward(seconds=60)
    assert await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()) == Refused()


async def test_the_old_proof_is_shown_in_the_browser_that_signed_in(page: World) -> None:
    """Otherwise one person could lend their code to another's visit."""
    visitor = await _signed_in(page, "ada")
    elsewhere = Visitor(text=visitor.text)
    assert await page.proving.give_totp(elsewhere, page.code()) == Refused()


async def test_two_visits_set_up_one_authenticator(page: World) -> None:
    """The second, begun while there was nothing yet, must show the first's proof."""
    one, two = await _signed_in(page, "bob"), await _signed_in(page, "bob")
    keys = [(await page.looking.look(each)).key for each in (one, two)]
    codes = [pyotp.TOTP(key.text.replace(" ", "")).at(page.clock()) for key in keys if key]
    assert isinstance(await page.enrolment.confirm(one, codes[0]), Codes)
    assert await page.enrolment.confirm(two, codes[1]) == Over()


async def test_recovery_codes_are_shown_once(page: World) -> None:
    visitor = await _signed_in(page, "bob")
    key = (await page.looking.look(visitor)).key
    assert key is not None
    code = pyotp.TOTP(key.text.replace(" ", "")).at(page.clock())
    await page.enrolment.confirm(visitor, code)
    assert await page.enrolment.confirm(visitor, code) == Over()
    assert (await page.looking.look(visitor)).step == Step.DONE


async def test_an_inactive_account_signs_in_to_nothing(page: World) -> None:
    visitor = await page.opened(Purpose.ENROL, "ina")
    await page.local.change_account("ina", active=False)
    assert await page.enrolment.sign_in(visitor, OLD_PASSWORD) == Refused()


async def test_who_is_switched_off_before_the_new_key_is_confirmed_sets_up_nothing_on_the_record(
    page: World,
) -> None:
    """Promise 2."""
    visitor = await _signed_in(page, "bob")
    await page.local.change_account("bob", active=False)
    assert await page.enrolment.confirm(visitor, "000000") == Over()
    assert (await page.audited("proof.given"))[-1] == ("refused", "inactive")


async def test_two_visits_confirming_at_once_set_up_one_authenticator(page: World) -> None:
    one, two = await _signed_in(page, "bob"), await _signed_in(page, "bob")
    keys = [(await page.looking.look(each)).key for each in (one, two)]
    codes = [pyotp.TOTP(key.text.replace(" ", "")).at(page.clock()) for key in keys if key]
    answers = await asyncio.gather(
        page.enrolment.confirm(one, codes[0]), page.enrolment.confirm(two, codes[1])
    )
    assert sorted(type(each).__name__ for each in answers) == ["Codes", "Over"]


async def test_another_browser_with_the_same_link_confirms_nothing(page: World) -> None:
    visitor = await _signed_in(page, "bob")
    key = (await page.looking.look(visitor)).key
    assert key is not None
    code = pyotp.TOTP(key.text.replace(" ", "")).at(page.clock())
    assert await page.enrolment.confirm(Visitor(text=visitor.text), code) == Over()


async def test_a_visit_that_is_closed_while_the_directory_thinks_sets_nothing_up(page: World) -> None:
    """P-6: “This wasn't me” holds for what was on its way, too."""
    thief = await _signed_in(page, "bob")
    code = _code((await page.looking.look(thief)).key, page)
    async with _under_way(page, page.enrolment.confirm(thief, code)) as confirming:
        await page.ground.database.write(
            lambda tx: close_all(tx, directory="staff", account="bob", at=page.clock())
        )
    assert confirming.result() == Over()
    assert not [row for row in await page.rows(Proof) if row.account == "bob" and row.confirmed]


async def test_a_browser_that_another_took_over_from_confirms_no_key_of_the_other_s(page: World) -> None:
    """Whoever has a stolen password would get the recovery codes that go with the key of its person."""
    thief = await _signed_in(page, "bob")
    code = _code((await page.looking.look(thief)).key, page)
    async with _under_way(page, page.enrolment.confirm(thief, code)) as confirming:
        signed_in = await page.enrolment.sign_in(Visitor(text=thief.text), OLD_PASSWORD)
        assert isinstance(signed_in, Proven)
        await page.enrolment.offer_key(Visitor(text=thief.text, session=signed_in.session))
    assert not isinstance(confirming.result(), Codes)


async def test_a_browser_that_another_took_over_from_is_not_shown_the_other_s_key(page: World) -> None:
    thief = await _signed_in(page, "bob")
    async with _under_way(page, page.looking.look(thief)) as looking:
        signed_in = await page.enrolment.sign_in(Visitor(text=thief.text), OLD_PASSWORD)
        assert isinstance(signed_in, Proven)
        owner = Visitor(text=thief.text, session=signed_in.session)
        await page.enrolment.offer_key(owner)
    assert (await page.looking.look(owner)).key is not None
    assert looking.result().key is None
