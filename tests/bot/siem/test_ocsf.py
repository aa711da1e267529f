"""Events: each is what a strict reader of OCSF takes, says what the entry says, and holds what people typed."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.siem.activities import (
    ACCOUNT_CHANGE,
    ACCOUNT_CHANGE_TO_USER,
    ENTITY,
    GROUP,
    USER,
    USER_ACCESS,
    USER_ACCESS_TO_USER,
    VERSIONS,
    Version,
    activity_of,
)
from bot.siem.ocsf import UNREADABLE, Ocsf
from tests.bot.siem.events import ENTRY, class_of, row, validator
from tests.bot.siem.golden import GOLDEN

WRITES = Ocsf(version="1.7.0", product="0.1.0")
OCSF_1_7: Any = importlib.import_module("ocsf.v1_7_0.events")
MODELS = {3001: "AccountChange", 3004: "EntityManagement", 3005: "UserAccess", 3006: "GroupManagement"}


def accepted(event: Mapping[str, Any]) -> None:
    """Our strict schema takes it, and so does a reader of 1.7 where it is of that version."""
    version = event["metadata"]["version"]
    validator(class_of(event), version).validate(event)
    if version == "1.7.0":
        getattr(OCSF_1_7, MODELS[event["class_uid"]]).model_validate(event)


@pytest.mark.parametrize("action", GOLDEN)
def test_each_action_is_the_event_that_is_written_down_for_it(action: str) -> None:
    """O-1: the strict schema of ours takes it, and so does a reader that knows all of OCSF 1.7."""
    event = WRITES.event(row(action, texts={"justification": "INC-1"}))
    assert (event["class_uid"], event["activity_name"]) == GOLDEN[action]
    accepted(event)


def test_an_event_says_what_the_entry_says() -> None:
    """A-6: whole, for one."""
    event = WRITES.event(
        row("grant.approved", texts={"justification": "INC-1", "rationale": "She is on call"})
    )
    assert event == {
        "activity_id": 8,
        "activity_name": "Enable",
        "actor": {"user": {"uid": "p-ada", "type_id": 1, "uid_alt": "U0ADA"}},
        "category_uid": 3,
        "category_name": "Identity & Access Management",
        "class_uid": 3004,
        "class_name": "Entity Management",
        "comment": "She is on call",
        "entity": {"uid": "g1", "name": "prod-db", "type": "grant"},
        "message": "She is on call",
        "metadata": {
            "version": "1.7.0",
            "product": {"name": "Wicket", "vendor_name": "Wicket", "version": "0.1.0"},
            "uid": ENTRY,
            "correlation_uid": "g1",
            "event_code": "grant.approved",
            "log_name": "audit",
            "sequence": 7,
        },
        "severity": "Informational",
        "severity_id": 1,
        "status": "Success",
        "status_detail": "done",
        "status_id": 1,
        "time": 1795442523456,
        "type_name": "Entity Management: Enable",
        "type_uid": 300408,
        "unmapped": {
            "at_us": 1795442523456789,
            "facts": {"minutes": 60},
            "leaf_hash": event["unmapped"]["leaf_hash"],
            "policy": {"allowed": True, "ids": ["granted-by-owner"], "set": "0" * 64},
            "resource": "prod-db",
            "subject": "p-ada",
            "where": {"transport": "socket", "replica": "main", "team": "T1", "channel": "C1"},
        },
    }


@pytest.mark.parametrize(
    ("outcome", "status", "severity"),
    [("done", 1, 1), ("refused", 2, 2), ("failed", 2, 3), ("unsaid", 99, 1)],
)
def test_refusals_and_failures_are_failures(outcome: str, status: int, severity: int) -> None:
    """O-1: OCSF knows two, and our own word stands beside them."""
    event = WRITES.event(row("grant.refused", outcome=outcome))
    assert (event["status_id"], event["severity_id"], event["status_detail"]) == (status, severity, outcome)
    validator(ENTITY, "1.7.0").validate(event)


@pytest.mark.parametrize(
    "action", ["account.reported", "petition.reported", "approval.tampered", "access.stopped"]
)
def test_what_must_not_be_missed_is_high(action: str) -> None:
    assert WRITES.event(row(action))["severity_id"] == 4


@given(st.text(min_size=1))
def test_what_people_type_adds_no_line_and_no_field(typed: str) -> None:
    """O-3, O-4: a line break, a bar, an equals sign or a quote stays within its own field."""
    line = WRITES.line(row("approval.given", texts={"rationale": typed}))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    event = json.loads(line)
    assert set(event) == set(WRITES.event(row("approval.given", texts={"rationale": "x"})))
    assert event["comment"] == event["message"] == typed


def test_what_was_erased_is_told_no_more() -> None:
    """Promise 2: what was sent before is the other system's to erase; what is sent after holds nothing of it."""
    entry = row("grant.requested", texts={"justification": "my mother is ill"})
    gone = replace(
        entry, texts={"justification": replace(entry.texts["justification"], text=None, salt=None)}
    )
    event = WRITES.event(gone)
    assert (event["message"], "comment" in event) == ("grant.requested: done", False)


def test_an_entry_that_somebody_broke_is_told_and_stops_nothing() -> None:
    """T-2: the events after it are more urgent than ever."""
    event = json.loads(WRITES.line(replace(row("grant.approved"), leaf=b"{")))
    assert (event["metadata"]["event_code"], event["severity_id"], event["status_id"]) == (UNREADABLE, 4, 2)
    assert event["metadata"]["uid"] == ENTRY
    validator(class_of(event), "1.7.0").validate(event)


@pytest.mark.parametrize(
    "beside",
    [
        {"leaf": row("grant.approved", facts={"what": ("a", "list")}).leaf},
        {"leaf": row("grant.approved").leaf.replace(b'"minutes":60', b'"minutes":NaN')},
        {"leaf": row("grant.approved").leaf.replace(b"60", b"[" * 900 + b"]" * 900)},
        {"leaf": b"{", "id": b"\0", "correlation": b"\0"},
    ],
)
def test_whatever_stands_in_an_entry_it_is_one_line_of_json(beside: Mapping[str, Any]) -> None:
    """T-2: SQLite keeps anything in any column, and a stream that stops at it would say nothing ever again."""
    line = WRITES.line(replace(row("grant.approved"), **beside))
    event = json.loads(line, parse_constant=pytest.fail)
    assert line.count(b"\n") == 1
    validator(class_of(event), "1.7.0").validate(event)


def test_removing_a_proof_is_no_enabling_of_one() -> None:
    assert WRITES.event(row("proofs.changed", facts={"what": "passkey-added"}))["activity_id"] == 10
    assert WRITES.event(row("proofs.changed", facts={"what": "passkey-removed"}))["activity_id"] == 11


DELEGATED = {"owner": "data", "entitlements": ["prod-db", "wiki"], "group": ""}
REVIEWED = {"finding": "not-justified", "late": False, "drill": False}
A_GROUP: Mapping[str, Any] = {"subject": None, "facts": {**DELEGATED, "group": "data-deputies"}}


@pytest.mark.parametrize(
    ("action", "entry", "type_uid", "since", "told"),
    [
        ("delegation.made", {"facts": DELEGATED}, 300501, 300714, {"privileges": ["approve"]}),
        ("delegation.ended", {"facts": DELEGATED}, 300502, 300715, {"privileges": ["approve"]}),
        ("delegation.expired", {"facts": DELEGATED}, 300502, 300715, {"privileges": ["approve"]}),
        ("delegation.made", A_GROUP, 300601, 300601, {"privileges": ["approve"]}),
        ("delegation.ended", A_GROUP, 300602, 300602, {"privileges": ["approve"]}),
        ("emergency.reviewed", {"facts": REVIEWED}, 300502, 300715, {"privileges": ["break_glass"]}),
        ("emergency.reviewed", {"facts": {**REVIEWED, "drill": True}}, 300403, 300403, {}),
        ("emergency.reviewed", {"facts": {**REVIEWED, "finding": "justified"}}, 300403, 300403, {}),
        ("emergency.eligibility_restored", {}, 300501, 300714, {"privileges": ["break_glass"]}),
    ],
)
def test_a_power_over_others_access_is_a_privilege_of_a_user_or_a_group(
    action: str, entry: Mapping[str, Any], type_uid: int, since: int, told: Mapping[str, Any]
) -> None:
    """O-1, O-2: to approve for somebody, to break the glass again or no more; no access is given with it."""
    for version, number in (("1.7.0", type_uid), ("1.9.0", since)):
        event = Ocsf(version=version, product="0.1.0").event(row(action, **entry))
        accepted(event)
        assert event["type_uid"] == number
        assert {"privileges": event["privileges"]} == told if told else "privileges" not in event


def test_whose_privilege_and_over_what_is_told() -> None:
    """A-6: the person and each entitlement, or the group; of a group that an older entry does not name, that much."""
    theirs = WRITES.event(row("delegation.ended", facts=DELEGATED))
    assert theirs["user"] == {"uid": "p-ada", "type_id": 1}
    assert theirs["resources"] == [
        {"name": one, "type": "entitlement", "uid": one} for one in ("prod-db", "wiki")
    ]
    assert WRITES.event(row("delegation.made", **A_GROUP))["group"] == {
        "name": "data-deputies", "uid": "data-deputies"
    }  # fmt: skip
    unnamed = WRITES.event(row("delegation.ended", subject=None))
    assert unnamed["group"] == {"name": "unknown", "uid": "unknown"}
    accepted(unnamed)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("action", GOLDEN)
def test_the_version_is_that_of_the_settings(action: str, version: Version) -> None:
    """O-2: and each class is one that this version has."""
    event = Ocsf(version=version, product="0.1.0").event(row(action))
    assert class_of(event) in (
        (ACCOUNT_CHANGE, ENTITY, USER_ACCESS, GROUP) if version == "1.7.0" else (USER, ENTITY, GROUP)
    )
    accepted(event)


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("password.changed", 300104, 300709),
        ("account.unlocked", 300112, 300707),
        ("account.stopped", 300105, 300705),
        ("account.released", 300102, 300704),
        ("proofs.changed", 300110, 300712),
        ("proof.given", 300199, 300799),
        ("delegation.made", 300501, 300714),
        ("delegation.ended", 300502, 300715),
        ("access.given", 300603, 300603),
    ],
)
def test_a_change_of_an_account_or_its_privileges_becomes_one_of_a_user(
    action: str, before: int, after: int
) -> None:
    """O-2: 1.9 sets 3001 and 3005 aside for 3007."""
    assert activity_of(action, "1.7.0").type_uid == before
    assert activity_of(action, "1.9.0").type_uid == after


def test_every_activity_of_3001_and_3005_has_its_name_in_3007() -> None:
    """O-2: none is lost on the way, and none becomes another."""
    named = {
        "Attach Policy": "Attach Policies",
        "Detach Policy": "Detach Policies",
        "Revoke Privileges": "Remove Privileges",
    }
    for of, becomes in ((ACCOUNT_CHANGE, ACCOUNT_CHANGE_TO_USER), (USER_ACCESS, USER_ACCESS_TO_USER)):
        assert set(becomes) == set(of.activities)
        for before, after in becomes.items():
            name = of.activities[before]
            assert USER.activities[after] == named.get(name, name)


def test_who_is_put_into_a_group_stands_where_the_version_has_it() -> None:
    """O-2: 1.9 sets the one `user` of 3006 aside for `users`."""
    ada = {"uid": "p-ada", "type_id": 1}
    assert WRITES.event(row("access.given"))["user"] == ada
    assert Ocsf(version="1.9.0", product="0.1.0").event(row("access.given"))["users"] == [ada]
