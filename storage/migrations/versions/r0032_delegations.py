"""Delegated approvals: one new table, and by which delegation an approval was given.

Nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "delegations",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in (
                "id", "directory", "owner", "delegator", "delegator_name", "delegator_slack", "role", "delegate",
                "delegate_name", "delegate_slack", "group",
            )
        ),
        sa.Column("entitlements", sa.JSON(), nullable=False),
        sa.Column("max_risk", sa.Integer(), nullable=False),
        sa.Column("max_minutes", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=False, server_default="") for name in ("ended", "ended_by", "mac")),
        sa.PrimaryKeyConstraint("id"),
    )  # fmt: skip
    for name, columns in {
        "delegations_open": ["directory", "owner"],
        "delegations_due": ["expires_at"],
    }.items():
        op.create_index(name, "delegations", columns, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.add_column("approvals", sa.Column("delegation", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Refused: who let whom decide is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
