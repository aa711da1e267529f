"""Certificates, examined as whoever connects would: whose they are, who vouches for them, and when they end.

It ends each connection after the handshake, and says nothing over it.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bot.checking.report import failed, ok, warning
from storage.directories.base import Finding
from storage.directories.ldap_reach import SOON

# Seconds to connect and shake hands.
WITHIN = 6.0
# OpenSSL's numbers (x509_vfy.h) for what its own words say less plainly.
_NOT_YET, _EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 9, 10, 62, 64


async def examine_page(public_url: str, *, now: datetime, trust: ssl.SSLContext) -> list[Finding]:
    """The address of the secure page: whether it is there, and its certificate. Nothing for plain http."""
    address = urlsplit(public_url)
    if address.scheme != "https":
        return []
    host, port = address.hostname or "", address.port or 443
    about = f"{host}:{port}"
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(WITHIN):
            _, writer = await asyncio.open_connection(host, port, ssl=trust, server_hostname=host)
        return [ending(about, writer, now=now)]
    except ssl.SSLCertVerificationError as error:
        return [untrusted(about, error)]
    except ssl.SSLError as error:
        return [
            failed(
                about,
                f"What answers there agrees on no TLS ({error.reason or 'no reason given'}).",
                "See that the proxy in front speaks TLS 1.2 or later at this address.",
            )
        ]
    except OSError as fault:
        return [
            warning(
                about,
                f"It cannot be reached from here ({_named(fault)}).",
                "That may be as you want it. If people cannot reach it either, see to the proxy and its name.",
            )
        ]
    finally:
        if writer is not None:
            writer.close()


def ending(about: str, channel: asyncio.StreamWriter | asyncio.BaseTransport, *, now: datetime) -> Finding:
    """The line about a certificate that was accepted: until when it will be."""
    certificate = channel.get_extra_info("ssl_object").getpeercert()
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    said = f"Its certificate fits the name and ends on {end:%Y-%m-%d}, in {(end - now).days} days."
    if end - now < SOON:
        return warning(about, said, "Renew it now, or see why that did not happen by itself.")
    return ok(about, said)


def untrusted(about: str, error: ssl.SSLCertVerificationError) -> Finding:
    """The line about a certificate that was not accepted."""
    if error.verify_code == _EXPIRED:
        return failed(about, "Its certificate has expired.", "Renew it.")
    if error.verify_code == _NOT_YET:
        return failed(
            about, "Its certificate is not valid yet.", "See to the clock, here and where it was issued."
        )
    if error.verify_code in (_OTHER_HOST, _OTHER_ADDRESS):
        return failed(about, "Its certificate is for another name.", "Have one issued for this name.")
    return failed(
        about,
        f"Nobody whom this machine trusts vouches for its certificate ({error.verify_message}).",
        "Serve the whole chain. A certificate authority of your own must be trusted here too, "
        "by the system or by SSL_CERT_FILE.",
    )


def verification_fault(fault: BaseException) -> ssl.SSLCertVerificationError | None:
    """The refused certificate behind a fault, if that is what was behind it."""
    seen: BaseException | None = fault
    while seen is not None and not isinstance(seen, ssl.SSLCertVerificationError):
        seen = seen.__cause__ or seen.__context__
    return seen


def _named(fault: OSError) -> str:
    if isinstance(fault, TimeoutError):
        return f"nothing came within {WITHIN:.0f} s"
    return fault.strerror or type(fault).__name__
