"""A web application at its address, from when it listens until its last connection is closed.

It leaves nobody let in by halves, and knows nothing of what is served.
"""

import asyncio

from aiohttp import web

# asyncio takes a connection in one turn of its loop and sets it up in the next; its protocol hears of it in the third,
# and begins to read in the fourth.
_TURNS_TO_LET_IN = 3


class Listening:
    """Open until `close`. port: where it listens, also where a free one was asked for."""

    def __init__(self, runner: web.AppRunner, server: asyncio.Server) -> None:
        self._runner, self._server = runner, server
        self.port = int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Take no more connections, let the requests under way end, close them all."""
        await take_no_more(self._server)
        await self._runner.cleanup()


async def listen(app: web.Application, host: str, port: int, *, ends_within: float = 60.0) -> Listening:
    """Serve at this address without an access log, for links stand in addresses.

    ends_within: seconds that requests under way have when it is closed. OSError if the address cannot be had.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=ends_within)
    await runner.setup()
    assert runner.server is not None  # noqa: S101 - there since it was set up
    try:
        server = await asyncio.get_running_loop().create_server(runner.server, host, port)
    except BaseException:
        await runner.cleanup()
        raise
    return Listening(runner, server)


async def take_no_more(server: asyncio.Server) -> None:
    """Close a server when whoever it is just letting in is in, so that their connections can be closed as well.

    One that is closed between two of these turns forgets the connection: it stays open, with nobody to close it
    (CPython's issue 109564), or is not yet closed as an idle one and holds up the stop for as long as a request may.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(_TURNS_TO_LET_IN):
        await asyncio.sleep(0)
    server.close()
