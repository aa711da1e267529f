"""Commands about the audit log: show what it says, sign it, verify it.

They never change an entry; verifying answers only for what was compared.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session

from bot.cli.files import note_in, place_for, put
from bot.cli.people import account_id, names_of
from bot.cli.place import place_of
from bot.cli.sentences import NOT_DONE, sentence
from bot.cli.stores import opened
from bot.cli.tables import MOST, at_most, moment, say, show, since_when
from bot.settings import Settings
from bot.slack.words import together
from bot.stories.reading import step_of
from bot.stories.telling import decided_by, told, words_of
from handlers.audit.checkpointing import record_kept
from handlers.intents import CLI
from handlers.recording import OPERATOR
from storage.audit import log
from storage.audit.archives import gone_until, may_lack
from storage.audit.checkpoint import Signer
from storage.audit.filters import Wanted
from storage.audit.log import NO_TIME, Row
from storage.audit.sealing import check_head, last_checkpoint_id, take_checkpoint
from storage.audit.sides import NotProven, signed_side
from storage.clock import utc_now
from storage.database import Database
from storage.exceptions import SECURITY
from storage.faults import AuditFault, SettingsFault
from storage.outbox import owe

# How often `--follow` looks, and how many new entries it reads at a time: more than these it shows without waiting.
_EACH_SECOND, _AT_ONCE = 1.0, 10_000

# What may be wrong with a word by which nothing is found at all.
_UNHEARD = {
    "person": "No entry here is by or about {word}. Give the login or the id of an account; somebody who left is found "
    "by the id alone.",
    "entitlement": "No entry here is about {word}. Is it spelled as in the catalogue?",
    "correlation": "No entry here is of the story {word}. Its id stands in the column Story.",
    "action": "No entry here is called {word}. Names are like grant.requested.",
    "outcome": "No entry here ended as {word}. Most end as done, refused or failed.",
}


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
    _check_times(wanted, now, follow=follow)
    with opened(settings) as database:
        rows = at_most(database.read_now(partial(log.rows, limit=limit + 1, **wanted)), limit)
        # Of what stayed some may be among them, with others missing in between.
        _say_archived(database, story, since=rows[0].at if len(rows) == limit else wanted.get("since"))
        if follow:
            with suppress(KeyboardInterrupt):
                _follow(settings, database, rows, partial(log.first_rows, **wanted), as_json=as_json)
            return
        if not rows:
            _say_unheard(database, wanted)
    if as_json:
        typer.echo(json.dumps([entry_as_json(row) for row in rows], indent=2))
    elif not rows:
        typer.echo("No entry fits.")
    elif story is not None:
        _tell_story(settings, rows)
    else:
        _show_table(settings, rows)


def _check_times(wanted: Wanted, now: datetime, *, follow: bool) -> None:
    """BadParameter for times between which nothing can be, now or later: nothing found there is no answer."""
    since, until = wanted.get("since"), wanted.get("until")
    if since and until and until <= since:
        raise typer.BadParameter("It is not after --since", param_hint="--until")
    if follow and until and until <= now:
        raise typer.BadParameter("Nothing can come before a time that is over", param_hint="--until")


def _say_unheard(database: Database, wanted: Wanted) -> None:
    """Tell of each word by which alone nothing is found at any time, since it may be misspelt."""
    asked: dict[str, Any] = dict(wanted)
    for name, hint in _UNHEARD.items():
        word = asked.get(name)
        if word is not None and not database.read_now(partial(log.rows, limit=1, **{name: word})):
            say(hint.format(word=repr(word)), err=True)


def _say_archived(database: Database, story: str | None, *, since: datetime | None) -> None:
    """Tell of what is archived of the time that was looked at: nothing found of it is no answer."""
    gone = database.read_now(gone_until if story is None else partial(may_lack, story=story))
    if gone and (since or NO_TIME) <= gone:
        say(
            f"Most entries up to {moment(gone)} UTC are archived, and are not among these. "
            "`wicket audit unarchive FOLDER` brings them back.",
            err=True,
        )


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
        if len(rows) < _AT_ONCE:
            time.sleep(_EACH_SECOND)
        rows = database.read_now(partial(look, limit=_AT_ONCE, after=seen))


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
    place_for(out)
    earlier = [_earlier(out, signer)] if out is not None and out.is_file() else []

    def work(tx: Session) -> str:
        at = database.now()
        wrong = check_head(tx, signer.verifier, earlier)
        if wrong is not None:
            raise AuditFault(f"{wrong} No checkpoint was signed.")
        signed = take_checkpoint(tx, signer, at=at)
        record_kept(tx, at=at, by={"actor": OPERATOR, "where": CLI})
        number = str(last_checkpoint_id(tx))
        owe(tx, at=at, courier="slack", kind="checkpoint", subject=number, recipient=SECURITY)
        return signed

    with opened(settings) as database:
        signed = database.write_now(work)
    if out is None:
        typer.echo(signed, nl=False)
    else:
        try:
            put(out, signed)
        except OSError as fault:
            say(
                f"{sentence(fault)} The checkpoint was signed and is kept in the store all the same.",
                err=True,
            )
            raise typer.Exit(NOT_DONE) from fault
        typer.echo(f"Wrote the checkpoint over {signed.split(chr(10))[1]} entries to {out}.")
    typer.echo("The running bot sends it to the security channel too.", err=True)


def _earlier(out: Path, signer: Signer) -> str:
    """The checkpoint that stands there. A fault for anything else, which is not written over."""
    side = signed_side(note_in(out), signer.verifier)
    if isinstance(side, NotProven):
        fault = AuditFault if side.contradicts else SettingsFault
        raise fault(
            f"{out}: {side.detail} No checkpoint was signed. If that file should hold something else, name another as "
            "--out."
        )
    return note_in(out)


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
