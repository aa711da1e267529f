"""Asking the provider over HTTP: one host list, TLS verified, no redirect followed, small answers, a deadline each.

It never repeats in a fault what was sent or what came back, for secrets and codes stand in both.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from storage.faults import ProviderUnavailable

LARGEST_ANSWER = 64 * 1024
WITHIN = 4.0
# So many at once: a provider that hangs holds no more of ours than these.
TOGETHER = 16


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: an object of JSON, or {} where it was none. date: the header, "" if there was none."""

    status: int
    body: Mapping[str, Any]
    date: str = ""


class Fetcher:
    """Opens its connections when it is first asked, on the running loop. hosts: "host:port" as `place` gives them."""

    def __init__(self, hosts: frozenset[str], *, ca_file: str | None = None, within: float = WITHIN) -> None:
        self._hosts, self._ca_file, self._within = hosts, ca_file, within
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str) -> Answer:
        """GET it. ProviderUnavailable when nothing usable came back in time."""
        return await self._ask("GET", url, None, {})

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """POST a form to it. ProviderUnavailable likewise."""
        return await self._ask("POST", url, form, headers)

    async def close(self) -> None:
        """Let go of the connections. Idempotent."""
        if self._session is not None:
            await self._session.close()

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> Answer:
        if place(url) not in self._hosts:
            raise ProviderUnavailable("The sign-in provider names a host that it may not.")
        try:
            async with self._opened().request(
                method,
                url,
                data=form,
                headers={"Accept": "application/json", **headers},
                allow_redirects=False,
            ) as response:
                return await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            kind = type(error).__name__
            raise ProviderUnavailable(f"The sign-in provider did not answer usably: {kind}.") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Without a file the system's certificates count, which aiohttp has read once for all.
            trust = True if self._ca_file is None else ssl.create_default_context(cafile=self._ca_file)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trust, limit=TOGETHER),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._within),
                trust_env=False,
                max_line_size=8190,
            )
        return self._session


def place(url: str) -> str:
    """Host and port of an address, in small letters; "" for what is none of ours to ask."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return ""
    if not parts.hostname or not port or parts.username is not None or parts.fragment:
        return ""
    return f"{parts.hostname.lower()}:{port}"


async def _read(response: aiohttp.ClientResponse) -> Answer:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise ValueError("too large")
    date = response.headers.get("Date", "")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    return Answer(status=response.status, body=said if isinstance(said, dict) else {}, date=date)
