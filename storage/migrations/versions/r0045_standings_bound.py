"""A MAC of memberships that no grant gives, so that nobody has Wicket take one for declared by writing a row.

Nothing that was there is changed: those of before are signed at the first start (handlers.audit.taking_over).
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty until they are signed."""
    op.add_column("standings", sa.Column("mac", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the column away: what is declared counts without it."""
    op.drop_column("standings", "mac")
