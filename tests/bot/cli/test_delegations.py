"""`wicket delegations` lists who lets whom approve what until when, as a table and as JSON (R-5)."""

import json
from datetime import timedelta

from sqlmodel import Session

from storage import delegations
from storage.clock import utc_now
from storage.delegations import Party
from storage.states import DelegationEnd
from tests.bot.cli.test_cli import Install, install

__all__ = ["install"]

SCOPE = """
[[scope]]
id = "data-oslo"
name = "Data in Oslo"
owner = "data-platform"
group = "oslo-leads"
max_risk = 5
max = "2h"
location = "Oslo"
"""


def made(tx: Session) -> str:
    at = utc_now()
    by, to = (Party(account=f"p-{one}", name=one.title(), slack_user=f"U{one}") for one in ("grace", "bob"))
    row = delegations.make(
        tx, at=at, expires_at=at + timedelta(days=3), directory="staff", owner="data-platform", by=by,
        role="owner", to=to, group="", entitlements=["prod-db"], max_risk=4, max_minutes=60,
    )  # fmt: skip
    return row.id


def test_who_lets_whom_approve_what_and_the_standing_scopes(install: Install) -> None:
    assert "There are none." in install.run("delegations").stdout
    with install.tx() as write:
        delegation = str(write(made))
    file = install.folder / "wicket.toml"
    file.write_text(file.read_text(encoding="utf-8") + SCOPE, encoding="utf-8")
    listed = install.run("delegations")
    assert listed.exit_code == 0, listed.output
    for word in (delegation, "Grace", "Bob", "prod-db", "risk 4", "data-oslo", "oslo-leads", "Oslo"):
        assert word in listed.stdout
    told = json.loads(install.run("delegations", "--json").stdout)
    assert [(one["id"], one["to"], one["max_minutes"]) for one in told["delegations"]] == [
        (delegation, "Bob", 60)
    ]
    assert [(one["id"], one["entitlements"], one["where"]) for one in told["scopes"]] == [
        ("data-oslo", ["prod-db"], ["Oslo"])
    ]


def test_what_ended_is_not_listed(install: Install) -> None:
    def over(tx: Session) -> None:
        row = delegations.get(tx, made(tx))
        assert row is not None
        assert delegations.end(tx, row, DelegationEnd.REVOKED, at=utc_now(), by="Alan")
        assert not delegations.end(tx, row, DelegationEnd.EXPIRED, at=utc_now())

    with install.tx() as write:
        write(over)
    assert "There are none." in install.run("delegations").stdout
