"""The pretend Slack's one loopback server: Web API, Socket Mode, response URLs, and the page's routes.

It binds routes and keeps foreign hosts out; what each route answers stands elsewhere.
"""

import re
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from bot.demo.workspace.answers import Refusal, refuse
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.page_api import harden
from bot.demo.workspace.posting import Posting
from bot.demo.workspace.sockets import SocketMode
from bot.demo.workspace.state import State
from bot.demo.workspace.triggers import ReplyUrls
from bot.demo.workspace.web_api import WebApi
from bot.listening import Listening, listen

# A Host header is a host and perhaps a port (RFC 9110, 7.2), the whole of it: nothing before, between or behind.
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{0,5})?", re.IGNORECASE)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ResponseUrls:
    """The endpoint behind every `response_url`."""

    def __init__(self, *, state: State, faults: Faults, replies: ReplyUrls, posting: Posting) -> None:
        self._state = state
        self._faults = faults
        self._replies = replies
        self._posting = posting

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take one JSON answer; refusals are plain words with status 400 or 404, as Slack has them."""
        if self._faults.is_down:
            return web.Response(status=503)
        place = self._replies.take(request.match_info["secret"])
        if isinstance(place, Refusal):
            self._state.violation(f"response_url: {place.error}")
            return web.Response(status=404, text=place.error)
        try:
            body = await request.json()
        except ValueError:
            body = None
        refusal = self._posting.reply(place, body) if isinstance(body, dict) else refuse("invalid_payload")
        if refusal is not None:
            self._state.violation(f"response_url: {refusal.error} {'; '.join(refusal.messages)}".strip())
            return web.Response(status=400, text=refusal.error)
        return web.Response(text="ok")


@web.middleware
async def only_loopback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nothing answers to a name that is not loopback's: no page elsewhere may reach in by its own name."""
    if not _LOOPBACK.fullmatch(request.host):
        return web.Response(status=403, text="loopback only")
    return await handler(request)


class Server:
    """Listens on loopback between `start` and `stop`."""

    def __init__(
        self,
        *,
        web_api: WebApi,
        sockets: SocketMode,
        responses: ResponseUrls,
        more: Iterable[web.AbstractRouteDef],
    ) -> None:
        self._routes: list[web.AbstractRouteDef] = [
            web.get("/api/{method}", web_api.handle, allow_head=False),
            web.post("/api/{method}", web_api.handle),
            web.get("/socket", sockets.accept, allow_head=False),
            web.post("/reply/{secret}", responses.handle),
            *more,
        ]
        self._listening: Listening | None = None
        self.authority = ""

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one. ValueError for a host that is not loopback."""
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(f"the pretend workspace listens on loopback only, not on {host}")
        app = web.Application(middlewares=[only_loopback], client_max_size=2**20)
        app.add_routes(self._routes)
        app.on_response_prepare.append(harden)
        self._listening = await listen(app, host, port, ends_within=0.5)
        bound = self._listening.port
        self.authority = f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        if self._listening is not None:
            await self._listening.close()
            self._listening = None
