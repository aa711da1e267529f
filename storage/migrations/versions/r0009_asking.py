"""Whom a request is for, where somebody asked for a report of theirs: kept beside who asked.

Until now everybody asked for themselves, which is what an empty account says; nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_GIVEN = sa.text("target_account <> ''")


def upgrade() -> None:
    """Add the account, name and login of whom it is for, and index what is for others."""
    for name in ("target_account", "target_name", "target_login"):
        op.add_column("grants", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.create_index(
        "grants_for",
        "grants",
        ["target_account", "state", "entitlement"],
        sqlite_where=_GIVEN,
        postgresql_where=_GIVEN,
    )


def downgrade() -> None:
    """Refused: access given to a report would look like its requester's own."""
    raise NotImplementedError("There is no way back before this revision.")
