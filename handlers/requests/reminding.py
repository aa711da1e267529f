"""What is due before the time of a request or a grant is over: owners looked at and reminded, ends told of.

A row that was dealt with is set for its next step in the same transaction: no restart, replica or clock makes a second.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlmodel import Session

from handlers import recording
from handlers.approvals.owners import Owners, Trouble
from handlers.decisions.timing import before_end, while_waiting
from handlers.ground import Ground
from handlers.requests.besides import remind_holder, remind_owner
from handlers.requests.passing import UNANSWERED, pass_on, plan_passing_on, plan_reminder
from storage import grants
from storage.records import Grant
from storage.reminders import Reminder, due, set_reminder
from storage.states import LIVE, GrantState

# Small enough that one transaction holds up nobody who waits for the writer.
BATCH = 25
# When a directory did not say who can decide, it is asked again.
LOOK_AGAIN = timedelta(minutes=1)

Looked = Mapping[str, Mapping[str, Trouble | None]]
"""By owner, what was found of each side of it; empty where nothing could be read."""


@dataclass(frozen=True, kw_only=True)
class _Due:
    """One row that is due. owner: who has the request, where it is to be looked at. found_at: before that is done."""

    grant: str
    reminder: str
    found_at: datetime
    owner: str = ""


def planned_end(grant: Grant, now: datetime) -> Mapping[str, Any]:
    """What the row of a grant says of its end from the moment that it is active; nothing new if it was told of."""
    if grant.reminder == Reminder.END and grant.remind_at is None:
        return {}
    at = before_end(grant.minutes, grant.expires_at, now) if grant.expires_at and grant.slack_user else None
    return {"reminder": Reminder.END if at else "", "remind_at": at}


class Reminding:
    """A tick calls `remind_due`; a late one catches up, and what is over meanwhile is left alone."""

    def __init__(self, ground: Ground, owners: Owners) -> None:
        self._ground = ground
        self._owners = owners

    async def remind_due(self) -> int:
        """Do everything that is due by now; how many rows that were."""
        done = 0
        while True:
            rows = await self._ground.database.read(self._due)
            if not rows:
                return done
            plain = [row for row in rows if row.reminder != Reminder.LOOK]
            if plain:  # they wait for no directory
                await self._ground.database.write(partial(self._take, rows=plain, looked={}))
            if looks := [row for row in rows if row.reminder == Reminder.LOOK]:
                looked = await self._look(looks)
                await self._ground.database.write(partial(self._take, rows=looks, looked=looked))
            done += len(rows)
            if len(rows) < BATCH:
                return done

    def _due(self, tx: Session) -> list[_Due]:
        now = self._ground.now()
        return [
            _Due(grant=row.id, reminder=row.reminder, owner=self._owner_of(row), found_at=now)
            for row in due(tx, now, BATCH)
        ]

    def _owner_of(self, grant: Grant) -> str:
        owner = self._ground.owner(grant.entitlement)
        return grant.passed_on_to or (owner.id if owner else "")

    async def _look(self, rows: Sequence[_Due]) -> Looked:
        owners = sorted({row.owner for row in rows if row.owner})
        found = await asyncio.gather(*(self._owners.approvers(owner) for owner in owners))
        return dict(zip(owners, found, strict=True))

    def _take(self, tx: Session, *, rows: Sequence[_Due], looked: Looked) -> None:
        now = self._ground.now()
        for row in rows:
            grant = grants.get(tx, row.grant)
            if (
                grant is None
                or grant.reminder != row.reminder
                or grant.remind_at is None
                or grant.remind_at > now
            ):
                continue  # somebody else was quicker, or it is over
            if grant.reminder == Reminder.LOOK and self._owner_of(grant) != row.owner:
                continue  # somebody else has it by now, and is to be looked at
            if grant.state == GrantState.ACTIVE and row.reminder == Reminder.END:
                self._tell_of_end(tx, grant)
            elif grant.state == GrantState.ACTIVE:  # made active by a version that plans nothing
                set_reminder(tx, grant, None, None)
            elif grant.state == GrantState.PENDING:
                self._move_on(tx, grant, row, looked)

    def _move_on(self, tx: Session, grant: Grant, row: _Due, looked: Looked) -> None:
        if grant.lapses_at is None or grant.lapses_at <= self._ground.now():
            set_reminder(tx, grant, None, None)  # it lapses now
            return
        if self._ground.is_behind(tx):  # they may have another owner by now, or one that is not known here
            set_reminder(tx, grant, Reminder(row.reminder), self._ground.now() + LOOK_AGAIN)
            return
        match row.reminder:
            case Reminder.LOOK:
                self._take_look(tx, grant, row, looked.get(row.owner, {}))
            case Reminder.ESCALATE:
                is_passed_on = pass_on(tx, self._ground, grant, why=UNANSWERED)
                set_reminder(tx, grant, Reminder.LOOK if is_passed_on else None, self._ground.now())
            case _:
                self._remind(tx, grant)

    def _take_look(self, tx: Session, grant: Grant, row: _Due, looked: Mapping[str, Trouble | None]) -> None:
        """What the look at its owner came to; unknown is not nobody (promise 7)."""
        now = self._ground.now()
        is_late = (
            grant.lapses_at is None or now >= while_waiting(grant.requested_at, grant.lapses_at).remind_at
        )
        if not looked and not is_late:
            set_reminder(tx, grant, Reminder.LOOK, now + LOOK_AGAIN)
            return
        if grant.reminded_at is None:
            plan_reminder(tx, grant)
        else:  # it was passed on after its reminder
            set_reminder(tx, grant, None, None)
        before = grant.passed_on_to
        self._owners.keep(tx, row.owner, looked, began=row.found_at)
        if grant.passed_on_to != before:  # whoever has it now is looked at, too
            set_reminder(tx, grant, Reminder.LOOK, now)

    def _remind(self, tx: Session, grant: Grant) -> None:
        """A word in the channel of whoever is to decide it, beside the request. Nobody is called by name."""
        if self._ground.owner(grant.entitlement) is None:  # nobody is left to be reminded
            set_reminder(tx, grant, None, None)
            return
        grants.move(tx, grant, GrantState.PENDING, reminded_at=self._ground.now())
        plan_passing_on(tx, self._ground, grant)
        remind_owner(tx, self._ground, grant)
        self._record(tx, grant, "request.reminded")

    def _tell_of_end(self, tx: Session, grant: Grant) -> None:
        """To whoever holds it, unless they keep it by another grant."""
        others = grants.covering(tx, directory=grant.directory, account=grant.account, group=grant.group)
        goes_on = any(
            one.id != grant.id and one.state in LIVE and one.expires_at and grant.expires_at
            and one.expires_at > grant.expires_at
            for one in others
        )  # fmt: skip
        is_over = grant.expires_at is None or grant.expires_at <= self._ground.now()
        if is_over or goes_on or not grant.slack_user:
            set_reminder(tx, grant, None, None)
            return
        set_reminder(tx, grant, Reminder.END, None)
        remind_holder(tx, self._ground, grant)
        self._record(tx, grant, "grant.end_reminded")

    def _record(self, tx: Session, grant: Grant, action: str) -> None:
        recording.record_grant(
            tx,
            grant,
            at=self._ground.now(),
            action=action,
            outcome="done",
            **recording.BY_ITSELF,
            facts={"passed_on_to": grant.passed_on_to} if grant.passed_on_to else {},
        )
