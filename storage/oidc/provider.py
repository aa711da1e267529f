"""The sign-in provider as Wicket uses it: where to send somebody, and who came back, within a deadline.

It keeps what the provider publishes for an hour, asks for new keys at most once a minute, and never waits longer.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from storage.clock import Clock
from storage.faults import ProviderUnavailable, SettingsFault
from storage.oidc.client import Client
from storage.oidc.fetching import Fetcher
from storage.oidc.kept import Kept
from storage.oidc.metadata import Metadata, Misfit, discovery_url, hosts_of, read
from storage.oidc.tokens import Expected, SignedIn, Unbelieved, UnknownKey, keys_from, verify

T = TypeVar("T")

# Seconds for all that one form may have to ask of the provider.
WITHIN = 6.0
_KEPT = timedelta(hours=1)
# A token with a key that is not known makes us ask again, but not for each token that somebody makes up.
_ASK_AGAIN = timedelta(minutes=1)
# While the provider's keys cannot be had, the last ones hold for so long.
_KEYS_HOLD = timedelta(hours=24)
_ASSERTION_LIFE = 60
_LONGEST_CODE = 2048


class Provider:
    """One sign-in provider. within: seconds that `address` and `redeem` may take."""

    def __init__(self, client: Client, now: Clock, *, within: float = WITHIN) -> None:
        self.client = client
        self._now, self._within = now, within
        self._fetcher = Fetcher(hosts_of(client), ca_file=client.ca_file)
        self._published, self._keys = Kept[Metadata](), Kept[KeySet]()
        self._signing = _private_key(client)

    async def close(self) -> None:
        """Let go of the connections. Idempotent."""
        await self._fetcher.close()

    async def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where to send a browser to sign in anew. ProviderUnavailable when that is unknown."""
        client = self.client
        metadata = await self._in_time(self._metadata())
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "scope": client.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "max_age": "0",
            "prompt": "login",
        }
        if client.acr_values:
            asked["acr_values"] = client.acr_values
        joined = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
        return f"{metadata.authorization_endpoint}{joined}{urlencode(asked)}"

    async def redeem(
        self, *, code: str, issuer: str, verifier: str, nonce: str, begun_at: datetime
    ) -> SignedIn | Unbelieved:
        """Who came back with this code. issuer: the `iss` beside it, "" if none (RFC 9207)."""
        return await self._in_time(self._redeem(code, issuer, verifier, nonce, begun_at))

    async def _in_time(self, asking: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._within):
                return await asking
        except TimeoutError:
            raise ProviderUnavailable(
                f"The sign-in provider did not answer within {self._within:g} s."
            ) from None

    async def _redeem(
        self, code: str, issuer: str, verifier: str, nonce: str, begun_at: datetime
    ) -> SignedIn | Unbelieved:
        metadata = await self._metadata()
        if (issuer or metadata.says_issuer) and issuer != self.client.issuer:
            return Unbelieved(why="other_issuer")
        if not 0 < len(code) <= _LONGEST_CODE:
            return Unbelieved(why="malformed")
        token = await self._exchange(metadata, code, verifier)
        if isinstance(token, Unbelieved):
            return token
        expected = Expected(
            issuer=self.client.issuer,
            client_id=self.client.client_id,
            nonce=nonce,
            acr=self.client.acr,
            begun_at=begun_at,
        )
        for younger_than in (_KEPT, _ASK_AGAIN):
            with suppress(UnknownKey):
                keys = await self._known_keys(metadata, younger_than)
                return verify(token, keys, expected, self._now())
        return Unbelieved(why="key")

    async def _exchange(self, metadata: Metadata, code: str, verifier: str) -> str | Unbelieved:
        """The ID token for a code (RFC 6749, section 4.1.3). Nothing else of the answer is looked at or kept."""
        client = self.client
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "code_verifier": verifier,
            **self._assertion(metadata),
        }
        answer = await self._fetcher.post(metadata.token_endpoint, form, self._basic())
        if answer.status in (400, 401, 403):
            said = answer.body.get("error")
            # invalid_grant is the code's fault; anything else is between the provider and us.
            if said == "invalid_grant":
                return Unbelieved(why="code")
            raise ProviderUnavailable("The sign-in provider does not take Wicket's credentials.")
        token = answer.body.get("id_token")
        if answer.status != 200:
            raise ProviderUnavailable(f"The sign-in provider answered {answer.status}.")
        return token if isinstance(token, str) else Unbelieved(why="malformed")

    def _basic(self) -> Mapping[str, str]:
        """RFC 6749, section 2.3.1: both parts are form-encoded first."""
        if self._signing is not None:
            return {}
        pair = f"{quote_plus(self.client.client_id)}:{quote_plus(self.client.secret)}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _assertion(self, metadata: Metadata) -> Mapping[str, str]:
        """RFC 7523, section 2.2: signed for the token endpoint alone, for a minute, once."""
        if self._signing is None:
            return {}
        at = int(self._now().timestamp())
        claims = {
            "iss": self.client.client_id,
            "sub": self.client.client_id,
            "aud": metadata.token_endpoint,
            "iat": at,
            "exp": at + _ASSERTION_LIFE,
            "jti": secrets.token_urlsafe(16),
        }
        algorithm = "ES256" if isinstance(self._signing, ECKey) else "RS256"
        header = {"alg": algorithm, "kid": self._signing.thumbprint()}
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(header, claims, self._signing, algorithms=[algorithm]),
        }

    async def _metadata(self) -> Metadata:
        async def ask() -> Metadata:
            answer = await self._fetcher.get(discovery_url(self.client.issuer))
            found = read(answer.body, self.client) if answer.status == 200 else None
            if isinstance(found, Metadata):
                return found
            why = found.why if isinstance(found, Misfit) else f"It answered {answer.status}."
            raise ProviderUnavailable(f"The sign-in provider cannot be used: {why}")

        return await self._published.get(ask, self._now, younger_than=_KEPT, holds=_KEPT)

    async def _known_keys(self, metadata: Metadata, younger_than: timedelta) -> KeySet:
        async def ask() -> KeySet:
            answer = await self._fetcher.get(metadata.jwks_uri)
            keys = keys_from(answer.body) if answer.status == 200 else None
            if keys is None:
                raise ProviderUnavailable("The sign-in provider publishes no key that can be used.")
            return keys

        return await self._keys.get(ask, self._now, younger_than=younger_than, holds=_KEYS_HOLD)


def _private_key(client: Client) -> RSAKey | ECKey | None:
    """What signs our assertions; SettingsFault, without repeating it, if the secret is no key for that."""
    if client.auth_method != "private_key_jwt":
        return None
    for each in (RSAKey, ECKey):
        try:
            key = each.import_key(client.secret)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private and (isinstance(key, RSAKey) or key.curve_name == "P-256"):
            return key
    raise SettingsFault(
        "WICKET_OIDC_CLIENT_SECRET is not a private key in PEM (RSA, or EC on P-256), as private_key_jwt needs."
    )
