"""The load: signed slash commands over kept connections, so cheap to make that the bot is what is measured.

It reads each answer whole and counts what is not the expected one; aiohttp's client would cost more than a bare server.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

from bot.demo.workspace.signed_http import FORM, SIGNATURE, TIMESTAMP, sign
from tests.bench.figures import Burst

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_ANSWERS_WITHIN = 10.0
_NUMBERS = count()


class Commands:
    """An endless row of signed commands, each with a trigger of its own, by one person after another."""

    def __init__(self, *, port: int, secret: str, team: str, people: list[str], text: str) -> None:
        self._port, self._secret, self._team, self._people, self._text = port, secret, team, people, text

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        number = next(_NUMBERS)
        body = urlencode(
            {
                "token": "verification", "team_id": self._team, "team_domain": "workspace",
                "channel_id": "C0GENERAL", "channel_name": "general",
                "user_id": self._people[number % len(self._people)], "user_name": "someone",
                "command": "/wicket", "text": self._text, "api_app_id": "A0WICKET",
                "is_enterprise_install": "false", "response_url": "http://127.0.0.1:9/reply/none",
                "trigger_id": f"{number}.{time.time_ns()}.bench",
            }
        ).encode()  # fmt: skip
        return signed(self._port, self._secret, body)


def signed(port: int, secret: str, body: bytes) -> bytes:
    """One request as Slack sends it."""
    timestamp = str(int(time.time()))
    head = (
        f"POST /slack/events HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: {FORM}\r\n"
        f"Content-Length: {len(body)}\r\n{TIMESTAMP}: {timestamp}\r\n"
        f"{SIGNATURE}: {sign(secret, timestamp, body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """One kept connection with one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n") + 4
        length = _LENGTH.search(self._read, 0, end) if end > 3 else None
        whole = end + int(length[1]) if length else 0
        if whole and len(self._read) >= whole and self._answer is not None and not self._answer.done():
            self._answer.set_result(bytes(self._read[:whole]))
            del self._read[:whole]

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server closed the connection"))

    async def exchange(self, request: bytes) -> bytes:
        """Send one request; the whole answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


class Load:
    """Kept connections to one port of this machine; every burst checks each answer."""

    def __init__(self, commands: Iterator[bytes], *, port: int, expected: bytes) -> None:
        """expected: what stands in every right answer."""
        self._commands, self._port, self._expected = commands, port, expected

    async def burst(self, *, in_flight: int, seconds: float, at_most: int) -> Burst:
        """Keep `in_flight` requests under way until the time is over or `at_most` were sent.

        RuntimeError if an answer is wrong or late: a fast wrong answer is no result.
        """
        loop = asyncio.get_running_loop()
        connections = [await self._connected() for _ in range(in_flight)]
        waits: list[float] = []
        began = time.perf_counter()

        async def ask(connection: _Connection) -> None:
            while len(waits) < at_most and time.perf_counter() - began < seconds:
                request = next(self._commands)
                sent = time.perf_counter()
                answer = await connection.exchange(request)
                waits.append(time.perf_counter() - sent)
                if not answer.startswith(b"HTTP/1.1 200") or self._expected not in answer:
                    raise RuntimeError(f"a wrong answer: {answer[:600]!r}")

        try:
            async with (
                asyncio.timeout_at(loop.time() + seconds + _ANSWERS_WITHIN),
                asyncio.TaskGroup() as group,
            ):
                for connection in connections:
                    group.create_task(ask(connection))
            return Burst(seconds=time.perf_counter() - began, waits=waits)
        finally:
            for connection in connections:
                connection.close()

    async def _connected(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, "127.0.0.1", self._port)
        return connection
