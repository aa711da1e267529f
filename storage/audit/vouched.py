"""Whether the log is as Wicket left it: the MAC of its head, and which entries nobody vouches for.

It changes nothing and stops nothing. Of a log that is not Wicket's nothing gives anybody anything, and nothing is
signed.
"""

from typing import NamedTuple

from sqlalchemy import LargeBinary, bindparam, cast, select

from storage.audit.entry import decode
from storage.audit.epochs import STORY, UNVOUCHED
from storage.audit.heads import (
    HEAD_ID,
    MACS,
    READ_HEAD,
    READ_WITH_ENDS,
    TAINTED,
    Head,
    head_of,
    holds,
    rely,
    vouch_next,
)
from storage.audit.log import Transaction, connection_of
from storage.audit.merkle import Frontier
from storage.audit.tables import ENTRIES, HEAD
from storage.engine.plain import Plain, Talk, rows
from storage.faults import AuditFault, SettingsFault
from storage.sentences import template
from storage.taking_over import binds_head, known_of

NOT_OURS = template(
    "Something was added to the audit log, or its head was changed, by hands that have no key of Wicket's."
)
_NOT_SIGNED = f"{NOT_OURS} Nothing is signed."
_NO_KEYS = (
    "Only with the keys of WICKET_SECRET_KEYS it can be told whether the audit log is Wicket's alone, and they are not "
    "given. Give the same as the bot has. Nothing was signed."
)
_OPENINGS = Plain(
    select(ENTRIES.c.index, cast(ENTRIES.c.leaf, LargeBinary))
    .where(ENTRIES.c.correlation == bindparam("story"))
    .order_by(ENTRIES.c.index.desc())
)


class Doubted(NamedTuple):
    """Entries from `first` up to `end` that nobody vouches for: among them some were added by other hands."""

    first: int
    end: int

    def covers(self, index: int) -> bool:
        """Whether this entry is among them."""
        return self.first <= index < self.end


def is_ours(tx: Transaction) -> bool:
    """Whether Wicket wrote the last entry and left the head as it is, and nothing stands before or behind the log.

    Without keys nobody can tell, but where Wicket itself noted that it was not. From then on this transaction relies on
    it: it adds nothing if somebody else did meanwhile.
    """
    ours, found = _looks_ours(tx, is_walked=known_of(tx.info).was_walked)
    if ours:
        rely(tx.info, found)
    return ours


def seems_ours(tx: Transaction) -> bool:
    """The same as far as the head and the record say, for whoever walks over all of the record itself."""
    return _looks_ours(tx, is_walked=True)[0]


def needs_walk(tx: Transaction) -> bool:
    """Whether nothing but the record says that the head needs no MAC, and nobody walked over that here: whoever takes
    the MAC away may have edited what says that there is one.
    """
    return tx.info.get(MACS) is not None and not known_of(tx.info).was_walked and needs_mac(tx)


def walked(tx: Transaction) -> None:
    """The whole log was walked over, and fits: so this process believes it where it says that the head needs no MAC."""
    known_of(tx.info).was_walked = True


def rely_on(tx: Transaction) -> None:
    """For whoever goes by what the record says. AuditFault if it is not Wicket's: anybody may have had it say that."""
    if not is_ours(tx):
        raise AuditFault(NOT_OURS)


def own_head(tx: Transaction) -> Frontier:
    """The tree that is to be signed. AuditFault if the head is not Wicket's; SettingsFault where nobody can tell."""
    with Talk(connection_of(tx)) as talk:
        found = talk.rows(READ_HEAD)
    if not found:
        return Frontier()
    head = head_of(*found[0])
    if tx.info.get(MACS) is None and (head.mac or is_bound(tx)):
        raise SettingsFault(_NO_KEYS)
    if not _counts(tx, head, is_walked=known_of(tx.info).was_walked):
        raise AuditFault(_NOT_SIGNED)
    return head.tree


def is_bound(tx: Transaction) -> bool:
    """Whether the record says that the head was put under a key; what said so once, its process knows for good."""
    return binds_head(connection_of(tx), tx.info)


def needs_mac(tx: Transaction) -> bool:
    """Whether the head has no MAC, and never had one by the record."""
    with Talk(connection_of(tx)) as talk:
        found = talk.rows(READ_HEAD)
    return bool(found) and found[0][-1] is None and not is_bound(tx)


def is_by_older_key(tx: Transaction) -> bool:
    """Whether the head is Wicket's by another key than the newest."""
    (found, _), macs = _with_ends(tx), tx.info.get(MACS)
    if macs is None or found is None or not holds(macs, found):
        return False
    return not str(found.mac).startswith(f"{macs.newest}.")


def vouch(tx: Transaction) -> None:
    """Have the next entry put the head under a key, whatever it is now: whoever calls this answers for it."""
    vouch_next(tx.info)


def doubted(tx: Transaction) -> list[Doubted]:
    """What epochs of the log say of themselves that nobody vouches for it, the last first. It asks for no signature:
    whoever writes an entry without a key that says so has only more doubted, until the next epoch doubts that entry.
    """
    found = list[Doubted]()
    for index, leaf in rows(connection_of(tx), _OPENINGS, {"story": STORY}):
        if any(one.covers(index) for one in found):
            continue
        try:
            facts = decode(bytes(leaf)).get("facts") or {}
        except AuditFault:
            continue
        agrees = facts.get("agrees")
        if facts.get(UNVOUCHED) and isinstance(agrees, int):
            found.append(Doubted(agrees, index))
    return found


def is_doubted(tx: Transaction, index: int) -> bool:
    """Whether this entry is among those."""
    return any(one.covers(index) for one in doubted(tx))


def second_head(tx: Transaction) -> bool:
    """Whether another row stands beside the one that counts as the head."""
    query = select(HEAD.c.id).where(HEAD.c.id != HEAD_ID).limit(1)
    return connection_of(tx).execute(query).first() is not None


def _looks_ours(tx: Transaction, *, is_walked: bool) -> tuple[bool, Head | None]:
    """The head, too."""
    try:
        found, is_whole = _with_ends(tx)
    except AuditFault:
        return False, None
    return _counts(tx, found, is_walked=is_walked) and (is_whole or tx.info.get(MACS) is None), found


def _counts(tx: Transaction, head: Head | None, *, is_walked: bool) -> bool:
    """Whether the head is Wicket's by its MAC, or needs none yet: the record, once it was walked over, says which.
    Without keys nobody can tell but what was noted.
    """
    macs = tx.info.get(MACS)
    if macs is None:
        return head is None or head.mac != TAINTED
    if head is None or head.mac is None:
        return not is_bound(tx) and (is_walked or head is None)
    return holds(macs, head)


def _with_ends(tx: Transaction) -> tuple[Head | None, bool]:
    """The head, and whether the entries begin and end where it says."""
    connection = connection_of(tx)
    found = rows(connection, READ_WITH_ENDS)
    if not found:
        return None, connection.execute(select(ENTRIES.c.index).limit(1)).first() is None
    *head, lowest, highest = found[0]
    read = head_of(*head)
    is_whole = read.tree.size == 0 if highest is None else lowest >= 0 and highest == read.tree.size - 1
    return read, is_whole
