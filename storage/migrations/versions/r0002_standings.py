"""Standing memberships, the groups that were looked at, and approvals that no longer count: three new tables.

It only adds, so that the version before works on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "voided_approvals",
        sa.Column("approval", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("approval"),
        sa.ForeignKeyConstraint(["approval"], ["approvals.id"]),
    )
    op.create_table(
        "standings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("entitlement", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("declared_by", sa.String(), nullable=False),
        sa.Column("rationale", sa.String(), nullable=False),
        sa.Column("review_at", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("directory", "group", "kind", "member"),
    )
    op.create_table(
        "watched",
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("directory", "group"),
    )


def downgrade() -> None:
    """Refused: who declared what is not thrown away."""
    raise NotImplementedError("Standing memberships that were declared are not thrown away.")
