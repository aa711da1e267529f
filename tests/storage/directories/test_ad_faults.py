"""What may go wrong with a domain controller: whom it speaks for, what it refuses, where it breaks off.

Promise 7: whatever happens is "unknown" and never "none". test_ldap_faults.py asks what is the same for every server.
"""

import asyncio
from collections.abc import Callable

import ldap3
import pytest

from storage.directories.ldap_servers import LdapServer
from storage.faults import DirectoryUnavailable
from tests.storage.directories.ad_stage import PASSWORD, AdStage, in_quotes
from tests.storage.directories.samba import SERVICE, SERVICE_PASSWORD

NEW = "a wholly different sentence 7"


def cut_at(piece: int, order: str) -> Callable[[bytes], str | None]:
    """What a proxy does with the n-th piece from now on that goes to the server."""
    left = iter(range(1, 100))
    return lambda _: order if next(left) == piece else None


async def test_starttls_is_as_good_as_ldaps_and_an_address_as_good_as_a_name(domain: AdStage) -> None:
    ada = await domain.person("ada")
    for server in (
        LdapServer(host=domain.samba.address, port=domain.samba.port, starttls=True),
        LdapServer(host=domain.samba.address, port=domain.samba.tls_port),
    ):
        directory = domain.open(servers=[server])
        assert await directory.set_password(ada, f"{NEW} {server}") is None
        assert await directory.verify_password(ada, f"{NEW} {server}")


async def test_a_certificate_of_another_host_is_refused_before_anything_is_said(domain: AdStage) -> None:
    directory = domain.open(servers=[LdapServer(host="127.0.0.1", port=domain.proxy.port)])
    with pytest.raises(DirectoryUnavailable, match=r"not trusted.*IP address mismatch"):
        await directory.health()


async def test_nothing_is_said_in_clear_and_the_server_would_not_hear_it(domain: AdStage) -> None:
    """SC-8. The port that begins in clear is spoken to by TLS alone."""
    directory = domain.open(servers=[LdapServer(host=domain.samba.address, port=domain.samba.port)])
    with pytest.raises(DirectoryUnavailable):
        await directory.health()
    clear = ldap3.Connection(
        ldap3.Server(domain.samba.address, port=domain.samba.port, get_info=ldap3.NONE),
        SERVICE,
        SERVICE_PASSWORD,
    )
    assert not clear.bind()
    assert clear.result["description"] == "strongerAuthRequired"
    clear.unbind()


@pytest.mark.parametrize("order", ["cut", "deaf"])
async def test_a_change_of_membership_that_broke_off_is_made_once_more(order: str, domain: AdStage) -> None:
    """Adding twice is as adding once, so it is simply done again; reading back tells."""
    ada = await domain.person("ada")
    await domain.group("vpn")
    for _ in range(2):
        for change, wanted in ((domain.directory.add_member, True), (domain.directory.remove_member, False)):
            await domain.directory.health()
            # To look for the account is the first piece, for the group the second.
            domain.proxy.before = cut_at(3, order)
            await change(ada, "vpn")
            domain.proxy.before = lambda _: None
            assert (await domain.directory.membership(ada, "vpn")).present is wanted


@pytest.mark.parametrize("order", ["cut", "deaf"])
async def test_a_new_password_is_never_said_to_be_set_when_it_is_not(order: str, domain: AdStage) -> None:
    """Wherever it breaks off: done, or unknown and then found out by signing in."""
    ada = await domain.person("ada")
    present, ends = PASSWORD, set()
    for piece in range(1, 9):
        await domain.directory.health()
        domain.proxy.before = cut_at(piece, order)
        wanted = f"{NEW} {piece}"
        try:
            assert await domain.directory.set_password(ada, wanted) is None
            ends.add("done")
            present = wanted
        except DirectoryUnavailable:
            ends.add("unknown")
        domain.proxy.before = lambda _: None
        if not await domain.directory.verify_password(ada, present):
            assert await domain.directory.verify_password(ada, wanted)
            present = wanted
    assert ends == {"done", "unknown"} if order == "cut" else "done" in ends


async def test_a_service_password_that_was_changed_is_tried_once_and_said_plainly(domain: AdStage) -> None:
    """Trying it with every request would lock the account."""
    account = await domain.person("wicket-2")
    dn = domain.dn_of(account)
    directory = domain.open(bind_dn=dn, password=PASSWORD, pause=1.0)
    await directory.health()
    domain.set(account, unicodePwd=in_quotes("another one of 8"))
    domain.proxy.break_all()
    await asyncio.sleep(0.05)
    before = domain.proxy.connections
    for _ in range(4):
        with pytest.raises(DirectoryUnavailable, match="refuses the password of Wicket's account") as caught:
            await directory.health()
        assert PASSWORD not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert domain.proxy.connections == before + 1
    domain.set(account, unicodePwd=in_quotes(PASSWORD))
    await asyncio.sleep(1.05)
    await directory.health()


async def test_without_the_rights_changes_fail_and_nothing_is_changed(domain: AdStage) -> None:
    ada = await domain.person("ada")
    await domain.group("vpn")
    nobody_much = await domain.person("wicket-2")
    powerless = domain.open(bind_dn=domain.dn_of(nobody_much), password=PASSWORD)
    for change in (
        powerless.add_member(ada, "vpn"), powerless.set_password(ada, NEW), powerless.switch(ada, active=False)
    ):  # fmt: skip
        with pytest.raises(DirectoryUnavailable, match="insufficientAccessRights"):
            await change
    assert not (await domain.directory.membership(ada, "vpn")).present
    assert await domain.directory.verify_password(ada, PASSWORD)


async def test_the_next_domain_controller_answers_when_one_is_away(domain: AdStage) -> None:
    away = LdapServer(host=domain.samba.address, port=1)
    directory = domain.open(servers=[away, LdapServer(host="localhost", port=domain.proxy.port)])
    ada = await domain.person("ada")
    assert await directory.account(ada) is not None
