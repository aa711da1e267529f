"""The failing directory does fail, in each way it says, and only there."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.directories.base import Directory
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.faults import DirectoryUnavailable
from tests.directories.faulty import FaultyDirectory
from tests.directories.reading import members_of


@pytest.fixture
async def inner(tmp_path: Path) -> AsyncIterator[LocalDirectory]:
    made = LocalDirectory(tmp_path / "people.db", cost=Scrypt(n=2))
    await made.add_account("p-ada", login="ada", name="Ada", mail="ada@example.com")
    await made.add_group("vpn")
    yield made
    made.close()


@pytest.fixture
async def faulty(inner: LocalDirectory) -> FaultyDirectory:
    return FaultyDirectory(inner, timeout=0.2)


async def test_switched_off_it_is_the_directory_inside(
    faulty: FaultyDirectory, inner: LocalDirectory
) -> None:
    port: Directory = faulty
    await port.add_member("p-ada", "vpn")
    assert await members_of(port, "vpn") == await members_of(inner, "vpn") == {"p-ada"}
    assert faulty.calls["add_member"] == 1


async def test_error_raises_for_the_named_methods_alone(faulty: FaultyDirectory) -> None:
    faulty.error("add_member", times=1)
    with pytest.raises(DirectoryUnavailable):
        await faulty.add_member("p-ada", "vpn")
    assert not (await faulty.membership("p-ada", "vpn")).present
    await faulty.add_member("p-ada", "vpn")


async def test_hang_ends_by_the_timeout(faulty: FaultyDirectory) -> None:
    faulty.hang()
    started = time.monotonic()
    with pytest.raises(DirectoryUnavailable):
        await faulty.account("p-ada")
    assert 0.15 < time.monotonic() - started < 2


async def test_a_late_answer_is_of_when_it_was_asked(inner: LocalDirectory) -> None:
    faulty = FaultyDirectory(inner, timeout=5)
    faulty.answer_late("group", times=1)
    asking = asyncio.create_task(faulty.group("vpn"))
    while not faulty.hanging:  # noqa: ASYNC110  it has no event to wait for
        await asyncio.sleep(0.001)
    await faulty.add_member("p-ada", "vpn")
    faulty.release()
    found = await asking
    assert found is not None
    assert found.direct == frozenset()
    assert await members_of(faulty, "vpn") == {"p-ada"}


async def test_a_released_hang_goes_on(inner: LocalDirectory) -> None:
    faulty = FaultyDirectory(inner, timeout=5)
    faulty.hang("add_member")
    adding = asyncio.create_task(faulty.add_member("p-ada", "vpn"))
    await asyncio.sleep(0.02)
    assert faulty.hanging == 1
    assert not (await inner.membership("p-ada", "vpn")).present
    faulty.release()
    await adding
    assert (await inner.membership("p-ada", "vpn")).present


async def test_slow_takes_its_time(faulty: FaultyDirectory, inner: LocalDirectory) -> None:
    faulty.slow(0.05, "add_member", times=1)
    started = time.monotonic()
    await faulty.add_member("p-ada", "vpn")
    assert time.monotonic() - started >= 0.05
    faulty.slow(5, "remove_member")
    with pytest.raises(DirectoryUnavailable):
        await faulty.remove_member("p-ada", "vpn")
    assert (await inner.membership("p-ada", "vpn")).present


async def test_a_lie_says_done_and_reading_back_finds_it_out(faulty: FaultyDirectory) -> None:
    faulty.lie()
    await faulty.add_member("p-ada", "vpn")
    assert not (await faulty.membership("p-ada", "vpn")).present


async def test_success_after_timeout_is_done_though_it_raised(faulty: FaultyDirectory) -> None:
    faulty.succeed_after_timeout("add_member")
    with pytest.raises(DirectoryUnavailable):
        await faulty.add_member("p-ada", "vpn")
    assert (await faulty.membership("p-ada", "vpn")).present


async def test_partial_fails_every_second_call(faulty: FaultyDirectory) -> None:
    faulty.partial("membership")
    answers = await asyncio.gather(
        *(faulty.membership("p-ada", "vpn") for _ in range(6)), return_exceptions=True
    )
    assert [isinstance(answer, DirectoryUnavailable) for answer in answers] == [False, True] * 3


async def test_mended_it_works_again(faulty: FaultyDirectory) -> None:
    faulty.error()
    faulty.hang("health")
    faulty.mend()
    await faulty.health()


async def test_a_misspelt_method_is_no_switch(faulty: FaultyDirectory) -> None:
    with pytest.raises(ValueError, match="add_membr"):
        faulty.error("add_membr")
