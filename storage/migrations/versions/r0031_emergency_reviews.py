"""What a review of an emergency would change, and who let somebody again: columns beside those that were there."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty for what was there."""
    for name in ("review_words", "restored_by", "restored_by_name"):
        op.add_column("emergencies", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("emergencies", sa.Column("restored_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Refused: what a review said is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
