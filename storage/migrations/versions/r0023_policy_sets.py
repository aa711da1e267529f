"""Sets of rules, and who approved them: two new tables.

Nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables. One set holds at a time, and one content is proposed once at a time."""
    op.create_table(
        "rule_sets",
        *_texts("id", "policy_set", "content", "state"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("composition", "sources", "catalogue")),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, column, state in (
        ("rule_sets_active", "state", "active"),
        ("rule_sets_proposed", "content", "proposed"),
    ):
        where = sa.text(f"state = '{state}'")
        op.create_index(name, "rule_sets", [column], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "rule_approvals",
        *_texts("rule_set", "directory", "account", "name", "slack_user", "proof"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["rule_set"], ["rule_sets.id"]),
        sa.PrimaryKeyConstraint("rule_set", "directory", "account"),
    )


def downgrade() -> None:
    """Refused: a set that nobody approved would hold."""
    raise NotImplementedError("There is no way back before this revision.")
