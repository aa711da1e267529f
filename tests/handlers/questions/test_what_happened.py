"""What happened with something: told to whom it concerns, as the directory says now who that is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers import recording
from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.intents import SCHEDULE, AskStory
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.questions.what_happened import ON_A_PAGE, Story, WhatHappened
from storage.audit import log
from storage.audit.merkle import WIDTH
from tests.handlers.access_ground import SLACK, World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import archive_what_is_old


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def look(world: World, login: str, about: str, *, page: int = 0, delivery: str = "") -> object:
    intent = AskStory(
        actor=await world.actor(login),
        where=SLACK,
        delivery=delivery or world.delivery(),
        about=about,
        page=page,
    )
    return await WhatHappened(world.ground).look(intent)


async def test_who_asked_who_could_decide_and_security_see_it_in_order(world: World) -> None:
    """AU-12: what was asked, what was decided and what came of it, under one id."""
    grant = await world.approved("ada", "prod-db")
    for login in ("ada", "grace", "sam"):
        seen = await look(world, login, grant)
        assert isinstance(seen, Story)
        assert [row.action for row in seen.rows][:3] == [
            "grant.requested",
            "approval.given",
            "grant.approved",
        ]
        assert {"Ada", "Grace"} <= {name.split()[0].title() for name in seen.names.values()}


@pytest.mark.parametrize("login", ["charles", "eve"])
async def test_nobody_else_does_and_the_story_itself_does_not_grow_by_it(world: World, login: str) -> None:
    """Not even the manager of whoever asked, where nobody asked the manager."""
    grant = await world.asked("ada", "prod-db")
    before = await world.ground.database.read(lambda tx: len(log.rows(tx, correlation=grant)))
    assert isinstance(await look(world, login, grant, delivery="d-1"), NotAllowed)
    assert await look(world, login, grant, delivery="d-1") == Repeated()
    assert await world.actions("story") == ["story.refused refused"]
    assert await world.ground.database.read(lambda tx: len(log.rows(tx, correlation=grant))) == before
    assert await world.exceptions() == []


async def test_who_is_no_longer_of_the_owner_sees_it_no_more(world: World) -> None:
    """Promise 5: looked up at each look, whatever the message says."""
    grant = await world.asked("ada", "prod-db")
    await world.local.remove_member((await world.account("grace")).id, "data-owners")
    assert isinstance(await look(world, "grace", grant), NotAllowed)


async def test_an_alert_is_told_by_its_own_id_and_not_to_whom_it_warns_of(world: World) -> None:
    await look(world, "ada", "g-made-up")
    (alert,) = await world.exceptions()
    assert isinstance(await look(world, "sam", alert.id), Story)
    assert isinstance(await look(world, "ada", alert.id), NotAllowed)
    assert isinstance(await look(world, "grace", alert.id), NotAllowed)


async def test_who_owns_nearly_all_of_a_long_story_does_not_own_the_rest_of_it(world: World) -> None:
    """Promise 5: however often the rest is named."""

    def happen(tx: Session) -> None:
        for at in range(60):
            for _ in range(2):
                note(tx, f"p-{at}", "prod-db")
        note(tx, "p-0", "grafana-edit")
        strange = Strange(
            kind=Kind.GROUP_GONE,
            severity=Severity.HIGH,
            who="Wicket",
            cause="d-1",
            correlation="d-1",
            facts={},
        )
        tell_security(tx, world.clock(), strange)

    def note(tx: Session, subject: str, resource: str) -> None:
        recording.record(
            tx, at=world.clock(), action="drift.unexplained", outcome="failed", actor=recording.WICKET,
            where=SCHEDULE, correlation="d-1", subject=subject, resource=resource,
        )  # fmt: skip

    await world.ground.database.write(happen)
    (alert,) = await world.exceptions()
    assert isinstance(await look(world, "grace", alert.id), NotAllowed)
    assert isinstance(await look(world, "sam", alert.id), Story)


async def test_what_is_archived_of_a_story_gives_nobody_the_rest_of_it(world: World, tmp_path: Path) -> None:
    """Promise 5, A-17: that nothing else is named may only mean that it left; and whoever may see it hears of that."""

    def happen(tx: Session) -> None:
        for number in range(2 * WIDTH):
            note(tx, "access.removed", "grafana-edit" if number == 100 else "prod-db")
        note(tx, "drift.unexplained", "prod-db")
        strange = Strange(
            kind=Kind.GROUP_GONE, severity=Severity.HIGH, who="Wicket", cause="d-1", correlation="d-1", facts={}
        )  # fmt: skip
        tell_security(tx, world.clock(), strange)

    def note(tx: Session, action: str, resource: str) -> None:
        recording.record(
            tx, at=world.clock(), action=action, outcome="failed", actor=recording.WICKET, where=SCHEDULE,
            correlation="d-1", subject="p-1", resource=resource,
        )  # fmt: skip

    await world.ground.database.write(happen)
    (alert,) = await world.exceptions()
    assert isinstance(await look(world, "grace", alert.id), NotAllowed)
    written = world.clock()
    whole = await look(world, "sam", alert.id)
    assert isinstance(whole, Story)
    assert whole.archived is None
    world.clock.forward(seconds=500 * 86400)
    done = await asyncio.to_thread(archive_what_is_old, world.ground.database, tmp_path, world.clock())
    assert done.gone == 2 * WIDTH
    assert isinstance(await look(world, "grace", alert.id), NotAllowed)
    left = await look(world, "sam", alert.id)
    assert isinstance(left, Story)
    assert (left.archived, left.entries < 10) == (written, True)
    later = await look(world, "sam", await world.asked("ada", "prod-db"))
    assert isinstance(later, Story)
    assert later.archived is None


async def test_a_draft_is_its_authors_alone(world: World) -> None:
    draft = (await world.draft("ada", "prod-db")).grant
    assert isinstance(await look(world, "ada", draft), Story)
    assert isinstance(await look(world, "grace", draft), NotAllowed)


async def test_a_made_up_id_is_a_forgery_and_says_no_more(world: World) -> None:
    """Promise 5: an id of the log that no button carries is none either."""
    assert await look(world, "ada", "prod-db") == Unknown(what="story")
    assert await world.actions("story") == ["story.tampered refused"]
    assert await world.kinds() == ["tampered"]


async def test_a_long_story_has_pages_and_the_last_one_where_none_is(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    for _ in range(ON_A_PAGE):
        await world.decide("charles", grant)
    first, second, beyond = [await look(world, "sam", grant, page=page) for page in (0, 1, 99)]
    assert isinstance(first, Story)
    assert isinstance(second, Story)
    assert isinstance(beyond, Story)
    assert (len(first.rows), first.pages) == (ON_A_PAGE, 2)
    assert first.rows[-1].index < second.rows[0].index
    assert (beyond.page, [row.id for row in beyond.rows]) == (1, [row.id for row in second.rows])
