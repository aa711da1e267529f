"""The triggers that keep audit rows from being changed, for both engines, and the look whether they are there.

They stop accidents and careless hands; what proves that nothing was changed is the tree, not they.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, product

from sqlalchemy import Connection, and_, delete, not_, or_, text

from storage.audit.keys import lost_keys, put_keys_back
from storage.audit.log import Transaction, connection_of
from storage.audit.merkle import WIDTH
from storage.audit.tables import TABLES, TILES
from storage.audit.tile_match import MOST_LEVELS
from storage.faults import AuditFault


def _refuse(table: str, event: str, sentence: str, when: str = "", *, how: str = "ABORT") -> str:
    """DDL of a trigger that refuses `event` on `table`, always or `when` a condition holds.

    how: FAIL where an append passes. It refuses as well, before the row is written, but rows that passed before it in
    the same statement stay: for ABORT, SQLite copies each page that a statement changes, though all goes well. An
    append that fails undoes its transaction itself (storage.engine.together).
    """
    condition = f"WHEN {when} " if when else ""
    return (
        f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} "
        f"{condition}BEGIN SELECT RAISE({how}, '{sentence}'); END"
    )


# Where the next entry belongs: an index is never left out and never used twice.
_NEXT = '(SELECT COALESCE(MAX("index") + 1, 0) FROM audit_entries)'
_KEPT_ENTRIES = "audit entries are never deleted before they are archived"
_KEPT_TEXTS = "audit texts are erased, never deleted before they are archived"
# A replica of a version that knows no MAC would move the head on and leave it: so it adds nothing.
_KEPT_MAC = "NEW.mac = OLD.mac AND OLD.mac <> ''"
# The same for tiles, level by level; only full ones are kept.
_NEXT_TILE = '(SELECT COALESCE(MAX("index") + 1, 0) FROM audit_tiles WHERE level = NEW.level)'


def _archived(row: str) -> str:
    """Whether an archive is stated to hold this row's entry. That the log's key signed it, a trigger cannot see."""
    return f'EXISTS (SELECT 1 FROM audit_archives WHERE first <= {row}."index" AND {row}."index" < size)'  # noqa: S608  words of ours


def _never(*events: str) -> Iterator[tuple[str, str, str]]:
    """What is refused of the tables whose rows only come: the table, the event, and what to say."""
    rows = {"checkpoints": "checkpoints", "tiles": "tiles", "archives": "statements of archives"}
    for (table, what), event in product(rows.items(), events):
        yield f"audit_{table}", event, f"{what} are never {'changed' if event == 'UPDATE' else 'deleted'}"


# What may come back from an archive: an entry that is not there.
_RETURNS = (
    f'{_archived("NEW")} AND NOT EXISTS (SELECT 1 FROM audit_entries AS one WHERE one."index" = NEW."index")'  # noqa: S608  words of ours
)

TRIGGERS_SQLITE = (
    _refuse("audit_entries", "UPDATE", "audit entries are never changed"),
    _refuse("audit_entries", "DELETE", _KEPT_ENTRIES, f"NOT {_archived('OLD')}"),
    # INSERT OR REPLACE deletes without asking the DELETE trigger.
    _refuse(
        "audit_entries",
        "INSERT",
        "an audit entry is added at the end only",
        f'NEW."index" IS NOT {_NEXT} AND NOT ({_RETURNS})'  # noqa: S608  words of ours
        " OR EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)",
        how="FAIL",
    ),
    _refuse("audit_texts", "DELETE", _KEPT_TEXTS, f"NOT {_archived('OLD')}"),
    _refuse(
        "audit_texts",
        "UPDATE",
        "audit texts are erased, never changed",
        "NEW.text IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.erased_by IS NULL OR OLD.erased_by IS NOT NULL"
        ' OR NEW."index" IS NOT OLD."index" OR NEW.name IS NOT OLD.name',
    ),
    _refuse(
        "audit_texts",
        "INSERT",
        "an audit text is written once",
        'EXISTS (SELECT 1 FROM audit_texts WHERE "index" = NEW."index" AND name = NEW.name)',
        how="FAIL",
    ),
    _refuse("audit_head", "DELETE", "the audit head is never deleted"),
    _refuse("audit_head", "INSERT", "there is one audit head", "EXISTS (SELECT 1 FROM audit_head)"),
    _refuse(
        "audit_head",
        "UPDATE",
        "the audit head moves on with the entries only",
        f"NEW.size <= OLD.size OR NEW.size IS NOT {_NEXT} OR {_KEPT_MAC}",
    ),
    *(_refuse(*each) for each in _never("UPDATE", "DELETE")),
    _refuse(
        "audit_checkpoints",
        "INSERT",
        "a checkpoint is written once",
        "EXISTS (SELECT 1 FROM audit_checkpoints WHERE id = NEW.id)",
    ),
    _refuse(
        "audit_tiles",
        "INSERT",
        "a tile is added at the end of its level only",
        f'NEW."index" IS NOT {_NEXT_TILE} OR length(NEW.hashes) IS NOT 8192 OR length(NEW.root) IS NOT 32',
    ),
    _refuse(
        "audit_archives",
        "INSERT",
        "a statement of an archive is written once",
        "EXISTS (SELECT 1 FROM audit_archives WHERE id = NEW.id)",
    ),
)


def _refuse_on_postgresql(table: str, event: str, sentence: str, when: str = "") -> tuple[str, str]:
    """The same for PostgreSQL; ALWAYS, so that a session which plays at being a copy is refused too."""
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    return _on_postgresql(
        table, event, f"FOR EACH {each} {when and f'WHEN ({when}) '}", f"audit_refuse('{sentence}')"
    )


def _on_postgresql(table: str, event: str, which: str, function: str) -> tuple[str, str]:
    name = f"{table}_{event.lower()}"
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} {which}EXECUTE FUNCTION {function}",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
    )


# Instead of the schema that the tables are in. A name that a function asks for is looked for there alone: before all
# others would else come a temporary table, which anybody may make.
_THEIR_SCHEMA = "'the schema of the tables'"


def _function(name: str, does: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}()\n RETURNS trigger\n LANGUAGE plpgsql\n"
        f" SET search_path TO 'pg_catalog', {_THEIR_SCHEMA}, 'pg_temp'\nAS $function${does}$function$\n"
    )


# These and the triggers are written letter for letter as pg_get_functiondef and pg_get_triggerdef say them back, which
# 14.23, 15.18, 16.14, 17.10 and 18.4 do alike.
_FUNCTIONS = (
    _function(
        "audit_refuse",
        "BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END",
    ),
    _function(
        "audit_at_end_only",
        f'BEGIN IF NEW."index" IS DISTINCT FROM {_NEXT} AND NOT {_archived("NEW")} THEN '
        "RAISE EXCEPTION USING MESSAGE = 'an audit entry is added at the end only', "
        "ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END",
    ),
    _function(
        "audit_kept_until_archived",
        f"BEGIN IF NOT {_archived('OLD')} THEN "
        "RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; "
        "END IF; RETURN OLD; END",
    ),
    _function(
        "audit_head_follows",
        f"BEGIN IF NEW.size <= OLD.size OR NEW.size IS DISTINCT FROM {_NEXT} OR NEW.id <> OLD.id OR {_KEPT_MAC} THEN "
        "RAISE EXCEPTION USING MESSAGE = 'the audit head moves on with the entries only', "
        "ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END",
    ),
    _function(
        "audit_tile_at_end_only",
        f'BEGIN IF NEW."index" IS DISTINCT FROM {_NEXT_TILE} '
        "OR length(NEW.hashes) <> 8192 OR length(NEW.root) <> 32 THEN "
        "RAISE EXCEPTION USING MESSAGE = 'a tile is added at the end of its level only', "
        "ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END",
    ),
)

# A second row of the same key fails there, or becomes an update; but a table can be truncated.
_TRIGGERS_POSTGRESQL = (
    *_FUNCTIONS,
    *_refuse_on_postgresql("audit_entries", "UPDATE", "audit entries are never changed"),
    *_on_postgresql(
        "audit_entries", "DELETE", "FOR EACH ROW ", f"audit_kept_until_archived('{_KEPT_ENTRIES}')"
    ),
    *_refuse_on_postgresql("audit_entries", "TRUNCATE", _KEPT_ENTRIES),
    *_on_postgresql("audit_entries", "INSERT", "FOR EACH ROW ", "audit_at_end_only()"),
    *_on_postgresql("audit_texts", "DELETE", "FOR EACH ROW ", f"audit_kept_until_archived('{_KEPT_TEXTS}')"),
    *_refuse_on_postgresql("audit_texts", "TRUNCATE", _KEPT_TEXTS),
    *_refuse_on_postgresql(
        "audit_texts",
        "UPDATE",
        "audit texts are erased, never changed",
        "new.text IS NOT NULL OR new.salt IS NOT NULL OR new.erased_by IS NULL OR old.erased_by IS NOT NULL"
        " OR new.index IS DISTINCT FROM old.index OR new.name IS DISTINCT FROM old.name",
    ),
    *_refuse_on_postgresql("audit_head", "DELETE", "the audit head is never deleted"),
    *_refuse_on_postgresql("audit_head", "TRUNCATE", "the audit head is never deleted"),
    *_refuse_on_postgresql("audit_head", "INSERT", "there is one audit head", "new.id <> 1"),
    *_on_postgresql("audit_head", "UPDATE", "FOR EACH ROW ", "audit_head_follows()"),
    *chain.from_iterable(_refuse_on_postgresql(*each) for each in _never("UPDATE", "DELETE", "TRUNCATE")),
    *_on_postgresql("audit_tiles", "INSERT", "FOR EACH ROW ", "audit_tile_at_end_only()"),
)

_OF_TILES = "audit_tiles_delete"
_SCHEMA = text(
    "SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE pg_class.oid = to_regclass('audit_entries')"
)
_THE_TABLES = ", ".join(f"to_regclass('{table.name}')" for table in TABLES)
# All that does something by itself when one of the tables is written to, with what made it. On SQLite that is any
# trigger that names one, and it is kept word for word. PostgreSQL says that of a trigger and of its function, from
# which only their schema is left out if it is that of the table; one that was switched off guards nothing.
_THERE = {
    "sqlite": "SELECT 'trigger ' || name || ' on ' || tbl_name AS called, sql AS made FROM sqlite_master"  # noqa: S608  words of ours
    " WHERE type = 'trigger' AND (" + " OR ".join(f"sql LIKE '%{table.name}%'" for table in TABLES) + ")",
    "postgresql": "SELECT format('trigger %s on %s', tgname, tgrelid::regclass) AS called,"  # noqa: S608  words of ours
    " CASE tgenabled WHEN 'A' THEN pg_get_triggerdef(pg_trigger.oid, true) || replace(pg_get_functiondef(tgfoid),"
    " 'FUNCTION ' || CAST(relnamespace::regnamespace AS text) || '.', 'FUNCTION ') END AS made"
    " FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    f" WHERE NOT tgisinternal AND tgrelid IN ({_THE_TABLES})"
    " UNION ALL SELECT format('rule %s on %s', rulename, ev_class::regclass), NULL FROM pg_rewrite"
    f" WHERE ev_class IN ({_THE_TABLES})",
}

# What shows its own rows and all of them: no view, no table that a program or another server answers for, none in parts
# or with one below whose rows no guard of its own keeps, none that is a part or below one itself, whose triggers may
# work here unseen, and none whose rows are chosen for whoever looks. Of a virtual table SQLite believes whatever number
# stands there for its first page, of any other table only what made it.
_IS_TABLE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE %'",
    "postgresql": "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT row_security_active(pg_class.oid)"  # noqa: S608  words of ours
    " AND NOT EXISTS (SELECT FROM pg_inherits WHERE pg_class.oid IN (inhparent, inhrelid))"
    f" AND pg_class.oid IN ({_THE_TABLES})",
}


def triggers(tx: Transaction) -> tuple[str, ...]:
    """DDL of all of them, and on PostgreSQL of their functions, for the schema that the tables are in."""
    connection = connection_of(tx)
    if connection.dialect.name == "sqlite":
        return TRIGGERS_SQLITE
    schema = str(connection.execute(_SCHEMA).scalar_one()).replace("'", "''")
    return tuple(each.replace(_THEIR_SCHEMA, f"'{schema}'") for each in _TRIGGERS_POSTGRESQL)


def put_back(tx: Transaction) -> list[str]:
    """Make the missing ones anew; their names, in order. AuditFault where one would guard no table."""
    if strange := not_tables(tx):
        raise AuditFault(told_of(strange))
    connection, missing = connection_of(tx), missing_guards(tx)
    put_keys_back(tx, lost_keys(tx))
    for each in triggers(tx) if missing else ():
        words = each.split()
        if each.startswith("CREATE TRIGGER") and words[2] in missing:
            _drop(connection, words[2], words[6])  # it may be switched off, or do something else
        if "TRIGGER" not in each or set(words) & set(missing):
            connection.exec_driver_sql(each)
    return missing


def _drop(connection: Connection, name: str, table: str) -> None:
    where = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{where}")


def drop_tiles(tx: Transaction, *, beyond: int = 0) -> list[str]:
    """Take the tiles out that reach beyond so many entries: their own guard is away as long as that takes. What other
    guards were missing is the answer, for they stand again too.

    Tiles are no evidence, but of what is archived nothing else stands here.
    """
    connection = connection_of(tx)
    _drop(connection, _OF_TILES, TILES.name)
    kept = (
        and_(TILES.c.level == level, TILES.c.index >= 0, TILES.c.index < beyond // WIDTH ** (level + 1))
        for level in range(MOST_LEVELS - 1)
    )
    connection.execute(delete(TILES).where(not_(or_(*kept))))
    return [name for name in put_back(tx) if name != _OF_TILES]


def not_tables(tx: Transaction) -> list[str]:
    """The names of the audit tables in whose place or behind which something else stands, in order: what it shows may
    change without anybody's writing, and a guard of its rows refuses nothing.
    """
    connection = connection_of(tx)
    there = set(connection.execute(text(_IS_TABLE[connection.dialect.name])).scalars())
    return sorted(table.name for table in TABLES if table.name not in there)


def told_of(strange: Sequence[str]) -> str:
    """What to say of `not_tables`."""
    one = len(strange) == 1
    place = "its place or behind it" if one else "their place or behind them"
    return (
        f"{', '.join(strange)} {'is no plain table' if one else 'are no plain tables'} any more: nothing stands there, "
        f"or something else in {place}, such as a view, and nothing keeps what is read there from being changed."
    )


def missing_guards(tx: Transaction) -> list[str]:
    """The names of the triggers that should guard the audit tables and do not, and the keys that do not, in order: they
    are not there, or are not as they were made.
    """
    there = _there(tx)
    off = (called.split()[1] for called, made in _wanted(tx).items() if there.get(called) != made)
    return sorted([*off, *lost_keys(tx)])


def strangers(tx: Transaction) -> list[str]:
    """What does something by itself on the audit tables and is none of their guards, in order: "trigger … on …". It may
    write something else than was let by, or nothing.
    """
    return sorted(_there(tx).keys() - _wanted(tx).keys())


def told_of_strangers(found: Sequence[str], where: str = " to the record") -> str:
    """What to say of `strangers`. where: what follows “what is written”."""
    which = "is none of Wicket's" if len(found) == 1 else "are none of Wicket's"
    return f"{', '.join(found)} {which} and may change, or leave out, what is written{where}."


def _there(tx: Transaction) -> dict[str, str | None]:
    """All of _THERE, by what it is called: what made it."""
    connection = connection_of(tx)
    return {row.called: row.made for row in connection.execute(text(_THERE[connection.dialect.name]))}


def _wanted(tx: Transaction) -> dict[str, str]:
    """The guards, likewise."""
    made = triggers(tx)
    functions = {each.split()[4]: each for each in made if each.startswith("CREATE OR REPLACE FUNCTION")}
    each_trigger = ((each.split(), each) for each in made if each.startswith("CREATE TRIGGER"))
    return {
        f"trigger {words[2]} on {words[6]}": each + functions.get(_function_of(each), "")
        for words, each in each_trigger
    }


def _function_of(trigger: str) -> str:
    """What a trigger of PostgreSQL calls, as its DDL begins; nothing on SQLite."""
    return trigger.rpartition("EXECUTE FUNCTION ")[2].partition("(")[0] + "()"
