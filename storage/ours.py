"""Whether a membership is ours: one that is to be taken back and whose row says otherwise, one that no grant explains.

It asks no directory. That a membership stood before us keeps it after us, so that has to be as Wicket wrote it.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, literal_column, or_, select
from sqlmodel import Session

from storage.audit import log
from storage.audit.entry import decode
from storage.audit.tables import ENTRIES
from storage.audit.vouched import is_doubted, is_ours
from storage.engine.changing import change
from storage.engine.plain import Plain, rows
from storage.records import Grant, Holding
from storage.signing import genuine
from storage.states import GrantState

_GIVEN, _KEPT = "access.given", "access.kept"
# What the record says becomes of a membership: that it came, that it stayed without a grant, that it went, also by
# other hands.
_MOVES = (_GIVEN, _KEPT, "access.removed", "drift.vanished", "desk.given_again")
# By the index of whom it is about alone, so that no engine looks through all that was ever done with one entitlement.
_ABOUT = Plain(
    select(ENTRIES.c.index, ENTRIES.c.action, ENTRIES.c.leaf)
    .where(
        ENTRIES.c.subject == bindparam("account"),
        ENTRIES.c.resource.concat("") == bindparam("entitlement"),
        or_(*(ENTRIES.c.action.concat("") == literal_column(f"'{action}'") for action in _MOVES)),
    )
    .order_by(ENTRIES.c.index.desc())
)


def with_what_is_ours(tx: Session, holding: Holding, covering: Sequence[Grant]) -> Holding:
    """The holding, as ours if it says otherwise and Wicket wrote nothing like it. covering: its grants."""
    if holding.stood_before is False or not any(one.state == GrantState.ENDING for one in covering):
        return holding
    said = holding.stood_before is True
    if (said and not genuine(tx, holding)) or (not said and any(_gave(tx, one) for one in covering)):
        change(tx, holding, stood_before=False)
    return holding


def was_left_given(tx: Session, *, directory: str, account: str, entitlement: str) -> bool:
    """Whether the record says that Wicket gave this account what had not stood there before, and nothing of its end.

    Of somebody's account in another directory than the one they are known by, nothing is found. Nor is anything while
    the record is not Wicket's, or by what nobody vouches for: whoever adds to it would have others lose theirs.
    """
    for index, action, leaf in rows(
        tx.connection(), _ABOUT, {"account": account, "entitlement": entitlement}
    ):
        facts = decode(bytes(leaf)).get("facts") or {}
        elsewhere = (facts.get("directory", directory), facts.get("account", account)) != (directory, account)
        if elsewhere or (action == _KEPT and facts.get("covered_by_another")):
            continue
        given = action == _GIVEN and facts.get("stood_before") is False
        return given and is_ours(tx) and not is_doubted(tx, index)
    return False


def _gave(tx: Session, grant: Grant) -> bool:
    """Whether the record says that this grant gave what had not stood there before."""
    given = [one for one in log.rows(tx, correlation=grant.id) if one.action == _GIVEN]
    facts = [one.said().get("facts") or {} for one in given]
    return any(each.get("stood_before") is False for each in facts)
