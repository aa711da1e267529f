"""Exceptions counted on one message, how long one has been open, and what is told outside Slack.

Nothing that was there is changed; what was open before is told outside only once it is opened again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_ALONE = sa.text("fold IS NULL")
_FOLDED = sa.text("fold IS NOT NULL")
_UNHEEDED = sa.text("severity = 'high' AND state = 'open' AND fold IS NULL")


def upgrade() -> None:
    """Add the columns, the indexes and the table."""
    op.add_column("exceptions", sa.Column("fold", sa.String(), nullable=True))
    op.add_column("exceptions", sa.Column("open_since", sa.BigInteger(), nullable=True))
    for name, columns, which in (
        ("exceptions_alone", ["kind", "severity", "first_at"], _ALONE),
        ("exceptions_folded", ["fold"], _FOLDED),
        ("exceptions_unheeded", ["open_since"], _UNHEEDED),
    ):
        op.create_index(name, "exceptions", columns, sqlite_where=which, postgresql_where=which)
    op.create_table(
        "escalations",
        sa.Column("exception", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("owed_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("exception", "channel", "reopened"),
        sa.ForeignKeyConstraint(["exception"], ["exceptions.id"]),
    )


def downgrade() -> None:
    """Refused: who was told of what outside Slack is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
