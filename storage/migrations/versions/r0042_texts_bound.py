"""A MAC of sets of rules, of questions about requests and of bulletins, so that nobody plants one.

Nothing that was there is changed: those of before are signed at the first start (handlers.audit.taking_over).
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_TABLES = ("rule_sets", "inquiries", "bulletins")


def upgrade() -> None:
    """Add the columns, empty until they are signed."""
    for table in _TABLES:
        op.add_column(table, sa.Column("mac", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the columns away: each row counts without them."""
    for table in _TABLES:
        op.drop_column(table, "mac")
