"""What stands in the way now: the freezes of the store, and what this process alone knows.

It begins and lifts nothing.
"""

from sqlmodel import Session

from handlers.decisions.freezing import UNCHECKED, Stopped
from storage import freezes
from storage.audit import log
from storage.audit.epochs import UNVOUCHED
from storage.audit.vouched import is_ours
from storage.micros import EPOCH
from storage.states import FreezeKind
from storage.unchecked import unchecked_since


def written(tx: Session) -> list[Stopped]:
    """The open freezes, as the store and the record have them."""
    found = freezes.open_ones(tx)
    return [Stopped(id=one.id, kind=FreezeKind(one.kind), since=one.since) for one in found]


def standing(tx: Session) -> list[Stopped]:
    """Those, and one more while this process could not check the store, or not write there that it is to stop.

    And one while the log is not as Wicket left it, for whatever its record says anybody may have put there.
    """
    since = unchecked_since(tx)
    alone = [Stopped(id=UNCHECKED, kind=UNCHECKED, since=since)] if since is not None else []
    return [*written(tx), *alone, *_forged(tx)]


def _forged(tx: Session) -> list[Stopped]:
    if is_ours(tx):
        return []
    newest = log.latest(tx)
    return [Stopped(id=UNVOUCHED, kind=FreezeKind.MISMATCH, since=newest.at if newest is not None else EPOCH)]
