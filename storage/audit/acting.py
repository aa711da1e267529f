"""What acts by itself on any table of Wicket's and is none of its own: it may keep an end from happening, or an alert.

It drops nothing, and guards nothing: storage.audit.guards does, for the audit tables.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import SQLModel

import storage.records  # noqa: F401  the tables by name
from storage.audit.guards import strangers, told_of_strangers
from storage.audit.log import Transaction, connection_of
from storage.audit.tables import TABLES
from storage.engine.listed import listed

# A view that stands for a table is written to by triggers, and on PostgreSQL by a rule. There rows may also be chosen
# for whoever looks, and those of a table below one are its rows too, which triggers of that other table keep.
_SEEN = {
    "sqlite": "SELECT seen.type || ' ' || seen.name || iif(seen.type = 'trigger', ' on ' || ours.value, '')"
    " FROM sqlite_master AS seen JOIN json_each(:tables) AS ours ON seen.tbl_name = ours.value COLLATE NOCASE"
    " WHERE seen.type IN ('trigger', 'view')",
    "postgresql": "WITH ours AS ("
    "SELECT to_regclass(one) AS it FROM json_array_elements_text(CAST(:tables AS json)) AS one)"
    " SELECT format('trigger %s on %s', tgname, it) FROM pg_trigger JOIN ours ON it = tgrelid"
    " WHERE NOT tgisinternal"
    " UNION ALL SELECT format('rule %s on %s', rulename, it) FROM pg_rewrite JOIN ours ON it = ev_class"
    " UNION ALL SELECT format('row security on %s', it) FROM ours WHERE row_security_active(it)"
    " UNION ALL SELECT format('table %s below %s', inhrelid::regclass, it)"
    " FROM pg_inherits JOIN ours ON it = inhparent",
}


def acting(tx: Transaction) -> list[str]:
    """All of it by what it is called, in order: "trigger … on …"."""
    connection, guarded = connection_of(tx), {table.name for table in TABLES}
    tables = listed(sorted({*SQLModel.metadata.tables, "alembic_version"} - guarded))
    found = connection.execute(text(_SEEN[connection.dialect.name]), {"tables": tables}).scalars()
    return sorted({*found, *strangers(tx)})


def told_of_acting(found: Sequence[str]) -> str:
    """What to say of `acting`."""
    return told_of_strangers(found, ": an end, or an alert")
