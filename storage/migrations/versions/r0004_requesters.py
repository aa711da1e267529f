"""Who asked, kept beside whose membership it is: a grant may give access to the person's account in another directory.

Until now the two were one account, so old rows are filled with it; nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the requester's directory and account to grants, fill them, and index them."""
    for name in ("requester_directory", "requester_account"):
        op.add_column("grants", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.execute("UPDATE grants SET requester_directory = directory, requester_account = account")
    op.create_index("grants_by", "grants", ["requester_account", "state", "entitlement"])


def downgrade() -> None:
    """Refused: who asked for access in another directory would be forgotten."""
    raise NotImplementedError("There is no way back before this revision.")
