"""A MAC of the exceptions whose buttons act upon what their rows say, so that nobody has security lift something else.

Nothing that was there is changed: those of before are signed at the first start (handlers.audit.taking_over).
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty until they are signed."""
    op.add_column("exceptions", sa.Column("mac", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the column away: what is told counts without it."""
    op.drop_column("exceptions", "mac")
