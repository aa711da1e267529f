"""An LDAP directory as the bot asks it, on core 0, against a real OpenLDAP server on core 1.

Run as `python -m tests.bench.run_directories FOLDER`; prints its progress and then one line of JSON.
"""

import asyncio
import json
import signal
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from storage.directories.ldap import LdapDirectory
from storage.directories.ldap_connections import Connections
from storage.directories.ldap_servers import LdapServer
from storage.directories.ldap_shape import LdapShape
from storage.faults import DirectoryUnavailable
from tests.bench.machine import BOT_CORE, pin
from tests.storage.directories.slapd import POLICY, SERVICE, SERVICE_PASSWORD, SUFFIX, Slapd, started

PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
# Everybody is in a few groups; one person is in forty, each of which is in another, five deep.
CROWD, OF_EVERYBODY = 32, 3
WIDE, DEEP = 40, 5
ALL_GROUPS = 10_000
ALONE, TURNS, EACH = 100, 8, 4
NOBODY = "cn=nobody"


def seed(slapd: Slapd) -> None:
    """The people, and ten thousand groups."""
    root = slapd.as_root()
    for base in (PEOPLE, GROUPS):
        root.add(base, "organizationalUnit")
    everybody = [f"uid=p{number},{PEOPLE}" for number in range(CROWD)]
    for dn in (*everybody, f"uid=wide,{PEOPLE}"):
        root.add(
            dn, "inetOrgPerson", {"cn": "P", "sn": "P", "mail": f"{dn.partition(',')[0][4:]}@example.com"}
        )
    for number in range(OF_EVERYBODY):
        _group(root, f"all-{number}", everybody)
    for level in range(DEEP):
        for number in range(WIDE):
            inner = f"cn=at-{level - 1}-{number},{GROUPS}" if level else f"uid=wide,{PEOPLE}"
            _group(root, f"at-{level}-{number}", [inner])
    for number in range(ALL_GROUPS - OF_EVERYBODY - WIDE * DEEP):
        _group(root, f"group-{number}", [])
        if number % 100 == 0:
            print(json.dumps({"progress": 0.5 * number / ALL_GROUPS}), flush=True)
    root.unbind()


def _group(root: Any, name: str, members: list[str]) -> None:
    root.add(f"cn={name},{GROUPS}", "groupOfNames", {"member": [NOBODY, *members]})


def opened(slapd: Slapd, server: LdapServer, membership: Any = "member") -> LdapDirectory:
    """The directory as an operator has it by default."""
    shape = LdapShape(
        people_base=PEOPLE, groups_base=GROUPS, admin_groups=("administrators",), placeholder_member=NOBODY,
        password_policy=POLICY, membership=membership,
    )  # fmt: skip
    connections = Connections(
        label=str(server), servers=[server], bind_dn=SERVICE, password=SERVICE_PASSWORD,
        ca_file=slapd.authority.ca_file,
    )  # fmt: skip
    return LdapDirectory(connections, shape, name=str(server))


async def nested(directory: LdapDirectory) -> dict[str, Any]:
    """Seconds that one person in two hundred groups takes, again and again, and how long each keeps our core busy."""
    wide = await directory.account_by_login("wide")
    assert wide is not None
    assert len(wide.groups) == WIDE * DEEP
    busy = time.process_time()
    waits = [await _seconds(lambda: directory.account(wide.id)) for _ in range(ALONE)]
    return {"waits": waits, "busy": (time.process_time() - busy) / ALONE}


async def listing(directory: LdapDirectory) -> dict[str, float]:
    """All names: seconds, and MB at the most and afterwards."""
    seconds = min([await _seconds(directory.group_names) for _ in range(3)])
    tracemalloc.start()
    names = await directory.group_names()
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(names) == ALL_GROUPS
    return {"seconds": seconds, "most": most / 1e6, "kept": kept / 1e6}


async def together(directory: LdapDirectory, hung: LdapDirectory) -> dict[str, list[list[float]]]:
    """Seconds that each of 32 people waits, turn by turn: with the other directory quiet, and with it hung."""
    found = [await directory.account_by_login(f"p{number}") for number in range(CROWD)]
    ids = [account.id for account in found if account is not None]
    assert len(ids) == CROWD

    async def person(account: str) -> list[float]:
        async def question() -> None:
            await directory.account(account)
            await directory.group("all-0")

        return [await _seconds(question) for _ in range(EACH)]

    async def turn() -> list[float]:
        return [wait for waits in await asyncio.gather(*map(person, ids)) for wait in waits]

    await turn()
    turns: dict[str, list[list[float]]] = {"quiet": [], "hung": []}
    for number in range(TURNS):
        turns["quiet"].append(await turn())
        async with _asked(hung):
            turns["hung"].append(await turn())
        print(json.dumps({"progress": 0.6 + 0.4 * (number + 1) / TURNS}), flush=True)
    return turns


@asynccontextmanager
async def _asked(hung: LdapDirectory) -> AsyncIterator[None]:
    """32 people ask this directory, and wait, and ask again."""

    async def ask() -> None:
        while True:
            with suppress(DirectoryUnavailable):
                await hung.account("anybody")

    asking = [asyncio.create_task(ask()) for _ in range(CROWD)]
    await asyncio.sleep(0.2)
    try:
        yield
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def _seconds(call: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await call()
    return time.perf_counter() - began


async def measure(slapd: Slapd) -> dict[str, Any]:
    """Everything, one after the other."""
    silent = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    here = LdapServer(host="localhost", port=slapd.tls_port)
    nowhere = LdapServer(host="127.0.0.1", port=silent.sockets[0].getsockname()[1])
    directories = [opened(slapd, here), opened(slapd, here, "memberOf"), opened(slapd, nowhere)]
    member, member_of, hung = directories
    try:
        return {
            "member": await nested(member),
            "memberOf": await nested(member_of),
            "listing": await listing(member),
            "together": await together(member, hung),
        }
    finally:
        for each in directories:
            each.close()
        silent.close()


if __name__ == "__main__":
    # The server stays on the core where this process began.
    server = started({})
    # Also when this process is ended early, its server ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    seed(server)
    pin(BOT_CORE)
    figures = asyncio.run(measure(server))
    server.end()
    print(json.dumps(figures))
