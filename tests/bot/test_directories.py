"""From the settings as they are written to a directory that answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.directories import open_directory
from bot.group_names import group_names
from bot.settings import Secrets
from bot.settings.sections import Sections
from storage.faults import SettingsFault
from tests.storage.directories.ad_stage import ad_stage
from tests.storage.directories.ldap_stage import PASSWORD, PLACEHOLDER, LdapStage, ldap_stage
from tests.storage.directories.samba import DOMAIN, SUFFIX
from tests.storage.directories.samba import SERVICE_PASSWORD as SAMBA_SERVICE_PASSWORD
from tests.storage.directories.slapd import POLICY, SERVICE, SERVICE_PASSWORD


@pytest.fixture
async def corp() -> AsyncIterator[LdapStage]:
    async with ldap_stage() as stage:
        yield stage


def sections(directory: dict[str, object]) -> Sections:
    """Settings with this one directory."""
    return Sections.model_validate(
        {
            "slack": {"teams": ["T0WICKET"], "security_channel": "C0SECURITY"},
            "server": {"public_url": "https://wicket.example.com"},
            "directories": {"corp": directory},
            "mail": {"host": "smtp.example.com", "sender": "wicket@example.com"},
            "security": {"approvers_group": "security-team"},
        }
    )


def written(corp: LdapStage) -> dict[str, object]:
    """The section of the test's own server."""
    return {
        "kind": "ldap", "servers": [f"ldaps://localhost:{corp.proxy.port}"], "ca_file": corp.slapd.authority.ca_file,
        "bind_dn": SERVICE, "people_base": corp.people, "groups_base": corp.groups, "admin_groups": ["administrators"],
        "placeholder_member": PLACEHOLDER, "password_policy": POLICY, "inactive_when": ["title=gone"],
        "removal_takes_effect": "at noon", "attributes": {"team": "departmentNumber"},
    }  # fmt: skip


async def test_an_ldap_section_becomes_a_directory_that_answers(corp: LdapStage) -> None:
    section = sections(written(corp)).directories["corp"]
    directory = open_directory("corp", section, Secrets(directory_passwords={"corp": SERVICE_PASSWORD}))
    ada, bob = await corp.person("ada", departmentNumber="Payments"), await corp.person("bob", title="Gone")
    await corp.group("administrators", admin=True)
    await corp.group("vpn")
    for group in ("administrators", "vpn"):
        await corp.put(group, ada)
    try:
        found, gone = await directory.account(ada), await directory.account(bob)
        assert found is not None
        assert gone is not None
        assert (found.directory, found.team, found.privileged, found.active) == (
            "corp",
            "Payments",
            True,
            True,
        )
        assert (gone.privileged, gone.active) == (False, False)
        assert found.password_expires_at is not None
        assert await directory.verify_password(ada, PASSWORD)
        await directory.remove_member(ada, "vpn")
        assert directory.capabilities.removal_takes_effect == "at noon"
    finally:
        directory.close()


@pytest.mark.parametrize(
    ("directory", "is_one"),
    [
        ({"kind": "ldap", "admin_groups": ["admins"]}, True),
        ({"kind": "ldap", "admin_groups": ["admins"], "attributes": {"group_name": "theirs"}}, False),
        ({"kind": "active-directory"}, True),
        ({"kind": "local", "path": "people.db"}, False),
    ],
)
def test_each_kind_of_directory_says_which_names_are_one_group(
    directory: dict[str, object], is_one: bool
) -> None:
    """Of an attribute that nobody knows nothing is believed: each way to write it may be another group."""
    if directory["kind"] != "local":
        server = {"servers": ["ldaps://dc.example.com"], "bind_dn": "cn=wicket"}
        directory = {**directory, **server, "people_base": "dc=x", "groups_base": "dc=x"}
    names = group_names(sections(directory).directories)
    assert names.are_one("corp", "Prod-DB-Ü", "prod-db-ü") == is_one
    assert names.is_exact("corp") != is_one
    for apart in (("prod-db", "prod  db"), ("prod-db", "prod-db "), ("straße", "strasse"), ("é", "e")):
        assert not names.are_one("corp", *apart)
    assert not names.are_one("elsewhere", "Prod-DB", "prod-db")


async def test_an_active_directory_section_becomes_a_directory_that_answers() -> None:
    """Though the whole domain is looked at, whose entry always points to other servers."""
    async with ad_stage() as stage:
        section = sections(
            {
                "kind": "active-directory", "servers": [f"ldaps://localhost:{stage.proxy.port}"],
                "ca_file": stage.samba.authority.ca_file, "bind_dn": f"wicket@{DOMAIN}", "people_base": SUFFIX,
                "groups_base": SUFFIX, "inactive_when": ["title=gone"], "attributes": {"login": "userPrincipalName"},
            }
        ).directories["corp"]  # fmt: skip
        secrets = Secrets(directory_passwords={"corp": SAMBA_SERVICE_PASSWORD})
        directory = open_directory("corp", section, secrets)
        try:
            ada = await stage.person("ada", title="Gone", userPrincipalName=f"ada@{DOMAIN}")
            found = await directory.account_by_login(f"ADA@{DOMAIN}")
            assert found is not None
            assert (found.id, found.active, found.direct_groups) == (ada, False, {"Domain Users"})
            assert directory.capabilities.removal_takes_effect.startswith("when the Kerberos ticket ends")
        finally:
            directory.close()


async def test_without_its_password_it_is_not_opened(corp: LdapStage) -> None:
    section = sections(written(corp)).directories["corp"]
    with pytest.raises(SettingsFault, match="WICKET_DIRECTORY_CORP_PASSWORD"):
        open_directory("corp", section, Secrets())


async def test_a_local_section_becomes_a_local_directory(tmp_path: Path) -> None:
    section = sections({"kind": "local", "path": str(tmp_path / "people.db")}).directories["corp"]
    directory = open_directory("corp", section, Secrets())
    await directory.health()
    directory.close()
    assert (tmp_path / "people.db").exists()
