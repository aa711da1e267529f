"""Commands for the worst day: a backup, going back to one, and letting new access begin again.

They decide nothing about access: after a restore it is stopped until a person confirms.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlmodel import Session

from bot.cli.bars import progress
from bot.cli.doers import doer_of
from bot.cli.files import notes_in
from bot.cli.people import grounded
from bot.cli.place import place_of
from bot.cli.sentences import UNSOUND
from bot.cli.stores import macs_of, opened
from bot.cli.tables import moment, say
from bot.settings import Settings
from handlers.intents import CLI
from handlers.recording import OPERATOR
from handlers.stops.outcomes import OperatorsDoNotCount, WordKept
from storage import freezes
from storage.audit import log
from storage.audit.checkpoint import Checkpoint, verify_note
from storage.audit.findings import Report
from storage.audit.published import read_published
from storage.audit.sealing import kept_checkpoint, largest_agreeing, last_checkpoint_id, sign_head
from storage.audit.verification import verify_log, walk_unless_bound
from storage.audit.vouched import is_ours
from storage.clock import utc_now
from storage.database import Database
from storage.engine.backup import copy_store, damage_of, remove, swap
from storage.engine.exclusive import held_alone
from storage.engine.reading import looked_at
from storage.engine.stores import Server
from storage.faults import AuditFault, SettingsFault, StorageUnavailable, WicketFault
from storage.records import Freeze
from storage.states import FreezeKind

if TYPE_CHECKING:
    from handlers.ground import Ground

_PATIENCE = 10.0


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where the copy goes; never over a file.", metavar="FILE")],
) -> None:
    """Copy the database while the bot runs, and verify the copy. Exit code 1 if what it holds is not sound."""
    settings = place_of(context).settings()
    store = settings.store
    if isinstance(store, Server):
        raise SettingsFault(
            "The tables are on a PostgreSQL server, which has better means for this. Run, while the bot runs: "
            f"pg_dump --format=custom --file={file} '{store.url}'"
        )
    if not store.exists():
        raise StorageUnavailable(f"There is no database at {store}, so there is nothing to copy.")
    with progress("Copying") as tell:
        copy_store(store, file, patience=_PATIENCE, tell=tell)
    _refuse_damaged(file)
    report = _verified(settings, file)
    say(f"Copied {store} to {file}, which only its owner may read.")
    say(f"{report.conclusion} {_signed_in(file)}")
    for sentence in report.breaks:
        say(sentence, indent=2)
    if not report.sound:
        raise typer.Exit(UNSOUND)


def restore(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A copy that `wicket backup` made.", metavar="FILE")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            help="A checkpoint from elsewhere, to be cited as the last known. Several times.", metavar="FILE"
        ),
    ] = None,
) -> None:
    """Go back to a copy of the database; the bot must not run. New access stays stopped until a person confirms.

    Where PostgreSQL keeps the tables, restore with pg_restore and run this without FILE: it tells the database so.
    """
    from storage.engine.migrating import migrate

    settings = place_of(context).settings()
    known = [*_published(settings), *(note for path in checkpoint or () for note in notes_in(path, None))]
    if isinstance(settings.store, Server):
        if file is not None:
            raise SettingsFault(
                "The tables are on a PostgreSQL server. Restore with pg_restore into an empty database, then run "
                "`wicket restore` without a file."
            )
        migrate(settings.store)
        with opened(settings) as database:
            _mark(settings, database, known)
    elif file is None:
        raise SettingsFault("Say which copy to go back to: wicket restore FILE")
    else:
        with held_alone(settings.store):
            _go_back(settings, settings.store, file, known)
    typer.echo(
        "New access is stopped. Start the bot; then a person of the security team confirms in the security channel, "
        "or an operator with `wicket resume restored`."
    )


def resume(
    context: typer.Context,
    what: Annotated[
        FreezeKind,
        typer.Argument(
            help="Which stop: each is lifted by itself.", metavar="emergency|restored|mismatch|resets"
        ),
    ],
    by: Annotated[str, typer.Option(help="Who decided it: a name.", metavar="NAME")],
    why: Annotated[str, typer.Option(help="Why it is right now. Stays on the record.", metavar="TEXT")],
) -> None:
    """Let new access begin again after it was stopped. Goes on the record, and into the security channel's message.

    An emergency stop takes two people of the security team; an operator is one of the two only where [security]
    operators_lift says so, and never both.
    """
    settings, doer = place_of(context).settings(), doer_of(by, why)
    with opened(settings) as database:
        lifted = asyncio.run(_lift(settings, database, what, doer.name, doer.why))
    if isinstance(lifted, OperatorsDoNotCount):
        raise SettingsFault(
            "Two people of the security team lift an emergency stop, in the security channel. Nothing was changed. If "
            "there is only one left, set operators_lift = true in [security] and restart the bot: then an operator's "
            "word is one of the two. If there is none, put people into the security group in the directory."
        )
    if isinstance(lifted, WordKept):
        say("The operator's word is kept: one of two. A person of the security team has to say so, too.")
        return
    for freeze in lifted:
        begins = "Resets begin" if freeze.kind == FreezeKind.RESETS else "New access begins"
        say(f"{begins} again. It was stopped since {moment(freeze.since)} UTC ({freeze.kind}).")
    if not lifted:
        typer.echo("It is not stopped for that reason, so there is nothing to lift.")
    for freeze in _still_stopped(settings):
        say(f"Still stopped since {moment(freeze.since)} UTC: wicket resume {freeze.kind}")


async def _lift(
    settings: Settings, database: Database, kind: FreezeKind, by: str, why: str
) -> "Sequence[Freeze] | WordKept | OperatorsDoNotCount":
    from handlers.stops.lifting import Lifting

    async with grounded(settings, database) as ground:
        lifting = Lifting(ground, operators_count=settings.security.operators_lift)
        return await lifting.by_operator(kind, by=by, rationale=why, where=CLI)


def _still_stopped(settings: Settings) -> Sequence[Freeze]:
    with opened(settings) as database:
        return database.read_now(freezes.open_ones)


def _go_back(settings: Settings, store: Path, file: Path, known: Sequence[str]) -> None:
    """Put a copy of the copy in the place of what is there, which keeps another name; all of it or nothing.

    It knows that it was restored before it stands there: a power cut in between leaves no store that does not.
    """
    from bot.group_names import group_names
    from storage.engine.migrating import migrate

    if not file.is_file():  # a pipe would be waited for
        raise StorageUnavailable(f"There is no file {file}. Nothing was changed.")
    _refuse_damaged(file)
    coming = store.with_name(f"{store.name}.restoring")
    remove(coming)  # of a restore that was cut off
    with progress("Restoring") as tell:
        copy_store(file, coming, patience=_PATIENCE, tell=tell)
    try:
        migrate(coming)  # first, for a version before may have made it
        report = _verified(settings, coming)
        if not report.sound:
            raise AuditFault(
                f"{file} is no sound copy. {report.conclusion} Nothing was changed. If it is from before "
                "WICKET_SECRET_KEYS was changed, give the older key behind the newer, and try again."
            )
        database = Database(
            coming, macs=macs_of(settings), replica=settings.server.replica,
            group_names=group_names(settings.directories),
        )  # fmt: skip
        try:
            _mark(settings, database, [*known, *_last_words(settings, store)])
        finally:
            database.close()
        aside = swap(coming, store, utc_now())
    except BaseException:
        remove(coming)
        raise
    say(f"Restored {file} to {store}. {report.conclusion}")
    if aside is not None:
        say(f"What was there before is kept as {aside}.")


def _mark(settings: Settings, database: Database, notes: Sequence[str]) -> None:
    """Have a store know that it is an older copy of itself: a freeze, and a new epoch that cites what was signed."""
    from handlers.stops.freezing import Cause, begin

    signer = settings.secrets.signer()
    read = {note: verify_note(note, signer.verifier) for note in notes}
    known = {note: one for note, one in read.items() if isinstance(one, Checkpoint)}
    largest = {one.origin: note for note, one in sorted(known.items(), key=lambda each: each[1].size)}
    ground = _ground(settings, database)

    def work(tx: Session) -> None:
        cause = Cause(
            kind=FreezeKind.RESTORED,
            detail="An operator restored a backup.",
            # Where the copy itself is not Wicket's alone, only what was signed of it is known to be.
            agrees=log.head(tx).size if is_ours(tx) else largest_agreeing(tx, (*known,), signer.verifier),
            cites=tuple(largest.values()),
            signed=max((one.size for one in known.values()), default=0),
        )
        begin(tx, ground, cause, actor=OPERATOR, where=CLI, signer=signer)

    database.read_now(partial(walk_unless_bound, verifier=signer.verifier))
    database.write_now(work)


def _last_words(settings: Settings, store: Path) -> list[str]:
    """What the store that is put aside says of itself, signed now: it knows best how far it had come."""
    if not store.exists():
        return []
    try:
        signer = settings.secrets.signer()
        with looked_at(store, patience=_PATIENCE, macs=macs_of(settings)) as tx:
            walk_unless_bound(tx, verifier=signer.verifier)
            return [sign_head(tx, signer)]
    except (WicketFault, OSError) as fault:
        say(f"What is there now cannot be read, so it is not cited: {fault}", err=True)
        return []


def _published(settings: Settings) -> list[str]:
    """What the file outside says. OSError if the one that somebody named cannot be read."""
    if settings.published is None:
        return []
    try:
        return list(read_published(settings.published).notes)
    except OSError:
        if settings.audit.published is not None:
            raise
        return []


def _verified(settings: Settings, file: Path) -> Report:
    """What the copy holds, which is a whole database."""
    verifier = settings.secrets.signer().verifier if settings.secrets.audit_key is not None else None
    with progress("Verifying") as tell, looked_at(file, patience=_PATIENCE, macs=macs_of(settings)) as tx:
        return verify_log(tx, verifier=verifier, progress=tell)


def _refuse_damaged(file: Path) -> None:
    """StorageUnavailable if it is no whole database: all of it is read for that, so it is asked once."""
    wrong = damage_of(file) if file.stat().st_size else "it is empty"  # which SQLite finds sound
    if wrong is not None:
        raise StorageUnavailable(f"{file} is not a whole database: {wrong}. Go back to another one.")


def _signed_in(file: Path) -> str:
    """The latest checkpoint that it holds."""
    with looked_at(file, patience=_PATIENCE) as tx:
        kept = kept_checkpoint(tx, last_checkpoint_id(tx))
    if kept is None:
        return "It holds no checkpoint."
    return f"The latest checkpoint in it is over {kept.size} entries, taken {moment(kept.at)} UTC."


def _ground(settings: Settings, database: Database) -> "Ground":
    # Policies are slow to load, and `wicket --help` has no need of them.
    from bot.grounds import ground_of

    return ground_of(settings, database, {}, database.now)
