"""People and groups in the OpenLDAP server of the tests, each stage in a branch of its own.

What it sets up goes past the connector, as the server's root.
"""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import ldap3

from storage.directories.base import Directory
from storage.directories.ldap import LdapDirectory
from storage.directories.ldap_connections import Connections
from storage.directories.ldap_names import escape_value
from storage.directories.ldap_servers import LdapServer
from storage.directories.ldap_shape import LdapAttributes, LdapShape
from tests.storage.directories.slapd import POLICY, SERVICE, SERVICE_PASSWORD, SUFFIX, Slapd, running
from tests.storage.proxy import Proxy

PASSWORD = "correct horse battery staple"
PLACEHOLDER = "cn=nobody"
_branches = itertools.count(1)


class LdapStage:
    """A branch of the server with `ou=people` and `ou=groups`, and a directory that looks at it through a proxy."""

    def __init__(self, slapd: Slapd, proxy: Proxy, shape: dict[str, Any]) -> None:
        self.slapd, self.proxy = slapd, proxy
        self.branch = f"ou=branch-{next(_branches)},{SUFFIX}"
        self.people, self.groups = f"ou=people,{self.branch}", f"ou=groups,{self.branch}"
        self.root = slapd.as_root()
        for dn in (self.branch, self.people, self.groups):
            self.root.add(dn, "organizationalUnit")
        self.shape = replace(
            LdapShape(
                people_base=self.people,
                groups_base=self.groups,
                admin_groups=("administrators",),
                placeholder_member=PLACEHOLDER,
                password_policy=POLICY,
                attributes=LdapAttributes(person="employeeNumber"),
            ),
            **shape,
        )
        self.opened: list[LdapDirectory] = []
        self.directory: Directory = self.open()

    def open(self, shape: LdapShape | None = None, **connections: Any) -> LdapDirectory:
        """A directory on this branch, by the proxy unless told otherwise."""
        usual: dict[str, Any] = {
            "label": "corp", "servers": [LdapServer(host="localhost", port=self.proxy.port)],
            "bind_dn": SERVICE, "password": SERVICE_PASSWORD, "ca_file": self.slapd.authority.ca_file,
            "timeout": 4.0, "step": 1,
        }  # fmt: skip
        made = LdapDirectory(Connections(**{**usual, **connections}), shape or self.shape, name="corp")
        self.opened.append(made)
        return made

    def dn_of(self, account: str) -> str:
        """Where the account stands now."""
        self.root.search(self.branch, f"(entryUUID={account})")
        return str(self.root.response[0]["dn"])

    def set(self, account: str, **values: Any) -> None:
        """Change attributes of an account; None takes one away."""
        changes = {
            name: [(ldap3.MODIFY_REPLACE, [] if value is None else [value])] for name, value in values.items()
        }
        self.root.modify(self.dn_of(account), changes)

    def value(self, dn: str, attribute: str) -> list[str]:
        """The values of an attribute, as root sees them."""
        self.root.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[attribute])
        return [value.decode() for value in self.root.response[0]["raw_attributes"].get(attribute, [])]

    async def person(
        self,
        login: str,
        *,
        mail: str = "",
        employment: str = "employee",
        person: str = "",
        **more: Any,
    ) -> str:
        dn = f"uid={escape_value(login)},{self.people}"
        given = {
            "uid": login, "cn": login.title(), "sn": login, "mail": mail or f"{login}@example.com",
            "employeeType": employment, "userPassword": PASSWORD, **more,
        }  # fmt: skip
        if person:
            given["employeeNumber"] = person
        self.root.add(dn, "inetOrgPerson", given)
        return self.value(dn, "entryUUID")[0]

    def group_dn(self, name: str) -> str:
        """Where a group of this name stands."""
        return f"cn={escape_value(name)},{self.groups}"

    async def group(self, name: str, *, admin: bool = False, owner: str | None = None) -> None:
        assert admin == (name in self.shape.admin_groups)
        given = {"cn": name, "member": PLACEHOLDER} | ({"owner": self.dn_of(owner)} if owner else {})
        self.root.add(self.group_dn(name), "groupOfNames", given)

    async def put(self, group: str, *accounts: str, groups: tuple[str, ...] = ()) -> None:
        names = [self.dn_of(each) for each in accounts] + [self.group_dn(each) for each in groups]
        self.root.modify(self.group_dn(group), {"member": [(ldap3.MODIFY_ADD, names)]})

    async def deactivate(self, account: str) -> None:
        self.set(account, pwdAccountLockedTime="000001010000Z")

    async def demand_new_password(self, account: str) -> None:
        self.set(account, pwdReset="TRUE")

    async def rename(self, account: str, login: str) -> None:
        self.root.modify_dn(self.dn_of(account), f"uid={escape_value(login)}")

    async def break_down(self) -> None:
        self.proxy.stop()

    def close(self) -> None:
        for each in self.opened:
            each.close()
        self.root.unbind()


@asynccontextmanager
async def ldap_stage(**shape: Any) -> AsyncIterator[LdapStage]:
    """A fresh branch; what is given changes its shape."""
    slapd = running()
    async with Proxy(slapd.tls_port) as proxy:
        stage = LdapStage(slapd, proxy, shape)
        try:
            yield stage
        finally:
            stage.close()
