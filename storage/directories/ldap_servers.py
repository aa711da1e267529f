"""Where the servers of an LDAP directory listen, as an operator writes it.

It knows encrypted connections only: there is no other kind.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"ldaps": 636, "ldap": 389}


@dataclass(frozen=True, kw_only=True)
class LdapServer:
    """Where a server listens. starttls: encrypted by StartTLS on an LDAP port, not from the first byte (LDAPS)."""

    host: str
    port: int
    starttls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def server_at(url: str) -> LdapServer:
    """The server at "ldaps://host:port", or at "ldap://host:port", which then begins with StartTLS.

    ValueError, with a sentence for the operator, if it is neither.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if parts.scheme not in _PORTS or not host or not bare:
        raise ValueError(
            'is not the address of a server. Write "ldaps://ldap.example.com", or "ldap://…" for StartTLS'
        )
    return LdapServer(host=host, port=port or _PORTS[parts.scheme], starttls=parts.scheme == "ldap")
