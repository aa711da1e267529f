"""The command line: `wicket` and its commands.

It decides nothing: commands read settings, call what does the work, and print what came of it.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.commands import COMMANDS
from bot.cli.outputs import settle
from bot.cli.place import Place
from bot.cli.sentences import Kindly


class _Wicket(Kindly):
    """All commands."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**{**named, "commands": COMMANDS})


app = typer.Typer(
    cls=_Wicket,
    add_completion=False,
    help="Wicket: a self-hosted Slack bot for identity self-service. "
    "Routine work at once, privileged access by its owner's approval, for a limited time, on the record.",
    epilog="Commands that only read work beside a running bot. Exit codes: 0 done, 1 what was looked at is not "
    "sound (the audit log, or a line of `wicket check` that failed), 2 it could not be done.",
)


@app.callback(invoke_without_command=True)
def _wicket(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The settings file.", show_default="wicket.toml", metavar="FILE")
    ] = None,
) -> None:
    context.obj = Place(config=config, environ=os.environ)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    settle()
    app()
