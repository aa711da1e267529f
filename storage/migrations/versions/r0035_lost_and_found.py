"""The words of two that somebody breaks glass again whose emergencies were lost, and a MAC of the detectors' place.

Nothing that was there is changed: the detectors begin with a row of their own, and older replicas go on with theirs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the column."""
    op.create_table(
        "restore_words",
        sa.Column("emergency", sa.String(), nullable=False),
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rationale", sa.String(), nullable=False),
        sa.Column("settles", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("emergency", "directory", "account"),
    )
    op.add_column("streams", sa.Column("mac", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Refused: whoever was let again would not be any more."""
    raise NotImplementedError("There is no way back before this revision.")
