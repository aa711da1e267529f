"""Databases of the tests' PostgreSQL server that are emptied and lent again, and when one is no longer fit for that.

To make a database and throw it away costs the server more than most tests cost it. It knows no table of Wicket's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

# Keys of other tables have no say in what such a connection deletes; triggers that keep watch always still have.
OF_NO_CONSEQUENCE = "-c session_replication_role=replica"

# What is deleted stays in the files: after so many tests a new one is made.
_LENT_AT_MOST = 30

_LET_NOBODY_STAY = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Whatever changes a table, a trigger, a right or a setting writes one of these rows anew. The numbers of PostgreSQL's
# own things are below 16384.
_MADE_AS = """
SELECT md5(string_agg(row, ',' ORDER BY row)) FROM (
    SELECT 'class ' || oid || ' ' || xmin AS row FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT 'column ' || attrelid || ' ' || attnum || ' ' || xmin FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL SELECT 'trigger ' || oid || ' ' || xmin FROM pg_trigger
    UNION ALL SELECT 'function ' || oid || ' ' || xmin FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'schema ' || oid || ' ' || xmin FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL SELECT 'setting ' || setdatabase || ' ' || setrole || ' ' || xmin FROM pg_db_role_setting
    UNION ALL SELECT 'database ' || oid || ' ' || xmin FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT 'version ' || xmin FROM alembic_version
) AS rows(row)
"""
_FILLED = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
AND pg_relation_size(oid) > 0
"""
_WATCHED = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A' ORDER BY 1, 2"
_COUNT_ANEW = """
SELECT setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences WHERE last_value IS NOT NULL
"""


@dataclass(kw_only=True)
class Lent:
    """A database with every table and nothing in them.

    ours: a connection to it that is kept, for to connect costs more than to empty. made_as: by what one sees that it
    is still as it was made. watched: tables, and their triggers that keep watch always.
    """

    name: str
    ours: psycopg.Connection
    made_as: str
    watched: Mapping[str, Sequence[str]]
    times: int = 0


def lent(name: str, ours: psycopg.Connection) -> Lent:
    """This new database, to be lent."""
    watched: dict[str, list[str]] = {}
    for table, trigger in ours.execute(_WATCHED).fetchall():
        watched.setdefault(table, []).append(trigger)
    return Lent(name=name, ours=ours, made_as=_how_made(ours), watched=watched)


def emptied(database: Lent) -> bool:
    """Let nobody stay in it and delete every row. False when it is to be thrown away: it was changed, or is worn."""
    database.times += 1
    ours = database.ours
    try:
        ours.execute(_LET_NOBODY_STAY)
        if database.times >= _LENT_AT_MOST or _how_made(ours) != database.made_as:
            return False
        filled = [table for (table,) in ours.execute(_FILLED).fetchall()]
        ours.execute(
            sql.SQL("; ").join([_deletion(table, database.watched.get(table, ())) for table in filled])
        )
        ours.execute(_COUNT_ANEW)
        if not database.watched.keys().isdisjoint(filled):
            database.made_as = _how_made(ours)
    except psycopg.Error:
        return False
    return True


def _deletion(table: str, watching: Sequence[str]) -> sql.Composed:
    """Statements that delete every row while nobody keeps watch over them."""
    of = sql.SQL("ALTER TABLE {} ").format(sql.Identifier(table))
    before = [of + sql.SQL("DISABLE TRIGGER {}").format(sql.Identifier(each)) for each in watching]
    after = [of + sql.SQL("ENABLE ALWAYS TRIGGER {}").format(sql.Identifier(each)) for each in watching]
    return sql.SQL("; ").join([*before, sql.SQL("DELETE FROM {}").format(sql.Identifier(table)), *after])


def _how_made(ours: psycopg.Connection) -> str:
    (found,) = ours.execute(_MADE_AS).fetchall()[0]
    return str(found)
