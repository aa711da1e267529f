"""Petitions, and what approvers said of them: two new tables.

Nothing that was there is changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_OPEN = sa.text("ended_at IS NULL")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moments(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def upgrade() -> None:
    """Make the tables. One person has one open petition at most."""
    op.create_table(
        "petitions",
        *_texts("id", "kind", "directory", "account", "name", "login", "slack_team", "slack_user"),
        *_texts(
            "team", "employment", "manager", "explanation", "state", "ended_by", "end_reason", "end_words"
        ),
        sa.Column("privileged", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        *_moments("asked_at", "lapses_at", "next_at"),
        *_moments("decided_at", "opens_at", "mailed_at", "opened_at", "closes_at", "ended_at", nullable=True),
        sa.ForeignKeyConstraint(["id"], ["handles.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, columns, unique in (
        ("petitions_one_open", ["directory", "account"], True),
        ("petitions_due", ["next_at"], False),
    ):
        op.create_index(name, "petitions", columns, unique=unique, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("petitions_of", "petitions", ["directory", "account", "opened_at"])
    op.create_table(
        "attestations",
        *_texts("petition", "directory", "account", "name", "slack_user", "role", "rationale", "proof"),
        *_moments("proven_at", "at"),
        sa.ForeignKeyConstraint(["petition"], ["petitions.id"]),
        sa.PrimaryKeyConstraint("petition", "directory", "account"),
    )


def downgrade() -> None:
    """Refused: a petition that was cancelled would be forgotten."""
    raise NotImplementedError("There is no way back before this revision.")
