"""What there is beside a request: where its message stands, and what was asked about it. One look for all of it.

It reads what other modules keep, and changes nothing.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, literal_column, select, union_all
from sqlmodel import Session, SQLModel

from storage.engine.plain import Plain, rows
from storage.records import Inquiry, Posted

_POSTED = SQLModel.metadata.tables[Posted.__tablename__]
_INQUIRIES = SQLModel.metadata.tables[Inquiry.__tablename__]
# Built once: every change of a request runs it.
_BESIDE = Plain(
    union_all(
        select(literal_column("1"), _POSTED.c.recipient).where(
            literal_column("'approval'") == _POSTED.c.kind, _POSTED.c.subject == bindparam("of")
        ),
        select(literal_column("0"), _INQUIRIES.c.id).where(
            _INQUIRIES.c.grant == bindparam("of"), _INQUIRIES.c.answered_at.is_(None)
        ),
    )
)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """places: the recipients to whom the message about it was posted. unanswered: ids of questions."""

    places: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()


NOTHING_BESIDE = Beside()


def beside_request(tx: Session, grant: str) -> Beside:
    """All of it."""
    found = rows(tx.connection(), _BESIDE, {"of": grant})
    if not found:
        return NOTHING_BESIDE
    return Beside(
        places=tuple(sorted(what for is_place, what in found if is_place)),
        unanswered=tuple(what for is_place, what in found if not is_place),
    )
