"""What Wicket's account may do in a real OpenLDAP server, less and more: proved, said, and nothing changed by it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from storage.directories.base import Finding
from storage.directories.ldap_servers import LdapServer
from storage.directories.ldap_shape import LdapAttributes
from tests.storage.directories.ldap_stage import LdapStage
from tests.storage.directories.slapd import NARROW, OTHERS, POLICY, ROOT, ROOT_PASSWORD, SUFFIX, account

ADMINS = f"ou=admins,{SUFFIX}"


@dataclass(frozen=True)
class World:
    """A branch with ada, a group "vpn", and an administrator."""

    corp: LdapStage
    ada: str
    admin: str

    def everything(self) -> list[Any]:
        """Every entry that an examination could touch, with all that the server keeps about it."""
        found: list[Any] = []
        for base in (self.corp.branch, ADMINS, POLICY):
            self.corp.root.search(base, "(objectClass=*)", attributes=["*", "+"])
            found += [(each["dn"], dict(each["raw_attributes"])) for each in self.corp.root.response]
        return found

    async def examine(self, groups: tuple[str, ...] = ("vpn",), **how: Any) -> list[Finding]:
        """The lines, after a look that nothing at all was changed."""
        before = self.everything()
        found = await self.corp.open(**how).examine(groups)
        assert self.everything() == before
        assert all(line.advice for line in found if line.level != "ok")
        return found


@pytest.fixture
async def world(corp: LdapStage) -> AsyncIterator[World]:
    async with peopled(corp) as made:
        yield made


@asynccontextmanager
async def peopled(corp: LdapStage) -> AsyncIterator[World]:
    ada = await corp.person("ada")
    await corp.group("vpn")
    await corp.group("administrators", admin=True)
    admin = f"uid={corp.branch.split(',')[0].removeprefix('ou=')},{ADMINS}"
    corp.root.add(admin, "inetOrgPerson", {"cn": "Alan", "sn": "A", "userPassword": "a long enough one"})
    corp.root.modify(corp.group_dn("administrators"), {"member": [("MODIFY_ADD", [admin])]})
    try:
        yield World(corp, ada, admin)
    finally:
        corp.root.delete(admin)


def amiss(found: list[Finding]) -> dict[str, str]:
    """What is not well, by what it is about."""
    return {line.about: line.level for line in found if line.level != "ok"}


def line(found: list[Finding], about: str) -> Finding:
    return next(each for each in found if each.about == about)


async def test_the_rights_of_the_docs_are_enough_and_not_too_much(world: World) -> None:
    found = await world.examine()
    assert amiss(found) == {}
    about = {each.about for each in found}
    assert about >= {
        "group vpn", "admin group administrators", "privileged accounts", "reading people", "password policy",
        "password reset", "power over passwords", "unlock", "switching accounts", "change after a reset",
        "mail of people", "manager of people", "employeeType of people", "employeeNumber of people", "uid of people",
    }  # fmt: skip


LACKING = [
    ("no-reset", ["password reset"], "=xw on userPassword of people"),
    (
        "only-reads",
        ["password reset", "unlock", "switching accounts", "change after a reset", "group vpn"],
        "=xw on userPassword of people",
    ),
    ("half-reset", ["password reset"], "=xw on userPassword of people"),
    ("no-unlock", ["unlock", "switching accounts"], "write on pwdAccountLockedTime of people"),
    ("half-unlock", ["switching accounts"], "write on pwdAccountLockedTime of people"),
    ("no-pwd-reset", ["change after a reset"], "write on pwdReset of people"),
    ("no-grants", ["group vpn"], "write on member of this group"),
    ("half-grants", ["group vpn"], "write on member of this group"),
    ("blind-to-locks", ["reading people"], "read them"),
    ("blind-to-ages", ["reading people"], "read them"),
    ("blind-to-policies", ["password policy"], f"read {POLICY}"),
    ("blind-to-mail", ["reading people"], "read them"),
    ("blind-to-ids", ["reading people"], "read them"),
]


@pytest.mark.parametrize(("name", "about", "advice"), LACKING)
async def test_each_right_taken_away_is_failed_and_it_is_said_what_to_give(
    name: str, about: list[str], advice: str, world: World
) -> None:
    found = await world.examine(bind_dn=account(name))
    # An account that reads stored passwords, or does not see who has one, is warned of besides.
    besides = {"power over passwords": "warning"} if name in ("only-reads", "blind-to-ages") else {}
    assert amiss(found) == dict.fromkeys(about, "failed") | besides
    assert advice in line(found, about[0]).advice


@pytest.mark.parametrize(
    ("name", "about"),
    [("blind-to-people", "people"), ("blind-to-groups", "groups")],
)
async def test_a_base_that_is_not_shown_is_failed_by_its_name(name: str, about: str, world: World) -> None:
    base = getattr(world.corp, about)
    assert amiss(await world.examine(bind_dn=account(name))) == {base: "failed"}
    gone = replace(world.corp.shape, **{f"{about}_base": f"ou=gone,{world.corp.branch}"})
    assert amiss(await world.examine(shape=gone)) == {f"ou=gone,{world.corp.branch}": "failed"}


BEYOND = [
    ("over-policy", "power over passwords, privileged accounts", "passes by the password policy"),
    ("over-hashes", "power over passwords, privileged accounts", "as they are stored"),
    ("over-admins", "privileged accounts", "may set their passwords"),
    ("over-admin-group", "admin group administrators", "make anybody privileged"),
    ("over-mail", "mail of people", "may change it"),
    ("over-manager", "manager of people", "may change it"),
    ("over-employment", "employeeType of people", "may change it"),
]


@pytest.mark.parametrize(("name", "about", "said"), BEYOND)
async def test_each_right_beyond_need_is_a_warning(name: str, about: str, said: str, world: World) -> None:
    found = await world.examine(bind_dn=account(name))
    both = about.split(", ")
    assert amiss(found) == dict.fromkeys(both, "warning")
    assert said in line(found, both[0]).found


def test_every_other_account_of_the_server_is_examined() -> None:
    told = {name for name, *_ in (*LACKING, *BEYOND)}
    assert set(OTHERS) - told == {
        "blind-to-people",
        "blind-to-groups",
        "half-blind-to-ages",
        "blind-to-names",
        "blind-to-resets",
    }


async def test_the_root_account_is_warned_of_everywhere(world: World) -> None:
    found = await world.examine(bind_dn=ROOT, password=ROOT_PASSWORD)
    assert set(amiss(found)) == {
        "admin group administrators", "privileged accounts", "power over passwords", "mail of people",
        "manager of people", "employeeType of people", "employeeNumber of people", "uid of people",
    }  # fmt: skip
    assert set(amiss(found).values()) == {"warning"}
    off = replace(world.corp.shape, inactive_when=(("title", "gone"),))
    assert "title of people" in amiss(await world.examine(shape=off, bind_dn=ROOT, password=ROOT_PASSWORD))
    assert "passes by the password policy" in line(found, "power over passwords").found


async def test_what_is_merely_told_of_people_is_a_warning_when_it_is_not_shown(world: World) -> None:
    found = await world.examine(bind_dn=account("blind-to-names"))
    assert line(found, "reading people").level == "warning"
    assert "cn" in line(found, "reading people").found


async def test_an_age_that_may_be_sought_and_is_never_shown_could_not_be_told(world: World) -> None:
    """The trap of an account that may search and not read."""
    found = await world.examine(bind_dn=account("half-blind-to-ages"))
    assert "pwdChangedTime" in line(found, "reading people").found
    assert line(found, "reading people").level == "warning"


async def test_a_switch_that_is_not_shown_is_failed(world: World) -> None:
    """An account that was switched off by it would look as if it were on."""
    shape = replace(world.corp.shape, inactive_when=(("noSuchThing", "yes"), ("employeeType", "gone")))
    found = await world.examine(shape=shape)
    assert "noSuchThing" in line(found, "reading people").found
    assert line(found, "reading people").level == "failed"


async def test_a_missing_group_is_failed_and_what_is_close_to_it_is_named(world: World) -> None:
    await world.corp.group("prod-db-rw")
    shape = replace(world.corp.shape, admin_groups=("administrators", "Administrator"))
    found = await world.examine(("prod-db-wr", "VPN"), shape=shape)
    assert line(found, "group prod-db-wr").level == "failed"
    assert "Close to it: prod-db-rw." in line(found, "group prod-db-wr").found
    assert line(found, "group VPN").level == "ok"
    missing = line(found, "admin group Administrator")
    assert missing.level == "failed"
    assert "Nobody is privileged by it" in missing.found
    assert "administrators" in missing.found


async def test_an_admin_group_of_the_catalogue_is_meant_to_be_changed(world: World) -> None:
    found = await world.examine(("administrators",), bind_dn=account("over-admin-group"))
    assert amiss(found) == {}
    assert line(await world.examine(("administrators",)), "group administrators").level == "failed"


async def test_two_groups_of_one_name_are_said_and_the_others_examined(world: World) -> None:
    corp = world.corp
    corp.root.add(f"ou=more,{corp.groups}", "organizationalUnit")
    corp.root.add(f"cn=vpn,ou=more,{corp.groups}", "groupOfNames", {"member": "cn=nobody"})
    await corp.group("wiki")
    found = await world.examine(("vpn", "wiki"))
    assert "2 groups called 'vpn'" in line(found, "group vpn").found
    assert (line(found, "group vpn").level, line(found, "group wiki").level) == ("failed", "ok")


async def test_settings_that_leave_something_open_are_warnings(world: World) -> None:
    shape = replace(world.corp.shape, placeholder_member=None, admin_groups=(), password_policy=None)
    assert amiss(await world.examine(shape=shape)) == {
        "placeholder_member": "warning", "admin_groups": "warning", "password policy": "warning",
    }  # fmt: skip


async def test_an_account_that_sets_passwords_and_need_not_is_warned_of(world: World) -> None:
    shape = replace(world.corp.shape, password_changes=False)
    assert amiss(await world.examine(shape=shape)) == {"password reset": "warning"}
    assert "password reset" not in amiss(await world.examine(shape=shape, bind_dn=account("no-reset")))
    found = await world.examine(shape=shape, bind_dn=account("no-pwd-reset"))
    assert amiss(found) == {"password reset": "warning"}


async def test_an_administrator_is_found_through_inner_groups_and_circles_end(world: World) -> None:
    corp = world.corp
    corp.root.modify(corp.group_dn("administrators"), {"member": [("MODIFY_REPLACE", ["cn=nobody"])]})
    await corp.group("inner")
    await corp.put("administrators", groups=("inner",))
    await corp.put("inner", groups=("administrators",))
    found = await world.examine()
    assert amiss(found) == {"privileged accounts": "warning"}
    assert "could not be told" in line(found, "privileged accounts").found
    corp.root.modify(corp.group_dn("inner"), {"member": [("MODIFY_ADD", [world.admin])]})
    assert amiss(await world.examine()) == {}


async def test_it_is_tried_on_somebody_who_is_not_privileged(world: World) -> None:
    corp = world.corp
    await corp.put("administrators", world.ada)
    found = await world.examine()
    assert "no ordinary person was found" in line(found, "people").found
    bob = await corp.person("bob")
    assert corp.dn_of(bob) in line(await world.examine(), "password reset").found


async def test_reading_passwords_is_warned_of_without_the_right_to_set_them(world: World) -> None:
    found = await world.examine(bind_dn=account("only-reads"))
    assert line(found, "power over passwords").level == "warning"
    assert "as they are stored" in line(found, "power over passwords").found


async def test_it_is_tried_on_somebody_who_has_a_password(world: World) -> None:
    """Of the others it could not be told whether the policy holds, nor whether their passwords may be read."""
    corp = world.corp
    corp.root.modify(corp.dn_of(world.ada), {"userPassword": [("MODIFY_DELETE", [])]})
    dn = f"cn=lax,{corp.branch}"
    lax = {"pwdAttribute": "userPassword", "pwdCheckQuality": "0"}
    corp.root.add(dn, ["organizationalRole", "pwdPolicy"], lax)
    corp.set(world.ada, pwdPolicySubentry=dn)
    assert "could not be told" in line(await world.examine(), "power over passwords").found
    bob = await corp.person("bob")
    found = await world.examine()
    assert amiss(found) == {}
    assert corp.dn_of(bob) in line(found, "password reset").found


async def test_an_examination_that_breaks_off_is_made_on_the_next_server(world: World) -> None:
    proxy, pieces = world.corp.proxy, count(1)
    servers = [LdapServer(host="localhost", port=port) for port in (proxy.port, world.corp.slapd.tls_port)]
    proxy.before = lambda _: "cut" if next(pieces) == 20 else None
    assert amiss(await world.examine(servers=servers)) == {}
    assert next(pieces) == 21


async def test_an_answer_that_proves_neither_is_a_warning(world: World) -> None:
    """A password too young to change is refused by the policy before the right is looked at."""
    corp = world.corp
    dn = f"cn=own,{corp.branch}"
    own = {"pwdAttribute": "userPassword", "pwdMinAge": "86400"}
    corp.root.add(dn, ["organizationalRole", "pwdPolicy"], own)
    corp.set(world.ada, pwdPolicySubentry=dn)
    found = await world.examine()
    assert amiss(found) == {"password reset": "warning"}
    assert "could not be told" in line(found, "password reset").found


async def test_nothing_is_changed_of_one_who_is_locked_or_must_change(world: World) -> None:
    for _ in range(6):
        await world.corp.directory.verify_password(world.ada, "wrong")
    world.corp.set(world.ada, pwdReset="TRUE")
    assert amiss(await world.examine()) == {}
    await world.examine(bind_dn=ROOT, password=ROOT_PASSWORD)


async def test_an_account_that_may_read_a_few_entries_only_is_told(world: World) -> None:
    for number in range(5):
        await world.corp.person(f"p{number}")
    found = await world.examine(bind_dn=NARROW)
    assert "size limit" in line(found, "people").found


async def test_other_kinds_of_groups_are_examined_too(world: World) -> None:
    corp = world.corp
    corp.root.add(corp.group_dn("unix"), "posixGroup", {"cn": "unix", "gidNumber": "7"})
    shape = replace(corp.shape, group_kind="posixGroup", admin_groups=(), placeholder_member=None)
    found = await world.examine(("unix",), shape=shape)
    assert "write on memberUid" in line(found, "group unix").advice
    found = await world.examine(("unix",), shape=shape, bind_dn=ROOT, password=ROOT_PASSWORD)
    assert line(found, "group unix").level == "ok"


async def test_an_attribute_of_the_settings_that_the_server_does_not_know_is_told(world: World) -> None:
    shape = replace(world.corp.shape, attributes=LdapAttributes(person="staffNumber"))
    found = await world.examine(shape=shape)
    assert line(found, "reading people").level == "failed"
    assert "staffNumber" in line(found, "reading people").found
