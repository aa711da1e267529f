"""Lovelace Ltd in an OpenLDAP server of the tests, as its administrators keep it: in a branch of its own.

They work as the server's root; the bot signs in as the service account of docs/ldap.md, and through a proxy.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import ldap3

from bot.demo.company import LOVELACE, Person
from bot.settings.secrets import password_variable
from tests.storage.directories.ldap_stage import PLACEHOLDER, LdapStage, ldap_stage
from tests.storage.directories.slapd import POLICY, SERVICE, SERVICE_PASSWORD

_LOCKS_AFTER = 5


class SlapdKeepers:
    """Keepers (bot.demo.keepers.Keepers) of one branch of the server."""

    own_clock = True

    def __init__(self, stage: LdapStage) -> None:
        self.stage = stage
        self._ids: dict[str, str] = {}
        self.section: Mapping[str, Any] = {
            "kind": "ldap",
            "servers": [f"ldaps://localhost:{stage.proxy.port}"],
            "ca_file": str(stage.slapd.authority.ca_file),
            "bind_dn": SERVICE,
            "people_base": stage.people,
            "groups_base": stage.groups,
            "admin_groups": [group.name for group in LOVELACE.groups if group.admin],
            "placeholder_member": PLACEHOLDER,
            "password_policy": POLICY,
        }
        self.secrets: Mapping[str, str] = {password_variable(LOVELACE.directory): SERVICE_PASSWORD}

    async def move_in(self, at: datetime) -> None:
        """Everybody, every group, and who is in it; the locked out by as many wrong passwords as it takes."""
        people = [person for person in LOVELACE.people if person.in_directory]
        for person in people:
            self._ids[person.login] = await self._add(person)
        for group in LOVELACE.groups:
            await self.stage.group(group.name, admin=group.admin)
        for group in LOVELACE.groups:
            if group.people or group.groups:
                await self.stage.put(group.name, *map(self.account_of, group.people), groups=group.groups)
        for person in people:
            for _ in range(_LOCKS_AFTER if person.locked else 0):
                await self.signs_in(person.login, "not this one")

    async def _add(self, person: Person) -> str:
        more = {"manager": f"uid={person.manager},{self.stage.people}"} if person.manager else {}
        return await self.stage.person(
            person.login,
            cn=person.name,
            mail=person.mail,
            employment=person.employment,
            ou=person.team,
            o=person.company,
            userPassword=person.password,
            **more,
        )

    def account_of(self, login: str) -> str:
        """The entryUUID."""
        return self._ids[login]

    async def has(self, login: str, group: str) -> bool:
        """Whether root reads this person's name in the group."""
        return self._dn(login) in self.stage.value(self.stage.group_dn(group), "member")

    async def put(self, login: str, group: str) -> None:
        """Add the person's name to the group."""
        await self.stage.put(group, self.account_of(login))

    async def take(self, login: str, group: str) -> None:
        """Take the person's name out of the group."""
        change = {"member": [(ldap3.MODIFY_DELETE, [self._dn(login)])]}
        self.stage.root.modify(self.stage.group_dn(group), change)

    async def rename(self, login: str, *, new_login: str, name: str) -> None:
        """Another name of the entry, and another name in it."""
        await self.stage.rename(self.account_of(login), new_login)
        self.stage.set(self.account_of(login), cn=name)

    async def switch_off(self, login: str) -> None:
        """The lock that an administrator sets for good."""
        await self.stage.deactivate(self.account_of(login))

    async def signs_in(self, login: str, password: str) -> bool:
        """Bind as the person, straight at the server."""
        server = ldap3.Server("127.0.0.1", port=self.stage.slapd.port, get_info=ldap3.NONE)
        connection = ldap3.Connection(server, user=self._dn(login), password=password)
        try:
            return bool(await asyncio.to_thread(connection.bind))
        finally:
            connection.unbind()

    async def open_sessions(self, login: str) -> int:
        """LDAP knows of none."""
        return 0

    @asynccontextmanager
    async def held_up(self) -> AsyncIterator[None]:
        """Nothing gets through to the server or back."""
        self.stage.proxy.hang()
        try:
            yield
        finally:
            self.stage.proxy.go_on()

    def _dn(self, login: str) -> str:
        return self.stage.dn_of(self.account_of(login))


@asynccontextmanager
async def slapd_keepers() -> AsyncIterator[SlapdKeepers]:
    """The keepers of a fresh branch of this process's server."""
    async with ldap_stage(
        admin_groups=tuple(group.name for group in LOVELACE.groups if group.admin)
    ) as stage:
        yield SlapdKeepers(stage)
