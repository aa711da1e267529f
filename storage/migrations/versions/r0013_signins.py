"""Sign-ins at the provider and the subjects that they pinned: two new tables; and where a handle was opened.

Until now every handle was opened in Slack, which is what an empty door says; nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT_DOOR = sa.text("door <> ''")


def upgrade() -> None:
    """Make the tables, and add the door to handles."""
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["handle"], ["handles.id"]),
    )
    op.create_index("ix_sign_ins_handle", "sign_ins", ["handle"])
    op.create_table(
        "subjects",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("sub", sa.String(), nullable=False),
        sa.Column("directory", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("pinned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "sub"),
        sa.UniqueConstraint("issuer", "directory", "account"),
    )
    op.add_column("handles", sa.Column("door", sa.String(), server_default="", nullable=False))
    op.create_index(
        "handles_at_door",
        "handles",
        ["door", "created_at"],
        sqlite_where=_AT_DOOR,
        postgresql_where=_AT_DOOR,
    )


def downgrade() -> None:
    """Refused: who somebody is at the provider is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
