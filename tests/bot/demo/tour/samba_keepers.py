"""Lovelace Ltd in an organisational unit of the Active Directory of the tests, Samba's.

Its administrators are the domain's; the bot's account has the rights of docs/active-directory.md and no others.
"""

import itertools
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import ldap3

from bot.demo.company import LOVELACE, Group, Person
from tests.bot.demo.tour.server_keepers import ServerKeepers
from tests.storage.directories.samba import COMPANY, DOMAIN, SERVICE, SERVICE_PASSWORD, Samba, running
from tests.storage.proxy import Proxy

_NORMAL, _SWITCHED_OFF = "512", "514"
# Deletes what stands below an entry with it.
_TREE = ("1.2.840.113556.1.4.805", True, None)
_units = itertools.count(1)


class SambaKeepers(ServerKeepers):
    """Keepers of a new unit. Logins and names of groups are the whole domain's, so nobody else may have them."""

    def __init__(self, samba: Samba, proxy: Proxy) -> None:
        self.samba, self.unit = samba, f"OU=lovelace-{next(_units)},{COMPANY}"
        section = {
            "kind": "active-directory",
            "ca_file": str(samba.authority.ca_file),
            "bind_dn": SERVICE,
            "people_base": self.unit,
            "groups_base": self.unit,
            "admin_groups": [group.name for group in LOVELACE.groups if group.admin],
        }
        super().__init__(samba.as_administrator(), proxy, section=section, password=SERVICE_PASSWORD)
        self.administrator.add(self.unit, "organizationalUnit")

    def add_person(self, person: Person) -> str:
        """A user; the domain makes up its objectGUID."""
        dn = f"CN={person.name},{self.unit}"
        given = {
            "sAMAccountName": person.login, "userPrincipalName": f"{person.login}@{DOMAIN}",
            "displayName": person.name, "mail": person.mail, "department": person.team,
            "company": person.company, "employeeType": person.employment, "userAccountControl": _NORMAL,
            "unicodePwd": f'"{person.password}"'.encode("utf-16-le"),
        }  # fmt: skip
        self.administrator.add(dn, "user", given)
        [found] = self.find(dn, "(objectClass=*)", "objectGUID", scope=ldap3.BASE)
        return str(UUID(bytes_le=found["raw_attributes"]["objectGUID"][0]))

    def add_group(self, group: Group) -> None:
        """A global security group."""
        self.administrator.add(self.group_dn(group.name), "group", {"sAMAccountName": group.name})

    def dn(self, login: str) -> str:
        """Found by the objectGUID."""
        value = "".join(f"\\{byte:02x}" for byte in UUID(self.account_of(login)).bytes_le)
        [found] = self.find(self.unit, f"(objectGUID={value})")
        return str(found["dn"])

    def group_dn(self, name: str) -> str:
        """By its common name."""
        return f"CN={name},{self.unit}"

    def server(self) -> ldap3.Server:
        """Straight at its port for LDAPS, the only one that takes passwords."""
        tls = ldap3.Tls(validate=ssl.CERT_NONE)  # our own child, at an address of its own
        return ldap3.Server(
            self.samba.address, port=self.samba.tls_port, use_ssl=True, tls=tls, get_info=ldap3.NONE
        )

    async def describe(self, group: str, lines: Sequence[str]) -> None:
        """As the console writes its "Notes"."""
        self.set(self.group_dn(group), info="\r\n".join(lines))

    async def rename(self, login: str, *, new_login: str, name: str) -> None:
        """Another name of the entry, and another name and login in it."""
        self.administrator.modify_dn(self.dn(login), f"CN={name}")
        principal = f"{new_login}@{DOMAIN}"
        self.set(self.dn(login), displayName=name, sAMAccountName=new_login, userPrincipalName=principal)

    async def switch_off(self, login: str) -> None:
        """As the tools of administrators do it."""
        self.set(self.dn(login), userAccountControl=_SWITCHED_OFF)

    def move_out(self) -> None:
        """Leave the domain as it was."""
        self.administrator.delete(self.unit, controls=[_TREE])
        self.administrator.unbind()


@asynccontextmanager
async def samba_keepers() -> AsyncIterator[SambaKeepers]:
    """The keepers of a new unit in this process's domain."""
    samba = running()
    async with Proxy(samba.tls_port, samba.address) as proxy:
        keepers = SambaKeepers(samba, proxy)
        try:
            yield keepers
        finally:
            keepers.move_out()
