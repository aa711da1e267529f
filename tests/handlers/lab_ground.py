"""The company of access_ground with a second directory, "lab", whose people are those of "staff", by number.

It pretends nothing more; each directory can fail by itself.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.catalogue import Catalogue
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from tests.directories.faulty import FaultyDirectory
from tests.handlers.access_ground import CATALOGUE, World, thing, world
from tests.handlers.page_ground import Clock

NUMBERS = {"ada": "1815", "charles": "1791", "grace": "1906", "linus": "1969", "sam": "1973"}
LAB = {"lab-notes": (), "lab-db": ()}

WITH_LAB = Catalogue(
    entitlements={
        **CATALOGUE.entitlements,
        "lab-notes": thing("lab-notes", directory="lab"),
        "lab-db": thing("lab-db", directory="lab", risk=4, environment="production", kind="database"),
    },
    owners=CATALOGUE.owners,
)


@dataclass
class Lab:
    """The world, and what is really so in the lab. Ada is known there as "countess", with the id l-ada."""

    world: World
    local: LocalDirectory
    faulty: FaultyDirectory

    async def add(
        self, account: str, number: str, *, login: str = "", name: str = "", mail: str = ""
    ) -> None:
        """One more account there."""
        await self.local.add_account(
            account, login=login or account, name=name or account, mail=mail, person=number
        )

    async def holds(self, account: str, group: str = "lab-notes") -> bool:
        """Whether the lab has this account directly in the group."""
        return (account, group) in await self.local.memberships()

    async def changes(self) -> list[str]:
        """What really changed there through its port, oldest first: "add l-ada lab-notes"."""
        return [f"{one.what} {one.account} {one.group}" for one in await self.local.effects() if one.changed]


@asynccontextmanager
async def lab(folder: Path, *, patience: float = 5) -> AsyncIterator[Lab]:
    """Everybody of the staff has a number but eve and root; of them only ada has an account in the lab."""
    clock = Clock()
    local = LocalDirectory(folder / "lab.db", name="lab", now=clock, cost=Scrypt(n=2))
    faulty = FaultyDirectory(local, timeout=patience)
    opened = world(
        folder, patience=patience, catalogue=WITH_LAB, beside={"lab": faulty}, people_of={"lab": "staff"}
    )
    try:
        async with opened as made:
            for login, number in NUMBERS.items():
                await made.local.change_account(login, person=number)
            for group in LAB:
                await local.add_group(group)
            both = Lab(world=made, local=local, faulty=faulty)
            await both.add("l-ada", "1815", login="countess", name="A. King")
            yield both
            assert await made.sound()
    finally:
        local.close()
