"""The ways by which events leave: standard output, a file that is only added to, or HTTP; one JSON line each.

They keep nothing back: what they were given is delivered when they return, or they say that it is not.
"""

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Protocol

import aiohttp

from bot.siem.ocsf import Ocsf
from handlers.audit.streaming import NotTaken
from storage.audit.log import Row
from storage.engine.backup import settle

_WITHIN = aiohttp.ClientTimeout(total=20)
_MOST_SECONDS = 3600
_SECONDS = re.compile("[0-9]{1,9}")


class Sink(Protocol):
    """Delivers lines, all of them or NotTaken. What was delivered in part is delivered once more as a whole."""

    async def deliver(self, lines: bytes) -> None: ...


@dataclass(frozen=True)
class Events:
    """Takes entries: as events of OCSF, to a sink."""

    ocsf: Ocsf
    sink: Sink

    async def take(self, entries: Sequence[Row]) -> None:
        """Deliver these in order. NotTaken if they were not accepted."""
        await self.sink.deliver(b"".join(map(self.ocsf.line, entries)))


class StandardOutput:
    """For whoever collects what processes say. Logs go to standard error, so that they do not mix."""

    async def deliver(self, lines: bytes) -> None:
        """Write them, and wait until the other end has room."""
        try:
            await asyncio.to_thread(_say, lines)
        except OSError as fault:
            raise NotTaken(f"Standard output: {fault.strerror}") from fault


@dataclass(frozen=True)
class File:
    """A file that is only added to. It is opened anew each time, so that it may be rotated."""

    path: Path

    async def deliver(self, lines: bytes) -> None:
        """Add them, and have the disk keep them."""
        try:
            await asyncio.to_thread(self._add, lines)
        except OSError as fault:
            raise NotTaken(f"{self.path}: {fault.strerror}") from fault

    def _add(self, lines: bytes) -> None:
        opened = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        with os.fdopen(opened, "r+b") as file:
            if not file.seek(0, os.SEEK_END):  # it may be new: its name is on disk before it holds anything
                settle(self.path.parent)
            file.write(self._ending(file) + lines)
            file.flush()
            os.fsync(file.fileno())

    def _ending(self, file: BinaryIO) -> bytes:
        """What ends a line that a crash cut off: it comes again whole."""
        if not file.seek(0, os.SEEK_END):
            return b""
        file.seek(-1, os.SEEK_END)
        return b"" if file.read(1) == b"\n" else b"\n"


class Http:
    """A collector that takes lines by POST. It is never followed elsewhere: a redirect would carry the token along."""

    def __init__(self, session: aiohttp.ClientSession, url: str, *, authorization: str) -> None:
        self._session, self._url = session, url
        self._headers = {"Content-Type": "application/x-ndjson"}
        if authorization:
            self._headers["Authorization"] = authorization

    async def deliver(self, lines: bytes) -> None:
        """Post them in one request; any answer but 2xx is no acceptance."""
        try:
            async with self._session.post(
                self._url, data=lines, headers=self._headers, timeout=_WITHIN, allow_redirects=False
            ) as answer:
                if not 200 <= answer.status < 300:
                    raise NotTaken(
                        f"It answered {answer.status}",
                        after=_after(answer),
                        too_much=answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    )
        except TimeoutError as fault:
            raise NotTaken("It did not answer in time", too_late=True) from fault
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            # The last for a token or a name of a machine of which no request can be made.
            raise NotTaken(f"It could not be reached ({type(fault).__name__})") from fault


def _after(answer: aiohttp.ClientResponse) -> timedelta | None:
    said = answer.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(said), _MOST_SECONDS)) if _SECONDS.fullmatch(said) else None


def _say(lines: bytes) -> None:
    sys.stdout.buffer.write(lines)
    sys.stdout.buffer.flush()
