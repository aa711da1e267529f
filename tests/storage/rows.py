"""Rows for tests of storage: Ada's hold on prod-db, whatever a test wants otherwise, an entry, and work that is taken.

They judge nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from storage import claims, grants
from storage.audit import entry as audit
from storage.audit import log
from storage.identifiers import first_of, new_id
from storage.records import Grant, Holding
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


def recorded(tx: Session, at: datetime, action: str, story: str, **facts: audit.Fact) -> None:
    """An entry about Ada and prod-db: Wicket did this."""
    log.append(
        tx,
        audit.Entry(
            id=new_id("e", at), at=at, action=action, outcome="done", actor=audit.Actor(type="wicket", id="wicket"),
            subject="p-ada", resource="prod-db", correlation=story,
            where=audit.Where(transport="schedule", replica="main"), facts=facts,
        ),
    )  # fmt: skip


def numbered(number: int, at: datetime) -> str:
    """The id of the entry of this number, which was written then."""
    return f"{first_of(audit.PREFIX, at)}-{number:08}"


def claim(
    tx: Session, *, directory: str, at: datetime, lease: timedelta, limit: int, longest: timedelta
) -> list[Holding]:
    """Take whatever is due, as one worker does."""
    found = claims.due(tx, directory=directory, at=at, limit=limit, longest=longest)
    return claims.rows_of(tx, claims.take(tx, found, until=at + lease))


def next_due(tx: Session) -> datetime | None:
    """When the next unsettled holding wants a try."""
    return tx.exec(select(func.min(Holding.next_at)).where(col(Holding.settled).is_(False))).one()


def erase_text(tx: log.Transaction, entry_id: str, name: str, *, record: audit.Entry) -> bool:
    """Erase one free text; False if there is none, or it is erased already."""
    return log.erase_each(tx, [(entry_id, name, record)]) == 1
