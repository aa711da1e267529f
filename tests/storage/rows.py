"""Grants for tests of storage: Ada's hold on prod-db, and whatever a test wants otherwise."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from storage import grants
from storage.identifiers import new_id
from storage.records import Grant
from storage.states import GrantState


def keep(tx: Session, at: datetime, state: GrantState = GrantState.ACTIVE, **changes: Any) -> Grant:
    """A grant in this state, asked for at `at`, ending two hours later where that state has an end."""
    ends = state in (GrantState.APPROVED, GrantState.ACTIVE, GrantState.ENDING, GrantState.ENDED)
    facts: dict[str, Any] = {
        "id": new_id("g", at), "state": state, "directory": "local", "account": "p-ada", "entitlement": "prod-db",
        "group": "prod-db-rw", "minutes": 120, "justification": "INC-1", "slack_team": "T1", "slack_user": "U0ADA",
        "requester_name": "Ada Lovelace", "requester_login": "ada", "requester_team": "Payments",
        "requester_employment": "employee", "manager_name": "", "standing": [], "reasons": [], "missing": {},
        "policy_set": "00", "requested_at": at, "expires_at": at + timedelta(hours=2) if ends else None,
    }  # fmt: skip
    facts = {**facts, **changes}
    own = {"requester_directory": facts["directory"], "requester_account": facts["account"]}
    return grants.add(tx, Grant(**{**own, **facts}))
