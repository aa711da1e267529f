"""People who go on with their day whatever happens to the bot: they ask, decide, give back, click twice, try again.

They do only what people can do in Slack, and expect nothing; what came of it is looked at afterwards.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from bot.demo.company import LOVELACE
from bot.demo.workspace import Workspace
from bot.demo.workspace.messages import Message
from bot.demo.workspace.person import PersonClient

_AT_ONCE = ("crm-read", "grafana-edit", "wiki-edit", "staging-db")
# Nothing of risk 4: nobody is there to prove who they are.
_BY_APPROVAL = ("k8s-deploy", "billing-export", "k8s-deploy")
_CHANNELS = {owner.channel: owner for owner in LOVELACE.owners}
_ASKERS = ("ada", "bob", "charles", "linus", "grace", "mary", "edsger", "luca", "konrad", "joan")
_PATIENCE = 4.0

Deed = Callable[[PersonClient], Awaitable[object]]


class Crowd:
    """So many people at once, each at one thing at a time, until `stop`. done: how often what was tried."""

    def __init__(self, slack: Workspace, *, chance: random.Random, hands: int, pause: float = 0.1) -> None:
        self._slack, self._chance, self._pause = slack, chance, pause
        self._idle = list(_ASKERS)
        self._tasks: list[asyncio.Task[None]] = []
        self._hands = hands
        self._deeds: Sequence[tuple[int, Deed]] = (
            (6, self._ask_at_once),
            (4, self._ask_an_owner),
            (5, self._decide),
            (4, self._give_back),
            (3, self._send_later),
            (1, self._withdraw),
            (1, self._question),
        )
        self.done: Counter[str] = Counter()

    def start(self) -> None:
        """Let them begin."""
        self._tasks = [asyncio.create_task(self._busy()) for _ in range(self._hands)]

    async def stop(self) -> None:
        """Let them end what they are at, or give it up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _busy(self) -> None:
        weights, deeds = zip(*self._deeds, strict=True)
        while True:
            login = self._chance.choice(self._idle)
            self._idle.remove(login)
            who = self._slack.person(LOVELACE.person(login).slack)
            deed = self._chance.choices(deeds, weights)[0]
            self.done[deed.__name__.removeprefix("_")] += 1
            try:
                # Whoever gets no answer, or finds no button any more, goes on to something else.
                with suppress(AssertionError, LookupError):
                    await deed(who)
            finally:
                self._idle.append(login)
            await asyncio.sleep(self._chance.uniform(0, 2 * self._pause))

    async def _ask_at_once(self, who: PersonClient) -> None:
        await self._ask(who, self._chance.choice(_AT_ONCE))

    async def _ask_an_owner(self, who: PersonClient) -> None:
        await self._ask(who, self._chance.choice(_BY_APPROVAL))

    async def _ask(self, who: PersonClient, thing: str) -> None:
        said = await who.say(f"I need {thing} for 1m because INC-{self._chance.randrange(10_000)}")
        # A draft, or that they hold it or asked for it already.
        answer = await who.sees("You ", after=said.ts, timeout=_PATIENCE)
        if "draft.send" in answer.buttons:
            await self._click(who, answer, "draft.send")

    async def _send_later(self, who: PersonClient) -> None:
        await self._click(who, self._own(who, "draft.send"), "draft.send")

    async def _decide(self, who: PersonClient) -> None:
        channel, message = self._waiting()
        members = next(each.members for each in LOVELACE.channels if each.id == channel)
        # Mostly the owners, who stand first; now and then somebody who may not.
        login = self._chance.choice(members[:2] if self._chance.random() < 0.8 else members)
        who = self._slack.person(LOVELACE.person(login).slack)
        approve = self._chance.random() < 0.8
        await self._click(who, message, "approval.approve" if approve else "approval.deny")
        form = await who.sees_view("Approve request" if approve else "Deny request", timeout=1)
        submission = await who.submit(form, {"rationale": "ok for the incident"})
        if not submission.closed and who.view is not None:
            await who.close_view()

    def _waiting(self) -> tuple[str, Message]:
        """A request that can be decided, in the channel where it is."""
        found = [
            (channel, message)
            for channel, owner in _CHANNELS.items()
            for message in self._reader(channel).messages(channel)[-40:]
            if "approval.approve" in message.buttons
        ]
        if not found:
            raise LookupError("nothing waits")
        return self._chance.choice(found)

    def _reader(self, channel: str) -> PersonClient:
        login = next(each.members[0] for each in LOVELACE.channels if each.id == channel)
        return self._slack.person(LOVELACE.person(login).slack)

    async def _give_back(self, who: PersonClient) -> None:
        await self._click(who, self._own(who, "grant.give_back"), "grant.give_back")

    async def _withdraw(self, who: PersonClient) -> None:
        button = self._chance.choice(("request.withdraw", "draft.cancel"))
        await self._click(who, self._own(who, button), button)

    async def _question(self, who: PersonClient) -> None:
        if self._chance.random() < 0.5:
            await who.slash("/wicket", "what access do I have")
        else:
            await who.say("who owns prod-db")

    def _own(self, who: PersonClient, button: str) -> Message:
        found = [message for message in who.messages()[-20:] if button in message.buttons]
        if not found:
            raise LookupError("there is no such button")
        return self._chance.choice(found)

    async def _click(self, who: PersonClient, message: Message, button: str) -> None:
        """Once, or twice at once as the impatient do; what was not taken is clicked again."""
        if self._chance.random() < 0.3:
            self.done["double clicks"] += 1
            await asyncio.gather(
                who.click(message, button, stale=True), who.click(message, button, stale=True)
            )
            return
        for _ in range(3):
            if (await who.click(message, button)).acked:
                return
            await asyncio.sleep(0.3)
