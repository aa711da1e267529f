"""A server that is none: it listens, hangs or says one thing, with or without a certificate.

It keeps what was said to it, and it never speaks LDAP.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.listening import take_no_more
from storage.directories.ldap_servers import LdapServer
from tests.storage.directories.certificates import Pair


@dataclass(frozen=True)
class Impostor:
    """A server that is none. heard: everything that was said to it. talking: one task for each open connection."""

    server: LdapServer
    heard: list[bytes]
    talking: set[asyncio.Task[None]]


@asynccontextmanager
async def listening(
    answer: bytes = b"", pair: Pair | None = None, every: float = 0
) -> AsyncIterator[Impostor]:
    """Something that hangs, or answers one thing whatever is said: once, or again and again after so many seconds."""
    heard: list[bytes] = []
    talking: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                heard.append(piece)
                while answer:
                    writer.write(answer)
                    await writer.drain()
                    if not every:
                        break
                    await asyncio.sleep(every)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(talk(reader, writer))
        talking.add(task)
        task.add_done_callback(talking.discard)

    context = None
    if pair is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
    server = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    starttls = pair is None and bool(answer)
    try:
        yield Impostor(LdapServer(host="localhost", port=port, starttls=starttls), heard, talking)
    finally:
        await take_no_more(server)
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
