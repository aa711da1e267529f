"""The door: the rate limit comes before everything, then who it is; what can be prepared meanwhile keeps nobody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from bot.slack import sentences
from bot.slack.actor import Profiles
from bot.slack.door import Door, Meanwhile, Turned
from bot.slack.incoming import Incoming
from bot.slack.limiter import Limiter
from handlers.intents import Actor
from storage import links
from storage.clock import utc_now
from storage.directories.base import Account
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world

NOBODY = cast(Any, None)


@pytest.mark.parametrize(("by_message", "says"), [(False, sentences.TOO_FAST), (True, sentences.TOO_FAST)])
async def test_what_was_typed_is_not_even_read_of_whoever_is_too_fast(by_message: bool, says: str) -> None:
    """The limit comes first: no look-up, and no grammar either, is at the disposal of one fast hand."""
    limiter, read = Limiter(1, utc_now), list[str]()
    door = Door(limiter=limiter, profiles=NOBODY, identity=NOBODY, pages=NOBODY)
    incoming = Incoming(user="U0ADA", delivery="d-1", channel="D0ADA", transport="socket")
    assert limiter.allows("U0ADA")

    def live() -> bool:
        read.append("what was typed")
        return True

    def ahead() -> None:
        read.append("what was written into a form")

    turned = await door.admit(incoming, live=live, by_message=by_message, ahead=ahead)
    assert isinstance(turned, Turned)
    assert (turned.outcome, turned.message is not None and says in turned.message.text) == ("limited", True)
    assert read == []


class Slack(AsyncWebClient):
    """Slack's word about Ada, which takes as long as it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def users_info(self, **_: Any) -> Any:
        await self.may_answer.wait()
        told = {"real_name": "Ada", "profile": {"email": "ada@example.com"}, "is_email_confirmed": True}
        return {"user": {"id": "Uada", "team_id": "T1", **told}}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made


@pytest.fixture
async def linked(world: World) -> None:
    """Ada's Slack account is pinned to her."""
    await world.ground.database.write(
        lambda tx: links.make_link(
            tx, at=world.clock(), slack_team="T1", slack_user="Uada", directory="staff", account="ada",
            mail="ada@example.com", made_by="test",
        )
    )  # fmt: skip


def a_door(world: World, slack: Slack, a_minute: int = 1) -> Door:
    return Door(
        limiter=Limiter(a_minute, utc_now), profiles=Profiles(slack, utc_now), identity=world.identity(), pages=NOBODY
    )  # fmt: skip


async def admitted(door: Door, meanwhile: Meanwhile) -> Actor | Turned:
    """Whoever Slack says it is, at the door."""
    incoming = Incoming(user="Uada", delivery="d-1", channel="Dada", transport="socket")
    async with asyncio.timeout(5):
        return await door.admit(incoming, live=lambda: True, by_message=False, ahead=lambda: meanwhile)


@pytest.mark.usefixtures("linked")
async def test_what_can_be_prepared_is_while_slack_says_who_it_is(world: World) -> None:
    """It is done for whoever is linked, and Slack's answer waits for it as little as it waits for that."""
    slack, prepared = Slack(), list[str]()

    async def prepare(account: Account) -> None:
        prepared.append(account.id)
        slack.may_answer.set()  # not before

    assert isinstance(await admitted(a_door(world, slack), prepare), Actor)
    assert prepared == ["ada"]


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("fails", [False, True])
async def test_what_is_not_prepared_when_slack_answers_is_given_up(world: World, fails: bool) -> None:
    """Nobody waits for what only saves time, nor is it a reason to turn anybody away."""
    slack, seen = Slack(), list[str]()

    async def prepare(_account: Account) -> None:
        slack.may_answer.set()
        if fails:
            seen.append("failed")
            raise RuntimeError("nothing comes of this")
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("given up")

    assert isinstance(await admitted(a_door(world, slack), prepare), Actor)
    assert seen == ["failed" if fails else "given up"]


@pytest.mark.usefixtures("linked")
async def test_where_many_click_at_once_it_is_prepared_for_few_of_them(world: World) -> None:
    """Promise 7: what only saves time takes neither the directory nor the processor from what must be done."""
    slack, begun, prepared = Slack(), asyncio.Event(), list[str]()
    door = a_door(world, slack, a_minute=100)

    async def prepare(account: Account) -> None:
        prepared.append(account.id)
        begun.set()
        await asyncio.Event().wait()

    clicks = [asyncio.create_task(admitted(door, prepare)) for _ in range(20)]
    async with asyncio.timeout(5):
        await begun.wait()
    await asyncio.sleep(0.1)
    assert 0 < len(prepared) <= 4
    slack.may_answer.set()
    assert all([isinstance(await one, Actor) for one in clicks])
    slack.may_answer.clear()
    prepared.clear()

    async def soon(account: Account) -> None:
        slack.may_answer.set()
        await prepare(account)

    assert isinstance(await admitted(door, soon), Actor)
    assert prepared == ["ada"]  # once those were let in, it is for the next


async def test_nothing_is_prepared_for_whoever_is_not_linked_or_too_fast(world: World) -> None:
    """The limit comes before any look-up, and of a stranger nothing is known that could be asked about."""
    slack, prepared = Slack(), list[str]()

    async def prepare(account: Account) -> None:
        prepared.append(account.id)

    assert await world.identity().likely("Uada") is None
    assert isinstance(await admitted(a_door(world, slack, a_minute=0), prepare), Turned)
    assert prepared == []


@pytest.mark.usefixtures("linked")
async def test_nothing_is_prepared_for_whoever_left_or_whose_link_rests(world: World) -> None:
    """It would be asked about somebody who is turned away."""
    likely = await world.identity().likely("Uada")
    assert likely is not None
    assert likely.id == "ada"
    await world.local.switch("ada", active=False)
    assert await world.identity().likely("Uada") is None
    await world.local.switch("ada", active=True)

    def rest(tx: Session) -> None:
        link = links.link_of(tx, "T1", "Uada")
        assert link is not None
        links.suspend(tx, link.id, mail=link.mail)

    await world.ground.database.write(rest)
    assert await world.identity().likely("Uada") is None
