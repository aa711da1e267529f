"""The keys of the audit tables, and which of their columns are never empty: held against what they were made with.

The guards on PostgreSQL leave it to these that nothing is written twice. It looks at no row.
"""

from collections.abc import Iterator

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.exc import DBAPIError

from storage.audit.log import Transaction, connection_of
from storage.audit.tables import TABLES
from storage.faults import AuditFault

_THE_TABLES = ", ".join(f"'{table.name}'" for table in TABLES)
# One that is put off until the end of a transaction says so behind its columns, and is none of ours.
_THERE = {
    "sqlite": "WITH ours AS (SELECT name AS it FROM sqlite_master WHERE type = 'table' AND name IN ({tables}))"
    " SELECT 'PRIMARY KEY (' || group_concat(name, ', ') || ') on ' || it FROM"
    " (SELECT it, name FROM ours JOIN pragma_table_info(it) WHERE pk > 0 ORDER BY it, pk) GROUP BY it"
    " UNION ALL SELECT 'UNIQUE (' || group_concat(name, ', ') || ') on ' || it FROM"
    " (SELECT it, keys.name AS of, one.name FROM ours JOIN pragma_index_list(it) AS keys"
    " JOIN pragma_index_info(keys.name) AS one WHERE origin = 'u' ORDER BY it, of, seqno) GROUP BY it, of"
    """ UNION ALL SELECT 'NOT NULL (' || name || ') on ' || it FROM ours JOIN pragma_table_info(it) WHERE "notnull" """,
    "postgresql": "WITH ours AS (SELECT to_regclass(name) AS it FROM unnest(ARRAY[{tables}]) AS name)"
    " SELECT format('%s on %s', pg_get_constraintdef(oid), it) FROM pg_constraint JOIN ours ON it = conrelid"
    " WHERE contype IN ('p', 'u')"
    " UNION ALL SELECT format('NOT NULL (%s) on %s', attname, it) FROM pg_attribute JOIN ours ON it = attrelid"
    " WHERE attnotnull AND attnum > 0 AND NOT attisdropped",
}


def lost_keys(tx: Transaction) -> list[str]:
    """Those that are not there as they were made, in order: "UNIQUE (id) on audit_entries"."""
    connection = connection_of(tx)
    there = connection.execute(text(_THERE[connection.dialect.name].format(tables=_THE_TABLES))).scalars()
    return sorted({*_wanted()} - {*there})


def put_keys_back(tx: Transaction, lost: list[str]) -> None:
    """Make these anew. AuditFault where that cannot be: on SQLite, or where what is written there fits them no more."""
    connection = connection_of(tx)
    if lost and connection.dialect.name == "sqlite":
        raise AuditFault(
            f"The audit tables were made anew without {', '.join(lost)}, which nothing puts back. Find out who did "
            "that, and go back to a copy of before: `wicket restore`."
        )
    for each in lost:
        key, _, table = each.rpartition(" on ")
        what = f"ALTER {key[10:-1]} SET NOT NULL" if key.startswith("NOT NULL") else f"ADD {key}"
        try:
            connection.exec_driver_sql(f"ALTER TABLE {table} {what}")
        except DBAPIError as fault:
            said = str(fault.orig).splitlines()[0]
            raise AuditFault(
                f"{each} cannot be put back: {said}. Find out who took it away, and what `wicket audit verify` names."
            ) from fault


def _wanted() -> Iterator[str]:
    for table in TABLES:
        yield f"PRIMARY KEY ({', '.join(table.primary_key.columns.keys())}) on {table.name}"
        for one in table.constraints:
            if isinstance(one, UniqueConstraint):
                yield f"UNIQUE ({', '.join(one.columns.keys())}) on {table.name}"
        for column in table.columns:
            if not column.nullable:
                yield f"NOT NULL ({column.name}) on {table.name}"
