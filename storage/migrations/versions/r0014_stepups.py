"""Fresh proofs: one new table for what a handle was proven for; and with which proof somebody approved.

Approvals that were there before were given without one, which is what empty columns say.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and add the proof to approvals."""
    op.create_table(
        "step_ups",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("handle", "about", "kind", "thing", "whom", "rationale")
        ),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["handle"], ["handles.id"]),
        sa.PrimaryKeyConstraint("handle"),
    )
    op.create_index("ix_step_ups_about", "step_ups", ["about"])
    op.add_column("approvals", sa.Column("proof", sa.String(), server_default="", nullable=False))
    op.add_column("approvals", sa.Column("proved_by", sa.String(), server_default="", nullable=False))
    op.add_column("approvals", sa.Column("proved_at", sa.BigInteger(), nullable=True))
    op.add_column("approvals", sa.Column("retyped", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Refused: with which proof somebody approved is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
