"""Petitions (P-14): who asks, who decides, what an hour later opens, and everything that stops it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from handlers.alarms.reported import Stopped
from handlers.audit.doubts import Doubts
from handlers.decisions import freezing
from handlers.decisions.breaking import Bars, Counted
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.petitioning import in_the_end
from handlers.decisions.policy import AttestWay
from handlers.exceptions.strange import Kind
from handlers.intents import SCHEDULE, Intent
from handlers.outcomes import Repeated, Unknown
from handlers.patience import answering_within
from handlers.petitions.front_door import PetitionDoor
from handlers.petitions.outcomes import (
    AskedBefore,
    MayAsk,
    MayAttest,
    MayNot,
    NotForYou,
    NotNeeded,
    Petitioned,
    ProveFirst,
    Said,
    SaidBefore,
    Settled,
    SettledBefore,
    Why,
)
from handlers.petitions.standing_by import StandingBy
from handlers.policies import shipped
from handlers.recording import WICKET
from handlers.secure_page import breaker
from handlers.secure_page.changes import RESET, Changes
from handlers.secure_page.enrolment import Codes
from handlers.secure_page.visits import Done, NotYet, Over, PageLimits, Proven, Refused
from handlers.stops.freezing import Cause, begin
from storage import freezes
from storage.audit.checkpoint import Signer
from storage.directories.base import Account, Directory
from storage.engine.stores import Server
from storage.faults import DirectoryUnavailable
from storage.handles import take
from storage.identifiers import new_id
from storage.passkeys import passkeys_of
from storage.proofs import recovery_codes, replace_recovery_codes, seed_of, use_recovery_code
from storage.records import Alarm, Attestation, ExceptionRecord, Handle, MailCode, Petition, Proof, StepUp
from storage.states import ExceptionState, FreezeKind, PetitionKind, PetitionState
from tests.directories.faulty import FaultyDirectory
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD
from tests.handlers.petition_ground import WHERE, Square, square

PASSWORD, PROOFS = PetitionKind.PASSWORD, PetitionKind.PROOFS
COOL_OFF = timedelta(hours=4)


@pytest.fixture
async def sq(tmp_path: Path) -> AsyncIterator[Square]:
    """Everybody, and no petition."""
    async with square(tmp_path) as made:
        yield made


@pytest.fixture
async def on_each(tmp_path: Path, server: Server | None) -> AsyncIterator[Square]:
    """The same on both engines, where the rows themselves matter."""
    async with square(tmp_path, server=server) as made:
        yield made


async def test_a_privileged_password_goes_the_whole_way(on_each: Square) -> None:
    """P-14, P-4: two people of two roles, four hours, their own proof, and the rules of any reset."""
    sq = on_each
    petition = await sq.approved("root", PASSWORD)
    row = await sq.row(petition)
    assert (row.state, row.opens_at) == (PetitionState.APPROVED, sq.page.clock() + COOL_OFF)
    assert isinstance(await sq.page.proving.give_totp(sq.visitor(petition), sq.page.code("root")), Refused)
    await sq.mailed(petition)
    sq.page.clock.forward(hours=4)
    await sq.openings.settle_due()
    proven = await sq.page.proving.give_totp(sq.visitor(petition), sq.page.code("root"))
    assert isinstance(proven, Proven)
    visitor = replace(sq.visitor(petition), session=proven.session)
    assert isinstance(await sq.page.passwords.choose(visitor, "abc", "abc"), NotYet)
    assert await sq.page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    assert await sq.page.local.verify_password("root", NEW_PASSWORD)
    assert (await sq.row(petition)).state == PetitionState.USED
    asked = [row.state for row in await sq.page.rows(ExceptionRecord) if row.kind == Kind.PETITION]
    assert asked == [ExceptionState.RESOLVED]  # that it was asked asks nobody for anything any more (W-1)
    assert isinstance(await sq.page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD), Over)
    story = [entry["action"] for entry in await sq.page.audit() if entry["correlation"] == petition]
    assert story == [
        "petition.asked", "step_up.page_opened", "petition.attested", "step_up.page_opened", "petition.attested",
        "petition.approved", "proof.given", "petition.opened", "proof.given", "password.announced",
        "password.change_started", "password.changed", "petition.used",
    ]  # fmt: skip


@pytest.mark.both_engines
async def test_lost_proofs_go_the_whole_way(on_each: Square) -> None:
    """P-14, P-5: what is left is shown, one new proof is set up, and only then the old ones go."""
    sq = on_each
    petition = await sq.opened()
    visitor = await sq.shown(petition)
    await sq.regaining.offer_key(visitor, session=visitor.session)
    look = await sq.page.looking.look(visitor)
    assert look.key is not None
    before = sq.page.seeds["ada"]
    read = sq.page.ground.database.read
    seed = await read(lambda tx: seed_of(tx, "staff", "ada"))
    assert seed is not None
    assert sq.page.ground.vault.open(seed.secret) == before
    sq.page.seeds["ada"] = look.key.text.replace(" ", "")
    done = await sq.regaining.confirm(visitor, sq.page.code("ada"))
    assert isinstance(done, Codes)
    kept = await read(lambda tx: seed_of(tx, "staff", "ada"))
    assert kept is not None
    assert sq.page.ground.vault.open(kept.secret) == sq.page.seeds["ada"]
    assert len(await read(lambda tx: recovery_codes(tx, "staff", "ada"))) == 10
    assert len([one for one in await sq.page.rows(Proof) if one.account == "ada"]) == 11
    assert (await sq.row(petition)).state == PetitionState.USED
    assert isinstance(await sq.regaining.confirm(visitor, sq.page.code("ada")), Over)
    told = {(courier, kind) for courier, kind, who in await sq.page.told() if who in ("ada", "Uada")}
    kinds = ("petition-asked", "petition-approved", "petition-opened", "petition-used", "proofs-changed")
    assert told >= {("mail", kind) for kind in kinds}


async def test_without_showing_what_is_left_nothing_is_set_up(sq: Square) -> None:
    """P-14: two people and four hours alone open nothing."""
    petition = await sq.opened()
    visitor = sq.visitor(petition)
    assert isinstance(await sq.regaining.give_password(visitor, "another password"), Refused)
    await sq.regaining.offer_key(visitor, session="")
    assert isinstance(await sq.regaining.confirm(visitor, "000000"), Over)
    assert await sq.regaining.ask_passkey(visitor) is None
    assert isinstance(await sq.page.proving.give_totp(visitor, sq.page.code("ada")), Refused)


async def test_whoever_was_on_the_page_before_does_not_know_the_key_that_is_confirmed(sq: Square) -> None:
    """P-14: a mailbox or a password that is known to another opens the page for them too, for a day."""
    petition = await sq.opened()
    keys = []
    for _ in ("another", "she herself"):
        visitor = await sq.shown(petition)
        await sq.regaining.offer_key(visitor, session=visitor.session)
        keys.append((await sq.page.looking.look(visitor)).key)
    assert keys[0] != keys[1]


async def test_a_code_by_mail_will_do_but_not_for_the_privileged(sq: Square) -> None:
    """P-14, P-3: and nobody whose address moved lately gets anywhere."""
    petition = await sq.opened()
    await sq.page.proving.send_mail_code(sq.visitor(petition))
    code = await sq.page.mailed()
    assert isinstance(await sq.regaining.give_mail_code(sq.visitor(petition), "12345678"), Refused)
    assert isinstance(await sq.regaining.give_mail_code(sq.visitor(petition), code), Proven)
    assert isinstance(await sq.regaining.give_mail_code(sq.visitor(petition), code), Refused)
    other = await sq.opened("root")
    await sq.page.proving.send_mail_code(sq.visitor(other))
    assert len({one.handle for one in await sq.page.rows(MailCode)}) == 1
    assert isinstance(await sq.regaining.give_password(sq.visitor(other), OLD_PASSWORD), Proven)


async def test_whoever_can_help_themselves_asks_nobody(sq: Square) -> None:
    """P-14."""
    assert await sq.ask("ada", PASSWORD) == NotNeeded(kind=PASSWORD)
    assert await sq.page.rows(Petition) == []


async def test_whoever_is_refused_before_the_form_opens_is_on_the_record(on_each: Square) -> None:
    """P-14, promise 2: once a click."""
    sq = on_each
    allowed = Intent(actor=await sq.actor("ada"), where=WHERE, delivery=sq.delivery())
    assert await sq.petitioning.consider(allowed, PROOFS) == MayAsk(kind=PROOFS, privileged=False)
    intent = Intent(actor=await sq.actor("ada"), where=WHERE, delivery=sq.delivery())
    assert await sq.petitioning.consider(intent, PASSWORD) == NotNeeded(kind=PASSWORD)
    assert await sq.petitioning.consider(intent, PASSWORD) == Repeated()
    assert await sq.page.audited("petition.refused") == [("refused", "not_needed")]


async def test_at_the_front_door_a_directory_that_stops_answering_answers_nobody(sq: Square) -> None:
    """P-9: it is asked as often for the unknown as for whoever has a manager to look up."""
    sq.page.faulty.error("account")
    door = PetitionDoor(sq.ground, directory="staff")
    for login in ("ada", "bob", "nobody"):
        with pytest.raises(DirectoryUnavailable):
            await door.ask(login, PROOFS, "My phone is gone")


@pytest.mark.both_engines
async def test_at_the_front_door_no_word_fails_for_those_who_are_known_alone(on_each: Square) -> None:
    """P-9: PostgreSQL keeps no null, and by the fault one could tell whose login it is."""
    sq = on_each
    door = PetitionDoor(sq.ground, directory="staff")
    for login in ("ada", "nobody"):
        assert await door.ask(login, PROOFS, "My phone\0 is gone") is None
    (row,) = await sq.page.rows(Petition)
    assert row.explanation == "My phone\ufffd is gone"


async def test_one_petition_a_person(on_each: Square) -> None:
    """P-14, P-7: and three a day."""
    sq = on_each
    petition = await sq.asked()
    assert await sq.ask() == AskedBefore(petition=petition)
    for _ in range(2):
        assert await sq.cancel(petition, "ada") == Settled(who="Ada Byron")
        petition = await sq.asked()
    await sq.cancel(petition, "ada")
    assert isinstance(await sq.ask(), NotForYou)
    sq.page.clock.forward(hours=24)
    assert isinstance(await sq.ask(), Petitioned)


async def test_the_same_delivery_asks_once(sq: Square) -> None:
    """SL-5."""
    assert isinstance(await sq.ask(delivery="twice"), Petitioned)
    assert await sq.ask(delivery="twice") == Repeated()
    assert len(await sq.page.rows(Petition)) == 1


@pytest.mark.parametrize("kind", [FreezeKind.EMERGENCY, FreezeKind.RESTORED, FreezeKind.MISMATCH])
async def test_a_frozen_store_takes_up_and_opens_nothing(sq: Square, kind: FreezeKind) -> None:
    """P-14, T-4: what waited opens when the freeze is lifted, and everything is asked again."""
    petition = await sq.approved()
    await sq.mailed(petition)
    frozen = await sq.page.ground.database.write(
        lambda tx: freezes.begin(tx, at=sq.page.clock(), kind=kind, by="cli", lost_from=None, facts={}).id
    )
    assert isinstance(await sq.ask("gil"), NotForYou)
    sq.page.clock.forward(hours=5)
    await sq.openings.settle_due()
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.APPROVED
    assert await sq.page.audited("petition.put_off") == [("refused", Why.STOPPED)]

    def lift(tx):  # type: ignore[no-untyped-def]
        freezes.lift(tx, freezes.get(tx, frozen), at=sq.page.clock(), by="sam", rationale="looked")

    await sq.page.ground.database.write(lift)
    sq.page.clock.forward(minutes=1)
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.OPEN


async def test_nobody_approves_a_petition_while_new_access_is_stopped(sq: Square) -> None:
    """P-14, T-4: approving hears why, denying goes on."""
    petition = await sq.asked()
    await sq.page.ground.database.write(
        lambda tx: freezes.begin(
            tx, at=sq.page.clock(), kind=FreezeKind.EMERGENCY, by="cli", lost_from=None, facts={}
        )
    )
    assert isinstance(await sq.consider(petition, "sam"), freezing.Stopped)
    assert isinstance(await sq.decide(petition, "sam"), freezing.Stopped)
    assert (await sq.row(petition)).state == PetitionState.ASKED
    assert {outcome for outcome, _ in await sq.page.audited("petition.stopped")} == {"refused"}
    await sq.decide(petition, "sam", approve=False)
    assert (await sq.row(petition)).state == PetitionState.DENIED


@pytest.mark.both_engines
async def test_what_two_people_opened_does_nothing_while_new_access_is_stopped(on_each: Square) -> None:
    """P-14, T-4: security stops what would not be opened now, and whoever is at work hears why and goes on after."""
    sq = on_each
    proofs, password = await sq.opened(), await sq.opened("root", PASSWORD)
    visitor = await sq.shown(proofs)
    await sq.regaining.offer_key(visitor, session=visitor.session)
    key = (await sq.page.looking.look(visitor)).key
    assert key is not None
    proven = await sq.page.proving.give_totp(sq.visitor(password), sq.page.code("root"))
    assert isinstance(proven, Proven)
    of_root = replace(sq.visitor(password), session=proven.session)
    own = await sq.page.proven(account="konrad")
    frozen = await sq.page.ground.database.write(
        lambda tx: (
            freezes.begin(
                tx, at=sq.page.clock(), kind=FreezeKind.EMERGENCY, by="cli", lost_from=None, facts={}
            ).id
        )
    )
    sq.page.seeds["ada"] = key.text.replace(" ", "")
    sq.page.clock.forward(seconds=31)
    halt = NotYet(
        reason=freezing.reason(freezing.Stopped(id="", kind=FreezeKind.EMERGENCY, since=sq.page.clock()))
    )
    assert await sq.regaining.confirm(visitor, sq.page.code("ada")) == halt
    assert await sq.page.passwords.choose(of_root, NEW_PASSWORD, NEW_PASSWORD) == halt
    assert isinstance(await sq.regaining.give_password(sq.visitor(proofs), OLD_PASSWORD), Refused)
    assert (await sq.page.audited("proof.given"))[-2:] == [("refused", "stopped")] * 2
    assert ("refused", "resets_stopped") in await sq.page.audited("password.changed")
    assert await sq.page.passwords.choose(own, NEW_PASSWORD, NEW_PASSWORD) == Done()  # by their own proofs

    def lift(tx: Session) -> None:
        freezes.lift(tx, freezes.get(tx, frozen), at=sq.page.clock(), by="sam", rationale="looked")

    await sq.page.ground.database.write(lift)
    assert isinstance(await sq.regaining.confirm(visitor, sq.page.code("ada")), Codes)
    assert await sq.page.passwords.choose(of_root, NEW_PASSWORD, NEW_PASSWORD) == Done()


@pytest.mark.parametrize("kind", [FreezeKind.EMERGENCY, FreezeKind.RESTORED, FreezeKind.MISMATCH])
async def test_a_petition_of_a_restored_store_is_over(sq: Square, kind: FreezeKind) -> None:
    """P-14, T-4: it may have been stopped in the time that is lost; no freeze that is lifted brings it back."""
    petition, other = await sq.approved(), await sq.asked("gil")
    cause = Cause(kind=kind, detail="It is a test.")
    signer = Signer.generate("wicket.example")
    await sq.page.ground.database.write(
        lambda tx: begin(tx, sq.ground, cause, actor=WICKET, where=SCHEDULE, signer=signer)
    )
    ends = [((await sq.row(one)).state, (await sq.row(one)).end_reason) for one in (petition, other)]
    if kind == FreezeKind.EMERGENCY:
        assert ends == [(PetitionState.APPROVED, ""), (PetitionState.ASKED, "")]
    else:
        assert ends == [(PetitionState.VOIDED, Why.STOPPED)] * 2
        assert ("mail", "petition-ended", "ada") in await sq.page.told()


async def test_resets_that_are_stopped_stop_petitions_for_passwords_alone(sq: Square) -> None:
    """P-7."""
    await sq.page.ground.database.write(
        lambda tx: (
            freezes.begin(
                tx, at=sq.page.clock(), kind=FreezeKind.RESETS, by="wicket", lost_from=None, facts={}
            ).id
        )
    )
    assert isinstance(await sq.ask("root", PASSWORD), NotForYou)
    assert isinstance(await sq.ask("ada", PROOFS), Petitioned)


async def test_resets_that_are_stopped_do_not_close_what_two_people_opened(sq: Square) -> None:
    """P-7: by some wrong proofs a stranger could; it goes on when security lifts the stop."""
    petition = await sq.opened("root", PASSWORD)
    page = replace(sq.page.ground, limits=PageLimits(bars=Bars(resets=1)))
    for _ in range(2):
        await page.database.write(lambda tx: breaker.lets_by(tx, page, Counted.RESETS))
    assert isinstance(await sq.page.proving.give_totp(sq.visitor(petition), sq.page.code("root")), Refused)

    def lift(tx: Session) -> None:
        for one in freezes.open_ones(tx):
            freezes.lift(tx, one, at=sq.page.clock(), by="sam", rationale="looked")

    await page.database.write(lift)
    proven = await sq.page.proving.give_totp(sq.visitor(petition), sq.page.code("root"))
    assert isinstance(proven, Proven)
    visitor = replace(sq.visitor(petition), session=proven.session)
    assert await sq.page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()


async def test_an_approval_needs_a_fresh_proof_for_this_very_petition(sq: Square) -> None:
    """P-14, P-10: a proof for another one, or one that was used, is none."""
    first, second = await sq.asked(), await sq.asked("gil")
    assert isinstance(await sq.decide(first, "sam"), ProveFirst)
    assert await sq.page.rows(Attestation) == []
    await sq.prove(second, "sam")
    assert isinstance(await sq.decide(first, "sam"), ProveFirst)
    assert isinstance(await sq.consider(second, "sam"), MayAttest)
    sq.page.clock.forward(minutes=6)
    assert isinstance(await sq.decide(second, "sam"), ProveFirst)
    await sq.page.ground.database.write(lambda _tx: None)
    assert await sq.page.rows(Attestation) == []


async def test_who_stands_with_the_approval(sq: Square) -> None:
    """P-14: the record says by which proof and when."""
    petition = await sq.asked()
    await sq.approve(petition, "sam")
    (row,) = await sq.page.rows(Attestation)
    assert (row.account, row.role, row.proof, row.rationale) == ("sam", "security", "totp", "I saw her")
    assert [one.spent_at for one in await sq.page.rows(StepUp) if one.spent_at] == [sq.page.clock()]
    entry = next(each for each in await sq.page.audit() if each["action"] == "petition.attested")
    assert (entry["facts"]["role"], entry["facts"]["proof"]) == ("security", "totp")
    assert "I saw her" not in str(await sq.page.audit())


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ("ada", "Nobody decides about their own petition."),
        ("bob", "You are neither"),
        ("eve", "Contractors do not say"),
    ],
)
async def test_who_may_not_say_that_it_is_them(sq: Square, login: str, why: str) -> None:
    """P-14, R-1: and it is told."""
    petition = await sq.asked()
    outcome = await sq.consider(petition, login)
    assert isinstance(outcome, MayNot)
    assert any(why in one for one in outcome.reasons), outcome.reasons
    assert "wrong-approver" in await sq.page.exceptions()


@pytest.mark.parametrize(("whose", "severity"), [("ada", "medium"), ("root", "high")])
async def test_a_wrong_person_at_a_privileged_petition_is_told_at_once(
    sq: Square, whose: str, severity: str
) -> None:
    """P-4: somebody tries for an account with power."""
    petition = await sq.asked(whose, PASSWORD if whose == "root" else PROOFS)
    assert isinstance(await sq.consider(petition, "bob"), MayNot)
    (told,) = [one for one in await sq.page.rows(ExceptionRecord) if one.kind == "wrong-approver"]
    assert told.severity == severity


async def test_a_report_does_not_speak_for_their_manager(sq: Square) -> None:
    """P-14: whoever depends on somebody is pressed too easily."""
    await sq.page.local.change_account("grace", manager="ada")
    petition = await sq.asked()
    outcome = await sq.consider(petition, "grace")
    assert isinstance(outcome, MayNot)
    assert outcome.reasons == ("They are your manager, so somebody else decides about this.",)


@pytest.mark.parametrize("reports", ["grace", "konrad"])
async def test_a_report_does_not_speak_for_their_manager_by_a_second_account(
    sq: Square, reports: str
) -> None:
    """P-14, R-1: of the account with which somebody administers the directory often names no manager."""
    petition = await sq.asked()
    await sq.approve(petition, "grace")
    for login in ("grace", "konrad"):
        await sq.page.local.change_account(login, person="4711")
    await sq.page.local.change_account(reports, manager="ada")
    assert isinstance(await sq.consider(petition, "konrad"), MayNot)
    await sq.approve(petition, "sam")
    assert (await sq.row(petition)).state == PetitionState.ASKED  # what was said as grace counts no more


class AllAtOnce(FaultyDirectory):
    """It answers about somebody's other accounts only once all four look-ups are out, by number and mail of both."""

    def __init__(self, inner: Directory) -> None:
        super().__init__(inner)
        self._all = asyncio.Barrier(4)

    async def accounts_of(self, person: str) -> list[Account]:
        await self._all.wait()
        return await super().accounts_of(person)

    async def accounts_by_mail(self, mail: str) -> list[Account]:
        await self._all.wait()
        return await super().accounts_by_mail(mail)


async def test_the_other_accounts_of_both_are_looked_for_at_once(sq: Square) -> None:
    """R-1: one after another, in a slow directory nobody who clicks had an answer in time."""
    petition = await sq.asked()
    for login in ("grace", "ada"):
        await sq.page.local.change_account(login, person=f"number of {login}")
    ground = replace(sq.ground, directories={"staff": AllAtOnce(sq.page.local)})
    two = await StandingBy(ground).two(await sq.row(petition), (await sq.actor("grace")).account)
    assert two is not None
    assert (two.approver.id, two.person.id, two.is_report) == ("grace", "ada", False)


async def test_a_report_does_not_speak_for_their_manager_who_has_a_second_account(sq: Square) -> None:
    """P-14, R-1: the directory may name either account as the manager's."""
    await sq.page.local.change_account("gil", person="4711")
    await sq.page.local.change_account("ada", person="4711")
    await sq.page.local.change_account("grace", manager="gil")
    assert isinstance(await sq.consider(await sq.asked(), "grace"), MayNot)


async def test_whose_password_was_reset_approves_later(sq: Square) -> None:
    """P-14, P-8: a chain of two takeovers is not opened by the first."""
    visitor = await sq.page.proven(account="grace")
    assert await sq.page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    petition = await sq.asked()
    assert isinstance(await sq.consider(petition, "grace"), MayNot)
    assert isinstance(await sq.consider(petition, "grace", "deny"), MayAttest)
    sq.page.clock.forward(hours=23)
    await sq.cancel(petition, "ada")
    sq.page.clock.forward(hours=1, seconds=1)
    assert isinstance(await sq.consider(await sq.asked(), "grace"), ProveFirst)


async def test_whose_address_moved_approves_later(sq: Square) -> None:
    """P-14, P-3."""
    petition = await sq.asked()
    await sq.consider(petition, "sam", "deny")
    await sq.page.local.change_account("sam", mail="sam@elsewhere.example")
    outcome = await sq.consider(petition, "sam")
    assert isinstance(outcome, MayNot)
    assert outcome.reasons[0].startswith("Your mail address changed")


async def test_whoever_came_back_by_a_petition_approves_later(sq: Square) -> None:
    """P-14."""
    petition = await sq.opened("konrad")
    await sq.shown(petition)
    sq.page.clock.forward(days=2)
    assert isinstance(await sq.consider(await sq.asked(), "konrad"), MayNot)


@pytest.mark.parametrize(
    "by_hand",
    [
        ["UPDATE petitions SET opened_at = NULL"],
        ["DELETE FROM attestations", "DELETE FROM petitions"],
    ],
    ids=["changed", "gone"],
)
async def test_whoever_came_back_approves_later_whatever_other_hands_did_to_the_row(
    sq: Square, by_hand: list[str]
) -> None:
    """P-14, T-9: the record knows that they did."""
    await sq.opened("konrad")
    for statement in map(text, by_hand):
        await sq.page.ground.database.write(lambda tx, said=statement: tx.connection().execute(said))
    sq.page.clock.forward(days=6, hours=23)
    assert isinstance(await sq.consider(await sq.asked(), "konrad"), MayNot)
    sq.page.clock.forward(hours=2)
    assert isinstance(await sq.consider((await sq.ask()).petition, "konrad"), ProveFirst)


async def test_one_person_counts_once_by_whatever_account(sq: Square) -> None:
    """P-14, R-1."""
    petition = await sq.asked()
    assert await sq.approve(petition, "sam") == Said(approved=False)
    assert await sq.consider(petition, "sam") == SaidBefore()
    await sq.page.local.change_account("sam", person="4711")
    await sq.page.local.change_account("joan", person="4711")
    assert await sq.approve(petition, "joan") == Said(approved=False)
    assert (await sq.row(petition)).state == PetitionState.ASKED


async def test_for_a_privileged_account_one_is_of_security_and_one_is_not(sq: Square) -> None:
    """P-14, P-4: two of security are not enough, nor two others."""
    petition = await sq.asked("root", PASSWORD)
    assert (await sq.row(petition)).missing == {"security": 1, "help_desk": 1}
    assert await sq.approve(petition, "sam") == Said(approved=False)
    assert (await sq.row(petition)).missing == {"help_desk": 1}
    assert await sq.approve(petition, "joan") == Said(approved=False)
    assert await sq.approve(petition, "charles") == Said(approved=True, opens_at=sq.page.clock() + COOL_OFF)


async def test_two_of_the_help_desk_are_not_enough_for_the_privileged(sq: Square) -> None:
    """P-14, P-4."""
    petition = await sq.asked("root", PASSWORD)
    await sq.approve(petition, "grace")
    assert await sq.approve(petition, "konrad") == Said(approved=False)


async def test_denied_is_over_and_the_second_click_hears_by_whom(sq: Square) -> None:
    """P-14."""
    petition = await sq.asked()
    assert await sq.decide(petition, "charles", approve=False, why="I do not know her voice") == Settled(
        who="Ada Byron"
    )
    outcome = await sq.consider(petition, "sam")
    assert isinstance(outcome, SettledBefore)
    assert (outcome.state, outcome.by) == (PetitionState.DENIED, "Charles")
    assert ("petition", "medium", Why.DENIED) in await sq.alerts()
    assert isinstance(await sq.ask(), Petitioned)


@pytest.mark.both_engines
async def test_nobody_decides_after_its_day_though_the_schedule_is_late(on_each: Square) -> None:
    """P-14: whoever was told that it lapses at an hour need not fear it after that."""
    sq = on_each
    petition = await sq.asked()
    await sq.approve(petition, "sam")
    sq.page.clock.forward(hours=24)
    for approve in (True, False):
        outcome = await sq.decide(petition, "grace", approve=approve)
        assert isinstance(outcome, SettledBefore)
        assert (outcome.state, outcome.why) == (PetitionState.LAPSED, Why.UNANSWERED)
    assert isinstance(await sq.consider(petition, "grace"), SettledBefore)
    assert [row.account for row in await sq.page.rows(Attestation)] == ["sam"]
    assert await sq.page.audited("petition.late") == [("refused", None)] * 3
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.LAPSED


@pytest.mark.parametrize("way", ["approve", "deny", "cancel"])
async def test_a_click_about_somebody_who_is_gone_is_on_the_record_and_ends_it(
    sq: Square, way: AttestWay
) -> None:
    """Promise 2: nobody could deny or stop it, and nothing told of the click."""
    petition = await sq.asked()
    await sq.page.local.drop_account("ada")
    clicked = sq.cancel(petition, "sam") if way == "cancel" else sq.consider(petition, "sam", way)
    assert isinstance(await clicked, Unknown)
    row = await sq.row(petition)
    assert (row.state, row.end_reason) == (PetitionState.VOIDED, Why.PERSON)
    assert await sq.page.audited("petition.late") == [("refused", None)]
    assert await sq.page.audited("petition.voided") == [("refused", Why.PERSON)]


async def test_who_approved_before_the_directory_fell_silent_hears_that_it_counts(sq: Square) -> None:
    """Promise 2: “nothing was done” would be a lie; the schedule weighs it."""
    petition = await sq.asked()
    await sq.approve(petition, "sam")
    await sq.prove(petition, "grace")
    sq.page.faulty.partial("account")  # whose petition it is, and then nothing
    assert await sq.decide(petition, "grace") == Said(approved=False)
    sq.page.faulty.mend()
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.APPROVED


async def test_a_word_that_was_given_while_others_were_looked_up_is_looked_up_too(sq: Square) -> None:
    """Promise 6: whoever weighs what they saw before it was given leaves it to be weighed, and ends nothing."""
    petition = await sq.asked()
    await sq.approve(petition, "sam")
    person = await sq.page.local.account("ada")
    assert person is not None
    count = await StandingBy(sq.ground).count(await sq.row(petition), person)
    await sq.prove(petition, "grace")
    sq.page.faulty.partial("account")  # so that she does not weigh it herself
    assert await sq.decide(petition, "grace") == Said(approved=False)
    sq.page.faulty.mend()
    weigh = partial(sq.attesting._weigh, petition_id=petition, person=person, count=count)
    assert await sq.ground.database.write(weigh) is None
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.APPROVED


@pytest.mark.parametrize("answers", [1, 2], ids=["about nobody", "about its person"])
async def test_an_approval_does_not_wait_for_a_directory_that_hangs(sq: Square, answers: int) -> None:
    """Whoever clicked has an answer while Slack waits for one, and the approval counts."""
    petition = await sq.asked()
    await sq.prove(petition, "sam")
    sq.page.faulty.timeout = 3600
    sq.page.faulty.hang("account")
    sq.page.faulty.slow(0, "account", times=answers)  # whose petition it is, and then nothing more
    with answering_within(1):
        assert await sq.decide(petition, "sam") == Said(approved=False)
    assert len(await sq.page.rows(Attestation)) == 1


async def test_not_me_before_anybody_approved_stops_it_and_nothing_else(sq: Square) -> None:
    """P-14, P-6: by mail, without signing in; security hears that it was not them."""
    petition = await sq.asked()
    await sq.approve(petition, "sam")
    assert await sq.alarms.by_mail(sq.link(petition)) == Stopped(petition=True)
    assert await sq.alarms.by_mail(sq.link(petition)) == Stopped(again=True, petition=True)
    assert (await sq.row(petition)).state == PetitionState.CANCELLED
    assert await sq.page.rows(Alarm) == []
    assert ("petition", "high", Why.NOT_ME) in await sq.alerts()
    sq.page.clock.forward(hours=30)
    assert await sq.openings.settle_due() == 0


async def test_not_me_is_heard_by_security_also_when_the_petition_is_over(sq: Square) -> None:
    """P-14, P-6: whoever asked may have taken it back, or nobody answered before the letter was read."""
    petition = await sq.asked()
    await sq.cancel(petition, "ada")
    assert await sq.alarms.by_mail(sq.link(petition)) == Stopped(petition=True)
    assert await sq.alarms.by_mail(sq.link(petition)) == Stopped(again=True, petition=True)
    assert ("petition", "high", Why.NOT_ME) in await sq.alerts()
    assert len(await sq.page.audited("petition.reported")) == 1


@pytest.mark.parametrize("door", ["mail", "slack"])
async def test_not_me_in_the_cool_off_stops_it_and_raises_the_alarm(sq: Square, door: str) -> None:
    """P-14, P-6: whoever deceived two people is in somebody's Slack or mailbox."""
    petition = await sq.approved()
    await sq.mailed(petition)
    sq.page.clock.forward(hours=3, minutes=59)
    stopped = await (sq.alarms.by_mail(sq.link(petition)) if door == "mail" else sq.not_me(petition))
    assert stopped == Stopped()
    assert (await sq.row(petition)).state == PetitionState.CANCELLED
    assert len(await sq.page.rows(Alarm)) == 1
    account = await sq.page.local.account("ada")
    assert account is not None
    assert not account.active
    sq.page.clock.forward(hours=1)
    assert await sq.openings.settle_due() == 0
    assert isinstance(await sq.regaining.give_password(sq.visitor(petition), OLD_PASSWORD), Refused)


async def test_somebody_elses_not_me_is_a_forgery(sq: Square) -> None:
    """P-6, SL-8."""
    petition = await sq.asked()
    assert isinstance(await sq.not_me(petition, by="bob"), Unknown)
    assert (await sq.row(petition)).state == PetitionState.ASKED


async def test_a_click_about_a_petition_of_the_lost_time_is_no_forgery_and_one_of_before_is(
    sq: Square,
) -> None:
    """T-4: neither an approver nor whoever says that it was not them is told of as a forger for a restore."""
    lost_from = sq.page.clock()
    lost, before = (new_id("h", lost_from + timedelta(hours=hours)) for hours in (1, -24))
    sq.page.clock.forward(hours=2)
    await sq.page.ground.database.write(
        lambda tx: freezes.begin(
            tx, at=sq.page.clock(), kind=FreezeKind.RESTORED, by="cli", lost_from=lost_from, facts={}
        )
    )
    assert await sq.decide(lost, "sam", approve=False) == Unknown(what="petition", lost=True)
    assert await sq.not_me(lost) == Unknown(what="visit", lost=True)
    assert Kind.TAMPERED not in await sq.page.exceptions()
    assert await sq.decide(before, "sam", approve=False) == Unknown(what="petition")
    assert await sq.not_me(before) == Unknown(what="visit")
    assert (await sq.page.exceptions()).count(Kind.TAMPERED) == 2


@pytest.mark.parametrize("table", ["petitions", "handles"])
async def test_who_clicks_what_others_changed_in_the_database_is_no_forger(sq: Square, table: str) -> None:
    """T-9: it counts for nothing, and the alert is about the row."""
    petition = await sq.asked()
    await sq.page.ground.database.write(
        lambda tx: tx.connection().execute(text(f"UPDATE {table} SET slack_user = 'Ueve'"))
    )
    clicked = sq.decide(petition, "sam", approve=False) if table == "petitions" else sq.not_me(petition)
    assert isinstance(await clicked, Unknown)
    assert (await sq.page.rows(Petition))[0].state == PetitionState.ASKED
    assert await Doubts(sq.ground).tell_due() == 1
    assert await sq.page.exceptions() == ["row-changed"]


@pytest.mark.both_engines
@pytest.mark.parametrize("found_by", ["its person", "the schedule"])
async def test_a_petition_that_others_changed_ends_and_its_person_asks_anew(
    on_each: Square, found_by: str
) -> None:
    """T-9: it opened nothing, and nobody could ask or stop anything as long as it lay there."""
    sq = on_each
    spoilt = await sq.asked()
    await sq.page.ground.database.write(
        lambda tx: tx.connection().execute(text("UPDATE petitions SET privileged = NOT privileged"))
    )
    if found_by == "the schedule":
        sq.page.clock.forward(hours=24)
        assert [await sq.openings.settle_due() for _ in range(2)] == [1, 0]
    assert await sq.asked() != spoilt
    assert await sq.page.audited("petition.voided") == [("refused", Why.ROW)]
    await Doubts(sq.ground).tell_due()
    assert await sq.page.exceptions() == ["row-changed"]


@pytest.mark.both_engines
@pytest.mark.parametrize("ended_by", ["its person", "the schedule"])
async def test_a_petition_ends_whatever_others_did_to_its_visit(on_each: Square, ended_by: str) -> None:
    """T-9: its row was sound, and nobody could ask or stop anything as long as it lay there."""
    sq = on_each
    petition = await sq.asked()
    await sq.page.ground.database.write(
        lambda tx: tx.connection().execute(text("UPDATE handles SET result = 'changing'"))
    )
    if ended_by == "its person":
        assert await sq.cancel(petition, "ada") == Settled(who="Ada Byron")
    else:
        sq.page.clock.forward(hours=24)
        assert [await sq.openings.settle_due() for _ in range(2)] == [1, 0]
        assert (await sq.row(petition)).end_reason == Why.UNANSWERED
    assert await sq.asked() != petition


@pytest.mark.both_engines
async def test_a_word_that_others_wrote_for_an_approver_keeps_them_from_none(on_each: Square) -> None:
    """T-9: they heard that they had approved before, though they counted for nothing."""
    sq = on_each
    petition = await sq.asked()
    await sq.approve(petition, "sam")
    await sq.page.ground.database.write(
        lambda tx: tx.connection().execute(text("UPDATE attestations SET account = 'grace'"))
    )
    assert await sq.approve(petition, "grace") == Said(approved=False)
    assert await sq.consider(petition, "grace") == SaidBefore()
    assert await sq.approve(petition, "sam") == Said(approved=True, opens_at=sq.page.clock() + COOL_OFF)


async def test_a_petition_that_was_put_back_ends_again(sq: Square) -> None:
    """T-9: the record knows that it was stopped."""
    petition = await sq.asked()
    before = dict((await sq.page.rows(Petition))[0].model_dump())
    await sq.cancel(petition, "ada")
    back = {name: before[name] for name in ("state", "mac")}
    await sq.page.ground.database.write(
        lambda tx: tx.connection().execute(
            text("UPDATE petitions SET state = :state, mac = :mac, ended_at = NULL"), back
        )
    )
    await sq.asked()
    assert await sq.page.audited("petition.voided") == [("refused", Why.ROW)]


async def test_who_may_stop_it(sq: Square) -> None:
    """P-14: its person and whoever could decide; nobody else."""
    petition = await sq.approved()
    assert isinstance(await sq.cancel(petition, "bob"), MayNot)
    assert await sq.cancel(petition, "charles") == Settled(who="Ada Byron")
    assert isinstance(await sq.cancel(petition, "sam"), SettledBefore)
    assert (await sq.row(petition)).end_reason == Why.BY_APPROVER


async def test_it_opens_not_before_its_person_was_told_by_mail(sq: Square) -> None:
    """P-14, P-6: and from then on they have the whole time."""
    petition = await sq.approved()
    sq.page.clock.forward(hours=6)
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.APPROVED
    late = sq.page.clock() + COOL_OFF
    await sq.mailed(petition, late)
    sq.page.clock.forward(hours=3, minutes=59)
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.APPROVED
    sq.page.clock.forward(minutes=1)
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.OPEN


async def test_an_hour_that_was_put_off_while_the_directory_thought_is_kept(sq: Square) -> None:
    """P-14: the letter went out late meanwhile, and nobody has less than the whole time to object."""
    petition = await sq.approved()
    sq.page.clock.forward(hours=4)
    sq.page.faulty.hang("account", times=1)
    settling = asyncio.ensure_future(sq.openings.settle_due())
    await sq.page.until_hanging()
    await sq.mailed(petition, sq.page.clock() + COOL_OFF)
    sq.page.faulty.mend()
    await settling
    assert (await sq.row(petition)).state == PetitionState.APPROVED


async def test_a_second_letter_about_its_hour_moves_it_no_more(sq: Square) -> None:
    """P-14: the first one said when it opens."""
    petition = await sq.approved()
    await sq.mailed(petition)
    hour = (await sq.row(petition)).opens_at
    await sq.mailed(petition, sq.page.clock())
    assert (await sq.row(petition)).opens_at == hour


async def test_a_mail_server_that_takes_nothing_ends_it_after_a_day(sq: Square) -> None:
    """P-6: and that is told."""
    petition = await sq.approved()
    sq.page.clock.forward(hours=28, seconds=1)
    await sq.openings.settle_due()
    row = await sq.row(petition)
    assert (row.state, row.end_reason) == (PetitionState.LAPSED, Why.NOT_TOLD)
    assert ("petition", "high", Why.NOT_TOLD) in await sq.alerts()


@pytest.mark.parametrize(
    "changes", [{"active": False}, {"mail": "grace@elsewhere.example"}, {"employment": "contractor"}]
)
async def test_an_approver_who_lost_what_they_had_opens_nothing(
    sq: Square, changes: dict[str, object]
) -> None:
    """P-14, SL-17: asked again at the hour."""
    petition = await sq.approved()
    await sq.mailed(petition)
    await sq.page.local.change_account("grace", **changes)
    sq.page.clock.forward(hours=4)
    await sq.openings.settle_due()
    row = await sq.row(petition)
    assert (row.state, row.end_reason) == (PetitionState.VOIDED, Why.AUTHORITY)
    assert ("petition", "high", Why.AUTHORITY) in await sq.alerts()


def breaking(action: str, who: str) -> CedarPolicy:
    """The shipped policies and one that cannot be evaluated once this one is in a new team."""
    sources, schema = shipped()
    broken = (
        f'@id("sums") @reason("No.")\nforbid (principal, action == Action::"{action}", resource)\n'
        f'when {{ {who}.team == "New" && 9223372036854775807 + 1 > 9 }};\n'
    )
    return CedarPolicy.load({**sources, "broken.cedar": broken}, schema, bound_to="test")


@pytest.mark.parametrize(
    ("action", "who", "login"),
    [("attest", "principal", "grace"), ("regain_proofs", "resource", "ada")],
)
async def test_a_policy_that_breaks_at_the_hour_is_told_as_broken(
    tmp_path: Path, action: str, who: str, login: str
) -> None:
    """Promise 3: it opens nothing, and nobody lost an authority."""
    async with square(tmp_path, policy=breaking(action, who)) as sq:
        petition = await sq.approved()
        await sq.mailed(petition)
        await sq.page.local.change_account(login, team="New")
        sq.page.clock.forward(hours=4)
        await sq.openings.settle_due()
        assert (await sq.row(petition)).end_reason == Why.AUTHORITY
        assert await sq.page.exceptions() == ["policy-error"]
        entry = next(one for one in await sq.page.audit() if one["action"] == "petition.voided")
        assert entry["facts"]["errors"]


async def test_a_policy_that_breaks_while_approvals_are_weighed_is_told_as_broken(tmp_path: Path) -> None:
    """Promise 3: not "somebody is still missing"."""
    async with square(tmp_path, policy=breaking("regain_proofs", "resource")) as sq:
        petition = await sq.asked()
        await sq.approve(petition, "sam")
        await sq.page.local.change_account("ada", team="New")
        assert await sq.approve(petition, "grace") == Said(approved=False)
        assert await sq.page.exceptions() == ["policy-error"]
        assert await sq.page.audited("petition.not_weighed") == [("refused", None)]


async def test_a_policy_that_breaks_on_the_page_is_told_as_broken_once(tmp_path: Path) -> None:
    """Promise 3: not "an approver was lost", of which the page alone knew."""
    async with square(tmp_path, policy=breaking("attest", "principal")) as sq:
        petition = await sq.opened()
        await sq.page.local.change_account("grace", team="New")
        for _ in range(2):
            assert isinstance(await sq.regaining.give_password(sq.visitor(petition), OLD_PASSWORD), Refused)
        assert [(one.kind, one.count) for one in await sq.page.rows(ExceptionRecord)] == [("policy-error", 1)]


async def test_an_approver_who_left_after_the_opening_closes_it_again(sq: Square) -> None:
    """P-14, SL-17: each step on the page asks once more."""
    petition = await sq.opened()
    visitor = await sq.shown(petition)
    await sq.page.local.change_account("grace", active=False)
    assert isinstance(await sq.regaining.confirm(visitor, "000000"), Over)
    assert (await sq.page.audited("proof.given"))[-1] == ("refused", "policy")
    assert isinstance(await sq.regaining.give_password(sq.visitor(petition), OLD_PASSWORD), Refused)


@pytest.mark.parametrize(
    "changes", [{"active": False}, {"mail": "ada@elsewhere.example"}, {"privileged": True}]
)
async def test_a_person_who_is_no_longer_as_they_were_gets_nothing(
    sq: Square, changes: dict[str, object]
) -> None:
    """P-14, P-3, P-4."""
    petition = await sq.approved()
    await sq.mailed(petition)
    await sq.page.local.change_account("ada", **changes)
    sq.page.clock.forward(hours=4)
    await sq.openings.settle_due()
    row = await sq.row(petition)
    assert (row.state, row.end_reason) == (PetitionState.VOIDED, Why.PERSON)


async def test_who_is_switched_off_before_it_is_weighed_gets_nothing(sq: Square) -> None:
    """P-14: once they are switched on again they ask anew."""
    petition = await sq.asked()
    await sq.approve(petition, "sam")
    await sq.page.local.change_account("ada", active=False)
    assert await sq.attesting.weigh(petition) == Said(approved=False)
    row = await sq.row(petition)
    assert (row.state, row.end_reason) == (PetitionState.VOIDED, Why.PERSON)


async def test_a_proof_that_was_said_to_be_lost_and_is_used_meanwhile_ends_it(sq: Square) -> None:
    """P-14: then it is not lost, or it is not they who ask."""
    petition = await sq.approved()
    await sq.mailed(petition)
    await sq.page.proven()
    sq.page.clock.forward(hours=4)
    await sq.openings.settle_due()
    row = await sq.row(petition)
    assert (row.state, row.end_reason) == (PetitionState.VOIDED, Why.FOUND)
    assert ("petition", "high", Why.FOUND) in await sq.alerts()


async def test_a_recovery_code_that_is_used_meanwhile_ends_it_too(sq: Square) -> None:
    """P-14: it is as much a proof that was said to be lost."""
    database, theirs = sq.page.ground.database, {"directory": "staff", "account": "ada"}
    await database.write(
        lambda tx: replace_recovery_codes(tx, **theirs, hashed_codes=["hash"], at=sq.page.clock())
    )
    sq.page.clock.forward(minutes=1)
    petition = await sq.approved()
    await sq.mailed(petition)
    (code,) = await database.read(lambda tx: recovery_codes(tx, **theirs))
    assert await database.write(lambda tx: use_recovery_code(tx, code.id, sq.page.clock()))
    sq.page.clock.forward(hours=4)
    await sq.openings.settle_due()
    assert (await sq.row(petition)).end_reason == Why.FOUND


async def test_a_proof_that_is_used_after_the_hour_ends_it_before_anything_is_replaced(sq: Square) -> None:
    """P-14: its page is open for a day, in which its person may be at work with what they never lost."""
    petition = await sq.opened()
    visitor = await sq.shown(petition)
    await sq.regaining.offer_key(visitor, session=visitor.session)
    key = (await sq.page.looking.look(visitor)).key
    assert key is not None
    await sq.page.proven()
    sq.page.clock.forward(seconds=31)
    sq.page.seeds["ada"] = key.text.replace(" ", "")
    assert isinstance(await sq.regaining.confirm(visitor, sq.page.code("ada")), Over)
    row = await sq.row(petition)
    assert (row.state, row.end_reason) == (PetitionState.VOIDED, Why.FOUND)


async def test_its_page_is_there_for_a_day_for_whoever_has_the_link(sq: Square) -> None:
    """P-14: its link is as old as the petition, and works from its hour on."""
    visitor = sq.visitor(await sq.opened())
    for hours, over in ((0, False), (23, False), (1, True)):
        sq.page.clock.forward(hours=hours)
        handle = await sq.page.ground.handle_of(visitor)
        assert handle is not None
        assert sq.page.ground.is_over_to(visitor, handle) == over


async def test_nobody_answers_and_nobody_uses_it(sq: Square) -> None:
    """P-14: 24 hours each."""
    unanswered = await sq.asked("gil")
    sq.page.clock.forward(hours=24)
    await sq.openings.settle_due()
    assert (await sq.row(unanswered)).end_reason == Why.UNANSWERED
    unused = await sq.opened()
    visitor = await sq.shown(unused)
    sq.page.clock.forward(hours=24)
    assert isinstance(await sq.regaining.confirm(visitor, "000000"), Over)
    await sq.openings.settle_due()
    assert (await sq.row(unused)).end_reason == Why.UNUSED


async def test_a_directory_that_does_not_answer_is_asked_again(sq: Square) -> None:
    """Promise 7: unknown is neither yes nor no."""
    petition = await sq.approved()
    await sq.mailed(petition)
    sq.page.clock.forward(hours=4)
    sq.page.faulty.error("account")
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.APPROVED
    sq.page.faulty.mend()
    sq.page.clock.forward(minutes=1)
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.OPEN


async def test_a_crash_between_the_last_approval_and_what_follows_loses_nothing(sq: Square) -> None:
    """P-14: the row is the schedule."""
    petition = await sq.asked()
    await sq.approve(petition, "sam")
    await sq.prove(petition, "grace")
    sq.attesting.weigh = _dies  # type: ignore[method-assign]
    with pytest.raises(_Dead):
        await sq.decide(petition, "grace")
    del sq.attesting.weigh
    assert (await sq.row(petition)).state == PetitionState.ASKED
    sq.page.faulty.error("account")
    for _ in range(3):
        await sq.openings.settle_due()
        sq.page.clock.forward(minutes=1)
    sq.page.faulty.mend()
    assert await sq.page.audited("petition.put_off") == []  # nothing that had an hour
    await sq.openings.settle_due()
    assert (await sq.row(petition)).state == PetitionState.APPROVED


class _Dead(Exception):
    """The process dies here."""


async def _dies(_petition: str) -> Said:
    raise _Dead


@pytest.mark.both_engines
async def test_whoever_stops_it_and_its_hour_at_once_leave_one_end(on_each: Square) -> None:
    """P-14: and whoever is using it at that moment is not undone by halves."""
    sq = on_each
    petition = await sq.opened()
    visitor = await sq.shown(petition)
    await sq.regaining.offer_key(visitor, session=visitor.session)
    look = await sq.page.looking.look(visitor)
    assert look.key is not None
    assert await sq.cancel(petition, "sam") == Settled(who="Ada Byron")
    sq.page.seeds["ada"] = look.key.text.replace(" ", "")
    assert isinstance(await sq.regaining.confirm(visitor, sq.page.code("ada")), Over)
    (handle,) = [one for one in await sq.page.rows(Handle) if one.id == petition]
    assert (handle.result, handle.expires_at) == ("", sq.page.clock())
    assert len(await sq.page.ground.database.read(lambda tx: list(passkeys_of(tx, "staff", "ada")))) == 0


async def test_what_is_being_used_at_that_very_moment_is_not_stopped_by_halves(sq: Square) -> None:
    """P-14, T-3: whoever stops it hears that it is open; “This wasn't me” then stops the account."""
    petition = await sq.opened()
    assert await sq.page.ground.database.write(lambda tx: take(tx, petition, at=sq.page.clock()))
    assert isinstance(await sq.cancel(petition, "sam"), SettledBefore)
    assert (await sq.row(petition)).state == PetitionState.OPEN
    assert await sq.not_me(petition) == Stopped()
    assert len(await sq.page.rows(Alarm)) == 1


async def test_a_reset_that_a_crash_cut_off_is_seen_in_minutes_though_its_page_is_open_for_a_day(
    sq: Square,
) -> None:
    """P-8, T-3: until then nobody is told, and what waits after a reset would not wait."""
    petition = await sq.opened("root", PASSWORD)
    proven = await sq.page.proving.give_totp(sq.visitor(petition), sq.page.code("root"))
    assert isinstance(proven, Proven)
    (handle,) = [one for one in await sq.page.rows(Handle) if one.id == petition]
    root = (await sq.actor("root")).account
    decision = sq.ground.policy.ask(in_the_end(PASSWORD, root, sq.page.clock()))
    changes = Changes(sq.page.ground)
    assert await changes.begin(handle, RESET, decision)
    await changes.give_back(handle, RESET)
    closes_at = (await sq.row(petition)).closes_at
    assert [one.expires_at for one in await sq.page.rows(Handle) if one.id == petition] == [closes_at]
    assert await changes.begin(handle, RESET, decision)
    sq.page.clock.forward(minutes=2, seconds=1)
    assert await changes.settle_cut_off() == 1
    assert (await sq.row(petition)).state == PetitionState.USED
    assert "change-unsure" in await sq.page.exceptions()


async def test_every_petition_for_a_privileged_account_is_told(sq: Square) -> None:
    """P-14."""
    await sq.asked("root", PASSWORD)
    assert await sq.alerts() == [("petition", "medium", PetitionState.ASKED)]
    assert ("slack", "petition-approval", "security") in await sq.page.told()
    assert ("slack", "petition-approval", "Ucharles") in await sq.page.told()
