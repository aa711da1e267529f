"""The time zone that Slack told last of a linked person, for times where nothing localises them.

One column; nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; empty until Slack is asked about the person again."""
    op.add_column("links", sa.Column("zone", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    """Take it away again: it is seen anew."""
    op.drop_column("links", "zone")
