"""A small TCP proxy between a client and its server, to cut, hang and observe what goes through.

It does not read what it carries: to it, TLS is bytes.
"""

import asyncio
from collections.abc import Callable


class Proxy:
    """Listens on `port` of this machine and carries everything to `target`, a port of `host`.

    connections: how many were ever made. before: told of every piece that is about to go to the server; when it
    answers "cut" the connections break there, with "deaf" the server's next answer is lost and then they break.
    slow: seconds that every piece takes.
    """

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        self.target, self.host = target, host
        self.port = 0
        self.connections = 0
        self.before: Callable[[bytes], str | None] = lambda _: None
        self.slow = 0.0
        self._going = asyncio.Event()
        self._going.set()
        self._deaf = False
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hang(self) -> None:
        """From now on nothing is carried; connections are taken and stay open."""
        self._going.clear()

    def go_on(self) -> None:
        """Carry again, also what was held up."""
        self._going.set()

    def stop(self) -> None:
        """Break every connection and take no new ones."""
        if self._server is not None:
            self._server.close()
        self.break_all()

    def break_all(self) -> None:
        """Break every connection; new ones are fine."""
        for writer in list(self._open):
            writer.transport.abort()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, to_server = await asyncio.open_connection(self.host, self.target)
        self._open |= {writer, to_server}
        try:
            await asyncio.gather(
                self._carry(reader, to_server, up=True), self._carry(there, writer, up=False)
            )
        except OSError:
            pass
        finally:
            for each in (writer, to_server):
                self._open.discard(each)
                each.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, up: bool) -> None:
        while piece := await source.read(65536):
            await self._going.wait()
            await asyncio.sleep(self.slow)
            if up:
                order = self.before(piece)
                if order == "cut":
                    self.break_all()
                self._deaf = self._deaf or order == "deaf"
            elif self._deaf:
                self._deaf = False
                self.break_all()
            sink.write(piece)
            await sink.drain()
        raise ConnectionResetError
