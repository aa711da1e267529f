"""How far the audit log has been walked over: one new table.

Nothing that was there is changed; the first round begins with the first entry.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "log_walks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.String(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Refused: what was found in the record would be told as news."""
    raise NotImplementedError("There is no way back before this revision.")
