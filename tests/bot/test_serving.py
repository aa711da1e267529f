"""`wicket serve` as a process of its own, while Slack is away: where it logs, and that there is one per database."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO
from urllib.request import urlopen

import pytest
from typer.testing import Result

from bot.settings import new_audit_key, new_key
from tests.bot.demo.demos import ROOT
from tests.bot.loaded import SERVING, Borne, bear
from tests.bot.typed import typed
from tests.ports import free_port
from tests.storage.postgres import postgres

SETTINGS = """
[slack]
transport = "http"
api_url = "http://127.0.0.1:1/"
teams = ["T0123ABCD"]
security_channel = "C0SECURITY"
[server]
port = {port}
public_url = "https://wicket.example.com"
[directories.local]
kind = "local"
path = "people.db"
[mail]
host = "smtp.example.com"
sender = "wicket@example.com"
[security]
approvers_group = "security-team"
"""


@pytest.fixture
def environ() -> dict[str, str]:
    """Only these of Wicket's variables, with secrets of the right shape; and output is kept back as it usually is."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("WICKET_")}
    others.pop("PYTHONUNBUFFERED", None)
    return others | {
        "WICKET_SLACK_BOT_TOKEN": "xoxb-1-canary",
        "WICKET_SLACK_SIGNING_SECRET": "0123456789abcdef",
        "WICKET_SECRET_KEYS": new_key(),
        "WICKET_AUDIT_KEY": new_audit_key(),
    }


def written(folder: Path) -> list[str]:
    """The words by which a command works with settings in this folder."""
    (folder / "wicket.toml").write_text(SETTINGS.format(port=free_port()))
    return ["--config", str(folder / "wicket.toml")]


@contextmanager
def from_nothing(
    words: list[str], environ: dict[str, str], outputs: str = ""
) -> Iterator["subprocess.Popen[str]"]:
    """A bot that a shell was told to run. outputs: where they go, in its words."""
    command = ["/bin/sh", "-c", f'exec "$@" {outputs}', "sh", sys.executable, "-m", "bot", *words, "serve"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass(frozen=True, kw_only=True)
class Running:
    """A bot and what it writes to its standard output and to standard error."""

    process: Borne
    stdout: IO[str]
    stderr: IO[bytes]

    def ends(self) -> tuple[int, bytes]:
        """It is told to; its exit code, and all that it wrote to standard error."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        self.stderr.seek(0)
        return code, self.stderr.read()


@contextmanager
def serving(words: list[str], environ: dict[str, str]) -> Iterator[Running]:
    """A bot that was told to run, and was loaded before: it begins as one from nothing does."""
    ours, theirs = os.pipe()
    with open(ours) as stdout, TemporaryFile() as stderr:
        with closing_descriptor(theirs):
            process = borne(words, environ, theirs, stderr.fileno())
        try:
            yield Running(process=process, stdout=stdout, stderr=stderr)
        finally:
            process.kill()


@contextmanager
def closing_descriptor(number: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(number)


def borne(words: list[str], environ: dict[str, str], stdout: int | None, stderr: int | None) -> Borne:
    return bear(*words, "serve", environ=environ, stdout=stdout, stderr=stderr, loads=SERVING)


def started(said: Iterable[str]) -> list[dict[str, object]]:
    """What it logged until it was started."""
    lines: list[dict[str, object]] = []
    for line in said:
        lines.append(json.loads(line))
        if lines[-1]["message"] == "wicket.started":
            return lines
    raise AssertionError(f"it ended: {lines}")


def test_it_logs_json_on_standard_output_and_ends_when_it_is_told(tmp_path: Path, environ: dict[str, str]):
    with from_nothing(written(tmp_path), environ) as process:
        assert process.stdout is not None
        assert [line["message"] for line in started(process.stdout)] == ["slack.away", "wicket.started"]
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=10)
        assert (process.returncode, told) == (0, "")


def test_where_standard_output_is_closed_it_logs_on_standard_error(tmp_path: Path, environ: dict[str, str]):
    """Whoever starts it so reads nothing there, and no line may be lost or stop it."""
    words = written(tmp_path)
    with from_nothing(words, environ, "2>&1 >&-") as process, at_most(process):
        assert process.stdout is not None
        assert started(process.stdout)
    ours, theirs = os.pipe()
    with open(ours) as said:
        with closing_descriptor(theirs):
            console = borne(words, environ | {"WICKET_LOGS__LAYOUT": "console"}, None, theirs)
        with at_most(console):
            assert any("wicket.started" in line for line in said)
        console.kill()


@contextmanager
def at_most(process: "Borne | subprocess.Popen[str]", seconds: float = 30) -> Iterator[None]:
    """Then it is killed: one that says nothing would be listened to for ever."""
    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def serves(process: "Borne | subprocess.Popen[str]", port: int) -> None:
    """It comes to answer on this port, opens no file where libraries print, and ends as it is told."""
    while process.poll() is None:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.read() == b"ok\n"
            break
        time.sleep(0.02)
    assert process.poll() is None, f"it ended with {process.returncode}"
    for each in (1, 2):
        opened = os.readlink(f"/proc/{process.pid}/fd/{each}")
        assert opened in {"/dev/null", "/dev/full"} or opened.startswith("pipe:")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def test_where_nothing_can_be_logged_it_serves_all_the_same(tmp_path: Path, environ: dict[str, str]):
    """Access ends in time though a disk is full of logs; and no file is opened where libraries print errors."""
    words = written(tmp_path)
    port = tomllib.loads((tmp_path / "wicket.toml").read_text())["server"]["port"]
    with from_nothing(words, environ, ">&- 2>&-") as process:
        serves(process, port)
    ours, theirs = os.pipe()
    with closing_descriptor(ours), closing_descriptor(theirs), open("/dev/full", "wb") as full:
        for outputs in ((full.fileno(), theirs), (full.fileno(), full.fileno()), (None, full.fileno())):
            bot = borne(words, environ, *outputs)
            try:
                serves(bot, port)
            finally:
                bot.kill()


def test_two_run_on_one_postgresql_and_either_may_end(tmp_path: Path, environ: dict[str, str]):
    """Replicas need no leader: each makes the tables if it is first, and misses nobody who is gone."""
    running = postgres()
    with running.database() as name:
        environ |= {"WICKET_DATABASE__URL": running.server(name).url}
        folders = [tmp_path / "first", tmp_path / "second"]
        for folder in folders:
            folder.mkdir()
        with serving(written(folders[0]), environ) as first, serving(written(folders[1]), environ) as second:
            # The role of the tests made the tables, so each says that it may do more to them than it should.
            said = ["audit.role_too_wide", "slack.away", "wicket.started"]
            assert [line["message"] for line in started(first.stdout)] == said
            assert [line["message"] for line in started(second.stdout)] == said
            first.process.kill()
            assert second.ends() == (0, b"")
    assert not [*tmp_path.rglob("wicket.db*")], "no file, and no lock on one"


def test_a_second_one_on_the_same_database_is_refused_and_other_commands_are_not(
    tmp_path: Path, environ: dict[str, str]
):
    bot = written(tmp_path)
    with serving(bot, environ) as first:
        started(first.stdout)
        written(tmp_path)  # another port, the same database

        def run(words: str) -> Result:
            return typed(["--config", str(tmp_path / "wicket.toml"), *words.split()], environ)

        refused = run("serve")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert refused.stderr.startswith(f"Another Wicket is running on {tmp_path / 'wicket.db'}, and one")
        for words in ("migrate", "audit checkpoint", "audit verify", "grants list"):
            assert run(words).exit_code == 0, words
        first.process.kill()
    with serving(bot, environ) as after:
        started(after.stdout)
