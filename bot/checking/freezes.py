"""Whether new access is stopped, and whether checkpoints leave the database: two lines of the examination.

It lifts nothing and publishes nothing.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from bot.checking.report import failed, ok, warning
from bot.settings import Settings
from bot.slack.words import duration, visible
from handlers.audit.telling import Alone, stopping_alone
from handlers.decisions.freezing import CALM
from storage.audit.checkpoint import BadNote, Verifier, verify_note
from storage.audit.published import Published, place_of, read_published
from storage.audit.sealing import check_head
from storage.directories.base import Finding
from storage.freezes import last_published, open_ones
from storage.states import FreezeKind

_PUBLISHED = "published checkpoints"
_NAME_ONE = "Name a file on another disk or machine: [audit] published."
_FIND_OUT = (
    "The store or the file was set back or changed. A running bot stops new access by itself; find out why."
)
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
    """Whether there is a place outside that a bot can write to, and whether what stands there is true of the store."""
    about, file = _PUBLISHED, settings.published
    if settings.secrets.audit_key is None:
        return warning(about, "They were not compared with the store.", "Set WICKET_AUDIT_KEY.")
    if file is None:
        return failed(
            about,
            "They are kept in the database alone: no folder is there for them, as neither STATE_DIRECTORY, "
            "XDG_STATE_HOME nor HOME names one. So an older copy would not be noticed at a start.",
            _NAME_ONE,
        )
    try:
        found = read_published(file)
    except OSError as fault:
        return failed(about, f"{file} cannot be read: {fault.strerror}.", "Give Wicket's user the right.")
    is_own = settings.audit.published is None
    if not _is_writable(file, make=is_own):
        return failed(about, f"{file} cannot be written, so none leaves the database.", _NAME_ONE)
    compared = _compared(tx, settings.secrets.signer().verifier, file, found, is_own=is_own)
    if compared.level != "ok" or not is_own:
        return compared
    return warning(
        about,
        f"{compared.found} Nobody named {file}: a copy that is put in the place of the database is noticed at a start, "
        "unless that file is set back or gone as well.",
        _NAME_ONE,
    )


def _is_writable(file: Path, *, make: bool) -> bool:
    """Whether it could be written, or made. make: with the folders above it."""
    if file.exists():
        return os.access(file, os.W_OK, effective_ids=True)
    above = next(folder for folder in file.parents if folder.exists()) if make else file.parent
    return above.is_dir() and os.access(above, os.W_OK | os.X_OK, effective_ids=True)


def _compared(tx: Session, verifier: Verifier, file: Path, found: Published, *, is_own: bool) -> Finding:
    """What stands there, held against the store."""
    about = _PUBLISHED
    if not found.notes and last_published(tx, place_of(file)) is not None:
        said = f"{file} is gone or empty, though this database knows of one in it."
        return warning(about, said, _NAME_ONE) if is_own else failed(about, said, _FIND_OUT)
    if not found.notes:
        return ok(about, f"There is none in {file} yet; a running bot publishes the first at once.")
    note = found.notes[-1]
    read = verify_note(note, verifier)
    wrong = check_head(tx, verifier, [note])
    if isinstance(read, BadNote) or wrong is not None:
        return failed(about, wrong or "The last one cannot be trusted.", _FIND_OUT)
    return ok(about, f"The last one is over {read.size} entries, and the store agrees with it.")
