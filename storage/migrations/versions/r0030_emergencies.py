"""Emergencies: one new table. Nothing that was there is changed."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_TEXTS = (
    "state", "grant", "directory", "account", "login", "name", "slack_team", "slack_user", "entitlement", "incident",
    "reason", "handle", "proved_by", "told_by", "fallback", "refused_why", "reviewed_by", "reviewed_by_name", "finding",
)  # fmt: skip
_MOMENTS = (
    "proven_at", "tell_by", "told_security_at", "told_outside_at", "opened_at", "ends_at", "review_due_at",
    "reviewed_at", "escalated_at", "reminded_at",
)  # fmt: skip
_UNDER_WAY = sa.text("state IN ('asked', 'telling', 'told')")
_UNREVIEWED = sa.text("state = 'granted' AND reviewed_at IS NULL")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "emergencies",
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in _TEXTS),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("ask_by", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in _MOMENTS),
        sa.Column("mac", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "emergencies_under_way", "emergencies", ["directory", "account", "entitlement"], unique=True,
        sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY,
    )  # fmt: skip
    op.create_index("emergencies_of", "emergencies", ["directory", "account", "opened_at"])
    op.create_index("emergencies_for", "emergencies", ["incident"])
    op.create_index(
        "emergencies_unreviewed", "emergencies", ["review_due_at"],
        sqlite_where=_UNREVIEWED, postgresql_where=_UNREVIEWED,
    )  # fmt: skip


def downgrade() -> None:
    """Refused: who broke the glass is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
