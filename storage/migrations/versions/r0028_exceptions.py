"""What people do about exceptions: their states, who works on one and by when, and why it was resolved.

Rows of before are filled: what was over or decided is resolved, and so is what was last met more than a week ago.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_NOT_RESOLVED = sa.text("state <> 'resolved'")
_ROWS = sa.table(
    "exceptions",
    sa.column("id", sa.String()), sa.column("severity", sa.String()), sa.column("facts", sa.JSON()),
    sa.column("last_at", sa.BigInteger()), sa.column("due_at", sa.BigInteger()),
    sa.column("state", sa.String()), sa.column("resolution", sa.String()),
    sa.column("resolved_at", sa.BigInteger()), sa.column("resolved_by", sa.String()),
)  # fmt: skip
_RESOLVES = {"decided_by": "decided", "settled": "settled", "renewed": "renewed"}
_MICROS = 1_000_000
_WITHIN = {"high": 4 * 3600 * _MICROS, "medium": 24 * 3600 * _MICROS, "low": 7 * 24 * 3600 * _MICROS}
_OLD = timedelta(days=7) // timedelta(microseconds=1)


def upgrade() -> None:
    """Add the columns and the index, and fill them."""
    for name in (
        "acknowledged_by", "assignee", "assignee_directory", "assignee_name", "resolved_by", "resolution", "words",
    ):  # fmt: skip
        op.add_column("exceptions", sa.Column(name, sa.String(), server_default="", nullable=False))
    for name in ("due_at", "acknowledged_at", "resolved_at"):
        op.add_column("exceptions", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("exceptions", sa.Column("state", sa.String(), server_default="open", nullable=False))
    op.add_column("exceptions", sa.Column("reopened", sa.Integer(), server_default="0", nullable=False))
    _fill(int(datetime.now(UTC).timestamp()) * _MICROS)
    op.create_index(
        "exceptions_open", "exceptions", ["due_at"],
        sqlite_where=_NOT_RESOLVED, postgresql_where=_NOT_RESOLVED,
    )  # fmt: skip


def _fill(now: int) -> None:
    there = op.get_bind()
    for row in there.execute(sa.select(_ROWS.c.id, _ROWS.c.severity, _ROWS.c.facts, _ROWS.c.last_at)).all():
        why = next((_RESOLVES[fact] for fact in _RESOLVES if fact in row.facts), "")
        if not why and now - row.last_at > _OLD:
            why = "before"
        filled: dict[str, object] = {"due_at": now + _WITHIN[row.severity]}
        if why:
            by = row.facts.get("decided_by") or ""
            filled |= {"state": "resolved", "resolution": why, "resolved_at": now, "resolved_by": str(by)}
        there.execute(_ROWS.update().where(_ROWS.c.id == row.id).values(**filled))


def downgrade() -> None:
    """Refused: who took what upon themselves, and why it was resolved, is not thrown away."""
    raise NotImplementedError("There is no way back before this revision.")
