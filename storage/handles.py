"""Handles of the secure page as rows: made, bound to a browser, taken for one change, finished once.

They carry no authority, and nothing here knows their text.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, literal_column, or_, union_all
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, func, select

from storage.audit.tables import DONE, ENTRIES, OF_A_CHANGED_PASSWORD
from storage.engine.changing import change_if, change_where, put
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows
from storage.identifiers import new_id
from storage.records import Handle
from storage.signing import genuine, if_genuine
from storage.states import Purpose, Result

# Built once: every request and click asks, and making a statement costs more than running it.
_HANDLES = SQLModel.metadata.tables[Handle.__tablename__]
_BY_ID = Loading(Handle, pick(_HANDLES).where(_HANDLES.c.id == bindparam("of")))
_CUT_OFF = Loading(
    Handle,
    pick(_HANDLES).where(_HANDLES.c.result == Result.CHANGING, _HANDLES.c.expires_at < bindparam("before")),
)
_IS_OPEN = col(Handle.result) == Result.OPEN
# What is said to the driver as it is takes no list. A click is about three people or four.
_SLOTS = ("one", "two", "three", "four")


def _in_slots(account: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(*(account == bindparam(slot) for slot in _SLOTS))


# Of visits, and of what the record says: one question, since every click asks both. An entry names no directory.
_NO_DIRECTORY = ""
_SINCE = bindparam("since", type_=_HANDLES.c.created_at.type)
_RESETS = Plain(
    union_all(
        pick(_HANDLES.c.directory, _HANDLES.c.account, _HANDLES.c.id, _HANDLES.c.done_at).where(
            _HANDLES.c.purpose
            == literal_column("'reset'"),  # literally the condition of the index handles_reset
            _HANDLES.c.done_at.is_not(None),
            _HANDLES.c.done_at > _SINCE,
            _in_slots(_HANDLES.c.account),
        ),
        pick(
            literal_column(f"'{_NO_DIRECTORY}'"), ENTRIES.c.subject, ENTRIES.c.correlation, ENTRIES.c.at
        ).where(
            literal_column(OF_A_CHANGED_PASSWORD),
            ENTRIES.c.outcome.concat("") == DONE,
            ENTRIES.c.at > _SINCE,
            _in_slots(ENTRIES.c.subject),
        ),
    )
)


REVOKE_ALL: Literal["revoke_all"] = "revoke_all"
"""The purpose of a handle that no page is behind and that is never open: an alarm of the security team is about it."""

RECHECK: Literal["recheck"] = "recheck"
"""The same of a check of somebody's access that a help desk asked for."""


def make_handle(
    tx: Session,
    *,
    at: datetime,
    expires_at: datetime,
    purpose: Purpose | Literal["revoke_all", "recheck"],
    directory: str,
    account: str,
    slack_team: str,
    slack_user: str,
    door: str = "",
) -> Handle:
    """Keep a new handle. account: "" when a Slack account or a login fits nobody, so that nothing can come of it."""
    handle = Handle(
        id=new_id("h", at), purpose=purpose, directory=directory, account=account, slack_team=slack_team,
        slack_user=slack_user, proven=[], created_at=at, expires_at=expires_at, door=door,
    )  # fmt: skip
    return put(tx, handle)


def reopen(tx: Session, handle_id: str, *, expires_at: datetime) -> bool:
    """Let a handle that was kept shut be used until then. False if something came of it before."""
    return change_if(tx, Handle, handle_id, _IS_OPEN, expires_at=expires_at)


def close(tx: Session, handle_id: str, *, at: datetime) -> bool:
    """End one open handle. False if its change is under way, or something came of it already."""
    return reopen(tx, handle_id, expires_at=at)


def handle_by_id(tx: Session, handle_id: str) -> Handle | None:
    """The handle, whatever its state; None if there is none, or it is not as Wicket wrote it."""
    return if_genuine(tx, _BY_ID.one_held(tx, {"of": handle_id}))


def in_same_browser(tx: Session, handle: Handle) -> Handle | None:
    """The handle as it is now; None if another browser took it over since it was read."""
    kept = handle_by_id(tx, handle.id)
    return kept if kept is not None and kept.session == handle.session else None


def bind(tx: Session, handle_id: str, *, proven: list[str], session: str, was: str, at: datetime) -> bool:
    """Remember the proofs given and the browser that gave them. False if another browser was faster, or it was closed.

    session: SHA-256 (hex) of the new cookie. was: the one that it replaces, "" if none.
    """
    as_it_was = (col(Handle.session) == was, _IS_OPEN, col(Handle.expires_at) > at)
    return change_if(tx, Handle, handle_id, *as_it_was, proven=proven, session=session)


def move(tx: Session, handle_id: str, *, was: Result, now: Result, at: datetime) -> bool:
    """Take the handle from one result to the next. False if it was not there any more: another tab was faster."""
    done_at = at if now not in (Result.OPEN, Result.CHANGING) else None
    return change_if(tx, Handle, handle_id, col(Handle.result) == was, result=now, done_at=done_at)


def cut_off(tx: Session, before: datetime) -> Sequence[Handle]:
    """Those whose change was begun and not ended, and that were open until before then."""
    return _CUT_OFF.held(tx, {"before": before})


def take(tx: Session, handle_id: str, *, at: datetime) -> bool:
    """Take an open handle for its change. False if it was taken or closed meanwhile, or its time is over."""
    return change_if(tx, Handle, handle_id, _IS_OPEN, col(Handle.expires_at) > at, result=Result.CHANGING)


def shorten(tx: Session, handle_id: str, *, at: datetime) -> None:
    """Let the time of a handle that was taken be over now: nothing but its own change comes of it any more."""
    is_taken = col(Handle.result) == Result.CHANGING
    change_if(tx, Handle, handle_id, is_taken, col(Handle.expires_at) > at, expires_at=at)


def close_others(tx: Session, handle_id: str, *, directory: str, account: str, at: datetime) -> None:
    """End this person's other open handles: what they were opened for was overtaken."""
    others = (*_lasting(directory, account, at), col(Handle.id) != handle_id)
    change_where(tx, Handle, *others, expires_at=at)


def close_all(tx: Session, *, directory: str, account: str, at: datetime) -> int:
    """End this person's open handles; how many."""
    return change_where(tx, Handle, *_lasting(directory, account, at), _IS_OPEN, expires_at=at)


def open_of(tx: Session, *, directory: str, account: str, at: datetime) -> int:
    """How many open handles this person has."""
    theirs = (*_lasting(directory, account, at), _IS_OPEN)
    return tx.exec(select(func.count()).select_from(Handle).where(*theirs)).one()


def _lasting(directory: str, account: str, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Handle.directory) == directory, col(Handle.account) == account, col(Handle.expires_at) > at


def close_everybodys(
    tx: Session, at: datetime, *, purpose: Purpose | None = None, spared: Collection[str] = ()
) -> None:
    """End all open handles, whoever they are for. purpose: only those. spared: the ids of those that stay open."""
    of_purpose = [] if purpose is None else [col(Handle.purpose) == purpose]
    others = [col(Handle.id).not_in(spared)] if spared else []
    change_where(tx, Handle, _IS_OPEN, col(Handle.expires_at) > at, *of_purpose, *others, expires_at=at)


def resets_since(
    tx: Session, people: Collection[tuple[str, str]], since: datetime
) -> Mapping[tuple[str, str], datetime]:
    """When each of these (directory, account) last reset their password since then, or may have.

    The record tells of a reset whose row is gone, or not as Wicket wrote it: in which directory that was, it does not
    say, so it holds for an account of that id in any.
    """
    found: dict[tuple[str, str], datetime] = {}
    for directory, account, visit, at in _resets_of(tx, {account for _, account in people}, since):
        if directory == _NO_DIRECTORY and _tells_itself(tx, visit, account):
            continue
        for who in people:
            if who[1] == account and directory in (who[0], _NO_DIRECTORY):
                found[who] = max(at, found.get(who, at))
    return found


def _resets_of(tx: Session, accounts: Collection[str], since: datetime) -> Iterator[Sequence[Any]]:
    left = list(accounts)
    while left:
        few, left = left[: len(_SLOTS)], left[len(_SLOTS) :]
        asked = dict(zip_longest(_SLOTS, few, fillvalue=few[0]))
        yield from rows(tx.connection(), _RESETS, {**asked, "since": since})


def _tells_itself(tx: Session, visit: str, account: str) -> bool:
    """Whether the row of this visit says what came of it, and where. One that says nothing yet, though the record does,
    was put back to what it was before.
    """
    row = _BY_ID.one_found(tx, {"of": visit})
    return row is not None and row.account == account and row.done_at is not None and genuine(tx, row)


def finished_since(tx: Session, purpose: Purpose, *, directory: str, account: str, since: datetime) -> int:
    """How many handles of this purpose this person finished since then, or is about to (P-7)."""
    return tx.exec(
        select(func.count())
        .select_from(Handle)
        .where(
            Handle.purpose == purpose,
            Handle.directory == directory,
            Handle.account == account,
            or_(col(Handle.done_at) > since, col(Handle.result) == Result.CHANGING),
        )
    ).one()


def opened_at_door(tx: Session, door: str, since: datetime) -> int:
    """How many handles were opened at the front door by this login since then."""
    return tx.exec(
        select(func.count()).select_from(Handle).where(Handle.door == door, col(Handle.created_at) > since)
    ).one()
