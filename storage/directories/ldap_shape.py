"""How an LDAP directory is laid out, as its operator describes it: where things stand and what attributes mean.

It holds no credentials and asks nobody.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from storage.directories.ldap_names import equals, escape_value, in_small_letters, is_under, parse_dn
from storage.group_names import Key, exact

if TYPE_CHECKING:
    from storage.directories.ldap_session import Entry

# Whose values every server compares without case (RFC 4519, RFC 2798, [MS-ADA]); of other attributes nobody knows.
_WITHOUT_CASE = frozenset({"cn", "commonname", "displayname", "o", "ou", "samaccountname", "uid", "userid"})

GroupKind = Literal["groupOfNames", "groupOfUniqueNames", "posixGroup"]

_MEMBER_ATTRIBUTE = {
    "groupOfNames": "member",
    "groupOfUniqueNames": "uniqueMember",
    "posixGroup": "memberUid",
}


def group_key(attribute: str) -> Key:
    """What all ways to write a group's name have in common, by the attribute that holds the name.

    Servers pass over spaces and accents as well, each in its own way. Here nothing is passed over but capitals, or two
    groups could be taken for one.
    """
    return in_small_letters if attribute.lower() in _WITHOUT_CASE else exact


@dataclass(frozen=True, kw_only=True)
class LdapAttributes:
    """The attribute that holds each fact about a person, and the name and owner of a group.

    id: must never be used again. person: what the company knows the person by in every directory; None where that
    is not kept. environment, workload: of service accounts; None where that is not kept.
    """

    id: str = "entryUUID"
    person: str | None = None
    login: str = "uid"
    name: str = "cn"
    mail: str = "mail"
    team: str = "ou"
    company: str = "o"
    manager: str = "manager"
    employment: str = "employeeType"
    location: str = "l"
    environment: str | None = None
    workload: str | None = None
    group_name: str = "cn"
    group_owner: str = "owner"


@dataclass(frozen=True, kw_only=True)
class LdapShape:
    """Where people and groups stand, and what their attributes mean. Values are compared without case.

    membership: whether groups are asked for their members ("member") or entries for their groups ("memberOf").
    admin_groups, contractor_groups, service_groups: names; nested members count too. employee_values: when given,
    whoever has none of them is a contractor. inactive_when: pairs of attribute and value that switch an account off.
    placeholder_member: the name that stands in a group which may not be empty; never a person. password_policy: the
    name of the default policy entry (ppolicy), for the age of passwords and the length of lockouts.
    """

    people_base: str
    groups_base: str
    people_filter: str = "(objectClass=inetOrgPerson)"
    group_kind: GroupKind = "groupOfNames"
    membership: Literal["member", "memberOf"] = "member"
    attributes: LdapAttributes = field(default_factory=LdapAttributes)
    admin_groups: tuple[str, ...] = ()
    contractor_groups: tuple[str, ...] = ()
    service_groups: tuple[str, ...] = ()
    employee_values: tuple[str, ...] = ()
    contractor_values: tuple[str, ...] = ("contractor",)
    service_values: tuple[str, ...] = ("service",)
    inactive_when: tuple[tuple[str, str], ...] = ()
    placeholder_member: str | None = None
    password_policy: str | None = None
    password_changes: bool = True
    removal_takes_effect: str = "at the next sign-in"

    @property
    def member_attribute(self) -> str:
        """The attribute of a group that names its members."""
        return _MEMBER_ATTRIBUTE[self.group_kind]

    @property
    def nests(self) -> bool:
        """Whether groups hold names of entries, so that groups can be in groups; else they hold logins."""
        return self.group_kind != "posixGroup"

    @property
    def group_key(self) -> Key:
        """What all ways to write a group's name have in common."""
        return group_key(self.attributes.group_name)

    @property
    def group_filter(self) -> str:
        """The filter for groups."""
        return f"(objectClass={self.group_kind})"

    @property
    def domain(self) -> str:
        """The name of the smallest tree that people and groups both stand in; where there is none, of the people's."""
        parts = [
            "+".join(f"{kind}={escape_value(value)}" for kind, value in rdn)
            for rdn in parse_dn(self.people_base)
        ]
        above = (",".join(parts[start:]) for start in range(len(parts)))
        return next((name for name in above if is_under(self.groups_base, name)), self.people_base)

    @property
    def judged_by(self) -> tuple[str, ...]:
        """The attributes of people by which requests are judged."""
        names = self.attributes
        watched = (names.mail, names.manager, names.employment, names.login, names.person, names.environment)
        also = (names.workload, *(attribute for attribute, _ in self.inactive_when))
        return tuple(dict.fromkeys(filter(None, (*watched, *also))))

    def having(self, attribute: str, value: str) -> str | None:
        """The filter for entries whose attribute has this value; None if no entry can have it."""
        return equals(attribute, value)

    def id_of(self, entry: "Entry") -> str:
        """The entry's stable id as text; empty if it cannot be read."""
        return entry.first(self.attributes.id)
