"""Many memberships for a directory that has no better way: one after another, and only as long as there is time."""

import asyncio

from storage.directories.base import Pair, one_by_one
from storage.faults import DirectoryUnavailable

PAIRS: list[Pair] = [("ada", "vpn"), ("bob", "vpn"), ("eve", "vpn")]


async def test_each_answer_and_each_failure_is_its_own() -> None:
    async def ask(account: str, group: str) -> str:
        if account == "bob":
            raise DirectoryUnavailable("no bob")
        return f"{account} {group}"

    first, second, third = await one_by_one(ask, PAIRS, within=5)
    assert (first, str(second), third) == ("ada vpn", "no bob", "eve vpn")


async def test_those_whose_turn_does_not_come_in_time_are_not_begun() -> None:
    asked: list[str] = []

    async def ask(account: str, _group: str) -> None:
        asked.append(account)
        await asyncio.sleep(0.05)

    found = await one_by_one(ask, PAIRS, within=0.01)
    assert asked == ["ada"]
    assert [isinstance(one, DirectoryUnavailable) for one in found] == [False, True, True]
