"""From a section of the settings to the directory it describes, ready to be asked.

It asks nothing itself: a directory that is away is found out by whoever asks it first.
"""

from typing import TypeAlias

from bot.settings import DirectorySection, LdapDirectorySection, Secrets
from storage.clock import Clock, utc_now
from storage.directories.ldap import LdapDirectory
from storage.directories.ldap_connections import Connections
from storage.directories.ldap_servers import server_at
from storage.directories.ldap_shape import LdapAttributes, LdapShape
from storage.directories.local import LocalDirectory

Opened: TypeAlias = LocalDirectory | LdapDirectory

# What is about reaching the servers, not about how the directory is laid out.
_NOT_SHAPE = {"kind", "people_of", "servers", "ca_file", "bind_dn", "attributes", "inactive_when"}


def open_directory(name: str, section: DirectorySection, secrets: Secrets, *, now: Clock = utc_now) -> Opened:
    """The directory of this name; its `close` lets go of it. SettingsFault without its password or CA file."""
    if isinstance(section, LdapDirectorySection):
        return _open_ldap(name, section, secrets, now)
    return LocalDirectory(section.path, name=name, now=now)


def _open_ldap(name: str, section: LdapDirectorySection, secrets: Secrets, now: Clock) -> LdapDirectory:
    connections = Connections(
        label=name,
        servers=[server_at(url) for url in section.servers],
        bind_dn=section.bind_dn,
        password=secrets.need_for(name).get_secret_value(),
        ca_file=section.ca_file,
    )
    pairs = (written.split("=", 1) for written in section.inactive_when)
    shape = LdapShape(
        **section.model_dump(exclude=_NOT_SHAPE),
        attributes=LdapAttributes(**section.attributes.model_dump()),
        inactive_when=tuple((attribute, value) for attribute, value in pairs),
    )
    return LdapDirectory(connections, shape, name=name, now=now)
