"""Where the tables are kept: a SQLite file of one machine, or a PostgreSQL database that replicas share.

It only names the place; nothing is opened here.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Server:
    """A PostgreSQL database. url: a libpq address without a password ("postgresql://user@host/name?sslmode=…")."""

    url: str
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """As it is shown to an operator."""
        return self.url


Store = Path | Server
