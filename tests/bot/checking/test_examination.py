"""The examination whole: it changes nothing, ends in time, survives what breaks a part, and shows no secret."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable

import pytest

from bot.checking.examination import Part, looked
from bot.checking.report import Line, Report, failed, ok, warning
from bot.listening import take_no_more
from storage.directories.base import Finding
from storage.faults import PolicyFault
from tests.bot.checking.conftest import Installation, of
from tests.bot.checking.test_directories import LDAP


async def test_a_sound_installation_has_nothing_but_what_a_demo_is_warned_of(install: Installation):
    report = await install.check()
    assert report.count("failed") == 0
    assert [(line.part, line.finding.about) for line in report.lines if line.finding.level == "warning"] == [
        ("settings", "[server] public_url"),
        ("directories", "local: kind"),
    ]


async def test_nothing_in_the_folder_changes(install: Installation):
    """Neither a file's content nor its time, and none comes or goes."""

    def state() -> dict[str, tuple[bytes, int]]:
        return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in install.folder.iterdir()}

    before = state()
    assert set(before) == {"wicket.toml", "wicket.db", "people.db"}
    await install.check()
    assert state() == before


@pytest.fixture
async def silence() -> AsyncIterator[int]:
    """The port of somebody who takes every connection and never says a word."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    await take_no_more(server)
    for writer in held:
        writer.transport.abort()


async def test_it_ends_in_time_with_everybody_hanging(install: Installation, silence: int):
    """And every part still has its line with what to do."""
    mail = install.phones.smtp_port
    install.edit(
        {
            f'api_url = "{install.slack.api_url}"': f'api_url = "http://127.0.0.1:{silence}/api/"',
            f"port = {mail}": f"port = {silence}",
            'public_url = "http://localhost:1"': f'public_url = "https://127.0.0.1:{silence}"',
        },
        add=LDAP.replace("127.0.0.1:1", f"127.0.0.1:{silence}"),
    )
    install.environ["WICKET_DIRECTORY_CORP_PASSWORD"] = "canary"
    fifo = install.folder / "ca.pem"
    os.mkfifo(fifo)  # whoever reads it waits for ever, on a thread that nobody can end
    install.edit(add=LDAP.replace("corp", "slow") + f'ca_file = "{fifo}"\n')
    install.environ["WICKET_DIRECTORY_SLOW_PASSWORD"] = "canary"
    began = time.monotonic()
    try:
        report = await asyncio.wait_for(asyncio.to_thread(asyncio.run, install.check()), 20)
    finally:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    assert time.monotonic() - began < 13
    seen = {
        (line.part, line.finding.about.partition(":")[0]): line.finding
        for line in report.lines
        if line.finding.level != "ok"
    }
    expected = {
        ("slack", "bot token"): "failed", ("slack", "app token"): "failed", ("channels", "channels"): "warning",
        ("clock", "clock"): "warning", ("mail", "127.0.0.1"): "failed", ("directories", "corp"): "failed",
        ("directories", "slow"): "failed",
        ("secure page", "127.0.0.1"): "warning",
    }  # fmt: skip
    assert {key: finding.level for key, finding in seen.items() if key in expected} == expected
    assert all(finding.advice for finding in seen.values())
    assert of(report, "database", "structure")[0].level == "ok"


async def test_a_part_that_hangs_is_a_line():
    async def never() -> Iterable[Finding]:
        await asyncio.Event().wait()
        return []

    [line] = await looked(Part(name="x", look=never, about="corp"), within=0.05)
    assert (line.level, line.about) == ("failed", "corp")
    assert line.found.startswith("It took longer than")


async def test_a_fault_is_told_in_its_own_words():
    async def broken() -> Iterable[Finding]:
        raise PolicyFault("limits.cedar, line 3: unexpected end")

    [line] = await looked(Part(name="x", look=broken))
    assert (line.level, line.found) == ("failed", "limits.cedar, line 3: unexpected end")


async def test_what_nobody_foresaw_is_told_without_its_text():
    """N-2: the text of an exception may hold anything."""

    async def broken() -> Iterable[Finding]:
        raise ValueError("canary")

    [line] = await looked(Part(name="x", look=broken))
    assert line.level == "failed"
    assert "ValueError, in test_examination.py" in line.found
    assert "canary" not in str(line)


def test_a_secret_that_somebody_said_is_hidden():
    """N-2: the last line of defence."""
    report = Report(lines=(Line(part="mail", finding=warning("canary-1", "said canary-1", "canary-1!")),))
    [hidden] = report.without(["canary-1", ""]).lines
    assert "canary" not in str(hidden)
    assert hidden.finding.found == "said [hidden]"
    assert hidden.finding.level == "warning"


async def test_a_secret_that_comes_back_from_elsewhere_is_not_repeated(install: Installation):
    """N-2: here it is the name of a channel too."""
    install.environ["WICKET_SMTP_PASSWORD"] = "canary-password"
    install.slack.update_channel("C0DATAOWN", name="canary-password")
    [line] = await install.found("channels", "channel C0DATAOWN")
    assert line.found == "#[hidden] is there, and the bot is in it."


def test_the_report_for_programs():
    report = Report(
        lines=(
            Line(part="a", finding=ok("x", "X.")),
            Line(part="a", finding=warning("y", "Y.", "Do.")),
            Line(part="b", finding=failed("z", "Z.", "Mend.")),
        )
    )
    assert report.as_json() == {
        "findings": [
            {"part": "a", "level": "ok", "about": "x", "found": "X.", "advice": ""},
            {"part": "a", "level": "warning", "about": "y", "found": "Y.", "advice": "Do."},
            {"part": "b", "level": "failed", "about": "z", "found": "Z.", "advice": "Mend."},
        ],
        "ok": 1,
        "warning": 1,
        "failed": 1,
    }
