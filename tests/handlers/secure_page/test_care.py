"""Looking after one's proofs: who may enter, what they change, and that something always stays."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import delete, insert, text
from sqlmodel import Session

from handlers.secure_page.adding import ENOUGH, KNOWN_ALREADY, MOST_PASSKEYS
from handlers.secure_page.care import GONE, LAST_ONE, NEED_NAME, Entry
from handlers.secure_page.enrolment import WRONG_CODE, Codes
from handlers.secure_page.looking import Step
from handlers.secure_page.owned import Owned
from handlers.secure_page.visits import Done, NotYet, Over, Proven, Refused, Visitor
from storage import proofs
from storage.records import Passkey, Proof, ProofChange
from storage.states import Purpose
from tests.handlers.page_ground import OLD_PASSWORD, World, world
from tests.handlers.passkey_ground import ORIGIN, cared, made, opened, shows
from tests.soft_authenticator import Authenticator


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as ground:
        yield ground


async def _owned(page: World, visitor: Visitor) -> Owned:
    owned = (await page.looking.look(visitor)).owned
    assert owned is not None
    return owned


async def _changes(page: World) -> list[str]:
    return [row.what for row in sorted(await page.rows(ProofChange), key=lambda row: row.at)]


async def test_entering_takes_the_password_and_a_proof(page: World) -> None:
    visitor = await opened(page, Purpose.CARE)
    assert (await page.looking.look(visitor)).step == Step.SIGN_IN
    assert await page.proving.give_totp(visitor, page.code()) == Refused()
    signed_in = await page.enrolment.sign_in(visitor, OLD_PASSWORD)
    assert isinstance(signed_in, Proven)
    visitor = replace(visitor, session=signed_in.session)
    assert (await page.looking.look(visitor)).step == Step.PROVE_OLD
    for refused in (
        await page.adding.new_codes(visitor),
        await page.care.remove_authenticator(visitor),
        await page.adding.ask_passkey(visitor) or Over(),
    ):
        assert refused == Over()
    page.clock.forward(seconds=60)
    proven = await page.proving.give_totp(visitor, page.code())
    assert isinstance(proven, Proven)
    look = await page.looking.look(replace(visitor, session=proven.session))
    assert (look.step, look.name) == (Step.CARE, "Ada Byron")


async def test_who_has_nothing_enters_with_the_password_and_may_go_on_after_the_first_proof(
    page: World,
) -> None:
    visitor = await cared(page, "bob")
    assert (await _owned(page, visitor)).nothing
    await made(page, visitor)
    assert isinstance(await page.adding.new_codes(visitor), Codes)
    assert (await _owned(page, visitor)).codes_left == 10


async def test_a_visit_that_began_before_there_was_anything_shows_what_another_set_up(page: World) -> None:
    """A stolen password must not keep a door open in an old tab."""
    thief, owner = await cared(page, "bob"), await cared(page, "bob")
    options = await page.adding.ask_passkey(thief)
    assert options is not None
    answer = Authenticator(origin=ORIGIN).make(options)
    await made(page, owner)
    assert (await page.looking.look(thief)).step != Step.CARE
    assert await page.adding.add_passkey(thief, answer, "") == Over()
    assert len(await page.rows(Passkey)) == 1


async def test_whether_a_visit_stands_is_asked_once_more_in_the_transaction(page: World) -> None:
    """Between the look and the change another visit set up proofs, or another browser signed in by the same link."""
    entry, one, two = Entry(page.ground), await cared(page, "bob"), await cared(page, "bob")
    looked = [await entry.entered(one), await entry.entered(two)]
    assert looked[0] is not None
    assert looked[1] is not None
    assert isinstance(await page.enrolment.sign_in(replace(one, session=""), OLD_PASSWORD), Proven)
    assert await entry.change(looked[0], lambda _tx, _handle: Done()) == Over()
    assert await entry.change(looked[1], lambda _tx, _handle: Done()) == Done()
    await made(page, await cared(page, "bob"))
    assert await entry.change(looked[1], lambda _tx, _handle: Done()) == Over()


async def test_nothing_is_added_in_a_visit_that_was_proven_before_the_store_was_unchecked(
    page: World,
) -> None:
    """T-2: a new proof is a way to new access; a written stop closes the visit, and this one cannot."""
    visitor, unchecked = await cared(page), page.ground.database.unchecked
    device = Authenticator(origin=ORIGIN)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    await page.enrolment.offer_key(visitor)
    key = (await page.looking.look(visitor)).key
    assert key is not None
    code = pyotp.TOTP(key.text.replace(" ", "")).at(page.clock())
    changes = await _changes(page)
    unchecked.begin("checkpoints", page.clock())
    for refused in (
        await page.adding.add_passkey(visitor, device.make(options), ""),
        await page.adding.add_authenticator(visitor, code),
        await page.adding.new_codes(visitor),
    ):
        assert isinstance(refused, NotYet)
        assert "no new access is given" in refused.reason
        assert "Try again in some minutes" in refused.reason
    assert await page.adding.ask_passkey(visitor) is None
    assert (await page.audited("proof.given"))[-3:] == [("refused", "stopped")] * 3
    assert (await _changes(page), await page.rows(Passkey)) == (changes, [])
    unchecked.end("checkpoints")
    assert await page.adding.add_authenticator(visitor, code) == Done()
    await made(page, visitor)
    assert isinstance(await page.adding.new_codes(visitor), Codes)


async def test_what_was_lost_is_removed_while_the_store_is_unchecked(page: World) -> None:
    """T-2: nothing that ends access waits, and a name gives nobody anything."""
    visitor = await cared(page)
    await made(page, visitor)
    (row,) = await page.rows(Passkey)
    page.ground.database.unchecked.begin("walk", page.clock())
    assert await page.care.rename(visitor, row.id, "the lost one") == Done()
    assert await page.care.remove_passkey(visitor, row.id) == Done()
    look = await page.looking.look(visitor)
    assert look.step == Step.CARE
    assert "no proof is added or replaced" in look.waits
    page.ground.database.unchecked.end("walk")
    assert (await page.looking.look(visitor)).waits == ""


async def test_the_list_says_what_there_is(page: World) -> None:
    visitor = await cared(page)
    await made(page, visitor, name="work laptop", synced=True)
    page.clock.forward(seconds=1)
    await made(page, visitor)
    owned = await _owned(page, visitor)
    assert [(one.name, one.where, one.used_at, one.removable) for one in owned.passkeys] == [
        ("work laptop", "synced", None, True),
        ("Passkey made 2 Mar", "one device", None, True),
    ]
    assert owned.authenticator is not None
    assert owned.authenticator.used_at is not None
    assert (owned.codes_left, owned.few_codes) == (10, False)


async def test_recovery_codes_left_are_counted(page: World) -> None:
    visitor = await opened(page)
    await page.proving.send_mail_code(visitor)
    done = await page.proving.give_recovery(visitor, page.codes["ada"][0], await page.mailed())
    assert isinstance(done, Proven)
    assert (await _owned(page, await cared(page))).codes_left == 9


async def test_every_change_is_on_the_record_and_told_twice(page: World) -> None:
    """P-6: in Slack and by mail, and other open links end."""
    visitor = await cared(page)
    other = await page.opened(Purpose.RESET)
    told = len([each for each in await page.told() if each[1] == "proofs-changed"])
    await made(page, visitor, name="one")
    (row,) = await page.rows(Passkey)
    assert await page.care.rename(visitor, row.id, "two") == Done()
    assert isinstance(await page.adding.new_codes(visitor), Codes)
    assert await page.care.remove_passkey(visitor, row.id) == Done()
    expected = ["passkey-added", "passkey-renamed", "recovery-codes", "passkey-removed"]
    assert (await _changes(page))[-4:] == expected
    entries = [entry for entry in await page.audit() if entry["action"] == "proofs.changed"][-4:]
    assert [entry["facts"]["what"] for entry in entries] == expected
    assert "two" not in repr([entry["facts"] for entry in entries])  # people's words stay out of the leaf
    messages = [each for each in await page.told() if each[1] == "proofs-changed"][told:]
    assert messages == [("slack", "proofs-changed", "Uada"), ("mail", "proofs-changed", "ada")] * 4
    assert await page.proving.give_totp(other, page.code()) == Refused()


async def test_the_last_proof_stays(page: World) -> None:
    """P-5: recovery codes alone are no proof to be left with."""
    visitor = await cared(page)
    assert await page.care.remove_authenticator(visitor) == NotYet(reason=LAST_ONE)
    await made(page, visitor)
    (row,) = await page.rows(Passkey)
    assert await page.care.remove_authenticator(visitor) == Done()
    assert await page.care.remove_passkey(visitor, row.id) == NotYet(reason=LAST_ONE)
    owned = await _owned(page, visitor)
    assert ([one.removable for one in owned.passkeys], owned.authenticator, owned.codes_left) == (
        [False],
        None,
        10,
    )


async def test_two_tabs_at_once_leave_one_proof(page: World) -> None:
    """P-5: each of the two could go, and both together cannot."""
    visitor = await cared(page, "bob")
    await made(page, visitor)
    await made(page, visitor)
    one, two = await page.rows(Passkey)
    outcomes = await asyncio.gather(
        page.care.remove_passkey(visitor, one.id), page.care.remove_passkey(visitor, two.id)
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Done", "NotYet"]
    assert len(await page.rows(Passkey)) == 1


async def test_a_stopped_passkey_can_go_and_counts_for_nothing(page: World) -> None:
    device = await made(page, await cared(page))
    clone = device.copy()
    assert isinstance(await shows(page, await opened(page), device), Proven)
    assert await shows(page, await opened(page), clone) == Refused()
    visitor = await cared(page)
    (row,) = await page.rows(Passkey)
    assert await page.care.remove_authenticator(visitor) == NotYet(reason=LAST_ONE)
    assert await page.care.remove_passkey(visitor, row.id) == Done()
    assert await page.rows(Passkey) == []


async def test_a_passkey_that_was_spoilt_in_the_database_is_not_the_proof_that_stays(page: World) -> None:
    """T-9, P-5: it proves nothing, whatever its row says."""
    visitor = await cared(page)
    await made(page, visitor)
    by_hand = text("UPDATE passkeys SET public_key = 'AAAA'")
    await page.ground.database.write(lambda tx: tx.connection().execute(by_hand) and None)
    assert await page.care.remove_authenticator(visitor) == NotYet(reason=LAST_ONE)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  my\n\tkey ", "my key"),
        ("a\u202eb\u200bc", "a b c"),
        ("x" * 100, "x" * 60),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
async def test_a_name_is_one_line_that_can_be_seen(page: World, typed: str, kept: str) -> None:
    visitor = await cared(page)
    await made(page, visitor, name=typed)
    (row,) = await page.rows(Passkey)
    assert row.name == kept


@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "\ud800"])
async def test_a_name_of_nothing_is_asked_for_again(page: World, typed: str) -> None:
    visitor = await cared(page)
    await made(page, visitor)
    (row,) = await page.rows(Passkey)
    assert await page.care.rename(visitor, row.id, typed) == NotYet(reason=NEED_NAME)


async def test_two_that_were_given_no_name_are_told_apart(page: World) -> None:
    visitor = await cared(page)
    for _ in range(3):
        await made(page, visitor)
        page.clock.forward(seconds=1)
    names = [one.name for one in (await _owned(page, visitor)).passkeys]
    assert names == ["Passkey made 2 Mar", "Passkey made 2 Mar (2)", "Passkey made 2 Mar (3)"]


async def test_a_passkey_of_a_known_maker_is_called_by_it(page: World) -> None:
    visitor = await cared(page)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    device = Authenticator(
        origin=ORIGIN, aaguid=bytes.fromhex("d548826e79b4db40a3d811116f7e8349"), synced=True
    )
    await page.adding.add_passkey(visitor, device.make(options), "")
    assert [row.name for row in await page.rows(Passkey)] == ["Bitwarden"]


async def test_somebody_elses_passkey_is_not_among_ones_own(page: World) -> None:
    await made(page, await cared(page, "bob"))
    (bobs,) = await page.rows(Passkey)
    visitor = await cared(page)
    for passkey in (bobs.id, "k-nothing", ""):
        assert await page.care.rename(visitor, passkey, "mine") == NotYet(reason=GONE)
        assert await page.care.remove_passkey(visitor, passkey) == NotYet(reason=GONE)
    assert (await page.rows(Passkey))[0].name != "mine"


async def test_one_credential_is_kept_once(page: World) -> None:
    visitor = await cared(page)
    device = await made(page, visitor)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    assert await page.adding.add_passkey(visitor, device.make(options), "") == NotYet(reason=KNOWN_ALREADY)
    assert len(await page.rows(Passkey)) == 1


async def test_there_are_only_so_many(page: World) -> None:
    visitor = await cared(page)
    for _ in range(MOST_PASSKEYS):
        await made(page, visitor)
        page.clock.forward(seconds=1)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    answer = Authenticator(origin=ORIGIN).make(options)
    assert await page.adding.add_passkey(visitor, answer, "") == NotYet(reason=ENOUGH)


async def test_an_authenticator_is_replaced_and_nothing_else_goes(page: World) -> None:
    visitor = await cared(page)
    await page.enrolment.offer_key(visitor)
    key = (await page.looking.look(visitor)).key
    assert key is not None
    assert await page.adding.add_authenticator(visitor, "000000") == NotYet(reason=WRONG_CODE)
    new = pyotp.TOTP(key.text.replace(" ", ""))
    assert await page.adding.add_authenticator(visitor, new.at(page.clock())) == Done()
    owned = await _owned(page, visitor)
    assert (owned.codes_left, owned.authenticator is not None) == (10, True)
    assert (await _changes(page))[-1] == "authenticator-replaced"
    page.clock.forward(seconds=60)
    assert await page.proving.give_totp(await opened(page), page.code()) == Refused()
    assert isinstance(await page.proving.give_totp(await opened(page), new.at(page.clock())), Proven)


@pytest.mark.parametrize("how", ["replaced", "removed"])
@pytest.mark.parametrize("alone", [True, False])
async def test_an_authenticator_whose_row_is_put_back_proves_nothing(
    page: World, how: str, alone: bool
) -> None:
    """T-9: whoever kept a copy writes it there again, beside what stands there or in its place; and it is told."""
    is_seed, database = Proof.kind == "totp", page.ground.database
    (before,) = [
        row.model_dump() for row in await page.rows(Proof) if row.kind == "totp" and row.account == "ada"
    ]
    visitor = await cared(page)
    if how == "removed":
        await made(page, visitor)
        assert await page.care.remove_authenticator(visitor) == Done()
    else:
        await page.enrolment.offer_key(visitor)
        key = (await page.looking.look(visitor)).key
        assert key is not None
        new = pyotp.TOTP(key.text.replace(" ", "")).at(page.clock())
        assert await page.adding.add_authenticator(visitor, new) == Done()

    def put_back(tx: Session) -> None:
        if alone:
            tx.connection().execute(delete(Proof).where(is_seed, Proof.account == "ada"))
        tx.connection().execute(insert(Proof).values(before))

    await database.write(put_back)
    page.clock.forward(seconds=60)
    assert await page.proving.give_totp(await opened(page), page.code()) == Refused()
    assert (await database.read(lambda tx: proofs.seed_of(tx, before["directory"], "ada")) is None) == (
        alone or how == "removed"
    )
    assert ("proofs", (before["id"],)) in {(one.table, one.key) for one in database.doubts}


async def test_a_new_key_can_be_left_and_another_made_in_the_same_visit(page: World) -> None:
    visitor = await cared(page)
    keys = []
    for _ in range(2):
        await page.enrolment.offer_key(visitor)
        key = (await page.looking.look(visitor)).key
        assert key is not None
        keys.append(key.text)
        await page.adding.give_up_authenticator(visitor)
        assert (await page.looking.look(visitor)).step == Step.CARE
    assert keys[0] != keys[1]
    assert len([row for row in await page.rows(Proof) if row.kind == "totp"]) == 1


async def test_a_key_that_another_browser_was_shown_is_not_the_one_to_confirm(page: World) -> None:
    """Whoever was first with a stolen password would know the key that its person confirms, and nobody be told."""
    thief = await cared(page, "bob")
    await page.enrolment.offer_key(thief)
    assert (await page.looking.look(thief)).key is not None
    signed_in = await page.enrolment.sign_in(replace(thief, session=""), OLD_PASSWORD)
    assert isinstance(signed_in, Proven)
    look = await page.looking.look(replace(thief, session=signed_in.session))
    assert (look.step, look.key) == (Step.CARE, None)


async def test_two_new_keys_in_one_visit(page: World) -> None:
    """The first that was confirmed does not stand in the way of the second."""
    visitor = await cared(page, "bob")
    for _ in range(2):
        await page.enrolment.offer_key(visitor)
        key = (await page.looking.look(visitor)).key
        assert key is not None
        code = pyotp.TOTP(key.text.replace(" ", "")).at(page.clock())
        assert await page.adding.add_authenticator(visitor, code) == Done()
    assert (await _changes(page))[-2:] == ["authenticator-added", "authenticator-replaced"]


async def test_a_code_that_confirmed_the_new_key_works_no_second_time(page: World) -> None:
    visitor = await cared(page, "bob")
    await page.enrolment.offer_key(visitor)
    key = (await page.looking.look(visitor)).key
    assert key is not None
    code = pyotp.TOTP(key.text.replace(" ", "")).at(page.clock())
    assert await page.adding.add_authenticator(visitor, code) == Done()
    assert await page.proving.give_totp(await opened(page, account="bob"), code) == Refused()


async def test_old_recovery_codes_stop_working(page: World) -> None:
    visitor = await cared(page)
    done = await page.adding.new_codes(visitor)
    assert isinstance(done, Codes)
    for code, right in ((page.codes["ada"][0], False), (done.codes[0], True)):
        page.clock.forward(seconds=1)
        reset = await opened(page)
        await page.proving.send_mail_code(reset)
        answer = await page.proving.give_recovery(reset, code, await page.mailed())
        assert isinstance(answer, Proven) is right


async def test_whoever_leaves_meanwhile_changes_nothing(page: World) -> None:
    visitor = await cared(page)
    await made(page, visitor)
    (row,) = await page.rows(Passkey)
    await page.local.change_account("ada", active=False)
    assert await page.care.remove_passkey(visitor, row.id) == Over()
    assert await page.care.rename(visitor, row.id, "x") == Over()
    assert await page.adding.new_codes(visitor) == Over()
    assert [one for one in await page.audited("proof.given") if one[0] == "refused"] == [
        ("refused", "inactive")
    ] * 3


async def test_an_address_that_changes_in_a_visit_is_told_where_proofs_are_looked_after(page: World) -> None:
    """P-3: refused, and security hears who and when."""
    visitor = await cared(page)
    await page.local.change_account("ada", mail="ada@attacker.example")
    await page.linked("ada")
    assert await page.adding.new_codes(visitor) == Over()
    assert await page.exceptions() == ["address-changed"]


async def test_when_the_link_is_over_nothing_changes_any_more(page: World) -> None:
    visitor = await cared(page)
    await made(page, visitor)
    (row,) = await page.rows(Passkey)
    page.clock.forward(minutes=10)
    assert await page.care.remove_passkey(visitor, row.id) == Over()
    assert await page.adding.new_codes(visitor) == Over()
