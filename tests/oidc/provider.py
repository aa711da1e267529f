"""A sign-in provider on loopback, with keys of its own: strict as OpenID Connect asks, and able to lie in each way.

It knows nobody's password: whoever is sent to it comes back signed in as the person that a test says.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from bot.listening import listen

CLIENT_ID, SECRET = "wicket", "a secret: of & ours"


@dataclass
class Who:
    """Whoever sits before the provider: how they sign in when they are sent there. Times in seconds before now."""

    sub: str = "s-ada"
    acr: str | None = "phr"
    ago: float = 0
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass
class Grant:
    """A code that was given out."""

    asked: dict[str, str]
    who: Who
    used: bool = False


@dataclass
class Lies:
    """What it does otherwise than it should. claims: put over the token's own, None takes one away."""

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    token: Callable[[str], str] | None = None
    signed_by: Callable[[], RSAKey] | None = None
    algorithm: str = ""
    discovery: dict[str, Any] = field(default_factory=dict)
    issuer_back: str | None = None
    status: dict[str, int] = field(default_factory=dict)
    hangs: frozenset[str] = frozenset()
    body: dict[str, bytes] = field(default_factory=dict)
    redirects: frozenset[str] = frozenset()


class StandIn:
    """The provider. asked: how often each of its addresses was asked."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.origin = ""
        self.redirect_uri = ""
        self.who, self.lies = Who(), Lies()
        self.keys: list[RSAKey | ECKey] = [_first_key()]
        self.client_key: RSAKey | None = None
        self.grants: dict[str, Grant] = {}
        self.asked: dict[str, int] = {}

    @property
    def issuer(self) -> str:
        """Its name."""
        return self.origin

    def discovery(self) -> dict[str, Any]:
        """What it publishes."""
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
            **self.lies.discovery,
        }
        return {name: value for name, value in said.items() if value is not None}

    def signs_in(self, address: str) -> dict[str, str]:
        """Somebody is sent to this address and signs in: what their browser is sent back with."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.origin}/authorize"
        asked = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": self.redirect_uri}
        assert {name: asked[name] for name in wanted} == wanted
        assert (asked["code_challenge_method"], asked["max_age"]) == ("S256", "0")
        assert "openid" in asked["scope"].split()
        assert min(len(asked["state"]), len(asked["nonce"]), len(asked["code_challenge"])) >= 43
        code = secrets.token_urlsafe(24)
        self.grants[code] = Grant(asked=asked, who=replace(self.who))
        issuer = self.issuer if self.lies.issuer_back is None else self.lies.issuer_back
        back = {"code": code, "state": asked["state"], "iss": issuer}
        return {name: value for name, value in back.items() if value}

    def token(self, grant: Grant) -> str:
        """The ID token for it."""
        at = int(self.now())
        said = {
            "iss": self.issuer, "sub": grant.who.sub, "aud": CLIENT_ID, "iat": at, "exp": at + 300,
            "nonce": grant.asked["nonce"], "auth_time": int(at - grant.who.ago), "acr": grant.who.acr,
            **grant.who.claims, **self.lies.claims,
        }  # fmt: skip
        claims = {name: value for name, value in said.items() if value is not None}
        key = self.lies.signed_by() if self.lies.signed_by else self.keys[-1]
        algorithm = self.lies.algorithm or ("ES256" if isinstance(key, ECKey) else "RS256")
        header = {"alg": algorithm, "kid": key.kid, **self.lies.header}
        header = {name: value for name, value in header.items() if value is not None}
        made = jwt.encode(header, claims, key, algorithms=[algorithm])
        return self.lies.token(made) if self.lies.token else made

    def routes(self) -> list[web.RouteDef]:
        """Its addresses."""
        return [
            web.get("/.well-known/openid-configuration", self._discovery),
            web.get("/authorize", self._authorize),
            web.get("/keys", self._keys),
            web.post("/token", self._token),
            web.route("*", "/elsewhere/{name}", self._elsewhere),
        ]

    async def _answer(self, name: str, said: dict[str, Any], status: int = 200) -> web.Response:
        self.asked[name] = self.asked.get(name, 0) + 1
        if name in self.lies.hangs:
            await asyncio.sleep(3600)
        if name in self.lies.redirects:
            raise web.HTTPTemporaryRedirect(f"/elsewhere/{name}")
        if name in self.lies.body:
            return web.Response(body=self.lies.body[name], content_type="application/json")
        return web.json_response(said, status=self.lies.status.get(name, status))

    async def _discovery(self, _request: web.Request) -> web.Response:
        return await self._answer("discovery", self.discovery())

    async def _keys(self, _request: web.Request) -> web.Response:
        return await self._answer("keys", {"keys": [key.as_dict(private=False) for key in self.keys]})

    async def _elsewhere(self, request: web.Request) -> web.StreamResponse:
        """Where it sends whoever follows: there the answer would be right."""
        self.lies.redirects = frozenset()
        ways = {"discovery": self._discovery, "keys": self._keys, "token": self._token}
        return await ways[request.match_info["name"]](request)

    async def _authorize(self, request: web.Request) -> web.Response:
        back = self.signs_in(f"{self.origin}{request.path_qs}")
        raise web.HTTPFound(f"{self.redirect_uri}?{urlencode(back)}")

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        wrong = self._wrong_client(request.headers.get("Authorization", ""), form)
        if wrong:
            return await self._answer("token", {"error": "invalid_client"}, 401)
        grant = self.grants.get(form["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        fits = (
            grant is not None
            and not grant.used
            and form["grant_type"] == "authorization_code"
            and form["redirect_uri"] == grant.asked["redirect_uri"]
            and challenge.decode().rstrip("=") == grant.asked["code_challenge"]
        )
        if grant is None or not fits:
            return await self._answer("token", {"error": "invalid_grant"}, 400)
        grant.used = True
        said = {"token_type": "Bearer", "access_token": "unused", "id_token": self.token(grant)}
        return await self._answer("token", said)

    def _wrong_client(self, basic: str, form: dict[str, str]) -> bool:
        if self.client_key is not None:
            said = jwt.decode(form.get("client_assertion", ""), self.client_key, algorithms=["RS256"]).claims
            fits = (said["iss"], said["sub"], said["aud"]) == (CLIENT_ID, CLIENT_ID, f"{self.origin}/token")
            return not fits or "Authorization" in form
        kind, _, pair = basic.partition(" ")
        given = base64.b64decode(pair).decode().split(":") if kind == "Basic" else []
        return [unquote_plus(each) for each in given] != [CLIENT_ID, SECRET]


@cache
def _first_key() -> RSAKey:
    """What every provider of a process signs with until a test gives it another: a new one takes a while to find."""
    return new_key("one")


def new_key(kid: str) -> RSAKey:
    """A fresh key."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def hmac_with_public(key: RSAKey, token: str) -> str:
    """The same claims, signed with the published key as if it were a secret."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').decode().rstrip("=")
    signed = f"{header}.{token.split('.')[1]}"
    mac = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def unsigned(token: str) -> str:
    """The same claims, signed by nobody."""
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


@asynccontextmanager
async def standing_in(
    now: Callable[[], float] = time.time, name: str = "127.0.0.1"
) -> AsyncIterator[StandIn]:
    """Start it on a free port of loopback. name: by which it is called."""
    made = StandIn(now)
    app = web.Application()
    app.add_routes(made.routes())
    listening = await listen(app, "127.0.0.1", 0, ends_within=0.1)
    made.origin = f"http://{name}:{listening.port}"
    yield made
    await listening.close()
