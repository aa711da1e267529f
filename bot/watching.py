"""The owners, looked at every day: whether each has somebody who can decide, and a channel in which that can be asked.

What is found is kept by handlers.approvals.owners; nothing is posted here, and what cannot be seen is no finding.
"""

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.checking.slack import answered
from bot.slack.channels import REFUSED, trouble_in
from handlers.approvals.owners import CHANNEL, Owners, Trouble
from handlers.ground import Ground
from storage.faults import WicketFault

log = structlog.get_logger(__name__)

# Slack allows about fifty look-ups of channels a minute; one owner after another leaves it room.
_TOGETHER = 2


class OwnerWatch:
    """All owners once a day, those in trouble again and again until it is over."""

    def __init__(self, ground: Ground, owners: Owners, client: AsyncWebClient) -> None:
        self._ground = ground
        self._owners = owners
        self._client = client

    async def look(self) -> None:
        """Look at every owner."""
        await self._look_at(self._ground.catalogue.owners)

    async def look_again(self) -> None:
        """Look at those of whom something is open, so that it is settled soon after it was mended."""
        await self._look_at(await self._ground.database.read(self._owners.troubled))

    async def _look_at(self, owners: Iterable[str]) -> None:
        at_a_time = asyncio.Semaphore(_TOGETHER)

        async def one(owner: str) -> None:
            async with at_a_time:
                began = self._ground.now()
                try:
                    found = {**await self._owners.approvers(owner), **await self._channel(owner)}
                    await self._ground.database.write(
                        lambda tx: self._owners.keep(tx, owner, found, began=began)
                    )
                except WicketFault as fault:
                    log.warning("owners.unknown", owner=owner, fault=str(fault))

        await asyncio.gather(*map(one, owners))

    async def _channel(self, owner: str) -> Mapping[str, Trouble | None]:
        """What is the matter with its channel; empty where Slack does not say."""
        channel = self._ground.catalogue.owners[owner].channel
        answer, word = await answered(self._client.conversations_info(channel=channel))
        if word in REFUSED:
            return {CHANNEL: REFUSED[word]}
        return {} if word or answer is None else {CHANNEL: trouble_in(answer["channel"])}
