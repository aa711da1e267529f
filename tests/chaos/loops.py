"""The loops: bots that are killed again and again under load, and what is left once they are let alone.

What they find is a history; whether it is a good one says the checker.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from bot.demo.company import LOVELACE
from bot.demo.workspace.messages import Message
from bot.slack.actions import Action
from tests.chaos.bots import Bot, Nursery
from tests.chaos.gathering import gather, is_settled, strays
from tests.chaos.history import History
from tests.chaos.load import Crowd
from tests.chaos.stage import Stage
from tests.chaos.trouble import Trouble
from tests.chaos.watching import watched

# What a dead one was at is taken over within 30 s, and whoever takes over may be killed, too.
SETTLES_WITHIN = 150.0
# A directory that fails is tried again ever more slowly; so late may be what it took back in the end.
IN_TROUBLE = 120.0
# Of so many in a hundred kills, the bot is not given the time to start; the others come so many seconds after it.
_STARTING = 0.2
_BORNE_FOR, _STARTED_FOR = (0.02, 0.25), ((0.02, 0.8), (0.02, 0.8), (0.8, 2.5))
PAST_THE_LEASE = 24.0
HANDS = 8
_EARLIER = (
    ("ada", "grafana-edit"), ("bob", "crm-read"), ("linus", "crm-read"), ("joan", "wiki-edit"),
    ("charles", "staging-db"), ("edsger", "crm-read"), ("ada", "crm-read"), ("bob", "grafana-edit"),
    ("linus", "wiki-edit"), ("luca", "grafana-edit"), ("mary", "staging-db"), ("konrad", "crm-read"),
)  # fmt: skip

Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a loop. done: how often people tried what. starting: kills of a bot that was not started yet.

    touched: stray copies that somebody clicked; renewed: those of them that then said how it stands.
    troubles: what Slack and the directory did, how often. refused: what the bots did that Slack would not take.
    """

    history: History
    kills: int
    done: Mapping[str, int]
    starting: int
    seconds: float
    touched: int = 0
    renewed: int = 0
    troubles: Mapping[str, int] = field(default_factory=dict)
    refused: Sequence[str] = ()


async def kill_often(
    stage: Stage,
    nursery: Nursery,
    *,
    kills: int,
    seed: int,
    trouble: bool = False,
    hands: int = HANDS,
    progress: Progress = lambda _kills: None,
) -> Outcome:
    """One bot, killed so often at random moments. trouble: Slack and the directory have theirs as well.

    hands: so many people are at work at once.
    """
    chance, began, starting = random.Random(seed), time.monotonic(), 0
    await _give_earlier(stage, ending_within=kills * 0.9)
    bot, troubles = stage.bot(nursery), Trouble(stage.slack.faults, stage.people, chance)
    async with watched(stage), _crowd(stage, chance, hands) as crowd:
        for number in range(kills):
            if trouble:
                await troubles.make()
            starting += not await _live_and_die(bot, chance)
            progress(number + 1)
        await troubles.end()
        await bot.start()
        await crowd.stop()
        await settled(stage)
    outcome = await _outcome(stage, crowd, began)
    if not trouble:
        return replace(outcome, starting=starting)
    repeats = outcome.history.kills + troubles.made["answers cut off"]
    history = replace(outcome.history, kills=repeats, allowed=IN_TROUBLE)
    return replace(outcome, history=history, starting=starting, troubles=dict(troubles.made))


async def kill_replicas(
    stage: Stage,
    nursery: Nursery,
    *,
    kills: int,
    freezes: int,
    seed: int,
    replicas: int = 3,
    hands: int = HANDS,
    progress: Progress = lambda _kills: None,
) -> Outcome:
    """Bots on one database: one is killed every few seconds, and one stands still past its lease and goes on.

    hands: so many people are at work at once.
    """
    chance, began = random.Random(seed), time.monotonic()
    bots = [stage.bot(nursery) for _ in range(replicas)]
    await _give_earlier(stage, ending_within=PAST_THE_LEASE)
    await asyncio.gather(*(bot.start() for bot in bots))
    async with watched(stage), _crowd(stage, chance, hands) as crowd:
        freezing = asyncio.create_task(_freeze_often(bots, chance, freezes))
        for number in range(kills):
            await asyncio.sleep(chance.uniform(0.5, 2 * PAST_THE_LEASE * freezes / kills))
            victim = chance.choice([bot for bot in bots if not bot.is_frozen])
            victim.kill()
            await victim.start()
            progress(number + 1)
        await freezing
        await crowd.stop()
        await settled(stage)
    return await _outcome(stage, crowd, began)


async def _freeze_often(bots: Sequence[Bot], chance: random.Random, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        still = chance.choice([bot for bot in bots if bot.pid is not None])
        still.freeze()
        try:
            await asyncio.sleep(PAST_THE_LEASE)
        finally:
            still.thaw()


async def _live_and_die(bot: Bot, chance: random.Random) -> bool:
    """Bear a bot and kill it at a random moment; whether it had come so far as to be started."""
    bot.bear()
    if chance.random() < _STARTING:
        await asyncio.sleep(chance.uniform(*_BORNE_FOR))
        bot.kill()
        return False
    await bot.started()
    await asyncio.sleep(chance.uniform(*chance.choice(_STARTED_FOR)))
    bot.kill()
    return True


@asynccontextmanager
async def _crowd(stage: Stage, chance: random.Random, hands: int) -> AsyncIterator[Crowd]:
    """People at work while the block lasts."""
    crowd = Crowd(stage.slack, chance=chance, hands=hands)
    crowd.start()
    try:
        yield crowd
    finally:
        await crowd.stop()


async def _give_earlier(stage: Stage, *, ending_within: float) -> None:
    """Access that was given an hour ago and ends, one after the other, within so many seconds from now."""
    async with stage.earlier(seconds=3600 - 2) as clock:
        for login, thing in _EARLIER:
            who = stage.slack.person(LOVELACE.person(login).slack)
            said = await who.say(f"I need {thing} for 1h because INC-1")
            with suppress(AssertionError):  # some have it by other hands
                draft = await who.sees("You are asking for", after=said.ts, timeout=3)
                await who.click(draft, Action.SEND_DRAFT)
                await who.sees(f"✅ {thing}", timeout=3)
            clock.forward(seconds=ending_within / len(_EARLIER))


async def settled(stage: Stage) -> None:
    """Wait until nothing is left to do, or for as long as that may take."""
    ends = time.monotonic() + SETTLES_WITHIN
    while time.monotonic() < ends:
        if await asyncio.to_thread(is_settled, stage):
            return
        await asyncio.sleep(1)


async def _outcome(stage: Stage, crowd: Crowd, began: float) -> Outcome:
    """Touch what stands twice, stop the bots properly, and look."""
    copies = strays(stage)
    for copy in copies:
        await _touch(stage, copy)
    await settled(stage)
    renewed = sum(_is_renewed(stage, copy) for copy in copies)
    await _stop(stage)
    return Outcome(
        history=await asyncio.to_thread(gather, stage),
        kills=sum(bot.kills for bot in stage.bots),
        done=dict(crowd.done),
        starting=0,
        seconds=time.monotonic() - began,
        touched=len(copies),
        renewed=renewed,
        # Who stands still, or has a busy machine, acknowledges too late; Slack asks again then.
        refused=[each for each in stage.slack.violations if not each.startswith("not acked in time")],
    )


async def _stop(stage: Stage) -> None:
    """End the bots in a moment in which nothing is left to do: another grant may come to its end at any time."""
    while True:
        await settled(stage)
        await asyncio.gather(*(bot.stop() for bot in stage.bots))
        if is_settled(stage):
            return
        await asyncio.gather(*(bot.start() for bot in stage.bots))


async def _touch(stage: Stage, copy: Message) -> None:
    """Press what a copy shows, as somebody does who has only that one on the screen."""
    login = next((channel.members[0] for channel in LOVELACE.channels if channel.id == copy.channel), None)
    reader = LOVELACE.person(login).slack if login else f"U{copy.channel[1:]}"
    await stage.slack.person(reader).click(copy, next(iter(copy.buttons)), stale=True)


def _is_renewed(stage: Stage, copy: Message) -> bool:
    """Whether this copy says something else than before it was touched, or is gone."""
    return copy not in strays(stage)
