"""The two channels outside Slack: a webhook with signed JSON, and mail to the addresses of a setting.

They decide nothing, keep nothing, follow no redirect, read no answer, and log neither secret nor address.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from email.message import EmailMessage
from email.utils import format_datetime

import aiohttp
import structlog

from bot.couriers.mail import Smtp, Undeliverable
from bot.settings import Settings
from bot.slack.words import in_full, visible
from bot.texts import ENGLISH, Language, as_told, read_in, say, template
from handlers.exceptions.outside import WITHIN, Notice, Outside
from storage.clock import Clock
from storage.faults import MailUnavailable, OutsideUnavailable

log = structlog.get_logger(__name__)

WEBHOOK, MAIL = "webhook", "mail"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """In which language and zone a notice is said."""

    language: Language = ENGLISH
    zone: tzinfo = UTC


class Webhook:
    """An incident tool that takes signed JSON (Standard Webhooks 1.0.0). keys: each of them signs; newest first.

    now: the clock of this machine, since the receiver holds the time of each try against its own.
    """

    name = WEBHOOK

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        keys: Sequence[bytes],
        now: Clock,
        reader: Reader = Reader(),
        within: float = WITHIN,
    ) -> None:
        self._session, self._url, self._keys, self._now = session, url, tuple(keys), now
        self._reader, self._within = reader, aiohttp.ClientTimeout(total=within)

    async def tell(self, notice: Notice) -> None:
        """Post it. Any answer but 2xx is no acceptance, and its body is not read: it may be of any size."""
        body = self._body(notice)
        headers = {
            "Content-Type": "application/json",
            **signed(notice.id, int(self._now().timestamp()), body, self._keys),
        }
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=self._within, allow_redirects=False
            ) as answer:
                status = answer.status
                answer.close()
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            # The fault's own words may repeat the address, which may be as good as a password.
            raise OutsideUnavailable(f"It could not be reached ({type(fault).__name__}).") from None
        if not 200 <= status < 300:
            raise OutsideUnavailable(f"It answered {status}.")

    def _body(self, notice: Notice) -> bytes:
        title, told = said_of(notice, self._reader)
        whole = {
            "type": f"wicket.{notice.kind}",
            "timestamp": notice.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": {
                "id": notice.id,
                "kind": notice.kind,
                "severity": notice.severity,
                "title": title,
                "told": told,
                "correlation": notice.correlation,
            },
        }
        return json.dumps(whole, separators=(",", ":")).encode()


def signed(ident: str, seconds: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0.0. seconds: since 1970, of this try."""
    content = b".".join((ident.encode(), str(seconds).encode(), body))
    found = [base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys]
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{one}" for one in found),
    }


class Mailing:
    """Mail to those on duty: one message to all their addresses. It was taken if it was for one of them."""

    name = MAIL

    def __init__(
        self,
        smtp: Smtp,
        to: Sequence[str],
        *,
        now: Clock,
        reader: Reader = Reader(),
        within: float = WITHIN,
    ) -> None:
        self._smtp, self._to, self._now = smtp, tuple(to), now
        self._reader, self._within = reader, within

    async def tell(self, notice: Notice) -> None:
        """Hand it over."""
        try:
            async with asyncio.timeout(self._within):
                refused = await self._smtp.send(self._letter(notice))
        except Undeliverable as never:
            raise OutsideUnavailable("The mail server refused every address.") from never
        except MailUnavailable as fault:
            raise OutsideUnavailable(str(fault)) from fault
        except TimeoutError as fault:
            raise OutsideUnavailable("The mail server did not answer in time.") from fault
        if refused:
            log.warning("outside.addresses_refused", notice=notice.id, refused=refused, of=len(self._to))

    def _letter(self, notice: Notice) -> EmailMessage:
        title, told = said_of(notice, self._reader)
        message = EmailMessage()
        message["From"], message["To"] = self._smtp.sender, ", ".join(self._to)
        with read_in(self._reader.language, self._reader.zone):
            message["Subject"] = say("Wicket: {title}", title=title)
            severity = say(_GRAVE[notice.severity]) if notice.severity in _GRAVE else notice.severity
            about = say("{severity} · {time}", severity=severity, time=in_full(notice.at))
            story = say("story {id}", id=visible(notice.correlation)) if notice.correlation else ""
        message["Date"] = format_datetime(self._now())
        # The same notice twice is one letter to most readers.
        message["Message-ID"] = f"<{notice.id}@{self._smtp.sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(filter(None, (title, told, about, story, "Wicket"))) + "\n")
        return message


_GRAVE = {"high": template("high"), "medium": template("medium"), "low": template("low")}


def channels(
    settings: Settings, session: aiohttp.ClientSession, *, now: Clock, reader: Reader = Reader()
) -> tuple[Outside, ...]:
    """Those that the settings name, the webhook first; none where they name none."""
    section = settings.incidents
    found: list[Outside] = []
    if section.webhook is not None:
        keys = settings.secrets.incident_keys()
        found.append(Webhook(session, section.webhook, keys=keys, now=now, reader=reader))
    if section.mail:
        smtp = Smtp.of(settings.mail, settings.secrets.smtp_password)
        found.append(Mailing(smtp, section.mail, now=now, reader=reader))
    return tuple(found)


def said_of(notice: Notice, reader: Reader) -> tuple[str, str]:
    """Title and text in the reader's language, each on one line and without what no terminal should obey."""
    with read_in(reader.language, reader.zone):
        return visible(as_told(notice.title)), visible(as_told(notice.told))
