"""What one audit entry says, and its leaf: the bytes that are hashed, format version 1 (docs/audit-format.md).

Pure. Free text never enters a leaf, only a salted commitment to it, so that it can be erased without breaking the tree.
"""

import json
import json.encoder
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from storage.audit.salted import commitment
from storage.engine.storable import cleaned
from storage.faults import AuditFault
from storage.identifiers import first_of
from storage.micros import from_micros, to_micros

FORMAT = 1
MAX_INTEGER = 2**53  # beyond it, JSON readers disagree

ActorType = Literal["person", "service", "wicket", "operator", "unknown"]
Fact = str | int | bool | list[str] | tuple[str, ...]

_ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CHANCE = re.compile(r"-[0-9a-hjkmnp-tv-z]{8}")
# Half of a character beyond U+FFFF looks the same, as does a backslash that somebody typed.
_ESCAPED_UNSTORABLE = re.compile(rb"\\u(0000|d[89a-f])")
_NONE: Mapping[str, Any] = MappingProxyType({})
_quoted = json.encoder.encode_basestring_ascii
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)

# What the id of every entry begins with.
PREFIX = "e"
# The columns of copies that stand beside a leaf, as `written` makes them.
BESIDE = ("id", "at", "actor", "subject", "resource", "action", "outcome", "correlation")
# The action of the entry that records the erasure of a text; its facts `entry` and `text` say which.
TEXT_ERASED = "text.erased"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who did it. id: person, service or operator id; the Slack user id, or "unknown", for a stranger."""

    type: ActorType
    id: str
    slack_user: str | None = None
    slack_team: str | None = None


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where it came in. transport: "socket", "http", "web", "schedule", "cli" …; replica: which process took it."""

    transport: str
    replica: str
    team: str | None = None
    channel: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyTrace:
    """What policy said. ids: the determining policies; digest: the hash of policies, catalogue and settings."""

    allowed: bool
    ids: tuple[str, ...]
    digest: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened, was refused or failed.

    id: from storage.identifiers, of the moment `at`: what is looked for by time is found by it (storage.audit.times).
    at: aware UTC. action: a dotted verb, "grant.requested".
    outcome: "done", "refused", "failed" …
    subject: the person it is about. resource: the entitlement. correlation: the same from request to revocation.
    facts: evidence by name, never free text. texts: free text by name (justification, rationale), kept apart.
    Wrong shapes are a ValueError: they are mistakes of ours, not of a person.
    """

    id: str
    at: datetime
    action: str
    outcome: str
    actor: Actor
    correlation: str
    where: Where
    subject: str | None = None
    resource: str | None = None
    policy: PolicyTrace | None = None
    facts: Mapping[str, Fact] = field(default_factory=lambda: _NONE)
    texts: Mapping[str, str] = field(default_factory=lambda: _NONE)

    def __post_init__(self) -> None:
        if (wrong := _misnamed(self.action, self.outcome, *self.facts, *self.texts)) is not None:
            raise ValueError(wrong)
        for name, fact in self.facts.items():
            if type(fact) is not str:
                _check_fact(name, fact)
        if not -MAX_INTEGER <= micros(self.at) <= MAX_INTEGER:
            raise ValueError("a time beyond the year 2255 does not fit a leaf")
        moment = first_of(PREFIX, self.at)
        if not (self.id.startswith(moment) and _CHANCE.fullmatch(self.id, len(moment))):
            raise ValueError(f"`{self.id}` is not the id of an entry of {self.at}")


@lru_cache(maxsize=512)
def _misnamed(action: str, *names: str) -> str | None:
    """What is wrong with an action or with names; None if nothing is. Ours are few and come again and again."""
    if not _ACTION.fullmatch(action):
        return f"`{action}` is not a dotted verb"
    wrong = next((name for name in names if not _NAME.fullmatch(name)), None)
    return None if wrong is None else f"`{wrong}` is not a plain lower-case name"


@lru_cache(maxsize=64)
def micros(moment: datetime) -> int:
    """`to_micros`: many entries are of one moment."""
    return to_micros(moment)


def _check_fact(name: str, fact: object) -> None:
    """ValueError unless it is text, a flag, a whole number up to 2^53 or a list of texts."""
    if isinstance(fact, int):
        if not -MAX_INTEGER <= fact <= MAX_INTEGER:
            raise ValueError(f"fact `{name}` is beyond 2^53")
    elif isinstance(fact, list | tuple):
        if not all(isinstance(each, str) for each in fact):
            raise ValueError(f"fact `{name}` is a list of something other than text")
    elif not isinstance(fact, str):
        raise ValueError(f"fact `{name}` is neither text, a whole number, a flag nor a list of texts")


def written(entry: Entry, salts: Mapping[str, bytes]) -> tuple[tuple[Any, ...], bytes]:
    """What stands beside the leaf of an entry (`BESIDE`, in that order), and the leaf.

    `salts`: 32 bytes for each name in `entry.texts`, else ValueError. What cannot be stored is cleaned out of every
    text.
    """
    if salts.keys() != entry.texts.keys():
        raise ValueError("every text needs a salt of its own, and nothing else does")
    committed = {name: commitment(salts[name], text) for name, text in entry.texts.items()}
    at = micros(entry.at)
    leaf = _put_together(entry, at, committed)
    if b"\\u" in leaf and _ESCAPED_UNSTORABLE.search(leaf):  # or what only looks so: both are rare
        said = _storable(_said(entry, committed))
        beside = {**copies(said), "at": at}
        return tuple(beside[name] for name in BESIDE), to_leaf(said)
    return (
        entry.id, at, entry.actor.id, entry.subject, entry.resource, entry.action, entry.outcome,
        entry.correlation,
    ), leaf  # fmt: skip


def _said(entry: Entry, committed: Mapping[str, str]) -> dict[str, Any]:
    return {
        "v": FORMAT,
        "id": entry.id,
        "at": to_micros(entry.at),
        "action": entry.action,
        "outcome": entry.outcome,
        "actor": vars(entry.actor),
        "subject": entry.subject,
        "resource": entry.resource,
        "correlation": entry.correlation,
        "where": vars(entry.where),
        "policy": entry.policy and _traced(entry.policy),
        "facts": dict(entry.facts),
        "texts": dict(committed),
    }


def _put_together(entry: Entry, at: int, committed: Mapping[str, str]) -> bytes:
    """`to_leaf` of what the entry says, field by field: every record passes here, and it takes a third of the time."""
    return (
        f'{{"action":{_quoted(entry.action)},"actor":{_encoded(entry.actor)},"at":{at}'
        f',"correlation":{_quoted(entry.correlation)},"facts":{_object(entry.facts)},"id":{_quoted(entry.id)}'
        f',"outcome":{_quoted(entry.outcome)},"policy":{_encoded(entry.policy)},"resource":{_optional(entry.resource)}'
        f',"subject":{_optional(entry.subject)},"texts":{_object(committed)},"v":{FORMAT}'
        f',"where":{_encoded(entry.where)}}}'
    ).encode()


@lru_cache(maxsize=512)
def _encoded(part: Actor | Where | PolicyTrace | None) -> str:
    """The same few come again and again."""
    return _CANONICAL.encode(_traced(part) if isinstance(part, PolicyTrace) else part and vars(part))


def _traced(policy: PolicyTrace) -> dict[str, Any]:
    return {"allowed": policy.allowed, "ids": policy.ids, "set": policy.digest}


def _optional(text: str | None) -> str:
    return "null" if text is None else _quoted(text)


def _object(values: Mapping[str, Fact]) -> str:
    """values: by plain names."""
    if not values:
        return "{}"
    return "{" + ",".join([f'"{name}":{_value(values[name])}' for name in sorted(values)]) + "}"


def _value(fact: Fact) -> str:
    if isinstance(fact, str):
        return _quoted(fact)
    if isinstance(fact, bool):
        return "true" if fact else "false"
    return int.__repr__(fact) if isinstance(fact, int) else f"[{','.join(map(_quoted, fact))}]"


def _storable(value: Any) -> Any:
    """The same value with every text cleaned and sequences as lists."""
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, dict):
        return {name: _storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    return value


def to_leaf(said: Mapping[str, Any]) -> bytes:
    """The canonical bytes: ASCII JSON, keys sorted, no spaces, every other character as \\uXXXX."""
    return _CANONICAL.encode(said).encode()


_SHAPE: Mapping[str, type | tuple[type, ...]] = {
    "id": str,
    "at": int,
    "action": str,
    "outcome": str,
    "actor": dict,
    "subject": (str, type(None)),
    "resource": (str, type(None)),
    "correlation": str,
    "where": dict,
    "policy": (dict, type(None)),
    "facts": dict,
    "texts": dict,
}


def decode(leaf: bytes) -> dict[str, Any]:
    """What a leaf says, as JSON values. AuditFault if it is not a leaf of a format known here."""
    try:
        said = json.loads(
            leaf.decode("ascii"),
            object_pairs_hook=_without_repeats,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except (ValueError, RecursionError) as problem:
        raise AuditFault("the leaf is not canonical JSON") from problem
    if not isinstance(said, dict) or said.get("v") != FORMAT:
        raise AuditFault("the leaf is of an unknown format")
    if set(said) != {"v", *_SHAPE} or not all(isinstance(said[name], kind) for name, kind in _SHAPE.items()):
        raise AuditFault("the leaf lacks a field, has one too many, or one of a wrong kind")
    if not isinstance(said["actor"].get("id"), str) or not all(
        isinstance(c, str) for c in said["texts"].values()
    ):
        raise AuditFault("the leaf names no actor, or a commitment is not text")
    if not (_is_trace(said["policy"]) and all(map(_is_fact, said["facts"].values())) and _are_names(said)):
        raise AuditFault(
            "the policy, a fact, the actor or the place in the leaf is nothing that is written there"
        )
    return said


def _is_trace(policy: Any) -> bool:
    """Whether it is nothing, or a policy's answer: whoever reads one counts on its shape."""
    if policy is None:
        return True
    return (
        policy.keys() == {"allowed", "ids", "set"}
        and isinstance(policy["allowed"], bool)
        and isinstance(policy["ids"], list)
        and all(isinstance(each, str) for each in (policy["set"], *policy["ids"]))
    )


def _is_fact(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return -MAX_INTEGER <= value <= MAX_INTEGER if isinstance(value, int) else isinstance(value, str)


def _are_names(said: Mapping[str, Any]) -> bool:
    parts = (*said["actor"].values(), *said["where"].values())
    return all(each is None or isinstance(each, str) for each in parts)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(said := dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return said


def _no_float(text: str) -> float:
    raise ValueError(f"{text} is not a whole number")


def columns(said: Mapping[str, Any]) -> dict[str, Any]:
    """The copies that stand beside a leaf so that it can be searched for. AuditFault if the time is out of range."""
    try:
        at = from_micros(said["at"])
    except OverflowError as problem:
        raise AuditFault("the time in the leaf is out of range") from problem
    return {**copies(said), "at": at}


def copies(said: Mapping[str, Any]) -> dict[str, Any]:
    """`columns` but for the time."""
    return {
        "id": said["id"],
        "action": said["action"],
        "outcome": said["outcome"],
        "subject": said["subject"],
        "resource": said["resource"],
        "correlation": said["correlation"],
        "actor": said["actor"]["id"],
    }
