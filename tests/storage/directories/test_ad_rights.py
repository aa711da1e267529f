"""The examination of a domain controller: what Wicket's account may do, lacks, and may too much; nothing changes."""

from dataclasses import replace
from pathlib import Path

from storage.directories.base import Finding
from tests.storage.directories.ad_stage import PASSWORD, AdStage
from tests.storage.directories.samba import ADMINISTRATOR, ADMINISTRATOR_PASSWORD, RIGHTS, SUFFIX

DOCS = Path(__file__).parents[3] / "docs" / "active-directory.md"


def about(found: list[Finding], what: str) -> list[Finding]:
    return [line for line in found if line.about == what]


async def test_with_the_rights_that_the_docs_give_everything_is_in_order(domain: AdStage) -> None:
    """AC-6: and with no more than those. An administrator's password is out of reach."""
    await domain.person("ada")
    await domain.group("vpn")
    await domain.group("administrators", admin=True)
    directory = domain.named(admin_groups=())
    found = await directory.examine(["vpn"])
    assert [line for line in found if line.level != "ok"] == []
    for what in (
        "group vpn",
        "password reset",
        "unlock",
        "switching accounts",
        "privileged accounts",
        "reading people",
    ):
        assert about(found, what), what
    assert "may not set" in about(found, "privileged accounts")[0].found


async def test_what_an_account_without_rights_lacks_is_named(domain: AdStage) -> None:
    await domain.person("ada")
    await domain.group("vpn")
    powerless = domain.open(bind_dn=domain.dn_of(await domain.person("wicket-2")), password=PASSWORD)
    found = await powerless.examine(["vpn", "vpm"])
    lacking = {line.about for line in found if line.level == "failed"}
    assert {"group vpn", "group vpm", "password reset", "unlock", "switching accounts"} == lacking - {
        "admin group administrators"
    }
    assert all(line.advice for line in found if line.level != "ok")


async def test_more_than_is_needed_is_warned_of_and_nothing_is_changed_by_asking(domain: AdStage) -> None:
    """AC-6: "it may reset protected accounts"."""
    ada, alan = await domain.person("ada"), await domain.person("alan")
    await domain.group("vpn")
    await domain.group("administrators", admin=True)
    await domain.put("administrators", alan)
    kept = ("pwdLastSet", "uSNChanged", "userAccountControl")
    names = [
        domain.dn_of(ada),
        domain.dn_of(alan),
        f"CN=Administrator,CN=Users,{SUFFIX}",
        domain.group_dn("vpn"),
    ]
    before = [domain.raw(dn, each) for dn in names for each in kept]
    almighty = domain.open(bind_dn=ADMINISTRATOR, password=ADMINISTRATOR_PASSWORD)
    found = await almighty.examine(["vpn"])
    warned = {line.about for line in found if line.level == "warning"}
    assert {
        "privileged accounts",
        "administrators' groups",
        "mail of people",
        "employeeID of people",
    } <= warned
    tried = [line.found for line in about(found, "privileged accounts")]
    assert any(domain.dn_of(alan) in said for said in tried)
    assert any("CN=Administrator," in said for said in tried)
    assert "Domain Admins" in about(found, "administrators' groups")[0].found
    assert [domain.raw(dn, each) for dn in names for each in kept] == before
    assert await domain.directory.verify_password(ada, PASSWORD)
    assert await domain.directory.verify_password(alan, PASSWORD)


async def test_no_password_is_ever_sent_for_the_account_that_signs_every_ticket(domain: AdStage) -> None:
    """A reset of krbtgt takes effect whatever password is sent, and two of them end every ticket there is."""
    await domain.person("ada")
    almighty = domain.open(
        replace(domain.shape, people_base=SUFFIX), bind_dn=ADMINISTRATOR, password=ADMINISTRATOR_PASSWORD
    )
    found = await almighty.examine([])
    assert about(found, "privileged accounts")
    assert about(found, "password reset")
    assert "krbtgt" not in " ".join(line.found for line in found)


async def test_delegation_over_administrators_of_ones_own_naming_is_seen(domain: AdStage) -> None:
    """The directory protects its own administrators; those that only admin_groups names it does not."""
    alan = await domain.person("alan")
    await domain.person("ada")
    await domain.group("administrators", admin=True)
    await domain.put("administrators", alan)
    found = await domain.directory.examine([])
    levels = {line.found.split("CN=")[1][:4]: line.level for line in about(found, "privileged accounts")}
    assert levels["alan"] == "warning"
    assert "ok" in levels.values()
    assert about(found, "administrators' groups")[0].level == "warning"


async def test_a_misspelt_admin_group_is_told(domain: AdStage) -> None:
    directory = domain.named(admin_groups=("adminstrators",))
    assert about(await directory.examine([]), "admin group adminstrators")[0].level == "failed"


async def test_a_right_to_passwords_that_is_not_used_is_too_much(domain: AdStage) -> None:
    await domain.person("ada")
    directory = domain.open(replace(domain.shape, password_changes=False))
    assert about(await directory.examine([]), "password reset")[0].level == "warning"


def test_the_docs_give_the_rights_that_these_tests_run_with() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, (right, _, _) in RIGHTS.items():
        if right == "RPLCLORC":
            continue
        assert f"{'CA' if right == 'CR' else right};{name};" in text, name
    assert "GR;;user" in text
    assert "GR;;group" in text
