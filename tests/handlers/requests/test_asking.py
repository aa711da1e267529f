"""Several wishes in one transaction, tickets that policy wants, and requests for a report, without Slack."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy.exc import IntegrityError

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.counterparts import NoCounterpart, Reason
from handlers.grants.leavers import Leavers
from handlers.intents import AskTogether, Intent
from handlers.outcomes import (
    AlreadyHeld,
    Asked,
    AskedTogether,
    NotAllowed,
    NotAReport,
    Repeated,
    TicketWanted,
    TooLate,
    Unknown,
)
from handlers.people.counterparts import uncertain
from handlers.requests.foreseen import Filled
from handlers.requests.foresight import Foreseeing
from storage import grants, links
from storage.engine.stores import Server
from storage.records import Grant
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as opened_world
from tests.handlers.made_once import without_step_up
from tests.handlers.stops.test_freezing import freeze

WANTS_A_TICKET = """
@id("production-wants-a-ticket") @reason("Production needs a ticket.")
forbid (principal, action in [Action::"grant", Action::"request"], resource)
unless { resource.environment != "production" || context.ticketGiven };
"""


def with_tickets() -> CedarPolicy:
    sources, schema = without_step_up()
    return CedarPolicy.load({**sources, "own.cedar": WANTS_A_TICKET}, schema, bound_to="test")


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with opened_world(tmp_path, server=server) as opened:
        yield opened
        assert await opened.sound()


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[World]:
    """A company whose policy wants a ticket for production."""
    async with opened_world(tmp_path, policy=with_tickets()) as opened:
        yield opened


async def together(world: World, login: str, *things: str, **more: Any) -> Any:
    """They ask for all of it at once."""
    intent = await world.intent(login, more.pop("delivery", ""))
    plain: dict[str, Any] = {"duration": HOUR, "justification": "because"}
    return await world.asking.ask_together(AskTogether(**intent, entitlements=things, **{**plain, **more}))


async def foreseen(world: World, login: str, **filled: Any) -> Any:
    """What would happen."""
    return await Foreseeing(world.ground).foresee(Intent(**await world.intent(login)), Filled(**filled))


async def link(world: World, *logins: str) -> None:
    """Their Slack accounts are linked."""
    for login in logins:
        await world.ground.database.write(
            lambda tx, login=login: links.make_link(
                tx,
                at=world.clock(),
                slack_team="T1",
                slack_user=f"U{login}",
                directory="staff",
                account=login,
                mail=f"{login}@example.com",
                made_by="test",
            )
        )


async def by_charles(world: World, thing: str = "prod-db") -> str:
    """Charles asks for Ada, who reports to him; the grant's id."""
    await link(world, "ada", "charles")
    outcome = await together(world, "charles", thing, report="Uada")
    ((_, asked),) = outcome.each
    assert isinstance(asked, Asked)
    return asked.grant


async def test_each_wish_has_a_row_a_record_and_a_message_of_its_own(world: World) -> None:
    outcome = await together(world, "ada", "wiki-edit", "prod-db", "nothing-such")
    assert isinstance(outcome, AskedTogether)
    (wiki, one), (prod, two), (gone, three) = outcome.each
    assert (wiki, prod, gone) == ("wiki-edit", "prod-db", "nothing-such")
    assert isinstance(one, Asked)
    assert isinstance(two, Asked)
    assert (one.state, two.state, three) == ("approved", "pending", Unknown(what="nothing-such"))
    assert await world.actions("grant") == ["grant.approved done", "grant.requested done"]
    assert await world.owed() >= {("request", "Uada"), ("approval", "owner:data")}


async def test_all_or_nothing_is_written(strict: World) -> None:
    """One transaction: where the record of the second cannot be written, the first was not sent either (A-7)."""
    before = len(await strict.audit())
    strict.ground.database.write_now(
        lambda tx: tx.connection().exec_driver_sql(
            "CREATE TRIGGER stop BEFORE INSERT ON grants WHEN NEW.entitlement = 'prod-db' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    )
    with pytest.raises(IntegrityError):
        await together(strict, "ada", "wiki-edit", "prod-db", ticket="INC-1")
    assert await strict.rows(Grant) == []
    assert len(await strict.audit()) == before


async def test_what_is_held_is_left_out_and_the_rest_goes(world: World) -> None:
    await world.local.put_in_group("wiki-edit", "ada")
    outcome = await together(world, "ada", "wiki-edit", "prod-db")
    assert isinstance(outcome.each[0][1], AlreadyHeld)
    assert isinstance(outcome.each[1][1], Asked)


async def test_nothing_at_all_that_is_there_is_on_the_record(world: World) -> None:
    assert await together(world, "ada", "no-such", "nor-such") == Unknown(what="no-such")
    assert await world.actions("grant") == ["grant.gone refused"]


@pytest.mark.both_engines
async def test_the_same_delivery_sends_nothing_twice(world: World) -> None:
    """Promise 6."""
    await together(world, "ada", "wiki-edit", "prod-db", delivery="same")
    assert await together(world, "ada", "wiki-edit", "prod-db", delivery="same") == Repeated()
    assert len(await world.rows(Grant)) == 2


async def test_a_draft_that_was_sent_takes_nothing_with_it(world: World) -> None:
    draft = (await world.draft("ada", "wiki-edit")).grant
    await world.asking.send_draft(await world.on("ada", draft))
    assert isinstance(await together(world, "ada", "prod-db", draft=draft), TooLate)
    assert [row.entitlement for row in await world.rows(Grant)] == ["wiki-edit"]


async def test_a_draft_becomes_the_request_for_what_it_names_wherever_that_stands(world: World) -> None:
    """One thing keeps one message."""
    draft = (await world.draft("ada", "prod-db")).grant
    await together(world, "ada", "wiki-edit", "prod-db", draft=draft)
    rows = {row.id == draft: (row.entitlement, row.state) for row in await world.rows(Grant)}
    assert rows == {True: ("prod-db", "pending"), False: ("wiki-edit", "approved")}


# Tickets.


async def test_where_policy_wants_a_ticket_nothing_is_sent_without_one(strict: World) -> None:
    """Not even what would do without, so that it can be corrected; nothing is recorded, since nothing happened."""
    outcome = await together(strict, "ada", "prod-db", "wiki-edit")
    assert outcome == TicketWanted(entitlements=("prod-db",))
    assert await strict.rows(Grant) == []
    assert await strict.actions("grant") == []
    sent = await together(strict, "ada", "prod-db", "wiki-edit", ticket="https://tracker.example.com/1")
    assert [one.state for _, one in sent.each] == ["pending", "approved"]
    assert {row.ticket for row in await strict.rows(Grant)} == {"https://tracker.example.com/1"}


async def test_a_ticket_in_the_words_is_one(strict: World) -> None:
    sent = await together(strict, "ada", "prod-db", justification="fix INC-4711")
    assert sent.each[0][1].state == "pending"


async def test_the_form_says_that_a_ticket_is_wanted_and_what_would_happen_with_it(strict: World) -> None:
    ahead = await foreseen(strict, "ada", entitlements=("prod-db",), minutes=60, justification="because")
    assert ahead.ticket_wanted
    assert ahead.each[0].outcome == "approval"
    assert len(ahead.lengths) > 3
    ahead = await foreseen(strict, "ada", entitlements=("prod-db",), minutes=60, ticket="INC-1")
    assert not ahead.ticket_wanted
    ahead = await foreseen(strict, "ada", entitlements=("wiki-edit",), minutes=60)
    assert not ahead.ticket_wanted


async def test_a_ticket_is_on_the_record_as_a_commitment(world: World) -> None:
    """Free text can be erased by law without breaking the tree (promise 2)."""
    await together(world, "ada", "prod-db", ticket="https://tracker.example.com/secret-word")
    said = await world.last("grant.requested")
    assert "secret-word" not in str(said)
    assert "ticket" in str(said)


# What would happen.


async def test_looking_ahead_changes_and_records_nothing(world: World) -> None:
    before = (await world.audit(), await world.rows(Grant), await world.owed())
    await foreseen(world, "ada", entitlements=("prod-db", "wiki-edit"), minutes=60)
    assert (await world.audit(), await world.rows(Grant), await world.owed()) == before


@pytest.mark.parametrize("login", ["ada", "eve", "root"])
@pytest.mark.parametrize("minutes", [60, 480, 481, 1441])
async def test_what_was_foreseen_is_what_happens(world: World, login: str, minutes: int) -> None:
    """And exactly the times that are offered are not refused."""
    for thing in ("wiki-edit", "prod-db", "prod-admin", "elsewhere"):
        ahead = await foreseen(world, login, entitlements=(thing,), minutes=minutes, justification="because")
        outcome = await together(world, login, thing, duration=timedelta(minutes=minutes))
        state = {"automatic": "approved", "approval": "pending", "refused": "refused"}[ahead.each[0].outcome]
        assert outcome.each[0][1].state == state, thing
        offered = {one.minutes: one.at_once for one in ahead.lengths}
        if minutes in (60, 480):
            told = {"approved": True, "pending": False, "refused": None}[state]
            assert offered.get(minutes) == told, thing


# For a report.


async def test_the_row_the_record_and_the_messages_say_who_asked_and_whom_it_is_for(world: World) -> None:
    grant = await by_charles(world)
    row = await world.grant(grant)
    assert (row.requester_account, row.target_account, row.account) == ("charles", "ada", "ada")
    assert (row.target_name, row.target_login) == ("Ada", "ada")
    said = await world.last("grant.requested")
    assert (said["actor"]["id"], said["subject"]) == ("charles", "ada")
    assert said["facts"]["requested_by"] == "charles"
    assert await world.owed() == {("request", "Ucharles"), ("report", "Uada"), ("approval", "owner:data")}


async def test_what_was_drafted_for_oneself_and_sent_for_a_report_is_the_reports(world: World) -> None:
    """R-3: the draft becomes what the form says when it is sent, whoever it was for before."""
    await link(world, "ada", "charles")
    draft = (await world.draft("charles", "prod-db")).grant
    await together(world, "charles", "prod-db", report="Uada", draft=draft)
    row = await world.grant(draft)
    assert (row.requester_account, row.target_account, row.account) == ("charles", "ada", "ada")
    assert (row.target_name, row.target_login) == ("Ada", "ada")
    await world.decide("grace", draft)
    await world.settle()
    assert (await world.holds("ada", "prod-db"), await world.holds("charles", "prod-db")) == (True, False)


async def test_approved_it_is_the_reports_until_its_end(world: World) -> None:
    grant = await by_charles(world)
    await world.decide("grace", grant)
    await world.settle()
    assert await world.state(grant) == "active"
    assert (await world.holds("ada", "prod-db"), await world.holds("charles", "prod-db")) == (True, False)
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(grant) == "ended"
    assert not await world.holds("ada", "prod-db")


@pytest.mark.parametrize("login", ["charles", "ada"])
async def test_neither_who_asked_nor_whom_it_is_for_decides(world: World, login: str) -> None:
    """Not even as an owner (promise 5, R-1)."""
    await world.local.put_in_group("data-owners", login)
    grant = await by_charles(world)
    assert isinstance(await world.decide(login, grant), NotAllowed)
    assert await world.state(grant) == "pending"
    assert "wrong-approver" in await world.kinds()


@pytest.mark.parametrize(
    "change", [{"manager": "linus"}, {"manager": None}, {"active": False}], ids=["moved", "alone", "off"]
)
async def test_who_is_no_report_any_more_gets_nothing_at_the_click(
    world: World, change: dict[str, Any]
) -> None:
    """Promise 3, R-3, SL-17."""
    grant = await by_charles(world)
    await world.local.change_account("ada", **change)
    await world.decide("grace", grant)
    assert await world.state(grant) == "voided"


async def test_nor_at_the_execution(world: World) -> None:
    """Between approval and effect (promise 3)."""
    grant = await by_charles(world)
    await world.decide("grace", grant)
    await world.local.change_account("ada", manager="linus")
    await world.settle()
    assert await world.state(grant) == "voided"
    assert not await world.holds("ada", "prod-db")
    assert await world.kinds() == ["authority-lost"]


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("way", ["reset", "reported"])
@pytest.mark.parametrize("login", ["charles", "ada"])
async def test_nothing_comes_of_it_once_one_of_the_two_was_reset_or_reported(
    world: World, login: str, way: Literal["reset", "reported"], approved: bool
) -> None:
    """P-8, P-6, promise 3: whoever asks and whoever is to have it, at the click and before the access exists."""
    grant = await by_charles(world)
    if approved:
        assert (await world.decide("grace", grant)).state == "approved"
    await world.happened(way, login)
    if not approved:
        assert (await world.decide("grace", grant)).state == "voided"
    await world.settle()
    assert await world.state(grant) == "voided"
    assert not await world.holds("ada", "prod-db")


@pytest.mark.parametrize("way", ["reset", "reported"])
@pytest.mark.parametrize("login", ["charles", "ada"])
async def test_nor_is_anything_asked_then(
    world: World, login: str, way: Literal["reset", "reported"]
) -> None:
    """P-8, P-6: and the form foretells it."""
    await link(world, "ada", "charles")
    await world.happened(way, login)
    wish = {"entitlements": ("prod-db",), "minutes": 60, "justification": "x", "report": "Uada"}
    assert [one.outcome for one in (await foreseen(world, "charles", **wish)).each] == ["refused"]
    ((_, asked),) = (await together(world, "charles", "prod-db", report="Uada")).each
    assert await world.state(asked.grant) == "refused"


async def test_what_needs_no_approval_is_asked_again_too_before_a_report_has_it(world: World) -> None:
    grant = await by_charles(world, "wiki-edit")
    assert await world.state(grant) == "approved"
    await world.local.change_account("ada", manager="linus")
    await world.settle()
    assert await world.state(grant) == "voided"
    assert not await world.holds("ada")


async def test_somebody_who_is_no_report_is_refused_and_nothing_is_told_of_them(world: World) -> None:
    await link(world, "grace")
    refused = [
        await together(world, "charles", "prod-db", report=who) for who in ("Ugrace", "Unobody", "Usam")
    ]
    assert {type(one) for one in refused} == {NotAReport}
    assert len({one.advice for one in refused}) == 1
    assert await world.actions("grant") == ["grant.not_a_report refused"] * 3
    assert await world.rows(Grant) == []


async def test_a_suspended_link_is_no_way_to_a_report(world: World) -> None:
    await link(world, "ada")
    row = await world.ground.database.read(lambda tx: links.link_of_user(tx, "Uada"))
    await world.ground.database.write(lambda tx: links.suspend(tx, row.id, mail=row.mail))
    assert isinstance(await together(world, "charles", "wiki-edit", report="Uada"), NotAReport)


async def test_oneself_named_as_the_report_is_oneself(world: World) -> None:
    await together(world, "charles", "wiki-edit", report="Ucharles")
    (row,) = await world.rows(Grant)
    assert (row.requester_account, row.target_account) == ("charles", "")


async def test_the_report_can_give_it_back_and_not_withdraw_it(world: World) -> None:
    grant = await by_charles(world, "wiki-edit")
    assert isinstance(await world.access.withdraw(await world.on("ada", grant)), Unknown)
    await world.settle()
    await world.access.give_back(await world.on("ada", grant))
    await world.settle()
    assert (await world.grant(grant)).end_reason == "Ada gave it back"
    assert not await world.holds("ada")


async def test_a_stranger_gives_nothing_back(world: World) -> None:
    grant = await by_charles(world, "wiki-edit")
    await world.settle()
    assert isinstance(await world.access.give_back(await world.on("grace", grant)), Unknown)
    assert await world.holds("ada")
    assert "tampered" in await world.kinds()


@pytest.mark.both_engines
async def test_the_store_is_asked_by_who_holds_it(world: World) -> None:
    """A manager's own list is not their reports', and the reports' is theirs."""
    await by_charles(world, "wiki-edit")
    await world.settle()

    async def held(login: str) -> list[str]:
        rows = await world.ground.database.read(lambda tx: grants.live_of(tx, "staff", login))
        return [row.entitlement for row in rows]

    assert (await held("ada"), await held("charles")) == (["wiki-edit"], [])


async def test_an_extension_names_the_ticket_that_was_named_before(strict: World) -> None:
    """Policy wants one for it, too."""
    outcome = await together(strict, "ada", "prod-db", ticket="INC-9")
    grant = outcome.each[0][1].grant
    await strict.decide("grace", grant)
    await strict.settle()
    asked = await strict.extend("ada", grant)
    assert asked.state == "pending"
    assert (await strict.grant(asked.grant)).ticket == "INC-9"


@pytest.mark.both_engines
async def test_whoever_has_it_hears_of_its_end_beside_whoever_asked(world: World) -> None:
    """A tenth of the time before, and when somebody ends it early."""
    grant = await by_charles(world)
    await world.decide("grace", grant)
    await world.settle()
    world.clock.forward(minutes=54)
    await world.reminding.remind_due()
    assert await world.owed() >= {("ending", "Uada"), ("ending", "Ucharles")}
    await world.end("grace", grant)
    assert await world.owed() >= {("ended-early", "Uada"), ("ended-early", "Ucharles")}


# What is foretold, and what was there before.


async def test_what_is_held_already_counts_in_what_is_foretold(world: World) -> None:
    """N-5: with what they had it would be too long, and the form says so before the request does."""
    await world.given("ada", "wiki-edit", timedelta(hours=8))
    ahead = await foreseen(world, "ada", entitlements=("wiki-edit",), minutes=1440)
    outcome = await together(world, "ada", "wiki-edit", duration=timedelta(hours=24))
    assert (ahead.each[0].outcome, outcome.each[0][1].state) == ("refused", "refused")
    assert "without a break" in ahead.each[0].reasons[0]
    assert 1440 not in [one.minutes for one in ahead.lengths]


async def test_no_ticket_is_wanted_for_what_is_left_out(strict: World) -> None:
    """The form says that it is left out, so it asks for nothing about it."""
    await strict.local.put_in_group("prod-db", "ada")
    ahead = await foreseen(strict, "ada", entitlements=("prod-db", "wiki-edit"), minutes=60)
    assert not ahead.ticket_wanted
    outcome = await together(strict, "ada", "prod-db", "wiki-edit")
    assert isinstance(outcome, AskedTogether)
    assert [type(one) for _, one in outcome.each] == [AlreadyHeld, Asked]


async def test_a_freeze_is_foretold(world: World) -> None:
    """Nobody is promised at once what would be stopped."""
    assert (await foreseen(world, "ada", entitlements=("wiki-edit",), minutes=60)).stopped is None
    await freeze(world)
    ahead = await foreseen(world, "ada", entitlements=("wiki-edit",), minutes=60)
    assert ahead.stopped == await together(world, "ada", "wiki-edit")


@pytest.mark.parametrize(("login", "told"), [("ada", "Ada (ada)"), ("charles", "Charles (charles)")])
async def test_the_alert_about_a_leaver_names_the_one_who_left(world: World, login: str, told: str) -> None:
    """Not whoever asked for it, nor whom it was for: only the grant still knows the name."""
    await by_charles(world)
    await world.local.drop_account(login)
    assert await Leavers(world.ground).look() == 1
    assert [row.who for row in await world.exceptions() if row.kind == "left"] == [told]


async def test_an_overdue_removal_names_whoever_still_has_it(world: World) -> None:
    await by_charles(world, "wiki-edit")
    await world.settle()
    world.faulty.error("remove_member")
    world.clock.forward(hours=1)
    await world.tick()
    world.clock.forward(minutes=10)
    await world.tick()
    assert {row.who for row in await world.exceptions() if row.kind == "revocation-overdue"} == {"Ada (ada)"}


async def test_an_account_that_is_not_certain_is_told_of_each_report_by_itself(world: World) -> None:
    """One exception for one person and directory: a manager of two does not hide the second."""
    row = await world.grant(await by_charles(world))
    several = NoCounterpart(reason=Reason.SEVERAL, directory="lab", home="staff")
    strange = uncertain(several, row)
    assert (strange.who, strange.cause) == ("Ada (ada)", "staff:ada:lab:several")


async def test_policy_hears_at_an_early_end_whom_it_was_asked_for(tmp_path: Path) -> None:
    """Promise 3: the facts of this grant, and not of whoever asked for it."""
    sources, schema = without_step_up()
    own = """@id("never-of-reports") @reason("Ask their manager.")
    forbid (principal, action == Action::"revoke", resource) when { context has report };"""
    policy = CedarPolicy.load({**sources, "own.cedar": own}, schema, bound_to="test")
    async with opened_world(tmp_path, policy=policy) as world:
        grant = await by_charles(world)
        await world.decide("grace", grant)
        await world.settle()
        assert isinstance(await world.end("grace", grant), NotAllowed)
