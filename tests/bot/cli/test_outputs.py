"""Where a command's output goes, in processes as a shell starts them: nowhere at all, to a terminal, into a pipe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot.cli.test_cli import Install, installed

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    made = installed(tmp_path_factory.mktemp("outputs"))
    made.happened(3)
    return made


def in_shell(install: Install, line: str, *words: str) -> subprocess.CompletedProcess[str]:
    """What came of a line of shell in which "$@" is `wicket` with these words."""
    wicket = [sys.executable, "-m", "bot", "--config", str(install.folder / "wicket.toml"), *words]
    return subprocess.run(
        ["/bin/sh", "-c", line, "sh", *wicket], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, **install.environ}, cwd=REPOSITORY,
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
