"""From a section of the settings to the directory it describes, ready to be asked.

It asks nothing itself: a directory that is away is found out by whoever asks it first.
"""

from typing import Any, Literal, TypeAlias

from bot.settings import ActiveDirectorySection, DirectorySection, LdapDirectorySection, Secrets
from storage.clock import Clock, utc_now
from storage.directories.active_directory import ActiveDirectory
from storage.directories.ad_shape import AdAttributes, AdShape
from storage.directories.ldap import LdapDirectory
from storage.directories.ldap_connections import Connections
from storage.directories.ldap_servers import server_at
from storage.directories.ldap_shape import LdapAttributes, LdapShape
from storage.directories.local import LocalDirectory

Opened: TypeAlias = LocalDirectory | LdapDirectory

# What is about reaching the servers, not about how the directory is laid out.
_NOT_SHAPE = {"kind", "people_of", "servers", "ca_file", "bind_dn", "attributes", "inactive_when", "discover"}


def open_directory(name: str, section: DirectorySection, secrets: Secrets, *, now: Clock = utc_now) -> Opened:
    """The directory of this name; its `close` lets go of it. SettingsFault without its password or CA file."""
    if isinstance(section, LdapDirectorySection):
        return LdapDirectory(_connections(name, section, secrets), _ldap_shape(section), name=name, now=now)
    if isinstance(section, ActiveDirectorySection):
        # What stands for the whole domain always points to other parts of the forest as well.
        connections = _connections(name, section, secrets, references="ignore")
        return ActiveDirectory(connections, _ad_shape(section), name=name, now=now)
    return LocalDirectory(section.path, name=name, now=now)


def _ldap_shape(section: LdapDirectorySection) -> LdapShape:
    return LdapShape(**_shape(section), attributes=LdapAttributes(**section.attributes.model_dump()))


def _ad_shape(section: ActiveDirectorySection) -> AdShape:
    return AdShape(**_shape(section), attributes=AdAttributes(**section.attributes.model_dump()))


def _connections(
    name: str,
    section: LdapDirectorySection | ActiveDirectorySection,
    secrets: Secrets,
    *,
    references: Literal["refuse", "ignore"] = "refuse",
) -> Connections:
    return Connections(
        label=name,
        servers=[server_at(url) for url in section.servers],
        bind_dn=section.bind_dn,
        password=secrets.need_for(name).get_secret_value(),
        ca_file=section.ca_file,
        references=references,
    )


def _shape(section: LdapDirectorySection | ActiveDirectorySection) -> dict[str, Any]:
    pairs = (written.split("=", 1) for written in section.inactive_when)
    inactive_when = tuple((attribute, value) for attribute, value in pairs)
    return {**section.model_dump(exclude=_NOT_SHAPE), "inactive_when": inactive_when}
