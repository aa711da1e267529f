"""The commands about exceptions: which there are and how they stand, and everything that is known of one.

They only read: people of security work on exceptions in Slack.
"""

import json
from typing import Annotated, Any

import typer

from bot.cli.place import place_of
from bot.cli.sentences import NOT_DONE
from bot.cli.stores import opened
from bot.cli.tables import MOST, at_most, moment, say, show, since_when
from bot.texts import as_known, as_told
from handlers.exceptions.strange import Kind, Severity
from storage import exception_work
from storage.exception_work import Wanted
from storage.records import ExceptionRecord
from storage.states import ExceptionState

commands = typer.Typer(
    help="Exceptions, what the security channel was told: list them, show one.", invoke_without_command=True
)
_NOT_RESOLVED = (ExceptionState.OPEN, ExceptionState.ACKNOWLEDGED)
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, with everything.")]


@commands.callback()
def _list(
    context: typer.Context,
    state: Annotated[list[ExceptionState] | None, typer.Option(help="Only these; may be repeated.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are resolved.")] = False,
    severity: Annotated[list[Severity] | None, typer.Option(help="Only these; may be repeated.")] = None,
    kind: Annotated[
        list[Kind] | None, typer.Option(help="Only these; may be repeated.", metavar="KIND")
    ] = None,
    assignee: Annotated[
        str | None,
        typer.Option(help="Only those of whoever is called so, or has this id.", metavar="NAME-OR-ID"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help='Last met "2h" ago at most, or since a day like 2026-11-01 (UTC).', metavar="WHEN"),
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their time.")] = False,
    limit: Annotated[
        int, typer.Option(help="At most so many, the first.", min=1, max=MOST, metavar="N")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """Those that are not resolved, the gravest and oldest first. Repeats of one cause within a day are one line."""
    if context.invoked_subcommand is not None:
        return
    settings = place_of(context).settings()
    with opened(settings) as database:
        now = database.now()
        wanted = Wanted(
            states=state or (None if every else _NOT_RESOLVED),
            severities=severity or None,
            kinds=kind or None,
            assignee=assignee,
            since=since_when(since, now),
            overdue=now if overdue else None,
        )
        there = database.read_now(lambda tx: exception_work.found(tx, wanted, limit=limit + 1))
    found = at_most(there, limit, newest=False)
    if as_json:
        typer.echo(json.dumps([_as_json(row) for row in found], indent=2))
    elif found:
        columns = (
            "Id",
            "Severity",
            "What",
            "Who",
            "Times",
            "First (UTC)",
            "State",
            "Works on it",
            "Due (UTC)",
        )
        show(columns, (_row(row) for row in found))
    else:
        typer.echo("There are none.")


@commands.command("show")
def show_one(
    context: typer.Context,
    exception: Annotated[str, typer.Argument(help="The id, as the list shows it.", metavar="ID")],
    as_json: AsJson = False,
) -> None:
    """Everything that is known of one exception."""
    settings = place_of(context).settings()
    with opened(settings) as database:
        row = database.read_now(lambda tx: tx.get(ExceptionRecord, exception))
    if row is None:
        say(f"There is no exception {exception!r}. `wicket exceptions --all` lists them.", err=True)
        raise typer.Exit(NOT_DONE)
    if as_json:
        typer.echo(json.dumps(_as_json(row), indent=2))
        return
    for name, value in _as_json(row).items():
        if value not in ("", None):
            say(f"{name}: {value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)}")
    for story in (row.correlation, row.id) if row.correlation else (row.id,):
        say(f"On record: wicket audit show --story {story}")


def _row(row: ExceptionRecord) -> tuple[str, ...]:
    return (
        row.id, row.severity, row.kind, as_known(row.who), str(row.count), moment(row.first_at), row.state,
        row.assignee_name, moment(row.due_at) if row.state != ExceptionState.RESOLVED else "",
    )  # fmt: skip


def _as_json(row: ExceptionRecord) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "severity": row.severity,
        "who": as_known(row.who),
        "state": row.state,
        "count": row.count,
        "first_at": row.first_at.isoformat(),
        "last_at": row.last_at.isoformat(),
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "assignee": row.assignee,
        "assignee_directory": row.assignee_directory,
        "assignee_name": row.assignee_name,
        "acknowledged_by": row.acknowledged_by,
        "acknowledged_at": row.acknowledged_at.isoformat() if row.acknowledged_at else None,
        "resolved_by": row.resolved_by,
        "resolved_at": row.resolved_at.isoformat() if row.resolved_at else None,
        "resolution": row.resolution,
        "words": row.words,
        "reopened": row.reopened,
        "owner": row.owner,
        "story": row.correlation,
        "facts": _told(row.facts),
    }


def _told(value: Any) -> Any:
    """With each sentence in words."""
    if isinstance(value, str):
        return str(as_told(value))
    if isinstance(value, dict):
        return {name: _told(one) for name, one in value.items()}
    return [_told(one) for one in value] if isinstance(value, list) else value
