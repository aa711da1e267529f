"""The audit log grows by many entries at once: its guards look at the entries themselves, and no more at its head.

An entry is still added at the end only, and the head still moves only to where the entries end; a bot of the version
before, which moves it with each entry, works on beside it.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NEXT = '(SELECT COALESCE(MAX("index") + 1, 0) FROM audit_entries)'
_AT_END = "an audit entry is added at the end only"
_FOLLOWS = "the audit head moves on with the entries only"


def upgrade() -> None:
    """Put the two triggers in the place of those that were there."""
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql(
            "audit_entries", "INSERT", "audit_at_end_only", _AT_END, f'NEW."index" IS DISTINCT FROM {_NEXT}'
        )
        _on_postgresql(
            "audit_head", "UPDATE", "audit_head_follows", _FOLLOWS,
            f"NEW.size <= OLD.size OR NEW.size IS DISTINCT FROM {_NEXT} OR NEW.id <> OLD.id",
        )  # fmt: skip
        op.execute("DROP FUNCTION audit_at_head_only()")
    else:
        _on_sqlite(
            "audit_entries", "INSERT", _AT_END,
            f'NEW."index" IS NOT {_NEXT} OR EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)',  # noqa: S608  words of ours
        )  # fmt: skip
        _on_sqlite("audit_head", "UPDATE", _FOLLOWS, f"NEW.size <= OLD.size OR NEW.size IS NOT {_NEXT}")


def downgrade() -> None:
    """Refused: a bot that adds many at once would be turned away."""
    raise NotImplementedError("There is no way back before this revision.")


def _on_sqlite(table: str, event: str, sentence: str, when: str) -> None:
    name = f"{table}_{event.lower()}"
    op.execute(f"DROP TRIGGER IF EXISTS {name}")
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )


def _on_postgresql(table: str, event: str, function: str, sentence: str, when: str) -> None:
    name = f"{table}_{event.lower()}"
    op.execute(
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF {when} THEN "
        f"RAISE EXCEPTION USING MESSAGE = '{sentence}', ERRCODE = 'integrity_constraint_violation'; "
        "END IF; RETURN NEW; END$$"
    )
    op.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
