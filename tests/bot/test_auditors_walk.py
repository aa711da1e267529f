"""docs/audit.md, walked by somebody with a checkpoint from Slack, the public key, and what the operator hands out."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.slack.messages.checkpoints import checkpoint_message
from storage.audit.checkpoint import BadKey, read_signer
from storage.audit.sealing import kept_checkpoint, last_checkpoint_id
from tests.bot.cli.test_cli import Install, installed

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def operator(tmp_path: Path) -> Install:
    (tmp_path / "operator").mkdir()
    made = installed(tmp_path / "operator")
    made.happened(5)
    return made


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The auditor's own folder, with the script of the docs in it."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "verify_audit.py").write_bytes((DOCS / "verify_audit.py").read_bytes())
    return folder


def posted(operator: Install) -> str:
    """What the security channel shows of a checkpoint: the framed text, as one copies it."""
    assert operator.run("audit", "checkpoint").exit_code == 0
    with operator.tx() as write:
        kept = write(lambda tx: kept_checkpoint(tx, last_checkpoint_id(tx)))
    message = checkpoint_message(at=kept.at, size=kept.size, signed=kept.note)  # type: ignore[attr-defined]
    framed = [block.to_dict() for block in message.blocks if block.type == "rich_text"]
    (said,) = [
        part["elements"][0]["text"]
        for block in framed
        for part in block["elements"]
        if part["type"] == "rich_text_preformatted"
    ]
    return f"\n{said.rstrip()}"


def check(desk: Path, *arguments: str) -> tuple[int, str]:
    """Run the script from the desk, where nothing of ours is."""
    done = subprocess.run(
        [sys.executable, "verify_audit.py", *arguments], cwd=desk, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_an_auditor_needs_nothing_but_a_checkpoint_the_key_and_a_proof(operator: Install, desk: Path):
    """T-6, T-7: the five steps, and after each what happens to whoever lies."""
    signer = read_signer(operator.environ["WICKET_AUDIT_KEY"])
    assert not isinstance(signer, BadKey)
    key = signer.verifier.text
    (desk / "kept.txt").write_text(posted(operator))
    proof, kept = str(desk / "approval.tlog-proof"), str(desk / "kept.txt")
    assert operator.run("audit", "prove", "2", "--checkpoint", kept, "--out", proof).exit_code == 0

    code, said = check(desk, key, "proof", "approval.tlog-proof", "kept.txt")
    assert (code, '"action": "grant.requested"' in said, "HOLDS: entry 2 of the 5" in said) == (
        0,
        True,
        True,
    ), said
    nobody = Install(desk, environ={})
    done = nobody.run("audit", "verify-proof", proof, "--key", key, "--checkpoint", kept)
    assert (done.exit_code, done.stdout.startswith("Proven. This entry is number 2 of the 5")) == (0, True)
    (desk / "lie.tlog-proof").write_text(re.sub("index 2", "index 3", Path(proof).read_text()))
    assert check(desk, key, "proof", "lie.tlog-proof", "kept.txt")[0] == 1

    operator.happened(4)
    (desk / "later.txt").write_text(posted(operator))
    both = (kept, str(desk / "later.txt"))
    done = operator.run("audit", "consistency", *both, "--out", str(desk / "continues.txt"))
    assert done.exit_code == 0, done.output
    code, said = check(desk, key, "continues", "continues.txt", "kept.txt")
    assert (code, "begins with the 5 of your checkpoint, unchanged" in said) == (0, True), said
    assert check(desk, key, "continues", "continues.txt", "later.txt")[0] == 1

    assert operator.run("audit", "leaves", "--out", str(desk / "leaves.jsonl")).exit_code == 0
    assert check(desk, key, "leaves", "leaves.jsonl", "later.txt")[0] == 0
    lines = (desk / "leaves.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == 11
    (desk / "leaves.jsonl").write_bytes(b"".join(lines[:4] + lines[5:]))
    assert check(desk, key, "leaves", "leaves.jsonl", "kept.txt")[0] == 1


def test_a_folder_about_a_period_is_checked_by_the_same_steps(operator: Install, desk: Path) -> None:
    """T-6, AU-12: each entry under the folder's checkpoint, and that one against the auditor's own."""
    signer = read_signer(operator.environ["WICKET_AUDIT_KEY"])
    assert not isinstance(signer, BadKey)
    key, today = signer.verifier.text, datetime.now(UTC).date()
    (desk / "kept.txt").write_text(posted(operator))
    operator.happened(2)
    period = ("--from", str(today - timedelta(days=1)), "--to", str(today + timedelta(days=2)))
    done = operator.run("audit", "evidence", *period, "--out", str(desk / "folder"))
    assert done.exit_code == 0, done.output
    one, *_ = proofs = sorted((desk / "folder" / "proofs").iterdir())
    assert len(proofs) == 7
    code, said = check(desk, key, "proof", str(one), "folder/checkpoint.txt")
    assert (code, "of the 8 in the log" in said) == (0, True), said
    assert check(desk, key, "proof", str(one), "kept.txt")[0] == 1, "that is another checkpoint"
    both = (str(desk / "kept.txt"), str(desk / "folder" / "checkpoint.txt"))
    assert operator.run("audit", "consistency", *both, "--out", str(desk / "on.txt")).exit_code == 0
    code, said = check(desk, key, "continues", "on.txt", "kept.txt")
    assert (code, "begins with the 5 of your checkpoint, unchanged" in said) == (0, True), said


def test_every_command_that_the_page_names_is_one(operator: Install):
    named = set(re.findall(r"`?wicket audit ([a-z-]+)", (DOCS / "audit.md").read_text()))
    assert {
        "show",
        "checkpoint",
        "verify",
        "prove",
        "verify-proof",
        "consistency",
        "leaves",
        "evidence",
    } <= named
    for command in named:
        assert operator.run("audit", command, "--help").exit_code == 0, command
