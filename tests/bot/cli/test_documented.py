"""What the docs tell people to type: every command that they name is one, and has the options that they give it.

It runs nothing: what a command does is tested beside it.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup

from bot.cli import app
from bot.cli.commands import every_command
from bot.cli.later import Later

ROOT = Path(__file__).parents[3]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")


def typed(page: Path) -> Iterator[str]:
    """Each line behind the word `wicket`, in blocks and between backticks."""
    text = page.read_text(encoding="utf-8")
    blocks = [line for block in FENCED.findall(text) for line in block.splitlines()]
    spans = [" ".join(span.split()) for span in INLINE.findall(FENCED.sub("", text))]
    for said in [*(line for line in blocks if re.match(r"\s*(?:\S+/)?wicket ", line)), *spans]:
        if (found := re.match(r"\s*(?:\S+/)?wicket (.+)", said)) is not None:
            yield re.split(r"\s+#\s|\s[|&;>]", found[1])[0]


def wrong(said: str, command: TyperCommand | TyperGroup) -> str | None:
    """What in this line no command or option is; None where all of it is one."""
    try:
        words = shlex.split(said)
    except ValueError:
        words = said.split()
    while words and isinstance(command, TyperGroup):
        word, *words = words
        if word == "--config":
            words = words[1:]
        elif word.startswith("-"):
            return None if word in _options(command) else word
        elif word in command.commands:
            command = _itself(command.commands[word])
        elif command.invoke_without_command or not re.fullmatch(r"[a-z][a-z-]+", word):
            return None
        else:
            return word
    unknown = [
        word for word in words if re.fullmatch(r"--[a-z][a-z-]*", word) and word not in _options(command)
    ]
    return unknown[0] if unknown else None


def _itself(command: TyperCommand | TyperGroup) -> TyperCommand | TyperGroup:
    return command.loaded if isinstance(command, Later) else command


def _options(command: TyperCommand | TyperGroup) -> set[str]:
    named = {
        name
        for one in command.params
        if one.param_type_name == "option"
        for name in (*one.opts, *one.secondary_opts)
    }
    return {"--help", *named}


def test_every_command_that_the_docs_name_is_one_and_has_the_options_that_they_give_it():
    group = typer.main.get_command(app)
    found = {
        f"{page.name}: wicket {said}": word
        for page in PAGES
        for said in typed(page)
        if (word := wrong(said, group)) is not None
    }
    assert found == {}


def test_commands_are_seen_in_blocks_and_between_backticks():
    """Else the first test could pass by finding nothing."""
    said = {line for page in PAGES for line in typed(page)}
    assert len(said) > 100
    group = typer.main.get_command(app)
    assert wrong("audit verfy --jobs 2", group) == "verfy"
    assert wrong("audit verify --job 2", group) == "--job"
    assert wrong("--config demo/wicket.toml audit verify --jobs 2", group) is None


def test_what_a_list_of_commands_says_of_one_is_how_its_own_help_begins():
    """It is said before the command is loaded, and so stands in two places."""
    listed = list(every_command())
    assert len(listed) > 30
    others = [one.help for one in listed if " ".join(one.loaded.help.split("\n\n")[0].split()) != one.help]
    assert others == []
