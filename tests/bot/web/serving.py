"""The web server on loopback, and a small browser: it keeps cookies, reads forms and sends them as one would.

It runs no script, as the page needs none.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from types import TracebackType

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry
from yarl import URL

from bot.listening import Listening
from bot.metrics import Metrics
from bot.web.front_door import DoorWidth
from bot.web.languages import Languages
from bot.web.not_me import NotMePage
from bot.web.page import SecurePage
from bot.web.server import SlackHandler, build_app
from handlers.alarms.raising import Alarms
from tests.handlers.page_ground import World


@dataclass
class Form:
    """A form on a page: where it goes and what it holds."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(action=named["action"]))
        elif tag == "input" and self.forms:
            self.forms[-1].fields[named["name"]] = named.get("value", "")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@dataclass
class Shown:
    """What came back."""

    status: int
    html: str
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        """All the words on the page, with single spaces."""
        reader = _Reader()
        reader.feed(self.html)
        return unescape(" ".join(" ".join(reader.text).split()))

    def form(self, do: str) -> Form:
        """The form that does this; LookupError if the page has none."""
        reader = _Reader()
        reader.feed(self.html)
        found = [form for form in reader.forms if form.fields.get("do") == do]
        if not found:
            raise LookupError(f"there is no form to {do} on: {self.text}")
        return found[0]


class Browser:
    """One browser with its own cookies. It follows the redirects after forms."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.shown = Shown(0, "", {})

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def open(self, path: str, **headers: str) -> Shown:
        """GET an address."""
        async with self._session.get(self.origin + path, headers=headers) as response:
            self.shown = Shown(response.status, await response.text(), response.headers.copy())
        return self.shown

    async def send(self, do: str, **typed: str) -> Shown:
        """Fill in the form that does this, and send it."""
        form = self.shown.form(do)
        return await self.post(form.action, {**form.fields, **typed})

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Shown:
        """POST a form, whatever it holds."""
        async with self._session.post(self.origin + path, data=fields, headers=headers) as response:
            self.shown = Shown(response.status, await response.text(), response.headers.copy())
        return self.shown

    async def raw(self, method: str, path: str, *, data: bytes, **headers: str) -> Shown:
        """Send bytes as they are, and follow nothing."""
        async with self._session.request(
            method, self.origin + path, data=BytesIO(data), headers=headers, allow_redirects=False
        ) as response:
            return Shown(response.status, await response.text(), response.headers.copy())

    def plant(self, name: str, value: str) -> None:
        """Put a cookie there by other means than the server's."""
        self._session.cookie_jar.update_cookies({name: value}, URL(self.origin))

    def cookies(self) -> dict[str, str]:
        """The cookies it holds."""
        return {cookie.key: cookie.value for cookie in self._session.cookie_jar}


@asynccontextmanager
async def serving(
    world: World,
    *,
    missing: list[str] | None = None,
    slack: SlackHandler | None = None,
    floor: float = 0.0,
    host: str = "127.0.0.1",
    front_door: DoorWidth | None = None,
    languages: Languages | None = None,
    alarms: Alarms | None = None,
    checkpoint: str | None = None,
    more: Callable[[str], Iterable[web.AbstractRouteDef]] = lambda _origin: (),
) -> AsyncIterator[str]:
    """The server for this world; its origin. missing: what it says is not ready. host: what it is called.

    alarms: behind the links of letters; without them there is no such page. more: routes of other pages, made for the
    origin.
    """
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    origin = f"http://{host}:{listening.getsockname()[1]}"
    metrics = Metrics.in_registry(CollectorRegistry())

    async def ready() -> list[str]:
        return missing or []

    page = SecurePage(world.ground, public_url=origin, metrics=metrics, floor=floor, front_door=front_door)
    not_me = (
        []
        if alarms is None
        else NotMePage(alarms, world.ground.vault, public_url=origin, metrics=metrics).routes()
    )
    app = build_app(
        public_url=origin, page=page, metrics=metrics, ready=ready, checkpoint=lambda: checkpoint,
        slack_handler=slack, languages=languages, more=[*not_me, *more(origin)],
    )  # fmt: skip
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    server = await asyncio.get_running_loop().create_server(runner.server, sock=listening)
    yield origin
    await Listening(runner, server).close()
