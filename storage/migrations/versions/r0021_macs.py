"""MACs of the rows that carry authority: one new column in each of their tables, empty until they are signed.

Nothing that was there is changed; an operator has it signed when every replica knows MACs (handlers.audit.taking_over).
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TABLES = (
    "alarms",
    "approvals",
    "attestations",
    "challenges",
    "freezes",
    "grants",
    "handles",
    "holdings",
    "links",
    "mail_codes",
    "passkeys",
    "petitions",
    "proofs",
    "sign_ins",
    "step_ups",
    "subjects",
    "vouchings",
)


def upgrade() -> None:
    """Add the columns."""
    for table in _TABLES:
        op.add_column(table, sa.Column("mac", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Refused: whoever can write the database could then make it give access."""
    raise NotImplementedError("There is no way back before this revision.")
