"""What an approval was shown, what was asked for before it was shortened, and questions with their answers.

It only adds, so that the version before works on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and make the table of questions."""
    op.add_column("approvals", sa.Column("shown", sa.String(), server_default="", nullable=False))
    op.add_column("grants", sa.Column("asked_minutes", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "inquiries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("grant", sa.String(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("asker_name", sa.String(), nullable=False),
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["grant"], ["grants.id"]),
    )
    op.create_index("ix_inquiries_grant", "inquiries", ["grant"])


def downgrade() -> None:
    """Refused: what approvers were shown and what was answered would be forgotten."""
    raise NotImplementedError("There is no way back before this revision.")
