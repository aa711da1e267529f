"""The address of a PostgreSQL database: what it may hold, and what it must say once it leaves this machine.

It connects to nothing, and repeats no part of an address that may be a secret.
"""

from collections.abc import Mapping

from bot.settings.shapes import is_loopback

SCHEMES = ("postgresql", "postgres")

_SECRETS = ("password", "sslpassword")
# Each would let another file say where to, as whom or how safely, behind the back of this one.
_ELSEWHERE = ("service", "passfile")
# Only these two tell whether who answers is who was meant.
_VERIFIED = ("verify-ca", "verify-full")
EXAMPLE = "postgresql://wicket@db.example.com/wicket?sslmode=verify-full&sslrootcert=/etc/wicket/db-ca.pem"


def is_server(url: str) -> bool:
    """Whether it is the address of a PostgreSQL database."""
    return url.partition("://")[0] in SCHEMES


def wrong_with(url: str) -> str | None:
    """What must be mended in this address, as the end of a sentence; None if it can be used."""
    # Whoever keeps a SQLite file does not wait for another driver to load.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except (ProgrammingError, UnicodeError):  # its own words would repeat the address
        return f'is not an address that PostgreSQL understands. Write it like "{EXAMPLE}"'
    if any(name in parts for name in _SECRETS):
        return (
            "holds a password, and secrets are not read from here. Remove it, replace it if others could read it, "
            "and use WICKET_DATABASE_PASSWORD or WICKET_DATABASE_PASSWORD_FILE"
        )
    if strange := next((name for name in _ELSEWHERE if name in parts), None):
        return f"names another file by {strange}=. Write what stands there into the address instead"
    if not parts.get("dbname"):
        return f'names no database. Write it like "{EXAMPLE}"'
    if not (parts.get("host") or parts.get("hostaddr")):
        # Otherwise a variable of the driver's own would say where to, past what is checked here.
        return f'names no server. Write it like "{EXAMPLE}", or with ?host=/run/postgresql for one on this machine'
    if not _is_here(parts) and parts.get("sslmode") not in _VERIFIED:
        return (
            "leads to another machine without saying whom to trust there. "
            "Add ?sslmode=verify-full&sslrootcert=FILE, with the certificate of the authority that signed the server's"
        )
    return None


def name_of(url: str) -> str:
    """The database that a sound address names."""
    from psycopg.conninfo import conninfo_to_dict

    return str(conninfo_to_dict(url)["dbname"])


def _is_here(parts: Mapping[str, object]) -> bool:
    """Whether every server that it names is this machine, by loopback or by a socket in its files."""
    named = [str(parts[key]) for key in ("host", "hostaddr") if parts.get(key)]
    hosts = [host for each in named for host in each.split(",")]
    return all(host.startswith("/") or is_loopback(host) for host in hosts)
