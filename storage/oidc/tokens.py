"""ID tokens judged (OpenID Connect Core 1.0, section 3.1.3.7): the signature by the provider's keys, then each claim.

It asks nobody, keeps nothing of a token but who signed in, and never says more than one word of why it refused.
"""

import hmac
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, GuestProtocol, KeySet, RSAKey
from joserfc.jws import JWSRegistry

# Signatures with a key that is published, and nothing else: no "none", and no HMAC that a public key could forge.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
LARGEST_TOKEN = 16 * 1024
# How far the provider's clock may be from ours, either way.
SKEW = timedelta(seconds=60)
# How long ago somebody may have signed in for it to count as now (P-1).
FRESH = timedelta(minutes=5)
_SMALLEST_RSA = 2048
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_MOST_KEYS = 32


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the token must be for. begun_at: when the sign-in was asked for; it must have happened since."""

    issuer: str
    client_id: str
    nonce: str
    acr: frozenset[str]
    begun_at: datetime


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Somebody signed in. claims: all that the provider says of them; nothing of it is kept but `sub`."""

    issuer: str
    sub: str
    acr: str
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Unbelieved:
    """The token proves nothing. why: one word, for the record."""

    why: str


class UnknownKey(Exception):
    """The token names a key that is not among these; the provider may have changed its keys."""


def keys_from(body: Mapping[str, Any]) -> KeySet | None:
    """The provider's keys for signatures; None if there is none among them that may be used."""
    listed, usable = body.get("keys"), []
    for data in listed[:_MOST_KEYS] if isinstance(listed, list) else ():
        key = _key(data)
        if key is not None:
            usable.append(key)
    return KeySet(list(usable)) if usable else None


def verify(text: str, keys: KeySet, expected: Expected, now: datetime) -> SignedIn | Unbelieved:
    """Whether this token says, to us and for this visit, that somebody signed in just now. UnknownKey as above."""
    if len(text) > LARGEST_TOKEN or not text.isascii():
        return Unbelieved(why="malformed")
    try:
        token = jwt.decode(text, lambda guest: _fitting(guest, keys), registry=_registry())
    except UnknownKey:
        raise
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return Unbelieved(why="signature")
    if token.header.get("typ", "JWT") not in ("JWT", "jwt"):
        return Unbelieved(why="typ")
    why = _wrong(token.claims, expected, now)
    if why:
        return Unbelieved(why=why)
    claims = token.claims
    return SignedIn(issuer=expected.issuer, sub=claims["sub"], acr=claims["acr"], claims=claims)


def _registry() -> JWSRegistry:
    registry = JWSRegistry(algorithms=sorted(ALGORITHMS))
    registry.max_payload_length = LARGEST_TOKEN
    return registry


def _key(data: object) -> RSAKey | ECKey | None:
    """One key of the set, if it is a public one for signatures; others beside it are no harm."""
    if not isinstance(data, dict) or data.get("use", "sig") != "sig" or "d" in data:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # a short key is refused below, not warned of
            if data.get("kty") == "RSA":
                rsa = RSAKey.import_key(data)
                return rsa if rsa.raw_value.key_size >= _SMALLEST_RSA else None
            return ECKey.import_key(data) if data.get("kty") == "EC" else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _fitting(guest: GuestProtocol, keys: KeySet) -> RSAKey | ECKey:
    """The one key that the header names, or the only one that could have been used, where it names none."""
    header = guest.headers()
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or "crit" in header:
        raise ValueError("no algorithm of ours")
    fitting = [key for key in keys if isinstance(key, (RSAKey, ECKey)) and _can(key, str(algorithm))]
    named = fitting if kid is None else [key for key in fitting if key.kid == kid]
    if len(named) != 1:
        raise UnknownKey
    return named[0]


def _can(key: RSAKey | ECKey, algorithm: str) -> bool:
    if key.get("alg", algorithm) != algorithm:
        return False
    if isinstance(key, ECKey):
        return key.curve_name == _CURVES.get(algorithm)
    return algorithm[:2] in ("RS", "PS")


def _wrong(claims: Mapping[str, Any], expected: Expected, now: datetime) -> str:
    """The first claim that does not fit, "" if all do."""
    checks = (
        ("iss", claims.get("iss") == expected.issuer),
        # One audience, ourselves: nobody else is trusted with a token that is a proof here.
        ("aud", claims.get("aud") in (expected.client_id, [expected.client_id])),
        ("azp", claims.get("azp", expected.client_id) == expected.client_id),
        ("exp", (ends := _moment(claims.get("exp"))) is not None and now - SKEW < ends),
        ("iat", (made := _moment(claims.get("iat"))) is not None and -SKEW <= now - made <= FRESH + SKEW),
        ("nbf", "nbf" not in claims or ((nbf := _moment(claims["nbf"])) is not None and nbf <= now + SKEW)),
        ("nonce", _same(claims.get("nonce"), expected.nonce)),
        ("sub", _is_subject(claims.get("sub"))),
        ("acr", isinstance(acr := claims.get("acr"), str) and acr in expected.acr),
        ("auth_time", _is_fresh(_moment(claims.get("auth_time")), expected.begun_at, now)),
    )
    return next((name for name, fits in checks if not fits), "")


def _is_fresh(signed_in: datetime | None, begun_at: datetime, now: datetime) -> bool:
    """Within five minutes, and not before it was asked for (`max_age=0`); a clock's skew is allowed for."""
    if signed_in is None:
        return False
    return begun_at - SKEW <= signed_in <= now + SKEW and now - signed_in <= FRESH


def _is_subject(sub: object) -> bool:
    """Core, section 2: at most 255 characters of ASCII."""
    return isinstance(sub, str) and 0 < len(sub) <= 255 and sub.isascii() and sub.isprintable()


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _same(given: object, ours: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), ours.encode())
