"""What a strict reader demands of an event, and entries to make events of."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jsonschema import Draft202012Validator

from bot.siem.activities import CLASSES, EventClass
from storage.audit.entry import Actor, Entry, PolicyTrace, Where, written
from storage.audit.log import Row, StoredText
from storage.audit.merkle import leaf_hash
from tests.storage.rows import numbered

_TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1}
_NULLABLE: Mapping[str, Any] = {"type": ["string", "null"]}
SALT = b"\1" * 32
AT = datetime(2026, 11, 23, 14, 2, 3, 456789, tzinfo=UTC)
ENTRY = numbered(1, AT)


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An object with these properties and no other."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


_USER = _object({"uid": _TEXT, "type_id": {"enum": [0, 1, 2, 3, 4]}}, {"uid_alt": _TEXT})
_GROUP = _object({"name": _TEXT, "uid": _TEXT})
_PRIVILEGES: Mapping[str, Any] = {"type": "array", "items": _TEXT, "minItems": 1}
_RESOURCES: Mapping[str, Any] = {
    "type": "array",
    "items": _object({"name": _TEXT, "type": {"const": "entitlement"}, "uid": _TEXT}),
    "minItems": 1,
}


def validator(of: EventClass, version: str) -> Draft202012Validator:
    """The strict schema of this class: everything named, nothing else allowed, extras under `unmapped` alone (O-1)."""
    plain = {number: name for number, name in of.activities.items() if "Privileges" not in name}
    privileged = {number: name for number, name in of.activities.items() if number not in plain}
    # What an event of privileges is about is told otherwise than of any other of its class. Other says nothing of them.
    shapes = [
        *([_event(of, version, {**plain, 99: "Other"}, *_about(of, version))] if plain else []),
        *([_event(of, version, privileged, *_about_privileges(of))] if privileged else []),
    ]
    return Draft202012Validator({"oneOf": shapes})


_Properties = Mapping[str, Any]


def _about(of: EventClass, version: str) -> tuple[_Properties, _Properties]:
    """Whom or what it is about: what has to stand there, and what may."""
    if of.about == "entity":
        return {"entity": _object({"uid": _TEXT, "name": _TEXT, "type": _TEXT})}, {"comment": _TEXT}
    if of.about == "user":
        return {"user": _USER}, {}
    users = {"type": "array", "items": _USER, "minItems": 1}
    return {"group": _GROUP, **({"user": _USER} if version == "1.7.0" else {"users": users})}, {}


def _about_privileges(of: EventClass) -> tuple[_Properties, _Properties]:
    """Who may do what from then on, or no longer, and with what."""
    if of.about == "group":
        return {"group": _GROUP, "privileges": _PRIVILEGES}, {}
    return {"user": _USER, "privileges": _PRIVILEGES}, {"resources": _RESOURCES}


def _event(
    of: EventClass, version: str, activities: Mapping[int, str], required: _Properties, optional: _Properties
) -> dict[str, Any]:
    return _object(
        {
            "activity_id": {"enum": list(activities)},
            "activity_name": {"enum": list(activities.values())},
            "actor": _object({"user": _USER}),
            "category_uid": {"const": 3},
            "category_name": {"const": "Identity & Access Management"},
            "class_uid": {"const": of.uid},
            "class_name": {"const": of.name},
            "message": _TEXT,
            "metadata": _object(
                {
                    "version": {"const": version},
                    "product": _object({"name": _TEXT, "vendor_name": _TEXT, "version": _TEXT}),
                    "uid": _TEXT,
                    "correlation_uid": _TEXT,
                    "event_code": _TEXT,
                    "log_name": {"const": "audit"},
                    "sequence": {"type": "integer", "minimum": 0},
                }
            ),
            "severity": {"enum": ["Informational", "Low", "Medium", "High"]},
            "severity_id": {"enum": [1, 2, 3, 4]},
            "status": _TEXT,
            "status_detail": _TEXT,
            "status_id": {"enum": [1, 2, 99]},
            "time": {"type": "integer", "minimum": 10**12, "maximum": 10**13},
            "type_uid": {"enum": [of.uid * 100 + number for number in activities]},
            "type_name": _TEXT,
            **required,
            "unmapped": _object(
                {
                    "at_us": {"type": "integer"},
                    "facts": {"type": "object"},
                    "leaf_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                    "policy": {"type": ["object", "null"]},
                    "resource": _NULLABLE,
                    "subject": _NULLABLE,
                    "where": {"type": "object"},
                }
            ),
        },
        optional,
    )


def class_of(event: Mapping[str, Any]) -> EventClass:
    """The class that an event says it is of."""
    return next(one for one in CLASSES if one.uid == event["class_uid"])


def row(action: str, *, outcome: str = "done", texts: Mapping[str, str] | None = None, **changes: Any) -> Row:
    """An entry as the log keeps it."""
    plain: dict[str, Any] = {
        "id": ENTRY, "at": AT, "action": action, "outcome": outcome,
        "actor": Actor(type="person", id="p-ada", slack_user="U0ADA", slack_team="T1"), "correlation": "g1",
        "where": Where(transport="socket", replica="main", team="T1", channel="C1"), "subject": "p-ada",
        "resource": "prod-db", "policy": PolicyTrace(allowed=True, ids=("granted-by-owner",), digest="0" * 64),
        "facts": {"minutes": 60},
    }  # fmt: skip
    said = texts or {}
    entry = Entry(**{**plain, **changes}, texts=said)
    _, leaf = written(entry, dict.fromkeys(said, SALT))
    return Row(
        index=7, id=entry.id, at=entry.at, actor=entry.actor.id, subject=entry.subject, resource=entry.resource,
        action=action, outcome=outcome, correlation=entry.correlation, leaf=leaf, leaf_hash=leaf_hash(leaf),
        root=b"\0" * 32,
        texts={name: StoredText(text=text, salt=SALT, erased_by=None) for name, text in said.items()},
    )  # fmt: skip
