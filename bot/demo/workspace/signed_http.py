"""Signed HTTP: payloads posted to the app's URL with Slack's v0 signature and content types.

It signs and posts; it never reads what a payload says.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from urllib.parse import urlencode

import aiohttp

from bot.demo.workspace.answers import Json
from bot.demo.workspace.deliveries import Outcome, Parcel
from bot.demo.workspace.sockets import describe
from bot.demo.workspace.state import State

FORM = "application/x-www-form-urlencoded"
TIMESTAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature of these bytes at this time (SL-6)."""
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return "v0=" + digest.hexdigest()


class SignedHttp:
    """Posts to one URL. `patience()` is how many seconds the app may take."""

    def __init__(self, *, url: str, secret: str, state: State, patience: Callable[[], float]) -> None:
        self._url = url
        self._secret = secret
        self._state = state
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def attempt(self, parcel: Parcel) -> Outcome:
        """Post once; anything but 2xx in time is not taken."""
        body, content_type = _encoded(parcel)
        headers = self._headers(parcel, body, content_type)
        timeout = aiohttp.ClientTimeout(total=self._patience())
        try:
            async with self._client().post(self._url, data=body, headers=headers, timeout=timeout) as answer:
                text = await answer.text()
                if answer.status // 100 == 2:
                    return Outcome(acked=True, status=answer.status, body=_answer(text, answer.content_type))
                final = answer.headers.get("X-Slack-No-Retry") == "1"
                return Outcome(acked=False, status=answer.status, reason="http_error", final=final)
        except TimeoutError:
            self._state.violation(f"not answered in time: {describe(parcel)}")
            return Outcome(acked=False, reason="http_timeout")
        except aiohttp.ClientError:
            return Outcome(acked=False, reason="connection_failed")

    async def verify(self) -> bool:
        """Ask the URL to prove itself, as Slack does before it sends anything."""
        challenge = self._state.mint.token("")
        payload = {"token": "verification", "challenge": challenge, "type": "url_verification"}
        outcome = await self.attempt(Parcel(kind="events_api", payload=payload))
        return outcome.acked and challenge in (outcome.body or {}).values()

    async def stop(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def _headers(self, parcel: Parcel, body: bytes, content_type: str) -> dict[str, str]:
        given = parcel.headers or {}
        # The real time, not the workspace's clock: the app's verifier compares it with its own.
        timestamp = given.get(TIMESTAMP, str(int(time.time())))
        headers = {
            "Content-Type": content_type, TIMESTAMP: timestamp, SIGNATURE: sign(self._secret, timestamp, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }  # fmt: skip
        if parcel.attempt:
            headers |= {"X-Slack-Retry-Num": str(parcel.attempt), "X-Slack-Retry-Reason": parcel.reason}
        return headers | given


def _encoded(parcel: Parcel) -> tuple[bytes, str]:
    """JSON for events, a form for commands, a form with one JSON field for interactions."""
    if parcel.kind == "events_api":
        return json.dumps(parcel.payload).encode(), "application/json"
    if parcel.kind == "slash_commands":
        return urlencode(parcel.payload).encode(), FORM
    return urlencode({"payload": json.dumps(parcel.payload)}).encode(), FORM


def _answer(text: str, content_type: str) -> Json | None:
    if not text:
        return None
    if content_type != "application/json":
        return {"text": text}
    try:
        answer = json.loads(text)
    except ValueError:
        return {"unreadable": text}
    return answer if isinstance(answer, dict) else {"unreadable": text}
