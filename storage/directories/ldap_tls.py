"""Connections to LDAP servers as ldap3 makes them: always encrypted, always verified, with faults in plain words.

There is no way to leave the verification out, and no fault repeats what was sent.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException

from storage.directories.ldap_servers import LdapServer
from storage.faults import DirectoryUnavailable, SettingsFault

# X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python does not name.
_WHATEVER_THE_DATE = 0x200000


class ConnectionLost(DirectoryUnavailable):
    """The connection to the directory server broke, or never came about."""


class ServerSilent(ConnectionLost):
    """The directory server took too long to answer."""


def verifying_context(ca_file: Path | None, *, whatever_the_date: bool = False) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate and host name verified. ca_file: trusted instead of the system's, in PEM.

    whatever_the_date: only to see when a certificate ended; nothing may be said on such a connection. SettingsFault
    if the file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        context.verify_flags |= _WHATEVER_THE_DATE if whatever_the_date else 0
        return context
    except (OSError, ssl.SSLError) as error:
        raise SettingsFault(f"{ca_file}: cannot be used as a file of CA certificates: {error}.") from None


class VerifiedTls(ldap3.Tls):  # type: ignore[misc]  # ldap3 has no types
    """ldap3's TLS with the checks of Python's own ssl module, against the name that was configured.

    ldap3 compares names itself, after the handshake, and since Python 3.12 by an old copy of that code.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context, self._host = context, host

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002 - ldap3's signature
        """Encrypt the connection's socket; ssl.SSLError when the server is not who it should be."""
        # In its place before the handshake, so that a call whose time is over can be cut in the middle of it.
        connection.socket = self._context.wrap_socket(
            connection.socket, server_hostname=self._host, do_handshake_on_connect=False
        )
        connection.socket.do_handshake()


def new_connection(
    server: LdapServer, address: str, context: ssl.SSLContext, *, user: str, password: str, step: int
) -> Any:
    """An unopened ldap3 connection to one address of the server. step: seconds for each single answer."""
    target = ldap3.Server(
        address,
        port=server.port,
        use_ssl=not server.starttls,
        tls=VerifiedTls(context, server.host),
        get_info=ldap3.NONE,
        connect_timeout=step,
        mode=ldap3.IP_SYSTEM_DEFAULT,
    )
    return ldap3.Connection(
        target,
        user=user,
        # As bytes: ldap3 would otherwise map it by SASLprep, and other programs send it as it is.
        password=password.encode(errors="surrogatepass"),
        authentication=ldap3.SIMPLE,
        # Not SAFE_SYNC, which copies every answer for other threads: a connection is one thread's at a time.
        client_strategy=ldap3.SYNC,
        receive_timeout=step,
        auto_referrals=False,
        auto_range=False,
        auto_escape=False,
        check_names=False,
        return_empty_attributes=False,
    )


def open_encrypted(connection: Any, *, starttls: bool) -> None:
    """Connect, and encrypt before anything is asked. OSError or ldap3's LDAPException when that fails."""
    connection.open(read_server_info=False)
    if starttls:
        connection.start_tls(read_server_info=False)
    if not isinstance(connection.socket, ssl.SSLSocket):
        raise OSError("it did not begin to encrypt")


def certificate_end(connection: Any) -> datetime:
    """When the certificate of the server at the other end ends."""
    return datetime.fromtimestamp(
        ssl.cert_time_to_seconds(connection.socket.getpeercert()["notAfter"]), tz=UTC
    )


@contextmanager
def plain_words(label: str) -> Iterator[None]:
    """Turn what ldap3 and the network raise into ConnectionLost, or into ServerSilent when it was a time-out."""
    try:
        yield
    except DirectoryUnavailable:
        raise
    except (LDAPException, OSError) as error:
        if isinstance(error, TimeoutError) or "timed out" in str(error):
            raise ServerSilent("The directory {directory} did not answer in time.", directory=label) from None
        why = _reason(error)
        raise ConnectionLost(
            "The directory {directory} cannot be reached: {reason}.", directory=label, reason=why
        ) from None
    except Exception as odd:  # noqa: BLE001 - a server that talks nonsense makes ldap3 raise anything at all
        kind = type(odd).__name__
        raise ConnectionLost(
            "The directory {directory} gave an answer that makes no sense ({kind}).",
            directory=label,
            kind=kind,
        ) from None


def _reason(error: BaseException) -> str:
    """Why, in short: the verification's own words where it was that."""
    text = " ".join(str(error).split())
    if "certificate verify failed" in text:
        found = (
            text.split("certificate verify failed", 1)[1].split("(_ssl", 1)[0].replace("\\", "").strip(" :.")
        )
        return f"its certificate is not trusted ({found})"
    return text[:200].rstrip(".") or type(error).__name__
