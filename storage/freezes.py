"""Freezes as they are kept: begun, found while open, lifted once; and what was last published where.

It does not decide what a freeze stops, nor who may lift it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, exists, literal_column, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from storage.audit import log
from storage.audit.tables import ENTRIES
from storage.engine import upserts
from storage.engine.changing import change, put
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows, run
from storage.identifiers import new_id
from storage.on_record import note_put_back
from storage.records import Freeze, Grant, PublishedLast
from storage.signing import genuine
from storage.states import LIVE, GrantState

# Built once: making a statement costs more than running it, and every request asks. Mostly there is none.
_FREEZES = SQLModel.metadata.tables[Freeze.__tablename__]
_ALL = Loading(Freeze, select_columns(*_FREEZES.c).order_by(_FREEZES.c.since, _FREEZES.c.id))
_STOPPED = "access.stopped"
# The story of a freeze has its id, and no other has one like it: so this reads little, however long the log is.
_NOT_THERE = select_columns(ENTRIES.c.correlation).where(
    ENTRIES.c.correlation > literal_column("'z-'"),
    ENTRIES.c.correlation < literal_column("'z.'"),
    ENTRIES.c.action == literal_column(f"'{_STOPPED}'"),
    ~exists().where(_FREEZES.c.id == ENTRIES.c.correlation),
)
_GONE = Plain(_NOT_THERE.order_by(ENTRIES.c.correlation))
# Nearly always there is none, and then one look is enough.
_ANY = Plain(
    select_columns(literal_column("1")).where(
        or_(select_columns(_FREEZES.c.id).exists(), _NOT_THERE.exists())
    )
)
_LOST = select(_FREEZES.c.id).where(
    _FREEZES.c.lost_from.is_not(None),
    _FREEZES.c.lost_from <= bindparam("at", type_=_FREEZES.c.since.type),
    _FREEZES.c.since >= bindparam("at", type_=_FREEZES.c.since.type),
)
_PUBLISHED = upserts.or_replace(SQLModel.metadata.tables[PublishedLast.__tablename__], ("note", "at"))


def begin(
    tx: Session,
    *,
    at: datetime,
    kind: str,
    by: str,
    lost_from: datetime | None,
    facts: Mapping[str, Any],
) -> Freeze:
    """Keep a freeze that begins now. lost_from: since when what was made is not known any more."""
    freeze = Freeze(
        id=new_id("z", at), kind=kind, began_by=by, since=at, lost_from=lost_from, facts=dict(facts)
    )
    return put(tx, freeze)


def open_ones(tx: Session) -> Sequence[Freeze]:
    """Those that nobody has lifted, the oldest first.

    One that is not as Wicket wrote it counts as open, as the record has it: else a row would say that it stops less.
    So does one that is on the record and not there.
    """
    if not rows(tx.connection(), _ANY):
        return ()
    told = [(one, genuine(tx, one)) for one in _ALL.found(tx)]
    there = [one if sound else _as_told(tx, one) for one, sound in told if not sound or one.lifted_at is None]
    return [*_gone(tx), *there]


def lost_in(tx: Session, freeze: Freeze) -> int:
    """How many entries a restored store lost by it, as Wicket wrote the row; else as the record has it, or 0."""
    lost = (freeze if genuine(tx, freeze) else _as_told(tx, freeze)).facts.get("lost")
    return lost if isinstance(lost, int) else 0


def is_gone(tx: Session, freeze: str) -> bool:
    """Whether one that was open is neither open nor lifted: a row that is there is the one or the other."""
    return tx.get(Freeze, freeze) is None and all(one.id != freeze for one in open_ones(tx))


def put_back(tx: Session) -> None:
    """Make those anew that are on the record and not there: a row that is gone lets nothing begin again."""
    for freeze in _gone(tx):
        put(tx, freeze)
        note_put_back(tx, freeze)


def _gone(tx: Session) -> list[Freeze]:
    begun = [str(row[0]) for row in rows(tx.connection(), _GONE)]
    return [one for freeze in begun for one in _recorded(tx, freeze)]


def _as_told(tx: Session, freeze: Freeze) -> Freeze:
    """As the record has it; one that it does not know, without what anybody may have put there."""
    bare = Freeze(**freeze.model_dump(exclude={"facts"}), facts={})
    return next(iter(_recorded(tx, freeze.id)), bare)


def _recorded(tx: Session, freeze: str) -> list[Freeze]:
    return [_as_recorded(entry) for entry in log.rows(tx, correlation=freeze) if entry.action == _STOPPED]


def _as_recorded(entry: log.Row) -> Freeze:
    facts = entry.said()["facts"]
    return Freeze(
        id=entry.correlation, kind=str(facts["kind"]), began_by=entry.actor, since=entry.at,
        facts={"lost": facts["lost"]} if "lost" in facts else {},
    )  # fmt: skip


def get(tx: Session, freeze: str) -> Freeze | None:
    """The freeze, held until the transaction ends; None if there is none."""
    return tx.get(Freeze, freeze, with_for_update=True)


def lift(tx: Session, freeze: Freeze, *, at: datetime, by: str, rationale: str) -> None:
    """It is over."""
    change(tx, freeze, lifted_at=at, lifted_by=by, rationale=rationale)


def lifted_last(tx: Session, kind: str) -> datetime | None:
    """When the last freeze of this kind was lifted; None if none ever was."""
    found = select(Freeze.lifted_at).where(Freeze.kind == kind, col(Freeze.lifted_at).is_not(None))
    return tx.exec(found.order_by(col(Freeze.lifted_at).desc()).limit(1)).first()


def is_lost(tx: Session, at: datetime) -> bool:
    """Whether what was made then belongs to a time that a restored store does not know of."""
    return tx.connection().execute(_LOST, {"at": at}).first() is not None


def approved_ones(tx: Session) -> Sequence[Grant]:
    """The grants that were approved and are not known to be given: after a loss nobody knows whether they still hold.

    They are held until the transaction ends.
    """
    # Literally the condition of the index grants_due, so that what is over costs nothing.
    live: BindParameter[Any] = bindparam("live", LIVE, expanding=True, literal_execute=True)
    return tx.exec(
        select(Grant)
        .where(col(Grant.state).in_(live), Grant.state == GrantState.APPROVED)
        .order_by(col(Grant.id))
        .with_for_update()
    ).all()


def remember_published(tx: Session, *, place: str, note: str, at: datetime) -> None:
    """Keep what was last written to a file."""
    run(tx.connection(), _PUBLISHED, {"place": place, "note": note, "at": at})


def last_published(tx: Session, place: str) -> str | None:
    """What was last written to this file, as far as this store knows."""
    row = tx.get(PublishedLast, place)
    return row.note if row else None
