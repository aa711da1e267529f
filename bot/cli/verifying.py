"""Commands that verify the audit log, or make its stored tree anew once it was verified.

They never change an entry, and answer only for what was compared.
"""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from bot.cli.bars import progress
from bot.cli.files import notes_in, untrusted
from bot.cli.place import place_of
from bot.cli.public_keys import Key, verifier_of
from bot.cli.sentences import NOT_DONE, UNSOUND
from bot.cli.stores import opened
from bot.cli.tables import say
from bot.settings import Settings
from bot.slack.words import listed
from handlers.audit import retiling
from handlers.intents import CLI
from storage.audit import log
from storage.audit.archive_files import NotHeld, held_of
from storage.audit.archives import Archives as AllArchives
from storage.audit.archives import read_archives
from storage.audit.checkpoint import Verifier
from storage.audit.crew import Crew
from storage.audit.findings import Report, told_of_doubt
from storage.audit.ranges import PartReport, verify_part
from storage.audit.verification import verify_log
from storage.audit.vouched import doubted
from storage.faults import AuditFault, SettingsFault

Notes = Annotated[
    list[Path] | None,
    typer.Option(
        help="A checkpoint kept elsewhere, or the file that they are published to; may be repeated.",
        metavar="FILE",
    ),
]
Archives = Annotated[
    Path | None,
    typer.Option(
        help="The folder with the files of what is archived.", metavar="FOLDER", exists=True, file_okay=False
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="So many processes; as many as there are cores, if not said.", min=1, max=256, metavar="N"
    ),
]


def verify(
    context: typer.Context,
    checkpoint: Notes = None,
    key: Key = None,
    jobs: Jobs = None,
    archives: Archives = None,
    first: Annotated[
        int | None, typer.Option("--from", help="Only from this index on.", min=0, metavar="INDEX")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", help="Only up to this index.", min=0, metavar="INDEX")
    ] = None,
) -> None:
    """Verify the log: name what was edited, deleted, inserted, moved or cut. Exit code 1 when not sound."""
    settings = place_of(context).settings()
    verifier = verifier_of(settings, key)
    found = {path: notes_in(path, verifier) for path in checkpoint or ()}
    notes = [note for each in found.values() for note in each]
    if notes and verifier is None:
        raise SettingsFault(
            "A checkpoint is checked with a key. Set WICKET_AUDIT_KEY, or give the public one with --key."
        )
    if first is not None and last is not None and last < first:
        raise typer.BadParameter("It is before --from", param_hint="--to")
    strange = untrusted(found, verifier)
    if first is not None or last is not None:
        _verify_part(settings, first or 0, last, verifier, notes, archives, strange)
        return
    work = partial(verify_log, verifier=verifier, notes=notes)
    with opened(settings) as database, crew_of(settings, jobs) as crew, progress("Verifying") as tell:
        report = database.read_now(lambda tx: work(tx, progress=tell, crew=crew))
        there = database.read_now(lambda tx: read_archives(tx, verifier))
    _say(report)
    _say_untrusted(strange)
    code = max(_say_unfit_key(report), _say_archives(there, archives, report, signed=verifier is not None))
    raise typer.Exit(code if report.sound else UNSOUND)


def _say_unfit_key(report: Report) -> int:
    """NOT_DONE where the key fits no checkpoint that is here: what was compared with nothing is no success."""
    if not report.unused:
        return 0
    if report.signed is not None or report.anchored is not None:
        say(
            f"{report.unused} checkpoints kept in the store are not signed by this key, and were not used.",
            indent=2,
        )
        return 0
    say(
        f"None of the {report.unused} checkpoints kept in the store is signed by this key, so nothing shows that this "
        "is what was signed. Give the public key that signed them with --key. If the key was changed since, take a "
        "checkpoint under the new one with `wicket audit checkpoint`, and run this again.",
        err=True,
    )
    return NOT_DONE


def _say_untrusted(files: Sequence[str]) -> None:
    """In which of the files that were given it stands."""
    if files:
        say(f"What cannot be trusted stands in {listed(files)}.", indent=2)


def _say_archives(
    there: AllArchives, folder: Path | None, report: Report | PartReport, *, signed: bool
) -> int:
    """What is archived. Of its files, where they were given: UNSOUND if they are not what was stated, NOT_DONE if they
    are elsewhere. signed: whether a key told that it was signed.
    """
    say_strange(there, indent=2)
    if not there.each:
        return 0
    what = f"The first {there.end:,} entries are archived: {_of_hashes(report, signed=signed)}"
    if folder is None:
        say(f"{what}. Give --archives FOLDER to verify their files, too.", indent=2)
        return 0
    wrong = [found for one in there.each if isinstance(found := held_of(there, one, folder), NotHeld)]
    for each in wrong:
        say(each.detail, indent=2)
    if not wrong:
        say(f"{what}, and their files are what was {'signed' if signed else 'stated'}.", indent=2)
    if any(each.at_hand for each in wrong):
        return UNSOUND
    return NOT_DONE if wrong else 0


def say_strange(there: AllArchives, *, indent: int = 0) -> None:
    """Statements of archives that count for nothing, and what to do about them; nothing where there are none."""
    if there.strange:
        say(
            f"{there.strange} statements of archives are not signed by this key or fit nowhere, and were not used. If "
            "the key is new, `wicket audit sign-archives` signs them anew. Otherwise somebody wrote them into the "
            "database: find out who. They excuse nothing and hold nothing up.",
            indent=indent,
        )


def _of_hashes(report: Report | PartReport, *, signed: bool) -> str:
    if not report.sound:
        return "what was found of their hashes stands above"
    if not signed:
        return "so the store says itself, and without a key nobody can tell whether that was signed"
    return "their hashes were verified, up to what was signed of them"


def crew_of(settings: Settings, jobs: int | None = None) -> AbstractContextManager[Crew | None]:
    """So many processes to verify with, or as many as there are cores for us; none where one alone would do it."""
    # Where a machine is shared, not all of its cores may be ours; not every system says so.
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    number = jobs or ours
    return Crew(settings.store, number) if number > 1 else nullcontext()


def _verify_part(
    settings: Settings,
    first: int,
    last: int | None,
    verifier: Verifier | None,
    notes: list[str],
    folder: Path | None,
    strange: Sequence[str],
) -> None:
    def work(tx: Session) -> PartReport:
        size = log.head(tx).size
        end = size if last is None else last + 1
        if not first < end <= size:
            raise typer.BadParameter(
                f"There are {size} entries, numbered from 0", param_hint="--from or --to"
            )
        return verify_part(tx, first, end, verifier=verifier, notes=notes, progress=tell)

    with opened(settings) as database, progress("Verifying") as tell:
        report = database.read_now(work)
        there = database.read_now(lambda tx: read_archives(tx, verifier))
        doubts = database.read_now(doubted)
    say(report.conclusion)
    for each in doubts:
        if each.end > first and (last is None or each.first <= last):
            say(told_of_doubt(*each), indent=2)
    for finding in report.findings[1:]:
        say(f"Also: {finding.detail}", indent=2)
    if report.more:
        typer.echo(f"  And {report.more} more like these.")
    _say_untrusted(strange)
    code = 0
    if first < there.end:
        code = _say_archives(there, folder, report, signed=verifier is not None)
    raise typer.Exit(code if report.sound else UNSOUND)


def rebuild_tiles(
    context: typer.Context, checkpoint: Notes = None, key: Key = None, jobs: Jobs = None
) -> None:
    """Make the stored tree anew, if that alone is wrong and a signed checkpoint covers the entries. It is recorded."""
    settings = place_of(context).settings()
    verifier = verifier_of(settings, key) or settings.secrets.signer().verifier
    found = {path: notes_in(path, verifier) for path in checkpoint or ()}
    notes = [note for each in found.values() for note in each]
    with opened(settings) as database, crew_of(settings, jobs) as crew, progress("Verifying") as tell:
        done = retiling.rebuild_tiles(
            database, verifier=verifier, notes=notes, where=CLI, tell=tell, crew=crew
        )
    if isinstance(done, retiling.Rebuilt):
        typer.echo(
            f"The stored tree was made anew for the first {done.entries} entries, and that is on record."
        )
    elif isinstance(done, retiling.Archived):
        raise AuditFault(
            "What is wrong is over entries that are archived. Bring them back with `wicket audit unarchive`, and run "
            "this again."
        )
    elif done.sound:
        typer.echo("Nothing is wrong with the stored tree, so nothing was done.")
    elif done.only_tiles:
        raise AuditFault(
            "No signed checkpoint covers any entry, so nothing says what the tree should be. "
            "Give one with --checkpoint, or take one with `wicket audit checkpoint`."
        )
    else:
        _say(done)
        _say_untrusted(untrusted(found, verifier))
        say("More than the stored tree is wrong, so nothing was done.")
        raise typer.Exit(UNSOUND)


def _say(report: Report) -> None:
    say(report.conclusion)
    for each in report.breaks:
        say(each, indent=2)
    if report.lost:
        one = report.lost == 1
        say(
            f"{report.lost} of the checkpoints given {'is' if one else 'are'} about entries that are lost, as the log "
            "says itself: with what is gone nothing can be compared.",
            indent=2,
        )
    for finding in report.findings[1:]:
        say(f"Also: {finding.detail}", indent=2)
    if report.more:
        typer.echo(f"  And {report.more} more like these.")
    if report.only_tiles:
        say(
            "The entries are sound; proofs that need these tiles fail. `wicket audit rebuild-tiles` makes them anew."
        )
