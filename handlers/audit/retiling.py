"""The stored tree made anew where somebody damaged it: taken out, and filled again from entries that were verified.

It changes no entry, and makes nothing anew while anything but the tree is wrong, or no signed checkpoint covers it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from handlers.intents import Where
from handlers.recording import OPERATOR, record
from storage.audit.archives import gone_of, read_archives
from storage.audit.checkpoint import Verifier
from storage.audit.findings import Report
from storage.audit.guards import drop_tiles
from storage.audit.merkle import WIDTH
from storage.audit.passing import Progress
from storage.audit.stretches import Walkers
from storage.audit.tiles import Tile, add_tiles, next_tiles, sealed
from storage.audit.verification import verify_log
from storage.database import Database
from storage.identifiers import new_id

REBUILT = "log.tiles_rebuilt"
_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """The tree is filled again for as many entries as a signed checkpoint covers; the sealer adds those after it."""

    entries: int


@dataclass(frozen=True, kw_only=True)
class Archived:
    """What is wrong with the tree is over entries that are archived: they have to be brought back first."""


def rebuild_tiles(
    database: Database,
    *,
    verifier: Verifier,
    notes: Sequence[str | bytes],
    where: Where,
    tell: Progress,
    crew: Walkers | None = None,
) -> Rebuilt | Archived | Report:
    """Verify the log, and make its tree anew if only that is wrong. A report instead says why nothing was done.

    notes: checkpoints from elsewhere. That it was done is on record in the transaction that takes the old tree out.
    """
    report = database.read_now(
        lambda tx: verify_log(tx, verifier=verifier, notes=notes, progress=tell, crew=crew)
    )
    if not report.only_tiles or not report.covered:
        return report
    archived = database.read_now(partial(_archived, verifier=verifier))
    if any(finding.last is not None and finding.last < archived for finding in report.findings):
        return Archived()
    take_out = partial(_take_out, database=database, report=report, where=where, beyond=archived)
    database.write_now(take_out)
    while tiles := database.read_now(partial(_next, below=report.covered)):
        database.write_now(lambda tx, found=tiles: add_tiles(tx, found))  # type: ignore[misc]
    return Rebuilt(entries=report.covered)


def _archived(tx: Session, *, verifier: Verifier) -> int:
    """Up to where the tree can be made of no entries any more."""
    return max((one.end for one in gone_of(tx, read_archives(tx, verifier))), default=0)


def _take_out(tx: Session, *, database: Database, report: Report, where: Where, beyond: int) -> None:
    guards = drop_tiles(tx, beyond=beyond)
    at = database.now()
    record(
        tx,
        at=at,
        action=REBUILT,
        outcome="done",
        actor=OPERATOR,
        where=where,
        correlation=new_id("n", at),
        facts={
            "entries": report.covered,
            "found": len(report.findings) + report.more,
            "guards_missing": guards,
        },
    )


def _next(tx: Session, *, below: int) -> list[Tile]:
    due = (below - sealed(tx)) // WIDTH
    return next_tiles(tx, most=min(due, _AT_ONCE)) if due > 0 else []
