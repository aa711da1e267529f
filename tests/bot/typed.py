"""`wicket` and its words, typed in this process, with no variables of Wicket's but those that are given.

Its commands are put together once, as by whoever types one: doing it anew took longer than most of them. It judges
nothing that they say.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import typer.testing
from typer.testing import CliRunner, Result

from bot.cli import app

typer.testing._get_command = cache(typer.testing._get_command)


def typed(words: Sequence[str], environ: Mapping[str, str] | None = None, **otherwise: Any) -> Result:
    """What came of it. otherwise: of how it is shown."""
    nothing_else = {name: None for name in os.environ if name.startswith("WICKET_")}
    return CliRunner().invoke(
        app, words, env={**nothing_else, **(environ or {})}, prog_name="wicket", **otherwise
    )
