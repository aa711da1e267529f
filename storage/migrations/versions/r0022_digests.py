"""Bulletins: one new table of what the security channel was told at its set times, and an index on exceptions by time.

Nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "bulletins",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "day")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("since", "until", "at")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("number", "first")),
        sa.PrimaryKeyConstraint("kind", "day"),
    )
    op.create_index("exceptions_last", "exceptions", ["last_at"])


def downgrade() -> None:
    """Refused: what was told would be told again."""
    raise NotImplementedError("There is no way back before this revision.")
