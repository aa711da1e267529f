"""Mail addresses, watched while everybody is looked at: what is a change, and that nobody waits for all of them."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import Session, func, select

from handlers.people.addresses import AT_ONCE, watch
from storage.addresses import same
from storage.database import Database
from storage.engine.stores import Server
from storage.records import Address
from tests.handlers.made_once import copy_empty_database
from tests.handlers.page_ground import Clock


def kept(tx: Session) -> int:
    return tx.exec(select(func.count()).select_from(Address)).one()


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (" ADA@Strasse.Example ", True),
        ("ada@straße.example", False),  # another domain, which may be anybody's
        ("ada@ſtrasse.example", False),
        ("áda@strasse.example", False),
        ("", False),
    ],
)
def test_an_address_that_is_only_alike_is_a_change(other: str, is_same: bool) -> None:
    assert same("ada@strasse.example", other) == is_same


@pytest.mark.both_engines
async def test_the_addresses_of_many_are_kept_some_at_a_time(tmp_path, server: Server | None) -> None:
    """P-3, and promise 1: the first look of all finds everybody's address new, and an end that is due has its turn."""
    if server is None:
        copy_empty_database(tmp_path / "wicket.db")
    database, now = Database(server or tmp_path / "wicket.db"), Clock()()
    mails = {f"p{number:04}": f"p{number}@example.com" for number in range(3 * AT_ONCE + 1)}
    try:
        watching, seen = asyncio.create_task(watch(database, "staff", mails, now)), set[int]()
        while not watching.done():
            seen.add(await database.write(kept))
        assert seen & set(range(1, len(mails)))
        assert await database.read(kept) == len(mails)
        moved = {**mails, "p0000": "other@example.com"}
        await watch(database, "staff", moved, now + timedelta(hours=1))
        rows = await database.read(
            lambda tx: list(tx.exec(select(Address).where(Address.before != "")).all())
        )
        assert [(row.account, row.mail) for row in rows] == [("p0000", "other@example.com")]
    finally:
        database.close()
