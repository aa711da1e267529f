"""An entry of the audit log as an event of the Open Cybersecurity Schema Framework (schema.ocsf.io), on one JSON line.

Pure. What people typed stands in `comment` and `message` alone, where the line's own escapes hold it (O-3, O-4).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.siem.activities import Activity, Version, activity_of
from handlers.decisions.emergency_reviews import Finding
from storage.audit.log import Row
from storage.faults import AuditFault
from storage.micros import to_micros
from storage.states import Changed

_CATEGORY = 3
_CATEGORY_NAME = "Identity & Access Management"
_TAKEN_AWAY = frozenset({Changed.PASSKEY_REMOVED, Changed.PASSKEY_STOPPED, Changed.AUTHENTICATOR_REMOVED})
_USER_TYPES = {"person": 1, "operator": 2, "wicket": 3, "service": 4}
_SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High"}
UNREADABLE = "audit.unreadable"
# Somebody else at an account, a forged button, or Wicket standing still: whatever the outcome says.
_HIGH = frozenset(
    {
        "account.reported",
        "account.stopped",
        "access.stopped",
        "access.unchecked",
        "revoke_all.begun",
        "petition.reported",
        "resets.stopped",
        "proofs.distrusted",
        "row.refused",
        UNREADABLE,
    }
)
_WHY = ("rationale", "justification", "question", "answer")
_LINE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


@dataclass(frozen=True, kw_only=True)
class Ocsf:
    """Writes events. version: of the schema. product: Wicket's own version."""

    version: Version
    product: str

    def line(self, row: Row) -> bytes:
        """The event as one line, with its end."""
        try:
            written = _LINE.encode(self.event(row))
        except (TypeError, ValueError, RecursionError):  # what stands there is nothing that we ever wrote
            written = _LINE.encode(self._event(row, _broken(row)))
        return written.encode("ascii") + b"\n"

    def event(self, row: Row) -> dict[str, Any]:
        """The event of this entry: what the leaf says, and of its free texts what was not erased."""
        return self._event(row, _said(row))

    def _event(self, row: Row, said: Mapping[str, Any]) -> dict[str, Any]:
        facts: Mapping[str, Any] = said["facts"]
        activity = activity_of(
            said["action"], self.version,
            adds=facts.get("what") not in _TAKEN_AWAY and not _lapses(facts), to_group=not said["subject"],
        )  # fmt: skip
        why = _why(row)
        severity = _severity(said["action"], said["outcome"])
        return {
            "activity_id": activity.id,
            "activity_name": activity.name,
            "actor": {"user": _actor(said["actor"])},
            "category_uid": _CATEGORY,
            "category_name": _CATEGORY_NAME,
            "class_uid": activity.of.uid,
            "class_name": activity.of.name,
            "message": why or f"{said['action']}: {said['outcome']}",
            "metadata": {
                "version": self.version,
                "product": {"name": "Wicket", "vendor_name": "Wicket", "version": self.product},
                "uid": said["id"],
                "correlation_uid": said["correlation"],
                "event_code": said["action"],
                "log_name": "audit",
                "sequence": row.index,
            },
            "severity": _SEVERITIES[severity],
            "severity_id": severity,
            **_status(said["outcome"]),
            "time": said["at"] // 1000,
            "type_uid": activity.type_uid,
            "type_name": f"{activity.of.name}: {activity.name}",
            **self._about(activity, said, why),
            "unmapped": {
                "at_us": said["at"],
                "facts": facts,
                "leaf_hash": row.leaf_hash.hex(),
                "policy": said["policy"],
                "resource": said["resource"],
                "subject": said["subject"],
                "where": said["where"],
            },
        }

    def _about(self, activity: Activity, said: Mapping[str, Any], why: str) -> dict[str, Any]:
        """Whom or what it is about, as the class wants it."""
        subject, resource, facts = said["subject"], said["resource"], said["facts"]
        # Whoever stands in no directory is known by what the actor is known by.
        person = {"uid": subject or said["actor"]["id"], "type_id": 1 if subject else 0}
        privileges = {"privileges": [activity.privilege]} if activity.privilege else {}
        if activity.of.about == "user":
            things = [{**_named(str(one)), "type": "entitlement"} for one in facts.get("entitlements") or ()]
            over = {"resources": things} if privileges and things else {}
            return {"user": person, **privileges, **over}
        if activity.of.about == "group":
            if privileges:
                return {"group": _named(facts.get("group") or "unknown"), **privileges}
            whom = {"user": person} if self.version == "1.7.0" else {"users": [person]}
            return {"group": _named(resource or "unknown"), **whom}
        kind = said["action"].partition(".")[0]
        entity = {"uid": said["correlation"], "name": resource or kind, "type": kind}
        comment = {"comment": why} if why else {}
        return {"entity": entity, **comment}


def _said(row: Row) -> Mapping[str, Any]:
    """What the leaf says; of one that somebody broke, that it cannot be read: the stream does not stop at it."""
    try:
        return row.said()
    except AuditFault:
        return _broken(row)


def _broken(row: Row) -> Mapping[str, Any]:
    return {
        "id": str(row.id), "at": to_micros(row.at), "action": UNREADABLE, "outcome": "failed",
        "actor": {"type": "wicket", "id": "wicket"}, "subject": None, "resource": None,
        "correlation": str(row.correlation), "where": {}, "policy": None, "facts": {},
    }  # fmt: skip


def _lapses(facts: Mapping[str, Any]) -> bool:
    """Whether a review came to that somebody may break glass no more. A drill's never does."""
    return facts.get("finding") == Finding.NOT_JUSTIFIED and not facts.get("drill")


def _named(name: str) -> dict[str, str]:
    return {"name": name, "uid": name}


def _actor(said: Mapping[str, Any]) -> dict[str, Any]:
    slack = said.get("slack_user")
    also = {"uid_alt": slack} if slack else {}
    return {"uid": said["id"], "type_id": _USER_TYPES.get(str(said.get("type")), 0), **also}


def _why(row: Row) -> str:
    """Why somebody wanted or decided it, in their words; "" where nobody said, or it was erased."""
    return next((text for name in _WHY if (kept := row.texts.get(name)) and (text := kept.text)), "")


def _severity(action: str, outcome: str) -> int:
    if action in _HIGH or action.endswith("tampered"):
        return 4
    return {"failed": 3, "refused": 2}.get(outcome, 1)


def _status(outcome: str) -> dict[str, Any]:
    """Success and Failure are all that OCSF knows; our own word stands beside it."""
    if outcome in ("refused", "failed"):
        return {"status_id": 2, "status": "Failure", "status_detail": outcome}
    if outcome == "done":
        return {"status_id": 1, "status": "Success", "status_detail": outcome}
    return {"status_id": 99, "status": outcome, "status_detail": outcome}
