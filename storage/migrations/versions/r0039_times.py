"""SQLite finds what was written when by the ids of entries, which sort by time, and copies no page of the log only to
be able to refuse one.

No entry is touched, and nothing on PostgreSQL, where ids sort as a language does.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_NEXT = '(SELECT COALESCE(MAX("index") + 1, 0) FROM audit_entries)'
_RETURNS = (
    'EXISTS (SELECT 1 FROM audit_archives WHERE first <= NEW."index" AND NEW."index" < size) '
    'AND NOT EXISTS (SELECT 1 FROM audit_entries AS one WHERE one."index" = NEW."index")'
)
_PASSED = (
    (
        "audit_entries",
        "INSERT",
        "an audit entry is added at the end only",
        f'NEW."index" IS NOT {_NEXT} AND NOT ({_RETURNS})'  # noqa: S608  words of ours
        " OR EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)",
    ),
    (
        "audit_texts",
        "INSERT",
        "an audit text is written once",
        'EXISTS (SELECT 1 FROM audit_texts WHERE "index" = NEW."index" AND name = NEW.name)',
    ),
)


def upgrade() -> None:
    """Drop the index over times, and make the guards that an append passes anew."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.drop_index("ix_audit_entries_at", "audit_entries")
    for table, event, sentence, when in _PASSED:
        name = f"{table}_{event.lower()}"
        op.execute(f"DROP TRIGGER IF EXISTS {name}")
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(FAIL, '{sentence}'); END"
        )


def downgrade() -> None:
    """Refused, as before every revision of the audit tables."""
    raise NotImplementedError("There is no way back before this revision.")
