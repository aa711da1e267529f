"""Being vouched for: alike for everybody, never enough alone, and only after a time in which one hears of it (P-13)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import delete

from handlers.audit.doubts import Doubts
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.vouching import VouchingLimits
from handlers.intents import SCHEDULE, Report
from handlers.policies import shipped
from handlers.recording import WICKET
from handlers.secure_page.passwords import NO_LONGER, WORD_LOST, Passwords
from handlers.secure_page.visits import Done, NotYet, Proven, Refused
from handlers.stops.freezing import Cause, begin
from handlers.vouching.being_vouched import BeingVouched
from handlers.vouching.cooling import Cooling
from handlers.vouching.vouchers import Vouchers
from storage.audit.checkpoint import Signer
from storage.engine.stores import Server
from storage.proofs import ProofKind
from storage.records import ExceptionRecord, Owed, Vouching
from storage.states import Ended, FreezeKind, Purpose
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD
from tests.handlers.vouching_ground import SLACK, Company, company

BROKEN = """
@id("broken") @reason("Too far.")
forbid (principal, action == Action::"vouch", resource)
when { context.hoursLinked + 9223372036854775807 > 0 };
"""


@pytest.fixture
async def staff(tmp_path: Path) -> AsyncIterator[Company]:
    """Everybody, and nobody who asked."""
    async with company(tmp_path) as made:
        yield made


@pytest.fixture
async def on_each(tmp_path: Path, server: Server | None) -> AsyncIterator[Company]:
    """The same, on each engine."""
    async with company(tmp_path, server=server) as made:
        yield made


@pytest.mark.both_engines
async def test_a_word_and_a_code_by_mail_reset_after_the_cool_off(on_each: Company) -> None:
    """P-13: by a new visit, whoever opened it. The word is used up by it."""
    staff = on_each
    row = await staff.vouched()
    visitor, answer = await staff.give()
    assert isinstance(answer, Proven)
    handle = await staff.page.ground.handle_of(visitor)
    assert handle is not None
    assert handle.proven == [ProofKind.VOUCHED, ProofKind.MAIL_CODE]
    assert await staff.page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    assert await staff.page.local.verify_password("ada", NEW_PASSWORD)
    used = await staff.row()
    assert (used.id, used.ended, used.proof_of) == (row.id, Ended.USED, handle.id)
    assert await staff.page.audited("vouching.used") == [("done", None)]
    assert (await staff.give())[1] == Refused()


async def test_a_recovery_code_will_do_instead_of_the_mail(staff: Company) -> None:
    """One who kept a code and lost the mailbox."""
    await staff.page.enrol("ada")
    await staff.vouched()
    visitor = await staff.visit()
    assert isinstance(await staff.being.give(visitor, staff.page.codes["ada"][0]), Proven)


async def test_nothing_counts_before_the_cool_off_is_over(staff: Company) -> None:
    """P-13: not a second earlier; and not after its time."""
    await staff.vouched(cooled=False)
    staff.page.clock.forward(minutes=59, seconds=59)
    assert (await staff.give())[1] == Refused()
    assert ("refused", "cooling") in await staff.page.audited("proof.given")
    staff.page.clock.forward(seconds=1)
    assert isinstance((await staff.give())[1], Proven)


async def test_it_counts_for_eight_hours(staff: Company) -> None:
    await staff.vouched()
    staff.page.clock.forward(hours=8)
    assert (await staff.give())[1] == Refused()


async def test_a_cool_off_is_never_nothing() -> None:
    with pytest.raises(ValueError, match="never counts at once"):
        VouchingLimits(cool_off=timedelta(0))


async def test_the_word_alone_never_suffices(staff: Company) -> None:
    """Whoever talked a manager into it and has no mailbox gets nowhere, and the word stays unspent."""
    await staff.vouched()
    visitor = await staff.visit()
    assert await staff.being.give(visitor, "00000000") == Refused()
    assert (await staff.row()).ended == ""


async def test_session_and_mailbox_do_not_get_in_without_the_word(staff: Company) -> None:
    """An attacker who holds the Slack session and the mailbox can ask and can read mail; nobody's word follows."""
    visitor = await staff.visit()
    await staff.ask(visitor=visitor)
    answer = (await staff.give(visitor=visitor))[1]
    assert answer == Refused()
    staff.page.clock.forward(hours=3)
    assert (await staff.give())[1] == Refused()
    assert [why for _, why in await staff.page.audited("proof.given")][-2:] == ["not_vouched", "not_vouched"]


async def test_the_word_about_one_person_helps_no_other(staff: Company) -> None:
    await staff.vouched()
    assert (await staff.give("ina"))[1] == Refused()


@pytest.mark.parametrize("purpose", [Purpose.ENROL, Purpose.CARE, Purpose.LINK])
async def test_a_word_makes_nobody_new_proofs(staff: Company, purpose: Purpose) -> None:
    """P-5: whoever lost all proofs needs two approvers; one word must not be a way round them."""
    await staff.vouched()
    visitor = await staff.visit("ada", purpose)
    assert not await staff.being.ask(visitor)
    assert (await staff.give(visitor=visitor))[1] == Refused()


async def test_an_account_switched_off_meanwhile_is_helped_no_more(staff: Company) -> None:
    await staff.vouched(cooled=False)
    await staff.page.local.change_account("ada", active=False)
    staff.page.clock.forward(minutes=61)
    assert await staff.cooling.settle_due() == 1
    assert (await staff.row()).ended == Ended.VOID
    await staff.page.local.change_account("ada", active=True)
    assert (await staff.give())[1] == Refused()


@pytest.mark.parametrize("change", [{"active": False}, {"mail": "gil@elsewhere.example"}])
async def test_a_voucher_who_may_no_longer_voids_their_word(
    staff: Company, change: dict[str, object]
) -> None:
    """Asked again when it is used: gone, or somebody else may be in their account."""
    await staff.vouched()
    await staff.page.local.change_account("gil", **change)
    assert (await staff.give())[1] == Refused()
    assert (await staff.row()).ended == Ended.VOID
    assert await staff.reasons() == ["lost"]


async def test_a_voucher_who_was_reset_since_voids_their_word(staff: Company) -> None:
    """P-8: whoever reset it may be the one who gave the word."""
    await staff.vouched()
    await staff.happened("reset", "gil")
    assert (await staff.give())[1] == Refused()
    assert (await staff.row()).ended == Ended.VOID
    assert await staff.reasons() == ["lost"]


async def test_a_broken_policy_lets_nobody_in_and_voids_no_word(staff: Company) -> None:
    """Promise 3: an error refuses and is told as what it is; once policy is mended the word counts as before."""
    await staff.vouched()
    sources, schema = shipped()
    policy = CedarPolicy.load({**sources, "own.cedar": BROKEN}, schema, bound_to="test")
    objection = Vouchers(replace(staff.ground, policy=policy)).objection
    broken = replace(staff.page.ground, objection=objection)
    mended, staff.being = staff.being, BeingVouched(broken)
    assert (await staff.give())[1] == Refused()
    for _ in range(2):
        await Cooling(broken).settle_due()
    row = await staff.row()
    assert (row.ended, row.cooled_at) == ("", None)
    assert [(one.kind, one.count) for one in await staff.page.rows(ExceptionRecord)] == [("policy-error", 1)]
    staff.being = mended
    staff.page.clock.forward(minutes=10)
    assert isinstance((await staff.give())[1], Proven)


async def test_a_policy_that_breaks_when_it_is_asked_for_is_told(staff: Company) -> None:
    """Promise 3: they get a code by which nobody can vouch, and security hears why."""
    sources, schema = shipped()
    broken = BROKEN.replace("vouch", "reset_password").replace("hoursLinked", "unlocksToday")
    policy = CedarPolicy.load({**sources, "own.cedar": broken}, schema, bound_to="test")
    staff.being = BeingVouched(replace(staff.page.ground, policy=policy))
    await staff.ask()
    assert (await staff.row()).idle == "policy"
    assert await staff.page.exceptions() == ["policy-error"]


async def test_a_voucher_who_goes_between_proof_and_password_stops_it(staff: Company) -> None:
    """Promise 3: asked at the proof and once more when the password is set."""
    await staff.vouched()
    visitor, answer = await staff.give()
    assert isinstance(answer, Proven)
    await staff.page.local.change_account("gil", active=False)
    assert await staff.page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == NotYet(
        reason=NO_LONGER.format(reasons=WORD_LOST)
    )
    assert await staff.page.audited("vouching.used") == [("done", None), ("refused", "voucher_gone")]
    assert await staff.page.audited("password.changed") == [("refused", "word_lost")]
    assert await staff.reasons() == ["lost"]
    assert await staff.page.local.verify_password("ada", OLD_PASSWORD)


async def test_a_policy_that_breaks_between_proof_and_password_is_no_voucher_who_was_lost(
    staff: Company,
) -> None:
    """Promise 3: it stops it as well, and security hears of the policy alone."""
    await staff.vouched()
    visitor, answer = await staff.give()
    assert isinstance(answer, Proven)
    sources, schema = shipped()
    policy = CedarPolicy.load({**sources, "own.cedar": BROKEN}, schema, bound_to="test")
    objection = Vouchers(replace(staff.ground, policy=policy)).objection
    passwords = Passwords(replace(staff.page.ground, objection=objection))
    assert isinstance(await passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD), NotYet)
    assert await staff.page.exceptions() == ["policy-error"]


async def test_the_person_is_told_when_it_counts_even_by_a_bot_that_was_killed_before(staff: Company) -> None:
    """The row is the schedule: whoever comes up next tells it, once."""
    await staff.vouched()
    after = Cooling(staff.page.ground)
    assert await after.settle_due() == 1
    assert await after.settle_due() == 0
    assert ("mail", "vouching-counts", "ada") in await staff.page.told()
    assert await staff.page.audited("vouching.cooled") == [("done", None)]


async def test_a_voucher_who_goes_while_it_cools_off_ends_it_and_security_hears(staff: Company) -> None:
    await staff.vouched()
    await staff.page.local.change_account("gil", active=False)
    await staff.cooling.settle_due()
    assert (await staff.row()).ended == Ended.VOID
    assert await staff.reasons() == ["lost"]


async def test_of_a_word_that_was_written_by_hand_nobody_is_told_that_it_counts(staff: Company) -> None:
    """T-9: nor is it on the record that it does."""
    await staff.vouched()
    await staff.page.ground.database.write(
        lambda tx: tx.connection().execute(
            text("UPDATE vouchings SET voucher = 'ina', voucher_slack = 'Uina'")
        )
    )
    await staff.cooling.settle_due()
    assert await staff.page.audited("vouching.cooled") == []
    assert ("mail", "vouching-counts", "ada") not in await staff.page.told()
    await Doubts(staff.ground).tell_due()
    assert await staff.page.exceptions() == ["row-changed"]


async def test_a_row_that_was_written_by_hand_hides_no_word(staff: Company) -> None:
    """T-9: it counts nowhere, and keeps nobody from being let in by the word that was given."""
    row = await staff.vouched()
    names = [name for name in type(row).model_fields if name not in ("id", "voucher")]
    await staff.page.ground.database.write(
        lambda tx: tx.connection().execute(
            text(
                f"INSERT INTO vouchings (id, voucher, {', '.join(names)})"
                f" SELECT 'v-zzzzzzzzz-zzzzzzzz', 'ina', {', '.join(names)} FROM vouchings"
            )
        )
    )
    assert isinstance((await staff.give())[1], Proven)


async def test_a_directory_that_is_away_puts_the_telling_off(staff: Company) -> None:
    await staff.vouched()
    staff.page.faulty.error("account")
    assert await staff.cooling.settle_due() == 1
    assert (await staff.row()).cooled_at is None
    staff.page.faulty.mend()
    await staff.cooling.settle_due()
    assert (await staff.row()).cooled_at is not None


async def test_it_was_not_me_ends_the_word_for_good(staff: Company) -> None:
    """P-6: by the button below the message; lifting the alarm brings nothing back."""
    row = await staff.vouched(cooled=False)
    await staff.alarms.by_slack(
        Report(actor=await staff.actor("ada"), where=SLACK, delivery="r1", handle=row.handle)
    )
    assert (await staff.row()).ended == Ended.REPORTED
    assert ("refused", Ended.REPORTED) in await staff.page.audited("vouching.ended")
    staff.page.clock.forward(minutes=61)
    await staff.page.local.change_account("ada", active=True)
    assert await staff.being.give(await staff.visit(), "00000000") == Refused()
    assert ("refused", "reported") in await staff.page.audited("proof.given")


async def test_whoever_asked_can_cancel_it(staff: Company) -> None:
    visitor = await staff.visit()
    code = await staff.ask(visitor=visitor)
    await staff.vouch("gil", code)
    elsewhere = replace(visitor, form_cookie="another browser")
    await staff.being.cancel(elsewhere)
    assert (await staff.row()).ended == ""
    await staff.being.cancel(visitor)
    assert (await staff.row()).ended == Ended.CANCELLED
    assert await staff.being.shown(visitor) is None


async def test_a_flood_of_askings_is_told_and_stops(staff: Company) -> None:
    """P-13: the sixth in a day gets a code by which nobody can vouch; nobody is sent anything."""
    for _ in range(5):
        await staff.ask()
    assert await staff.reasons() == []
    code = await staff.ask()
    assert await staff.reasons() == ["flood"]
    assert (await staff.page.audited("vouching.asked"))[-1] == ("refused", "too_often")
    await staff.vouch("gil", code)
    assert (await staff.row()).vouched_at is None
    staff.page.clock.forward(days=1)
    await staff.ask()
    assert (await staff.page.audited("vouching.asked"))[-1] == ("done", "")


async def test_somebody_who_is_nobody_gets_a_code_as_well(staff: Company) -> None:
    """P-9: known, unknown and not entitled see the same; by the code of the latter two nobody vouches."""
    await staff.page.local.change_account("ina", privileged=True)
    codes = []
    for login in ("ada", "ina", ""):
        visitor = await staff.visit(login)
        assert await staff.being.ask(visitor)
        shown = await staff.being.shown(visitor)
        assert shown is not None
        codes.append(shown.code)
    assert len(set(codes)) == 3
    idle = [row.idle for row in await staff.page.rows(Vouching)]
    assert sorted(idle) == ["", "policy", "unknown"]


async def test_the_code_is_shown_in_the_browser_that_asked_alone(staff: Company) -> None:
    visitor = await staff.visit()
    await staff.ask(visitor=visitor)
    assert await staff.being.shown(replace(visitor, form_cookie="another browser")) is None
    staff.page.clock.forward(minutes=10)
    assert await staff.being.shown(visitor) is None


async def test_the_manager_is_named_in_ones_own_visit_from_slack(staff: Company) -> None:
    visitor = await staff.visit()
    await staff.ask(visitor=visitor)
    shown = await staff.being.shown(visitor)
    assert shown is not None
    assert shown.manager == "Gil Bates"


async def test_nothing_is_offered_where_nobody_vouches(staff: Company) -> None:
    shut = BeingVouched(replace(staff.page.ground, vouching=None))
    assert not shut.offered(Purpose.RESET)
    assert not await shut.ask(await staff.visit())


async def test_a_restored_store_forgets_every_word(staff: Company) -> None:
    """T-4: what was used in the time that is lost must not be worth anything again, and both are told so."""
    await staff.vouched()
    await staff.page.ground.database.write(lambda tx: tx.exec(delete(Owed)))
    signer = Signer.generate("wicket.example.com")
    await staff.page.ground.database.write(
        lambda tx: begin(
            tx, staff.ground, Cause(kind=FreezeKind.RESTORED, detail="an older copy"), actor=WICKET,
            where=SCHEDULE, signer=signer,
        )
    )  # fmt: skip
    assert (await staff.row()).ended == Ended.VOID
    assert await staff.page.audited("vouching.ended") == [("refused", Ended.VOID)]
    assert {("slack", "vouched", "Uada"), ("slack", "word-given", "Ugil")} <= set(await staff.page.told())


async def test_of_a_word_whose_time_was_over_a_restored_store_tells_nobody(staff: Company) -> None:
    """T-4: it ended by itself, and they know."""
    await staff.vouched()
    staff.page.clock.forward(hours=8)
    signer = Signer.generate("wicket.example.com")
    await staff.page.ground.database.write(lambda tx: tx.exec(delete(Owed)))
    await staff.page.ground.database.write(
        lambda tx: begin(
            tx, staff.ground, Cause(kind=FreezeKind.RESTORED, detail="an older copy"), actor=WICKET,
            where=SCHEDULE, signer=signer,
        )
    )  # fmt: skip
    assert await staff.page.audited("vouching.ended") == []
    assert "Ugil" not in {who for _, _, who in await staff.page.told()}
