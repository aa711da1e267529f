"""What a start owes to what ran before it: work that a dead process left, directories that left the settings.

It only frees and tells; handlers.grants.effects finishes what is taken over.
"""

from collections.abc import Iterable
from functools import partial

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from storage import grants, holdings, outbox
from storage.exceptions import settle_exceptions
from storage.faults import StorageUnavailable
from storage.identifiers import new_id

log = structlog.get_logger(__name__)


async def take_over(ground: Ground, *, alone: bool) -> frozenset[str]:
    """Free what a dead process held, and tell of directories that are gone; the names of those.

    alone: nobody else can be at work on this database, so that a lease in it is a dead one's.
    """
    if alone:
        for free in (holdings.free_leases, outbox.free_leases):
            try:
                await ground.database.write(partial(free, at=ground.now()))
            except StorageUnavailable:
                raise
            except Exception as fault:
                # They run out by themselves, and a start that fails takes nothing back.
                log.error("leases.not_freed", exc_info=fault)
    return await ground.database.write(lambda tx: _take_over(tx, ground))


def _take_over(tx: Session, ground: Ground) -> frozenset[str]:
    missing = frozenset(holdings.directories(tx)) - set(ground.directories)
    for name in sorted(missing):
        _tell_missing(tx, ground, name)
    _settle(tx, ground, ground.directories)
    return missing


def _tell_missing(tx: Session, ground: Ground, name: str) -> None:
    """A directory left the settings; what it gives can be taken back by nobody but an operator. Silent if nothing."""
    now, left = ground.now(), grants.open_in(tx, name)
    if not left:
        _settle(tx, ground, [name])
        return
    log.warning("directory.missing", directory=name, grants=left)
    story = new_id("s", now)
    recording.record(
        tx,
        at=now,
        action="directory.missing",
        outcome="failed",
        **recording.BY_ITSELF,
        correlation=story,
        facts={"directory": name, "grants": left},
    )
    strange = Strange(
        kind=Kind.DIRECTORY_MISSING,
        severity=Severity.HIGH,
        who=name,
        cause=name,
        correlation=story,
        facts={"grants": left},
    )
    tell_security(tx, now, strange)


def _settle(tx: Session, ground: Ground, names: Iterable[str]) -> None:
    causes = [cause_of(Kind.DIRECTORY_MISSING, name) for name in names]
    settle_exceptions(tx, at=ground.now(), causes=causes)
