"""Socket Mode: single-use tickets, open sockets, envelopes and their acks.

Each envelope goes to one socket; it never reads what a payload says.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from bot.demo.workspace.answers import Json
from bot.demo.workspace.changes import Change
from bot.demo.workspace.deliveries import Outcome, Parcel
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.state import State

MOST_SOCKETS = 10
WAIT_FOR_A_SOCKET = 60.0


@dataclass(frozen=True, kw_only=True)
class _Pending:
    socket: web.WebSocketResponse
    takes_payload: bool
    answer: asyncio.Future[Json | None]


class SocketLost(Exception):
    """The socket closed before the app acked."""


class SocketMode:
    """The server's end of every Socket Mode connection. `patience()` is how many seconds an ack may take."""

    def __init__(self, *, state: State, faults: Faults, patience: Callable[[], float]) -> None:
        self._state = state
        self._faults = faults
        self._patience = patience
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._pending: dict[str, _Pending] = {}
        self._sent: set[str] = set()
        self._handover = False
        self._closing: set[asyncio.Task[bool]] = set()
        faults.when_down(self._cut)

    @property
    def connected(self) -> bool:
        """Whether some socket is open."""
        return bool(self._open)

    def ticket(self) -> str:
        """A secret that opens one socket, once."""
        ticket = self._state.mint.token("")
        self._tickets.add(ticket)
        return ticket

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket endpoint: hello, then acks until it closes."""
        if self._faults.is_down:
            return web.Response(status=503)
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="unknown or used ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=True, timeout=0.5)
        await socket.prepare(request)
        if len(self._open) >= MOST_SOCKETS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        await self._hello(socket)
        try:
            with suppress(ConnectionError):  # it may die while it is answered
                async for message in socket:
                    if message.type == WSMsgType.TEXT:
                        self._read(str(message.data))
        finally:
            self._lost(socket)
        return socket

    async def _hello(self, socket: web.WebSocketResponse) -> None:
        hello = {
            "type": "hello", "num_connections": len(self._open) + 1,
            "connection_info": {"app_id": self._state.team.app_id},
            "debug_info": {"host": "applink", "build_number": 1, "approximate_connection_time": 18060},
        }  # fmt: skip
        await socket.send_json(hello)
        self._open.append(socket)
        self._handover = False
        self._state.changes.tell(Change(kind="socket", to=frozenset()))

    async def wait_open(self, seconds: float) -> bool:
        """Whether a socket is open within this time."""
        return bool(await self._state.changes.until(lambda: self.connected or None, seconds))

    async def attempt(self, parcel: Parcel) -> Outcome:
        """Send one envelope to one socket and wait for its ack."""
        if not self._open and not await self._may_wait(parcel):
            return Outcome(acked=False, reason="no_connection", final=True)
        socket = self._next_socket()
        envelope_id = self._state.mint.token("")
        takes_payload = parcel.kind != "events_api"
        pending = _Pending(
            socket=socket, takes_payload=takes_payload, answer=asyncio.get_running_loop().create_future()
        )
        self._pending[envelope_id] = pending
        self._sent.add(envelope_id)
        try:
            await socket.send_json(_envelope(envelope_id, parcel, takes_payload))
            async with asyncio.timeout(self._patience()):
                return Outcome(acked=True, body=await pending.answer)
        except (SocketLost, ConnectionError):
            return Outcome(acked=False, reason="connection_closed")
        except TimeoutError:
            self._state.violation(f"not acked in time: {describe(parcel)}")
            return Outcome(acked=False, reason="timeout")
        finally:
            self._pending.pop(envelope_id, None)

    async def _may_wait(self, parcel: Parcel) -> bool:
        """Events are kept for the next socket; people's actions only while sockets are being exchanged."""
        if parcel.kind == "events_api":
            return await self.wait_open(WAIT_FOR_A_SOCKET)
        return self._handover and await self.wait_open(self._patience())

    def _next_socket(self) -> web.WebSocketResponse:
        self._open.append(self._open.pop(0))
        return self._open[-1]

    def _read(self, text: str) -> None:
        try:
            ack = json.loads(text)
            envelope_id, payload = ack["envelope_id"], ack.get("payload")
        except (ValueError, KeyError, TypeError, AttributeError):
            self._state.violation(f"unreadable Socket Mode message: {text[:200]}")
            return
        pending = self._pending.get(envelope_id)
        if pending is None:
            if envelope_id not in self._sent:
                self._state.violation(f"ack of an unknown envelope {envelope_id}")
            return
        if payload and not pending.takes_payload:
            self._state.violation(f"an event was acked with a payload: {payload}")
        if not pending.answer.done():
            pending.answer.set_result(payload)
        elif not pending.answer.cancelled() and pending.answer.exception() is None:
            # An ack that crosses the loss of its socket is late, not a second one.
            self._state.violation(f"envelope acked twice: {envelope_id}")

    def _lost(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)
        for pending in self._pending.values():
            if pending.socket is socket and not pending.answer.done():
                pending.answer.set_exception(SocketLost())

    async def refresh(self) -> None:
        """Ask the app to come back on new sockets, as Slack does every few hours."""
        old, self._open = self._open, []
        self._handover = True
        for socket in old:
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})

    def _cut(self) -> None:
        for socket in list(self._open):
            self._lost(socket)
            task = asyncio.get_running_loop().create_task(socket.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def stop(self) -> None:
        """Close every socket."""
        self._cut()
        await asyncio.gather(*self._closing, return_exceptions=True)


def describe(parcel: Parcel) -> str:
    """A payload in a few words, for what was done wrong."""
    payload = parcel.payload
    event = payload.get("event") or {}
    kind = event.get("type") or payload.get("command") or payload.get("type")
    what = event.get("subtype") or payload.get("callback_id") or ""
    actions = ",".join(action["action_id"] for action in payload.get("actions") or [])
    return " ".join(str(part) for part in (parcel.kind, kind, what, actions) if part)


def _envelope(envelope_id: str, parcel: Parcel, takes_payload: bool) -> Json:
    envelope: Json = {
        "envelope_id": envelope_id, "payload": parcel.payload, "type": parcel.kind,
        "accepts_response_payload": takes_payload,
    }  # fmt: skip
    if parcel.kind == "events_api" or parcel.attempt:
        envelope |= {"retry_attempt": parcel.attempt, "retry_reason": parcel.reason}
    return envelope
