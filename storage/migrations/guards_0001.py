"""The triggers that guard the audit tables, on both engines, as the first revision makes them.

They are spelled out and import nothing of the code, so that they always are what they were on their first day.
"""

from alembic import op

_FUNCTIONS = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END$$",
    "CREATE FUNCTION audit_at_head_only() RETURNS trigger LANGUAGE plpgsql AS "
    '$$BEGIN IF NEW."index" IS DISTINCT FROM (SELECT size FROM audit_head WHERE id = 1) THEN '
    "RAISE EXCEPTION USING MESSAGE = 'an audit entry is added at the head only', "
    "ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END$$",
)
_ERASES = (
    "NEW.text IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.erased_by IS NULL OR OLD.erased_by IS NOT NULL"
    ' OR NEW."index" IS DISTINCT FROM OLD."index" OR NEW.name IS DISTINCT FROM OLD.name'
)
_MOVES = "NEW.size IS DISTINCT FROM OLD.size + 1 OR NEW.id <> OLD.id"


def guard_audit(engine: str) -> None:
    """Make the triggers. engine: "sqlite" or "postgresql"."""
    if engine == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


def _guard_on_sqlite() -> None:
    _on_sqlite("audit_entries", "UPDATE", "audit entries are never changed")
    _on_sqlite("audit_entries", "DELETE", "audit entries are never deleted")
    _on_sqlite(
        "audit_entries",
        "INSERT",
        "an audit entry is added at the head only",
        'NEW."index" IS NOT (SELECT size FROM audit_head WHERE id = 1)'
        " OR EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)",
    )
    _on_sqlite("audit_texts", "DELETE", "audit texts are erased, never deleted")
    _on_sqlite(
        "audit_texts",
        "UPDATE",
        "audit texts are erased, never changed",
        "NEW.text IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.erased_by IS NULL"
        ' OR OLD.erased_by IS NOT NULL OR NEW."index" IS NOT OLD."index"'
        " OR NEW.name IS NOT OLD.name",
    )
    _on_sqlite(
        "audit_texts",
        "INSERT",
        "an audit text is written once",
        'EXISTS (SELECT 1 FROM audit_texts WHERE "index" = NEW."index" AND name = NEW.name)',
    )
    _on_sqlite("audit_head", "DELETE", "the audit head is never deleted")
    _on_sqlite("audit_head", "INSERT", "there is one audit head", "EXISTS (SELECT 1 FROM audit_head)")
    _on_sqlite(
        "audit_head", "UPDATE", "the audit head moves one entry at a time", "NEW.size IS NOT OLD.size + 1"
    )
    _on_sqlite("audit_checkpoints", "UPDATE", "checkpoints are never changed")
    _on_sqlite("audit_checkpoints", "DELETE", "checkpoints are never deleted")
    _on_sqlite(
        "audit_checkpoints",
        "INSERT",
        "a checkpoint is written once",
        "EXISTS (SELECT 1 FROM audit_checkpoints WHERE id = NEW.id)",
    )


def _on_sqlite(table: str, event: str, sentence: str, when: str = "") -> None:
    condition = f"WHEN {when} " if when else ""
    op.execute(
        f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} "
        f"{condition}BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )


def _guard_on_postgresql() -> None:
    for function in _FUNCTIONS:
        op.execute(function)
    _always("audit_entries", "UPDATE", "audit entries are never changed")
    _always("audit_entries", "DELETE", "audit entries are never deleted")
    _always("audit_entries", "TRUNCATE", "audit entries are never deleted")
    _guard("audit_entries", "INSERT", "FOR EACH ROW EXECUTE FUNCTION audit_at_head_only()")
    _always("audit_texts", "DELETE", "audit texts are erased, never deleted")
    _always("audit_texts", "TRUNCATE", "audit texts are erased, never deleted")
    _when("audit_texts", "UPDATE", "audit texts are erased, never changed", _ERASES)
    _always("audit_head", "DELETE", "the audit head is never deleted")
    _always("audit_head", "TRUNCATE", "the audit head is never deleted")
    _when("audit_head", "INSERT", "there is one audit head", "NEW.id <> 1")
    _when("audit_head", "UPDATE", "the audit head moves one entry at a time", _MOVES)
    _always("audit_checkpoints", "UPDATE", "checkpoints are never changed")
    _always("audit_checkpoints", "DELETE", "checkpoints are never deleted")
    _always("audit_checkpoints", "TRUNCATE", "checkpoints are never deleted")


def _always(table: str, event: str, sentence: str) -> None:
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    _guard(table, event, f"FOR EACH {each} EXECUTE FUNCTION audit_refuse('{sentence}')")


def _when(table: str, event: str, sentence: str, condition: str) -> None:
    _guard(table, event, f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION audit_refuse('{sentence}')")


def _guard(table: str, event: str, what: str) -> None:
    name = f"{table}_{event.lower()}"
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {what}")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
