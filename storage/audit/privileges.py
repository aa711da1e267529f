"""What the role that Wicket runs as may do with the audit tables of a PostgreSQL database, and what it needs.

It changes no right; whoever owns the tables does, by the statements that are made here.
"""

import re
from collections.abc import Iterator

from sqlalchemy import text

from storage.audit.log import Transaction, connection_of
from storage.audit.tables import ARCHIVES, CHECKPOINTS, ENTRIES, HEAD, TABLES, TEXTS, TILES

# Beside reading them. An erasure empties a text and its salt; the head moves on with each entry.
NEEDED = {
    ENTRIES.name: ("INSERT",),
    TEXTS.name: ("INSERT", "UPDATE (text, salt, erased_by)"),
    HEAD.name: ("INSERT", "UPDATE"),
    CHECKPOINTS.name: ("INSERT",),
    TILES.name: ("INSERT",),
    ARCHIVES.name: (),
}
MEND = "Let another role own the tables, and run as it what `wicket migrate --rights ROLE` prints."
_RIGHTS = ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")

_IS_OWNER = text(
    "SELECT relname, pg_has_role(current_user, relowner, 'USAGE') AS owns FROM pg_class"
    " WHERE oid = ANY(CAST(:tables AS regclass[])) ORDER BY relname"
)
_MAY = text("SELECT has_table_privilege(current_user, CAST(:name AS regclass), :right)")


def too_wide(tx: Transaction) -> list[str]:
    """What this role may do with the audit tables beyond what is needed, in order: "owns audit_entries", "DELETE on …".

    Whoever owns a table takes its triggers away and drops it. Nothing on SQLite: whoever writes the file does all.
    """
    connection = connection_of(tx)
    if connection.dialect.name != "postgresql":
        return []
    names = [table.name for table in TABLES]
    owned = [row.relname for row in connection.execute(_IS_OWNER, {"tables": names}) if row.owns]
    rights = [
        f"{right} on {name}"
        for name in names
        if name not in owned
        for right in _RIGHTS
        if right not in NEEDED[name] and connection.execute(_MAY, {"name": name, "right": right}).scalar_one()
    ]
    return [*(f"owns {name}" for name in owned), *rights]


def may_archive(tx: Transaction) -> bool:
    """Whether this role may state archives and take out what they hold; on SQLite whoever writes the file does."""
    connection = connection_of(tx)
    needs = ((ARCHIVES.name, "INSERT"), (ENTRIES.name, "DELETE"), (TEXTS.name, "DELETE"))
    return connection.dialect.name != "postgresql" or all(
        connection.execute(_MAY, {"name": name, "right": right}).scalar_one() for name, right in needs
    )


def statements(*, bot: str) -> Iterator[str]:
    """What gives the role `bot` all that it needs and no more, to be run by whoever owns the tables.

    It can be run again at any time; what later upgrades add is given with them. ValueError for what is no plain name.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", bot):
        raise ValueError("a role is named by letters, digits and underscores")
    audit = ", ".join(table.name for table in TABLES)
    yield f"GRANT USAGE ON SCHEMA public TO {bot}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {bot}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {bot}"
    yield f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {bot}"
    yield f"REVOKE ALL ON {audit} FROM {bot}"
    yield f"GRANT SELECT ON {audit} TO {bot}"
    for name, rights in ((name, rights) for name, rights in NEEDED.items() if rights):
        yield f"GRANT {', '.join(rights)} ON {name} TO {bot}"
    for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE ON SEQUENCES"):
        yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {what} TO {bot}"
