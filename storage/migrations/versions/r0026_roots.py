"""Marks beside audit entries instead of roots: a new column of the head says whether new entries have them.

A SQLite file has one bot, so there they begin at once. On PostgreSQL replicas of the version before may go on beside
this one, and they know roots alone: a log that is there keeps them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no entry is changed."""
    op.add_column("audit_head", sa.Column("marks", sa.Boolean()))
    if op.get_bind().dialect.name == "sqlite":
        _begin_on_sqlite()


def downgrade() -> None:
    """Refused: the version before takes a mark for a root that was changed."""
    raise NotImplementedError("There is no way back before this revision.")


def _begin_on_sqlite() -> None:
    """The guard of the head is away for one statement. One that is missing stays so: the start names it."""
    guard = (
        op.get_bind()
        .exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'audit_head_update'")
        .scalar()
    )
    op.execute("DROP TRIGGER IF EXISTS audit_head_update")
    op.execute("UPDATE audit_head SET marks = 1")
    if guard:
        op.get_bind().exec_driver_sql(guard)
