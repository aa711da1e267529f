"""A command of which only the name and what it is for are known, until it is typed: then it is loaded.

It knows no command itself. What one command needs, no other waits for.
"""

import gc
from functools import cached_property
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from bot.cli.sentences import without_values


class Later(TyperCommand):
    """A command, or a group of them, that stands in a module.

    place: where, "module:name". does: what it is for, as lists of commands say it: how its own help begins. epilog:
    what stands below its help.
    """

    def __init__(self, name: str, place: str, does: str, *, epilog: str | None = None) -> None:
        super().__init__(name, help=does, epilog=epilog)
        self.module, _, self._name = place.partition(":")

    @cached_property
    def loaded(self) -> TyperCommand | TyperGroup:
        """The command itself."""
        found = getattr(_loaded(self.module), self._name)
        if isinstance(found, typer.Typer):
            command: Any = get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(epilog=self.epilog)(found)
            command = get_command(alone)
        without_values(command)
        loaded: TyperCommand | TyperGroup = command
        return loaded

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The command's own: whoever typed it has to do with nothing else from here on."""
        return self.loaded.make_context(info_name, args, parent, **extra)


def _loaded(name: str) -> Any:
    """Loading makes objects by the hundred thousand, and nearly all of them stay (`bot.__main__`)."""
    looks = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        if looks:
            gc.enable()
