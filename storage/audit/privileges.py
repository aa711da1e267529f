"""What the role that Wicket runs as may do with the audit tables of a PostgreSQL database, and what it needs.

It changes no right; whoever owns the tables does, by the statements that are made here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from sqlalchemy import Table, text

from storage.audit.log import Transaction, connection_of
from storage.audit.tables import ARCHIVES, CHECKPOINTS, ENTRIES, HEAD, TABLES, TEXTS, TILES

# Beside reading them, by table and right: the columns, none where it is all. An erasure empties a text and its salt;
# the head moves on with each entry.
NEEDED: Mapping[str, Mapping[str, Sequence[str]]] = {
    ENTRIES.name: {"INSERT": ()},
    TEXTS.name: {"INSERT": (), "UPDATE": ("text", "salt", "erased_by")},
    HEAD.name: {"INSERT": (), "UPDATE": ()},
    CHECKPOINTS.name: {"INSERT": ()},
    TILES.name: {"INSERT": ()},
    ARCHIVES.name: {},
}
MEND = (
    "Let another role own the tables, and run as it what `wicket migrate --rights ROLE` prints. What the bot's role "
    "may as a member of another, or because everybody may, has to be taken from it by hand."
)

# Whoever this session can become, whether it inherits from them or not; before version 16 a role that makes roles makes
# itself a member of any.
_ROLES = (
    "WITH roles AS (SELECT oid FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER') OR NOT rolsuper AND"
    " CAST(current_setting('server_version_num') AS int) < 160000 AND EXISTS (SELECT FROM pg_roles AS makes"
    " WHERE rolcreaterole AND pg_has_role(session_user, makes.oid, 'MEMBER'))) "
)
# The owner of a function makes it do nothing, those of the schema and of the database drop what is in them.
_OWNED = text(
    f"{_ROLES} SELECT what FROM ("  # noqa: S608  words of ours
    " SELECT relname, relowner FROM pg_class WHERE oid = ANY(CAST(:tables AS regclass[]))"
    " UNION SELECT 'function ' || proname, proowner FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
    " WHERE NOT tgisinternal AND tgrelid = ANY(CAST(:tables AS regclass[]))"
    " UNION SELECT 'schema ' || nspname, nspowner FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE pg_class.oid = ANY(CAST(:tables AS regclass[]))"
    " UNION SELECT 'database ' || datname, datdba FROM pg_database WHERE datname = current_database()"
    ") AS owned(what, owner) WHERE EXISTS (SELECT FROM roles WHERE pg_has_role(roles.oid, owner, 'MEMBER'))"
    " ORDER BY what"
)
# All rights on tables that this version of the server knows, column by column where they can be given so.
_HELD = text(
    f"{_ROLES} SELECT relname AS name, privilege_type AS right, attname AS column FROM pg_class"  # noqa: S608  words of ours
    " JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped"
    " CROSS JOIN LATERAL aclexplode(acldefault('r', relowner)) WHERE pg_class.oid = ANY(CAST(:tables AS regclass[]))"
    " AND privilege_type <> 'SELECT' AND EXISTS (SELECT FROM roles WHERE"
    " CASE WHEN privilege_type IN ('INSERT', 'UPDATE', 'REFERENCES')"
    " THEN has_column_privilege(roles.oid, pg_class.oid, attnum, privilege_type)"
    " ELSE has_table_privilege(roles.oid, pg_class.oid, privilege_type) END) ORDER BY relname, privilege_type, attnum"
)
_MAY = text("SELECT has_table_privilege(current_user, CAST(:name AS regclass), :right)")


def too_wide(tx: Transaction) -> list[str]:
    """What this role may do with the audit tables beyond what is needed, in order: "owns audit_entries", "DELETE on …",
    "UPDATE (leaf) on …".

    Whoever owns a table takes its triggers away and drops it. Nothing on SQLite: whoever writes the file does all.
    """
    connection = connection_of(tx)
    if connection.dialect.name != "postgresql":
        return []
    tables = {table.name: table for table in TABLES}
    owned = connection.execute(_OWNED, {"tables": list(tables)}).scalars().all()
    held = groupby(connection.execute(_HELD, {"tables": list(tables)}), key=lambda row: (row.name, row.right))
    beyond = [
        _beyond(tables[name], right, [row.column for row in rows])
        for (name, right), rows in held
        if name not in owned
    ]
    # Who owns tables owns what belongs to them, or need not.
    owned = [what for what in owned if what in tables] or owned
    return [*(f"owns {what}" for what in owned), *filter(None, beyond)]


def _beyond(table: Table, right: str, held: Sequence[str]) -> str:
    """What to say of this right on these columns; nothing where all of it is needed."""
    needed = NEEDED[table.name].get(right)
    beyond = [column for column in held if needed is None or (needed and column not in needed)]
    which = "" if set(table.c.keys()) <= set(beyond) else f" ({', '.join(beyond)})"
    return f"{right}{which} on {table.name}" if beyond else ""


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
    for name, rights in NEEDED.items():
        given = (f"{right} ({', '.join(columns)})" if columns else right for right, columns in rights.items())
        if rights:
            yield f"GRANT {', '.join(given)} ON {name} TO {bot}"
    for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE ON SEQUENCES"):
        yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {what} TO {bot}"
