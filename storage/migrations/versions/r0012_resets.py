"""What makes a reset safe: addresses as they were seen, counts, what was told before, and what was reported.

New tables and one index; nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OPEN = sa.text("lifted_at IS NULL")
_UNSETTLED = sa.text("settled_at IS NULL")
_RESETS = sa.text("purpose = 'reset' AND done_at IS NOT NULL")


def upgrade() -> None:
    """Add four tables, and an index that finds who reset their password lately."""
    op.create_table(
        "addresses",
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("directory", "account"),
    )
    op.create_table(
        "tallies",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "slot"),
    )
    op.create_table(
        "announcements",
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mailed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["handle"], ["handles.id"]),
        sa.PrimaryKeyConstraint("handle"),
    )
    op.create_table(
        "alarms",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in (
                "handle", "directory", "account", "name", "door", "disabled", "sessions", "lifted_by", "rationale"
            )
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["handle"], ["handles.id"]),
        sa.PrimaryKeyConstraint("handle"),
    )  # fmt: skip
    for name, columns, where in (
        ("alarms_open", ["directory", "account"], _OPEN),
        ("alarms_unsettled", ["at"], _UNSETTLED),
    ):
        op.create_index(name, "alarms", columns, sqlite_where=where, postgresql_where=where)
    op.create_index(
        "handles_reset", "handles", ["account", "done_at"], sqlite_where=_RESETS, postgresql_where=_RESETS
    )


def downgrade() -> None:
    """Refused: an account that was reported would be let in again."""
    raise NotImplementedError("There is no way back before this revision.")
