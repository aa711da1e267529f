"""Vouchings: one new table of who asked to be vouched for, who vouched, and what became of it.

Nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

_TEXTS = (
    "id", "handle", "directory", "account", "counted", "browser", "idle", "name", "voucher", "voucher_name",
    "voucher_slack", "role", "spoken", "ticket", "proof", "proof_of", "ended",
)  # fmt: skip
_INDEXES = (
    ("vouchings_open", ["directory", "account"], "ended_at IS NULL"),
    ("vouchings_cooling", ["counts_from"], "cooled_at IS NULL AND ended_at IS NULL"),
    ("vouchings_by", ["voucher", "vouched_at"], "voucher <> ''"),
)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "vouchings",
        *(sa.Column(name, sa.String(), nullable=False) for name in _TEXTS),
        sa.Column("wrong", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("asked_at", "expires_at")),
        *(
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in ("vouched_at", "counts_from", "counts_until", "cooled_at", "ended_at")
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["handle"], ["handles.id"]),
    )
    op.create_index("ix_vouchings_handle", "vouchings", ["handle"])
    op.create_index("vouchings_asked", "vouchings", ["counted", "asked_at"])
    for name, columns, condition in _INDEXES:
        where = sa.text(condition)
        op.create_index(name, "vouchings", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Refused: who vouched for whom is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
