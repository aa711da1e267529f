"""Commands about the audit log: show what it says, sign it, verify it.

They never change an entry; verifying answers only for what was compared.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session

from bot.cli.bars import progress
from bot.cli.files import note_in, notes_in, put
from bot.cli.people import account_id, names_of
from bot.cli.place import group, opened, place_of
from bot.cli.sentences import UNSOUND
from bot.cli.tables import MOST, moment, say, show, since_when
from bot.settings import Settings
from bot.slack.words import together
from bot.stories.reading import step_of
from bot.stories.telling import decided_by, told, words_of
from handlers.audit import retiling
from handlers.intents import Where
from storage.audit import log
from storage.audit.checkpoint import BadKey, Verifier, read_verifier
from storage.audit.crew import Crew
from storage.audit.filters import Wanted
from storage.audit.findings import Report
from storage.audit.log import Row
from storage.audit.ranges import PartReport, verify_part
from storage.audit.sealing import check_head, last_checkpoint_id, take_checkpoint
from storage.audit.verification import verify_log
from storage.clock import utc_now
from storage.database import Database
from storage.exceptions import SECURITY
from storage.faults import AuditFault, SettingsFault
from storage.outbox import owe

# How often `--follow` looks, and how many new entries it shows at most each time.
_EACH_SECOND, _AT_ONCE = 1.0, 10_000

CLI = Where(transport="cli")

Notes = Annotated[
    list[Path] | None,
    typer.Option(
        help="A checkpoint kept elsewhere, or the file that they are published to; may be repeated.",
        metavar="FILE",
    ),
]
Key = Annotated[
    str | None,
    typer.Option(help="The log's public key, where WICKET_AUDIT_KEY is not at hand.", metavar="KEY"),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="So many processes; as many as there are cores, if not said.", min=1, max=256, metavar="N"
    ),
]

commands = typer.Typer(help="What happened, and the proof that nothing of it was changed.", callback=group)


@commands.command("show")
def show_entries(
    context: typer.Context,
    person: Annotated[
        str | None, typer.Option(help="Done by or about this person.", metavar="LOGIN-OR-ID")
    ] = None,
    entitlement: Annotated[str | None, typer.Option(help="About this entitlement.", metavar="ID")] = None,
    since: Annotated[
        str | None, typer.Option(help='From "2h" ago, or a day like 2026-11-01 (UTC).', metavar="TIME")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Before this, written in the same ways.", metavar="TIME")
    ] = None,
    action: Annotated[
        str | None, typer.Option(help='What happened, like "grant.requested".', metavar="ACTION")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help='How it ended: "done", "refused", "failed" …', metavar="OUTCOME")
    ] = None,
    story: Annotated[
        str | None, typer.Option(help="Of this story, from request to revocation.", metavar="ID")
    ] = None,
    limit: Annotated[
        int, typer.Option(help="At most so many, the newest.", min=1, max=MOST, metavar="N")
    ] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON array, with everything.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C; as JSON, one a line.")
    ] = False,
) -> None:
    """Show entries, oldest first. It does not verify them: that is `wicket audit verify`."""
    settings = place_of(context).settings()
    now = utc_now()
    wanted = Wanted(
        person=None if person is None else account_id(settings, person),
        entitlement=entitlement, correlation=story, action=action, outcome=outcome,
        since=since_when(since, now), until=since_when(until, now, option="--until"),
    )  # fmt: skip
    look = partial(log.rows, **wanted)
    with opened(settings) as database:
        rows = database.read_now(lambda tx: look(tx, limit=limit))
        if follow:
            with suppress(KeyboardInterrupt):
                _follow(settings, database, rows, look, as_json=as_json)
            return
    if as_json:
        typer.echo(json.dumps([entry_as_json(row) for row in rows], indent=2))
    elif not rows:
        typer.echo("No entry fits.")
    elif story is not None:
        _tell_story(settings, rows)
    else:
        _show_table(settings, rows)


def _follow(
    settings: Settings, database: Database, rows: list[Row], look: Callable[..., list[Row]], *, as_json: bool
) -> None:
    """Show these, and then what is added, each once."""
    seen = rows[-1].index if rows else -1
    while True:
        if as_json:
            for row in rows:
                typer.echo(json.dumps(entry_as_json(row)))
        elif rows:
            _show_table(settings, rows)
        sys.stdout.flush()
        seen = rows[-1].index if rows else seen
        time.sleep(_EACH_SECOND)
        rows = database.read_now(partial(look, limit=_AT_ONCE, after=seen))


@commands.command()
def checkpoint(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(help="Write it here. A checkpoint that stands there must agree first.", metavar="FILE"),
    ] = None,
) -> None:
    """Sign how far the log has grown, and send that to the security channel by the running bot."""
    settings = place_of(context).settings()
    signer = settings.secrets.signer()
    earlier = [note_in(out)] if out is not None and out.exists() else []

    def work(tx: Session) -> str:
        at = database.now()
        wrong = check_head(tx, signer.verifier, earlier)
        if wrong is not None:
            raise AuditFault(f"{wrong} No checkpoint was signed.")
        signed = take_checkpoint(tx, signer, at=at)
        number = str(last_checkpoint_id(tx))
        owe(tx, at=at, courier="slack", kind="checkpoint", subject=number, recipient=SECURITY)
        return signed

    with opened(settings) as database:
        signed = database.write_now(work)
    if out is None:
        typer.echo(signed, nl=False)
    else:
        put(out, signed)
        typer.echo(f"Wrote the checkpoint over {signed.split(chr(10))[1]} entries to {out}.")
    typer.echo("The running bot sends it to the security channel too.", err=True)


@commands.command()
def verify(
    context: typer.Context,
    checkpoint: Notes = None,
    key: Key = None,
    jobs: Jobs = None,
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
    notes = [note for path in checkpoint or () for note in notes_in(path, verifier)]
    if notes and verifier is None:
        raise SettingsFault(
            "A checkpoint is checked with a key. Set WICKET_AUDIT_KEY, or give the public one with --key."
        )
    if first is not None or last is not None:
        _verify_part(settings, first or 0, last, verifier, notes)
        return
    work = partial(verify_log, verifier=verifier, notes=notes)
    with opened(settings) as database, crew_of(settings, jobs) as crew, progress("Verifying") as tell:
        report = database.read_now(lambda tx: work(tx, progress=tell, crew=crew))
    _say(report)
    if not report.sound:
        raise typer.Exit(UNSOUND)


def crew_of(settings: Settings, jobs: int | None = None) -> AbstractContextManager[Crew | None]:
    """So many processes to verify with, or as many as there are cores for us; none where one alone would do it."""
    # Where a machine is shared, not all of its cores may be ours; not every system says so.
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    number = jobs or ours
    return Crew(settings.store, number) if number > 1 else nullcontext()


def _verify_part(
    settings: Settings, first: int, last: int | None, verifier: Verifier | None, notes: list[str]
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
    say(report.conclusion)
    for finding in report.findings[1:]:
        say(f"Also: {finding.detail}", indent=2)
    if report.more:
        typer.echo(f"  And {report.more} more like these.")
    if not report.sound:
        raise typer.Exit(UNSOUND)


@commands.command("rebuild-tiles")
def rebuild_tiles(
    context: typer.Context, checkpoint: Notes = None, key: Key = None, jobs: Jobs = None
) -> None:
    """Make the stored tree anew, if that alone is wrong and a signed checkpoint covers the entries. It is recorded."""
    settings = place_of(context).settings()
    verifier = verifier_of(settings, key) or settings.secrets.signer().verifier
    notes = [note for path in checkpoint or () for note in notes_in(path, verifier)]
    with opened(settings) as database, crew_of(settings, jobs) as crew, progress("Verifying") as tell:
        done = retiling.rebuild_tiles(
            database, verifier=verifier, notes=notes, where=CLI, tell=tell, crew=crew
        )
    if isinstance(done, retiling.Rebuilt):
        typer.echo(
            f"The stored tree was made anew for the first {done.entries} entries, and that is on record."
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
    if report.unused:
        typer.echo(
            f"  {report.unused} checkpoints kept in the store are not signed by this key, and were not used."
        )


def verifier_of(settings: Settings, key: str | None) -> Verifier | None:
    """What checks signatures: the public key that was given, or the one of the log's own key, if that is at hand."""
    if key is None:
        return settings.secrets.signer().verifier if settings.secrets.audit_key is not None else None
    read = read_verifier(key)
    if isinstance(read, BadKey):
        raise typer.BadParameter(f"That is no public key of an audit log: {read.reason}", param_hint="--key")
    return read


def _tell_story(settings: Settings, rows: list[Row]) -> None:
    """As it is told in Slack: each entry a sentence, with the policy that decided and what people wrote."""
    people = (who for row in rows for who in (row.actor, row.subject) if who)
    names = names_of(settings, people)
    for row in rows:
        step = step_of(row, names)
        say(f"{moment(row.at)}  {together(told(step), decided_by(step, {}))}")
        for words in words_of(step):
            say(words, indent=4)


def _show_table(settings: Settings, rows: list[Row]) -> None:
    people = (who for row in rows for who in (row.actor, row.subject) if who)
    names = names_of(settings, people)
    show(
        ("When (UTC)", "What", "Outcome", "Who", "About", "Entitlement", "Story", "In their words"),
        (
            (
                moment(row.at),
                row.action,
                row.outcome,
                _who(row, names.get(row.actor, row.actor)),
                "" if row.subject in (None, row.actor) else names.get(row.subject, row.subject),
                row.resource or "",
                row.correlation,
                _words(row),
            )
            for row in rows
        ),
    )


def _who(row: Row, name: str) -> str:
    """The actor as the leaf has it: only a person has a name; somebody unknown has a Slack account at most."""
    actor = _said(row).get("actor", {})
    kind = actor.get("type")
    if kind == "unknown":
        return f"unknown ({actor.get('slack_user') or 'no Slack account'})"
    return name if kind == "person" else f"{name} ({kind})" if kind == "operator" else name


def _words(row: Row) -> str:
    return "; ".join(
        f"{name} erased" if kept.erased_by is not None else f"{name}: “{kept.text or ''}”"
        for name, kept in sorted(row.texts.items())
    )


def _said(row: Row) -> dict[str, Any]:
    """What the leaf says; nothing when it cannot be read, which `verify` will name."""
    try:
        return row.said()
    except AuditFault:
        return {}


def entry_as_json(row: Row) -> dict[str, Any]:
    """One entry: what its leaf says, its place, its time in ISO 8601, and its texts."""
    texts = {name: {"text": kept.text, "erased_by": kept.erased_by} for name, kept in row.texts.items()}
    return {
        "index": row.index,
        "id": row.id,
        "readable": bool(_said(row)),
        **{name: value for name, value in _said(row).items() if name not in ("v", "id")},
        "at": row.at.isoformat(),
        "texts": texts,
    }
