"""The mail server, examined up to where a letter would begin: reached, encrypted, signed in to, and left (P-6).

It sends no mail and names no recipient.
"""

import asyncio
import ssl
from contextlib import suppress
from datetime import datetime

import aiosmtplib

from bot.checking.report import failed, ok, warning
from bot.checking.tls import ending, untrusted, verification_fault
from bot.settings import MailSection
from storage.directories.base import Finding

# Seconds for one step, and for all until the server is reached.
STEP_WITHIN = 4.0
REACHED_WITHIN = 6.0


async def examine_mail(
    mail: MailSection, password: str | None, *, now: datetime, trust: ssl.SSLContext
) -> list[Finding]:
    """Connect, EHLO, STARTTLS or TLS as configured, sign in if configured, QUIT; a line for each that was come to."""
    client = aiosmtplib.SMTP(
        hostname=mail.host,
        port=mail.port,
        use_tls=mail.encryption == "tls",
        start_tls=False,
        tls_context=None if mail.encryption == "none" else trust,
        timeout=STEP_WITHIN,
    )
    try:
        found = await _reached(client, mail, now)
        if mail.username is not None and not any(one.level == "failed" for one in found):
            found.append(await _signed_in(client, mail.username, password))
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit()
        return found
    finally:
        client.close()


async def _reached(client: aiosmtplib.SMTP, mail: MailSection, now: datetime) -> list[Finding]:
    """The lines about the way there; one alone, that failed, where it does not lead there."""
    about = f"{mail.host}:{mail.port}"
    try:
        async with asyncio.timeout(REACHED_WITHIN):
            await client.connect()
            await client.ehlo()
            if mail.encryption == "starttls":
                if not client.supports_extension("starttls"):
                    return [_no_starttls(about)]
                await client.starttls()
                await client.ehlo()
    except (aiosmtplib.SMTPException, OSError) as fault:
        refused = verification_fault(fault)
        return [untrusted(about, refused) if refused is not None else _away(mail, fault)]
    answers = ok(about, "It answers as a mail server.")
    if mail.encryption == "none" or client.transport is None:
        return [answers]
    return [answers, ending(f"{about} certificate", client.transport, now=now)]


def _no_starttls(about: str) -> Finding:
    return failed(
        about,
        "It answers, but does not offer STARTTLS.",
        'If it speaks TLS from the start, write encryption = "tls" under [mail], with its port.',
    )


async def _signed_in(client: aiosmtplib.SMTP, username: str, password: str | None) -> Finding:
    if password is None:
        return warning("login", "It was not tried: WICKET_SMTP_PASSWORD is not given.", "Set it.")
    try:
        await client.login(username, password)
    except aiosmtplib.SMTPResponseException as error:
        # The server's own words may repeat what it was told.
        return failed(
            "login",
            f"The server refuses [mail] username with its password ({error.code}).",
            "Correct [mail] username, or set WICKET_SMTP_PASSWORD anew.",
        )
    except (aiosmtplib.SMTPException, OSError) as error:
        return failed(
            "login",
            f"The server takes no sign-in that Wicket knows ({type(error).__name__}).",
            "Take [mail] username out if it needs none.",
        )
    return ok("login", "The server takes [mail] username and its password.")


def _away(mail: MailSection, fault: Exception) -> Finding:
    how = "in time" if isinstance(fault, TimeoutError) else f"({type(fault).__name__})"
    return failed(
        f"{mail.host}:{mail.port}",
        f"Nothing answers there as a mail server {how}.",
        "See to [mail] host, port and encryption, and to what lies between: until it answers, no letter arrives.",
    )
