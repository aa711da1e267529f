"""Telling those whose turn it is and who do not read the owner's channel: security's approvers, and managers.

Each gets the request with its buttons; whoever cannot decide now is told nothing, and nobody decides here.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog
from sqlmodel import Session

from handlers.approvals.deciders import Decider, deciders, waits_for
from handlers.decisions.lifecycle import LONGEST_WAIT, wait_before_retry
from handlers.ground import SUMMONS, Ground
from handlers.patience import AT_ONCE, in_call_time
from storage import grants, links, outbox
from storage.faults import DirectoryUnavailable, NotKnownHere
from storage.records import Owed
from storage.states import GrantState

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
BATCH = 20


class Summons:
    """Works off what `Ground.show` owes: for each request, the people who can act now and are not the owner's."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def tell_due(self) -> int:
        """Tell a batch, some at a time; how many requests that was. One whose look-ups hang holds up no other."""
        at = self._ground.now()
        owed = await self._ground.database.write(
            lambda tx: outbox.claim(
                tx, courier=SUMMONS, at=at, lease=LEASE, limit=BATCH, longest=LONGEST_WAIT
            )
        )
        slots = asyncio.Semaphore(AT_ONCE)

        async def tell(one: Owed) -> None:
            async with slots:
                await self._tell(one)

        ends = await asyncio.gather(*map(tell, owed), return_exceptions=True)
        for fault in filter(None, ends):  # what it was about is taken up again when its lease is over
            raise fault
        return len(owed)

    async def _tell(self, owed: Owed) -> None:
        try:
            found = await in_call_time(deciders(self._ground, owed.subject))
        except DirectoryUnavailable as fault:  # unknown is not nobody: it is tried again
            log.warning("summons.unknown", fault=str(fault))
            postponed = partial(self._postpone, owed=owed, fault=str(fault))
            await self._ground.database.write(lambda tx: postponed(tx))
            return
        await self._ground.database.write(lambda tx: self._owe(tx, owed, found))

    def _postpone(self, tx: Session, owed: Owed, fault: str) -> None:
        until = self._ground.now() + wait_before_retry(owed.attempts, 0.0)
        outbox.postpone(tx, owed, until=until, fault=fault)

    def _owe(self, tx: Session, owed: Owed, found: Sequence[Decider]) -> None:
        grant = grants.get(tx, owed.subject)
        waits = grant is not None and grant.state == GrantState.PENDING
        if grant is not None and waits and self._ground.asked_for(grant) is None:
            # Another replica may know it; otherwise it is tried again until the request lapses.
            self._postpone(tx, owed, str(NotKnownHere()))
            return
        if not outbox.done(tx, owed) or grant is None or not waits:
            return
        wanted = waits_for(grant) - {"owner"}
        for one in found:
            link = links.link_to(tx, one.account.directory, one.account.id)
            if one.role in wanted and link is not None:
                outbox.owe(
                    tx, at=self._ground.now(), courier="slack", kind="approval", subject=grant.id,
                    recipient=link.slack_user,
                )  # fmt: skip
