"""Telling people before it takes effect that a new password is about to be set, in Slack and outside of it (P-6).

It sends nothing itself: letters and messages are owed, and it waits a few seconds for couriers. It sees no password.
"""

import asyncio

from sqlmodel import Session

from handlers.intents import PAGE
from handlers.recording import record
from handlers.secure_page.visits import PageGround, person_behind
from storage import announcements
from storage.outbox import ALERT, owe
from storage.records import Handle

CHANGING = "password-changing"
"""The letter before a change."""

CHANGED = "password-changed"
"""The letter after it, and the message in Slack about it from the first word to the last."""

REFUSED = "reset-refused"
"""The letter about a reset that was refused since the address is new, to the old one as well."""

# Seconds between two looks at whether it is out.
_LOOK_EVERY = 0.1


class Announcing:
    """Announces a change once for each visit."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground

    async def tell(self, handle: Handle) -> tuple[str, ...]:
        """Owe what is to be told, and wait until it is out; the couriers that have not delivered it, () if all have.

        What is late is delivered all the same, and counts when the person comes back by the same link.
        """
        missing = await self._ground.database.write(lambda tx: self._begin(tx, handle))
        loop = asyncio.get_running_loop()
        until = loop.time() + self._ground.limits.told_within
        while missing and loop.time() < until:
            await self._ground.pause(_LOOK_EVERY)
            missing = await self._ground.database.read(lambda tx: self._missing(tx, handle))
        if missing:
            late = missing
            await self._ground.database.write(
                lambda tx: self._record(tx, handle, "password.changed", "refused", late)
            )
        return missing

    def _begin(self, tx: Session, handle: Handle) -> tuple[str, ...]:
        at = self._ground.now()
        if announcements.begin(tx, handle.id, at):
            self._record(tx, handle, "password.announced", "done", ())
        missing = self._missing(tx, handle)
        # What was given up is tried anew; what waits already is not owed twice.
        if "mail" in missing:
            owe(
                tx, at=at, courier="mail", kind=CHANGING, subject=handle.id, recipient=handle.account,
                urgency=ALERT,
            )  # fmt: skip
        if "slack" in missing:
            owe(
                tx, at=at, courier="slack", kind=CHANGED, subject=handle.id, recipient=handle.slack_user,
                urgency=ALERT,
            )  # fmt: skip
        return missing

    def _missing(self, tx: Session, handle: Handle) -> tuple[str, ...]:
        return announcements.missing(tx, handle, kind=CHANGED)

    def _record(
        self, tx: Session, handle: Handle, action: str, outcome: str, missing: tuple[str, ...]
    ) -> None:
        record(
            tx, at=self._ground.now(), action=action, outcome=outcome, actor=person_behind(handle), where=PAGE,
            correlation=handle.id, subject=handle.account,
            facts={"why": "not_told", "missing": list(missing)} if missing else {},
        )  # fmt: skip


def tell_of_refusal(tx: Session, ground: PageGround, handle: Handle) -> None:
    """Owe the letter about a refusal, once for each visit, however often it is tried."""
    if announcements.begin(tx, handle.id, ground.now()):
        owe(tx, at=ground.now(), courier="mail", kind=REFUSED, subject=handle.id, recipient=handle.account)
