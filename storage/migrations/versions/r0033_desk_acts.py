"""What help desks did for other people: one new table.

Nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_TEXTS = (
    "id", "act", "desk", "directory", "account", "name", "login", "slack_user", "helper", "helper_name",
    "helper_slack", "ticket", "handle",
)  # fmt: skip


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "desk_acts",
        *(sa.Column(name, sa.String(), nullable=False) for name in _TEXTS),
        sa.Column("given_again", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["handle"], ["handles.id"]),
    )
    op.create_index("desk_acts_by", "desk_acts", ["directory", "helper", "at"])
    op.create_index("desk_acts_for", "desk_acts", ["directory", "account", "at"])
    op.create_index("desk_acts_ticket", "desk_acts", ["ticket", "at"])
    op.create_index("ix_desk_acts_handle", "desk_acts", ["handle"])


def downgrade() -> None:
    """Refused: what was done to somebody's account is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
