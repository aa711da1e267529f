"""Slack's signed HTTP mode: a request is verified before anything in it is read.

A forged, stale or malformed one is counted and answered with 401; it is never audited and never costs a look-up.
"""

import json

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from yarl import query_to_pairs

from bot.metrics import Forgery, Metrics
from storage.clock import Clock

FRESH_FOR = 300

_FORM = "application/x-www-form-urlencoded"
# What was clicked or submitted is JSON, as the one field of a form; a command is the form itself.
_CLICKED = "payload"


class SignedHttp:
    """The handler behind POST /slack/events (SL-6)."""

    def __init__(self, app: AsyncApp, *, signing_secret: str, metrics: Metrics, now: Clock) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._metrics = metrics
        self._now = now

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Verify, then let Bolt take it."""
        reason = await self._forged(request)
        if reason is not None:
            self._metrics.forgery(reason)
            return web.Response(status=401, text="not signed by Slack")
        response = await self._app.async_dispatch(await _read(request))
        return await to_aiohttp_response(response)

    async def _forged(self, request: web.Request) -> Forgery | None:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        # slack_sdk raises on either of these instead of saying no.
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and signature.isascii()):
            return "malformed"
        if abs(self._now().timestamp() - int(timestamp)) > FRESH_FOR:
            return "stale"
        body = await request.read()
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            return "malformed"
        return None if self._verifier.is_valid(body, timestamp, signature) else "signature"


async def _read(request: web.Request) -> AsyncBoltRequest:
    """What Slack sent, for Bolt, which takes a form for a click if the word "payload" is anywhere in it.

    A click brings the message that it is on: aiohttp reads a form of that size in a tenth of the time that Bolt takes.
    """
    if request.content_type != _FORM:
        return await to_bolt_request(request)
    fields = dict(query_to_pairs(await request.text()))
    body = fields[_CLICKED] if _CLICKED in fields else json.dumps(fields)
    return AsyncBoltRequest(body=body, headers={"content-type": "application/json"})
