"""The one row that knows how far the log has grown, as it is read, and the MAC by which Wicket knows its own.

It reads no entry and moves no head. Whoever can write the database adds entries that fit together, but has no key: so
nothing but this MAC tells whether Wicket added the last one.
"""

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import LargeBinary, bindparam, cast, func, literal_column, select, type_coerce, update
from sqlalchemy.types import NullType

from storage.audit.merkle import Frontier
from storage.audit.tables import ENTRIES, HEAD
from storage.engine.plain import Plain
from storage.faults import AuditFault, SettingsFault
from storage.taking_over import known_of

if TYPE_CHECKING:  # what only walks over the log has no need of keys
    from storage.macs import Macs

MACS = "macs"
"""Under what a transaction says its keys (storage.macs); it has none where nobody gave any."""

HEAD_ID = 1
TAINTED = ""
"""Instead of the MAC of a head that once was not Wicket's: what is added to that makes it no better."""

_VOUCHED, _RELIED = "head_vouched", "head_relied"
_COLUMNS = (
    HEAD.c.size,
    cast(HEAD.c.frontier, LargeBinary).label("frontier"),
    type_coerce(HEAD.c.marks, NullType()),
    type_coerce(HEAD.c.mac, NullType()),
)
_IS_HEAD = HEAD.c.id == literal_column(str(HEAD_ID))
_THE_HEAD = select(*_COLUMNS).where(_IS_HEAD)
_LOWEST, _HIGHEST = (
    select(which(ENTRIES.c.index)).scalar_subquery() for which in (func.min, func.max)
)  # fmt: skip
# Built once: making a statement costs more than running it.
READ_HEAD = Plain(_THE_HEAD)
LOCK_HEAD = Plain(_THE_HEAD.with_for_update())
READ_WITH_ENDS = Plain(select(*_COLUMNS, _LOWEST, _HIGHEST).where(_IS_HEAD))
MOVE_HEAD = Plain(
    update(HEAD)
    .where(_IS_HEAD, HEAD.c.size == bindparam("old_size"))
    .values(size=bindparam("new_size"), frontier=bindparam("new_frontier"), mac=bindparam("new_mac"))
)

_NO_KEYS = (
    "Whatever is added to the record is added under the keys of WICKET_SECRET_KEYS, and they are not given. Give the "
    "same as the bot has. Nothing was recorded."
)
_MEANWHILE = "Other hands added to the audit log while this was decided, so nothing was done."


class Head(NamedTuple):
    """The head as it is stored. marks: whether new entries have marks beside them. mac: whatever stands there."""

    tree: Frontier
    marks: bool
    mac: Any

    @property
    def said(self) -> bytes:
        """What its MAC is about."""
        return _said(self.marks, self.tree.to_bytes())


def head_of(size: int, stored: bytes, marks: object, mac: object) -> Head:
    """What the columns say. AuditFault if they contradict one another."""
    try:
        tree = Frontier.from_bytes(stored)
    except ValueError as problem:
        raise AuditFault("the audit head cannot be read") from problem
    if tree.size != size:
        raise AuditFault("the audit head contradicts itself about its size")
    return Head(tree, bool(marks), mac)


def first_mac(info: MutableMapping[str, Any], head: Head) -> str | None:
    """The MAC of the head of a log that begins. Where one was known to be there, it was taken away."""
    macs: Macs | None = info.get(MACS)
    if known_of(info).binds_head:
        return TAINTED
    return None if macs is None else macs.of_head(head.said)


def next_mac(info: MutableMapping[str, Any], before: Head, stored: bytes) -> str | None:
    """The MAC of the head once it has moved on from `before` to this frontier: one only if that one was Wicket's.

    SettingsFault without keys, where there was one. AuditFault if this transaction went by the record (`rely`), and it
    was added to since.
    """
    macs: Macs | None = info.get(MACS)
    if macs is None:
        if before.mac:
            raise SettingsFault(_NO_KEYS)
        return before.mac  # type: ignore[no-any-return]
    if info.pop(_VOUCHED, False) or holds(macs, before):
        return macs.of_head(_said(before.marks, stored))
    if before.mac is None and not (info.get(_RELIED) or known_of(info).binds_head):
        return None  # nobody has put it under a key yet, or it was taken away: the record says which
    if _RELIED in info:
        raise AuditFault(_MEANWHILE)
    return TAINTED


def holds(macs: "Macs", head: Head) -> bool:
    """Whether the head is as Wicket left it."""
    return isinstance(head.mac, str) and macs.holds_head(head.said, head.mac)


def vouch_next(info: MutableMapping[str, Any]) -> None:
    """Have the next entry of this transaction bring the head a MAC whatever it had: its caller answers for that."""
    info[_VOUCHED] = True


def rely(info: MutableMapping[str, Any], head: Head | None) -> None:
    """This transaction goes by a head that is Wicket's: where it turns out to be none, nothing of it is kept; nor where
    it has no MAC any more.
    """
    info[_RELIED] = head is not None and head.mac is not None


def _said(marks: bool, frontier: bytes) -> bytes:
    return (b"marks" if marks else b"roots") + frontier
