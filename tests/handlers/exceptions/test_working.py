"""Exceptions as somebody's work: who takes them up, hands them on, resolves and reopens them, and who may not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.decisions.halting import ABOUT_YOU, NOT_EMPLOYED, NOT_THEIR_WORK
from handlers.exceptions.outcomes import (
    WORKER_NEWS,
    Assign,
    DecideInstead,
    IsOver,
    MayWork,
    NobodyToWork,
    OnException,
    Resolve,
    Worked,
    WorkedBefore,
    WorksAlready,
)
from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.exceptions.strange import named
from handlers.exceptions.working import ExceptionWork
from handlers.intents import AskStory
from handlers.outcomes import Repeated, Unknown
from handlers.questions.what_happened import Story, WhatHappened
from handlers.stops.outcomes import MayNotStop
from storage.exceptions import SECURITY, decide_exceptions, settle_exceptions
from storage.floods import ALONE, FLOOD
from storage.links import make_link
from storage.records import ExceptionRecord, Owed
from storage.states import ExceptionState, Resolution
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world

HOUR = timedelta(hours=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        await made.local.put_in_group("security-team", "linus", "eve")
        yield made
        assert await made.sound()


async def strange(world: World, **changes: Any) -> ExceptionRecord:
    about = {"kind": Kind.TAMPERED, "severity": Severity.MEDIUM, "who": "Ada (ada)", "cause": "ada",
             "correlation": "story", **changes}  # fmt: skip
    world.clock.forward(seconds=1)  # ids of one moment stand in no order
    await world.ground.database.write(lambda tx: tell_security(tx, world.ground.now(), Strange(**about)))
    return (await world.exceptions())[-1]


async def now(world: World, row: ExceptionRecord) -> ExceptionRecord:
    return next(one for one in await world.exceptions() if one.id == row.id)


async def do(world: World, what: str, row: Any, login: str = "sam", delivery: str = "", **more: Any) -> Any:
    about = {**await world.intent(login, delivery), "exception": getattr(row, "id", row), **more}
    kind = {"assign": Assign, "resolve": Resolve}.get(what, OnException)
    return await getattr(ExceptionWork(world.ground), what)(kind(**about))


async def resolve(world: World, row: Any, login: str = "sam", **more: Any) -> Any:
    return await do(world, "resolve", row, login, why=Resolution.MENDED, words="it was the old link", **more)


def slack(login: str) -> str:
    return f"U{login.upper()}"


async def linked(world: World, *logins: str) -> None:
    for login in logins:
        account = await world.account(login)
        await world.ground.database.write(
            lambda tx, account=account, login=login: make_link(
                tx, at=world.ground.now(), slack_team="T1", slack_user=slack(login), directory=account.directory,
                account=account.id, mail=account.mail, made_by="test",
            )
        )  # fmt: skip


async def news(world: World) -> list[str]:
    return [one.recipient for one in await world.rows(Owed) if one.kind == WORKER_NEWS]


async def test_one_goes_from_open_to_acknowledged_to_resolved_and_is_opened_again(world: World) -> None:
    """W-1: each step is on the record, and shown in its message."""
    row = await strange(world)
    assert await do(world, "acknowledge", row) == Worked()
    kept = await now(world, row)
    assert (kept.state, kept.acknowledged_by, kept.assignee) == ("acknowledged", "Sam", "sam")
    may = await do(world, "resolve", row)
    assert may == MayWork(
        exception=row.id, kind="tampered", severity="medium", who="Ada (ada)", assignee="Sam"
    )
    assert await resolve(world, row) == Worked()
    kept = await now(world, row)
    assert (kept.state, kept.resolution, kept.resolved_by) == ("resolved", "mended", "Sam")
    assert await do(world, "reopen", row, "linus") == Worked()
    assert ((await now(world, row)).state, (await now(world, row)).reopened) == ("open", 1)
    steps = [one for one in await world.audit() if one["action"].startswith("exception.")]
    assert [(one["action"], one["correlation"]) for one in steps] == [
        (f"exception.{step}", row.id) for step in ("acknowledged", "resolved", "reopened")
    ]
    assert steps[1]["facts"]["resolution"] == "mended"
    assert "it was the old link" not in str(steps)  # a text is kept beside the entry, and can be erased
    assert {one.recipient for one in await world.rows(Owed) if one.subject == row.id} == {SECURITY}


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("acknowledge", {}),
        ("assign", {"whom": "USAM"}),
        ("resolve", {"why": Resolution.MENDED}),
        ("reopen", {}),
    ],
)
@pytest.mark.parametrize(("login", "reason"), [("ada", NOT_THEIR_WORK), ("eve", NOT_EMPLOYED)])
async def test_whoever_is_not_of_security_hears_so_kindly_and_it_is_told(
    world: World, login: str, reason: str, what: str, more: dict[str, Any]
) -> None:
    """W-2: Eve is a contractor, though in the group. Again and again is one exception with a count."""
    row = await strange(world, who="Grace (grace)", cause="grace")
    for _ in range(3):
        assert await do(world, what, row, login, **more) == MayNotStop(reason=reason)
    assert (await now(world, row)).state == "open"
    assert await world.actions("exception") == ["exception.refused refused"] * 3
    [told] = [one for one in await world.exceptions() if one.kind == Kind.WRONG_APPROVER]
    assert (told.count, told.facts["stop"]) == (3, "exception")


@pytest.mark.parametrize("how", ["who", "correlation", "member", "cause", "counted"])
async def test_nobody_works_on_what_is_about_themselves(world: World, how: str) -> None:
    """W-2, R-1: else whoever is watched silences the watch."""
    sam = await world.account("sam")
    about = {
        "who": {"who": named(sam.name, sam.login)}, "correlation": {"correlation": "sam"},
        "member": {"facts": {"member": "sam"}}, "cause": {"cause": "linus.b:sam"}, "counted": {},
    }[how]  # fmt: skip
    for number in range(ALONE + 3 if how == "counted" else 0):
        await strange(
            world, cause=f"p-{number}", who=named(sam.name, sam.login) if number == 6 else "Ada (ada)"
        )
    row = await strange(world, **about)
    if how == "counted":
        row = next(one for one in await world.exceptions() if FLOOD in one.facts)
    for what in ("acknowledge", "resolve", "assign"):
        assert await do(world, what, row) == MayNotStop(reason=ABOUT_YOU)
    await linked(world, "sam", "linus")
    assert await do(world, "assign", row, "linus", whom=slack("sam")) == NobodyToWork()
    assert (await now(world, row)).state == "open"
    assert await do(world, "acknowledge", row, "linus") == Worked()


async def test_a_second_click_hears_who_was_first_and_changes_nothing(world: World) -> None:
    """Promise 6."""
    row = await strange(world)
    at = world.ground.now()
    assert await do(world, "acknowledge", row, delivery="d") == Worked()
    assert await do(world, "acknowledge", row, delivery="d") == Repeated()
    before = WorkedBefore(state=ExceptionState.ACKNOWLEDGED, by="Sam", at=at)
    assert await do(world, "acknowledge", row) == before
    assert await do(world, "acknowledge", row, "linus") == before
    await resolve(world, row)
    before = WorkedBefore(state=ExceptionState.RESOLVED, by="Sam", at=at)
    for what in ("acknowledge", "assign", "resolve"):
        assert await do(world, what, row, "linus") == before
    assert await resolve(world, row, "linus") == before
    assert (await now(world, row)).resolved_by == "Sam"
    assert "exception.late refused" in await world.actions("exception")
    await do(world, "reopen", row)
    late = await do(world, "reopen", row, "linus")
    assert (late.state, (await now(world, row)).reopened) == (ExceptionState.OPEN, 1)


async def test_one_is_given_to_somebody_of_security_who_hears_of_it_and_of_what_others_do(
    world: World,
) -> None:
    """W-2: acknowledging and resolving what another works on is allowed, told to them, and on record."""
    await linked(world, "sam", "linus")
    row = await strange(world)
    assert isinstance(await do(world, "assign", row), MayWork)
    assert await do(world, "assign", row, whom=slack("linus")) == Worked()
    kept = await now(world, row)
    assert (kept.assignee, kept.state) == ("linus", "open")  # they have not looked at it yet
    assert await news(world) == [slack("linus")]
    assert await do(world, "assign", row, whom=slack("linus")) == WorksAlready(by="Linus")
    world.clock.forward(seconds=1)
    await do(world, "acknowledge", row)
    world.clock.forward(seconds=1)
    await resolve(world, row)
    assert ((await now(world, row)).assignee, await news(world)) == ("linus", [slack("linus")] * 3)
    assert (await world.last("exception.resolved"))["facts"]["assignee"] == "linus"
    assert (await world.last("exception.assigned"))["subject"] == "linus"


async def test_taking_one_oneself_acknowledges_it_and_tells_whoever_had_it(world: World) -> None:
    await linked(world, "sam", "linus")
    row = await strange(world)
    await do(world, "assign", row, whom=slack("linus"))
    world.clock.forward(seconds=1)
    assert await do(world, "assign", row, whom=slack("sam")) == Worked()
    kept = await now(world, row)
    assert (kept.assignee, kept.state, kept.acknowledged_by) == ("sam", "acknowledged", "Sam")
    assert await news(world) == [slack("linus")] * 2


@pytest.mark.parametrize("whom", ["ada", "eve", "nobody", "switched off"])
async def test_nobody_else_is_given_one(world: World, whom: str) -> None:
    """W-2: looked up when the form is sent."""
    login = "linus" if whom == "switched off" else whom
    if whom != "nobody":
        await linked(world, login)
    if whom == "switched off":
        await world.local.change_account("linus", active=False)
    row = await strange(world, who="Grace (grace)")
    assert await do(world, "assign", row, whom=slack(login)) == NobodyToWork()
    assert (await now(world, row)).assignee == ""
    assert await news(world) == []


async def test_what_has_buttons_of_its_own_is_decided_by_them(world: World) -> None:
    """W-1: and can be acknowledged meanwhile; once its entitlement is gone nothing else is left."""
    row = await strange(world, kind=Kind.UNEXPLAINED, facts={"entitlement": "wiki-edit", "member": "ada"})
    assert await do(world, "resolve", row) == DecideInstead()
    assert await resolve(world, row) == DecideInstead()
    assert await do(world, "acknowledge", row) == Worked()
    facts = {"decided_by": "Grace", "decided_at": world.ground.now().isoformat()}
    await world.ground.database.write(
        lambda tx: decide_exceptions(tx, at=world.ground.now(), cause=row.cause, facts=facts)
    )
    assert await do(world, "reopen", row) == IsOver()
    gone = await strange(world, kind=Kind.UNEXPLAINED, cause="2", facts={"entitlement": "gone"})
    assert await resolve(world, gone) == Worked()


async def test_what_wicket_saw_over_is_not_opened_again(world: World) -> None:
    """W-3."""
    over, word = await strange(world), await strange(world, cause="2")
    await resolve(world, word)

    def settle(tx: Any) -> None:
        settle_exceptions(tx, at=world.ground.now(), causes=[over.cause, word.cause])

    await world.ground.database.write(settle)
    for row in (over, word):
        assert await do(world, "reopen", row) == IsOver()
    late = await do(world, "acknowledge", over)
    assert (late.state, late.by) == (ExceptionState.RESOLVED, "")


async def test_what_recurs_after_a_person_resolved_it_is_told_anew(world: World) -> None:
    """W-3: the one before stays resolved; what was told before of the same cause was resolved with it."""
    first = await strange(world)
    world.clock.forward(hours=25)
    second = await strange(world)
    await resolve(world, second)
    assert {(await now(world, row)).state for row in (first, second)} == {"resolved"}
    assert (await world.last("exception.resolved"))["facts"]["also"] == [first.id]
    third = await strange(world)
    assert third.id not in (first.id, second.id)
    assert (await now(world, third)).state == "open"


async def test_what_security_did_is_told_to_security_and_not_to_whom_it_is_about(world: World) -> None:
    """AU-12: Ada may read the story of her request, and the button of the exception tells both."""
    grant = await world.asked("ada", "prod-db")
    row = await strange(world, correlation=grant)
    await do(world, "acknowledge", row)
    await resolve(world, row)
    read = WhatHappened(world.ground).look

    async def actions(login: str, about: str) -> list[str]:
        seen = await read(AskStory(**await world.intent(login), about=about))
        assert isinstance(seen, Story)
        assert seen.entries == len(seen.rows)
        return [one.action for one in seen.rows]

    of_grant = ["grant.requested"]
    assert await actions("sam", row.id) == [*of_grant, "exception.acknowledged", "exception.resolved"]
    for login in ("ada", "grace"):
        assert await actions(login, row.id) == of_grant
    assert await actions("sam", grant) == of_grant


async def test_an_id_that_names_nothing_is_an_exception(world: World) -> None:
    for what in ("acknowledge", "assign", "resolve", "reopen"):
        assert await do(world, what, "x-0", "ada") == Unknown(what="exception")
    assert await world.actions("exception") == ["exception.tampered refused"] * 4
    assert await world.kinds() == ["tampered"]
