"""The walk of docs/policy.md, played as it is written: from a rule that is changed to a bot that goes by it."""

import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, chdir
from pathlib import Path

import pytest

from tests.bot.demo.demos import ROOT, demo
from tests.bot.typed import typed

_PAGE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
_WALK = _PAGE[_PAGE.index("## In fifteen minutes") : _PAGE.index("## What stands where")]
_WITHIN = 60.0
_TAKEN_UP = "--config company/wicket.toml audit show --action rules.changed"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """An empty folder to work in."""
    with chdir(tmp_path):
        yield tmp_path


def test_the_walk_of_the_page_goes_as_it_is_written(place: Path) -> None:
    """Every command, in order; each line of a sample is printed by the commands before it."""
    printed, played = "", 0
    with ExitStack() as running:
        for kind, block in re.findall(r"^```(\w*)\n(.*?)^```$", _WALK, re.MULTILINE | re.DOTALL):
            if kind == "text":
                lines = {_without_names(line) for line in printed.splitlines()}
                for line in block.splitlines():
                    assert _without_names(line) in lines, line
                continue
            commands = re.split(r"\n(?=(?:wicket|sed|mkdir|cat|cp|sleep) )", block.strip())
            printed = "".join(_played(command, running) for command in commands)
            played += 1
    assert played == 7
    assert "rules.changed" in printed


def _played(command: str, running: ExitStack) -> str:
    """What a command of the page prints; where it says so, into a file."""
    if command.startswith("wicket demo "):
        running.enter_context(demo(*shlex.split(command)[2:], "--port", "0", at=Path.cwd()))
        return ""
    if command.startswith("sleep "):
        return _until_taken_up()
    if not command.startswith("wicket "):
        subprocess.run(["bash", "-ec", command], check=True, timeout=20)
        return ""
    words, _, file = command.removeprefix("wicket ").partition(" > ")
    told = typed(shlex.split(words)).stdout
    if file:
        Path(file).write_text(told, encoding="utf-8")
    return "" if file else told


def _until_taken_up() -> str:
    """As long as whoever reads the page would wait at most, and no longer than needed."""
    until = time.monotonic() + _WITHIN
    while time.monotonic() < until:
        if "rules.changed" in typed(shlex.split(_TAKEN_UP)).stdout:
            return ""
        time.sleep(0.5)
    raise AssertionError("the rules were not taken up")


def _without_names(line: str) -> str:
    """A line without its numbers, ids of stories and widths."""
    return re.sub(r"\d+(\.\d+)?", "0", re.sub(r"g-\w+-\w+", "g", " ".join(line.split())))
