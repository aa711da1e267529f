"""The outbox looked up by thread (is something older about the same owed to them?) and read in the order it was owed.

It only puts indexes in the place of others; an earlier bot needs neither to be right.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index by what a thread is, with the kind last, so that it finds one message too; and by age."""
    op.create_index("outbox_thread", "outbox", ["subject", "recipient", "kind"])
    op.drop_index("outbox_same", "outbox")
    op.create_index("outbox_oldest", "outbox", ["courier", "urgency", "id"])
    op.drop_index("outbox_owed", "outbox")


def downgrade() -> None:
    """Refused: versions only go forward; an earlier bot works with either index."""
    raise NotImplementedError("There is no way back before this revision.")
