"""The database, examined: the file or the server, its tables, and the audit log in it against what was signed.

It reads beside a running bot, makes no file and migrates nothing; the whole log is for `wicket audit verify`.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from bot.checking.clock import GRAVE, SLIGHT
from bot.checking.freezes import examine_freezes, examine_published
from bot.checking.report import failed, ok, warning
from bot.settings import Settings
from bot.slack.words import duration
from storage.audit import log
from storage.audit.acting import acting, told_of_acting
from storage.audit.guards import missing_guards, not_tables, strangers, told_of, told_of_strangers
from storage.audit.privileges import MEND, too_wide
from storage.audit.sealing import check_head, kept_checkpoint, last_checkpoint_id
from storage.database import Database
from storage.directories.base import Finding
from storage.engine.exclusive import is_held
from storage.engine.reading import damage, looked_at
from storage.engine.revisions import holds_current
from storage.engine.stores import Server
from storage.faults import AuditFault, SchemaFault, StorageUnavailable

LEAST_SPACE = 10**9
LEAST_SHARE = 0.05
OLDEST_CHECKPOINT = timedelta(days=7)
# Seconds for a look through the whole file; a larger one is left to the operator.
CHEAP = 2.0
_PATIENCE = 2.0
_CHECKPOINT = "Take one every day, and keep it elsewhere: `wicket audit checkpoint --out FILE`."


def examine_database(settings: Settings, *, now: datetime) -> list[Finding]:
    """Everything about the store, in this thread."""
    if isinstance(settings.store, Server):
        return list(_server(settings.store, settings, now))
    path = settings.store
    return [*_place(path), *(_file(path, settings, now) if path.exists() else [_none_yet(path)])]


def free_space(free: int, total: int) -> Finding:
    """The line about so many free bytes of so many."""
    said = f"{free / 10**9:.1f} GB are free, {100 * free // max(total, 1)} % of the disk."
    if free < LEAST_SPACE or free < LEAST_SHARE * total:
        return warning(
            "disk", said, "Make room: when the disk is full, nothing can be recorded, so nothing is done."
        )
    return ok("disk", said)


def _none_yet(path: Path) -> Finding:
    return warning(
        "file", f"There is no database at {path} yet.", "`wicket serve` or `wicket migrate` makes it."
    )


def _place(path: Path) -> Iterator[Finding]:
    """The folder: whether it can be written, room in it, and whether a bot runs."""
    folder = path.resolve().parent
    if not folder.is_dir():
        yield failed("folder", f"There is no folder {folder}.", "Make it, or correct [database] url.")
        return
    needed = [folder, *([path] if path.exists() else [])]
    if closed := [str(one) for one in needed if not os.access(one, os.W_OK, effective_ids=True)]:
        yield failed(
            "folder",
            f"{' and '.join(closed)} cannot be written by this user.",
            "Run this as the user that Wicket runs as; if you do, give that user the right.",
        )
    else:
        yield ok("folder", f"{folder} can be written.")
    usage = shutil.disk_usage(folder)
    yield free_space(usage.free, usage.total)
    try:
        yield ok("bot", f"{'A' if is_held(path) else 'No'} bot runs on it now.")
    except OSError as fault:
        yield warning(
            "bot",
            f"Whether one runs on it cannot be seen: {fault.strerror}.",
            "Run this as the user that Wicket runs as.",
        )


def _file(path: Path, settings: Settings, now: datetime) -> Iterator[Finding]:
    yield _rights(path)
    if not path.stat().st_size:
        yield failed(
            "file",
            f"{path} is empty: nothing of Wicket is in it.",
            "Correct [database] url, or restore a backup; to begin anew, run `wicket migrate`.",
        )
        return
    try:
        with looked_at(path, patience=_PATIENCE) as tx:
            tables = _tables(tx)
            yield tables
            if tables.level == "ok":
                yield _structure(tx)
                yield from _audit(tx, settings, now)
    except SchemaFault as fault:
        yield failed("tables", str(fault), "Install the version that made it, or a later one.")
    except (StorageUnavailable, OSError) as fault:
        yield failed("file", str(fault), "See that the file can be read; if it is broken, restore a backup.")


def _server(server: Server, settings: Settings, now: datetime) -> Iterator[Finding]:
    """A PostgreSQL database: whether it answers and will do, and what is in it."""
    database = Database(server, busy_timeout=_PATIENCE)

    def look(tx: Session) -> list[Finding]:
        tables = _tables(tx)
        return [tables, *(_audit(tx, settings, now, _role) if tables.level == "ok" else ())]

    try:
        found = database.read_now(look)
        yield from [
            ok("server", "It answers, and its version and encoding will do."),
            _time(database.now(), now),
            *found,
        ]
    except SchemaFault as fault:
        yield failed("server", str(fault), "Mend that, or correct [database] url.")
    except StorageUnavailable as fault:
        yield failed(
            "server",
            str(fault),
            "See that it runs and can be reached from here, and that [database] url and WICKET_DATABASE_PASSWORD fit.",
        )
    finally:
        database.close()


def _time(theirs: datetime, ours: datetime) -> Finding:
    apart = abs(theirs - ours)
    if apart <= SLIGHT:
        return ok("time", "Its clock, which Wicket goes by, agrees with this machine's.")
    how = "before" if theirs > ours else "behind"
    said = f"Its clock, which Wicket goes by, is {apart.total_seconds():.0f} s {how} this machine's."
    return (failed if apart > GRAVE else warning)(
        "time",
        said,
        "Let both keep their time by NTP: Slack's requests and people's codes are held against it.",
    )


def _role(tx: Session) -> Finding:
    if wide := too_wide(tx):
        return warning(
            "role",
            f"The role that Wicket runs as may do more to the record than it needs: {', '.join(wide)}.",
            MEND,
        )
    return ok(
        "role", "The role that Wicket runs as adds to the record, and can change and remove nothing there."
    )


def _tables(tx: Session) -> Finding:
    if holds_current(tx):
        return ok("tables", "They are of this version.")
    return warning(
        "tables",
        "They are of an earlier version of Wicket.",
        "`wicket serve` or `wicket migrate` brings them up; take a backup first.",
    )


def _audit(
    tx: Session, settings: Settings, now: datetime, *first: Callable[[Session], Finding]
) -> Iterator[Finding]:
    """first: what else is looked at, where the tables are tables: of others nothing more can be said."""
    if strange := not_tables(tx):
        yield failed("guards", told_of(strange), "Find out who did that, and run `wicket audit verify`.")
        return
    yield from (each(tx) for each in first)
    missing, added = missing_guards(tx), strangers(tx)
    if missing:
        yield failed(
            "guards",
            f"Nothing keeps the audit tables from being changed: {', '.join(missing)} is missing, changed or off.",
            "Find out why, and run `wicket audit verify`; `wicket migrate` puts it back.",
        )
    if added:
        yield failed(
            "guards",
            told_of_strangers(added),
            "No bot gives new access meanwhile. Find out who made that, drop it, and run `wicket audit verify`.",
        )
    if others := [one for one in acting(tx) if one not in added]:
        yield failed(
            "tables",
            told_of_acting(others),
            "No bot gives new access meanwhile. Find out who made that, and drop it.",
        )
    if not missing and not added:
        yield ok("guards", "Audit rows cannot be changed by accident.")
    yield _head(tx, settings)
    yield _checkpoint(tx, now)
    yield examine_published(tx, settings)
    yield from examine_freezes(tx, now=now)


def _rights(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return warning(
            "rights", f"Others than its owner may use {path} ({mode:o}).", f"Run: chmod 600 {path}"
        )
    return ok("rights", "Only its owner may read it.")


def _structure(tx: Session) -> Finding:
    try:
        wrong = damage(tx, within=CHEAP)
    except TimeoutError:
        return ok(
            "structure", f"It is too large to look through in {CHEAP:.0f} s; what was read so far is sound."
        )
    if wrong is not None:
        return failed(
            "structure", f"The file is damaged: {wrong}.", "Stop Wicket, keep the file, and restore a backup."
        )
    return ok("structure", "SQLite finds it sound.")


def _head(tx: Session, settings: Settings) -> Finding:
    if settings.secrets.audit_key is None:
        return warning("audit log", "It was not compared with its checkpoint.", "Set WICKET_AUDIT_KEY.")
    wrong = check_head(tx, settings.secrets.signer().verifier)
    if wrong is not None:
        return failed(
            "audit log", wrong, "`wicket audit verify` names the place. Do not go on before you know why."
        )
    signed = " and agrees with the last checkpoint" if last_checkpoint_id(tx) else ""
    return ok("audit log", f"Its end is whole{signed}.")


def _checkpoint(tx: Session, now: datetime) -> Finding:
    kept = kept_checkpoint(tx, last_checkpoint_id(tx))
    try:
        size = log.head(tx).size
    except AuditFault:  # told by the line before
        size = 0
    if kept is None:
        entries = f"none of {size} entries is signed" if size else "there is nothing to sign yet"
        return (warning if size else ok)(
            "checkpoint", f"There is none: {entries}.", *([_CHECKPOINT] if size else [])
        )
    ago = now - kept.at
    said = f"The last one was taken {duration(max(1, int(ago.total_seconds() // 60)))} ago"
    if size > kept.size and ago > OLDEST_CHECKPOINT:
        return warning("checkpoint", f"{said}, {size - kept.size} entries before the end.", _CHECKPOINT)
    return ok("checkpoint", f"{said}.")
