"""The demo's phones: an authenticator and a mailbox for each person, fed by a real SMTP server on loopback.

It knows what any phone knows, keys it was given and mails it was sent, and nothing of the bot.
"""

import asyncio
import base64
import binascii
import email
import email.policy
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote
from weakref import WeakSet

import pyotp
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.listening import take_no_more
from storage.clock import Clock, utc_now

LARGEST_MAIL = 256 * 1024
# RFC 4226, section 4: a shared secret has at least 128 bits; pyotp itself takes any.
SHORTEST_KEY = 16
ISSUER = "Wicket"


@dataclass(frozen=True, kw_only=True)
class PhoneOwner:
    """Whose phone it is. key: of an authenticator that was set up before, in base32; None if there is none."""

    user_id: str
    login: str
    mail: str
    key: str | None = None


@dataclass(kw_only=True)
class _Phone:
    keys: dict[str, str] = field(default_factory=dict)
    mails: list[dict[str, str]] = field(default_factory=list)


class Phones:
    """Everybody's phone, by Slack id.

    kept: a JSON file in which added keys outlive the process. on_change: called with the Slack id whose phone
    changed.
    """

    def __init__(
        self,
        owners: Iterable[PhoneOwner],
        *,
        now: Clock = utc_now,
        on_change: Callable[[str], None] | None = None,
        kept: Path | None = None,
    ) -> None:
        self.on_change = on_change
        self._now, self._kept = now, kept
        self._phones: defaultdict[str, _Phone] = defaultdict(_Phone)
        owners = list(owners)
        self._addresses = {owner.mail.casefold(): owner.user_id for owner in owners}
        self._ids = count(1)
        self._post = _PostOffice(self)
        for owner in owners:
            if owner.key is not None:
                self._phones[owner.user_id].keys[f"{ISSUER} ({owner.login})"] = _uri(owner.key, owner.login)
        self._read_kept()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Open the mail server, on loopback alone."""
        await self._post.open(host, port)

    async def stop(self) -> None:
        """Close the mail server and its connections."""
        await self._post.close()

    @property
    def smtp_port(self) -> int:
        """Where the mail server listens, once started."""
        return self._post.port

    def codes(self, user_id: str) -> list[dict[str, Any]]:
        """What the authenticator shows now: label, code and the seconds it is still shown for."""
        at = self._now()
        shown = []
        for label, uri in self._phones[user_id].keys.items():
            totp = _parsed(uri)
            left = totp.interval - at.timestamp() % totp.interval
            shown.append({"label": label, "code": totp.at(at), "seconds_left": round(left, 1)})
        return shown

    def mailbox(self, user_id: str) -> list[dict[str, str]]:
        """Mails received, oldest first: id, at (ISO 8601, UTC), from, subject, text."""
        return list(self._phones[user_id].mails)

    def scan(self, user_id: str, uri: str) -> None:
        """Add a key: an otpauth://totp address, or base32 alone. ValueError, fit to be shown, if it is neither.

        A key for the same account of the same issuer takes the place of the old one, as on real phones.
        """
        address = uri.strip()
        if not address.startswith("otpauth:"):
            address = _uri(address.replace(" ", "").replace("-", "").upper(), "by hand")
        totp = _parsed(address)
        label = f"{totp.issuer or 'Key'} ({totp.name})"
        self._phones[user_id].keys[label] = address
        self._write_kept()
        self._changed(user_id)

    def put_mail(self, user_id: str, *, sender: str, subject: str, text: str) -> None:
        """Put a mail into this person's mailbox."""
        mail = {
            "id": str(next(self._ids)), "at": self._now().isoformat(), "from": sender, "subject": subject,
            "text": text,
        }  # fmt: skip
        self._phones[user_id].mails.append(mail)
        self._changed(user_id)

    def whose(self, address: str) -> str | None:
        """The Slack id of the person with this address."""
        return self._addresses.get(parseaddr(address)[1].casefold())

    def _changed(self, user_id: str) -> None:
        if self.on_change is not None:
            self.on_change(user_id)

    def _read_kept(self) -> None:
        if self._kept is not None and self._kept.exists():
            for user_id, keys in json.loads(self._kept.read_text(encoding="utf-8")).items():
                self._phones[user_id].keys.update(keys)

    def _write_kept(self) -> None:
        if self._kept is not None:
            keys = {user_id: phone.keys for user_id, phone in self._phones.items() if phone.keys}
            self._kept.touch(mode=0o600)
            self._kept.write_text(json.dumps(keys, indent=1), encoding="utf-8")


class _PostOffice:
    """The mail server: takes mails for known addresses and puts them into mailboxes."""

    def __init__(self, phones: Phones) -> None:
        self._phones = phones
        self._server: asyncio.Server | None = None
        self._talking: WeakSet[SMTP] = WeakSet()

    async def open(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: self._answer(loop), host, port)

    def _answer(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        # The name is given, since aiosmtpd would otherwise ask the network for it and hold up the loop.
        speaking = SMTP(self, hostname="localhost", data_size_limit=LARGEST_MAIL, loop=loop)
        self._talking.add(speaking)
        return speaking

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the mail server is not open")
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is None:
            return
        await take_no_more(self._server)
        for speaking in self._talking:
            if speaking.transport is not None:
                speaking.transport.close()
        self._talking.clear()
        await self._server.wait_closed()
        self._server = None

    async def handle_RCPT(  # noqa: N802  the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail for the people of the company and nobody else."""
        del server, session, options
        if self._phones.whose(address) is None:
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        """Put the mail into each mailbox it is for."""
        del server, session
        content = envelope.content or b""
        message = email.message_from_bytes(
            content if isinstance(content, bytes) else content.encode(), policy=email.policy.default
        )
        assert isinstance(message, EmailMessage)  # noqa: S101  that is what this policy makes
        body = message.get_body(preferencelist=("plain",))
        text = str(body.get_content()) if body is not None else ""
        for user_id in {self._phones.whose(address) for address in envelope.rcpt_tos} - {None}:
            self._phones.put_mail(
                str(user_id),
                sender=str(message["from"] or ""),
                subject=str(message["subject"] or ""),
                text=text,
            )
        return "250 OK"


def _uri(key: str, name: str) -> str:
    return f"otpauth://totp/{ISSUER}:{quote(name)}?secret={quote(key)}&issuer={ISSUER}"


def _parsed(uri: str) -> pyotp.TOTP:
    """The authenticator entry. ValueError with a sentence for a person if it is none."""
    try:
        parsed = pyotp.parse_uri(uri)
        long_enough = len(base64.b32decode(parsed.secret + "=" * (-len(parsed.secret) % 8))) >= SHORTEST_KEY
    except (ValueError, binascii.Error) as error:
        raise ValueError("This is no setup key for an authenticator.") from error
    if not isinstance(parsed, pyotp.TOTP) or not long_enough:
        raise ValueError("This is no setup key for an authenticator.")
    return parsed
