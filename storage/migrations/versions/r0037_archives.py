"""Archives of the log: signed statements about entries that stand in files outside, and may be taken out from then on.

No entry is touched; without a statement everything stays as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_NEXT = '(SELECT COALESCE(MAX("index") + 1, 0) FROM audit_entries)'
_AT_END = "an audit entry is added at the end only"
_KEPT = (
    ("audit_entries", "audit entries are never deleted before they are archived"),
    ("audit_texts", "audit texts are erased, never deleted before they are archived"),
)
_CHANGED, _DELETED = "statements of archives are never changed", "statements of archives are never deleted"


def upgrade() -> None:
    """Make the table, guard it, and have the guards of entries and texts ask it."""
    op.create_table(
        "audit_archives",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("stay", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


def downgrade() -> None:
    """Refused, as before every revision of the audit tables."""
    raise NotImplementedError("There is no way back before this revision.")


def _archived(row: str) -> str:
    return f'EXISTS (SELECT 1 FROM audit_archives WHERE first <= {row}."index" AND {row}."index" < size)'  # noqa: S608  words of ours


def _guard_on_sqlite() -> None:
    returns = (
        f"{_archived('NEW')} AND NOT EXISTS "  # noqa: S608  words of ours
        '(SELECT 1 FROM audit_entries AS one WHERE one."index" = NEW."index")'
    )
    added = (
        f'NEW."index" IS NOT {_NEXT} AND NOT ({returns})'  # noqa: S608  words of ours
        " OR EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)"
    )
    _on_sqlite("audit_entries", "INSERT", _AT_END, f"WHEN {added} ")
    for table, sentence in _KEPT:
        _on_sqlite(table, "DELETE", sentence, f"WHEN NOT {_archived('OLD')} ")
    _on_sqlite("audit_archives", "UPDATE", _CHANGED)
    _on_sqlite("audit_archives", "DELETE", _DELETED)
    _on_sqlite(
        "audit_archives", "INSERT", "a statement of an archive is written once",
        "WHEN EXISTS (SELECT 1 FROM audit_archives WHERE id = NEW.id) ",
    )  # fmt: skip


def _on_sqlite(table: str, event: str, sentence: str, when: str = "") -> None:
    name = f"{table}_{event.lower()}"
    op.execute(f"DROP TRIGGER IF EXISTS {name}")
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION audit_at_end_only() RETURNS trigger LANGUAGE plpgsql AS "
        f'$$BEGIN IF NEW."index" IS DISTINCT FROM {_NEXT} AND NOT {_archived("NEW")} THEN '
        f"RAISE EXCEPTION USING MESSAGE = '{_AT_END}', "
        "ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END$$"
    )
    op.execute(
        "CREATE FUNCTION audit_kept_until_archived() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN IF NOT {_archived('OLD')} THEN "
        "RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; "
        "END IF; RETURN OLD; END$$"
    )
    for table, sentence in _KEPT:
        _on_postgresql(table, "DELETE", "ROW", f"audit_kept_until_archived('{sentence}')")
        _on_postgresql(table, "TRUNCATE", "STATEMENT", f"audit_refuse('{sentence}')")
    _on_postgresql("audit_archives", "UPDATE", "ROW", f"audit_refuse('{_CHANGED}')")
    _on_postgresql("audit_archives", "DELETE", "ROW", f"audit_refuse('{_DELETED}')")
    _on_postgresql("audit_archives", "TRUNCATE", "STATEMENT", f"audit_refuse('{_DELETED}')")


def _on_postgresql(table: str, event: str, each: str, function: str) -> None:
    name = f"{table}_{event.lower()}"
    op.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
