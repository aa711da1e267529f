"""Whether new access is stopped, and whether checkpoints leave the database: two lines of the examination.

It lifts nothing and publishes nothing.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from bot.checking.report import failed, ok, warning
from bot.settings import Settings
from bot.slack.words import duration, visible
from handlers.audit.telling import Alone, stopping_alone
from handlers.decisions.freezing import CALM
from storage.audit.checkpoint import BadNote, Verifier, verify_note
from storage.audit.published import read_published
from storage.audit.sealing import check_head
from storage.directories.base import Finding
from storage.freezes import open_ones
from storage.states import FreezeKind

_WHY = {
    FreezeKind.RESTORED: "the records were restored from an older copy",
    FreezeKind.MISMATCH: "the records are not what was signed of them",
    FreezeKind.EMERGENCY: "the security team stopped it",
    FreezeKind.RESETS: "too many resets or wrong proofs at once",
}


def examine_freezes(tx: Session, *, now: datetime) -> Iterator[Finding]:
    """A line for each open freeze, and for each replica that said that it stops by itself."""
    for freeze in open_ones(tx):
        yield failed(
            "resets" if freeze.kind == FreezeKind.RESETS else "new access",
            f"It is stopped for {_ago(freeze.since, now)}: {_WHY[FreezeKind(freeze.kind)]}.",
            "Look at the message in the security channel; a person of the security team lets it begin again there, "
            f"or an operator with `wicket resume {freeze.kind}`.",
        )
    alone = stopping_alone(tx)
    for replica, one in alone.items():
        yield _of_one(visible(replica), one, now)
    if not alone and all(freeze.kind == FreezeKind.RESETS for freeze in open_ones(tx)):
        yield ok("new access", "Nothing stops it.")


def _of_one(replica: str, alone: Alone, now: datetime) -> Finding:
    """What one replica stops by itself, or stopped until a moment ago."""
    if alone.calm_since is not None:
        return warning(
            "new access",
            f"{replica} stopped it by itself, and has given it again for {_ago(alone.calm_since, now)}: that came and "
            f"went within the last {_ago(alone.told_at, now)}.",
            f"It counts as over once it stays so for {duration(int(CALM.total_seconds() // 60))}. The log of that "
            "replica says what failed (`access.stopped_unchecked`).",
        )
    return failed(
        "new access",
        f"{replica} has stopped it by itself for {_ago(alone.told_at, now)}: it cannot check the records, or not "
        "write a stop.",
        "It ends by itself once that can be done, or at the next start of a bot that can; its log says what fails "
        "(`access.stopped_unchecked`). Find out who can write to the database.",
    )


def _ago(since: datetime, now: datetime) -> str:
    return duration(max(1, int((now - since).total_seconds() // 60)))


def examine_published(tx: Session, settings: Settings) -> Finding:
    """Whether there is a place outside, and whether what stands there is true of the store."""
    about, file = "published checkpoints", settings.audit.published
    if file is None:
        return warning(
            about,
            "They are kept in the database alone, so an older copy of it would not be noticed at a start.",
            "Name a file on another disk or machine: [audit] published.",
        )
    try:
        found = read_published(file)
    except OSError as fault:
        return failed(about, f"{file} cannot be read: {fault.strerror}.", "Give Wicket's user the right.")
    if not found.notes:
        return ok(about, f"There is none in {file} yet; a running bot publishes the first at once.")
    if settings.secrets.audit_key is None:
        return warning(about, "They were not compared with the store.", "Set WICKET_AUDIT_KEY.")
    return _compared(tx, settings.secrets.signer().verifier, found.notes[-1])


def _compared(tx: Session, verifier: Verifier, note: str) -> Finding:
    about, read = "published checkpoints", verify_note(note, verifier)
    wrong = check_head(tx, verifier, [note])
    if isinstance(read, BadNote) or wrong is not None:
        return failed(
            about,
            wrong or "The last one cannot be trusted.",
            "The store or the file was set back or changed. A running bot stops new access by itself; find out why.",
        )
    return ok(about, f"The last one is over {read.size} entries, and the store agrees with it.")
