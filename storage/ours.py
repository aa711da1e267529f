"""Whether a membership that is to be taken back is ours, where the row says that it is not.

It asks no directory. That a membership stood before us keeps it after us, so that has to be as Wicket wrote it.
"""

from collections.abc import Sequence

from sqlmodel import Session

from storage.audit import log
from storage.engine.changing import change
from storage.records import Grant, Holding
from storage.signing import genuine
from storage.states import GrantState

_GIVEN = "access.given"


def with_what_is_ours(tx: Session, holding: Holding, covering: Sequence[Grant]) -> Holding:
    """The holding, as ours if it says otherwise and Wicket wrote nothing like it. covering: its grants."""
    if holding.stood_before is False or not any(one.state == GrantState.ENDING for one in covering):
        return holding
    said = holding.stood_before is True
    if (said and not genuine(tx, holding)) or (not said and any(_gave(tx, one) for one in covering)):
        change(tx, holding, stood_before=False)
    return holding


def _gave(tx: Session, grant: Grant) -> bool:
    """Whether the record says that this grant gave what had not stood there before."""
    given = [one for one in log.rows(tx, correlation=grant.id) if one.action == _GIVEN]
    facts = [one.said().get("facts") or {} for one in given]
    return any(each.get("stood_before") is False for each in facts)
