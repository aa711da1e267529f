"""Where a command's output goes, in processes as a shell starts them: nowhere at all, to a terminal, into a pipe."""

import os
import subprocess
import sys
from functools import partial
from io import FileIO
from pathlib import Path

import pytest

from tests.bot.cli.test_cli import Install, installed

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    made = installed(tmp_path_factory.mktemp("outputs"))
    made.happened(3)
    return made


def on_terminal(install: Install, *words: str) -> bytes:
    """What `wicket` with these words writes to a terminal."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        try:
            subprocess.run(
                wicket(install, *words), stdout=theirs, stderr=theirs, check=False, timeout=60,
                env={**os.environ, **install.environ}, cwd=REPOSITORY,
            )  # fmt: skip
        finally:
            os.close(theirs)
        return b"".join(iter(partial(_read, screen), b""))


def _read(screen: FileIO) -> bytes:
    try:
        return screen.read(4096) or b""
    except OSError:  # how Linux says that nobody writes there any more
        return b""


def wicket(install: Install, *words: str) -> list[str]:
    return [sys.executable, "-m", "bot", "--config", str(install.folder / "wicket.toml"), *words]


def in_shell(install: Install, line: str, *words: str) -> subprocess.CompletedProcess[str]:
    """What came of a line of shell in which "$@" is `wicket` with these words."""
    return subprocess.run(
        ["/bin/sh", "-c", line, "sh", *wicket(install, *words)], capture_output=True, text=True, check=False,
        timeout=60, env={**os.environ, **install.environ}, cwd=REPOSITORY,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "show"),
        ("audit", "show", "--json"),
        ("audit", "leaves"),
        ("keygen",),
        ("--help",),
    ],
)
def test_where_nothing_can_be_printed_that_is_said_and_no_success(
    install: Install, words: tuple[str, ...]
) -> None:
    """A script that closed its output believes neither that all is well nor that Wicket is broken."""
    done = in_shell(install, '"$@" >&-', *words)
    assert done.stderr == "Standard output is closed, so what there was to print could not be printed.\n"
    assert done.returncode == 2


def test_where_the_errors_are_closed_too_the_exit_code_tells(install: Install) -> None:
    done = in_shell(install, '"$@" >&- 2>&-', "audit", "show")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@pytest.mark.parametrize("errors", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(("words", "code"), [(("migrate", "--rights", "bot"), 0), (("nonsense",), 2)])
def test_errors_that_cannot_be_written_change_nothing_of_what_was_done(
    install: Install, errors: str, words: tuple[str, ...], code: int
) -> None:
    """There is no other place to say so, and whoever reads the code hears how it went."""
    plain, done = in_shell(install, '"$@"', *words), in_shell(install, f'"$@" {errors}', *words)
    assert (done.returncode, done.stdout, done.stderr) == (code, plain.stdout, "")
    assert plain.returncode == code


def test_no_leaf_commands_a_terminal_and_each_is_piped_as_it_is(tmp_path: Path) -> None:
    """T-6: others may have written one; a verifier needs its bytes, and an operator looks at it before that."""
    install = installed(tmp_path)
    install.happened(2)
    honest = in_shell(install, '"$@"', "audit", "leaves").stdout.splitlines()[0].encode()
    strange = b'{"a": "\\n\x1b]0;all is well\x07"}\r\n\x9b2J\x7f\xc2\x85'
    install.tamper(f"UPDATE audit_entries SET leaf = X'{strange.hex()}' WHERE \"index\" = 1")
    piped = tmp_path / "leaves.jsonl"
    assert in_shell(install, f'"$@" > {piped}', "audit", "leaves").returncode == 0
    assert piped.read_bytes() == honest + b"\n" + strange + b"\n"
    shown = on_terminal(install, "audit", "leaves").split(b"\r\n")
    escaped = rb'{"a": "\n\x1b]0;all is well\x07"}\x0d\x0a\x9b2J\x7f\xc2\x85'
    assert shown == [honest, escaped, b""]
