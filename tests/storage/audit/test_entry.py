"""The leaf of an entry: its exact bytes, what may not stand in it, and free text that can be forgotten."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.audit.entry import (
    BESIDE,
    Actor,
    Entry,
    PolicyTrace,
    Where,
    columns,
    decode,
    written,
)
from storage.audit.merkle import leaf_hash
from storage.audit.salted import check_commitment, commitment, fresh_salts
from storage.engine.storable import cleaned
from storage.faults import AuditFault
from tests.storage.rows import numbered

from .conftest import START, MakeEntry

SALT = bytes(range(32))
ANY_TEXT = st.text(st.characters(codec=None), max_size=30)  # lone surrogates and nulls too
MAYBE_TEXT = st.none() | ANY_TEXT
COPIED = ("id", "action", "outcome", "subject", "resource", "correlation")
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2255, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
FACT = st.one_of(ANY_TEXT, st.booleans(), st.integers(-(2**53), 2**53), st.lists(ANY_TEXT, max_size=3))


def encode(entry: Entry, salts: Mapping[str, bytes]) -> bytes:
    """The leaf of an entry."""
    return written(entry, salts)[1]


def test_the_leaf_is_these_bytes_for_ever() -> None:
    entry = Entry(
        id="e-1m84bdby0-00000001",
        at=START,
        action="grant.requested",
        outcome="done",
        actor=Actor(type="person", id="p-ada", slack_user="U1", slack_team="T1"),
        subject="p-ada",
        resource="prod-db",
        correlation="c-7f3a",
        where=Where(transport="socket", replica="r1", team="T1", channel="D1"),
        facts={"minutes": 120, "asked": "2h", "production": True, "groups": ["vpn", "näme\n"]},
        texts={"justification": "fix INC-4711"},
    )
    leaf = encode(entry, {"justification": SALT})
    assert leaf == (
        b'{"action":"grant.requested","actor":{"id":"p-ada","slack_team":"T1","slack_user":"U1","type":"person"},'
        b'"at":1795442520000000,"correlation":"c-7f3a","facts":{"asked":"2h","groups":["vpn","n\\u00e4me\\n"],'
        b'"minutes":120,"production":true},"id":"e-1m84bdby0-00000001","outcome":"done",'
        b'"policy":null,"resource":"prod-db","subject":"p-ada","texts":{"justification":'
        b'"e62ab8e8c816b83f00f85aa0aa7afa98c6d7e3792ccd4b26aadc5be587f05d0b"},"v":1,'
        b'"where":{"channel":"D1","replica":"r1","team":"T1","transport":"socket"}}'
    )
    assert leaf_hash(leaf).hex() == "97a4cd3a48bb35f6ec31512442fc10ba0e76a0f4e4dd38f7754c1a74b1da5df7"


def test_the_documented_leaf_has_the_documented_hash() -> None:
    page = (Path(__file__).parents[3] / "docs" / "audit-format.md").read_text(encoding="utf-8")
    (leaf,) = re.findall(r"^\{.*\}$", page, re.MULTILINE)
    said = decode(leaf.encode())
    assert f"leaf hash `{leaf_hash(leaf.encode()).hex()}`" in page
    assert check_commitment(said["texts"]["justification"], SALT, "fix INC-4711")
    assert all(f"| `{key}` |" in page for key in said)


@given(
    st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True), FACT, max_size=4),
    ANY_TEXT,
    ANY_TEXT,
)
def test_any_text_gives_canonical_ascii_that_reads_back(facts: dict[str, Any], person: str, why: str) -> None:
    entry = Entry(
        id=numbered(1, START),
        at=START,
        action="grant.requested",
        outcome="done",
        actor=Actor(type="person", id=person),
        correlation=person,
        where=Where(transport="socket", replica="r1"),
        facts=facts,
        texts={"why": why},
    )
    leaf = encode(entry, {"why": SALT})
    said = decode(leaf)
    assert leaf.isascii()
    assert not re.search(rb"[\x00-\x1f]", leaf)
    assert json.dumps(said, sort_keys=True, separators=(",", ":")).encode() == leaf
    assert said["actor"]["id"] == cleaned(person)
    assert set(said["facts"]) == set(facts)
    assert check_commitment(said["texts"]["why"], SALT, why)
    cleaned(why).encode()  # what is kept beside the leaf can be stored as UTF-8


@given(
    entry=st.builds(
        Entry,
        at=st.shared(MOMENTS, key="at"),
        id=st.shared(MOMENTS, key="at").map(partial(numbered, 1)),
        action=st.sampled_from(["grant.requested", "effect.begun"]),
        outcome=st.sampled_from(["done", "refused"]),
        actor=st.builds(
            Actor, type=st.just("unknown"), id=ANY_TEXT, slack_user=MAYBE_TEXT, slack_team=MAYBE_TEXT
        ),
        subject=MAYBE_TEXT,
        resource=MAYBE_TEXT,
        correlation=ANY_TEXT,
        where=st.builds(Where, transport=ANY_TEXT, replica=ANY_TEXT, team=MAYBE_TEXT, channel=MAYBE_TEXT),
        policy=st.none()
        | st.builds(
            PolicyTrace, allowed=st.booleans(), ids=st.lists(ANY_TEXT, max_size=2).map(tuple), digest=ANY_TEXT
        ),
        facts=st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,3}", fullmatch=True), FACT, max_size=4),
        texts=st.dictionaries(st.sampled_from(["why", "how"]), ANY_TEXT),
    )
)
def test_a_leaf_is_what_a_general_encoder_makes_of_it(entry: Entry) -> None:
    """Byte for byte: whoever verifies it elsewhere knows JSON and not us."""
    salts = dict.fromkeys(entry.texts, SALT)
    said = {
        "v": 1,
        "at": (entry.at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
        "actor": asdict(entry.actor),
        "where": asdict(entry.where),
        "policy": entry.policy
        and {"allowed": entry.policy.allowed, "ids": list(entry.policy.ids), "set": entry.policy.digest},
        "facts": dict(entry.facts),
        "texts": {name: commitment(SALT, text) for name, text in entry.texts.items()},
        **{name: getattr(entry, name) for name in COPIED},
    }
    beside, leaf = written(entry, salts)
    assert leaf == json.dumps(_cleaned(said), sort_keys=True, separators=(",", ":")).encode()
    assert dict(zip(BESIDE, beside, strict=True)) == {
        **{name: _cleaned(said[name]) for name in (*COPIED, "at")},
        "actor": cleaned(entry.actor.id),
    }


def _cleaned(said: Any) -> Any:
    if isinstance(said, dict):
        return {name: _cleaned(each) for name, each in said.items()}
    if isinstance(said, list):
        return [_cleaned(each) for each in said]
    return cleaned(said) if isinstance(said, str) else said


@pytest.mark.parametrize("typed", ["a\x00", "\ud83d", "😀\ud800", "\\u0000", "\\ud800", "😀", "größer"])
def test_a_leaf_says_what_can_be_stored_of_each_text(make_entry: MakeEntry, typed: str) -> None:
    """Wherever it stands: in an id, in a fact, in a list of them."""
    entry = make_entry(subject=typed, facts={"one": typed, "more": [typed, "x"]}, texts={})
    beside, leaf = written(entry, {})
    said = decode(leaf)
    assert beside[BESIDE.index("subject")] == said["subject"]
    assert (said["subject"], said["facts"]) == (
        cleaned(typed),
        {"one": cleaned(typed), "more": [cleaned(typed), "x"]},
    )


@pytest.mark.parametrize(
    "wrong",
    [
        numbered(7, START - timedelta(milliseconds=1)), numbered(7, START + timedelta(milliseconds=1)),
        "g" + numbered(7, START)[1:], numbered(7, START)[:-1], numbered(7, START) + "0", numbered(7, START)[:-1] + "~",
        "",
    ],
)  # fmt: skip
def test_an_id_is_of_the_moment_of_its_entry(make_entry: MakeEntry, wrong: str) -> None:
    """A-8: what is looked for by time is found by it."""
    with pytest.raises(ValueError, match="is not the id of an entry of 2026-11-23 14:02"):
        make_entry(at=START, id=wrong)
    assert make_entry(at=START, id=numbered(7, START)).id == numbered(7, START)


def test_lone_surrogates_and_nulls_become_the_replacement_character() -> None:
    assert cleaned("a\ud800b\x00c\udfff") == "a\ufffdb\ufffdc\ufffd"
    assert cleaned("😀 \r\n\t\x1b ‮") == "😀 \r\n\t\x1b ‮"
    assert commitment(SALT, "\ud800") == commitment(SALT, "\ufffd")


def test_a_commitment_is_an_hmac_with_the_salt_as_key() -> None:
    expected = hmac.new(SALT, "größer".encode(), hashlib.sha256).hexdigest()
    assert commitment(SALT, "größer") == expected
    assert check_commitment(expected, SALT, "größer")
    assert not check_commitment(expected, SALT, "grösser")
    assert not check_commitment(expected, SALT[::-1], "größer")


@pytest.mark.parametrize("salt", [b"", SALT[:31], SALT + b"x"])
def test_a_salt_of_another_length_commits_to_nothing(salt: bytes) -> None:
    assert not check_commitment("00" * 32, salt, "text")
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(salt, "text")


@pytest.mark.parametrize("committed", ["", "é" * 64, "AB" * 32, "00" * 31, "00" * 33])
def test_a_malformed_commitment_is_false(committed: str) -> None:
    assert check_commitment(committed, SALT, "text") is False


def test_free_text_is_not_in_the_leaf(make_entry: MakeEntry) -> None:
    entry = make_entry(texts={"justification": "my dog is ill", "rationale": "granted"})
    leaf = encode(entry, fresh_salts(entry.texts))
    assert b"dog" not in leaf
    assert b"granted" not in leaf


def test_the_same_text_twice_cannot_be_recognised(make_entry: MakeEntry) -> None:
    entry = make_entry()
    once, again = (decode(encode(entry, fresh_salts(entry.texts))) for _ in range(2))
    assert once["texts"] != again["texts"]


def test_a_text_without_a_salt_and_a_salt_without_a_text_are_mistakes(make_entry: MakeEntry) -> None:
    for salts in ({}, {"rationale": SALT}, {"justification": SALT, "rationale": SALT}):
        with pytest.raises(ValueError, match="salt of its own"):
            encode(make_entry(), salts)


def test_typed_line_ends_and_separators_add_no_record_and_no_field(make_entry: MakeEntry) -> None:
    """O-4: what somebody typed cannot look like a second record or another field."""
    hostile = 'x"},"outcome":"done"}\r\n{"v":1|action=grant.approved'
    entry = make_entry(outcome="refused", facts={"asked": hostile}, texts={"justification": hostile})
    leaf = encode(entry, fresh_salts(entry.texts))
    said = decode(leaf)
    assert b"\n" not in leaf
    assert (said["outcome"], said["facts"]["asked"]) == ("refused", hostile)


def test_every_question_an_auditor_asks_has_its_field(make_entry: MakeEntry) -> None:
    """A-6: what, when, where, source, outcome and identities, and the policy that decided."""
    said = decode(encode(make_entry(texts={}), {}))
    assert (said["action"], said["outcome"], said["at"]) == ("grant.requested", "done", 1795442520000000)
    assert said["where"] == {"transport": "socket", "replica": "r1", "team": "T1", "channel": "D1"}
    assert said["actor"] == {"type": "person", "id": "p-ada", "slack_user": "U1", "slack_team": "T1"}
    assert said["policy"] == {"allowed": True, "ids": ["request-eligible"], "set": "ab" * 32}


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": "a b"},
        {"id": "x" * 65},
        {"action": "requested"},
        {"action": "Grant.requested"},
        {"action": "grant.requested\n"},
        {"outcome": ""},
        {"outcome": "done\n"},
        {"facts": {"Minutes": 1}},
        {"facts": {"minutes": 1.5}},
        {"facts": {"minutes": 2**53 + 1}},
        {"facts": {"minutes": -(2**53) - 1}},
        {"facts": {"minutes": None}},
        {"facts": {"minutes": {"nested": 1}}},
        {"facts": {"minutes": ["a", 1]}},
        {"texts": {"why not": "x"}},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001  the naive datetime is the point
        {"at": datetime(2300, 1, 1, tzinfo=UTC)},
    ],
)
def test_an_entry_of_a_wrong_shape_cannot_be_made(make_entry: MakeEntry, wrong: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"is not|is beyond|is a list|is neither|without a zone|beyond the year"
    ):
        make_entry(**wrong)


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'{"v":1}',
        b'{"v":2}',
        b"[" * 100_000,
        b'{"v":1,"v":1}',
        b'{"v":1.0}',
        b'{"v":NaN}',
        '{"v":"é"}'.encode(),
    ],
)
def test_bytes_that_are_no_leaf_are_an_audit_fault(leaf: bytes) -> None:
    with pytest.raises(AuditFault):
        decode(leaf)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"at": "1795442520000000"},
        {"actor": None},
        {"actor": {}},
        {"actor": {"id": 7}},
        {"texts": {"why": 1}},
        {"subject": 7},
        {"facts": {"minutes": 1.5}},
        {"facts": {"minutes": None}},
        {"facts": {"minutes": 2**53 + 1}},
        {"facts": {"minutes": -(10**400)}},
        {"facts": {"groups": [["vpn"]]}},
        {"facts": {"groups": {"vpn": 1}}},
        {"policy": {}},
        {"policy": {"allowed": True, "ids": [7], "set": ""}},
        {"policy": {"allowed": True, "ids": "owner", "set": ""}},
        {"policy": {"allowed": 1, "ids": [], "set": ""}},
        {"policy": {"allowed": True, "ids": [], "set": None}},
        {"policy": {"allowed": True, "ids": [], "set": "", "more": 1}},
        {"actor": {"id": "p-ada", "type": 7}},
        {"where": {"channel": ["D1"]}},
    ],
)
def test_a_leaf_with_a_wrong_field_is_an_audit_fault(make_entry: MakeEntry, change: dict[str, Any]) -> None:
    said = decode(encode(make_entry(texts={}), {}))
    with pytest.raises(AuditFault):
        decode(json.dumps({**said, **change}).encode())


def test_a_time_out_of_range_is_an_audit_fault_when_copied(make_entry: MakeEntry) -> None:
    said = decode(encode(make_entry(texts={}), {}))
    with pytest.raises(AuditFault, match="out of range"):
        columns({**said, "at": 2**70})
