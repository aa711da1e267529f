"""A receiver of webhooks on loopback that verifies every signature by itself, and can be as nasty as one may be."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Receiver:
    """secrets: as an incident tool shows them; a request without a signature by one of them gets 401.

    answers: the statuses of the next answers; 200 when there are none. hangs: it takes the request and says nothing.
    endless: it answers without an end.
    """

    secrets: list[str]
    url: str = ""
    answers: list[int] = field(default_factory=list)
    hangs: bool = False
    endless: bool = False
    asked: int = 0
    sent: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        body = await request.read()
        if self.hangs:
            await asyncio.sleep(60)
        ident = request.headers["webhook-id"]
        if not self._verifies(request.headers["webhook-signature"], ident, request, body):
            return web.Response(status=401)
        self.ids.append(ident)
        status = self.answers.pop(0) if self.answers else 200
        if self.endless:
            return await self._flood(request)
        if 200 <= status < 300:
            self.taken.append(json.loads(body))
        return web.Response(status=status, headers={"Location": "/elsewhere"} if 300 <= status < 400 else {})

    def _verifies(self, said: str, ident: str, request: web.Request, body: bytes) -> bool:
        content = f"{ident}.{request.headers['webhook-timestamp']}.".encode() + body
        for secret in self.secrets:
            key = base64.b64decode(secret.removeprefix("whsec_"))
            right = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
            if f"v1,{right}" in said.split(" "):
                return True
        return False

    async def _flood(self, request: web.Request) -> web.StreamResponse:
        """A gigabyte, as long as somebody reads."""
        answer = web.StreamResponse()
        await answer.prepare(request)
        block = bytes(1 << 20)
        for _ in range(1024):
            try:
                await answer.write(block)
            except ConnectionError:
                break
            self.sent += len(block)
        return answer


@asynccontextmanager
async def receiving(*secrets: str) -> AsyncIterator[Receiver]:
    """One that runs."""
    made = Receiver(secrets=list(secrets))
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", made.handle)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/wicket"))
        yield made
