"""`wicket check` as it is typed: what it prints for people and for programs, its exit codes, and no secret in it."""

import asyncio
import json
import os
import subprocess
import sys

from typer.testing import Result

from bot.settings import new_audit_key, new_key
from tests.bot.checking.conftest import Installation
from tests.bot.checking.conftest import install as install
from tests.bot.checking.test_directories import LDAP
from tests.bot.demo.demos import ROOT
from tests.bot.typed import typed

ARROW = "             → "


async def run(install: Installation, *arguments: str) -> Result:
    """Run `wicket --config … check arguments`, beside the servers of this test."""
    words = ["--config", str(install.config), "check", *arguments]
    return await asyncio.to_thread(typed, words, install.environ)


async def test_lines_stand_under_their_parts_aligned_and_counted(install: Installation):
    told = await run(install)
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "Settings", "Slack", "Channels", "Policy", "Directories", "Approvers", "Break-glass", "Help desks", "Database",
        "Clock", "Mail", "Outside", lines[-1],
    ]  # fmt: skip
    assert lines[-1].endswith(" ok, 2 warnings, 0 failed.")
    assert lines[1].startswith("  ✓ ok       wicket.toml ")
    [kind] = [at for at, line in enumerate(lines) if "local: kind" in line]
    assert lines[kind].startswith("  ! warning  local: kind ")
    assert lines[kind + 1].startswith(f"{ARROW}That is for trying Wicket out")
    assert lines[1].index("It is complete") == lines[kind].index("It is kept")


async def test_what_failed_is_marked_and_gives_exit_code_1(install: Installation):
    install.slack.update_channel("C0DATAOWN", members=[])
    told = await run(install)
    assert told.exit_code == 1
    assert "  ✗ failed   channel C0DATAOWN (Data Platform)" in told.stdout
    assert f"{ARROW}Write /invite @Wicket in it." in told.stdout
    assert told.stdout.endswith(" ok, 2 warnings, 1 failed.\n")


async def test_the_sample_in_the_manual_is_what_it_prints(install: Installation):
    """Line by line, in this order; "…" stands for others."""
    install.slack.update_channel("C0DATAOWN", members=[])
    people = install.people()
    await people.remove_member("p-charles", "finance-owners")
    people.close()
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [sample] = [block for block in manual.split("```\n") if block.startswith("wicket check\n")]
    printed = iter((await run(install)).stdout.splitlines())
    for line in sample.splitlines()[1:]:
        assert line == "…" or line in printed, line


async def test_in_a_pipe_it_is_plain_and_no_line_is_broken(install: Installation):
    told = await run(install)
    assert "\x1b" not in told.stdout
    assert told.stderr == ""
    assert any(len(line) > 120 for line in told.stdout.splitlines())


async def test_a_name_that_would_command_the_terminal_does_not(install: Installation):
    """O-4: what others chose is shown, and is neither an escape nor a line of ours."""
    install.slack.update_channel("C0DATAOWN", name="x\x1b[2J\n  ✓ ok")
    told = await run(install)
    assert "\x1b" not in told.stdout
    assert "\n  ✓ ok is there" not in told.stdout


async def test_json_is_one_object_with_the_same_findings(install: Installation):
    install.slack.update_channel("C0DATAOWN", is_archived=True)
    told = await run(install, "--json")
    assert told.exit_code == 1
    report = json.loads(told.stdout)
    assert set(report) == {"findings", "ok", "warning", "failed"}
    assert all(set(one) == {"part", "level", "about", "found", "advice"} for one in report["findings"])
    assert (report["warning"], report["failed"]) == (2, 1)
    assert len(report["findings"]) == report["ok"] + 3
    [failed] = [one for one in report["findings"] if one["level"] == "failed"]
    assert (failed["part"], failed["found"]) == ("channels", "#data-owners is archived.")


async def test_json_is_whole_and_commands_no_terminal_whatever_a_channel_is_called(install: Installation):
    """O-4: half a character, which Slack's JSON can say and no output can hold, and a command to a terminal."""
    name = "x\ud800\x9b2J\u202e"
    install.slack.update_channel("C0DATAOWN", name=name)
    told = await run(install, "--json")
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.isascii()
    [channel] = [one for one in json.loads(told.stdout)["findings"] if "C0DATAOWN" in one["about"]]
    assert channel["found"] == f"#{name} is there, and the bot is in it."


async def test_settings_that_cannot_be_read_are_a_finding_and_no_refusal(install: Installation):
    install.config.write_text("[slack")
    told = await run(install)
    assert told.exit_code == 1
    assert "is not valid TOML" in told.stdout
    assert told.stdout.endswith("\n0 ok, 0 warnings, 2 failed.\n")


async def test_a_terminal_without_utf_8_shows_every_line(install: Installation):
    others = {name: value for name, value in os.environ.items() if not name.startswith("WICKET_")}
    told = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", "--config", str(install.config), "check"],
        cwd=ROOT, env=others | install.environ | {"PYTHONIOENCODING": "latin-1"}, capture_output=True,
        timeout=20, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, b"")
    assert told.stdout.decode("latin-1").endswith(" ok, 2 warnings, 0 failed.\n")


async def test_a_command_that_is_mistyped_could_not_be_done(install: Installation):
    assert (await run(install, "--yaml")).exit_code == 2


def test_the_help_says_what_the_exit_codes_mean():
    told = typed(["check", "--help"], terminal_width=200)
    assert "0 nothing failed (there may be warnings), 1 at least one line failed" in " ".join(
        told.stdout.split()
    )


async def test_no_secret_is_printed_whatever_fails(install: Installation):
    """N-2: every secret a canary, half of them refused, by servers that answer and by some that do not."""
    audit, keys = new_audit_key("canary"), new_key()
    install.edit(
        {'encryption = "none"': 'encryption = "none"\nusername = "wicket"'},
        add=LDAP,
    )
    secrets = {
        "WICKET_SLACK_BOT_TOKEN": "xoxb-1-canary",
        "WICKET_SLACK_APP_TOKEN": "xapp-1-canary",
        "WICKET_SLACK_SIGNING_SECRET": "canary0123456789",
        "WICKET_SECRET_KEYS": keys,
        "WICKET_AUDIT_KEY": audit,
        "WICKET_SMTP_PASSWORD": "canary-smtp",
        "WICKET_DIRECTORY_CORP_PASSWORD": "canary-ldap",
    }
    install.environ = dict(secrets)
    refused = [await run(install), await run(install, "--json")]
    install.environ |= {
        "WICKET_SLACK_BOT_TOKEN": install.slack.bot_token,
        "WICKET_SLACK_APP_TOKEN": install.slack.app_token,
    }
    taken = [await run(install), await run(install, "--json")]
    install.config.write_text(install.config.read_text() + '\n[mail2]\npassword = "canary-in-the-file"\n')
    misplaced = [await run(install)]
    for told in (*refused, *taken, *misplaced):
        assert told.exit_code == 1
        for secret in (*secrets.values(), *install.environ.values(), "canary", "ticket="):
            assert secret not in told.stdout + told.stderr, secret
