"""`wicket demo` from outside: one address, a company with a history, and an end that leaves what it promised."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.demo.demos import ROOT, Running, demo
from tests.bot.typed import typed
from tests.ports import free_port


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    """A demo that runs while others look at it or come in its way, and its folder."""
    data = tmp_path_factory.mktemp("beside")
    with demo("--data", str(data), "--port", str(free_port())) as running:
        yield running, data


def messages(running, who: str, channel: str) -> str:
    said = json.loads(running.page(f"page/messages?as={who}&channel={channel}"))["messages"]
    return "\n".join(message["text"] for message in said)


def waiting(running, who: str = "U0GRACE", channel: str = "C0DATAOWN", words: str = "") -> str:
    """What Grace sees in #data-owners, once something is there: a restart posts it a moment after it is ready.

    words: what has to be among it.
    """
    until = time.monotonic() + 20
    while not (found := messages(running, who, channel)) or words not in found:
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    return found


def test_a_kept_demo_can_be_read_by_every_command_and_goes_on_where_it_was(tmp_path: Path) -> None:
    data = tmp_path / "my demo"
    arguments = ("--data", str(data), "--port", str(free_port()))
    with demo(*arguments) as running:
        assert "Grace Hopper" in running.page("page/state?as=U0ADA")
        assert "prod-db" in waiting(running)
        running.stop()
        assert running.process.returncode == 0
    copied = next(line for line in running.said.splitlines() if line.endswith("audit verify")).strip()
    verified = typed(shlex.split(copied)[1:])
    assert (verified.exit_code, "nternally consistent" in verified.stdout) == (0, True), verified.stderr
    keys = next(line for line in running.said.splitlines() if "set -a" in line).strip()
    signed = subprocess.run(
        f"{keys}; {copied.replace('audit verify', 'audit checkpoint')}",
        shell=True, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert signed.stdout.startswith("wicket\n"), signed.stderr
    with demo(*arguments) as again:
        assert again.url == running.url
        assert "goes on where it was" in again.said
        assert waiting(again).count("Access request: prod-db") == 1


def test_a_second_demo_in_the_same_folder_is_refused_before_it_writes_anything(
    beside: tuple[Running, Path],
) -> None:
    """On another port, too: it would take the first one's tokens and addresses away."""
    first, data = beside
    before = {name: (data / name).read_text() for name in ("wicket.toml", "secrets.env")}
    second = typed(["demo", "--data", str(data), "--port", str(free_port())])
    assert (second.exit_code, second.stdout) == (2, "")
    assert second.stderr.startswith(f"Another Wicket is running on {data / 'wicket.db'}")
    assert second.stderr.count("\n") == 1
    assert before == {name: (data / name).read_text() for name in before}
    assert "prod-db" in waiting(first)


def test_security_sees_at_first_sight_what_was_found_in_the_directory(beside: tuple[Running, Path]) -> None:
    """G-5: two groups are in no catalogue; one can be asked for by what it says, and the other names no owner."""
    told = waiting(beside[0], "U0ALAN", "C0SECURITY", words="status-page")
    assert "*New entitlements:* `company-blog`" in told
    assert "What a group says of itself cannot be used: status-page" in told
    assert "'observabilty' is no owner" in told


def test_without_a_folder_nothing_is_left_behind(tmp_path: Path) -> None:
    """Settings of a real workspace in the environment have no say in it."""
    with demo(
        "--port", str(free_port()), TMPDIR=str(tmp_path),
        WICKET_SLACK_BOT_TOKEN="xoxb-real", WICKET_SERVER__HOST="0.0.0.0",
    ) as running:  # fmt: skip
        [kept] = tmp_path.iterdir()
        assert "0.0.0.0" not in (kept / "wicket.toml").read_text()
        assert "xoxb-real" not in (kept / "secrets.env").read_text()
        began = time.monotonic()
        said = running.stop(signal.SIGTERM)
        assert time.monotonic() - began < 5
    assert "Everything is gone" in said
    assert running.process.returncode == 0
    assert list(tmp_path.iterdir()) == []
    assert not re.search("Traceback|error", running.said + said)


@pytest.mark.skipif(sys.platform != "linux", reason="what a process listens on is read from /proc")
def test_nothing_listens_beyond_loopback(beside: tuple[Running, Path]) -> None:
    assert beside[0].listens_on() == {"0100007F"}


def test_a_port_in_use_is_said_kindly(beside: tuple[Running, Path]) -> None:
    port = int(beside[0].url.rpartition(":")[2].rstrip("/"))
    second = typed(["demo", "--port", str(port)])
    assert second.exit_code == 2
    assert second.stderr == (
        f"Port {port} is in use, perhaps by another demo. Choose another one: wicket demo --port {port + 1}\n"
    )


def test_wicket_check_beside_it_says_that_nothing_fails(beside: tuple[Running, Path]) -> None:
    """And what it is warned of is what a demo is: not for real work."""
    _, data = beside
    keys = dict(line.split("=", 1) for line in (data / "secrets.env").read_text().splitlines())
    told = typed(["--config", str(data / "wicket.toml"), "check", "--json"], keys)
    assert (told.exit_code, told.stderr) == (0, ""), told.stdout
    report = json.loads(told.stdout)
    assert report["failed"] == 0
    assert [one["about"] for one in report["findings"] if one["level"] == "warning"] == [
        "[server] public_url",
        "local: kind",
        "checkpoint",
        "published checkpoints",
    ]
    [bot] = [one for one in report["findings"] if one["about"] == "bot"]
    assert bot["found"] == "A bot runs on it now."
