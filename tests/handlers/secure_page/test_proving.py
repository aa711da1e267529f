"""Proving who one is: each code once, every wrong one counted, and one answer for every refusal (P-7, P-9)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.intents import Where
from handlers.secure_page.looking import Step
from handlers.secure_page.proving import Proving, lift_lock, plain_recovery_code
from handlers.secure_page.visits import PageLimits, Proven, Refused, Visitor
from storage import links
from storage.directories.local import LOCKOUT
from storage.engine.stores import Server
from storage.faults import DirectoryUnavailable
from storage.handles import close_all
from storage.records import Failures, MailCode
from storage.states import Purpose
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD, World, world
from tests.handlers.secure_page.broken_policy import broken_policy


@pytest.fixture
async def page(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path, server=server) as made:
        yield made


async def test_the_code_of_the_authenticator_is_accepted(page: World) -> None:
    visitor = await page.opened(Purpose.RESET)
    assert isinstance(await page.proving.give_totp(visitor, page.code()), Proven)
    assert (await page.audited("proof.given"))[-1] == ("done", None)


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_code_of_the_half_minute_before_or_after_is_accepted_and_no_other(
    page: World, steps: int, right: bool
) -> None:
    visitor = await page.opened(Purpose.RESET)
    answer = await page.proving.give_totp(visitor, page.code(steps=steps))
    assert isinstance(answer, Proven) == right


async def test_a_visit_that_is_closed_while_the_directory_thinks_takes_no_proof(page: World) -> None:
    """P-6: “This wasn't me” holds for what was on its way, too, and the code is not used up."""
    visitor = await page.asked_to_prove()
    page.faulty.hang("account")
    proving = asyncio.create_task(page.proving.give_totp(visitor, page.code()))
    await page.until_hanging()
    await page.ground.database.write(
        lambda tx: close_all(tx, directory="staff", account="ada", at=page.clock())
    )
    page.faulty.mend()
    assert await proving == Refused()
    assert (await page.audited("proof.given"))[-1] == ("refused", "link_over")
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)


async def test_that_a_visit_ended_before_its_time_is_for_whoever_gave_its_proofs_alone(page: World) -> None:
    """P-9: to anybody else a link is over when its time is, so that it tells of nobody that they proved something."""
    proven, other = await page.proven(), await page.opened(Purpose.RESET)
    await page.ground.database.write(
        lambda tx: close_all(tx, directory="staff", account="ada", at=page.clock())
    )
    for visitor, over in ((proven, True), (other, False), (replace(proven, session="another"), False)):
        handle = await page.ground.handle_of(visitor)
        assert handle is not None
        assert page.ground.is_over_to(visitor, handle) == over
    page.clock.forward(seconds=page.ground.handles.lifetime.total_seconds())
    handle = await page.ground.handle_of(other)
    assert handle is not None
    assert page.ground.is_over_to(other, handle)


async def test_while_their_link_rests_no_proof_of_theirs_is_taken(page: World) -> None:
    """P-3: Slack told another address since the link was opened, so whose it is now nobody knows."""
    visitor = await page.opened(Purpose.RESET)

    def rests(tx: Session) -> None:
        link = links.link_of(tx, "T1", "Uada")
        assert link is not None
        assert links.suspend(tx, link.id, mail=link.mail)

    await page.ground.database.write(rests)
    assert await page.proving.give_totp(visitor, page.code()) == Refused()
    assert (await page.audited("proof.given"))[-1] == ("refused", "not_linked")


async def test_a_code_works_once(page: World) -> None:
    code = page.code()
    first = await page.proving.give_totp(await page.opened(Purpose.RESET), code)
    again = await page.proving.give_totp(await page.opened(Purpose.RESET), code)
    assert (type(first), type(again)) == (Proven, Refused)
    assert (await page.audited("proof.given"))[-1] == ("refused", "used_before")


async def test_a_code_before_the_last_one_accepted_is_refused(page: World) -> None:
    """Otherwise the neighbour of a code that was watched could be replayed."""
    await page.proving.give_totp(await page.opened(Purpose.RESET), page.code(steps=1))
    assert await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()) == Refused()


@pytest.mark.both_engines
async def test_two_at_once_with_one_code_are_one(page: World) -> None:
    one, two = await page.opened(Purpose.RESET), await page.opened(Purpose.RESET)
    answers = await asyncio.gather(*(page.proving.give_totp(each, page.code()) for each in (one, two)))
    assert sorted(type(each).__name__ for each in answers) == ["Proven", "Refused"]


async def test_ten_wrong_codes_lock_whatever_links_they_came_by(page: World) -> None:
    """P-7: a new link does not reset the count; the security channel hears of it once."""
    for _ in range(10):
        await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
    assert await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()) == Refused()
    assert (await page.audited("proof.given"))[-1] == ("refused", "locked")
    assert await page.exceptions() == ["page-lockout"]


async def test_while_somebody_is_locked_no_password_of_theirs_is_tried_in_the_directory(page: World) -> None:
    """P-7: neither is it found out by how long that takes, nor does it lock their account there."""
    for _ in range(10):
        await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
    for _ in range(LOCKOUT):
        assert await page.enrolment.sign_in(await page.opened(Purpose.ENROL), "a guess") == Refused()
    account = await page.local.account("ada")
    assert account is not None
    assert not account.locked


async def test_nine_wrong_codes_and_a_right_one_start_the_count_anew(page: World) -> None:
    for _ in range(9):
        await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)
    assert await page.rows(Failures) == []
    assert await page.exceptions() == []


@pytest.mark.both_engines
async def test_guesses_made_at_once_are_counted_before_any_is_checked(page: World) -> None:
    """Thirty parallel guesses get ten looks, not thirty."""
    visitor = await page.opened(Purpose.RESET)
    await asyncio.gather(*(page.proving.give_totp(visitor, page.wrong_code()) for _ in range(30)))
    why = [reason for _, reason in await page.audited("proof.given") if reason in ("wrong", "locked")]
    assert (why.count("wrong"), why.count("locked")) == (10, 20)


@pytest.mark.both_engines
async def test_a_lock_ends_by_itself_after_a_day(page: World) -> None:
    for _ in range(10):
        await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
    page.clock.forward(hours=23, minutes=59)
    assert await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()) == Refused()
    page.clock.forward(minutes=2)
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)


async def test_whoever_guesses_day_after_day_is_locked_out_in_the_end(tmp_path: Path) -> None:
    """SP 800-63B-4, 3.2.2: a hundred in a row at most, and a lock that is over makes none of them undone."""
    limits = PageLimits(wrong_codes=10, most_wrong=30)
    async with world(tmp_path, limits=limits) as page:
        for _ in range(3):
            page.clock.forward(hours=24)
            for _ in range(limits.wrong_codes):
                visitor = await page.opened(Purpose.RESET)
                assert await page.proving.give_totp(visitor, page.wrong_code()) == Refused()
        page.clock.forward(days=30)
        assert await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()) == Refused()
        assert (await page.audited("proof.given"))[-1] == ("refused", "locked")
        await page.ground.database.write(
            lambda tx: lift_lock(
                tx, at=page.clock(), directory="staff", account="ada", where=Where(transport="cli")
            )
        )
        proven = await page.proving.give_totp(await page.opened(Purpose.RESET), page.code())
        assert isinstance(proven, Proven)


async def test_an_operator_lifts_a_lock_on_the_record(page: World) -> None:
    for _ in range(10):
        await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())

    async def lift(account: str) -> bool:
        return await page.ground.database.write(
            lambda tx: lift_lock(
                tx, at=page.clock(), directory="staff", account=account, where=Where(transport="cli")
            )
        )

    assert await lift("ada")
    assert not await lift("bob")
    assert await page.audited("proofs.unlocked") == [("done", None)]
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)


async def test_a_known_password_buys_no_guesses_at_codes(page: World) -> None:
    """Signing in with a stolen password between guesses must not reset the count."""
    for _ in range(9):
        await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
        await page.enrolment.sign_in(await page.opened(Purpose.ENROL), "an old password of ours")
    assert (await page.rows(Failures))[0].count == 9
    await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
    assert await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()) == Refused()


@pytest.mark.parametrize("who", ["bob", "ina", "gil", "nobody", ""])
async def test_whoever_may_not_hears_what_a_wrong_code_hears(page: World, who: str) -> None:
    """P-9: without proofs, inactive, privileged, unknown, or a Slack account that fits nobody."""
    await page.left("ina")
    await page.made_privileged("gil")
    visitor = await page.opened(Purpose.RESET, who, "Ustranger" if not who else "")
    code = page.code(who) if who in page.seeds else "123456"
    assert await page.proving.give_totp(visitor, code) == Refused()
    assert (await page.looking.look(visitor)).step == Step.PROVE


async def test_a_privileged_person_is_refused_by_policy_and_it_is_on_the_record(page: World) -> None:
    """P-4."""
    await page.made_privileged("gil")
    await page.proving.give_totp(await page.opened(Purpose.RESET, "gil"), page.code("gil"))
    last = (await page.audit())[-1]
    assert (last["outcome"], last["facts"]["why"]) == ("refused", "policy")
    assert last["policy"]["ids"] == ["privileged-never-by-themselves"]


async def test_an_expired_link_a_used_link_and_a_forged_link_are_refused_alike(page: World) -> None:
    expired = await page.opened(Purpose.RESET)
    page.clock.forward(minutes=10)
    forged = Visitor(text=expired.text[:-4] + "AAAA")
    assert await page.proving.give_totp(expired, page.code()) == Refused()
    assert await page.proving.give_totp(forged, page.code()) == Refused()
    assert await page.proving.give_totp(Visitor(text="\0é"), page.code()) == Refused()
    assert (await page.audited("proof.given"))[-1] == ("refused", "link_over")


async def test_a_changed_address_stops_everything_and_is_told(page: World) -> None:
    """P-3."""
    visitor = await page.opened(Purpose.RESET)
    await page.local.change_account("ada", mail="elsewhere@example.org")
    assert await page.proving.give_totp(visitor, page.code()) == Refused()
    assert await page.exceptions() == ["identity-mismatch"]


async def test_a_directory_that_does_not_answer_costs_no_attempt(page: World) -> None:
    visitor, enrolling = await page.opened(Purpose.RESET), await page.opened(Purpose.ENROL)
    page.faulty.error("account")
    with pytest.raises(DirectoryUnavailable):
        await page.proving.give_totp(visitor, page.code())
    page.faulty.mend()
    page.faulty.error("verify_password")
    with pytest.raises(DirectoryUnavailable):
        await page.enrolment.sign_in(enrolling, "an old password of ours")
    assert await _wrong_in_a_row(page) == 0


async def _wrong_in_a_row(page: World) -> int:
    return next((row.count for row in await page.rows(Failures) if row.account == "ada"), 0)


@pytest.mark.both_engines
async def test_a_sign_in_that_nobody_answers_lifts_no_lock(page: World) -> None:
    """P-7: it was not counted, so there is nothing to take back."""
    enrolling = await page.opened(Purpose.ENROL)
    for _ in range(10):
        await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
    page.faulty.error("verify_password")
    for _ in range(3):
        with pytest.raises(DirectoryUnavailable):
            await page.enrolment.sign_in(enrolling, "a guess")
    assert await _wrong_in_a_row(page) == 10
    assert await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()) == Refused()


async def test_sign_ins_that_hang_together_buy_no_guesses_at_codes(tmp_path: Path) -> None:
    """P-7: whoever makes the directory hang gets ten looks at codes, as everybody does."""
    async with world(tmp_path) as page:
        page.faulty.timeout = 0.2
        visitor, enrolling = await page.opened(Purpose.RESET), await page.opened(Purpose.ENROL)
        for _ in range(3):
            page.faulty.hang("verify_password")
            hanging = (page.enrolment.sign_in(enrolling, "a guess") for _ in range(12))
            await asyncio.gather(*hanging, return_exceptions=True)
            page.faulty.mend()
            for _ in range(6):
                await page.proving.give_totp(visitor, page.wrong_code())
        looks = [why for _, why in await page.audited("proof.given") if why == "wrong"]
        assert len(looks) == 10


async def test_the_tenth_attempt_locks_nobody_if_the_directory_was_silent(page: World) -> None:
    """It was counted when it began, and only its own lock goes when it is taken back."""
    for _ in range(9):
        await page.proving.give_totp(await page.opened(Purpose.RESET), page.wrong_code())
    page.faulty.error("verify_password")
    with pytest.raises(DirectoryUnavailable):
        await page.enrolment.sign_in(await page.opened(Purpose.ENROL), "a guess")
    assert await _wrong_in_a_row(page) == 9
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)


async def test_silence_is_no_way_to_guess_passwords_for_ever(page: World) -> None:
    """A directory that answers wrong passwords late would tell right from wrong: after ten silences sign-ins rest."""
    for _ in range(10):
        page.faulty.error("verify_password")
        with pytest.raises(DirectoryUnavailable):
            await page.enrolment.sign_in(await page.opened(Purpose.ENROL), "a guess")
    page.faulty.mend()
    assert await page.enrolment.sign_in(await page.opened(Purpose.ENROL), OLD_PASSWORD) == Refused()
    assert (await page.audited("proof.given"))[-1] == ("refused", "directory_was_silent")
    assert await page.exceptions() == []
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)


async def test_after_an_hour_of_rest_signing_in_works_again(page: World) -> None:
    for _ in range(10):
        page.faulty.error("verify_password")
        with pytest.raises(DirectoryUnavailable):
            await page.enrolment.sign_in(await page.opened(Purpose.ENROL), "a guess")
    page.faulty.mend()
    page.clock.forward(hours=1)
    assert isinstance(await page.enrolment.sign_in(await page.opened(Purpose.ENROL), OLD_PASSWORD), Proven)


async def test_silences_before_a_sign_in_that_was_answered_are_forgotten(page: World) -> None:
    """P-7: ten of them in a row rest it, not ten over a year."""
    for _ in range(2):
        page.faulty.error("verify_password")
        for _ in range(9):
            with pytest.raises(DirectoryUnavailable):
                await page.enrolment.sign_in(await page.opened(Purpose.ENROL), "a guess")
        page.faulty.mend()
        assert isinstance(
            await page.enrolment.sign_in(await page.opened(Purpose.ENROL), OLD_PASSWORD), Proven
        )


async def test_a_silence_is_on_the_record(page: World) -> None:
    """Promise 2."""
    page.faulty.error("verify_password")
    with pytest.raises(DirectoryUnavailable):
        await page.enrolment.sign_in(await page.opened(Purpose.ENROL), "a guess")
    assert (await page.audited("proof.given"))[-1] == ("failed", "directory_silent")


async def test_a_recovery_code_and_a_mailed_code_together_are_enough_and_each_works_once(page: World) -> None:
    visitor = await page.opened(Purpose.RESET)
    await page.proving.send_mail_code(visitor)
    code, mailed = page.codes["ada"][0], await page.mailed()
    assert isinstance(
        await page.proving.give_recovery(visitor, code.upper().replace("-", " "), mailed), Proven
    )
    other = await page.opened(Purpose.RESET)
    page.clock.forward(seconds=1)  # ids are ordered by time, so the newest code is the one sent last
    await page.proving.send_mail_code(other)
    assert await page.proving.give_recovery(other, code, await page.mailed()) == Refused()
    fresh = page.codes["ada"][1]
    assert await page.proving.give_recovery(other, fresh, mailed) == Refused()
    assert isinstance(await page.proving.give_recovery(other, fresh, await page.mailed()), Proven)


async def test_a_mailed_code_works_once_in_its_own_visit_too(page: World) -> None:
    """Whoever reads it later has no second use of it, with whatever recovery code."""
    visitor = await page.opened(Purpose.RESET)
    await page.proving.send_mail_code(visitor)
    first, second, mailed = *page.codes["ada"][:2], await page.mailed()
    assert isinstance(await page.proving.give_recovery(visitor, first, mailed), Proven)
    assert await page.proving.give_recovery(visitor, second, mailed) == Refused()


@pytest.mark.both_engines
async def test_one_right_code_of_the_two_is_not_spent_by_a_wrong_other(page: World) -> None:
    visitor = await page.opened(Purpose.RESET)
    await page.proving.send_mail_code(visitor)
    code, mailed = page.codes["ada"][0], await page.mailed()
    wrong = "00000000" if mailed != "00000000" else "11111111"
    assert await page.proving.give_recovery(visitor, code, wrong) == Refused()
    assert await page.proving.give_recovery(visitor, "0000-0000-00000", mailed) == Refused()
    assert isinstance(await page.proving.give_recovery(visitor, code, mailed), Proven)


async def test_a_mailed_code_works_for_ten_minutes_and_for_its_own_link(tmp_path: Path) -> None:
    async with world(tmp_path) as page:
        one, two = await page.opened(Purpose.RESET), await page.opened(Purpose.RESET)
        await page.proving.send_mail_code(one)
        code, mailed = page.codes["ada"][0], await page.mailed()
        assert await page.proving.give_recovery(two, code, mailed) == Refused()
        page.clock.forward(minutes=9, seconds=59)
        assert isinstance(await page.proving.give_recovery(one, code, mailed), Proven)


async def test_mails_with_codes_are_few_and_go_only_to_those_who_can_use_them(page: World) -> None:
    for _ in range(8):
        await page.proving.send_mail_code(await page.opened(Purpose.RESET))
    await page.left("ina")
    await page.made_privileged("gil")
    for who in ("gil", "ina", "nobody"):
        await page.proving.send_mail_code(await page.opened(Purpose.RESET, who))
    await page.proving.send_mail_code(Visitor(text="h-000000000-00000000.AAAAAAAAAAAAAAAAAAAAAA"))
    assert len(await page.rows(MailCode)) == PageLimits().mail_codes_an_hour
    assert {to for courier, kind, to in await page.told() if (courier, kind) == ("mail", "mail-code")} == {
        "ada"
    }


async def test_no_code_and_no_key_stands_in_any_file(page: World) -> None:
    """N-2: derived, sealed or hashed, never as it is."""
    visitor = await page.opened(Purpose.RESET)
    await page.proving.send_mail_code(visitor)
    code, mailed = page.codes["ada"][0], await page.mailed()
    await page.proving.give_recovery(visitor, code, mailed)
    page.ground.database.close()
    kept = b"".join(path.read_bytes() for path in page.folder.glob("wicket.db*"))
    for secret in (mailed, code, plain_recovery_code(code), page.seeds["ada"], visitor.text.split(".")[1]):
        assert secret.encode() not in kept


@pytest.mark.parametrize("right", [False, True])
async def test_an_old_link_locks_nobody_out(page: World, right: bool) -> None:
    """P-7 guards people; whoever found a link of last month must not lock its person out with it."""
    old = await page.opened(Purpose.RESET)
    page.clock.forward(minutes=11)
    for _ in range(12):
        page.clock.forward(minutes=1)
        assert await page.proving.give_totp(old, page.code() if right else page.wrong_code()) == Refused()
    assert await page.audited("proof.given") == [("done", None), *[("refused", "link_over")] * 12]
    assert await page.exceptions() == []
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)


async def test_a_used_link_locks_nobody_out(page: World) -> None:
    used = await page.proven(Purpose.RESET)
    await page.passwords.choose(used, NEW_PASSWORD, NEW_PASSWORD)
    for _ in range(12):
        await page.proving.give_totp(Visitor(text=used.text), page.wrong_code())
    page.clock.forward(minutes=1)
    assert await _wrong_in_a_row(page) == 0
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), page.code()), Proven)


async def test_an_old_link_is_no_way_to_guess_while_it_is_not_counted(page: World) -> None:
    """A right code by an old link is not even looked at, so it is still unspent afterwards."""
    old = await page.opened(Purpose.RESET)
    page.clock.forward(minutes=11)
    code = page.code()
    assert await page.proving.give_totp(old, code) == Refused()
    assert isinstance(await page.proving.give_totp(await page.opened(Purpose.RESET), code), Proven)


async def test_a_policy_that_breaks_before_a_code_is_sent_is_told_once_for_everybody(page: World) -> None:
    """Promise 3: error is refuse, audited and alerted, whoever meets it."""
    proving = Proving(replace(page.ground, policy=broken_policy()))
    for account in ("ada", "bob"):
        await proving.send_mail_code(await page.opened(Purpose.RESET, account))
    assert await page.exceptions() == ["policy-error"]
    await proving.give_totp(await page.opened(Purpose.RESET), page.code())
    assert await page.rows(MailCode) == []
    assert await page.exceptions() == ["policy-error"]
    refused = [one for one in await page.audit() if one["action"] == "mail_code.sent"]
    assert all(one["facts"]["errors"] for one in refused)
