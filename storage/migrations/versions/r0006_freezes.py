"""Freezes of new access, and what was last published where: two new tables.

It only adds, so that a bot of the version before works on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "freezes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("began_by", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("lost_from", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("rationale", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    is_open = sa.text("lifted_at IS NULL")
    op.create_index("freezes_open", "freezes", ["kind"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_table(
        "published",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )


def downgrade() -> None:
    """Refused: a freeze that was forgotten would be lifted by nobody."""
    raise NotImplementedError("There is no way back before this revision.")
