"""Lovelace Ltd in a real directory server, as its administrators keep it: what is the same in every LDAP server.

They work as an administrator straight at the server, while the bot reaches it through a proxy that can be held up.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import ldap3

from bot.demo.company import LOVELACE, Group, Person
from bot.settings.secrets import password_variable
from storage.directories.ldap_names import equals
from tests.storage.proxy import Proxy

# Both servers of the tests lock an account at the fifth wrong password.
_LOCKS_AFTER = 5
_WHOLE = "(objectClass=*)"


class ServerKeepers(ABC):
    """Keepers (bot.demo.keepers.Keepers) of one branch of a server.

    administrator: a connection that may do everything there. password: of the bot's account. section: see Keepers.
    """

    own_clock = True

    def __init__(
        self, administrator: Any, proxy: Proxy, *, section: Mapping[str, Any], password: str
    ) -> None:
        self.administrator, self._proxy = administrator, proxy
        self.section = {**section, "servers": [f"ldaps://localhost:{proxy.port}"]}
        self.secrets = {password_variable(LOVELACE.directory): password}
        self._ids: dict[str, str] = {}

    @abstractmethod
    def add_person(self, person: Person) -> str:
        """Make the account; its stable id."""

    @abstractmethod
    def add_group(self, group: Group) -> None:
        """Make the group, with nobody in it."""

    @abstractmethod
    def dn(self, login: str) -> str:
        """The name of this person's entry, as it is now."""

    @abstractmethod
    def group_dn(self, name: str) -> str:
        """The name of the group's entry."""

    @abstractmethod
    def server(self) -> ldap3.Server:
        """The server itself, for people to sign in at."""

    @abstractmethod
    async def describe(self, group: str, lines: Sequence[str]) -> None:
        """Let the group say these of itself."""

    @abstractmethod
    async def rename(self, login: str, *, new_login: str, name: str) -> None:
        """Give this person another name and login."""

    @abstractmethod
    async def switch_off(self, login: str) -> None:
        """Switch this person's account off."""

    async def move_in(self, at: datetime) -> None:
        """Everybody, every group and who is in it; the locked out by as many wrong passwords as it takes."""
        people = [person for person in LOVELACE.people if person.in_directory]
        for person in people:
            self._ids[person.login] = self.add_person(person)
        for person in people:
            if person.manager:
                self.set(self.dn(person.login), manager=self.dn(person.manager))
        for group in LOVELACE.groups:
            self.add_group(group)
        for group in LOVELACE.groups:
            if names := [*map(self.dn, group.people), *map(self.group_dn, group.groups)]:
                self._change(group.name, ldap3.MODIFY_ADD, *names)
        for person in people:
            for _ in range(_LOCKS_AFTER if person.locked else 0):
                await self.signs_in(person.login, "not this one")

    def account_of(self, login: str) -> str:
        """The stable id."""
        return self._ids[login]

    async def has(self, login: str, group: str) -> bool:
        """Whether the group's entry names this person's."""
        return bool(self.find(self.group_dn(group), equals("member", self.dn(login)), scope=ldap3.BASE))

    async def put(self, login: str, group: str) -> None:
        """Write the person's name into the group."""
        self._change(group, ldap3.MODIFY_ADD, self.dn(login))

    async def take(self, login: str, group: str) -> None:
        """Strike the person's name from the group."""
        self._change(group, ldap3.MODIFY_DELETE, self.dn(login))

    async def signs_in(self, login: str, password: str) -> bool:
        """Bind as the person."""
        connection = ldap3.Connection(self.server(), user=self.dn(login), password=password)
        try:
            return bool(await asyncio.to_thread(connection.bind))
        finally:
            connection.unbind()

    async def open_sessions(self, login: str) -> int:
        """LDAP servers know of none."""
        return 0

    @asynccontextmanager
    async def held_up(self) -> AsyncIterator[None]:
        """Nothing of the bot's gets through to the server or back."""
        self._proxy.hang()
        try:
            yield
        finally:
            self._proxy.go_on()

    def find(self, base: str, filter_: str, *attributes: str, scope: str = ldap3.SUBTREE) -> list[Any]:
        """What the administrator finds there."""
        self.administrator.search(base, filter_, scope, attributes=list(attributes))
        return [item for item in self.administrator.response if item["type"] == "searchResEntry"]

    def set(self, dn: str, **values: str | list[str]) -> None:
        """Replace values of an entry."""
        listed = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
        changes = {name: [(ldap3.MODIFY_REPLACE, value)] for name, value in listed.items()}
        self.administrator.modify(dn, changes)

    def _change(self, group: str, how: str, *names: str) -> None:
        self.administrator.modify(self.group_dn(group), {"member": [(how, list(names))]})
