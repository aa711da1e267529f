"""The directories' lines: each directory's own findings under its name, and none is made by looking."""

from bot.checking.directories import groups_in
from tests.bot.checking.conftest import Installation, of

LDAP = """
[directories.corp]
kind = "ldap"
servers = ["ldaps://127.0.0.1:1"]
bind_dn = "cn=wicket,dc=example,dc=com"
people_base = "ou=people,dc=example,dc=com"
groups_base = "ou=groups,dc=example,dc=com"
admin_groups = ["administrators"]
"""


async def test_the_findings_of_a_directory_stand_under_its_name(install: Installation):
    install.edit({'group = "prod-db-rw"': 'group = "prod-db-rx"'})
    found = {one.about: one.level for one in await install.found("directories")}
    assert found["local: kind"] == "warning"
    assert found["local: group vpn-users"] == "ok"
    assert found["local: group prod-db-rx"] == "failed"


def test_the_groups_are_those_that_wicket_is_to_change_and_not_those_that_approve(install: Installation):
    """AC-5: asked for a right to change approvers, an operator would give it."""
    groups = groups_in(install.settings(), "local")
    assert {"vpn-users", "prod-admins"} <= groups
    assert len(groups) == len(install.settings().catalogue.entitlements)
    assert not any(owner.approvers in groups for owner in install.settings().catalogue.owners.values())
    assert groups_in(install.settings(), "elsewhere") == frozenset()


async def test_a_local_directory_that_is_not_there_is_not_made(install: Installation):
    people = install.folder / "people.db"
    people.unlink()
    [line] = await install.found("directories")
    assert (line.level, line.about, line.found) == ("failed", "local", f"There is no file {people}.")
    assert line.advice
    assert not people.exists()


async def test_a_database_of_something_else_is_not_made_a_directory(install: Installation):
    people = install.folder / "people.db"
    people.write_bytes(install.store.read_bytes())
    before = people.read_bytes()
    [line] = await install.found("directories")
    assert (line.level, line.found) == ("failed", f"There is no directory in the file {people}.")
    assert people.read_bytes() == before


async def test_one_that_is_away_is_its_own_line_and_holds_up_nobody(install: Installation):
    install.edit(add=LDAP)
    install.environ["WICKET_DIRECTORY_CORP_PASSWORD"] = "canary"
    found = await install.found("directories")
    assert [(one.about, one.level) for one in found if one.about.startswith("corp")] == [
        ("corp: server 127.0.0.1:1", "failed")
    ]
    assert ("local: group vpn-users", "ok") in [(one.about, one.level) for one in found]


async def test_one_whose_password_is_not_given(install: Installation):
    install.edit(add=LDAP)
    report = await install.check()
    [line] = of(report, "directories", "corp")
    assert line.level == "failed"
    assert "WICKET_DIRECTORY_CORP_PASSWORD" in line.found
    assert "[directories.corp]" in line.advice
