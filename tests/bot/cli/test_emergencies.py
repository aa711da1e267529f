"""`wicket emergency record` keeps from paper what went past Wicket, and a review of it is owed (B-5)."""

import pytest
from sqlmodel import select

from bot.settings import new_key
from storage.audit import log
from storage.records import Emergency
from tests.bot.cli.test_cli import Install, install

__all__ = ["install"]

PAPER = {
    "--person": "ada", "--second": "grace", "--entitlement": "prod-db", "--incident": "INC-4711",
    "--begins": "2026-03-02T14:02", "--ends": "2026-03-02T16:30", "--reason": "Slack and the directory were down",
}  # fmt: skip


def record(install: Install, **changes: str):
    told = {**PAPER, **{f"--{name}": value for name, value in changes.items()}}
    return install.run("emergency", "record", *(word for pair in told.items() for word in pair))


def test_what_the_paper_says_is_kept_as_reported_by_hand(install: Install):
    """B-5: an entry that names the operator as its source, and a row that gives nothing and waits for its review."""
    install.environ["WICKET_SECRET_KEYS"] = new_key()
    done = record(install)
    assert done.exit_code == 0, done.output
    assert "reported by hand" in done.stdout
    with install.tx() as write:
        (row,) = write(lambda tx: tx.exec(select(Emergency)).all())
        (entry,) = write(lambda tx: log.rows(tx, action="emergency.recorded"))
    assert (row.login, row.grant, row.handle, row.minutes, row.state) == ("ada", "", "", 148, "granted")
    assert row.reviewed_at is None
    assert entry.said()["actor"]["type"] == "operator"
    assert entry.said()["facts"]["by_hand"] is True


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"second": "ada"}, "one person"),
        ({"entitlement": "no-such"}, "no such entitlement"),
        ({"ends": "2026-03-02T14:02"}, "begin before it ends"),
        ({"ends": "2199-01-01"}, "to be over"),
        ({"begins": "noon"}, "like 2026-01-31T14:02"),
        ({"reason": " "}, "reason"),
        ({"person": "nobody"}, "knows anybody"),
    ],
)
def test_what_cannot_have_been_so_is_not_kept(install: Install, changes: dict[str, str], says: str):
    """B-5: nor anything at all without the keys that sign it."""
    assert record(install).exit_code != 0
    install.environ["WICKET_SECRET_KEYS"] = new_key()
    refused = record(install, **changes)
    assert refused.exit_code != 0
    assert says in " ".join(refused.output.replace("│", " ").split())
    with install.tx() as write:
        assert write(lambda tx: tx.exec(select(Emergency)).all()) == []
