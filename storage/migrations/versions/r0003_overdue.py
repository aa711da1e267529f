"""Removals that stay overdue: when each is told again, and which owner hears of an exception too.

It only adds columns that may be empty, so that a bot of the version before works on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("holdings", sa.Column("page_at", sa.BigInteger(), nullable=True))
    op.add_column("exceptions", sa.Column("owner", sa.String(), nullable=True))


def downgrade() -> None:
    """Refused: versions only go forward; an earlier bot leaves the columns alone."""
    raise NotImplementedError("The columns stay: an earlier version works beside them.")
