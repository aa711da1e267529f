"""Help with one's own account: the page opened, the unlock begun on the record and told as it went."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.intents import Intent
from handlers.outcomes import Repeated
from handlers.questions.answers import NotHere, NotKnownUnlocked, NotLocked, PageOpened, Unlocked
from handlers.secure_page.asking import Accounts
from handlers.secure_page.changes import Changes
from handlers.secure_page.visits import PageGround
from storage import alarms
from storage.handles import make_handle
from storage.records import Handle, Owed
from storage.secrets import Vault, generate_key
from storage.states import Purpose
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def unlock(world: World, login: str, delivery: str = "") -> object:
    """They ask to be unlocked."""
    return await world.accounts.unlock(Intent(**await world.intent(login, delivery)), by_message=True)


async def test_an_unlock_is_read_back_and_both_ends_are_on_the_record(world: World) -> None:
    await world.local.change_account("ada", locked=True)
    assert await unlock(world, "ada") == Unlocked()
    assert not (await world.account("ada")).locked
    assert await world.actions("account") == ["account.unlock_started done", "account.unlocked done"]
    started, ended = await world.last("account.unlock_started"), await world.last("account.unlocked")
    assert started["correlation"] == ended["correlation"]
    assert started["policy"]["ids"] == ["unlock-once-a-day"]


async def test_whoever_is_reported_is_not_unlocked(world: World) -> None:
    """P-6: not without a proof, and nobody is sent to a page that would only refuse."""
    await world.local.change_account("ada", locked=True)
    ada = await world.account("ada")

    def report(tx: Session) -> None:
        about = {"directory": ada.directory, "account": ada.id}
        visit = make_handle(
            tx, at=world.clock(), expires_at=world.clock(), purpose=Purpose.RESET, slack_team="T1",
            slack_user="Uada", **about,
        )  # fmt: skip
        alarms.sound(
            tx,
            handle=visit.id,
            name="Ada",
            door="mail",
            disabled=alarms.Effect.HELD,
            at=world.clock(),
            **about,
        )

    await world.ground.database.write(report)
    assert isinstance(await unlock(world, "ada"), NotHere)
    assert (await world.account("ada")).locked


@pytest.mark.parametrize("fault", ["error", "lie", "succeed_after_timeout", "read back"])
async def test_an_unlock_that_is_not_confirmed_is_recorded_and_told_as_such(world: World, fault: str) -> None:
    """The intent was durable, so its outcome is, too; nobody is told that it is done."""
    await world.local.change_account("ada", locked=True)
    intent = Intent(**await world.intent("ada"))
    if fault == "read back":
        world.faulty.error("account")
    else:
        getattr(world.faulty, fault)("unlock")
    assert await world.accounts.unlock(intent, by_message=True) == NotKnownUnlocked()
    assert await world.actions("account") == ["account.unlock_started done", "account.unlocked failed"]
    (told,) = await world.exceptions()
    assert (told.kind, told.severity, told.who) == ("change-unsure", "high", "Ada (ada)")
    assert told.correlation == (await world.last("account.unlocked"))["correlation"]


async def test_an_unlock_whose_end_could_not_be_written_is_told_as_unsure_and_closed_later(
    world: World, tmp_path: Path
) -> None:
    """The directory was changed: nobody hears that nothing was done, and the record does not stay open (promise 2)."""
    await world.local.change_account("ada", locked=True)
    world.faulty.hang("unlock", times=1)
    unlocking = asyncio.create_task(unlock(world, "ada"))
    await world.until_hanging()
    with without_audit_log(tmp_path / "wicket.db"):
        world.faulty.release()
        assert await unlocking == NotKnownUnlocked()
    assert not (await world.account("ada")).locked
    assert await world.actions() == ["account.unlock_started done"]
    await closes_once(world)


async def test_an_unlock_that_a_crash_cut_off_is_closed_as_unknown(world: World) -> None:
    """T-3: what it came to is unknown, and that is recorded, told to them and to security, once."""
    await world.local.change_account("ada", locked=True)
    world.faulty.hang("unlock", times=1)
    unlocking = asyncio.create_task(unlock(world, "ada"))
    await world.until_hanging()
    unlocking.cancel()
    await asyncio.gather(unlocking, return_exceptions=True)
    await closes_once(world)


async def test_an_unlock_that_ended_is_not_closed_again(world: World) -> None:
    await world.local.change_account("ada", locked=True)
    await unlock(world, "ada")
    world.clock.forward(hours=1)
    assert await changes(world).settle_cut_off() == 0
    assert await world.owed() == set()


def changes(world: World) -> Changes:
    """What the schedule asks to end what was cut off."""
    ground = world.ground
    return Changes(
        PageGround(
            database=ground.database, directories=ground.directories, policy=ground.policy,
            vault=Vault([generate_key()]), handles=world.handles, now=ground.now,
        )
    )  # fmt: skip


async def closes_once(world: World) -> None:
    """Not while it may still be under way; a few minutes later, and then never again."""
    assert await changes(world).settle_cut_off() == 0
    world.clock.forward(minutes=3)
    assert [await changes(world).settle_cut_off() for _ in range(2)] == [1, 0]
    assert await world.actions("account") == ["account.unlock_started done", "account.unlocked failed"]
    started, ended = await world.last("account.unlock_started"), await world.last("account.unlocked")
    assert started["correlation"] == ended["correlation"]
    assert ended["facts"]["known"] is False
    assert await world.kinds() == ["change-unsure"]
    # The letter says that they proved who they are, which they did not.
    assert {kind for kind, _ in await world.owed()} == {"account-unlocked", "exception"}
    assert {row.courier for row in await world.rows(Owed)} == {"slack"}


@contextmanager
def without_audit_log(path: Path) -> Iterator[None]:
    """The audit log cannot be appended to: its head is gone."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as other:
        other.execute("ALTER TABLE audit_head RENAME TO audit_head_away")
        yield
        other.execute("ALTER TABLE audit_head_away RENAME TO audit_head")


async def test_the_second_unlock_of_a_day_asks_for_a_proof(world: World) -> None:
    """AC-7: otherwise it would defeat the lockout during a spraying attack."""
    await world.local.change_account("ada", locked=True)
    await unlock(world, "ada")
    await world.local.change_account("ada", locked=True)
    opened = await unlock(world, "ada")
    assert isinstance(opened, PageOpened)
    assert opened.purpose == Purpose.UNLOCK
    assert (await world.account("ada")).locked
    world.clock.forward(hours=25)
    assert await unlock(world, "ada") == Unlocked()


async def test_an_unlock_that_failed_counts_for_the_day(world: World) -> None:
    """Nobody knows whether it was done."""
    await world.local.change_account("ada", locked=True)
    world.faulty.succeed_after_timeout("unlock")
    await unlock(world, "ada")
    await world.local.change_account("ada", locked=True)
    assert isinstance(await unlock(world, "ada"), PageOpened)


async def test_four_deliveries_unlock_once(world: World) -> None:
    """Promise 6."""
    await world.local.change_account("ada", locked=True)
    outcomes = [await unlock(world, "ada", delivery="same") for _ in range(4)]
    assert outcomes == [Unlocked()] + [Repeated()] * 3
    assert await world.changes() == ["unlock ada"]


async def test_who_is_not_locked_has_nothing_to_unlock(world: World) -> None:
    assert await unlock(world, "ada") == NotLocked()
    assert await world.actions() == ["unlock.not_locked refused"]


async def test_the_privileged_are_pointed_to_the_governed_way(world: World) -> None:
    """P-4."""
    await world.local.change_account("root", locked=True)
    refused = await unlock(world, "root")
    assert isinstance(refused, NotHere)
    assert refused.instead == "governed way"
    intent = Intent(**await world.intent("root"))
    assert isinstance(await world.accounts.open_page(intent, Purpose.RESET, by_message=True), NotHere)
    assert await world.actions() == ["unlock.refused refused", "reset.refused refused"]
    assert await world.kinds() == ["refused-self-service"] * 2
    assert (await world.account("root")).locked


async def test_without_proofs_there_is_no_reset_and_that_is_on_the_record(world: World) -> None:
    intent = Intent(**await world.intent("ada"))
    refused = await world.accounts.open_page(intent, Purpose.RESET, by_message=True)
    assert refused == NotHere(purpose=Purpose.RESET, reasons=(), instead="set up proofs first")
    assert await world.actions() == ["reset.no_proofs refused"]
    assert await world.rows(Handle) == []


async def test_who_set_nothing_up_can_be_vouched_for_where_anybody_vouches(world: World) -> None:
    """P-13: by another button, for what comes first is a proof of one's own."""
    for vouches in (False, True):
        accounts = Accounts(world.ground, handles=world.handles, vouches=vouches)
        intent = Intent(**await world.intent("ada", f"first {vouches}"))
        refused = await accounts.open_page(intent, Purpose.RESET, by_message=True)
        assert refused == NotHere(
            purpose=Purpose.RESET, reasons=(), instead="set up proofs first", vouches=vouches
        )
        again = Intent(**await world.intent("ada", f"then {vouches}"))
        opened = await accounts.open_page(again, Purpose.RESET, by_message=True, unprepared=True)
        assert isinstance(opened, PageOpened) == vouches


async def test_setting_up_proofs_opens_the_page_by_a_message_owed(world: World) -> None:
    intent = Intent(**await world.intent("ada", "same"))
    opened = await world.accounts.open_page(intent, Purpose.ENROL, by_message=True)
    assert isinstance(opened, PageOpened)
    assert await world.accounts.open_page(intent, Purpose.ENROL, by_message=True) == Repeated()
    assert await world.owed() == {("page", "Uada")}
    assert await world.actions() == ["enrol.page_opened done"]
