"""A MAC of what people were told before their password is changed: nobody calls a letter sent that was not.

What was told of visits that are open now is told once again: a row without a MAC would look as if somebody forged it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, to no row."""
    op.execute("DELETE FROM announcements")
    op.add_column("announcements", sa.Column("mac", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the column away: what is told counts without it."""
    op.drop_column("announcements", "mac")
