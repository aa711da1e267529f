"""What an LDAP server may do to us: hang, lie about who it is, change its mind, break off in the middle.

Promise 7: whatever happens is "unknown", in time, and nobody else waits for it.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.directories.ldap_servers import LdapServer
from storage.directories.ldap_session import ChangeUnknown
from storage.faults import DirectoryUnavailable, SettingsFault
from tests.ports import free_port
from tests.storage.directories.certificates import Authority
from tests.storage.directories.impostor import listening
from tests.storage.directories.ldap_stage import PASSWORD, LdapStage, ldap_stage
from tests.storage.directories.slapd import SERVICE_PASSWORD, SUFFIX

NEW = "a wholly different sentence 7"
NO_TLS_HERE = bytes.fromhex("300c 0201 01 7807 0a0102 0400 0400")


def cut_at(piece: int, order: str = "cut") -> Callable[[bytes], str | None]:
    """What a proxy does with the n-th piece from now on that goes to the server."""
    left = iter(range(1, 100))
    return lambda _: order if next(left) == piece else None


async def turns_of_the_loop(until: asyncio.Task[Any]) -> float:
    """The longest time, in seconds, that the loop was not free while the task ran."""
    longest, before = 0.0, time.monotonic()
    while not until.done():
        await asyncio.sleep(0.005)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    return longest


# Who is spoken to.


async def test_starttls_is_as_good_as_ldaps(corp: LdapStage) -> None:
    directory = corp.open(servers=[LdapServer(host="localhost", port=corp.slapd.port, starttls=True)])
    ada = await corp.person("ada")
    assert await directory.verify_password(ada, PASSWORD)


async def test_an_address_is_verified_like_a_name(corp: LdapStage) -> None:
    directory = corp.open(servers=[LdapServer(host="127.0.0.1", port=corp.slapd.tls_port)])
    await directory.health()


@pytest.mark.parametrize(
    ("host", "expired", "other_authority", "said"),
    [
        ("localhost", True, False, "certificate has expired"),
        ("elsewhere.example", False, False, "not valid for 'localhost'"),
        ("localhost", False, True, "not trusted"),
    ],
)
async def test_a_server_that_is_not_who_it_should_be_hears_nothing(
    host: str, expired: bool, other_authority: bool, said: str, corp: LdapStage, tmp_path: Path
) -> None:
    authority = Authority(tmp_path, "other") if other_authority else corp.slapd.authority
    async with listening(b"?", authority.issue(host, expired=expired)) as impostor:
        directory = corp.open(servers=[impostor.server])
        with pytest.raises(DirectoryUnavailable, match=said):
            await directory.health()
        assert impostor.heard == []


async def test_a_server_that_does_not_encrypt_is_told_no_password(corp: LdapStage) -> None:
    """Whoever strips StartTLS gets the request for it and nothing more."""
    async with listening(NO_TLS_HERE) as impostor:
        directory = corp.open(servers=[impostor.server])
        with pytest.raises(DirectoryUnavailable):
            await directory.verify_password("anybody", "canary-7f3a")
        assert b"".join(impostor.heard).count(b"1.3.6.1.4.1.1466.20037") >= 1
        assert not any(
            secret in b"".join(impostor.heard) for secret in (SERVICE_PASSWORD.encode(), b"canary")
        )


async def test_a_file_of_certificates_that_is_none_is_told_at_the_start(
    corp: LdapStage, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("none")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(SettingsFault, match=name):
            corp.open(ca_file=tmp_path / name)


# Hanging.


async def test_a_hung_server_ends_in_time_and_neither_the_loop_nor_another_directory_waits(
    corp: LdapStage,
) -> None:
    async with ldap_stage() as other, listening() as hung:
        ada = await other.person("ada")
        directory = corp.open(servers=[hung.server], timeout=1.2, slots=4)
        started = time.monotonic()
        asking = asyncio.gather(*(directory.account("x") for _ in range(32)), return_exceptions=True)
        watching = asyncio.create_task(turns_of_the_loop(asking))  # type: ignore[arg-type]
        slowest = 0.0
        while not asking.done():
            before = time.monotonic()
            assert await other.directory.account(ada) is not None
            slowest = max(slowest, time.monotonic() - before)
        assert all(isinstance(answer, DirectoryUnavailable) for answer in await asking)
        # One after the other on four slots they would take eight seconds, and who waits for one of them one at least.
        assert time.monotonic() - started < 5
        assert await watching < 0.9
        assert slowest < 0.9


@contextmanager
def full() -> Iterator[LdapServer]:
    """A server that takes no more connections: whoever wants one waits."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        port = listener.getsockname()[1]
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield LdapServer(host="127.0.0.1", port=port)


@pytest.mark.parametrize("at", ["connect", "tls", "starttls", "bind"])
async def test_a_server_that_hangs_on_the_way_ends_in_time_and_the_next_one_answers(
    at: str, corp: LdapStage
) -> None:
    good = LdapServer(host="localhost", port=corp.proxy.port)
    pair = corp.slapd.authority.issue() if at == "bind" else None
    async with listening(pair=pair) as hung:
        with full() as taken:
            servers = {"connect": taken, "starttls": replace(hung.server, starttls=True)}
            server = servers.get(at, hung.server)
            started = time.monotonic()
            with pytest.raises(DirectoryUnavailable, match="in time"):
                await corp.open(servers=[server], timeout=3.0).health()
            assert time.monotonic() - started < 2.5
            await corp.open(servers=[server, good]).health()
    assert bool(hung.heard) is (at in ("tls", "starttls", "bind"))


async def test_a_slot_is_free_again_when_the_server_is(corp: LdapStage) -> None:
    """Hanging in the middle of a search, on the only slot."""
    ada = await corp.person("ada")
    directory = corp.open(slots=1, timeout=2.0)
    await directory.health()
    corp.proxy.hang()
    with pytest.raises(DirectoryUnavailable, match="in time"):
        await directory.account(ada)
    corp.proxy.go_on()
    assert await directory.account(ada) is not None


async def test_a_server_that_trickles_for_ever_is_cut_off(corp: LdapStage) -> None:
    """Each byte is in time; together they never make an answer. Only cutting the connection frees the slot."""
    async with listening(b"\x30\x84\x7f", every=0.05) as impostor:
        directory = corp.open(servers=[impostor.server], slots=1, timeout=0.5)
        started = time.monotonic()
        with pytest.raises(DirectoryUnavailable):
            await directory.health()
        assert time.monotonic() - started < 5  # else for ever
        async with asyncio.timeout(5):
            await asyncio.gather(*impostor.talking)


async def test_a_call_that_ran_out_of_time_in_the_queue_is_never_carried_out(corp: LdapStage) -> None:
    """A late "add" would give access that nobody waits for any more."""
    ada = await corp.person("ada")
    await corp.group("vpn")
    directory = corp.open(slots=1, timeout=2.0)
    await directory.health()
    corp.proxy.hang()
    holding_up = asyncio.create_task(directory.health())
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(directory.add_member(ada, "vpn"), 0.1)
    corp.proxy.go_on()
    await asyncio.gather(holding_up, return_exceptions=True)
    await directory.health()
    assert not (await directory.membership(ada, "vpn")).present


async def test_a_call_that_was_given_up_between_two_steps_begins_no_further_one(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    await corp.group("vpn")
    await corp.directory.health()
    corp.proxy.slow = 0.2
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(corp.directory.add_member(ada, "vpn"), 0.3)
    corp.proxy.slow = 0
    await asyncio.sleep(0.5)
    assert not (await corp.directory.membership(ada, "vpn")).present


# Several servers.


async def test_when_one_server_is_away_the_next_one_answers_and_is_kept_to(corp: LdapStage) -> None:
    good = LdapServer(host="localhost", port=corp.proxy.port)
    ada = await corp.person("ada")
    async with listening() as hung:
        for bad in (
            LdapServer(host="localhost", port=free_port()),
            LdapServer(host="no.invalid", port=1),
            hung.server,
        ):
            directory = corp.open(servers=[bad, good])
            assert await directory.account(ada) is not None
            heard = len(hung.heard)
            assert await directory.account(ada) is not None
            assert len(hung.heard) == heard
    assert heard, "the one that hangs was asked"


async def test_a_server_that_is_back_is_used_again(corp: LdapStage) -> None:
    port = free_port()
    first, second = (
        LdapServer(host="localhost", port=port),
        LdapServer(host="localhost", port=corp.proxy.port),
    )
    directory = corp.open(servers=[first, second], pause=1.0)
    await directory.health()
    assert corp.proxy.connections == 1

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(1)
        writer.transport.abort()

    visits: list[int] = []
    async with await asyncio.start_server(pass_on, "127.0.0.1", port):
        await directory.health()
        assert visits == []
        await asyncio.sleep(1.05)
        await asyncio.gather(*(directory.health() for _ in range(5)))
        assert len(visits) == 1


# Breaking off.


async def test_connections_that_the_server_closed_meanwhile_are_replaced(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    await corp.directory.health()
    corp.proxy.break_all()
    await asyncio.sleep(0.05)
    assert await corp.directory.set_password(ada, NEW) is None


@pytest.mark.parametrize("order", ["cut", "deaf"])
async def test_a_change_of_membership_that_broke_off_is_made_once_more(order: str, corp: LdapStage) -> None:
    """Adding twice is as adding once, so it is simply done again; reading back tells."""
    ada = await corp.person("ada")
    await corp.group("vpn")
    for change, wanted in ((corp.directory.add_member, True), (corp.directory.remove_member, False)):
        await corp.directory.health()
        # To look for the account is the first piece, for the group the second.
        corp.proxy.before = cut_at(3, order)
        await change(ada, "vpn")
        corp.proxy.before = lambda _: None
        assert (await corp.directory.membership(ada, "vpn")).present is wanted


async def test_a_new_password_whose_answer_was_lost_is_found_out_by_signing_in(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    await corp.directory.health()
    corp.proxy.before = cut_at(2, "deaf")
    assert await corp.directory.set_password(ada, NEW) is None
    assert await corp.directory.verify_password(ada, NEW)


async def test_a_new_password_that_never_arrived_is_unknown_and_not_tried_again(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    await corp.directory.health()
    corp.proxy.before = cut_at(2, "cut")
    with pytest.raises(ChangeUnknown):
        await corp.directory.set_password(ada, NEW)
    assert await corp.directory.verify_password(ada, PASSWORD)


async def test_nonsense_from_a_server_is_a_fault_and_no_crash(corp: LdapStage) -> None:
    pair = corp.slapd.authority.issue()
    for nonsense in (
        b"\x00" * 50,
        b"\x30\x05\x02\x01\x01\x61\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x80",
    ):
        async with listening(nonsense, pair) as impostor:
            with pytest.raises(DirectoryUnavailable):
                await corp.open(servers=[impostor.server], timeout=0.5).health()


# The service account.


async def test_a_service_password_that_was_changed_is_tried_once_and_said_plainly(corp: LdapStage) -> None:
    """Trying it with every request would lock the account."""
    dn = f"cn=wicket-2,ou=services,{SUFFIX}"
    kinds = ["organizationalRole", "simpleSecurityObject"]
    corp.root.add(dn, kinds, {"cn": "wicket-2", "userPassword": "the first canary"})
    try:
        directory = corp.open(bind_dn=dn, password="the first canary", pause=1.0)
        await directory.health()
        corp.root.modify(dn, {"userPassword": [("MODIFY_REPLACE", ["another one"])]})
        corp.proxy.break_all()
        await asyncio.sleep(0.05)
        before = corp.proxy.connections
        for _ in range(4):
            with pytest.raises(
                DirectoryUnavailable, match="refuses the password of Wicket's account"
            ) as caught:
                await directory.health()
            assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
        assert corp.proxy.connections == before + 1
        corp.root.modify(dn, {"userPassword": [("MODIFY_REPLACE", ["the first canary"])]})
        corp.root.modify(dn, {"pwdReset": [("MODIFY_DELETE", [])]})
        await asyncio.sleep(1.05)
        await directory.health()
    finally:
        corp.root.delete(dn)


async def test_a_wrong_password_is_tried_once_however_many_ask_at_once(corp: LdapStage) -> None:
    """A server counts each try, and locks the account that a running Wicket uses at the fifth."""
    dn = f"cn=wicket-3,ou=services,{SUFFIX}"
    corp.root.add(
        dn,
        ["organizationalRole", "simpleSecurityObject"],
        {"cn": "wicket-3", "userPassword": SERVICE_PASSWORD},
    )
    try:
        directory = corp.open(bind_dn=dn, password="not this one")
        asked = await asyncio.gather(
            *(directory.health() for _ in range(8)), directory.examine([]), return_exceptions=True
        )
        refused = [f"{each}" for each in asked if isinstance(each, DirectoryUnavailable)]
        assert len(refused) == 8
        assert all("refuses the password of Wicket's account" in each for each in refused)
        assert len(corp.value(dn, "pwdFailureTime")) == 1
    finally:
        corp.root.delete(dn)


async def test_a_server_that_hangs_at_the_sign_in_is_waited_for_once_by_all(corp: LdapStage) -> None:
    """Taking turns must not add up to waiting one after the other."""
    pair = corp.slapd.authority.issue()
    async with listening(pair=pair) as silent:
        directory = corp.open(
            servers=[silent.server, LdapServer(host="localhost", port=corp.proxy.port)], timeout=4.0
        )
        started = time.monotonic()
        await asyncio.gather(*(directory.health() for _ in range(8)))
        assert time.monotonic() - started < 3.5  # one after the other they would run out of time


async def test_a_closed_directory_is_unavailable_and_closing_waits_for_no_server(corp: LdapStage) -> None:
    async with listening() as hung:
        directory = corp.open(servers=[hung.server])
        asking = asyncio.create_task(directory.health())
        await asyncio.sleep(0.1)
        started = time.monotonic()
        directory.close()
        assert time.monotonic() - started < 0.9  # the server's answer would be waited for a second
        with pytest.raises(DirectoryUnavailable):
            await asking
        with pytest.raises(DirectoryUnavailable, match="closed"):
            await directory.health()
