"""What the contract needs of each connector before it can be tested: people, groups and ways to break it.

A stage sets things up behind the connector's back; it is never asked what the connector should answer.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from storage.directories.base import Directory
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from tests.storage.directories.ad_stage import ad_stage
from tests.storage.directories.ldap_stage import ldap_stage

GOOD = "correct horse battery staple"


class Stage(Protocol):
    """A connector under test, and the store behind it."""

    directory: Directory

    async def person(
        self, login: str, *, mail: str = "", employment: str = "employee", person: str = ""
    ) -> str:
        """Make an active account whose password is GOOD; its id. person: the company's number."""
        ...

    async def group(self, name: str, *, admin: bool = False, owner: str | None = None) -> None:
        """Make an empty group. owner: an account id."""
        ...

    async def put(self, group: str, *accounts: str, groups: tuple[str, ...] = ()) -> None:
        """Put accounts and groups into a group by other hands."""
        ...

    async def deactivate(self, account: str) -> None:
        """The account is switched off."""
        ...

    async def rename(self, account: str, login: str) -> None:
        """The account gets another login."""
        ...

    async def demand_new_password(self, account: str) -> None:
        """The password must be changed at the next sign-in."""
        ...

    async def break_down(self) -> None:
        """From now on the store cannot answer."""
        ...


class LocalStage:
    """The local directory on a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.directory: Directory = LocalDirectory(path, timeout=2.0, cost=Scrypt(n=2))
        self._made = 0

    async def person(
        self, login: str, *, mail: str = "", employment: str = "employee", person: str = ""
    ) -> str:
        self._made += 1
        account = f"p-{self._made}"
        await self._local.add_account(
            account,
            login=login,
            name=login.title(),
            mail=mail or f"{login}@example.com",
            password=GOOD,
            employment=employment,
            person=person,
        )
        return account

    async def group(self, name: str, *, admin: bool = False, owner: str | None = None) -> None:
        await self._local.add_group(name, admin=admin, owner=owner)

    async def put(self, group: str, *accounts: str, groups: tuple[str, ...] = ()) -> None:
        await self._local.put_in_group(group, *accounts, groups=groups)

    async def deactivate(self, account: str) -> None:
        await self._local.change_account(account, active=False)

    async def rename(self, account: str, login: str) -> None:
        await self._local.change_account(account, login=login)

    async def demand_new_password(self, account: str) -> None:
        await self._local.change_account(account, must_change_password=True)

    async def break_down(self) -> None:
        self._local.close()

    @property
    def _local(self) -> LocalDirectory:
        assert isinstance(self.directory, LocalDirectory)
        return self.directory


@asynccontextmanager
async def local(folder: Path) -> AsyncIterator[Stage]:
    """A fresh local directory."""
    stage = LocalStage(folder / "people.db")
    try:
        yield stage
    finally:
        stage._local.close()


@asynccontextmanager
async def ldap(_: Path) -> AsyncIterator[Stage]:
    """A fresh branch of an OpenLDAP server, asked which groups name a member."""
    async with ldap_stage() as stage:
        yield stage


@asynccontextmanager
async def ldap_member_of(_: Path) -> AsyncIterator[Stage]:
    """The same, where entries say themselves what they are in."""
    async with ldap_stage(membership="memberOf") as stage:
        yield stage


@asynccontextmanager
async def active_directory(_: Path) -> AsyncIterator[Stage]:
    """A fresh branch of a domain, whose controller is Samba's."""
    async with ad_stage() as stage:
        yield stage


# Every connector joins this table, and with it the whole contract.
STAGES = {"local": local, "ldap": ldap, "ldap-memberof": ldap_member_of, "active-directory": active_directory}
