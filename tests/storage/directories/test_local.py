"""What the local directory promises beyond the contract: its journal, its file, its patience and its pace."""

import asyncio
import sqlite3
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.directories.local import PASSWORD_LIFETIME, LocalDirectory
from storage.directories.scrypt import Scrypt, matches
from storage.faults import DirectoryUnavailable
from tests.directories.reading import members_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GOOD = "correct horse battery staple"
QUICK = Scrypt(n=2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


@pytest.fixture
def directory(file: Path) -> Iterator[LocalDirectory]:
    made = LocalDirectory(file, now=lambda: NOW, cost=QUICK)
    yield made
    made.close()


async def add_ada(directory: LocalDirectory) -> None:
    await directory.add_account("p-ada", login="ada", name="Ada", mail="ada@example.com", password=GOOD)


def look_at(file: Path) -> tuple[int, bytes]:
    return stat.S_IMODE(file.stat().st_mode), file.read_bytes()


def spoil(file: Path) -> None:
    file.write_bytes(b"something else entirely, and long enough to be looked at" * 20)


async def test_the_journal_tells_calls_from_changes(directory: LocalDirectory) -> None:
    await add_ada(directory)
    await directory.add_group("vpn")
    await directory.add_member("p-ada", "vpn")
    await directory.add_member("p-ada", "vpn")
    await directory.remove_member("p-ada", "vpn")
    await directory.set_password("p-ada", "another good sentence")
    await directory.unlock("p-ada")
    assert [(effect.what, effect.group, effect.changed) for effect in await directory.effects()] == [
        ("add", "vpn", True),
        ("add", "vpn", False),
        ("remove", "vpn", True),
        ("set_password", "", True),
        ("unlock", "", False),
    ]
    assert {effect.at for effect in await directory.effects()} == {NOW}


async def test_other_hands_leave_no_line_in_the_journal(directory: LocalDirectory) -> None:
    """Drift is what the journal does not know of."""
    await add_ada(directory)
    await directory.add_group("vpn")
    await directory.put_in_group("vpn", "p-ada")
    assert await directory.memberships() == {("p-ada", "vpn")}
    await directory.take_from_group("vpn", "p-ada")
    assert await directory.memberships() == frozenset()
    assert await directory.effects() == []


async def test_ending_sessions_leaves_none_open(directory: LocalDirectory) -> None:
    await add_ada(directory)
    await directory.open_session("p-ada")
    await directory.open_session("p-ada")
    assert await directory.sessions("p-ada") == 2
    await directory.end_sessions("p-ada")
    await directory.end_sessions("p-ada")
    assert await directory.sessions("p-ada") == 0
    assert [effect.changed for effect in await directory.effects()] == [True, False]


async def test_an_expired_password_signs_nobody_in_until_it_is_replaced(directory: LocalDirectory) -> None:
    await add_ada(directory)
    await directory.change_account("p-ada", password_expires_at=NOW - timedelta(seconds=1))
    assert not await directory.verify_password("p-ada", GOOD)
    assert await directory.set_password("p-ada", "another good sentence") is None
    assert await directory.verify_password("p-ada", "another good sentence")
    found = await directory.account("p-ada")
    assert found is not None
    assert found.password_expires_at == NOW + PASSWORD_LIFETIME


async def test_a_new_password_does_not_lift_a_lockout(directory: LocalDirectory) -> None:
    await add_ada(directory)
    await directory.change_account("p-ada", locked=True)
    await directory.set_password("p-ada", "another good sentence")
    assert not await directory.verify_password("p-ada", "another good sentence")


def test_what_a_stranger_s_password_is_compared_with_costs_as_much_as_a_real_one() -> None:
    """No time tells whether there is such an account (P-9): the same cost, salt and digest, made by no password."""
    nobody, somebody = Scrypt(n=4, r=2).of_nobody().split("$"), Scrypt(n=4, r=2).hash(GOOD).split("$")
    assert nobody[:3] == somebody[:3] == ["4", "2", "1"]
    assert [len(part) for part in nobody] == [len(part) for part in somebody]
    assert not matches(GOOD, "$".join(nobody))


async def test_an_account_without_a_password_lets_nobody_in(directory: LocalDirectory) -> None:
    await directory.add_account("p-svc", login="backup", name="Backup", mail="", employment="service")
    assert not await directory.verify_password("p-svc", "")


async def test_parallel_guesses_are_all_counted(directory: LocalDirectory) -> None:
    await add_ada(directory)
    guesses = await asyncio.gather(*(directory.verify_password("p-ada", f"guess {n}") for n in range(5)))
    assert not any(guesses)
    found = await directory.account("p-ada")
    assert found is not None
    assert found.locked


async def test_a_taken_login_is_refused_and_undoes_nothing_else(directory: LocalDirectory) -> None:
    await add_ada(directory)
    group, taken = await asyncio.gather(
        directory.add_group("vpn"),
        directory.add_account("p-2", login="ADA", name="Other", mail=""),
        return_exceptions=True,
    )
    assert group is None
    assert isinstance(taken, ValueError)
    assert await members_of(directory, "vpn") == frozenset()


async def test_everything_is_there_after_opening_the_file_again(
    file: Path, directory: LocalDirectory
) -> None:
    await add_ada(directory)
    await directory.add_group("vpn")
    await directory.add_member("p-ada", "vpn")
    directory.close()
    again = LocalDirectory(file, cost=QUICK)
    assert (await again.membership("p-ada", "vpn")).present
    assert await again.verify_password("p-ada", GOOD)
    again.close()


async def test_only_the_owner_reads_the_file_and_no_password_stands_in_it(
    file: Path, directory: LocalDirectory
) -> None:
    await add_ada(directory)
    directory.close()
    mode, content = look_at(file)
    assert mode == 0o600
    assert GOOD.encode() not in content


async def test_a_locked_file_is_unavailable_in_time_and_answers_again_when_free(file: Path) -> None:
    """Promise 7: bounded, and never "none"."""
    directory = LocalDirectory(file, timeout=0.3, cost=QUICK)
    await add_ada(directory)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(DirectoryUnavailable):
        await directory.account("p-ada")
    assert time.monotonic() - started < 4  # SQLite itself waits for five seconds
    other.execute("ROLLBACK")
    other.close()
    assert await directory.account("p-ada") is not None
    directory.close()


async def test_a_call_that_ran_out_of_time_in_the_queue_is_never_carried_out(file: Path) -> None:
    """A late "remove" would hit whoever holds the access by then."""
    patient = LocalDirectory(file, timeout=4, cost=QUICK)
    await add_ada(patient)
    await patient.add_group("vpn")
    patient.close()
    directory = LocalDirectory(file, timeout=4, cost=QUICK)
    await directory.health()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    holding_up = asyncio.create_task(directory.health())
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(directory.add_member("p-ada", "vpn"), 0.05)
    other.execute("ROLLBACK")
    other.close()
    await holding_up
    assert not (await directory.membership("p-ada", "vpn")).present
    assert await directory.effects() == []
    directory.close()


async def test_a_file_that_is_no_database_is_unavailable(file: Path) -> None:
    spoil(file)
    directory = LocalDirectory(file, cost=QUICK)
    with pytest.raises(DirectoryUnavailable):
        await directory.health()
    directory.close()


async def test_a_folder_that_is_missing_is_unavailable(tmp_path: Path) -> None:
    directory = LocalDirectory(tmp_path / "missing" / "people.db", cost=QUICK)
    with pytest.raises(DirectoryUnavailable):
        await directory.health()
    directory.close()


async def test_the_loop_runs_on_while_a_password_is_hashed(file: Path) -> None:
    directory = LocalDirectory(file, cost=Scrypt(n=2**14))
    await add_ada(directory)
    waiting = asyncio.create_task(directory.verify_password("p-ada", GOOD))
    turns = 0
    while not waiting.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert waiting.result()
    assert turns > 3
    directory.close()


async def test_thousands_of_changes_take_about_a_second(directory: LocalDirectory) -> None:
    """The pace that a sweep of due grants needs; of the processor, which others may share."""
    await directory.add_group("vpn")
    await asyncio.gather(
        *(directory.add_account(f"p-{n}", login=f"u{n}", name="", mail="") for n in range(3000))
    )
    started = time.process_time()
    await asyncio.gather(*(directory.add_member(f"p-{n}", "vpn") for n in range(3000)))
    assert time.process_time() - started < 3
    assert len(await directory.memberships()) == 3000


REFUSES_ADA = """CREATE TRIGGER refuse BEFORE DELETE ON members WHEN OLD.member = 'p-ada'
BEGIN SELECT RAISE(ABORT, 'not her'); END"""


async def test_one_of_many_that_the_file_refuses_stays_and_the_others_go(
    directory: LocalDirectory, file: Path
) -> None:
    """Also in the journal: what was not done is not in it."""
    await add_ada(directory)
    await directory.add_group("vpn")
    for name in ("bob", "eve"):
        await directory.add_account(f"p-{name}", login=name, name=name, mail=f"{name}@example.com")
    people = ("p-bob", "p-ada", "p-eve")
    await directory.put_in_group("vpn", *people)
    with sqlite3.connect(file) as rows:
        rows.execute(REFUSES_ADA)
    first, second, third = await directory.remove_members([(who, "vpn") for who in people])
    assert (first, third) == (None, None)
    assert isinstance(second, DirectoryUnavailable)
    assert "not her" in str(second)
    assert await members_of(directory, "vpn") == {"p-ada"}
    assert [effect.account for effect in await directory.effects()] == ["p-bob", "p-eve"]
    with pytest.raises(DirectoryUnavailable, match="not her"):
        await directory.remove_member("p-ada", "vpn")
