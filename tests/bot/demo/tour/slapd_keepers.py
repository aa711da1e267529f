"""Lovelace Ltd in a branch of the OpenLDAP server of the tests.

Its administrators are the server's root; the bot's account has the rights of docs/ldap.md and no others.
"""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import ldap3

from bot.demo.company import LOVELACE, Group, Person
from storage.directories.ldap_names import equals
from tests.bot.demo.tour.server_keepers import ServerKeepers
from tests.storage.directories.slapd import POLICY, SERVICE, SERVICE_PASSWORD, SUFFIX, Slapd, running
from tests.storage.proxy import Proxy

_NOBODY = "cn=nobody"
_LOCKED_FOR_GOOD = "000001010000Z"
_branches = itertools.count(1)


class SlapdKeepers(ServerKeepers):
    """Keepers of a new branch, with people and groups apart, as OpenLDAP is usually laid out."""

    def __init__(self, slapd: Slapd, proxy: Proxy) -> None:
        branch = f"ou=lovelace-{next(_branches)},{SUFFIX}"
        self.slapd, self.people, self.groups = slapd, f"ou=people,{branch}", f"ou=groups,{branch}"
        section = {
            "kind": "ldap",
            "ca_file": str(slapd.authority.ca_file),
            "bind_dn": SERVICE,
            "people_base": self.people,
            "groups_base": self.groups,
            "admin_groups": [group.name for group in LOVELACE.groups if group.admin],
            "placeholder_member": _NOBODY,
            "password_policy": POLICY,
        }
        super().__init__(slapd.as_root(), proxy, section=section, password=SERVICE_PASSWORD)
        for dn in (branch, self.people, self.groups):
            self.administrator.add(dn, "organizationalUnit")

    def add_person(self, person: Person) -> str:
        """An inetOrgPerson; the server makes up its entryUUID."""
        dn = f"uid={person.login},{self.people}"
        given = {
            "cn": person.name, "sn": person.name.split()[-1], "mail": person.mail, "ou": person.team,
            "o": person.company, "employeeType": person.employment, "userPassword": person.password,
        }  # fmt: skip
        self.administrator.add(dn, "inetOrgPerson", given)
        [found] = self.find(dn, "(objectClass=*)", "entryUUID", scope=ldap3.BASE)
        return str(found["raw_attributes"]["entryUUID"][0].decode())

    def add_group(self, group: Group) -> None:
        """A groupOfNames, which may not be empty."""
        self.administrator.add(self.group_dn(group.name), "groupOfNames", {"member": _NOBODY})

    def dn(self, login: str) -> str:
        """Found by the entryUUID."""
        [found] = self.find(self.people, equals("entryUUID", self.account_of(login)))
        return str(found["dn"])

    def group_dn(self, name: str) -> str:
        """By its cn."""
        return f"cn={name},{self.groups}"

    def server(self) -> ldap3.Server:
        """Straight at its port."""
        return ldap3.Server("127.0.0.1", port=self.slapd.port, get_info=ldap3.NONE)

    async def describe(self, group: str, lines: Sequence[str]) -> None:
        """A value for each line."""
        self.set(self.group_dn(group), description=list(lines))

    async def rename(self, login: str, *, new_login: str, name: str) -> None:
        """Another name of the entry, and another name in it."""
        self.administrator.modify_dn(self.dn(login), f"uid={new_login}")
        self.set(self.dn(login), cn=name)

    async def switch_off(self, login: str) -> None:
        """By the lock that an administrator sets for good."""
        self.set(self.dn(login), pwdAccountLockedTime=_LOCKED_FOR_GOOD)


@asynccontextmanager
async def slapd_keepers() -> AsyncIterator[SlapdKeepers]:
    """The keepers of a new branch of this process's server."""
    slapd = running()
    async with Proxy(slapd.tls_port) as proxy:
        keepers = SlapdKeepers(slapd, proxy)
        try:
            yield keepers
        finally:
            keepers.administrator.unbind()
