"""The page's own endpoints: its files, its state, its live line, and what a person does on it.

Deeds go through the same code as `PersonClient`; a page of another origin can neither read nor do anything.
"""

from pathlib import Path

from aiohttp import web

from bot.demo.workspace.answers import Json
from bot.demo.workspace.page_deeds import PageDeeds
from bot.demo.workspace.page_state import PageState
from bot.demo.workspace.page_stream import PageStream
from bot.demo.workspace.people import User
from bot.demo.workspace.state import State

FILES = Path(__file__).parent / "page"
SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OWN_HEADER = "X-Workspace-Page"


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Put the safe headers on whatever the page is given."""
    if not request.path.startswith(("/api/", "/reply/", "/socket")):
        response.headers.update(SAFE)


class PageApi:
    """Routes for the browser page."""

    def __init__(self, *, state: State, page: PageState, stream: PageStream, deeds: PageDeeds) -> None:
        self._state = state
        self._page = page
        self._stream = stream
        self._deeds = deeds

    def routes(self) -> list[web.AbstractRouteDef]:
        """All of them."""
        return [
            web.get("/", self.index),
            web.get("/archives/{channel}/{message}", self.archive),
            web.static("/static", FILES),
            web.get("/page/state", self.state),
            web.get("/page/messages", self.messages),
            web.get("/page/stream", self.stream, allow_head=False),
            web.post("/page/do", self.do),
        ]

    async def index(self, _request: web.Request) -> web.StreamResponse:
        """The page itself."""
        return web.FileResponse(FILES / "index.html")

    async def archive(self, request: web.Request) -> web.StreamResponse:
        """A permalink: the page, at this channel."""
        raise web.HTTPFound("/?channel=" + request.match_info["channel"])

    async def state(self, request: web.Request) -> web.StreamResponse:
        """All a fresh page needs; without `as` it is somebody who is there."""
        user = self._user(request.query.get("as"))
        return self._dated(self._page.everything(user)) if user else _unknown("user_not_found")

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """One channel, oldest first."""
        user = self._user(request.query.get("as"))
        channel = self._state.channels.get(request.query.get("channel", ""))
        if user is None or channel is None or not self._state.may_read(user.id, channel):
            return _unknown("channel_not_found")
        return self._dated({"messages": self._page.messages(user, channel)})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The live line."""
        user = self._user(request.query.get("as"))
        return await self._stream.serve(request, user) if user else _unknown("user_not_found")

    async def do(self, request: web.Request) -> web.StreamResponse:
        """One deed of one person; refused without the page's own header (a form elsewhere cannot send it)."""
        origin = request.headers.get("Origin")
        if request.headers.get(OWN_HEADER) != "1" or origin not in (None, f"http://{request.host}"):
            return web.json_response({"ok": False, "error": "not_the_page"}, status=403)
        try:
            wish = await request.json()
        except ValueError:
            wish = None
        if not isinstance(wish, dict):
            return web.json_response({"ok": False, "error": "invalid_json"}, status=400)
        return self._dated(await self._done(wish))

    def _dated(self, told: Json) -> web.Response:
        return web.json_response(self._page.dated(told))

    async def _done(self, wish: Json) -> Json:
        user = self._user(str(wish.get("as")))
        if user is None:
            return {"ok": False, "error": "user_not_found"}
        try:
            return await self._deeds.do(user, wish)
        except KeyError as error:
            return {"ok": False, "error": f"invalid_arguments: {error} is missing"}
        except LookupError as error:
            return {"ok": False, "error": str(error.args[0]) if error.args else "not_found"}
        except (TypeError, ValueError, AttributeError) as error:
            return {"ok": False, "error": f"invalid_arguments: {error}"}

    def _user(self, user_id: str | None) -> User | None:
        humans = [user for user in self._state.users.values() if not user.is_bot]
        if user_id:
            return next((user for user in humans if user.id == user_id), None)
        return next((user for user in humans if not user.deleted), None)


def _unknown(error: str) -> web.Response:
    return web.json_response({"ok": False, "error": error}, status=404)
