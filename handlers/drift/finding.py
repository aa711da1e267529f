"""Drift: each directory compared with what was granted and declared, and what differs told to the security channel.

It believes no single reading: what a reading shows is looked at again, and nothing is removed unasked unless the
catalogue says so of that entitlement, or the record that Wicket gave it and never took it back.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

import structlog

from handlers.drift.comparing import Look, compared, members_of
from handlers.drift.differences import News, Telling
from handlers.drift.unread import Unread
from handlers.ground import Ground
from handlers.patience import in_time
from storage.catalogue import Entitlement
from storage.directories.base import Account, Group
from storage.faults import DirectoryUnavailable, WicketFault
from storage.sentences import template
from storage.spellings import Looked, watched_in

log = structlog.get_logger(__name__)

# Of one directory, so many groups are read at once; a large group may take this long to read.
AT_ONCE = 4
READING = timedelta(seconds=10)


class Drift:
    """Looks at the groups of the catalogue, each directory by itself: a hung one delays no other (promise 7)."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._telling = Telling(ground)
        self._unread = Unread(ground)

    async def look(self, directory: str) -> bool:
        """Compare all of one directory, and tell what differs. What cannot be read is told if it goes on.

        Whether all could be read and told.
        """
        began, unread, all_told = self._ground.now(), dict[str, str](), True
        async for look in self._looks(directory):
            if look.unknown:
                log.warning("drift.unknown", entitlement=look.entitlement.id, fault=look.unknown)
                unread[look.entitlement.id] = look.unknown
                continue
            try:
                await self._settle(look)
            except WicketFault as fault:
                all_told = False
                log.warning("drift.hindered", entitlement=look.entitlement.id, fault=str(fault))
        await self._unread.note(directory, unread, began=began)
        return all_told and not unread

    async def preview(self) -> list[Look]:
        """What differs now, everywhere; nothing is written and nobody is told."""

        async def of(directory: str) -> list[Look]:
            return [look async for look in self._looks(directory)]

        looks = await asyncio.gather(*(of(name) for name in self._ground.directories))
        return [look for some in looks for look in some]

    async def names(self, directory: str, accounts: Collection[str]) -> dict[str, Account | None]:
        """The accounts with these ids. DirectoryUnavailable when one cannot be had."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(account: str) -> tuple[str, Account | None]:
            async with slots:
                return account, await in_time(self._ground.directory(directory).account(account))

        return dict(await asyncio.gather(*(one(account) for account in sorted(accounts))))

    async def _looks(self, directory: str) -> AsyncIterator[Look]:
        """Each group of a directory, as the catalogue has them; only some are in memory at a time."""

        known = await self._ground.database.read(lambda tx: watched_in(tx, directory))

        async def one(entitlement: Entitlement) -> Look:
            began = self._ground.now()
            try:
                return await self._look_at(entitlement, known, began)
            except WicketFault as fault:
                return Look(entitlement=entitlement, began=began, fences={}, unknown=str(fault))

        offered = (
            each for each in self._ground.catalogue.entitlements.values() if each.directory == directory
        )
        while some := list(islice(offered, AT_ONCE)):
            for look in await asyncio.gather(*map(one, some)):
                yield look

    async def _look_at(self, entitlement: Entitlement, known: Looked, began: datetime) -> Look:
        """Read the group, compare, and read singly what is ours to change: it may have changed in between."""
        directory = self._ground.directory(entitlement.directory)
        group = await in_time(directory.group(entitlement.group), otherwise=READING.total_seconds())
        if group is None:
            return Look(entitlement=entitlement, began=began, fences={})
        found, fences = await self._ground.database.read(
            lambda tx: compared(tx, self._ground, entitlement, group, known=known)
        )
        if found.is_first:
            await self._read_again(entitlement, group)
        strange = {one.id for one in found.unexplained | found.first if one.kind == "account"}
        left = {one.id for one in found.gone if one.kind == "account"}
        doubtful = sorted((strange & fences.keys()) | found.vanished | left)
        slots = asyncio.Semaphore(AT_ONCE)

        async def is_there(account: str) -> bool:
            async with slots:
                return (await in_time(directory.membership(account, entitlement.group))).present

        there = dict(zip(doubtful, await asyncio.gather(*map(is_there, doubtful)), strict=True))
        return Look(
            entitlement=entitlement,
            began=began,
            group=group,
            found=replace(
                found,
                unexplained=frozenset(one for one in found.unexplained if there.get(one.id, True)),
                first=frozenset(one for one in found.first if there.get(one.id, True)),
                vanished=frozenset(one for one in found.vanished if not there[one]),
                gone=frozenset(one for one in found.gone if one.kind == "group" or not there[one.id]),
            ),
            fences=fences,
        )

    async def _read_again(self, entitlement: Entitlement, group: Group) -> None:
        """Whoever the first look does not see is a newcomer for good, so it counts when two readings agree."""
        again = await in_time(
            self._ground.directory(entitlement.directory).group(entitlement.group),
            otherwise=READING.total_seconds(),
        )
        if again is None or members_of(again) != members_of(group):
            raise DirectoryUnavailable(
                template("Two readings of a group differ, so its first look waits for the next.")
            )

    async def _settle(self, look: Look) -> None:
        """Tell what is news and settle what is over, in one transaction on facts read in it."""
        now = self._ground.now()
        news = await self._ground.database.read(lambda tx: News.of(tx, look, now))
        if not news.any:
            return
        known = await self.names(look.entitlement.directory, news.to_name(look))
        await self._ground.database.write(lambda tx: self._telling.tell(tx, look, known))
