"""The real process killed to the line: after the claim, after the call, after the commit, and between (promise 6, A-1).

At each point the store and the directory are looked at before anything else runs: a point is what its name says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import select

from bot.demo.company import LOVELACE
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

COMES_TO_IT_WITHIN = 20.0
ENGINES = ("sqlite", "postgresql")
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


GIVEN: Mapping[str, Left] = {
    "before the claim": Left(state="approved", claimed=False, present=False, begun=False),
    "claimed, not durable": Left(state="approved", claimed=False, present=False, begun=False),
    "after the claim": Left(state="approved", claimed=True, present=False, begun=True),
    "before the call": Left(state="approved", claimed=True, present=False, begun=True),
    "inside the call": Left(state="approved", claimed=True, present=False, begun=True),
    "after the call": Left(state="approved", claimed=True, present=True, begun=True),
    "outcome written, not durable": Left(state="approved", claimed=True, present=True, begun=True),
    "after the commit": Left(state="active", claimed=False, present=True, begun=True),
}
TAKEN: Mapping[str, Left] = {
    "before the claim": Left(state="ending", claimed=False, present=True, begun=False),
    "claimed, not durable": Left(state="ending", claimed=False, present=True, begun=False),
    "after the claim": Left(state="ending", claimed=True, present=True, begun=True),
    "before the call": Left(state="ending", claimed=True, present=True, begun=True),
    "inside the call": Left(state="ending", claimed=True, present=True, begun=True),
    "after the call": Left(state="ending", claimed=True, present=False, begun=True),
    "outcome written, not durable": Left(state="ending", claimed=True, present=False, begun=True),
    "after the commit": Left(state="ended", claimed=False, present=False, begun=True),
}


def left(stage: Stage, login: str) -> Left:
    """How it stands for this person, with no bot running."""
    account = LOVELACE.person(login).account
    with stage.store() as database:
        grant = database.read_now(
            lambda tx: tx.exec(
                select(Grant).where(Grant.account == account, Grant.entitlement == THING)
            ).one()
        )
        holding = database.read_now(
            lambda tx: tx.exec(select(Holding).where(Holding.account == account)).one()
        )
        entries = database.read_now(lambda tx: log.rows(tx, correlation=grant.id))
    removal = grant.state in ("ending", "ended")
    begun = [e for e in entries if e.action == "effect.begun" and e.said()["facts"]["removal"] == removal]
    return Left(
        state=grant.state,
        claimed=holding.lease_until is not None,
        present=(account, GROUP) in recorder.members(stage.people),
        begun=bool(begun),
    )


async def ask(stage: Stage, login: str) -> None:
    """Ask for something that is given without anybody's approval."""
    who = stage.slack.person(LOVELACE.person(login).slack)
    said = await who.say(f"I need {THING} for 8h because INC-4711")
    draft = await who.sees("You are asking for", after=said.ts, timeout=COMES_TO_IT_WITHIN)
    await who.click(draft, Action.SEND_DRAFT)


async def born(bot: Bot, kind: str, point: str, login: str = "") -> None:
    """A bot that dies at this point, of this person's."""
    bot.bear(die_at=(kind, point, LOVELACE.person(login).account if login else ""))
    assert await bot.started(), bot.said()
    bot.look_out()


async def giving(folder: Path, nursery: Nursery, engine: str) -> History:
    """One after another, each with another person, so that whoever comes next has all the others' work to finish."""
    async with staged(folder, engine) as stage:
        bot = stage.bot(nursery)
        for login, point in zip(PEOPLE, GIVING, strict=False):
            await born(bot, "giving", point, login)
            await ask(stage, login)
            await bot.died(COMES_TO_IT_WITHIN)
            assert (point, left(stage, login)) == (point, GIVEN[point])
        return await finished(stage, bot)


async def taking(folder: Path, nursery: Nursery, engine: str) -> History:
    """The same with what they give back."""
    people = PEOPLE[: len(TAKING)]
    async with staged(folder, engine) as stage:
        bot = stage.bot(nursery)
        await bot.start()
        for login in people:
            await ask(stage, login)
        for login in people:
            await stage.slack.person(LOVELACE.person(login).slack).sees(f"✅ {THING}")
        bot.kill()
        for login, point in zip(people, TAKING, strict=True):
            await born(bot, "taking", point, login)
            who = stage.slack.person(LOVELACE.person(login).slack)
            await who.click(await who.sees(f"✅ {THING}"), Action.GIVE_BACK)
            await bot.died(COMES_TO_IT_WITHIN)
            assert (point, left(stage, login)) == (point, TAKEN[point])
        return await finished(stage, bot)


async def telling(folder: Path, nursery: Nursery, point: str) -> History:
    """Somebody presses what they see, and a copy of it too if there is one."""
    async with staged(folder, "sqlite") as stage:
        bot = stage.bot(nursery)
        await born(bot, "telling", point)
        ada = stage.slack.person(LOVELACE.person("ada").slack)
        said = await ada.say(f"I need {THING} for 8h because INC-4711")
        await bot.died(COMES_TO_IT_WITHIN)
        seen = [message for message in ada.messages() if message.bot_id]
        assert len(seen) == (point == POSTED)
        await bot.start()
        newer = seen[-1].ts if seen else said.ts
        draft = await ada.sees("You are asking for", after=newer, timeout=2 * TAKEN_OVER_WITHIN)
        for each in (draft, *seen):
            await ada.click(each, Action.SEND_DRAFT, stale=True)
        await ada.sees(f"✅ {THING}")
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
    assert [change.added for change in history.changes] == [True] * len(GIVING)


@pytest.mark.parametrize("engine", ENGINES)
def test_killed_at_any_point_of_taking_back_it_is_taken_once(histories: Mapping[str, History], engine: str):
    """Whoever died at it, the access is gone once, and the record says so once."""
    history = result(histories, f"taking, {engine}")
    assert check(history) == []
    assert [change.added for change in history.changes] == [True] * len(TAKING) + [False] * len(TAKING)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_work_of_a_dead_one_is_taken_over_within_half_a_minute(
    histories: Mapping[str, History], engine: str
):
    """On a file at once, since only one bot runs on it; among replicas when the lease is over."""
    for what in ("giving", "taking"):
        took = longest_takeover(result(histories, f"{what}, {engine}"))
        assert 0 < took <= (5 if engine == "sqlite" else TAKEN_OVER_WITHIN), what


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
    async with watched(stage):
        if bot.pid is None:
            await bot.start()
        await settled(stage)
    await bot.stop()
    return gather(stage)
