"""What the connector makes of a real domain controller (Samba's): people, groups and their oddities."""

from datetime import timedelta

import ldap3
import pytest

from storage.directories.ad_groups import all_values
from storage.directories.ad_shape import AdAttributes
from storage.faults import DirectoryUnavailable
from tests.directories.reading import members_of
from tests.storage.directories.ad_stage import AdStage
from tests.storage.directories.samba import SUFFIX

NASTY = [
    "a,b", "a+b", 'a"b', "a\\b", "a<b>", "a;b", "a=b", "#ab", "a#", "a*b", "(ab)", "a)(cn=*", "a&|!b", "a b", "a/b",
    " bc", "ünïcödé", "密碼", "🦊", "a'b", "a%b", "a,OU=People", "cd ", "x" * 62,
]  # fmt: skip


async def test_people_and_groups_of_any_name_are_found_changed_and_listed(domain: AdStage) -> None:
    """RFC 4514 and 4515: every special character, on the wire."""
    before = await domain.person("mary", cn="#mary, the first")
    for number, nasty in enumerate(NASTY):
        ada = await domain.person(f"p{number}", cn=nasty, manager=domain.dn_of(before))
        await domain.group(f"g{number}", cn=f"{nasty}-g", owner=before)
        await domain.directory.add_member(ada, f"g{number}")
        found, group = await domain.directory.account(ada), await domain.directory.group(f"g{number}")
        assert found is not None, nasty
        assert group is not None, nasty
        assert (found.manager, found.direct_groups) == (before, {f"g{number}"}), nasty
        assert (group.owner, group.direct, group.members) == (before, {ada}, {ada}), nasty
        await domain.directory.remove_member(ada, f"g{number}")
        assert await members_of(domain.directory, f"g{number}") == frozenset(), nasty
        before = ada


async def test_names_of_logins_and_groups_take_no_patterns(domain: AdStage) -> None:
    await domain.person("ada")
    await domain.group("vpn")
    for pattern in ("*", "ad*", "ada)(cn=*", "\\61da"):
        assert await domain.directory.account_by_login(pattern) is None
        assert await domain.directory.group(pattern) is None
    for number in ("", "nobody", "*", "00000000-0000-0000-0000-000000000000", "{}"):
        assert await domain.directory.account(number) is None


async def test_attributes_and_groups_say_who_somebody_is(domain: AdStage) -> None:
    directory = domain.named(contractor_groups=("Contractors",), service_groups=("robots",))
    grace = await domain.person("grace")
    ada = await domain.person(
        "ada", department="Payments", company="Lovelace & Co", manager=domain.dn_of(grace),
        physicalDeliveryOfficeName="Oslo",
    )  # fmt: skip
    eve, bot = await domain.person("eve"), await domain.person("bot")
    cara = await domain.person("cara", employment="Contractor")
    svc = await domain.person("svc", employment="service")
    for name, member in (("contractors", eve), ("robots", bot)):
        await domain.group(name)
        await domain.put(name, member)
    found = await directory.account(ada)
    assert found is not None
    assert (found.name, found.team, found.company, found.manager) == (
        "Ada",
        "Payments",
        "Lovelace & Co",
        grace,
    )
    assert found.location == "Oslo"
    kinds = [await directory.account(each) for each in (ada, eve, bot, cara, svc)]
    assert [each.employment for each in kinds if each] == [
        "employee", "contractor", "service", "contractor", "service",
    ]  # fmt: skip


async def test_a_new_mail_address_says_since_when_it_is_there(domain: AdStage) -> None:
    """P-3: by the controllers' own history, which Wicket's account may read; the first address is no change."""
    ada = await domain.person("ada")
    first = await domain.directory.account(ada)
    assert first is not None
    assert first.mail_changed_at is None
    domain.set(ada, displayName="Ada L.")
    domain.set(ada, mail="ada@elsewhere.example")
    found = await domain.directory.account(ada)
    assert found is not None
    assert found.mail_changed_at is not None
    assert abs(found.read_at - found.mail_changed_at) < timedelta(minutes=1)


async def test_computers_are_not_people(domain: AdStage) -> None:
    dn = f"CN=PC1,{domain.people}"
    domain.root.add(dn, "computer", {"sAMAccountName": "PC1$", "userAccountControl": "4096"})
    await domain.group("vpn")
    domain.root.modify(domain.group_dn("vpn"), {"member": [(ldap3.MODIFY_ADD, [dn])]})
    assert await domain.directory.account_by_login("PC1$") is None
    assert await domain.directory.account(domain.id_of(dn)) is None
    assert await members_of(domain.directory, "vpn") == frozenset()


async def test_an_id_follows_its_entry_and_a_new_entry_of_the_same_name_is_somebody_else(
    domain: AdStage,
) -> None:
    ada = await domain.person("ada")
    await domain.group("vpn")
    await domain.put("vpn", ada)
    domain.root.add(f"OU=Left,{domain.people}", "organizationalUnit")
    domain.root.modify_dn(domain.dn_of(ada), "CN=Countess", new_superior=f"OU=Left,{domain.people}")
    assert (await domain.directory.membership(ada, "vpn")).present
    assert await members_of(domain.directory, "vpn") == {ada}
    domain.root.delete(domain.dn_of(ada))
    other = await domain.person("ada")
    assert other != ada
    assert await domain.directory.account(ada) is None
    assert not (await domain.directory.membership(ada, "vpn")).present
    assert not (await domain.directory.membership(other, "vpn")).present


async def test_a_group_that_was_renamed_and_moved_is_the_same_group(domain: AdStage) -> None:
    ada = await domain.person("ada")
    await domain.group("vpn")
    before = await domain.directory.group("vpn")
    domain.root.modify_dn(domain.group_dn("vpn"), "CN=Remote", new_superior=domain.branch)
    directory = domain.named(groups_base=domain.branch)
    await directory.add_member(ada, "vpn")
    after = await directory.group("vpn")
    assert before is not None
    assert after is not None
    assert (after.id, after.members) == (before.id, {ada})


async def test_two_with_one_mail_are_both_given(domain: AdStage) -> None:
    """SL-3: ambiguity is an exception, not a guess."""
    ada = await domain.person("ada", mail="shared@example.com")
    eve = await domain.person("eve", mail="Shared@example.com")
    found = await domain.directory.accounts_by_mail("shared@example.com")
    assert {each.id for each in found} == {ada, eve}


async def test_two_groups_of_one_name_are_no_group(domain: AdStage) -> None:
    """Where groups are called by an attribute that is not unique in a domain."""
    directory = domain.named(attributes=AdAttributes(group_name="cn"))
    await domain.group("vpn")
    domain.root.add(f"OU=More,{domain.groups}", "organizationalUnit")
    domain.root.add(f"CN=vpn,OU=More,{domain.groups}", "group", {"sAMAccountName": "vpn-2"})
    with pytest.raises(DirectoryUnavailable, match="2 groups called 'vpn'"):
        await members_of(directory, "vpn")


async def test_groups_twenty_deep_and_in_a_circle_are_followed_to_the_end(domain: AdStage) -> None:
    alan = await domain.person("alan")
    names = ["administrators", *(f"level-{number}" for number in range(20))]
    for name in names:
        await domain.group(name, admin=name == "administrators")
    for outer, inner in zip(names, [*names[1:], names[0]], strict=True):
        await domain.put(outer, groups=(inner,))
    await domain.put(names[-1], alan)
    found = await domain.directory.account(alan)
    assert found is not None
    assert found.privileged
    assert (found.direct_groups, found.groups) == ({names[-1]}, set(names))
    assert await members_of(domain.directory, "administrators") == {alan}


# Power.


@pytest.mark.parametrize(
    "group",
    [
        f"CN=Domain Admins,CN=Users,{SUFFIX}",
        f"CN=Enterprise Admins,CN=Users,{SUFFIX}",
        f"CN=Administrators,CN=Builtin,{SUFFIX}",
        f"CN=Account Operators,CN=Builtin,{SUFFIX}",
        f"CN=Backup Operators,CN=Builtin,{SUFFIX}",
    ],
)
async def test_who_is_in_a_powerful_group_of_the_domain_is_privileged_whatever_it_is_called(
    group: str, domain: AdStage
) -> None:
    """P-4. The groups are found by their ids: in this domain Administrators is called Administratoren."""
    alan, ada = await domain.person("alan"), await domain.person("ada")
    await domain.group("helpers")
    await domain.put("helpers", alan)
    directory = domain.named(admin_groups=())
    before = await directory.account(alan)
    domain.root.modify(group, {"member": [(ldap3.MODIFY_ADD, [domain.group_dn("helpers")])]})
    found = [before, *[await directory.account(each) for each in (alan, ada)]]
    assert [each.privileged for each in found if each] == [False, True, False]


async def test_a_powerful_primary_group_counts_though_no_list_shows_it(domain: AdStage) -> None:
    """P-4. memberOf leaves it out."""
    alan = await domain.person("alan")
    admins = f"CN=Domain Admins,CN=Users,{SUFFIX}"
    domain.root.modify(admins, {"member": [(ldap3.MODIFY_ADD, [domain.dn_of(alan)])]})
    domain.set(alan, primaryGroupID="512")
    domain.set(alan, adminCount=None)
    assert domain.raw(domain.dn_of(alan), "memberOf") == [f"CN=Domain Users,CN=Users,{SUFFIX}".encode()]
    found = await domain.directory.account(alan)
    assert found is not None
    assert found.privileged


async def test_whom_the_directory_protects_is_privileged(domain: AdStage) -> None:
    """P-4. The mark stays when power is taken away, until an administrator clears it."""
    alan, ada = await domain.person("alan"), await domain.person("ada")
    domain.set(alan, adminCount="1")
    domain.set(ada, adminCount="0")
    found = [await domain.directory.account(each) for each in (alan, ada)]
    assert [each.privileged for each in found if each] == [True, False]


async def test_an_admin_group_counts_wherever_it_stands_in_the_domain(domain: AdStage) -> None:
    """P-4. Only groups below groups_base are named; power comes from all."""
    alan = await domain.person("alan")
    domain.root.add(f"CN=elsewhere,{domain.branch}", "group", {"sAMAccountName": "elsewhere"})
    await domain.put("elsewhere", alan)
    found = await domain.named(admin_groups=("Elsewhere",)).account(alan)
    assert found is not None
    assert (found.privileged, found.groups) == (True, frozenset())


# Groups of their own kind.


async def test_a_primary_group_holds_its_people_and_lets_nobody_go(domain: AdStage) -> None:
    ada = await domain.person("ada")
    await domain.group("staff")
    await domain.group("everybody")
    await domain.put("staff", ada)
    await domain.put("everybody", groups=("staff",))
    sid = domain.raw(domain.group_dn("staff"), "objectSid")[0]
    domain.set(ada, primaryGroupID=str(int.from_bytes(sid[-4:], "little")))
    assert domain.raw(domain.group_dn("staff"), "member") == []
    found, staff = await domain.directory.account(ada), await domain.directory.group("staff")
    assert found is not None
    assert staff is not None
    assert (found.direct_groups, found.groups) == ({"staff"}, {"staff", "everybody"})
    assert (staff.direct, staff.members) == ({ada}, {ada})
    assert await members_of(domain.directory, "everybody") == {ada}
    assert (await domain.directory.membership(ada, "staff")).present
    await domain.directory.add_member(ada, "staff")
    with pytest.raises(DirectoryUnavailable, match="primary group"):
        await domain.directory.remove_member(ada, "staff")


async def test_a_crowd_is_given_whole_though_the_directory_gives_it_in_pieces(own_domain: AdStage) -> None:
    """More than a page of people, and of values as many pieces as Windows makes of thousands, 1,500 at a time."""
    many = 520
    people = "\n".join(
        f"dn: CN=p{number},{own_domain.people}\nchangetype: add\nobjectClass: user\nsAMAccountName: p{number}\n"
        for number in range(many)
    )
    members = "\n".join(f"member: CN=p{number},{own_domain.people}" for number in range(many))
    group = f"dn: CN=crowd,{own_domain.groups}\nchangetype: add\nobjectClass: group\nsAMAccountName: crowd\n{members}\n"
    own_domain.samba.load(f"{people}\n{group}")
    crowd = await own_domain.directory.group("crowd")
    assert crowd is not None
    assert len(crowd.direct) == len(crowd.members) == many
    for size in (None, 200, 260):
        values = await own_domain.opened[0]._connections.run(
            lambda session, size=size: list(
                all_values(session, own_domain.group_dn("crowd"), "member", size=size)
            )
        )
        assert len(set(values)) == len(values) == many


async def test_who_was_moved_out_of_the_people_is_still_in_the_group_until_taken_out(domain: AdStage) -> None:
    """Promise 1: the directory keeps the membership of whoever is moved to where those who left stand."""
    ada = await domain.person("ada")
    await domain.group("vpn")
    await domain.put("vpn", ada)
    former = f"OU=Former,{domain.branch}"
    domain.root.add(former, "organizationalUnit")
    domain.root.modify_dn(domain.dn_of(ada), "CN=ada", new_superior=former)
    assert await domain.directory.account(ada) is None
    assert (await domain.directory.membership(ada, "vpn")).present
    await domain.directory.remove_member(ada, "vpn")
    assert domain.raw(domain.group_dn("vpn"), "member") == []
    assert not (await domain.directory.membership(ada, "vpn")).present


async def test_a_group_that_was_moved_away_is_still_left(domain: AdStage) -> None:
    """Promise 1: it keeps its members and its power, wherever it stands; nobody is put into it there."""
    ada, bob = await domain.person("ada"), await domain.person("bob")
    await domain.group("vpn")
    await domain.put("vpn", ada)
    domain.root.modify_dn(domain.group_dn("vpn"), "CN=vpn", new_superior=domain.people)
    assert await domain.directory.group("vpn") is None
    assert (await domain.directory.membership(ada, "vpn")).present
    await domain.directory.remove_member(ada, "vpn")
    assert domain.raw(domain.group_dn("vpn"), "member") == []
    with pytest.raises(DirectoryUnavailable, match="no group vpn"):
        await domain.directory.add_member(bob, "vpn")
