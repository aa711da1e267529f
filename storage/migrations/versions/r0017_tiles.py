"""The stored tree: a new table of hashes that spare whoever makes a proof the way through all entries.

It is filled while the bot runs, from the entries that are there; nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None

_NEXT = '(SELECT COALESCE(MAX("index") + 1, 0) FROM audit_tiles WHERE level = NEW.level)'
_CHANGED, _DELETED = "tiles are never changed", "tiles are never deleted"
_AT_END = "a tile is added at the end of its level only"


def upgrade() -> None:
    """Make the table, then guard it."""
    op.create_table(
        "audit_tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _on_sqlite("UPDATE", _CHANGED)
        _on_sqlite("DELETE", _DELETED)
        _on_sqlite(
            "INSERT",
            _AT_END,
            f'WHEN NEW."index" IS NOT {_NEXT} OR length(NEW.hashes) IS NOT 8192 OR length(NEW.root) IS NOT 32 ',
        )


def downgrade() -> None:
    """Refused, as before every revision of the audit tables."""
    raise NotImplementedError("There is no way back before this revision.")


def _on_sqlite(event: str, sentence: str, when: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER audit_tiles_{event.lower()} BEFORE {event} ON audit_tiles "
        f"{when}BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_tile_at_end_only() RETURNS trigger LANGUAGE plpgsql AS "
        f'$$BEGIN IF NEW."index" IS DISTINCT FROM {_NEXT} '
        "OR length(NEW.hashes) <> 8192 OR length(NEW.root) <> 32 THEN "
        f"RAISE EXCEPTION USING MESSAGE = '{_AT_END}', "
        "ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END$$"
    )
    for event, each, function in (
        ("UPDATE", "ROW", f"audit_refuse('{_CHANGED}')"),
        ("DELETE", "ROW", f"audit_refuse('{_DELETED}')"),
        ("TRUNCATE", "STATEMENT", f"audit_refuse('{_DELETED}')"),
        ("INSERT", "ROW", "audit_tile_at_end_only()"),
    ):
        name = f"audit_tiles_{event.lower()}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON audit_tiles FOR EACH {each} EXECUTE FUNCTION {function}"
        )
        op.execute(f"ALTER TABLE audit_tiles ENABLE ALWAYS TRIGGER {name}")
