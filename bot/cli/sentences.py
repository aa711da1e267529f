"""What a person reads when a command cannot do its work: one sentence on stderr and an exit code.

It never prints a traceback, and of an error nobody foresaw it repeats no text, which might hold a secret.
"""

import errno
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup, TyperOption

from bot.cli.outputs import unwritten
from storage.faults import AuditFault, WicketFault

UNSOUND = 1
# What a command that looks for trouble says when it found some.
SOME = 1
NOT_DONE = 2
# As a shell tells of whom Ctrl-C ended.
BROKEN_OFF = 130
_NEXT = {
    errno.ENOENT: "Check how it is spelled, and from which folder you run this.",
    errno.EISDIR: "Name a file in it.",
    errno.EACCES: "Give whoever runs this the right to it.",
    errno.ENOSPC: "Make room there, and run the same again.",
}


class Kindly(TyperGroup):
    """The root of all commands. What any of them raises becomes a sentence here."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        """Run, and exit: 0 done, 1 what was looked at is not sound, 2 it could not be done."""
        if "--help" in (sys.argv if args is None else args):
            without_values(self)
        try:
            code = super().main(args, *rest, **{**named, "standalone_mode": False})
        except typer.Abort:
            typer.echo("That was not confirmed, so nothing was done.", err=True)
            code = NOT_DONE
        except SystemExit as ended:
            # Typer's code for an output that nobody reads any more is the one that says that something is not sound.
            code = NOT_DONE if _is_unread(ended.__context__) else ended.code
        except Exception as fault:  # noqa: BLE001 - whatever it is, a person reads a sentence and no traceback
            typer.echo(sentence(fault), err=True)
            code = UNSOUND if isinstance(fault, AuditFault) else NOT_DONE
        if code == BROKEN_OFF:
            typer.echo("Broken off before the end. Run the same again when you like.", err=True)
        lost = unwritten()
        if lost is not None and not code:
            code = NOT_DONE
            if not _is_unread(lost):
                typer.echo(sentence(lost), err=True)
        sys.exit(code)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Also where no command was typed, so that all of them are shown."""
        without_values(self)
        super().format_help(ctx, formatter)


def without_values(command: Any) -> None:
    """Have help show no value after an option that is on or off: "--json <bool>" reads as if one were typed."""
    context = typer.Context(command)
    for one in command.get_params(context):
        if isinstance(one, TyperOption) and one.is_flag and one.metavar is None:
            one.metavar = ""
    if isinstance(command, TyperGroup):
        for below in command.commands.values():
            without_values(below)


def sentence(fault: Exception) -> str:
    """What to tell about a fault: what is wrong, and where it helps, how to mend it."""
    if isinstance(fault, WicketFault):
        return str(fault)
    if isinstance(fault, typer.TyperException):
        return _wrong_command(fault)
    if isinstance(fault, UnicodeEncodeError) and "surrogates" in fault.reason:
        return "Something that was typed is no text in UTF-8, so nothing here is called so."
    if isinstance(fault, OSError) and fault.strerror:
        return _refused_by_system(fault)
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return (
        f"Something that nobody foresaw went wrong: {type(fault).__name__}, in {Path(last.filename).name} "
        f"at line {last.lineno}. Please report it with the command that you ran."
    )


def _wrong_command(fault: typer.TyperException) -> str:
    context = getattr(fault, "ctx", None)
    path = context.command_path if context is not None else "wicket"
    if getattr(fault, "option_name", "") == "--config" and path.startswith("wicket "):
        return f"--config stands before the command: wicket --config FILE {path.removeprefix('wicket ')}"
    # Typer sets choices below one another, and says that a value is wrong in the words of what it reads values with.
    said = " ".join(fault.format_message().split()).replace(": Value error, ", ": ").rstrip(".")
    return f"{said}{'' if said.endswith('?') else '.'} See: {path} --help"


def _refused_by_system(fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return "The port is in use by another program. Choose another one: [server] port, or --port."
    said = f"{fault.filename}: {fault.strerror}." if fault.filename else f"{fault.strerror}."
    return f"{said} {_NEXT[fault.errno]}" if fault.errno in _NEXT else said


def _is_unread(cause: BaseException | None) -> bool:
    return isinstance(cause, OSError) and cause.errno == errno.EPIPE
