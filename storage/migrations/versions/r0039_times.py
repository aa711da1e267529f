"""SQLite finds what was written when by the ids of entries, which sort by time: their index stands there anyway.

No entry is touched, and nothing on PostgreSQL, where ids sort as a language does.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the index over times."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_audit_entries_at", "audit_entries")


def downgrade() -> None:
    """Refused, as before every revision of the audit tables."""
    raise NotImplementedError("There is no way back before this revision.")
