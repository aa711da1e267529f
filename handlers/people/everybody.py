"""Who, of everybody in the directories, policy would let have something: asked person by person, as they are now.

It holds one page of people at a time, changes nothing and records nothing: it is an operator's question.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from handlers.decisions.explaining import Verdict
from handlers.ground import Ground
from handlers.questions.explaining import Explaining
from storage.catalogue import Entitlement
from storage.directories.base import Account, Directory
from storage.directories.listing import Listing
from storage.faults import DirectoryUnavailable

# People who are asked about at once, so that a directory that is far away does not make it a matter of hours.
PAGE = 8


@dataclass(frozen=True, kw_only=True)
class Could:
    """What policy says of one person. verdict: None if a directory did not say enough about them."""

    account: str
    name: str
    verdict: Verdict | None = None


class Everybody:
    """Asks about one entitlement for one person after the other."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._explaining = Explaining(ground)

    def silent(self, entitlement: Entitlement) -> list[str]:
        """The directories whose people could ask for it, and which cannot tell whom they hold."""
        return [name for name, one in self._homes(entitlement) if not isinstance(one, Listing)]

    async def people(self, entitlement: Entitlement) -> list[tuple[Directory, str]]:
        """Everybody who could ask for it, by id alone. DirectoryUnavailable when a directory does not say."""
        return [
            (home, account)
            for _, home in self._homes(entitlement)
            if isinstance(home, Listing)
            for account in await home.people()
        ]

    async def who_can(
        self, entitlement: Entitlement, people: list[tuple[Directory, str]], *, minutes: int
    ) -> AsyncIterator[Could]:
        """What policy says of each of these, in their order."""
        for start in range(0, len(people), PAGE):
            page = people[start : start + PAGE]
            for one in await asyncio.gather(*(self._one(entitlement, *who, minutes=minutes) for who in page)):
                if one is not None:
                    yield one

    def _homes(self, entitlement: Entitlement) -> Iterator[tuple[str, Directory]]:
        home = self._ground.home_of(entitlement.directory)
        if home in self._ground.directories:
            yield home, self._ground.directories[home]

    async def _one(
        self, entitlement: Entitlement, home: Directory, account_id: str, *, minutes: int
    ) -> Could | None:
        """None if they left meanwhile."""
        account: Account | None = None
        try:
            account = await home.account(account_id)
            if account is None:
                return None
            (standing,) = await self._explaining.standings(account, [entitlement], minutes=minutes)
        except DirectoryUnavailable:
            return Could(account=account_id, name=account.name if account else "")
        verdict = self._explaining.verdict(standing.question)
        return Could(account=account_id, name=account.name, verdict=verdict)
