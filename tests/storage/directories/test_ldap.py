"""What the LDAP connector makes of a real OpenLDAP server: people, groups and their oddities."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import ldap3
import pytest

from storage.directories.ldap_shape import LdapAttributes
from storage.faults import DirectoryUnavailable
from tests.directories.reading import members_of
from tests.storage.directories.ldap_stage import PLACEHOLDER, LdapStage
from tests.storage.directories.slapd import CROWD, CROWD_SIZE, NARROW, RIGHTS, ROOT, ROOT_PASSWORD

DOCS = Path(__file__).parents[3] / "docs" / "ldap.md"
NASTY = [
    "a,b", "a+b", 'a"b', "a\\b", "a<b>", "a;b", "a=b", "#ab", "a#", "a*b", "(ab)", "a)(uid=*", "a&|!b", "a~=b", "a>=b",
    "a:=b", "a b", "ünïcödé", "密碼", "🦊", "\u05d0\u202e\u05d1", "a/b", "a'b", "a%b", "a,ou=people", "x" * 200,
]  # fmt: skip


async def test_people_and_groups_of_any_name_are_found_changed_and_listed(corp: LdapStage) -> None:
    """RFC 4514 and 4515: every special character, on the wire."""
    for nasty in NASTY:
        ada = await corp.person(nasty, mail="nasty@example.com")
        await corp.group(nasty)
        found = await corp.directory.account_by_login(nasty)
        assert found is not None, nasty
        assert (found.id, found.login) == (ada, nasty)
        await corp.directory.add_member(ada, nasty)
        assert await members_of(corp.directory, nasty) == {ada}, nasty
        again = await corp.directory.account(ada)
        assert again is not None
        assert again.groups == {nasty}
        await corp.directory.remove_member(ada, nasty)
        assert await members_of(corp.directory, nasty) == frozenset(), nasty


async def test_attributes_and_groups_say_who_somebody_is(corp: LdapStage) -> None:
    shape = replace(corp.shape, contractor_groups=("Contractors",), service_groups=("robots",))
    directory = corp.open(shape)
    grace = await corp.person("grace")
    ada = await corp.person("ada", ou="Payments", o="Lovelace & Co", manager=corp.dn_of(grace))
    eve, bot = await corp.person("eve"), await corp.person("bot")
    cara, svc = (
        await corp.person("cara", employment="Contractor"),
        await corp.person("svc", employment="service"),
    )
    for name, member in (("contractors", eve), ("robots", bot)):
        await corp.group(name)
        await corp.put(name, member)
    found = await directory.account(ada)
    assert found is not None
    assert (found.name, found.team, found.company, found.manager) == (
        "Ada",
        "Payments",
        "Lovelace & Co",
        grace,
    )
    kinds = [await directory.account(each) for each in (ada, eve, bot, cara, svc)]
    assert [each.employment for each in kinds if each] == [
        "employee", "contractor", "service", "contractor", "service",
    ]  # fmt: skip


async def test_what_the_directory_says_of_places_and_workloads_is_read(corp: LdapStage) -> None:
    """A-10: by the attributes that the operator names; what is not there is empty, and never made up."""
    named = replace(corp.shape.attributes, environment="businessCategory", workload="departmentNumber")
    directory = corp.open(replace(corp.shape, attributes=named))
    ada = await directory.account(await corp.person("ada", l="Oslo"))
    svc = await directory.account(
        await corp.person("svc", employment="service", businessCategory="staging", departmentNumber="orders")
    )
    assert ada is not None
    assert svc is not None
    assert (ada.location, ada.environment, ada.workload) == ("Oslo", "", "")
    assert (svc.location, svc.environment, svc.workload) == ("", "staging", "orders")


async def test_where_employees_are_marked_nobody_else_is_one(corp: LdapStage) -> None:
    directory = corp.open(replace(corp.shape, employee_values=("staff",)))
    kinds = [
        await directory.account(await corp.person(f"p-{kind}", employment=kind))
        for kind in ("Staff", "intern", "service")
    ]
    assert [each.employment for each in kinds if each] == ["employee", "contractor", "service"]


async def test_an_attribute_may_switch_an_account_off(corp: LdapStage) -> None:
    directory = corp.open(replace(corp.shape, inactive_when=(("employeeType", "Gone"),)))
    ada = await corp.person("ada", employment="gone")
    found = await directory.account(ada)
    assert found is not None
    assert not found.active
    assert not await directory.verify_password(ada, "correct horse battery staple")


async def test_who_is_off_by_other_means_is_not_said_to_be_switched_on(corp: LdapStage) -> None:
    """What it comes to is read back: the attribute is its administrators' alone."""
    directory = corp.open(replace(corp.shape, inactive_when=(("employeeType", "Gone"),)))
    ada = await corp.person("ada", employment="gone")
    await directory.switch(ada, active=False)
    with pytest.raises(DirectoryUnavailable, match="said it was done"):
        await directory.switch(ada, active=True)


async def test_a_manager_who_left_is_nobody(corp: LdapStage) -> None:
    ada = await corp.person("ada", manager=f"uid=gone,{corp.people}")
    found = await corp.directory.account(ada)
    assert found is not None
    assert found.manager is None


async def test_an_id_follows_its_entry_and_a_new_entry_of_the_same_name_is_somebody_else(
    corp: LdapStage,
) -> None:
    ada = await corp.person("ada")
    await corp.group("vpn")
    await corp.put("vpn", ada)
    corp.root.add(f"ou=left,{corp.people}", "organizationalUnit")
    corp.root.modify_dn(corp.dn_of(ada), "uid=ada", new_superior=f"ou=left,{corp.people}")
    assert (await corp.directory.membership(ada, "vpn")).present
    corp.root.delete(corp.dn_of(ada))
    other = await corp.person("ada")
    assert other != ada
    assert await corp.directory.account(ada) is None
    assert not (await corp.directory.membership(ada, "vpn")).present
    assert not (await corp.directory.membership(other, "vpn")).present


async def test_two_with_one_mail_are_both_given_and_two_with_one_login_are_nobody(corp: LdapStage) -> None:
    """Ambiguity is an exception, not a guess."""
    ada = await corp.person("ada", mail="shared@example.com")
    corp.root.add(f"ou=more,{corp.people}", "organizationalUnit")
    twin = {"uid": "ada", "cn": "Ada Two", "sn": "Two", "mail": ["two@example.com", "Shared@example.com"]}
    corp.root.add(f"uid=ada,ou=more,{corp.people}", "inetOrgPerson", twin)
    found = await corp.directory.accounts_by_mail("shared@example.com")
    assert len({each.id for each in found}) == 2
    assert ada in {each.id for each in found}
    with pytest.raises(DirectoryUnavailable, match="2 people with the same uid"):
        await corp.directory.account_by_login("ada")


@pytest.mark.parametrize(
    ("name", "other"), [("Admins", "ADMINS"), ("\u039f\u0394\u039f\u03a3", "\u039f\u0394\u039f\u03c3")]
)
async def test_of_two_groups_that_the_server_calls_the_same_nobody_is_in_either(
    corp: LdapStage, name: str, other: str
) -> None:
    """Who is in the one would approve as the other: a capital sigma is one with the small one, at the end as well."""
    await corp.group(name)
    ada, more = await corp.person("ada"), f"ou=more,{corp.groups}"
    corp.root.add(more, "organizationalUnit")
    corp.root.add(f"cn={other},{more}", "groupOfNames", {"cn": other, "member": corp.dn_of(ada)})
    account = await corp.directory.account(ada)
    assert account is not None
    assert not account.is_in(name, other)
    with pytest.raises(DirectoryUnavailable, match="2 groups"):
        await corp.directory.group(name)


async def test_two_groups_of_one_name_are_no_group(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    await corp.group("vpn")
    corp.root.add(f"ou=more,{corp.groups}", "organizationalUnit")
    corp.root.add(f"cn=vpn,ou=more,{corp.groups}", "groupOfNames", {"member": PLACEHOLDER})
    for question in (members_of(corp.directory, "vpn"), corp.directory.add_member(ada, "vpn")):
        with pytest.raises(DirectoryUnavailable, match="2 groups called 'vpn'"):
            await question


async def test_the_last_member_leaves_the_placeholder_behind_who_is_never_a_person(corp: LdapStage) -> None:
    """A groupOfNames may not be empty (result 65)."""
    ada, nobody = await corp.person("ada"), await corp.person("nobody")
    directory = corp.open(replace(corp.shape, placeholder_member=corp.dn_of(nobody)))
    dn = corp.group_dn("vpn")
    corp.root.add(dn, "groupOfNames", {"cn": "vpn", "member": corp.dn_of(ada)})
    await directory.remove_member(ada, "vpn")
    assert corp.value(dn, "member") == [corp.dn_of(nobody)]
    assert await members_of(directory, "vpn") == frozenset()
    await directory.add_member(ada, "vpn")
    assert await members_of(directory, "vpn") == {ada}


async def test_without_a_placeholder_the_last_member_stays_and_it_is_said_why(corp: LdapStage) -> None:
    directory = corp.open(replace(corp.shape, placeholder_member=None))
    ada = await corp.person("ada")
    corp.root.add(corp.group_dn("vpn"), "groupOfNames", {"cn": "vpn", "member": corp.dn_of(ada)})
    with pytest.raises(DirectoryUnavailable, match="placeholder_member"):
        await directory.remove_member(ada, "vpn")
    assert (await directory.membership(ada, "vpn")).present


@pytest.mark.parametrize(
    ("kind", "empty"),
    [("groupOfUniqueNames", {"uniqueMember": PLACEHOLDER}), ("posixGroup", {"gidNumber": "7"})],
)
async def test_other_kinds_of_groups_work_too(kind: str, empty: dict[str, str], corp: LdapStage) -> None:
    directory = corp.open(replace(corp.shape, group_kind=kind), bind_dn=ROOT, password=ROOT_PASSWORD)
    ada, bob = await corp.person("ada"), await corp.person("bob")
    corp.root.add(corp.group_dn("vpn"), kind, {"cn": "vpn", **empty})
    for _ in range(2):
        await directory.add_member(ada, "vpn")
    assert await members_of(directory, "vpn") == {ada}
    assert (await directory.membership(ada, "vpn")).present
    assert not (await directory.membership(bob, "vpn")).present
    found = await directory.account(ada)
    assert found is not None
    assert found.groups == {"vpn"}
    for _ in range(2):
        await directory.remove_member(ada, "vpn")
    assert await members_of(directory, "vpn") == frozenset()


async def test_groups_twenty_deep_and_in_a_circle_are_followed_to_the_end(corp: LdapStage) -> None:
    alan = await corp.person("alan")
    names = ["administrators", *(f"level-{number}" for number in range(20))]
    for name in names:
        await corp.group(name, admin=name == "administrators")
    for outer, inner in zip(names, [*names[1:], names[0]], strict=True):
        await corp.put(outer, groups=(inner,))
    await corp.put(names[-1], alan)
    found = await corp.directory.account(alan)
    assert found is not None
    assert found.privileged
    assert found.groups == set(names)
    assert await members_of(corp.directory, "administrators") == {alan}


@pytest.mark.parametrize("membership", ["member", "memberOf"])
async def test_a_crowd_is_given_whole(membership: Any, corp: LdapStage) -> None:
    """Twelve hundred in one group: more than two pages, and a dozen batches of names."""
    await corp.group("everybody")
    names = [f"uid=p{number},{CROWD}" for number in range(CROWD_SIZE)]
    corp.root.modify(corp.group_dn("everybody"), {"member": [(ldap3.MODIFY_ADD, names)]})
    shape = replace(corp.shape, membership=membership, people_base=CROWD)
    everybody = await corp.open(shape, timeout=20).group("everybody")
    assert everybody is not None
    assert len(everybody.members) == CROWD_SIZE
    assert everybody.direct == everybody.members


async def test_a_group_of_several_names_is_found_by_each_and_says_all_of_them(corp: LdapStage) -> None:
    await corp.group("vpn")
    corp.root.modify(corp.group_dn("vpn"), {"cn": [(ldap3.MODIFY_ADD, ["tunnel"])]})
    for name in ("vpn", "tunnel"):
        found = await corp.directory.group(name)
        assert found is not None
        assert found.names == {"vpn", "tunnel"}


async def test_a_group_that_was_moved_or_renamed_keeps_its_id_and_one_made_anew_does_not(
    corp: LdapStage,
) -> None:
    ada = await corp.person("ada")
    await corp.group("vpn")
    first = await corp.directory.group("vpn")
    corp.root.add(f"ou=more,{corp.groups}", "organizationalUnit")
    corp.root.modify_dn(corp.group_dn("vpn"), "cn=vpn", new_superior=f"ou=more,{corp.groups}")
    await corp.directory.add_member(ada, "vpn")
    corp.root.modify_dn(f"cn=vpn,ou=more,{corp.groups}", "cn=tunnel")
    moved = await corp.directory.group("tunnel")
    assert first is not None
    assert moved is not None
    assert (moved.id, moved.members) == (first.id, {ada})
    assert await corp.directory.group("vpn") is None
    await corp.group("vpn")
    anew = await corp.directory.group("vpn")
    assert anew is not None
    assert anew.id != first.id
    assert anew.members == frozenset()


async def test_an_answer_that_the_server_cut_short_is_no_answer(corp: LdapStage) -> None:
    ada = [await corp.person(f"p{number}", mail="shared@example.com") for number in range(5)]
    await corp.group("vpn")
    await corp.put("vpn", *ada)
    narrow = corp.open(bind_dn=NARROW)
    for question in (narrow.accounts_by_mail("shared@example.com"), members_of(narrow, "vpn")):
        with pytest.raises(DirectoryUnavailable, match="size limit"):
            await question


async def test_a_part_kept_elsewhere_makes_the_answer_unknown_and_nobody_goes_there(corp: LdapStage) -> None:
    """Referrals are not chased: they could lead the service account's password anywhere."""
    visitors: list[object] = []

    async def visited(*streams: asyncio.StreamWriter) -> None:
        visitors.append(streams)

    elsewhere = await asyncio.start_server(visited, "127.0.0.1", 0)
    port = elsewhere.sockets[0].getsockname()[1]
    ada = await corp.person("ada")
    corp.root.add(
        f"ou=abroad,{corp.people}",
        ["referral", "extensibleObject"],
        {"ou": "abroad", "ref": f"ldap://127.0.0.1:{port}/ou=people"},
        controls=[("2.16.840.1.113730.3.4.2", True, None)],
    )
    with pytest.raises(DirectoryUnavailable, match="another server"):
        await corp.directory.account(ada)
    moved = corp.open(replace(corp.shape, people_base=f"ou=abroad,{corp.people}"))
    with pytest.raises(DirectoryUnavailable, match="referral"):
        await moved.account(ada)
    assert visitors == []
    elsewhere.close()


async def test_a_service_account_without_the_right_is_told_and_changes_nothing(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    await corp.group("vpn")
    powerless = corp.open(bind_dn=NARROW)
    for change in (powerless.add_member(ada, "vpn"), powerless.set_password(ada, "a new one for ada")):
        with pytest.raises(DirectoryUnavailable, match="insufficientAccessRights"):
            await change
    assert await members_of(corp.directory, "vpn") == frozenset()


async def test_health_needs_both_places_to_be_there(corp: LdapStage) -> None:
    await corp.directory.health()
    for wrong in ({"people_base": f"ou=nowhere,{corp.branch}"}, {"groups_base": f"ou=nowhere,{corp.branch}"}):
        with pytest.raises(DirectoryUnavailable, match="ou=nowhere"):
            await corp.open(replace(corp.shape, **wrong)).health()


async def test_an_id_that_cannot_be_read_is_unknown_and_not_empty(corp: LdapStage) -> None:
    await corp.person("ada")
    directory = corp.open(replace(corp.shape, attributes=LdapAttributes(id="employeeNumber")))
    with pytest.raises(DirectoryUnavailable, match="employeeNumber"):
        await directory.account_by_login("ada")


def test_the_docs_give_the_rights_that_these_tests_run_with() -> None:
    assert "\n".join(f"    {line}".rstrip() for line in RIGHTS.splitlines()) in DOCS.read_text(
        encoding="utf-8"
    )


async def test_who_is_none_of_the_people_any_more_is_still_in_the_group_until_taken_out(
    corp: LdapStage,
) -> None:
    """Promise 1: people who left are moved elsewhere, or are left out by the filter; their access must still end."""
    filtered = corp.open(
        replace(corp.shape, people_filter="(&(objectClass=inetOrgPerson)(!(employeeType=left)))")
    )
    former = f"ou=former,{corp.branch}"
    corp.root.add(former, "organizationalUnit")
    await corp.group("vpn")
    moved, left = await corp.person("moved"), await corp.person("left")
    await corp.put("vpn", moved, left)
    corp.root.modify_dn(corp.dn_of(moved), "uid=moved", new_superior=former)
    corp.set(left, employeeType="left")
    for directory, account in ((corp.directory, moved), (filtered, left)):
        assert await directory.account(account) is None
        assert (await directory.membership(account, "vpn")).present
        await directory.remove_member(account, "vpn")
        assert not (await directory.membership(account, "vpn")).present
    assert corp.value(corp.group_dn("vpn"), "member") == [PLACEHOLDER]


@pytest.mark.parametrize(
    ("people", "groups", "domain"),
    [
        ("ou=people,dc=example,dc=com", "ou=groups,dc=example,dc=com", "dc=example,dc=com"),
        ("ou=a\\,b+cn=c,o=x", "OU=A\\,B+CN=C,O=X", "ou=a\\,b+cn=c,o=x"),
        ("o=people", "o=groups", "o=people"),
    ],
)
def test_people_and_groups_have_a_tree_in_common_or_the_people_s_alone(
    corp: LdapStage, people: str, groups: str, domain: str
) -> None:
    assert replace(corp.shape, people_base=people, groups_base=groups).domain == domain


async def test_names_that_only_look_alike_without_case_are_two(corp: LdapStage) -> None:
    """To the server "ß" is not "ss": neither a member nor an administrators' group may be taken for the other."""
    one, two = (
        await corp.person("strauß", mail="one@example.com"),
        await corp.person("strauss", mail="two@example.com"),
    )
    await corp.group("vpn")
    await corp.put("vpn", one, two)
    assert await members_of(corp.directory, "vpn") == {one, two}
    for name in ("gross", "groß"):
        await corp.group(name)
        await corp.put(name, one)
    await corp.group("administrators", admin=True)
    await corp.put("administrators", groups=("groß",))
    found = await corp.directory.account(one)
    assert found is not None
    assert (found.direct_groups, found.privileged) == ({"vpn", "gross", "groß"}, True)


async def test_a_namesake_in_a_place_that_looks_alike_is_no_member(corp: LdapStage) -> None:
    ids = []
    for place in ("strauß", "strauss"):
        dn = f"uid=ada,ou={place},{corp.people}"
        corp.root.add(f"ou={place},{corp.people}", "organizationalUnit")
        corp.root.add(dn, "inetOrgPerson", {"uid": "ada", "cn": "Ada", "sn": "Ada"})
        ids += corp.value(dn, "entryUUID")
    await corp.group("vpn")
    await corp.put("vpn", ids[0])
    assert await members_of(corp.directory, "vpn") == {ids[0]}


async def test_every_name_of_an_administrators_group_counts(corp: LdapStage) -> None:
    """Servers give several names in any order, and the configured one need not be the first."""
    ada = await corp.person("ada")
    corp.root.add(
        corp.group_dn("administrators"),
        "groupOfNames",
        {"cn": ["superusers", "administrators"], "member": corp.dn_of(ada)},
    )
    found = await corp.directory.account(ada)
    assert found is not None
    assert found.privileged
    assert found.groups == {"superusers", "administrators"}


async def test_the_name_of_a_second_group_gives_nobody_what_the_first_may(corp: LdapStage) -> None:
    """R-1: whoever may make groups somewhere below the base makes one called like that of the approvers."""
    ada, eve = await corp.person("ada"), await corp.person("eve")
    for name in ("Security", "contractors"):
        await corp.group(name)
    await corp.put("Security", ada)
    corp.root.add(f"ou=own,{corp.groups}", "organizationalUnit")
    for name in ("security", "contractors", "administrators"):
        given = {"cn": name, "member": corp.dn_of(eve)}
        corp.root.add(f"cn={name},ou=own,{corp.groups}", "groupOfNames", given)
    await corp.group("administrators", admin=True)
    directory = corp.open(replace(corp.shape, contractor_groups=("contractors",)))
    for account in (ada, eve):
        found = await directory.account(account)
        assert found is not None
        assert (found.groups, found.direct_groups) == (frozenset(), frozenset())
    assert (found.employment, found.privileged) == ("contractor", True)


async def test_whoever_has_several_numbers_has_none_and_is_found_by_each(corp: LdapStage) -> None:
    """Which of them came first would decide who somebody is."""
    directory = corp.open(replace(corp.shape, attributes=LdapAttributes(person="departmentNumber")))
    both = await corp.person("both", departmentNumber=["77", "42"])
    one = await corp.person("one", departmentNumber=["42"])
    found = {each.id: each.person for each in await directory.accounts_of("42")}
    assert found == {both: "", one: "42"}
    assert [each.id for each in await directory.accounts_of("77")] == [both]
