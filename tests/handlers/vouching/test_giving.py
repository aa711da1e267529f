"""Vouching for somebody in Slack: by whom, with what proof, and that only the right code counts, once (P-13)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import text
from sqlmodel import Session

from handlers.decisions.cedar import CedarPolicy
from handlers.intents import Report
from handlers.outcomes import Repeated, TicketWanted
from handlers.policies import shipped
from handlers.secure_page.visits import Proven, Refused
from handlers.vouching.giving import SET_UP_FIRST, Vouching
from handlers.vouching.outcomes import (
    AlreadyVouched,
    MayNot,
    NobodyKnown,
    ProveFirst,
    Resting,
    Vouched,
    WrongCode,
)
from storage.engine.stores import Server
from storage.handles import make_handle
from storage.records import ExceptionRecord, Petition, StepUp
from storage.states import Ended, PetitionKind, PetitionState, Purpose
from tests.handlers.vouching_ground import LIMITS, SLACK, Company, company


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


def wrong(code: str) -> str:
    """Another code than this."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


async def test_a_manager_vouches_by_the_code_that_was_read_out(on_each: Company) -> None:
    """P-13: it is on the record with who, how and which proof, and both hear of it."""
    staff = on_each
    outcome = await staff.vouch("gil", await staff.ask())
    assert isinstance(outcome, Vouched)
    row = await staff.row()
    assert (row.voucher, row.role, row.spoken, row.name) == ("gil", "manager", "in_person", "Ada Byron")
    assert row.counts_from == row.vouched_at + staff.page.ground.vouching.cool_off
    (given,) = [one for one in await staff.page.audit() if one["action"] == "vouching.given"]
    assert (given["actor"]["id"], given["subject"], given["outcome"]) == ("gil", "ada", "done")
    assert given["facts"]["proofs"] == ["totp"]
    assert given["policy"]["ids"] == ["vouch-as-manager"]
    told = await staff.page.told()
    assert {("slack", "vouched", "Uada"), ("mail", "vouched", "ada"), ("slack", "word-given", "Ugil")} <= set(
        told
    )
    assert await staff.reasons() == []


async def test_asking_sends_nothing_to_anybody(staff: Company) -> None:
    """No prompt can be tired of: whoever vouches begins it themselves."""
    before = await staff.page.told()
    await staff.ask()
    assert await staff.page.told() == before


async def test_the_help_desk_names_a_ticket(staff: Company) -> None:
    code = await staff.ask()
    assert isinstance(await staff.send("bob", code), TicketWanted)
    assert await staff.page.audited("vouching.refused") == [("refused", "no_ticket")]
    assert isinstance(await staff.vouch("bob", code, ticket="INC-4711"), Vouched)
    assert (await staff.row()).ticket == "INC-4711"


async def test_the_voucher_proves_first_who_they_are_and_for_this_alone(staff: Company) -> None:
    """A compromised second Slack account has the code and the role, and gets no further."""
    code = await staff.ask()
    first = await staff.send("gil", code)
    assert isinstance(first, ProveFirst)
    assert isinstance(await staff.send("gil", code), ProveFirst)
    assert (await staff.row()).vouched_at is None
    visitor = staff.page.ground.handles.handle_text(first.handle)
    refused = await staff.page.proving.give_totp(
        (await staff.visit("gil")).__class__(text=visitor), staff.page.wrong_code("gil")
    )
    assert refused == Refused()
    assert isinstance(await staff.send("gil", code), ProveFirst)
    assert (await staff.row()).wrong == 0


async def test_a_proof_for_an_older_code_does_not_vouch_by_a_newer_one(staff: Company) -> None:
    """Otherwise whoever asks anew in the person's name would ride on a proof that was given for the person."""
    first = await staff.send("gil", await staff.ask())
    assert isinstance(first, ProveFirst)
    assert isinstance(await staff.prove("gil", first.handle), Proven)
    assert isinstance(await staff.send("gil", await staff.ask()), ProveFirst)


async def test_a_proof_is_spent_by_one_vouching(staff: Company) -> None:
    await staff.vouched(cooled=False)
    (spent,) = await staff.page.rows(StepUp)
    assert spent.spent_at is not None


@pytest.mark.parametrize(
    ("by", "whom", "policy", "reason"),
    [
        ("gil", "gil", "vouch-never-for-oneself", ["oneself"]),
        ("dee", "ada", "vouch-never-for-ones-boss", ["report"]),
        ("dee", "ina", "vouch-never-for-ones-boss", ["report"]),
        ("gil", "bob", "", []),
        ("ina", "ada", "", []),
    ],
)
async def test_who_may_not_vouch_for_whom(
    staff: Company, by: str, whom: str, policy: str, reason: list[str]
) -> None:
    """P-13: oneself; one's boss, however far up; who is neither manager nor help desk. Before any proof is asked."""
    code = await staff.ask(whom)
    assert isinstance(await staff.send(by, code, whom=whom, ticket="INC-1"), MayNot)
    assert await staff.page.audited("vouching.refused") == [("refused", "policy")]
    (entry,) = [one for one in await staff.page.audit() if one["action"] == "vouching.refused"]
    assert policy in [*entry["policy"]["ids"], ""]
    assert await staff.reasons() == reason
    assert (await staff.row()).vouched_at is None


async def test_another_account_of_ones_own_is_oneself(staff: Company) -> None:
    await staff.page.local.change_account("bob", person="4711")
    await staff.page.local.change_account("ada", person="4711")
    assert isinstance(await staff.send("bob", await staff.ask(), ticket="INC-1"), MayNot)
    assert await staff.reasons() == ["oneself"]


@pytest.mark.parametrize("chain", [{"bob": "gil-admin"}, {"bob": "dee", "dee": "gil-admin"}])
async def test_nobody_vouches_for_their_boss_who_has_a_second_account(
    staff: Company, chain: dict[str, str]
) -> None:
    """R-1, AC-5: by whatever account somebody is the boss, and however far up."""
    local = staff.page.local
    await local.add_account("gil-admin", login="gil-admin", name="Gil Bates", mail="", person="4711")
    await local.change_account("gil", person="4711")
    for below, above in chain.items():
        await local.change_account(below, manager=above)
    assert isinstance(await staff.send("bob", await staff.ask("gil"), whom="gil", ticket="INC-1"), MayNot)
    (refused,) = [one for one in await staff.page.audit() if one["action"] == "vouching.refused"]
    assert refused["policy"]["ids"] == ["vouch-never-for-ones-boss"]


async def test_a_manager_of_yesterday_does_not_vouch(staff: Company) -> None:
    """The directory says who somebody's manager is, and it is asked when the form is sent."""
    code = await staff.ask()
    await staff.page.local.change_account("ada", manager="ina")
    assert isinstance(await staff.send("gil", code), MayNot)


async def test_nobody_vouches_for_somebody_privileged(staff: Company) -> None:
    await staff.page.local.change_account("ada", privileged=True)
    outcome = await staff.send("gil", await staff.ask())
    assert isinstance(outcome, MayNot)
    assert "governed way" in outcome.reasons[0]


@pytest.mark.parametrize("change", [{"name": "Ada B."}, {"privileged": True}, {"active": False}])
async def test_who_is_nobody_to_them_learns_nothing_of_them(staff: Company, change: dict[str, Any]) -> None:
    """P-9: somebody's Slack session, without any proof, is not to find out which account is worth an attack."""
    await staff.page.local.change_account("ada", **change)
    assert await staff.send("ina", "12345678") == MayNot(reasons=())


async def test_whose_address_or_link_is_new_does_not_vouch(staff: Company) -> None:
    code = await staff.ask()
    await staff.page.linked("gil")
    assert isinstance(await staff.send("gil", code), MayNot)
    await staff.page.local.change_account("bob", mail="bob@elsewhere.example")
    await staff.page.linked("bob")
    assert isinstance(await staff.send("bob", code, ticket="INC-1"), MayNot)


@pytest.mark.parametrize(
    ("login", "way", "why"),
    [
        ("gil", "reset", "vouch-not-after-a-reset"),
        ("gil", "reported", "reported-nothing"),
        ("ada", "reported", "vouch-for-the-active"),
    ],
)
async def test_no_word_of_or_about_an_account_that_somebody_else_may_be_in_is_taken(
    staff: Company, login: str, way: Literal["reset", "reported"], why: str
) -> None:
    """P-6, P-8: whoever got into one account gets no further by it."""
    code = await staff.ask()
    await staff.happened(way, login)
    assert isinstance(await staff.send("gil", code), MayNot)
    (refused,) = [one for one in await staff.page.audit() if one["action"] == "vouching.refused"]
    assert why in refused["policy"]["ids"]


@pytest.mark.parametrize("kind", list(PetitionKind))
async def test_who_got_back_in_by_a_petition_does_not_vouch_for_a_week(
    staff: Company, kind: PetitionKind
) -> None:
    """P-14: whoever talked two people into letting them in as a manager is not to bring in the next one."""
    code = await staff.ask()
    await staff.page.ground.database.write(lambda tx: _opened(tx, staff, kind))
    assert isinstance(await staff.send("gil", code), MayNot)
    staff.page.clock.forward(days=7, seconds=1)
    assert isinstance(await staff.send("gil", await staff.ask()), ProveFirst)


def _opened(tx: Session, staff: Company, kind: PetitionKind) -> None:
    """The petition of gil was approved and opened a visit just now."""
    at = staff.page.clock()
    handle = make_handle(
        tx, at=at, expires_at=at, purpose=Purpose.REGAIN, directory="staff", account="gil", slack_team="T1",
        slack_user="Ugil",
    )  # fmt: skip
    petition = Petition(
        id=handle.id, kind=kind, directory="staff", account="gil", name="Gil Bates", login="gil", team="",
        employment="employee", manager="", privileged=False, slack_team="T1", slack_user="Ugil", explanation="",
        state=PetitionState.USED, missing={}, asked_at=at, lapses_at=at, next_at=at, opened_at=at, ended_at=at,
    )  # fmt: skip
    tx.add(petition)


async def test_two_do_not_vouch_for_each_other_within_a_month(staff: Company) -> None:
    await staff.page.local.change_account("gil", manager="bob")
    await staff.page.local.change_account("bob", manager=None)
    await staff.vouch("bob", await staff.ask("gil"), whom="gil")
    await staff.page.local.change_account("gil", manager=None)
    await staff.page.local.change_account("bob", manager="gil")
    code = await staff.ask("bob")
    assert isinstance(await staff.send("gil", code, whom="bob"), MayNot)
    assert await staff.reasons() == ["mutual"]
    staff.page.clock.forward(days=31)
    assert isinstance(await staff.send("gil", await staff.ask("bob"), whom="bob"), ProveFirst)


@pytest.mark.parametrize("second", ["gil", "bob"])
async def test_two_do_not_vouch_for_each_other_by_a_second_account(staff: Company, second: str) -> None:
    """R-1: who was vouched for, and who did, are people, whichever of their accounts it was."""
    await staff.page.local.change_account("gil", manager="bob")
    await staff.vouch("bob", await staff.ask("gil"), whom="gil", ticket="INC-1")
    for login in (second, "ina"):
        await staff.page.local.change_account(login, person="4711")
    by, whom = ("ina", "bob") if second == "gil" else ("gil", "ina")
    await staff.page.local.change_account("gil", manager=None)
    await staff.page.local.change_account(whom, manager=by)
    assert isinstance(await staff.send(by, await staff.ask(whom), whom=whom), MayNot)
    assert await staff.reasons() == ["mutual"]


async def test_two_do_not_vouch_for_each_other_whatever_other_hands_did_to_the_row(staff: Company) -> None:
    """T-9: the record knows who vouched for whom."""
    await staff.page.local.change_account("gil", manager="bob")
    await staff.vouch("bob", await staff.ask("gil"), whom="gil", ticket="INC-1")
    await staff.page.ground.database.write(
        lambda tx: tx.connection().execute(text("UPDATE vouchings SET voucher = 'ina'"))
    )
    await staff.page.local.change_account("gil", manager=None)
    await staff.page.local.change_account("bob", manager="gil")
    assert isinstance(await staff.send("gil", await staff.ask("bob"), whom="bob"), MayNot)
    assert await staff.reasons() == ["mutual"]


async def test_nobody_can_be_vouched_for_who_is_not_known(staff: Company) -> None:
    assert isinstance(await staff.send("gil", "12345678", whom="zoe"), NobodyKnown)
    assert await staff.page.audited("vouching.refused") == [("refused", "unknown")]


@pytest.mark.both_engines
async def test_five_wrong_codes_void_the_asking_and_security_hears(on_each: Company) -> None:
    staff = on_each
    code = await staff.ask()
    for _ in range(4):
        assert isinstance(await staff.vouch("gil", wrong(code)), WrongCode)
    assert (await staff.row()).ended == ""
    await staff.vouch("gil", wrong(code))
    assert (await staff.row()).ended == Ended.BURNED
    assert isinstance(await staff.vouch("gil", code), WrongCode)
    assert await staff.reasons() == ["wrong-codes"]
    outcomes = await staff.page.audited("vouching.wrong_code")
    assert len(outcomes) == 6


async def test_the_same_wrong_code_sent_four_times_is_one_try(staff: Company) -> None:
    """Promise 6."""
    code = await staff.ask()
    first = await staff.send("gil", code, delivery="f")
    assert isinstance(first, ProveFirst)
    await staff.prove("gil", first.handle)
    for _ in range(4):
        assert isinstance(await staff.send("gil", wrong(code), delivery="f"), WrongCode)
    assert (await staff.row()).wrong == 1


async def test_a_word_sent_four_times_is_given_once(staff: Company) -> None:
    """Promise 6."""
    code = await staff.ask()
    assert isinstance(await staff.vouch("gil", code, delivery="f"), Vouched)
    again = [await staff.send("gil", code, delivery="f") for _ in range(3)]
    assert all(isinstance(one, ProveFirst | AlreadyVouched | Repeated) for one in again)
    assert len(await staff.page.audited("vouching.given")) == 1


async def test_who_types_ten_wrong_codes_vouches_for_nobody_for_a_day(staff: Company) -> None:
    await staff.ask()
    for number in range(10):
        if number == 5:
            await staff.ask()
        await staff.vouch("gil", wrong(await staff.code()))
    assert isinstance(await staff.send("gil", await staff.ask()), Resting)
    assert "guessing" in await staff.reasons()
    staff.page.clock.forward(hours=25)
    assert isinstance(await staff.send("gil", await staff.ask()), ProveFirst)


async def test_a_code_counts_once_and_for_ten_minutes(staff: Company) -> None:
    """Replay, and a code that is too old."""
    code = await staff.ask()
    await staff.vouch("gil", code)
    assert isinstance(await staff.vouch("bob", code, ticket="INC-1"), AlreadyVouched)
    staff.page.clock.forward(days=1)
    late = await staff.ask()
    staff.page.clock.forward(minutes=11)
    assert isinstance(await staff.vouch("gil", late), WrongCode)


async def test_the_code_of_another_visit_or_another_person_does_not_count(staff: Company) -> None:
    """One is open at a time: asking anew makes the code before worthless."""
    mine, other = await staff.ask(), await staff.ask("dee")
    assert isinstance(await staff.vouch("gil", other), WrongCode)
    newer = await staff.ask()
    assert isinstance(await staff.vouch("gil", mine), WrongCode)
    assert isinstance(await staff.vouch("gil", newer), Vouched)


@pytest.mark.both_engines
async def test_of_two_vouchers_at_once_one_counts(on_each: Company) -> None:
    staff = on_each
    code = await staff.ask()
    for by in ("gil", "bob"):
        first = await staff.send(by, code, ticket="INC-1")
        assert isinstance(first, ProveFirst)
        assert isinstance(await staff.prove(by, first.handle), Proven)
    outcomes = await asyncio.gather(*(staff.send(by, code, ticket="INC-1") for by in ("gil", "bob")))
    assert sorted(type(one).__name__ for one in outcomes) == ["AlreadyVouched", "Vouched"]
    assert len(await staff.page.audited("vouching.given")) == 1


async def test_it_was_not_them_voids_what_they_vouched_for(staff: Company) -> None:
    """Whoever gets into a voucher's account cannot let their word stand when that one says so."""
    row = await staff.vouched(cooled=False)
    handle = row.proof
    await staff.alarms.by_slack(
        Report(actor=await staff.actor("gil"), where=SLACK, delivery="r1", handle=handle)
    )
    assert (await staff.row()).ended == Ended.REPORTED


async def test_the_code_stands_nowhere(staff: Company) -> None:
    """P-2: neither in a row, nor on the record, nor in what is owed."""
    code = (await staff.ask()).replace(" ", "")
    await staff.vouch("gil", code)
    connection: Any = staff.page.folder / "wicket.db"
    if connection.exists():
        assert code.encode() not in connection.read_bytes()
    assert code not in str(await staff.page.audit())


async def test_who_has_no_proof_of_their_own_is_told_to_set_one_up(staff: Company) -> None:
    """And is not sent to a page on which they could do nothing."""
    await staff.page.local.change_account("ada", manager="ina")
    outcome = await staff.send("ina", await staff.ask())
    assert outcome == MayNot(reasons=(SET_UP_FIRST,))


BROKEN = """
@id("broken-ticket") @reason("Too far.")
forbid (principal, action == Action::"vouch", resource)
when { !context.ticketGiven && context.hoursLinked + 9223372036854775807 > 0 };
"""


async def test_a_policy_that_breaks_over_the_ticket_is_told_as_such(tmp_path: Path) -> None:
    """Promise 3: an error refuses, is on the record and is told; it is no ticket that is missing."""
    async with company(tmp_path) as staff:
        sources, schema = shipped()
        policy = CedarPolicy.load({**sources, "own.cedar": BROKEN}, schema, bound_to="test")
        broken = Vouching(replace(staff.ground, policy=policy), staff.page.ground.vault, LIMITS)
        staff.vouching = broken
        assert isinstance(await staff.send("gil", await staff.ask()), MayNot)
        assert await staff.page.audited("vouching.refused") == [("refused", "policy")]
        assert [one.kind for one in await staff.page.rows(ExceptionRecord)] == ["policy-error"]
