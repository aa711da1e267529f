"""Words that an emergency stop may be lifted, and what was revoked of one person at once: two new tables.

Nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_UNFINISHED = sa.text("finished_at IS NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "lift_words",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("freeze", "directory", "account", "name", "rationale")
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("freeze", "directory", "account"),
        sa.ForeignKeyConstraint(["freeze"], ["freezes.id"]),
    )
    op.create_table(
        "revoked_all",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("handle", "directory", "account", "by")),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("handle"),
        sa.ForeignKeyConstraint(["handle"], ["alarms.handle"]),
    )
    op.create_index(
        "revoked_all_unfinished", "revoked_all", ["at"],
        sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED,
    )  # fmt: skip


def downgrade() -> None:
    """Refused: who said what about a stop is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
