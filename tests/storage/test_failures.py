"""Wrong proofs counted for each person (P-7): when they lock, for how long, and what takes one back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from storage.database import Database
from storage.failures import NOT_COUNTED, Attempt, clear, count_attempt, is_locked, take_back

AT, DAY = datetime(2026, 3, 2, 9, tzinfo=UTC), timedelta(days=1)
ADA = {"directory": "staff", "account": "ada"}


async def tried(
    database: Database, times: int, at: datetime, *, limit: int, most: int | None
) -> list[Attempt]:
    """So many wrong ones, one after another."""

    def work(tx: Session) -> Attempt:
        return count_attempt(tx, **ADA, at=at, limit=limit, lock=DAY, most=most)

    return [await database.write(work) for _ in range(times)]


async def locked(database: Database, at: datetime, most: int | None = None) -> bool:
    return await database.read(lambda tx: is_locked(tx, **ADA, at=at, lock=DAY, most=most))


async def test_every_so_many_lock_again_after_each_lock(database: Database) -> None:
    """SP 800-63B-4, 3.2.2: the end of a lock buys no more looks than there were before it."""
    for day in range(3):
        at = AT + day * DAY
        found = await tried(database, 4, at, limit=3, most=100)
        assert [(one.allowed, one.last) for one in found] == [
            (True, False), (True, False), (True, True), (False, False),
        ]  # fmt: skip
        assert found[-1].number == 3 * (day + 1)
        assert await locked(database, at + DAY - timedelta(seconds=1), most=100)


@pytest.mark.parametrize("limit", [2, 3, 4])
async def test_so_many_in_a_row_lock_for_good_however_they_divide(database: Database, limit: int) -> None:
    """SP 800-63B-4, 3.2.2: until somebody lifts it, and at the very number."""
    allowed = 0
    for day in range(20):
        for one in await tried(database, limit, AT + day * DAY, limit=limit, most=5):
            allowed += one.allowed
            assert one.until_lifted == (one.number >= 5)
    assert allowed == 5
    assert await locked(database, AT + 1000 * DAY, most=5)
    assert await database.write(lambda tx: clear(tx, **ADA))
    assert not await locked(database, AT + 1000 * DAY, most=5)


async def test_without_a_number_for_good_the_end_of_a_lock_forgets_all(database: Database) -> None:
    for day in range(3):
        found = await tried(database, 4, AT + day * DAY, limit=3, most=None)
        assert [one.number for one in found] == [1, 2, 3, 3]
        assert [one.allowed for one in found] == [True, True, True, False]


async def test_only_an_attempt_that_was_counted_is_taken_back_and_its_lock_with_it(
    database: Database,
) -> None:
    """P-7: what was turned away, or never counted, buys no guess."""
    *_, last, refused = await tried(database, 4, AT, limit=3, most=100)
    for attempt in (refused, NOT_COUNTED):
        await database.write(lambda tx, one=attempt: take_back(tx, **ADA, attempt=one, limit=3, most=100))
        assert await locked(database, AT, most=100)
    await database.write(lambda tx: take_back(tx, **ADA, attempt=last, limit=3, most=100))
    assert not await locked(database, AT, most=100)
    assert [one.number for one in await tried(database, 1, AT, limit=3, most=100)] == [3]
