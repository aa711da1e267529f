"""What comes by signed HTTP: it reaches its listener as it was sent, whatever stands in it.

The signature is that of the whole body.
"""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace.signed_http import FORM, SIGNATURE, TIMESTAMP, sign
from bot.metrics import Metrics
from bot.slack.dispatch import Dispatch
from bot.slack.signed_http import SignedHttp
from storage.clock import utc_now

SECRET = "of-a-test"
TYPED = 'é 𝄞 + 100 % of "it" & more = payload=\\u2028 %41 \n{"a": [1]}'
CLICK = {"type": "block_actions", "message": {"text": TYPED}}


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Where it listens, and what its listeners were given."""
    given: list[dict[str, Any]] = []

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        given.append(body)
        await ack()

    kinds = ("block_actions", ""), ("command", "/wicket"), ("event_callback", "message")
    bolt = AsyncApp(
        name="wicket",
        client=AsyncWebClient(token="of-a-test"),
        request_verification_enabled=False,
        before_authorize=Dispatch(dict.fromkeys(kinds, listener)),
    )
    metrics = Metrics.in_registry(CollectorRegistry())
    handler = SignedHttp(bolt, signing_secret=SECRET, metrics=metrics, now=utc_now)
    app = web.Application()
    app.router.add_post("/", handler.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/")), given


@pytest.mark.parametrize(
    ("body", "content", "arrives"),
    [
        (urlencode({"payload": json.dumps(CLICK)}), FORM, CLICK),
        (urlencode({"token": "t", "payload": json.dumps(CLICK)}), FORM, CLICK),
        (urlencode({"payload": json.dumps(CLICK, ensure_ascii=False)}), FORM, CLICK),
        (urlencode({"command": "/wicket", "text": TYPED}), FORM, {"command": "/wicket", "text": TYPED}),
        (
            json.dumps({"type": "event_callback", "event": {"type": "message", "text": TYPED}}),
            "application/json",
            {"type": "event_callback", "event": {"type": "message", "text": TYPED}},
        ),
    ],
)
async def test_what_was_sent_arrives_and_its_signature_is_over_all_of_it(
    body: str, content: str, arrives: dict[str, Any]
):
    """SL-6: a command that says "payload" is one like any other."""
    async with listening() as (url, given), aiohttp.ClientSession() as session:
        at = str(int(time.time()))
        headers = {TIMESTAMP: at, SIGNATURE: sign(SECRET, at, body.encode()), "Content-Type": content}
        async with session.post(url, data=body.encode(), headers=headers) as answer:
            assert (answer.status, given) == (200, [arrives])
        async with session.post(url, data=body.encode() + b"&", headers=headers) as answer:
            assert (answer.status, len(given)) == (401, 1)
