"""[incidents]: where what nobody acknowledges in Slack is told outside it, and after how long.

The secret that signs it has no place here: it comes from WICKET_INCIDENT_SECRET.
"""

import base64
import binascii
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from bot.settings.section import Section
from bot.settings.shapes import Line, MailAddress, is_loopback

# Standard Webhooks 1.0.0, "Signature scheme": how a secret is written, and how long it is.
_MARK, _SHORTEST, _LONGEST = "whsec_", 24, 64


def _receiver(value: str) -> str:
    """Kept letter by letter: what is signed goes exactly there."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError('is not a web address. Write it whole: "https://incidents.example.com/wicket"')
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must begin with https:// since what happened in your company travels there")
    if parts.fragment:
        raise ValueError("must have no # in it: what follows that is never sent")
    return value


class IncidentsSection(Section):
    """Both channels may be given; without any, nothing leaves Slack."""

    webhook: Annotated[Line, AfterValidator(_receiver)] | None = Field(
        default=None, examples=["https://incidents.example.com/wicket"]
    )
    mail: tuple[MailAddress, ...] = Field(default=(), max_length=20, examples=[["on-call@example.com"]])
    after_minutes: int = Field(default=15, ge=1, le=1440, examples=[15])


def read_keys(written: str) -> tuple[bytes, ...] | None:
    """The keys in comma-separated secrets of Standard Webhooks; None if one of them is none, or none is there."""
    found = [_key(part) for raw in written.split(",") if (part := raw.strip())]
    keys = tuple(key for key in found if key is not None)
    return keys if keys and len(keys) == len(found) else None


def _key(secret: str) -> bytes | None:
    if not secret.startswith(_MARK):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(_MARK), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if _SHORTEST <= len(key) <= _LONGEST else None
