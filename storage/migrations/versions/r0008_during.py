"""While a request waits and a grant lasts: what to remind of and when, who stands in, what extends what.

It only adds, so that the version before works on beside it. What waits or lasts already is reminded of as if it were
new: of a request half-way to its lapse, of a grant when a tenth of its time is left, and of nothing under 15 minutes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OPEN = sa.text("remind_at IS NOT NULL AND state IN ('pending', 'active')")


def upgrade() -> None:
    """Add the columns, fill them for what is open, and index what is due."""
    for name in ("remind_at", "reminded_at", "passed_on_at", "held_since"):
        op.add_column("grants", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("reminder", "passed_on_to", "passed_on_why", "extends", "end_rationale"):
        op.add_column("grants", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.execute(
        "UPDATE grants SET reminder = 'remind', remind_at = lapses_at - (lapses_at - requested_at) / 2 "
        "WHERE state = 'pending' AND lapses_at IS NOT NULL"
    )
    # Moments are microseconds: a tenth of a minute is six million of them, five minutes three hundred million.
    op.execute(
        "UPDATE grants SET reminder = 'end', remind_at = expires_at - "
        "CASE WHEN minutes > 50 THEN minutes * CAST(6000000 AS BIGINT) ELSE 300000000 END "
        "WHERE state = 'active' AND expires_at IS NOT NULL AND minutes >= 15"
    )
    op.create_index("grants_reminding", "grants", ["remind_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    """Refused: who stood in for whom, and why a grant was ended, is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
