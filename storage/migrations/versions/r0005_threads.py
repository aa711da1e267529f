"""The outbox looked up by thread: whether something older to the same recipient about the same is still owed.

It only puts one index in the place of another; an earlier bot needs neither to be right.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index by what a thread is; the kind comes last, so that the same index finds one message."""
    op.create_index("outbox_thread", "outbox", ["subject", "recipient", "kind"])
    op.drop_index("outbox_same", "outbox")


def downgrade() -> None:
    """Refused: versions only go forward; an earlier bot works with either index."""
    raise NotImplementedError("There is no way back before this revision.")
