"""`wicket serve` as a process of its own, while Slack is away: where it logs, and that there is one per database."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from typer.testing import Result

from bot.settings import new_audit_key, new_key
from tests.bot.demo.demos import ROOT
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
    """Only these of Wicket's variables, with secrets of the right shape."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("WICKET_")}
    return others | {
        "WICKET_SLACK_BOT_TOKEN": "xoxb-1-canary",
        "WICKET_SLACK_SIGNING_SECRET": "0123456789abcdef",
        "WICKET_SECRET_KEYS": new_key(),
        "WICKET_AUDIT_KEY": new_audit_key(),
    }


def written(folder: Path) -> list[str]:
    """The start of a command that works with settings in this folder."""
    (folder / "wicket.toml").write_text(SETTINGS.format(port=free_port()))
    return [sys.executable, "-m", "bot", "--config", str(folder / "wicket.toml")]


@contextmanager
def serving(wicket: list[str], environ: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A bot that was told to run."""
    with subprocess.Popen(
        [*wicket, "serve"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def started(process: "subprocess.Popen[str]") -> list[dict[str, object]]:
    """What it logged until it was started."""
    lines: list[dict[str, object]] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(json.loads(line))
        if lines[-1]["message"] == "wicket.started":
            return lines
    raise AssertionError(f"it ended: {lines} {process.stderr.read() if process.stderr else ''}")


def test_it_logs_json_on_standard_output_and_ends_when_it_is_told(tmp_path: Path, environ: dict[str, str]):
    with serving(written(tmp_path), environ) as process:
        assert [line["message"] for line in started(process)] == ["slack.away", "wicket.started"]
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=10)
        assert (process.returncode, told) == (0, "")


def test_where_standard_output_is_closed_it_logs_on_standard_error(tmp_path: Path, environ: dict[str, str]):
    """Whoever starts it so reads nothing there, and no line may be lost or stop it."""
    wicket = ["/bin/sh", "-c", 'exec "$@" 2>&1 >&-', "sh", *written(tmp_path)]
    for layout in ("json", "console"):
        with serving(wicket, environ | {"WICKET_LOGS__LAYOUT": layout}) as process:
            assert process.stdout is not None
            assert any("wicket.started" in line for line in process.stdout), layout


@pytest.mark.parametrize("outputs", [">&- 2>&-", ">/dev/full", ">/dev/full 2>/dev/full", ">&- 2>/dev/full"])
def test_where_nothing_can_be_logged_it_serves_all_the_same(
    tmp_path: Path, environ: dict[str, str], outputs: str
):
    """Access ends in time though a disk is full of logs; and no file is opened where libraries print errors."""
    wicket = ["/bin/sh", "-c", f'exec "$@" {outputs}', "sh", *written(tmp_path)]
    port = tomllib.loads((tmp_path / "wicket.toml").read_text())["server"]["port"]
    with serving(wicket, environ) as process:
        while process.poll() is None:
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                assert answer.read() == b"ok\n"
                break
        assert process.poll() is None, f"it ended with {process.returncode}"
        for each in (1, 2):
            opened = os.readlink(f"/proc/{process.pid}/fd/{each}")
            assert opened in {"/dev/null", "/dev/full"} or opened.startswith("pipe:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


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
            assert [line["message"] for line in started(first)] == said
            assert [line["message"] for line in started(second)] == said
            first.kill()
            second.send_signal(signal.SIGTERM)
            _, told = second.communicate(timeout=10)
            assert (second.returncode, told) == (0, "")
    assert not [*tmp_path.rglob("wicket.db*")], "no file, and no lock on one"


def test_a_second_one_on_the_same_database_is_refused_and_other_commands_are_not(
    tmp_path: Path, environ: dict[str, str]
):
    wicket = written(tmp_path)
    with serving(wicket, environ) as first:
        started(first)
        written(tmp_path)  # another port, the same database

        def run(words: str) -> Result:
            return typed(["--config", str(tmp_path / "wicket.toml"), *words.split()], environ)

        refused = run("serve")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert refused.stderr.startswith(f"Another Wicket is running on {tmp_path / 'wicket.db'}, and one")
        for words in ("migrate", "audit checkpoint", "audit verify", "grants list"):
            assert run(words).exit_code == 0, words
        first.kill()
        first.wait()
    with serving(wicket, environ) as after:
        started(after)
