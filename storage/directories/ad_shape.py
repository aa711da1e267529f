"""How an Active Directory domain is laid out: what every domain has in common, and what its operator may say otherwise.

It holds no credentials and asks nobody.
"""

from dataclasses import dataclass, field

from storage.directories.ad_values import guid_bytes, guid_text, octets
from storage.directories.ldap_names import equals, escape_value, parse_dn
from storage.directories.ldap_session import Entry
from storage.directories.ldap_shape import LdapAttributes, LdapShape


@dataclass(frozen=True, kw_only=True)
class AdAttributes(LdapAttributes):
    """The attributes that Active Directory has for each fact. The login and the group's name are unique in a domain."""

    id: str = "objectGUID"
    login: str = "sAMAccountName"
    name: str = "displayName"
    team: str = "department"
    company: str = "company"
    location: str = "physicalDeliveryOfficeName"
    group_name: str = "sAMAccountName"
    group_owner: str = "managedBy"


@dataclass(frozen=True, kw_only=True)
class AdShape(LdapShape):
    """Where people and groups stand in one domain. people_filter: leaves out computers and managed service accounts."""

    people_filter: str = "(&(objectCategory=person)(objectClass=user))"
    attributes: LdapAttributes = field(default_factory=AdAttributes)
    removal_takes_effect: str = "when the Kerberos ticket ends, within 10 h"

    @property
    def group_filter(self) -> str:
        """The filter for groups."""
        return "(objectCategory=group)"

    @property
    def domain(self) -> str:
        """The name of the whole domain, below which administrators' groups stand too: its "DC=" parts."""
        parts = [rdn[0] for rdn in parse_dn(self.people_base)]
        return ",".join(f"{kind}={escape_value(value)}" for kind, value in parts if kind.upper() == "DC")

    def having(self, attribute: str, value: str) -> str | None:
        """The filter for entries whose attribute has this value; None if no entry can have it."""
        if attribute != self.attributes.id:
            return equals(attribute, value)
        guid = guid_bytes(value)
        return None if guid is None else octets(attribute, guid)

    def id_of(self, entry: Entry) -> str:
        """The entry's stable id as text; empty if it cannot be read."""
        return guid_text(next(iter(entry.values.get(self.attributes.id.lower(), ())), b""))
