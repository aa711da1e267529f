"""The real process killed to the line: after the claim, after the call, after the commit, and between (promise 6, A-1).

At each point the store and the directory are looked at before anything else runs: a point is what its name says.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import select

from bot.demo.company import LOVELACE
from bot.demo.workspace.messages import Message
from bot.demo.workspace.person import PersonClient
from bot.slack.actions import Action
from storage.audit import log
from storage.records import Grant, Holding
from tests.chaos import recorder
from tests.chaos.bots import Bot, Nursery
from tests.chaos.checker import check, longest_takeover, repeats
from tests.chaos.conftest import result, together
from tests.chaos.gathering import gather
from tests.chaos.history import TAKEN_OVER_WITHIN, History
from tests.chaos.loops import settled
from tests.chaos.points import GIVING, TAKING, TELLING
from tests.chaos.stage import Stage, staged
from tests.chaos.watching import watched

COMES_TO_IT_WITHIN = 30.0
ENGINES = ("sqlite", "postgresql")
# Around a call nothing of the store is under way, so one engine shows what the other would.
AROUND_THE_CALL = ("before the call", "inside the call", "after the call")
# So many of the scenarios have a bot at work at a time; the others wait for leases to be over.
ACTIVE = asyncio.Semaphore(2)
POSTED = "posted, not on record"
THING, GROUP = "crm-read", "crm-readers"
PEOPLE = ("ada", "bob", "charles", "grace", "linus", "mary", "edsger", "konrad", "alan", "joan")


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a dead one leaves: the grant's state, whether its work is claimed, whether somebody is in the group."""

    state: str
    claimed: bool
    present: bool
    begun: bool


_ASKED = Left(state="draft", claimed=False, present=False, begun=False)
_WISHED = Left(state="approved", claimed=False, present=False, begun=False)
_CLAIMED = Left(state="approved", claimed=True, present=False, begun=True)
_ADDED = Left(state="approved", claimed=True, present=True, begun=True)
_HELD = Left(state="active", claimed=False, present=True, begun=False)
_OVER = Left(state="ending", claimed=False, present=True, begun=False)
_ENDING = Left(state="ending", claimed=True, present=True, begun=True)
_REMOVED = Left(state="ending", claimed=True, present=False, begun=True)

# Transactions that wait together share a commit. So the wish may be lost together with the claim, and nobody was told
# that it was taken; or be durable together with it.
GIVEN: Mapping[str, Collection[Left]] = {
    "before the claim": (_WISHED, _CLAIMED),
    "claimed, not durable": (_WISHED, _ASKED),
    "after the claim": (_CLAIMED,),
    "before the call": (_CLAIMED,),
    "inside the call": (_CLAIMED,),
    "after the call": (_ADDED,),
    "outcome written, not durable": (_ADDED,),
    "after the commit": (Left(state="active", claimed=False, present=True, begun=True),),
}
TAKEN: Mapping[str, Collection[Left]] = {
    "before the claim": (_OVER, _ENDING),
    "claimed, not durable": (_OVER, _HELD),
    "after the claim": (_ENDING,),
    "before the call": (_ENDING,),
    "inside the call": (_ENDING,),
    "after the call": (_REMOVED,),
    "outcome written, not durable": (_REMOVED,),
    "after the commit": (Left(state="ended", claimed=False, present=False, begun=True),),
}


def points(of: Mapping[str, object], engine: str) -> list[str]:
    """At which of these a bot is killed on this engine."""
    return [each for each in of if engine == "sqlite" or each not in AROUND_THE_CALL]


def left(stage: Stage, login: str, *, removal: bool) -> Left:
    """How it stands for this person, with no bot running."""
    account = LOVELACE.person(login).account
    with stage.store() as database:
        grant = database.read_now(lambda tx: tx.exec(select(Grant).where(Grant.account == account)).one())
        holding = database.read_now(
            lambda tx: tx.exec(select(Holding).where(Holding.account == account)).first()
        )
        entries = database.read_now(lambda tx: log.rows(tx, correlation=grant.id))
    begun = [each.said()["facts"]["removal"] for each in entries if each.action == "effect.begun"]
    return Left(
        state=grant.state,
        claimed=holding is not None and holding.lease_until is not None,
        present=(account, GROUP) in recorder.members(stage.people),
        begun=removal in begun,
    )


def person(stage: Stage, login: str) -> PersonClient:
    return stage.slack.person(LOVELACE.person(login).slack)


async def draft(who: PersonClient) -> Message:
    """Ask for something that is given without anybody's approval; what is shown before it is sent."""
    said = await who.say(f"I need {THING} for 8h because INC-4711")
    return await who.sees("You are asking for", after=said.ts, timeout=COMES_TO_IT_WITHIN)


async def press(who: PersonClient, button: str) -> None:
    """Press what the newest message with such a button shows."""
    shown = next(each for each in reversed(who.messages()) if button in each.buttons)
    await who.click(shown, button)


async def press_until(who: PersonClient, button: str, shown: str) -> None:
    """Press again and again, as people do who were not answered, until this is shown."""
    for _ in range(3):
        if any(button in each.buttons for each in who.messages()):
            await press(who, button)
        with suppress(AssertionError):
            await who.sees(shown, timeout=COMES_TO_IT_WITHIN)
            return
    await who.sees(shown)


async def press_until_it_dies(who: PersonClient, button: str, bot: Bot) -> None:
    """Press again, as people do who were not answered: a click that came to nothing says so to them alone."""
    for _ in range(3):
        if any(button in each.buttons for each in who.messages()):
            await press(who, button)
        with suppress(AssertionError):
            await bot.died(COMES_TO_IT_WITHIN / 3)
            return
    seen = "\n---\n".join(each.plain for each in who.messages()[-3:])
    raise AssertionError(f"it never came to the point: {bot.said()}\nThey see:\n{seen}")


async def born(bot: Bot, kind: str, point: str, login: str = "") -> None:
    """A bot that dies at this point, of this person's."""
    bot.bear(die_at=(kind, point, LOVELACE.person(login).account if login else ""))
    assert await bot.started(), bot.said()
    bot.look_out()


async def giving(folder: Path, nursery: Nursery, engine: str) -> History:
    """One after another, each with another person, so that whoever comes next has all the others' work to finish."""
    killed_at = points(GIVING, engine)
    people = PEOPLE[: len(killed_at)]
    async with staged(folder, engine) as stage, watched(stage):
        bot = stage.bot(nursery)
        async with ACTIVE:
            for login, point in zip(people, killed_at, strict=True):
                await born(bot, "giving", point, login)
                await draft(person(stage, login))
                await press_until_it_dies(person(stage, login), Action.SEND_DRAFT, bot)
                found = left(stage, login, removal=False)
                assert found in GIVEN[point], (point, found)
            await bot.start()
            for login in people:
                await press_until(person(stage, login), Action.SEND_DRAFT, f"✅ {THING}")
        return await finished(stage, bot)


async def taking(folder: Path, nursery: Nursery, engine: str) -> History:
    """The same with what they give back."""
    killed_at = points(TAKING, engine)
    people = PEOPLE[: len(killed_at)]
    async with staged(folder, engine) as stage, watched(stage):
        bot = stage.bot(nursery)
        async with ACTIVE:
            await bot.start()
            for login in people:
                await draft(person(stage, login))
                await press_until(person(stage, login), Action.SEND_DRAFT, f"✅ {THING}")
            bot.kill()
            for login, point in zip(people, killed_at, strict=True):
                await born(bot, "taking", point, login)
                await press_until_it_dies(person(stage, login), Action.GIVE_BACK, bot)
                found = left(stage, login, removal=True)
                assert found in TAKEN[point], (point, found)
            await bot.start()
            for login in people:
                await press_until(person(stage, login), Action.GIVE_BACK, "you gave it back")
        return await finished(stage, bot)


async def telling(folder: Path, nursery: Nursery, point: str) -> History:
    """Somebody presses what they see, and a copy of it too if there is one."""
    async with staged(folder, "sqlite") as stage:
        bot, ada = stage.bot(nursery), person(stage, "ada")
        async with ACTIVE:
            await born(bot, "telling", point)
            said = await ada.say(f"I need {THING} for 8h because INC-4711")
            await bot.died(COMES_TO_IT_WITHIN)
        copies = [each for each in ada.messages() if Action.SEND_DRAFT in each.buttons]
        assert len(copies) == (point == POSTED)
        await bot.start()
        newer = copies[-1].ts if copies else said.ts
        shown = await ada.sees("You are asking for", after=newer, timeout=2 * TAKEN_OVER_WITHIN)
        for each in (shown, *copies):
            await ada.click(each, Action.SEND_DRAFT, stale=True)
        await press_until(ada, Action.SEND_DRAFT, f"✅ {THING}")
        return await finished(stage, bot)


@pytest.fixture(scope="module")
def histories(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    """Each scenario with a company, a Slack and a store of its own."""
    scenarios = {}
    for number, engine in enumerate(ENGINES):
        folders = [tmp_path_factory.mktemp(f"{what}{number}") for what in ("giving", "taking")]
        scenarios[f"giving, {engine}"] = partial(giving, folders[0], nursery, engine)
        scenarios[f"taking, {engine}"] = partial(taking, folders[1], nursery, engine)
    for point in TELLING:
        scenarios[point] = partial(telling, tmp_path_factory.mktemp("telling"), nursery, point)
    return together(scenarios)


@pytest.mark.parametrize("engine", ENGINES)
def test_killed_at_any_point_of_giving_it_is_given_once(histories: Mapping[str, History], engine: str):
    """Whoever takes over finds out how far the dead one came, and finishes it."""
    history = result(histories, f"giving, {engine}")
    assert check(history) == []
    assert [change.added for change in history.changes] == [True] * len(points(GIVING, engine))


@pytest.mark.parametrize("engine", ENGINES)
def test_killed_at_any_point_of_taking_back_it_is_taken_once(histories: Mapping[str, History], engine: str):
    """Whoever died at it, the access is gone once, and the record says so once."""
    history = result(histories, f"taking, {engine}")
    assert check(history) == []
    people = len(points(TAKING, engine))
    assert [change.added for change in history.changes] == [True] * people + [False] * people


@pytest.mark.parametrize("engine", ENGINES)
def test_the_work_of_a_dead_one_is_taken_over_within_half_a_minute(
    histories: Mapping[str, History], engine: str
):
    """On a file long before their lease is over, since only one bot runs on it; among replicas when it is."""
    for what in ("giving", "taking"):
        took = longest_takeover(result(histories, f"{what}, {engine}"))
        assert took < (15 if engine == "sqlite" else TAKEN_OVER_WITHIN), what
        assert engine == "sqlite" or took > 10, "claims of the dead were seen"


@pytest.mark.parametrize("point", TELLING)
def test_killed_while_telling_it_is_told_and_at_most_once_more(histories: Mapping[str, History], point: str):
    """Slack has no key by which it would know a message again; the copy acts on the same request (promise 10)."""
    history = result(histories, point)
    assert check(history) == []
    assert [change.added for change in history.changes] == [True]
    assert len(history.grants) == 1
    assert repeats(history) <= (point == POSTED)


async def finished(stage: Stage, bot: Bot) -> History:
    """Let a bot finish what the dead ones left, and end it properly; what happened."""
    await settled(stage)
    await bot.stop()
    return gather(stage)
