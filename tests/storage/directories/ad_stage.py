"""People and groups in the domain controller of the tests, each stage in a branch of its own.

What it sets up goes past the connector, as the domain's administrator. Logins and names of groups are unique in a
domain, so there is one stage at a time.
"""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import ldap3

from storage.directories.active_directory import ActiveDirectory
from storage.directories.ad_shape import AdAttributes, AdShape
from storage.directories.base import Directory
from storage.directories.ldap_connections import Connections
from storage.directories.ldap_names import escape_value, filter_text
from storage.directories.ldap_servers import LdapServer
from tests.storage.directories.samba import COMPANY, SERVICE, SERVICE_PASSWORD, Samba, another, running
from tests.storage.proxy import Proxy

PASSWORD = "correct horse battery staple"
SWITCHED_OFF = 0x2
_WITH_EVERYTHING_BELOW = [("1.2.840.113556.1.4.805", True, None)]
_branches = itertools.count(1)


class AdStage:
    """A branch of the domain with `OU=People` and `OU=Groups`, and a directory that looks at it through a proxy."""

    def __init__(self, samba: Samba, proxy: Proxy) -> None:
        self.samba, self.proxy = samba, proxy
        self.branch = f"OU=branch-{next(_branches)},{COMPANY}"
        self.people, self.groups = f"OU=People,{self.branch}", f"OU=Groups,{self.branch}"
        self.root = samba.as_administrator()
        for dn in (self.branch, self.people, self.groups):
            self.root.add(dn, "organizationalUnit")
        self.shape = AdShape(
            people_base=self.people,
            groups_base=self.groups,
            admin_groups=("administrators",),
            attributes=AdAttributes(person="employeeID"),
        )
        # What stands outside the branch and goes when it does.
        self.afterwards: list[str] = []
        self.opened: list[ActiveDirectory] = []
        self.directory: Directory = self.open()

    def open(self, shape: AdShape | None = None, **connections: Any) -> ActiveDirectory:
        """A directory on this branch, by the proxy unless told otherwise."""
        usual: dict[str, Any] = {
            "label": "corp", "servers": [LdapServer(host="localhost", port=self.proxy.port)],
            "bind_dn": SERVICE, "password": SERVICE_PASSWORD, "ca_file": self.samba.authority.ca_file,
            "timeout": 4.0, "step": 1, "references": "ignore",
        }  # fmt: skip
        made = ActiveDirectory(Connections(**{**usual, **connections}), shape or self.shape, name="corp")
        self.opened.append(made)
        return made

    def named(self, **shape: Any) -> ActiveDirectory:
        """A directory on this branch whose shape differs in these."""
        return self.open(replace(self.shape, **shape))

    def dn_of(self, account: str) -> str:
        """Where the account stands now."""
        guid = "".join(f"\\{byte:02x}" for byte in UUID(account).bytes_le)
        self.root.search(COMPANY, f"(objectGUID={guid})")
        return str(self.root.response[0]["dn"])

    def set(self, account: str, **values: Any) -> None:
        """Change attributes of an account; None takes one away."""
        changes = {
            name: [(ldap3.MODIFY_REPLACE, [] if value is None else [value])] for name, value in values.items()
        }
        self.root.modify(self.dn_of(account), changes)

    def raw(self, dn: str, attribute: str) -> list[bytes]:
        """The values of an attribute, as the administrator sees them."""
        self.root.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[attribute])
        return list(self.root.response[0]["raw_attributes"].get(attribute, []))

    def id_of(self, dn: str) -> str:
        """The id of what stands there."""
        return str(UUID(bytes_le=self.raw(dn, "objectGUID")[0]))

    async def person(
        self,
        login: str,
        *,
        mail: str = "",
        employment: str = "employee",
        person: str = "",
        cn: str = "",
        **more: Any,
    ) -> str:
        dn = f"CN={escape_value(cn or login)},{self.people}"
        given = {
            "sAMAccountName": login, "displayName": login.title(), "mail": mail or f"{login}@example.com",
            "employeeType": employment, "userAccountControl": "512", "unicodePwd": in_quotes(PASSWORD), **more,
        }  # fmt: skip
        if person:
            given["employeeID"] = person
        self.root.add(dn, "user", given)
        return self.id_of(dn)

    def group_dn(self, name: str) -> str:
        """Where a group of this name stands."""
        self.root.search(COMPANY, f"(&(objectClass=group)(sAMAccountName={filter_text(name)}))")
        return str(self.root.response[0]["dn"])

    async def group(self, name: str, *, admin: bool = False, owner: str | None = None, cn: str = "") -> None:
        assert admin == (name in self.shape.admin_groups)
        given = {"sAMAccountName": name} | ({"managedBy": self.dn_of(owner)} if owner else {})
        self.root.add(f"CN={escape_value(cn or name)},{self.groups}", "group", given)

    async def put(self, group: str, *accounts: str, groups: tuple[str, ...] = ()) -> None:
        names = [self.dn_of(each) for each in accounts] + [self.group_dn(each) for each in groups]
        self.root.modify(self.group_dn(group), {"member": [(ldap3.MODIFY_ADD, names)]})

    async def deactivate(self, account: str) -> None:
        self.set(account, userAccountControl=str(512 | SWITCHED_OFF))

    async def demand_new_password(self, account: str) -> None:
        self.set(account, pwdLastSet="0")

    async def rename(self, account: str, login: str) -> None:
        self.set(account, sAMAccountName=login)

    async def break_down(self) -> None:
        self.proxy.stop()

    def close(self) -> None:
        for each in self.opened:
            each.close()
        self.root.unbind()

    def clear(self) -> None:
        """Leave the domain as it was."""
        for dn in self.afterwards:
            self.root.delete(dn)
        # People first: a group that is somebody's primary one may not go.
        for dn in (self.people, self.branch):
            self.root.delete(dn, controls=_WITH_EVERYTHING_BELOW)


def in_quotes(password: str) -> bytes:
    """A password as unicodePwd takes it."""
    return f'"{password}"'.encode("utf-16-le")


@asynccontextmanager
async def ad_stage() -> AsyncIterator[AdStage]:
    """A fresh branch."""
    async with _staged(running()) as stage:
        try:
            yield stage
        finally:
            stage.clear()


@asynccontextmanager
async def ad_stage_for_many() -> AsyncIterator[AdStage]:
    """A branch in a domain of its own, which goes as a whole."""
    with another() as samba:
        async with _staged(samba) as stage:
            yield stage


@asynccontextmanager
async def _staged(samba: Samba) -> AsyncIterator[AdStage]:
    async with Proxy(samba.tls_port, samba.address) as proxy:
        stage = AdStage(samba, proxy)
        try:
            yield stage
        finally:
            stage.close()
