"""The channels outside Slack, examined: whether there is one, whether it is there, and if asked for, a test of it.

Unless asked to tell, it says nothing to anybody.
"""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from bot.checking.report import failed, ok, warning
from bot.checking.tls import WITHIN, ending, untrusted
from bot.couriers.incidents import MAIL, WEBHOOK
from bot.settings.incidents import IncidentsSection
from handlers.exceptions.outside import Notice, Outside
from handlers.exceptions.strange import Severity
from storage.directories.base import Finding
from storage.faults import OutsideUnavailable
from storage.identifiers import new_id
from storage.sentences import template


async def examine_outside(
    section: IncidentsSection, *, now: datetime, trust: ssl.SSLContext
) -> list[Finding]:
    """Whether anything is told outside Slack, and whether the webhook's server is there and who it says it is."""
    if section.webhook is None and not section.mail:
        return [
            warning(
                "channels",
                "Nothing is told outside Slack: [incidents] names neither mail nor webhook.",
                "Name one: an exception of high severity that nobody acknowledges goes there, and whatever has to be "
                "told before somebody gets access in an emergency.",
            )
        ]
    found = [ok(MAIL, f"Addresses: {len(section.mail)}, reached through [mail].")] if section.mail else []
    if section.webhook is not None:
        found.append(await _reached(section.webhook, now, trust))
    return found


async def tell_outside(channels: Sequence[Outside], *, now: datetime) -> list[Finding]:
    """A test notice to each of them; whether it took it."""
    return list(await asyncio.gather(*(_told(one, now) for one in channels)))


async def _told(channel: Outside, now: datetime) -> Finding:
    notice = Notice(
        id=f"{new_id('x', now)}-{channel.name}",
        kind="test",
        severity=Severity.LOW,
        title=template("This is a test"),
        told=template(
            "Somebody ran “wicket check --tell-outside”. Nothing happened and there is nothing to do."
        ),
        at=now,
        correlation="",
    )
    try:
        await channel.tell(notice)
    except OutsideUnavailable as fault:
        return failed(f"{channel.name} test", str(fault), _ADVICE[channel.name])
    return ok(f"{channel.name} test", "It took a test notice.")


_ADVICE = {
    WEBHOOK: "See to [incidents] webhook, WICKET_INCIDENT_SECRET and what lies between.",
    MAIL: "See to [incidents] mail and [mail].",
}


async def _reached(url: str, now: datetime, trust: ssl.SSLContext) -> Finding:
    """One line about the server. The path is never shown: it may be as good as a password."""
    address = urlsplit(url)
    host, is_safe = address.hostname or "", address.scheme == "https"
    port = address.port or (443 if is_safe else 80)
    about = f"{WEBHOOK} {host}:{port}"
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(WITHIN):
            context, name = (trust, host) if is_safe else (None, None)
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
        return ending(about, writer, now=now) if is_safe else ok(about, "It answers.")
    except ssl.SSLCertVerificationError as error:
        return untrusted(about, error)
    except (OSError, ssl.SSLError) as fault:
        how = "in time" if isinstance(fault, TimeoutError) else f"({type(fault).__name__})"
        return failed(
            about, f"Nothing answers there {how}.", "See to [incidents] webhook and what lies between."
        )
    finally:
        if writer is not None:
            writer.close()
