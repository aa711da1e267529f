"""Where a command's output goes, in processes of their own: nowhere at all, to a terminal, into a file."""

import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.bot.cli.test_cli import Install, installed
from tests.bot.loaded import bear

REPOSITORY = Path(__file__).parents[3]
CLOSED = "Standard output is closed, so what there was to print could not be printed.\n"


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    made = installed(tmp_path_factory.mktemp("outputs"))
    made.happened(3)
    return made


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of a process."""

    returncode: int
    stdout: str
    stderr: str


def on_terminal(install: Install, *words: str) -> bytes:
    """What `wicket` with these words writes to a terminal."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        try:
            begun = bear(*typed(install, *words), environ=environ(install), stdout=theirs, stderr=theirs)
        finally:
            os.close(theirs)
        shown = b"".join(iter(partial(_read, screen), b""))
        begun.wait(60)
        return shown


def _read(screen: FileIO) -> bytes:
    try:
        return screen.read(4096) or b""
    except OSError:  # how Linux says that nobody writes there any more
        return b""


def typed(install: Install, *words: str) -> list[str]:
    return ["--config", str(install.folder / "wicket.toml"), *words]


def environ(install: Install) -> dict[str, str]:
    """All its variables; and output is kept back as it usually is."""
    return {**os.environ, **install.environ, "PYTHONUNBUFFERED": ""}


def in_shell(install: Install, line: str, *words: str) -> Done:
    """What came of a line of shell in which "$@" is `wicket` with these words, started from nothing."""
    done = subprocess.run(
        ["/bin/sh", "-c", line, "sh", sys.executable, "-m", "bot", *typed(install, *words)],
        capture_output=True, text=True, check=False, timeout=60, env=environ(install), cwd=REPOSITORY,
    )  # fmt: skip
    return Done(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def borne(install: Install, *words: str, **outputs: str | int | None) -> Done:
    """The same of `wicket` alone, loaded already. outputs: where stdout and stderr go if not here, by path or by a
    number that is closed afterwards; None for closed.
    """
    with ExitStack() as stack:
        here = {name: stack.enter_context(TemporaryFile()) for name in ("stdout", "stderr")}
        elsewhere = {
            name: None if place is None else stack.enter_context(open(place, "wb")).fileno()
            for name, place in outputs.items()
        }
        given = {name: file.fileno() for name, file in here.items()} | elsewhere
        code = bear(*typed(install, *words), environ=environ(install), **given).wait(60)
        said = {name: os.pread(file.fileno(), 1_000_000, 0).decode() for name, file in here.items()}
    return Done(returncode=code, **said)


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
    assert borne(install, *words, stdout=None) == Done(returncode=2, stdout="", stderr=CLOSED)


def test_python_itself_leaves_nothing_where_an_output_is_closed(install: Install) -> None:
    """From nothing, as a shell starts it: the others begin with what Python is taken to leave there."""
    assert in_shell(install, '"$@" >&-', "audit", "show") == Done(returncode=2, stdout="", stderr=CLOSED)


@pytest.mark.parametrize("words", [("audit", "show"), ("audit", "leaves"), ("keygen",)], ids=" ".join)
def test_a_full_disk_is_said_once_and_an_end_that_nobody_reads_not_at_all(
    install: Install, words: tuple[str, ...]
) -> None:
    """Python keeps output back, tries what found no room once more at the end, and makes 120 of the exit code."""
    said = "No space left on device. Make room there, and run the same again.\n"
    assert borne(install, *words, stdout="/dev/full") == Done(returncode=2, stdout="", stderr=said)
    reads, writes = os.pipe()
    os.close(reads)
    assert borne(install, *words, stdout=writes) == Done(returncode=2, stdout="", stderr="")


def test_where_the_errors_are_closed_too_the_exit_code_tells(install: Install) -> None:
    assert in_shell(install, '"$@" >&- 2>&-', "audit", "show") == Done(returncode=2, stdout="", stderr="")


@pytest.mark.parametrize("errors", ["/dev/full", None])
@pytest.mark.parametrize(("words", "code"), [(("migrate", "--rights", "bot"), 0), (("nonsense",), 2)])
def test_errors_that_cannot_be_written_change_nothing_of_what_was_done(
    install: Install, errors: str | None, words: tuple[str, ...], code: int
) -> None:
    """There is no other place to say so, and whoever reads the code hears how it went."""
    plain, done = borne(install, *words), borne(install, *words, stderr=errors)
    assert done == Done(returncode=code, stdout=plain.stdout, stderr="")
    assert (plain.returncode, bool(plain.stderr)) == (code, True)


def test_no_leaf_commands_a_terminal_and_each_is_piped_as_it_is(tmp_path: Path) -> None:
    """T-6: others may have written one; a verifier needs its bytes, and an operator looks at it before that."""
    install = installed(tmp_path)
    install.happened(2)
    honest = borne(install, "audit", "leaves").stdout.splitlines()[0].encode()
    strange = b'{"a": "\\n\x1b]0;all is well\x07"}\r\n\x9b2J\x7f\xc2\x85'
    install.tamper(f"UPDATE audit_entries SET leaf = X'{strange.hex()}' WHERE \"index\" = 1")
    piped = tmp_path / "leaves.jsonl"
    assert borne(install, "audit", "leaves", stdout=str(piped)).returncode == 0
    assert piped.read_bytes() == honest + b"\n" + strange + b"\n"
    shown = on_terminal(install, "audit", "leaves").split(b"\r\n")
    escaped = rb'{"a": "\n\x1b]0;all is well\x07"}\x0d\x0a\x9b2J\x7f\xc2\x85'
    assert shown == [honest, escaped, b""]
