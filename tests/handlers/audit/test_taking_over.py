"""Replicas of two versions on one store: what the older one writes counts until an operator has all signed (T-9)."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from handlers.audit import taking_over
from handlers.audit.doubts import Doubts
from handlers.intents import Where
from handlers.recording import BY_ITSELF, record
from storage import exception_work, grants
from storage.audit import log
from storage.audit.archives import Archive, Statement, keep_archive
from storage.audit.checkpoint import Signer
from storage.audit.entry import Actor, Entry
from storage.audit.entry import Where as Place
from storage.audit.merkle import WIDTH
from storage.audit.tiles import Tree, add_tiles, next_tiles
from storage.database import Database
from storage.faults import AuditFault
from storage.identifiers import new_id
from storage.links import link_of, suspend
from storage.macs import Macs
from storage.signing import unsigned
from storage.states import GrantState
from storage.taking_over import BEGUN, LATER, SIGNED, STORY, takes_over
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as opened
from tests.storage.bound_rows import a_handle, a_link, an_approval, an_exception
from tests.storage.rows import keep

CLI = Where(transport="cli")
KEY = Signer.from_seed("wicket.example/audit", bytes(32)).verifier
OTHER = Signer.from_seed("wicket.example/audit", bytes([1] * 32))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as made:
        yield made


@pytest.fixture
def older(world: World, tmp_path: Path) -> Iterator[Database]:
    """A replica of a version that knows no MAC: it puts none on what is new, and leaves one as it is."""
    database = Database(_store(world))
    yield database
    database.close()


def _store(world: World) -> Path:
    return Path(world.ground.database.read_now(lambda tx: str(tx.connection().engine.url.database)))


def _sign(world: World) -> dict[str, int] | None:
    return taking_over.sign_rows(world.ground.database, where=CLI, tell=lambda _done, _all: None)


async def _by_hand(world: World, *statements: str) -> None:
    await world.ground.database.write(
        lambda tx: [tx.connection().execute(text(each)) for each in statements] and None
    )


async def _upgraded(world: World) -> str:
    """A grant of an older version, and the first start of this one; the grant's id."""
    grant = await world.given("ada")
    await _by_hand(
        world, "UPDATE grants SET mac = ''", "UPDATE links SET mac = ''", "UPDATE holdings SET mac = ''"
    )
    await taking_over.begin(world.ground, KEY)
    return grant


def _links(database: Database) -> bool:
    return database.read_now(lambda tx: link_of(tx, "T1", "U0ADA")) is not None


async def test_what_an_older_replica_writes_beside_counts_until_all_is_signed(world: World, older: Database):
    """T-9: what it makes, and what it changes of ours; afterwards neither, in every replica at its next look."""
    await _upgraded(world)
    ours, other = world.ground.database, Database(_store(world), macs=_macs(world))
    now = world.clock()
    grant = ours.write_now(lambda tx: keep(tx, now, GrantState.APPROVED, account="p-new").id)
    older.write_now(lambda tx: a_link(tx, now))
    older.write_now(lambda tx: grants.move(tx, _got(tx, grant), GrantState.ACTIVE))
    for replica in (ours, other):
        assert _links(replica)
        assert replica.read_now(
            lambda tx: grants.covering(tx, directory="local", account="p-new", group="prod-db-rw")
        )
    assert not ours.doubts
    signed = _sign(world)
    assert signed is not None
    assert (signed["grants"], signed["links"] > 0) == (2, True)
    assert ours.read_now(unsigned) == {}
    assert all(map(_links, (ours, other)))
    await _by_hand(world, "DELETE FROM links WHERE slack_user = 'U0ADA'")
    older.write_now(lambda tx: a_link(tx, now))
    assert not any(map(_links, (ours, other)))
    assert {doubt.table for doubt in other.doubts} == {"links"}
    other.close()


def _macs(world: World) -> Macs:
    made: Macs = world.ground.database.read_now(lambda tx: tx.info["macs"])
    return made


def _got(tx: Session, grant: str) -> grants.Grant:
    found = grants.get(tx, grant)
    assert found is not None
    return found


async def test_an_edited_log_does_not_bring_back_the_time_in_which_nothing_had_to_be_signed(world: World):
    """T-9, T-2: the column that is searched, and not the leaf, which a start looks at only then."""
    await world.given("ada")
    await taking_over.begin(world.ground, KEY)
    await _by_hand(
        world,
        "DROP TRIGGER audit_entries_update",
        "UPDATE audit_entries SET action = 'rows.unsigned' WHERE action = 'rows.signed'",
        "UPDATE grants SET mac = ''",
    )
    with pytest.raises(AuditFault, match="the audit log that says so is not sound"):
        await taking_over.begin(world.ground, KEY)


async def test_no_archive_that_another_key_stated_brings_that_time_back(world: World):
    """T-9, T-9: the entry that ended it is gone, as if it were archived."""
    await world.given("ada")
    await taking_over.begin(world.ground, KEY)
    ours = world.ground.database
    many = [an_entry(world.clock()) for _ in range(WIDTH)]
    ours.write_now(lambda tx: log.append_each(tx, many))
    ours.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=1)))
    ours.write_now(_stated_by_another)
    await _by_hand(
        world, "DELETE FROM audit_entries WHERE action = 'rows.signed'", "UPDATE grants SET mac = ''"
    )
    with pytest.raises(AuditFault, match="the audit log that says so is not sound"):
        await taking_over.begin(world.ground, KEY)


def an_entry(at: datetime) -> Entry:
    return Entry(
        id=new_id("e", at), at=at, action="stream.begun", outcome="done", actor=Actor(type="wicket", id="wicket"),
        correlation="many", where=Place(transport="schedule", replica="r1"),
    )  # fmt: skip


def _stated_by_another(tx: Session) -> None:
    tree, stay = Tree(tx, WIDTH).frontier(WIDTH), bytes(WIDTH // 8)
    statement = Statement(
        log=OTHER.name, first=0, end=WIDTH, root=tree.root, until=datetime(2026, 1, 1, tzinfo=UTC), leaves=bytes(32),
        stay=hashlib.sha256(stay).digest(),
    )  # fmt: skip
    keep_archive(tx, Archive(statement=statement, note=statement.signed(OTHER), frontier=tree, stay=stay))


async def test_a_wrong_mac_counts_in_no_time(world: World):
    """T-9: also while rows without one do."""
    await _upgraded(world)
    now = world.clock()
    await _by_hand(world, "DELETE FROM links")
    world.ground.database.write_now(lambda tx: a_link(tx, now))
    assert _links(world.ground.database)
    await _by_hand(world, "UPDATE links SET mac = '00000000.00'")
    assert not _links(world.ground.database)


async def test_a_new_store_signs_from_its_first_row_on(world: World):
    """T-9: there is nothing to take over, so nothing counts unsigned."""
    await _by_hand(world, *(f"DELETE FROM {table}" for table in ("links", "handles")))
    await taking_over.begin(world.ground, KEY)
    assert SIGNED in {entry.action for entry in world.ground.database.read_now(_told)}
    world.ground.database.write_now(lambda tx: a_link(tx, world.clock()))
    assert world.ground.database.read_now(unsigned) == {}
    await _by_hand(world, "UPDATE links SET mac = ''")
    assert not _links(world.ground.database)


def _told(tx: Session) -> list[log.Row]:
    return log.rows(tx, correlation=STORY)


async def test_no_row_and_no_second_start_brings_the_time_back(world: World):
    """T-9: it ends by an entry, which counts what was signed by kind, for whoever reviews it."""
    grant = await _upgraded(world)
    assert _sign(world) is not None
    assert [entry.action for entry in world.ground.database.read_now(_told)] == [BEGUN, SIGNED]
    assert (await world.last(SIGNED))["facts"]["grants"] == 1
    assert _sign(world) is None
    await _by_hand(world, "UPDATE grants SET mac = ''", "DELETE FROM holdings", "DELETE FROM links")
    await taking_over.begin(world.ground, KEY)
    anew = Database(_store(world), macs=_macs(world))
    assert not anew.read_now(takes_over)
    anew.close()
    await Doubts(world.ground).look()
    assert await world.state(grant) == GrantState.ENDING


async def test_what_later_versions_sign_is_signed_once_at_the_first_start_after_the_upgrade(
    world: World, older: Database
):
    """T-9: an alert of before can be decided by its buttons; none that is written without a MAC after that."""
    ours, now = world.ground.database, world.clock()
    ours.write_now(
        lambda tx: record(tx, at=now, action=SIGNED, outcome="done", **BY_ITSELF, correlation=STORY)
    )
    kept = older.write_now(lambda tx: an_exception(tx, now))
    assert ours.read_now(lambda tx: exception_work.get(tx, kept))  # the start itself goes by what was there
    await taking_over.begin(world.ground, KEY)
    assert (await world.last(SIGNED))["facts"] == {**dict.fromkeys(LATER, 0), "exceptions": 1}
    assert ours.read_now(lambda tx: exception_work.get(tx, kept))
    await _by_hand(world, "UPDATE exceptions SET mac = ''")
    await taking_over.begin(world.ground, KEY)
    assert not ours.read_now(lambda tx: exception_work.get(tx, kept))
    assert [entry.action for entry in ours.read_now(_told)] == [SIGNED, SIGNED]
    await _by_hand(
        world,
        "DROP TRIGGER audit_entries_update",
        "UPDATE audit_entries SET action = 'rows.resigned' WHERE CAST(leaf AS TEXT) LIKE '%exceptions%'",
    )
    await taking_over.begin(world.ground, KEY)
    assert not ours.read_now(lambda tx: exception_work.get(tx, kept))
    await _by_hand(
        world,
        "UPDATE audit_entries SET correlation = 'elsewhere' WHERE CAST(leaf AS TEXT) LIKE '%exceptions%'",
    )
    with pytest.raises(AuditFault, match="the audit log that says so is not sound"):
        await taking_over.begin(world.ground, KEY)


async def test_what_says_that_all_is_signed_has_nothing_signed_anew_and_keeps_no_start_up_where_it_is_damaged(
    world: World, older: Database
):
    """T-9: a bot that does not start takes nothing back."""
    await taking_over.begin(world.ground, KEY)
    planted = older.write_now(lambda tx: an_exception(tx, world.clock()))
    await _by_hand(
        world,
        "DROP TRIGGER audit_entries_update",
        "UPDATE audit_entries SET leaf = 'no leaf' WHERE action = 'rows.signed'",
    )
    await taking_over.begin(world.ground, KEY)
    assert not world.ground.database.read_now(lambda tx: exception_work.get(tx, planted))


@pytest.mark.parametrize("taken_over", [False, True])
async def test_nothing_is_signed_later_where_all_was_signed_from_the_first(
    world: World, older: Database, taken_over: bool
):
    """T-9: a new store, and one of which an operator had everything signed."""
    if taken_over:
        await _upgraded(world)
        _sign(world)
    else:
        await taking_over.begin(world.ground, KEY)
    forged = older.write_now(lambda tx: an_exception(tx, world.clock()))
    await taking_over.begin(world.ground, KEY)
    assert not world.ground.database.read_now(lambda tx: exception_work.get(tx, forged))


async def test_security_hears_of_it_once_a_day_until_it_is_over(world: World):
    """T-9: with what ends it."""
    await _upgraded(world)
    doubts = Doubts(world.ground)
    await doubts.look()
    await doubts.look()
    (told,) = await world.exceptions()
    assert (told.kind, told.facts["rows"] > 0) == ("rows-unsigned", True)
    world.clock.forward(hours=25)
    await doubts.look()
    assert len(await world.exceptions()) == 2
    _sign(world)
    world.clock.forward(hours=25)
    await doubts.look()
    assert len(await world.exceptions()) == 2


@pytest.mark.parametrize("make", [a_link, a_handle, an_approval])
async def test_what_was_signed_halfway_is_signed_anew_when_it_changes(
    world: World, make: Callable[[Session, object], str]
):
    """T-9: signing that was broken off leaves some with a MAC and some without, and ends the next time."""
    await _upgraded(world)
    database = world.ground.database
    made = database.write_now(lambda tx: make(tx, world.clock()))
    assert made
    halfway = database.write_now(lambda tx: [taking_over.sign_unsigned(tx, "links", limit=1)])
    assert halfway
    if make is a_link:
        database.write_now(lambda tx: suspend(tx, made, mail="ada@example.com"))
        assert _links(database)
    assert _sign(world) is not None
    assert database.read_now(unsigned) == {}
    assert not database.doubts
