"""What the record says became of a row that says otherwise: it was put back to what it was before.

It changes nothing. Each question goes by an index, and is asked only about what would count.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, literal_column, select
from sqlmodel import Session, SQLModel

from storage.audit.entry import decode
from storage.audit.tables import ENTRIES
from storage.engine.listed import among, listed
from storage.engine.plain import Plain, rows
from storage.macs import BOUND
from storage.signing import note_doubt

# Joined to nothing, so that no engine begins with all that was ever done.
_ACTION = ENTRIES.c.action.concat("")
_STORY = Plain(select(ENTRIES.c.action).where(ENTRIES.c.correlation == bindparam("of")))
_LEAVES = Plain(select(ENTRIES.c.leaf).where(ENTRIES.c.correlation == bindparam("of")))
_TOLD = Plain(
    select(ENTRIES.c.action, ENTRIES.c.leaf).where(ENTRIES.c.correlation == bindparam("of"))
)  # fmt: skip
_ABOUT_PROOFS = Plain(
    select(ENTRIES.c.leaf).where(
        ENTRIES.c.subject == bindparam("account"), literal_column("'proofs.changed'") == _ACTION
    )
)
_VISITS = Plain(
    select(ENTRIES.c.correlation).where(
        ENTRIES.c.subject == bindparam("account"), literal_column("'proofs.changed'") == _ACTION
    )
)
_USED_AMONG = select(ENTRIES.c.correlation).where(
    among(ENTRIES.c.correlation, "ids"), literal_column("'code.used'") == _ACTION
)
_WORD_OVER = ("vouching.used", "vouching.ended")
_PASSKEY_OVER = ("passkey-stopped", "passkey-removed")


def later(row: ColumnElement[Any], action: str, since: ColumnElement[Any]) -> ColumnElement[bool]:
    """Within a statement: whether this stands in the story of the row whose id that is, after `since`."""
    happened = literal_column(f"'{action}'") == _ACTION
    return exists().where(ENTRIES.c.correlation == row, happened, ENTRIES.c.at > since)


def has_happened(tx: Session, story: str, actions: Collection[str]) -> bool:
    """Whether any of these stands in the story."""
    return any(action in actions for (action,) in rows(tx.connection(), _STORY, {"of": story}))


def has_ended(tx: Session, story: str, vouching: str) -> bool:
    """Whether the word or asking of this id was used or ended: several may stand in the story of one visit."""
    told = rows(tx.connection(), _TOLD, {"of": story})
    ends = _facts(leaf for action, leaf in told if action in _WORD_OVER)
    return any(facts.get("vouching") == vouching for facts in ends)


def named_in(tx: Session, story: str, action: str, fact: str) -> frozenset[str]:
    """What the entries of this action in this story name by this fact."""
    told = rows(tx.connection(), _TOLD, {"of": story})
    return frozenset(str(facts.get(fact)) for facts in _facts(leaf for one, leaf in told if one == action))


def rests_on(tx: Session, story: str, proof: str) -> bool:
    """Whether something in this story rests on this fresh proof."""
    told = _facts(leaf for (leaf,) in rows(tx.connection(), _LEAVES, {"of": story}))
    return any(proof in (facts.get("proof"), facts.get("proven_by")) for facts in told)


def stopped_passkeys(tx: Session, account: str) -> frozenset[str]:
    """The passkeys of this person that were stopped or removed."""
    told = _facts(leaf for (leaf,) in rows(tx.connection(), _ABOUT_PROOFS, {"account": account}))
    return frozenset(str(facts.get("passkey")) for facts in told if facts.get("what") in _PASSKEY_OVER)


def ended_authenticators(tx: Session, account: str) -> frozenset[str]:
    """The authenticators of this person that were replaced or removed, by entries that name them."""
    told = _facts(leaf for (leaf,) in rows(tx.connection(), _ABOUT_PROOFS, {"account": account}))
    return frozenset(str(one) for facts in told for one in facts.get("ended") or ())


def visits_with_changes(tx: Session, account: str) -> frozenset[str]:
    """The visits in which proofs of an account of this id were set up, changed or removed, in whatever directory."""
    return frozenset(str(row[0]) for row in rows(tx.connection(), _VISITS, {"account": account}))


def used_codes(tx: Session, ids: Collection[str]) -> frozenset[str]:
    """Those of these codes that were used."""
    return frozenset(tx.connection().execute(_USED_AMONG, {"ids": listed(ids)}).scalars() if ids else ())


def was_put_back(tx: Session, row: SQLModel, over: bool) -> bool:
    """`over`, of a row that says otherwise: then it is told that it was put back."""
    if over:
        note_put_back(tx, row)
    return over


def note_put_back(tx: Session, row: SQLModel) -> None:
    """Have it told that this row was put back."""
    table = str(row.__tablename__)
    note_doubt(tx, table, {name: getattr(row, name) for name in BOUND[table]})


def _facts(leaves: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for leaf in leaves:
        yield decode(bytes(leaf)).get("facts") or {}
