"""What holds for every answer of the web server: one host name, strict headers, and a kind page when something breaks.

It never shows a traceback, never logs an address or a form, and lets no answer be stored or framed.
"""

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.texts import template
from storage.faults import DirectoryUnavailable, OutcomeUnknown, ProviderUnavailable, StorageUnavailable
from storage.sentences import Sentence

FaultPage = Callable[[int, str, str], web.Response]
Harden = Callable[[web.Request, web.StreamResponse], Awaitable[None]]

# Asked by machines that reach the server by its own address.
UNNAMED = frozenset({"/healthz", "/readyz", "/metrics"})
SLACK_EVENTS = "/slack/events"
_MACHINES = UNNAMED | {SLACK_EVENTS}

_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "Wicket",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_A_YEAR = "max-age=31536000"

DIRECTORY_SILENT = (
    template("The directory does not answer right now."),
    template("Nothing was changed. Wait a minute and try again with the same link."),
)
PROVIDER_SILENT = (
    template("The company's sign-in does not answer right now."),
    template(
        "Nothing was changed. Go back to the page where you began: try again in a minute, or show it another way."
    ),
)
STORE_SILENT = (
    template("I can't write my records right now."),
    template("So nothing was done: I do nothing without its record. Wait a minute and try again."),
)
STORE_UNSURE = (
    template("My records went away at the very moment of writing."),
    template("I can't say whether that was done. Wait a minute, then look before you do it again."),
)
# What was asked for is not there, or is nothing that this page takes. Other refusals keep their own words.
REFUSALS = {
    400: (
        template("That is not a form of this page."),
        template("Nothing was done. Open the link from Slack again."),
    ),
    404: (
        template("There is no page at this address."),
        template("Open the whole link from Slack, or ask me there for a new one."),
    ),
    405: (
        template("This page can't be used that way."),
        template("Nothing was done. Open the link from Slack again."),
    ),
    413: (
        template("That was too much to send."),
        template("Nothing was done. Open the link from Slack again and type less."),
    ),
    415: (
        template("That is not a form of this page."),
        template("Nothing was done. Open the link from Slack again."),
    ),
}
BROKEN = template("Something went wrong on my side.")
TO_TELL = template(
    "It is written down for those who run me. Go back to Slack and ask me for a new link. "
    "If you tell them, give this number: {number}."
)


def hardened(public_url: str) -> Harden:
    """Puts the headers on every answer, refusals and faults included."""
    secure = public_url.startswith("https://")

    async def harden(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(_HEADERS)
        if secure:
            response.headers["Strict-Transport-Security"] = _A_YEAR

    return harden


def one_host(public_url: str) -> Middleware:
    """Refuses every other host name, so that no link or cookie can be made for one."""
    wanted = urlsplit(public_url).netloc.lower()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in UNNAMED and request.headers.get("Host", "").lower() != wanted:
            raise web.HTTPMisdirectedRequest(text="This server does not answer to that name.\n")
        return await handler(request)

    return check


def kind_faults(show: FaultPage) -> Middleware:
    """Turns faults and refusals into a page that says what was not done; machines get plain text.

    show: status, title and sentence to an answer.
    """
    log = structlog.get_logger("wicket.web")

    @web.middleware
    async def catch(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refused:
            if refused.status not in REFUSALS or request.path in _MACHINES:
                raise
            return _kindly(refused, show)
        except DirectoryUnavailable:
            log.warning("directory_unavailable", route=_route(request))
            return show(503, *DIRECTORY_SILENT)
        except ProviderUnavailable:
            log.warning("provider_unavailable", route=_route(request))
            return show(503, *PROVIDER_SILENT)
        except StorageUnavailable as fault:
            log.error("storage_unavailable", route=_route(request))
            return show(503, *(STORE_UNSURE if isinstance(fault, OutcomeUnknown) else STORE_SILENT))
        except Exception as error:  # noqa: BLE001 - whatever it is, a person must get a page and not a traceback
            # The sentence of an unforeseen error may carry what somebody typed: its kind and place must do.
            error_id = secrets.token_hex(4)
            log.error("page_failed", error_id=error_id, route=_route(request), **_place(error))
            return show(500, BROKEN, Sentence(TO_TELL, number=error_id))

    return catch


def _kindly(refused: web.HTTPException, show: FaultPage) -> web.Response:
    answer = show(refused.status, *REFUSALS[refused.status])
    if "Allow" in refused.headers:  # a 405 must say what is allowed (RFC 9110, 15.5.6)
        answer.headers["Allow"] = refused.headers["Allow"]
    return answer


def _route(request: web.Request) -> str:
    """The route without what stands in it: the text of a link is nobody's business."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def _place(error: BaseException) -> dict[str, str]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
    return {"kind": type(error).__name__, "where": where}
