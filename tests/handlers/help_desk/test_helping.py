"""The help desk acts for others: for whom it serves, with a ticket, and they hear of it (R-6)."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import delete

from handlers.alarms.raising import Alarms
from handlers.audit.doubts import Doubts
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.freezing import Stopped
from handlers.decisions.helping import Act
from handlers.exceptions.strange import Kind
from handlers.help_desk.desks import REPEATED
from handlers.help_desk.helping import Helping
from handlers.help_desk.outcomes import (
    MayHelp,
    MayNotHelp,
    NobodyToHelp,
    NoTicket,
    NotLockedNow,
    NotOfDesk,
    NotServed,
    ResetStarted,
    UnlockedFor,
)
from handlers.intents import Report
from handlers.outcomes import Repeated
from handlers.policies import shipped
from handlers.recording import OPERATOR
from handlers.secure_page.changes import CUT_OFF_AFTER, Changes
from storage import freezes, links
from storage.audit import entry as audit
from storage.audit import log
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.stores import Server
from storage.faults import DirectoryUnavailable
from storage.identifiers import new_id
from storage.records import Delivery, ExceptionRecord, Handle, Owed
from storage.states import FreezeKind, Purpose
from tests.handlers.helping_ground import DESKS, OSLO, Desks, desks
from tests.storage.rows import erase_text


@pytest.fixture
async def staff(tmp_path: Path) -> AsyncIterator[Desks]:
    async with desks(tmp_path) as made:
        yield made


@pytest.fixture
async def on_each(tmp_path: Path, server: Server | None) -> AsyncIterator[Desks]:
    async with desks(tmp_path, server=server) as made:
        yield made


async def test_the_help_desk_unlocks_whom_it_serves_and_they_hear_of_it(on_each: Desks) -> None:
    """R-6: on the record with who, for whom, by which desk, ticket and policy; told in Slack and by mail."""
    staff = on_each
    assert await staff.help() == UnlockedFor(name="Ada", known=True)
    assert not await staff.locked()
    (act,) = await staff.acts()
    assert (act.act, act.desk, act.account, act.helper, act.ticket) == (
        "unlock", "oslo", "ada", "linus", "INC-1234",
    )  # fmt: skip
    begun, ended = await staff.world.last("desk.unlock_started"), await staff.world.last("account.unlocked")
    assert (begun["actor"]["id"], begun["subject"]) == ("linus", "ada")
    assert begun["policy"]["ids"] == ["help-whom-the-desk-serves"]
    assert begun["facts"] == {"desk": "oslo", "ticket_used": 1}
    assert set(begun["texts"]) == {"ticket", "rationale"}
    assert (ended["actor"]["id"], ended["subject"], ended["outcome"]) == ("linus", "ada", "done")
    assert begun["correlation"] == ended["correlation"] == act.handle
    assert {("desk-act", "Uada"), ("desk-act", "ada")} <= await staff.world.owed()


async def test_the_person_is_told_with_the_act_and_before_the_directory_is_asked(staff: Desks) -> None:
    """R-6: nobody is told late because a directory hangs."""
    staff.world.faulty.hang("unlock")
    assert await staff.help() == UnlockedFor(name="Ada", known=False)
    assert {("desk-act", "Uada"), ("desk-act", "ada")} <= await staff.world.owed()
    assert await staff.world.kinds() == ["change-unsure"]


async def test_what_a_crash_cut_off_is_closed_as_not_known(staff: Desks) -> None:
    """T-3: begun is on the record before the directory is touched."""
    staff.world.faulty.hang("unlock", times=1)
    under_way = asyncio.create_task(staff.help())
    await staff.world.until_hanging()
    under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)
    staff.world.clock.forward(seconds=CUT_OFF_AFTER.total_seconds() + 1)
    await staff.world.ground.database.write(lambda tx: tx.exec(delete(Owed)))
    assert await Changes(staff.page()).settle_cut_off() == 1
    ended = await staff.world.last("account.unlocked")
    assert (ended["outcome"], ended["actor"]["type"]) == ("failed", "wicket")
    told = {one for one in await staff.world.owed() if one[1] == "Uada"}
    assert told == {("desk-act", "Uada")}  # the message that said that it is under way says so no more


async def test_a_reset_is_started_for_the_person_alone(on_each: Desks) -> None:
    """R-6, P-9: the visit is theirs, and the helper hears nothing but that it was started."""
    staff = on_each
    assert await staff.help(Act.RESET) == ResetStarted(name="Ada")
    (handle,) = await staff.world.rows(Handle)
    assert (handle.purpose, handle.account, handle.slack_user) == (Purpose.RESET, "ada", "Uada")
    assert handle.expires_at > staff.world.clock()
    owed = [one for one in await staff.world.rows(Owed) if one.kind == "desk-act"]
    assert {(one.courier, one.recipient) for one in owed} == {("slack", "Uada"), ("mail", "ada")}
    assert not any(one.recipient == "Ulinus" for one in await staff.world.rows(Owed))
    assert await staff.locked()  # nothing else was done


# Who may not.


async def test_whoever_is_on_no_desk_is_told_whom_to_ask_and_nobody_is_looked_up(staff: Desks) -> None:
    """R-6: on the record; and of the person nothing is said."""
    staff.world.faulty.error("account")
    outcome = await staff.help(whom="root", by="charles")
    assert outcome == NotOfDesk(ask=("the Oslo desk", "the Berlin desk"))
    staff.world.faulty.mend()
    assert (await staff.world.last("desk.refused"))["facts"] == {
        "act": "unlock",
        "why": "no_desk",
        "slack_user": "Uroot",
    }
    assert await staff.acts() == []
    assert await staff.consider("charles") == outcome
    assert await staff.consider("linus", whom="ada") == MayHelp(act=Act.UNLOCK, whom="Uada")
    assert await staff.consider("linus", whom="nobody") == MayHelp(act=Act.UNLOCK)


async def test_whoever_left_the_desk_after_the_form_opened_may_not(staff: Desks) -> None:
    """Promise 5: the role is the directory's of now."""
    assert isinstance(await staff.consider("linus"), MayHelp)
    await staff.world.local.take_from_group("help-desk", "linus")
    assert isinstance(await staff.help(), NotOfDesk)
    assert await staff.locked()


async def test_outside_whom_it_serves_the_desk_is_told_who_does(staff: Desks) -> None:
    """R-6: by team and by place; what the directory does not say fits nothing."""
    await staff.lock("grace")
    assert await staff.help(whom="grace") == NotServed(name="Grace", ask=("the Berlin desk",))
    assert await staff.help(Act.RESET, "grace") == NotServed(name="Grace", ask=())
    await staff.world.local.change_account("ada", location="")
    assert isinstance(await staff.help(), NotServed)
    assert await staff.acts() == []
    assert (await staff.world.last("desk.refused"))["facts"]["why"] == "not_served"


async def test_a_desk_does_only_what_it_may(staff: Desks) -> None:
    staff.helping = Helping(
        staff.world.ground,
        handles=staff.world.handles,
        desks=replace(DESKS, desks=(replace(OSLO, may=frozenset({Act.UNLOCK})),)),
    )
    assert await staff.help(Act.RESET) == NotOfDesk(ask=())
    assert await staff.help() == UnlockedFor(name="Ada", known=True)


@pytest.mark.parametrize("act", list(Act))
async def test_nobody_with_administrative_power_is_helped_and_security_hears(staff: Desks, act: Act) -> None:
    """P-4, R-6."""
    await staff.lock("root")
    assert isinstance(await staff.help(act, "root"), MayNotHelp)
    assert await staff.locked("root")
    assert await staff.reasons() == ["privileged"]


async def test_of_somebody_outside_nothing_is_said_of_how_their_account_stands(staff: Desks) -> None:
    """R-6: yet security hears who tried it on a privileged account."""
    await staff.world.local.change_account("root", team="Elsewhere")
    assert isinstance(await staff.help(whom="root"), NotServed)
    assert await staff.reasons() == ["privileged"]


async def test_nobody_helps_themselves_nor_a_second_account_of_theirs(staff: Desks) -> None:
    """R-1: the same person by number or by address."""
    await staff.lock("linus")
    assert isinstance(await staff.help(whom="linus"), MayNotHelp)
    await staff.world.local.change_account("ada", mail="LINUS@example.com")
    assert isinstance(await staff.help(), MayNotHelp)
    assert await staff.reasons() == ["oneself", "oneself"]
    assert await staff.locked("linus")
    assert await staff.locked()


async def test_nobody_helps_whom_they_report_to(staff: Desks) -> None:
    await staff.world.local.change_account("linus", manager="ada")
    assert isinstance(await staff.help(), MayNotHelp)
    await staff.world.local.change_account("linus", manager="charles")
    await staff.world.local.change_account("charles", manager="ada")
    assert isinstance(await staff.help(), MayNotHelp)
    assert await staff.reasons() == ["boss"]


async def test_a_person_switched_off_between_form_and_submit_is_not_helped(staff: Desks) -> None:
    assert isinstance(await staff.consider("linus", whom="ada"), MayHelp)
    await staff.world.local.change_account("ada", active=False)
    assert isinstance(await staff.help(), MayNotHelp)
    assert await staff.locked()


async def test_a_desk_serves_nobody_of_another_directory(staff: Desks, tmp_path: Path) -> None:
    """SL-17: a group of another directory that is called the same is another's."""
    other = LocalDirectory(tmp_path / "other.db", name="other", now=staff.world.clock, cost=Scrypt(n=2))
    await other.add_account(
        "zoe", login="zoe", name="Zoe", mail="zoe@example.org", team="Payments", location="Oslo"
    )
    await other.change_account("zoe", locked=True)
    await staff.world.ground.database.write(
        lambda tx: links.make_link(
            tx, at=staff.world.clock(), slack_team="T1", slack_user="Uzoe", directory="other", account="zoe",
            mail="zoe@example.org", made_by="test",
        )
    )  # fmt: skip
    ground = staff.world.ground
    ground = replace(ground, directories={**ground.directories, "other": other})
    staff.helping = Helping(ground, handles=staff.world.handles, desks=DESKS)
    assert await staff.help(whom="zoe") == NotServed(name="Zoe", ask=())
    other.close()


async def test_whoever_is_nobodys_slack_account_cannot_be_told_and_is_not_helped(staff: Desks) -> None:
    assert await staff.help(whom="stranger") == NobodyToHelp()


async def test_whoever_is_not_locked_is_not_unlocked(staff: Desks) -> None:
    await staff.help()
    assert await staff.help() == NotLockedNow(name="Ada")
    assert len(await staff.acts()) == 1


# The ticket, how much, and how often.


@pytest.mark.parametrize("ticket", ["", "please", "HD-1", "INC-", "INC-1 or so"])
async def test_without_a_ticket_of_the_right_shape_nothing_is_done(staff: Desks, ticket: str) -> None:
    """R-6: as the settings want it."""
    staff.helping = Helping(
        staff.world.ground,
        handles=staff.world.handles,
        desks=replace(DESKS, ticket=re.compile("INC-[0-9]{1,9}")),
    )
    assert await staff.help(ticket=ticket) == NoTicket()
    assert await staff.locked()
    assert (await staff.world.last("desk.refused"))["facts"]["why"] == "no_ticket"
    assert await staff.help(ticket=" inc-77 ") == UnlockedFor(name="Ada", known=True)
    assert (await staff.acts())[0].ticket == "INC-77"


async def test_a_ticket_named_again_and_again_is_on_the_record_and_used_up_in_the_end(staff: Desks) -> None:
    """R-6."""
    staff.helping = Helping(
        staff.world.ground,
        handles=staff.world.handles,
        desks=replace(DESKS, acts_on_a_ticket=2, for_one_a_day=9),
    )
    for used in (1, 2):
        assert isinstance(await staff.help(Act.RESET), ResetStarted)
        assert (await staff.world.last("desk.reset_started"))["facts"]["ticket_used"] == used
    assert isinstance(await staff.help(Act.RESET), MayNotHelp)
    assert await staff.reasons() == ["ticket"]
    assert isinstance(await staff.help(Act.RESET, ticket="INC-5"), ResetStarted)


@pytest.mark.both_engines
async def test_a_link_is_one_ticket_wherever_on_its_page_it_leads(on_each: Desks) -> None:
    """R-6: the tracker passes over the place. What was typed is kept; an address that only begins so is another."""
    staff, link = on_each, "https://tracker.example/browse/INC_1"
    staff.helping = Helping(
        staff.world.ground,
        handles=staff.world.handles,
        desks=replace(DESKS, acts_on_a_ticket=2, for_one_a_day=9),
    )
    for ticket in (f"{link}#comment-1", f"{link}#comment-2"):
        assert isinstance(await staff.help(Act.RESET, ticket=ticket), ResetStarted)
        assert ticket in {one.ticket for one in await staff.acts()}
    for ticket in (link, f"{link}#", f"{link}#more"):
        assert isinstance(await staff.help(Act.RESET, ticket=ticket), MayNotHelp)
    for ticket in (link.replace("_", "x"), f"{link}2#comment-1", f"{link}#/2"):
        assert isinstance(await staff.help(Act.RESET, ticket=ticket), ResetStarted)


async def test_bursts_are_held_by_helper_and_by_person_and_security_hears(staff: Desks) -> None:
    """R-6: what is used up comes back within a day."""
    staff.helping = Helping(
        staff.world.ground, handles=staff.world.handles, desks=replace(DESKS, acts_a_day=3, for_one_a_day=2)
    )
    for number in (1, 2):
        assert isinstance(await staff.help(Act.RESET, ticket=f"INC-{number}"), ResetStarted)
    assert isinstance(await staff.help(Act.RESET, ticket="INC-3"), MayNotHelp)
    assert isinstance(await staff.help(Act.RESET, "eve", ticket="INC-4"), ResetStarted)
    assert isinstance(await staff.help(Act.RESET, "charles", ticket="INC-5"), MayNotHelp)
    assert set(await staff.reasons()) == {"burst"}
    staff.world.clock.forward(hours=24, seconds=1)
    assert isinstance(await staff.help(Act.RESET, ticket="INC-6"), ResetStarted)


async def test_a_second_account_on_the_desk_has_no_limit_of_its_own(on_each: Desks) -> None:
    """R-1, R-6: so much a day is for one person, by whatever accounts they act."""
    staff, local = on_each, on_each.world.local
    staff.helping = Helping(
        staff.world.ground, handles=staff.world.handles, desks=replace(DESKS, acts_a_day=1)
    )
    await local.add_account("linus2", login="linus2", name="Linus II", mail="LINUS@example.com")
    await local.put_in_group("help-desk", "linus2")
    assert isinstance(await staff.help(Act.RESET), ResetStarted)
    assert isinstance(await staff.help(Act.RESET, "eve", by="linus2", ticket="INC-2"), MayNotHelp)
    assert await staff.reasons() == ["burst"]
    staff.world.clock.forward(hours=24, seconds=1)
    assert isinstance(await staff.help(Act.RESET, "eve", by="linus2", ticket="INC-2"), ResetStarted)
    assert isinstance(await staff.help(Act.RESET, ticket="INC-3"), MayNotHelp)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM desk_acts",
        "UPDATE desk_acts SET helper = 'eve'",
        "UPDATE desk_acts SET account = 'eve'",
        "UPDATE desk_acts SET ticket = 'INC-9'",
        "UPDATE desk_acts SET at = 1",
    ],
)
async def test_limits_hold_whatever_other_hands_did_to_the_rows(staff: Desks, change: str) -> None:
    """R-6, T-9: each is counted from the record; and security hears of what was thrown away or changed."""
    assert isinstance(await staff.help(Act.RESET), ResetStarted)
    await staff.world.ground.database.write(lambda tx: tx.connection().execute(text(change)))
    for limit in ("acts_a_day", "for_one_a_day", "acts_on_a_ticket"):
        desks = replace(DESKS, **{limit: 1})
        staff.helping = Helping(staff.world.ground, handles=staff.world.handles, desks=desks)
        assert isinstance(await staff.help(Act.RESET), MayNotHelp), limit
    await Doubts(staff.world.ground).tell_due()
    told = [one for one in await staff.world.exceptions() if one.kind == Kind.ROW_CHANGED]
    assert [(one.who, one.facts["table"]) for one in told] == [("Ada (ada)", "desk_acts")]


@pytest.mark.parametrize("limit", ["for_one_a_day", "acts_on_a_ticket"])
async def test_an_erased_ticket_is_no_change_by_other_hands(staff: Desks, limit: str) -> None:
    """O-4: free text can be erased by law; the act counts for whom it was done, and by which ticket, all the same."""
    desks = replace(DESKS, **{limit: 1})
    staff.helping = Helping(staff.world.ground, handles=staff.world.handles, desks=desks)
    assert isinstance(await staff.help(Act.RESET), ResetStarted)
    (told,) = await staff.world.ground.database.read(lambda tx: log.rows(tx, action="desk.reset_started"))
    at = staff.world.clock()
    erasing = audit.Entry(
        id=new_id("e", at), at=at, action="text.erased", outcome="done", actor=OPERATOR,
        where=audit.Where(transport="cli", replica="r1"), correlation=told.id,
    )  # fmt: skip
    await staff.world.ground.database.write(lambda tx: erase_text(tx, told.id, "ticket", record=erasing))
    assert isinstance(await staff.help(Act.RESET), MayNotHelp)
    assert not staff.world.ground.database.doubts


async def test_security_hears_of_whoever_is_refused_again_and_again(staff: Desks) -> None:
    """R-6: once is a mistake."""
    for _ in range(REPEATED - 1):
        await staff.help(by="charles")
    assert await staff.reasons() == []
    await staff.help(by="charles")
    await staff.help(by="charles")
    assert await staff.reasons() == ["repeated"]


async def test_an_act_that_was_allowed_lets_the_count_of_refusals_begin_anew(staff: Desks) -> None:
    for _ in range(REPEATED - 1):
        await staff.help(whom="grace")
    await staff.help()
    await staff.help(whom="grace")
    assert await staff.reasons() == []


# Twice, meanwhile, and while something is silent.


async def test_the_same_delivery_counts_once(staff: Desks) -> None:
    """Promise 6."""
    assert isinstance(await staff.help(delivery="view:1"), UnlockedFor)
    await staff.lock()
    assert await staff.help(delivery="view:1") == Repeated()
    assert await staff.locked()
    assert len(await staff.acts()) == 1
    first = await staff.help(Act.RESET, delivery="view:2")
    assert (first, await staff.help(Act.RESET, delivery="view:2")) == (ResetStarted(name="Ada"), Repeated())


@pytest.mark.both_engines
async def test_two_at_once_by_one_delivery_have_one_effect(on_each: Desks) -> None:
    outcomes = await asyncio.gather(*(on_each.help(Act.RESET, delivery="view:1") for _ in range(4)))
    assert sorted(type(one).__name__ for one in outcomes) == ["Repeated"] * 3 + ["ResetStarted"]


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("kind", [FreezeKind.EMERGENCY, FreezeKind.RESTORED])
async def test_while_new_access_is_stopped_nobody_is_let_in_by_another_hand(
    staff: Desks, act: Act, kind: FreezeKind
) -> None:
    """T-2: and the form that stayed open is sent again when it is over."""
    await _freeze(staff, kind)
    outcome = await staff.help(act, delivery="view:1")
    assert isinstance(outcome, Stopped)
    assert await staff.locked()
    assert await staff.acts() == []
    assert await staff.world.actions("desk.") == ["desk.stopped refused"]


async def test_while_resets_are_stopped_none_is_started(staff: Desks) -> None:
    """P-7: an unlock goes on."""
    await _freeze(staff, FreezeKind.RESETS)
    assert isinstance(await staff.help(Act.RESET), Stopped)
    assert isinstance(await staff.help(), UnlockedFor)


async def test_a_silent_directory_leaves_everything_as_it_was(staff: Desks) -> None:
    """Promise 7: and the same form does it once the directory answers."""
    staff.world.faulty.hang("account")
    with pytest.raises(DirectoryUnavailable):
        await staff.help(delivery="view:1")
    staff.world.faulty.mend()
    assert await staff.world.actions("desk.") == []
    assert isinstance(await staff.help(delivery="view:1"), UnlockedFor)


async def test_policy_that_breaks_refuses_and_is_told(staff: Desks) -> None:
    sources, schema = shipped()
    broken = 'forbid (principal, action == Action::"unlock_for", resource) when { principal.manager == "x" };'
    sources = {**sources, "broken.cedar": f'@id("broken") @reason("No.") {broken}'}
    policy = CedarPolicy.load(sources, schema.replace("manager?: String", "manager: String"), bound_to="t")
    ground = replace(staff.world.ground, policy=policy)
    staff.helping = Helping(ground, handles=staff.world.handles, desks=DESKS)
    await staff.world.local.change_account("linus", manager=None)
    assert isinstance(await staff.help(), MayNotHelp)
    assert await staff.world.kinds() == ["policy-error"]
    assert await staff.locked()


async def test_whatever_policy_says_nobody_helps_themselves_or_whom_they_do_not_serve(staff: Desks) -> None:
    """R-1, R-6: a policy that lets everybody do everything is no way around it."""
    sources, schema = shipped()
    open_to_all = '@id("all") @reason("All.") permit (principal, action == Action::"unlock_for", resource);'
    lax = {name: text for name, text in sources.items() if name != "helpdesk.cedar"}
    policy = CedarPolicy.load({**lax, "lax.cedar": open_to_all}, schema, bound_to="t")
    ground = replace(staff.world.ground, policy=policy)
    staff.helping = Helping(ground, handles=staff.world.handles, desks=DESKS)
    for login in ("linus", "grace"):
        await staff.lock(login)
        assert isinstance(await staff.help(whom=login), MayNotHelp | NotServed)
        assert await staff.locked(login)


async def test_what_was_typed_after_a_command_is_kept_nowhere(staff: Desks) -> None:
    """Promise 4: people type passwords into chats."""
    await staff.consider("charles", whom="hunter2 secret")
    kept = [
        str(vars(row)) for table in (Delivery, Owed, ExceptionRecord) for row in await staff.world.rows(table)
    ]
    assert "hunter2" not in "".join([*kept, str(await staff.world.audit())])


async def test_the_person_stops_it_by_one_click(staff: Desks) -> None:
    """P-6: as any change of their account."""
    await staff.help(Act.RESET)
    (act,) = await staff.acts()
    alarms = Alarms(staff.world.ground, staff.page())
    intent = await staff.world.intent("ada")
    await alarms.by_slack(Report(**intent, handle=act.handle))
    assert not (await staff.world.account("ada")).active
    (handle,) = [one for one in await staff.world.rows(Handle) if one.id == act.handle]
    assert handle.expires_at <= staff.world.clock()
    assert isinstance(await staff.help(), MayNotHelp)


async def _freeze(staff: Desks, kind: FreezeKind) -> None:
    await staff.world.ground.database.write(
        lambda tx: freezes.begin(tx, kind=kind, at=staff.world.clock(), by="test", lost_from=None, facts={})
    )


async def test_a_repeat_of_what_used_up_a_limit_is_only_a_repeat(staff: Desks) -> None:
    """Promise 6: whoever did the last act that may be done today did nothing wrong because Slack sent it twice."""
    staff.helping = Helping(
        staff.world.ground, handles=staff.world.handles, desks=replace(DESKS, for_one_a_day=2)
    )
    assert isinstance(await staff.help(delivery="view:1"), UnlockedFor)
    assert isinstance(await staff.help(Act.RESET, delivery="view:2"), ResetStarted)
    before = await staff.world.actions()
    assert await staff.help(delivery="view:1") == Repeated()
    assert await staff.help(Act.RESET, delivery="view:2") == Repeated()
    assert await staff.reasons() == []
    assert await staff.world.actions() == before
