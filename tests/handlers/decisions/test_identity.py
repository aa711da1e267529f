"""Whether a Slack account may speak for somebody, from what Slack says about it (SL-1)."""

from typing import Any

import pytest

from handlers.decisions.identity import NotAPerson, why_not
from tests.handlers.access_ground import profile

TEAMS = frozenset({"T1"})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"bot": True}, NotAPerson.BOT),
        ({"stranger": True}, NotAPerson.STRANGER),
        ({"team": "T2"}, NotAPerson.STRANGER),
        ({"team": ""}, NotAPerson.STRANGER),
        ({"team": "T2", "enterprise": "E1"}, NotAPerson.STRANGER),
        ({"deleted": True}, NotAPerson.DEACTIVATED),
        ({"guest": True}, NotAPerson.GUEST),
        ({"guest": True, "deleted": True, "team": "T2"}, NotAPerson.STRANGER),
        ({"name": "wicket", "mail": ""}, None),
    ],
)
def test_who_may_speak_in_one_workspace(changes: dict[str, Any], reason: NotAPerson | None) -> None:
    assert why_not(profile("ada", **changes), teams=TEAMS, enterprise=None) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"team": "T9", "enterprise": "E1"}, None),
        ({"team": "T9", "enterprise": "E2"}, NotAPerson.STRANGER),
        ({"team": "T9", "enterprise": ""}, NotAPerson.STRANGER),
        ({"team": "T9", "enterprise": "E1", "stranger": True}, NotAPerson.STRANGER),
        ({"team": "T9", "enterprise": "E1", "guest": True}, NotAPerson.GUEST),
    ],
)
def test_who_may_speak_in_an_enterprise(changes: dict[str, Any], reason: NotAPerson | None) -> None:
    assert why_not(profile("ada", **changes), teams=TEAMS, enterprise="E1") == reason


def test_an_empty_enterprise_lets_nobody_in() -> None:
    assert why_not(profile("ada", team="T9"), teams=TEAMS, enterprise="") == NotAPerson.STRANGER
