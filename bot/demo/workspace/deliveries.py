"""Getting a payload to the app, over Socket Mode or signed HTTP, with Slack's patience and retries.

It knows when to try again; what a payload says and what an answer means is not its business.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.demo.workspace.answers import Json
from bot.demo.workspace.faults import Faults

Kind = Literal["events_api", "slash_commands", "interactive"]
EVENT_RETRIES = 3


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How one payload fared: taken by the app or not, what the app said to it, after how many attempts."""

    acked: bool
    body: Json | None = None
    status: int | None = None
    attempts: int = 1


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One attempt: the payload, its kind, and for a retry its number and reason."""

    kind: Kind
    payload: Json
    attempt: int = 0
    reason: str = ""
    headers: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one attempt; `reason` says why it was not taken, `final` that no more are wanted."""

    acked: bool
    body: Json | None = None
    status: int | None = None
    reason: str = ""
    final: bool = False


class Wire(Protocol):
    """One way to the app."""

    async def attempt(self, parcel: Parcel) -> Outcome:
        """Carry it once and wait for the answer as long as Slack would."""
        ...


class Deliveries:
    """Carries payloads; events are tried again, commands and interactions are not, as Slack does."""

    def __init__(self, *, wire: Wire, faults: Faults) -> None:
        self.wire = wire
        self._faults = faults
        self._running: set[asyncio.Task[object]] = set()

    async def deliver(
        self, kind: Kind, payload: Json, *, headers: dict[str, str] | None = None, times: int | None = None
    ) -> list[Delivery]:
        """Carry the payload `times` times at once (as often as the faults say, if None)."""
        copies = times or self._faults.copies
        if copies == 1:
            return [await self._one(kind, payload, headers, 0)]
        every = (self._one(kind, payload, headers, copy) for copy in range(copies))
        return list(await asyncio.gather(*every))

    async def first(self, kind: Kind, payload: Json) -> Delivery:
        """Carry the payload and answer for the first copy."""
        return (await self.deliver(kind, payload))[0]

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Let this run on its own, as events do: nobody waits for them."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def settled(self) -> None:
        """Wait until everything under way was taken or given up."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Give up whatever is under way."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _one(self, kind: Kind, payload: Json, headers: dict[str, str] | None, copy: int) -> Delivery:
        retries = EVENT_RETRIES if kind == "events_api" else 0
        reason = "timeout" if copy else ""
        if self._faults.is_down:
            if kind != "events_api":
                return Delivery(acked=False, attempts=0)
            await self._faults.wait_up()
        for attempt in range(retries + 1):
            parcel = Parcel(
                kind=kind, payload=payload, attempt=attempt + copy, reason=reason, headers=headers
            )
            outcome = await self.wire.attempt(parcel)
            reason = outcome.reason
            if outcome.acked or outcome.final:
                break
        return Delivery(acked=outcome.acked, body=outcome.body, status=outcome.status, attempts=attempt + 1)
