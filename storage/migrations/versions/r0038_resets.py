"""Whose password was reset lately, found in the log by an index that holds nothing else.

No entry is touched.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_CHANGED = sa.text("action || '' = 'password.changed'")


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "audit_entries_password_changed", "audit_entries", ["subject", "at"],
        sqlite_where=_CHANGED, postgresql_where=_CHANGED,
    )  # fmt: skip


def downgrade() -> None:
    """Refused, as before every revision of the audit tables."""
    raise NotImplementedError("There is no way back before this revision.")
