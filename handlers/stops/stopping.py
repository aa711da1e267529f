"""What is stopped while new access is frozen: the one call that each way to access makes, and what waits meanwhile.

Nothing that ends access comes by here.
"""

from datetime import timedelta

from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import Stopped, What
from handlers.ground import Ground
from handlers.intents import Intent
from storage import deliveries, grants
from storage.states import GrantState

# A request that would lapse within the one has at least the other left, as often as it takes.
NEAR = timedelta(minutes=30)
PUT_OFF_BY = timedelta(hours=1)
# What is over for so long lapses all the same: its end may be archived (handlers.audit.archivable), and then nothing
# but its own time says of a row that somebody put back that it is over.
LONG_OVER = timedelta(days=30)


def stopped(
    tx: Session,
    ground: Ground,
    intent: Intent,
    action: str,
    *,
    correlation: str,
    resource: str | None = None,
    what: What = What.ACCESS,
) -> Stopped | None:
    """The freeze that stops this intent, on the record once for each delivery; None if it may go on.

    The delivery itself is not taken: a form that stayed open is sent again when the freeze is over.
    """
    found = ground.stopped(tx, what)
    if found is not None and deliveries.take(tx, f"{intent.delivery}:{found.id}", ground.now()):
        recording.record(
            tx,
            at=ground.now(),
            action=action,
            outcome="refused",
            **recording.by(intent),
            subject=intent.actor.account.id,
            resource=resource,
            correlation=correlation,
            facts={"freeze": found.id, "kind": found.kind},
        )
    return found


def put_off(tx: Session, ground: Ground, limit: int) -> int:
    """Give requests that nobody could approve more time; how many."""
    now = ground.now()
    near = grants.unanswered(tx, now + NEAR, limit)
    for grant in near:
        grants.move(tx, grant, GrantState.PENDING, lapses_at=now + PUT_OFF_BY)
        recording.record_grant(
            tx, grant, at=now, action="grant.put_off", outcome="done", **recording.BY_ITSELF
        )
        ground.show(tx, grant)
    return len(near)
