"""The page's live line: server-sent events with what changed for one person.

It passes news on and beats a heart; it keeps nothing for a page that is away, but says from when on it tells.
"""

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from bot.demo.workspace.answers import Json
from bot.demo.workspace.changes import Change
from bot.demo.workspace.page_state import PageState
from bot.demo.workspace.people import User
from bot.demo.workspace.state import State

HEARTBEAT_SECONDS = 15.0
_END = ""


class PageStream:
    """Every open line; `stop` ends them all."""

    def __init__(self, *, state: State, page: PageState) -> None:
        self._state = state
        self._page = page
        self._lines: set[asyncio.Queue[str]] = set()

    async def serve(self, request: web.Request, user: User) -> web.StreamResponse:
        """Hold the line until the page hangs up or the workspace stops."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        queue: asyncio.Queue[str] = asyncio.Queue()

        def tell(news: Json) -> None:
            queue.put_nowait(f"data: {json.dumps(self._page.dated(news))}\n\n")

        def pass_on(change: Change) -> None:
            if (news := self._page.news(user, change)) is not None:
                tell(news)

        self._lines.add(queue)
        end = self._state.changes.listen(pass_on)
        tell({"kind": "here"})
        try:
            with suppress(ConnectionError):
                while chunk := await _next(queue):
                    await response.write(chunk.encode())
        finally:
            end()
            self._lines.discard(queue)
        return response

    def stop(self) -> None:
        """Hang up on every page."""
        for queue in self._lines:
            queue.put_nowait(_END)


async def _next(queue: asyncio.Queue[str]) -> str:
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            return await queue.get()
    except TimeoutError:
        return ": still here\n\n"
