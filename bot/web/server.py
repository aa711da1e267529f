"""The web server: the secure page, health, metrics, and a place for Slack's signed requests.

It builds an application and starts nothing; whoever runs it leaves the access log off, for links stand in addresses.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, tzinfo
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.metrics import Metrics
from bot.web.forms import LARGEST_FORM
from bot.web.guard import SLACK_EVENTS, hardened, kind_faults, one_host
from bot.web.languages import Languages, in_their_language
from bot.web.page import SecurePage
from bot.web.rendering import Pages

# Slack's largest payloads are views with their state; the page's own forms are held smaller.
LARGEST_BODY = 1024 * 1024
_STATIC = Path(__file__).parent / "static"
_FILES = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "passkeys.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}

Ready = Callable[[], Awaitable[Sequence[str]]]
# What was signed of the audit log last; None while nothing was.
Signed = Callable[[], str | None]
SlackHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_app(
    *,
    public_url: str,
    page: SecurePage,
    metrics: Metrics,
    ready: Ready,
    checkpoint: Signed = lambda: None,
    slack_handler: SlackHandler | None = None,
    more: Iterable[web.AbstractRouteDef] = (),
    languages: Languages | None = None,
    zone: tzinfo = UTC,
    kept: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> web.Application:
    """The application. public_url: the one origin it answers to. ready: what is not ready, in words; empty if all is.
    checkpoint: what GET /audit/checkpoint answers; it costs no look at the store, however often somebody asks.

    slack_handler: takes POST /slack/events, where Slack delivers by signed HTTP. more: routes of other pages.
    languages: those that are installed; English alone without. zone: in which times are shown.
    kept: entered for each request.
    """
    if LARGEST_FORM > LARGEST_BODY:
        raise ValueError("a form that is let in must fit the body that is let in")
    pages = Pages()
    app = web.Application(
        middlewares=[
            in_their_language(languages or Languages(), zone),
            one_host(public_url),
            kind_faults(pages.fault),
            _by_one_set(kept),
        ],
        client_max_size=LARGEST_BODY,
    )
    app.on_response_prepare.append(hardened(public_url))
    app.add_routes(
        [
            web.get("/healthz", _healthy),
            web.get("/readyz", _readiness(ready)),
            web.get("/metrics", _metrics(metrics)),
            web.get("/audit/checkpoint", _checkpoint(checkpoint)),
            web.get("/static/{name}", _static),
            *page.routes(),
            *more,
        ]
    )
    if slack_handler is not None:
        app.router.add_post(SLACK_EVENTS, slack_handler)
    return app


def _by_one_set(kept: Callable[[], AbstractContextManager[None]]) -> Middleware:
    @web.middleware
    async def keep(request: web.Request, handler: Handler) -> web.StreamResponse:
        with kept():
            return await handler(request)

    return keep


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _readiness(ready: Ready) -> SlackHandler:
    async def answer(_request: web.Request) -> web.Response:
        missing = await ready()
        return web.Response(status=503 if missing else 200, text="\n".join(missing or ["ready"]) + "\n")

    return answer


def _metrics(metrics: Metrics) -> SlackHandler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(
            body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    return answer


def _checkpoint(signed: Signed) -> SlackHandler:
    """The signed note as it is (c2sp.org/tlog-tiles, "Checkpoints"): an auditor's program fetches and keeps it."""

    async def answer(_request: web.Request) -> web.Response:
        note = signed()
        if note is None:
            return web.Response(status=503, text="Nothing was signed yet.\n")
        return web.Response(text=note, content_type="text/plain", charset="utf-8")

    return answer


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _FILES:
        raise web.HTTPNotFound
    return web.Response(body=(_STATIC / name).read_bytes(), content_type=_FILES[name], charset="utf-8")
