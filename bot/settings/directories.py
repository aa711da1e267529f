"""The sections [directories.NAME]: each kind of directory, where it is and how it is laid out.

No password has a place here; `WICKET_DIRECTORY_<NAME>_PASSWORD` holds it.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.settings.section import Section
from bot.settings.shapes import Duration, Line, Slug
from storage.directories.ldap_names import BadName, is_filter, parse_dn
from storage.directories.ldap_servers import server_at
from storage.directories.ldap_shape import GroupKind


class DiscoverSection(Section):
    """[directories.NAME.discover]: entitlements that groups describe themselves, and how far these are believed.

    lowest_risk: nothing discovered has less. max: nothing is had for longer. standing: whether any may be had for
    good. owners: the ids of those who may be named; empty for all that are written.
    """

    lowest_risk: int = Field(default=3, ge=1, le=5, strict=True, examples=[3])
    longest: Duration = Field(default=timedelta(hours=8), alias="max", examples=["8h"])
    standing: bool = Field(default=False, examples=[False])
    owners: tuple[Slug, ...] = Field(default=(), examples=[["data-platform"]])


class AnyDirectorySection(Section):
    """What every [directories.NAME] may say: whose people its people are, if not its own."""

    people_of: Slug | None = Field(default=None, examples=["corp"])


class LocalDirectorySection(AnyDirectorySection):
    """[directories.NAME] with kind = "local": a directory in one file, for trying things out."""

    kind: Literal["local"] = Field(examples=["local"])
    path: Path = Field(examples=["people.db"])
    discover: DiscoverSection | None = Field(default=None, examples=["discover"])


def _server(value: str) -> str:
    server_at(value)
    return value


def _name(value: str) -> str:
    try:
        named = bool(parse_dn(value))
    except BadName:
        named = False
    if not named:
        raise ValueError('is not a distinguished name. Write it whole: "ou=people,dc=example,dc=com"')
    return value


def _account(value: str) -> str:
    if re.fullmatch(r"[^@=,]+@[^@=,]+", value):
        return value
    try:
        return _name(value)
    except ValueError:
        raise ValueError(
            'is no account. Write "wicket@ad.example.com", or its distinguished name whole'
        ) from None


def _filter(value: str) -> str:
    if not is_filter(value):
        raise ValueError('is not a filter. Write it with its brackets: "(objectClass=inetOrgPerson)"')
    return value


def _attribute(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", value):
        raise ValueError('is not the name of an attribute. It looks like "uid"')
    return value


def _pair(value: str) -> str:
    attribute, equal, wanted = value.partition("=")
    if not equal or not wanted:
        raise ValueError('must be an attribute and a value. Write them as "nsAccountLock=TRUE"')
    _attribute(attribute)
    return value


Server = Annotated[str, AfterValidator(_server)]
Name = Annotated[Line, AfterValidator(_name)]
Account = Annotated[Line, AfterValidator(_account)]
Filter = Annotated[Line, AfterValidator(_filter)]
Attribute = Annotated[str, AfterValidator(_attribute)]
Pair = Annotated[Line, AfterValidator(_pair)]


class LdapDiscoverSection(DiscoverSection):
    """The same of a directory on servers: below which name, which of the groups, and in which attribute."""

    base: Name | None = Field(default=None, examples=["ou=offered,ou=groups,dc=example,dc=com"])
    filter: Filter | None = Field(default=None, examples=["(businessCategory=wicket)"])
    attribute: Attribute = Field(default="description", examples=["description"])


class AdDiscoverSection(LdapDiscoverSection):
    """The same of an Active Directory."""

    attribute: Attribute = Field(default="info", examples=["info"])


class LdapAttributesSection(Section):
    """[directories.NAME.attributes]: the attribute that holds each fact."""

    id: Attribute = Field(default="entryUUID", examples=["entryUUID"])
    person: Attribute | None = Field(default=None, examples=["employeeNumber"])
    login: Attribute = Field(default="uid", examples=["uid"])
    name: Attribute = Field(default="cn", examples=["cn"])
    mail: Attribute = Field(default="mail", examples=["mail"])
    team: Attribute = Field(default="ou", examples=["ou"])
    company: Attribute = Field(default="o", examples=["o"])
    manager: Attribute = Field(default="manager", examples=["manager"])
    employment: Attribute = Field(default="employeeType", examples=["employeeType"])
    location: Attribute = Field(default="l", examples=["l"])
    environment: Attribute | None = Field(default=None, examples=["businessCategory"])
    workload: Attribute | None = Field(default=None, examples=["departmentNumber"])
    group_name: Attribute = Field(default="cn", examples=["cn"])
    group_owner: Attribute = Field(default="owner", examples=["owner"])


class AdAttributesSection(LdapAttributesSection):
    """[directories.NAME.attributes] of an Active Directory."""

    id: Attribute = Field(default="objectGUID", examples=["objectGUID"])
    login: Attribute = Field(default="sAMAccountName", examples=["sAMAccountName"])
    name: Attribute = Field(default="displayName", examples=["displayName"])
    team: Attribute = Field(default="department", examples=["department"])
    company: Attribute = Field(default="company", examples=["company"])
    location: Attribute = Field(default="physicalDeliveryOfficeName", examples=["physicalDeliveryOfficeName"])
    group_name: Attribute = Field(default="sAMAccountName", examples=["sAMAccountName"])
    group_owner: Attribute = Field(default="managedBy", examples=["managedBy"])


class ServedSection(AnyDirectorySection):
    """What every directory on LDAP servers has: where they are, where people and groups stand, and who is what."""

    servers: tuple[Server, ...] = Field(min_length=1, examples=[["ldaps://ldap.example.com"]])
    ca_file: Path | None = Field(default=None, examples=["ldap-ca.pem"])
    people_base: Name = Field(examples=["ou=people,dc=example,dc=com"])
    groups_base: Name = Field(examples=["ou=groups,dc=example,dc=com"])
    contractor_groups: tuple[Line, ...] = Field(default=(), examples=[["contractors"]])
    service_groups: tuple[Line, ...] = Field(default=(), examples=[["service-accounts"]])
    employee_values: tuple[Line, ...] = Field(default=(), examples=[["employee"]])
    contractor_values: tuple[Line, ...] = Field(default=("contractor",), examples=[["contractor"]])
    service_values: tuple[Line, ...] = Field(default=("service",), examples=[["service"]])
    inactive_when: tuple[Pair, ...] = Field(default=(), examples=[["nsAccountLock=TRUE"]])
    password_changes: bool = Field(default=True, examples=[True])


class LdapDirectorySection(ServedSection):
    """[directories.NAME] with kind = "ldap": servers that speak RFC 4511, such as OpenLDAP's."""

    kind: Literal["ldap"] = Field(examples=["ldap"])
    bind_dn: Name = Field(examples=["cn=wicket,ou=services,dc=example,dc=com"])
    people_filter: Filter = Field(
        default="(objectClass=inetOrgPerson)", examples=["(objectClass=inetOrgPerson)"]
    )
    group_kind: GroupKind = Field(default="groupOfNames", examples=["groupOfNames"])
    membership: Literal["member", "memberOf"] = Field(default="member", examples=["member"])
    placeholder_member: Name | None = Field(default=None, examples=["cn=nobody"])
    admin_groups: tuple[Line, ...] = Field(min_length=1, examples=[["administrators"]])
    password_policy: Name | None = Field(default=None, examples=["cn=default,ou=policies,dc=example,dc=com"])
    removal_takes_effect: Line = Field(default="at the next sign-in", examples=["at the next sign-in"])
    attributes: LdapAttributesSection = LdapAttributesSection()
    discover: LdapDiscoverSection | None = Field(default=None, examples=["discover"])


class ActiveDirectorySection(ServedSection):
    """[directories.NAME] with kind = "active-directory": the domain controllers of one domain.

    admin_groups: beside those that have power in every domain.
    """

    kind: Literal["active-directory"] = Field(examples=["active-directory"])
    bind_dn: Account = Field(examples=["wicket@ad.example.com"])
    people_filter: Filter = Field(
        default="(&(objectCategory=person)(objectClass=user))",
        examples=["(&(objectCategory=person)(objectClass=user))"],
    )
    admin_groups: tuple[Line, ...] = Field(default=(), examples=[["server-admins"]])
    removal_takes_effect: Line = Field(
        default="when the Kerberos ticket ends, within 10 h",
        examples=["when the Kerberos ticket ends, within 10 h"],
    )
    attributes: AdAttributesSection = AdAttributesSection()
    discover: AdDiscoverSection | None = Field(default=None, examples=["discover"])


# Every kind of directory joins this union; its `kind` says which one a section is.
DirectorySection = Annotated[
    LocalDirectorySection | LdapDirectorySection | ActiveDirectorySection,
    Field(discriminator="kind", examples=["local"]),
]
