"""Handles: a link's text is computed, recognised when it is ours, and worth nothing otherwise."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.secure_page.handles import Handles
from storage.database import Database
from storage.handles import bind, close_others, finished_since, handle_by_id, move
from storage.records import Handle
from storage.secrets import Vault, generate_key
from storage.states import Purpose, Result
from tests.handlers.made_once import copy_empty_database

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database with its tables."""
    opened = Database(copy_empty_database(tmp_path / "wicket.db"))
    yield opened
    opened.close()


@pytest.fixture
def handles() -> Handles:
    """Handles that work for ten minutes."""
    return Handles(vault=Vault([generate_key()]), lifetime=timedelta(minutes=10))


async def _opened(database: Database, handles: Handles, purpose: Purpose = Purpose.RESET) -> Handle:
    def work(tx: Session) -> Handle:
        return handles.open_handle(
            tx, purpose=purpose, directory="staff", account="ada", slack_team="T1", slack_user="U1", at=AT
        )

    return await database.write(work)


async def test_the_text_leads_back_to_its_handle_and_is_not_kept(
    database: Database, handles: Handles
) -> None:
    handle = await _opened(database, handles)
    text = handles.handle_text(handle.id)
    assert handles.handle_in(text) == handle.id
    assert text == handles.handle_text(handle.id)
    kept = await database.read(lambda tx: handle_by_id(tx, handle.id))
    assert kept is not None
    assert text.split(".")[1] not in kept.model_dump_json()
    assert kept.expires_at == AT + timedelta(minutes=10)


async def test_a_forged_text_leads_nowhere(database: Database, handles: Handles) -> None:
    handle = await _opened(database, handles)
    text = handles.handle_text(handle.id)
    flipped = "B" if text[-5] != "B" else "C"
    forged = [
        handle.id,
        f"{handle.id}.",
        text[:-5] + flipped + text[-4:],
        text + "A",
        text + "\n",
        text.upper(),
        Handles(vault=Vault([generate_key()]), lifetime=timedelta(1)).handle_text(handle.id),
        "",
        "\0",
        "h-é.é",
    ]
    assert [handles.handle_in(each) for each in forged] == [None] * len(forged)


def test_a_link_outlives_a_change_of_keys() -> None:
    old, new = generate_key(), generate_key()
    before = Handles(vault=Vault([old]), lifetime=timedelta(minutes=10))
    after = Handles(vault=Vault([new, old]), lifetime=timedelta(minutes=10))
    text = before.handle_text("h-000000000-00000000")
    assert after.handle_in(text) == "h-000000000-00000000"


async def test_only_one_browser_is_bound(database: Database, handles: Handles) -> None:
    handle = await _opened(database, handles)

    def bound(session: str, was: str = "", at: datetime = AT) -> Callable[[Session], bool]:
        return lambda tx: bind(tx, handle.id, proven=["totp"], session=session, was=was, at=at)

    assert await database.write(bound("a" * 64))
    assert not await database.write(bound("b" * 64))
    assert not await database.write(bound("b" * 64, was="a" * 64, at=handle.expires_at))


async def test_only_one_tab_takes_the_change(database: Database, handles: Handles) -> None:
    handle = await _opened(database, handles)

    def take(tx: Session) -> bool:
        return move(tx, handle.id, was=Result.OPEN, now=Result.CHANGING, at=AT)

    assert [await database.write(take), await database.write(take)] == [True, False]
    await database.write(lambda tx: move(tx, handle.id, was=Result.CHANGING, now=Result.DONE, at=AT))
    counted = await database.read(
        lambda tx: finished_since(
            tx, Purpose.RESET, directory="staff", account="ada", since=AT - timedelta(days=1)
        )
    )
    assert counted == 1


async def test_a_finished_change_ends_the_other_links_of_the_person(
    database: Database, handles: Handles
) -> None:
    one, two = await _opened(database, handles), await _opened(database, handles)
    await database.write(lambda tx: close_others(tx, one.id, directory="staff", account="ada", at=AT))
    left = await database.read(lambda tx: [handle_by_id(tx, one.id), handle_by_id(tx, two.id)])
    assert [handle.expires_at for handle in left if handle] == [AT + timedelta(minutes=10), AT]
