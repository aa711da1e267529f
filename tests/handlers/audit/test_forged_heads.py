"""T-9: entries that other hands add to the log: noticed at the next click, signed by nobody, believed by nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers import recording
from handlers.audit import taking_over
from handlers.audit.resealing import reseal
from handlers.decisions.freezing import Stopped
from handlers.intents import CLI
from storage import alarms, rule_sets, walks
from storage.alarms import Effect
from storage.audit import log
from storage.audit.checkpoint import Verifier
from storage.audit.epochs import OPENED, read_epochs
from storage.audit.epochs import STORY as EPOCHS
from storage.audit.heads import TAINTED
from storage.audit.proving import prove
from storage.audit.sealing import sign_head
from storage.audit.sides import NotProven
from storage.audit.slices import STORY, WALKED
from storage.audit.tlog_proof import Inclusion
from storage.audit.verification import verify_log
from storage.audit.vouched import NOT_OURS, is_ours
from storage.database import Database
from storage.engine.stores import Server
from storage.faults import AuditFault, SettingsFault
from storage.freezes import lift, open_ones
from storage.macs import Macs
from storage.secrets import Vault, generate_key
from storage.states import FreezeKind, GrantState
from tests.handlers.access_ground import MACS, World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands
from tests.handlers.audit.test_watching import SIGNER, happened, watching
from tests.handlers.made_once import copy_empty_database
from tests.storage.audit.forging import forge
from tests.storage.postgres import postgres

VERIFIER: Verifier = SIGNER.verifier
RULES = {"set": "forged", "content": "forged", "composition": "forged"}


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    """Its log is under a key, as it is from the first start on."""
    async with open_world(tmp_path, server=server) as made:
        await taking_over.begin(made.ground, VERIFIER)
        yield made


async def forged(world: World, action: str = "note.made", story: str = "g-evil", **how: object) -> int:
    at = world.clock()
    return await world.ground.database.write(
        lambda tx: forge(tx.connection(), action, story, at=at, **how)  # type: ignore[arg-type]
    )


async def ours(world: World) -> bool:
    return await world.ground.database.read(is_ours)


async def stored_mac(world: World) -> str | None:
    def read(tx: Session) -> str | None:
        found: str | None = tx.connection().exec_driver_sql("SELECT mac FROM audit_head").scalar_one()
        return found

    return await world.ground.database.read(read)


@pytest.mark.both_engines
async def test_the_next_click_is_refused_and_what_ends_ends(world: World) -> None:
    grant = await world.given("ada")
    assert await ours(world)
    await forged(world)
    refused = await world.ask("charles", "wiki-edit")
    assert isinstance(refused, Stopped), refused
    assert (await world.audit())[-1]["facts"]["kind"] == FreezeKind.MISMATCH
    world.clock.forward(seconds=3700)
    await world.tick()
    assert await world.state(grant) == GrantState.ENDED
    assert not await ours(world)
    assert await stored_mac(world) == TAINTED


async def test_nothing_is_signed_until_a_new_epoch_says_what_nobody_vouches_for(world: World) -> None:
    """And its entries prove nothing, while those before and after do."""
    await happened(world)
    watch = watching(world, None)
    await watch.look()
    agreed = (await world.ground.database.read(log.head)).size
    evil = await forged(world)
    await happened(world)
    with pytest.raises(AuditFault, match="Nothing is signed"):
        await world.ground.database.read(lambda tx: sign_head(tx, SIGNER))
    assert [one.detail for one in (await world.ground.database.read(verify_log)).findings] == [NOT_OURS]
    await watch.look_again()
    (freeze,) = await world.ground.database.read(open_ones)
    assert (freeze.kind, str(freeze.facts["detail"]).endswith(f"index {agreed} on.")) == (
        FreezeKind.MISMATCH,
        True,
    )
    assert (await world.kinds()).count("access-stopped") == 1
    (epoch,) = (await world.ground.database.read(lambda tx: read_epochs(tx, VERIFIER))).later
    assert (epoch.unvouched, epoch.agrees) == (True, agreed)
    assert agreed <= evil < epoch.opened
    assert await ours(world)
    assert watch.latest is not None
    report = await world.ground.database.read(lambda tx: verify_log(tx, verifier=VERIFIER))
    assert report.sound
    assert f"from index {agreed} to {epoch.opened - 1}" in report.breaks[0]

    def proven(tx: Session, index: int) -> object:
        row = log.row_at(tx, index)
        assert row is not None
        return prove(tx, row, VERIFIER, signer=SIGNER)

    for index, kind in ((agreed - 1, Inclusion), (evil, NotProven), (epoch.opened, Inclusion)):
        assert isinstance(await world.ground.database.read(lambda tx, i=index: proven(tx, i)), kind)
    await watch.look()
    assert len(await world.ground.database.read(open_ones)) == 1
    await forged(world)
    await watch.look()
    assert len((await world.ground.database.read(lambda tx: read_epochs(tx, VERIFIER))).later) == 2


async def test_what_was_forged_is_not_believed_once_access_begins_again(world: World) -> None:
    """Rules, the end of an alarm and that of a walk over the log."""
    at, database = world.clock(), world.ground.database
    await database.write(
        lambda tx: recording.record(
            tx, at=at, action="rules.changed", outcome="done", **recording.BY_ITSELF,
            correlation=rule_sets.STORY, facts=dict.fromkeys(RULES, "ours"),
        )
    )  # fmt: skip
    await database.write(
        lambda tx: recording.record(
            tx, at=at, action="account.reported", outcome="done", **recording.BY_ITSELF,
            correlation="h-1", subject="ada", facts={"directory": "staff", "door": "slack", "disabled": Effect.DONE},
        )
    )  # fmt: skip
    watch = watching(world, None)
    await watch.look()
    await forged(world, "rules.changed", rule_sets.STORY, facts=RULES)
    await forged(world, "account.released", "h-1")
    await forged(world, WALKED, STORY, facts={"round": 9, "sending": 99})
    await forged(
        world, OPENED, EPOCHS, facts={"agrees": 0, "unvouched": True, "cites": [], "kind": "mismatch"}
    )
    for read in (rule_sets.witnessed, walks.last_round, walks.last_end):
        with pytest.raises(AuditFault, match="no key of Wicket"):
            await database.read(read)
    await watch.look()
    await database.write(
        lambda tx: [lift(tx, one, at=at, by="sam", rationale="ok") for one in open_ones(tx)] and None
    )
    told = await database.read(rule_sets.witnessed)
    assert told is not None
    assert told.content == "ours"
    assert await database.read(alarms.reported) == {("staff", "ada")}
    assert await database.read(walks.last_round) == 0
    assert await database.read(lambda tx: walks.followed_to(tx, "sending")) is None


@pytest.mark.both_engines
async def test_what_is_decided_while_somebody_adds_to_the_log_is_not_kept(world: World) -> None:
    await happened(world)
    at = world.clock()

    def decide(tx: Session) -> None:
        assert world.ground.stopped(tx) is None
        forge(tx.connection(), "note.made", "g-evil", at=at)
        recording.record(
            tx, at=at, action="grant.approved", outcome="done", **recording.BY_ITSELF, correlation="g"
        )

    before = await world.ground.database.read(log.head)
    with pytest.raises(AuditFault, match="Other hands added"):
        await world.ground.database.write(decide)
    assert await world.ground.database.read(log.head) == before


_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid'"


@pytest.mark.postgresql_alone
@pytest.mark.parametrize("mac", ["", None], ids=["of another key", "taken away"])
async def test_nobody_slips_an_entry_in_between_the_look_of_an_epoch_and_its_entry(
    world: World, server: Server, mac: str | None
) -> None:
    """They commit once the look was taken: then the epoch is not opened, and the next one vouches for none of it."""
    await happened(world)
    watch, at, engine = watching(world, None), world.clock(), postgres().engine(server)
    await watch.look()
    agreed = (await world.ground.database.read(log.head)).size
    with engine.connect() as other, engine.connect() as third:
        evil = forge(other, "account.released", "h-1", at=at, mac=mac)
        stops = asyncio.create_task(watch.stop_for("Something was found.", unless=lambda _: False))
        while not third.exec_driver_sql(_WAITS).scalar_one():
            third.rollback()
            await asyncio.sleep(0.01)
        other.commit()
        with pytest.raises(AuditFault, match="Other hands added"):
            await stops
    engine.dispose()
    assert not await world.ground.database.read(open_ones)
    await watch.look()
    (epoch,) = (await world.ground.database.read(lambda tx: read_epochs(tx, VERIFIER))).later
    assert (epoch.unvouched, epoch.agrees, agreed) == (True, evil, evil)
    assert await ours(world)


OTHER_HEADS: dict[str, tuple[str, ...]] = {
    "taken away": ("UPDATE audit_head SET mac = NULL",),
    "emptied": ("UPDATE audit_head SET mac = ''",),
    "of no text": ("UPDATE audit_head SET mac = x'00'",),
    "an entry before the first": (
        "INSERT INTO audit_entries SELECT -1, 'e-1', at, actor, subject, resource, action, outcome, correlation, leaf, "
        'leaf_hash, root FROM audit_entries WHERE "index" = 0',
    ),
    "all of it gone": ("DELETE FROM audit_entries", "DELETE FROM audit_texts", "DELETE FROM audit_head"),
}


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("how", OTHER_HEADS)
async def test_a_head_is_not_ours_however_it_was_changed(world: World, how: str) -> None:
    await happened(world)
    assert await ours(world)
    triggers = ("audit_head_update", "audit_head_delete", "audit_entries_insert", "audit_entries_delete")
    drops = [f"DROP TRIGGER IF EXISTS {one}" for one in (*triggers, "audit_texts_delete")]
    await by_other_hands(world, *drops, *OTHER_HEADS[how])
    assert not await ours(world)
    assert world.ground.database.read_now(world.ground.stopped) is not None
    await by_other_hands(world, 'DELETE FROM audit_entries WHERE "index" < 0')
    world.ground.database.write_now(lambda tx: note_in(tx, world.clock()))
    assert not await ours(world) or how == "an entry before the first"


@pytest.mark.sqlite_alone
async def test_a_process_that_looked_once_the_head_was_under_a_key_needs_no_record_of_that(
    world: World, tmp_path: Path
) -> None:
    """Though it began with the store of a version before, and walked over that."""
    began = Database(tmp_path / "wicket.db", macs=MACS)
    ground = replace(world.ground, database=began)
    await began.read(lambda tx: verify_log(tx, verifier=VERIFIER))
    await watching(replace(world, ground=ground), None).look_again()
    await by_other_hands(
        world,
        "DROP TRIGGER audit_head_update",
        "DROP TRIGGER audit_entries_update",
        "UPDATE audit_head SET mac = NULL",
        "UPDATE audit_entries SET correlation = 'elsewhere' WHERE action = 'rows.signed'",
    )
    assert not await began.read(is_ours)
    began.write_now(lambda tx: note_in(tx, world.clock()))
    assert await stored_mac(world) == TAINTED
    began.close()


@pytest.mark.postgresql_alone
def test_two_bots_add_at_once_and_what_is_undone_is_done_again(server: Server) -> None:
    """Whatever became of a transaction, its process goes by what stands there."""
    one, other = (Database(server, macs=MACS, busy_timeout=10) for _ in range(2))

    def add(database: Database, fails: bool) -> None:
        def work(tx: Session) -> None:
            assert is_ours(tx)
            note_in(tx, database.now())
            assert is_ours(tx)
            if fails:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) if fails else nullcontext():
            database.write_now(work)
        assert database.read_now(is_ours)

    add(one, True)
    with ThreadPoolExecutor() as threads:
        list(threads.map(add, [one, other] * 8, [False, False, True, False] * 4))
    assert one.read_now(log.head).size == 12
    assert one.read_now(lambda tx: verify_log(tx, verifier=VERIFIER)).sound
    one.close()
    other.close()


@pytest.fixture
def store_of(tmp_path: Path) -> Iterator[Callable[[Macs | None], Database]]:
    """One store, as a process with these keys opens it."""
    path, opened = copy_empty_database(tmp_path / "wicket.db"), list[Database]()

    def store(macs: Macs | None) -> Database:
        opened.append(Database(path, macs=macs))
        return opened[-1]

    yield store
    for one in opened:
        one.close()


def test_a_head_is_put_under_a_key_once_and_moves_on_with_the_keys(
    store_of: Callable[[Macs | None], Database],
) -> None:
    """A version before left none; the newest key takes over with the next entry, and one that is lost is missed."""
    old, new = generate_key(), generate_key()
    both, first, second = Macs(Vault([new, old])), Macs(Vault([old])), Macs(Vault([new]))
    before = store_of(None)
    note(before)
    assert before.read_now(is_ours)
    bound = store_of(first)
    assert not bound.read_now(is_ours)  # before it walked over what says so
    for _ in range(2):
        taking_over.begin_now(bound, VERIFIER, bound.now())
    told = bound.read_now(lambda tx: log.rows(tx, action="rows.signed"))
    assert [one.said()["facts"]["audit_head"] for one in told] == [1]
    with pytest.raises(SettingsFault, match="WICKET_SECRET_KEYS"):
        note(store_of(None))
    with pytest.raises(SettingsFault, match="Nothing was signed"):
        store_of(None).read_now(lambda tx: sign_head(tx, SIGNER))
    assert not store_of(second).read_now(is_ours)
    assert store_of(both).read_now(is_ours)
    for _ in range(2):
        reseal(store_of(both), Vault([new, old]), where=CLI, tell=lambda _done, _all: None)
    assert len(bound.read_now(lambda tx: log.rows(tx, action="keys.resealed"))) == 1
    assert store_of(second).read_now(is_ours)
    assert not store_of(first).read_now(is_ours)
    bound.write_now(lambda tx: forge(tx.connection(), "note.made", "n", at=bound.now(), mac=None))
    assert not store_of(both).read_now(is_ours)
    with pytest.raises(SettingsFault, match="Nothing was signed"):
        store_of(None).read_now(lambda tx: sign_head(tx, SIGNER))
    taking_over.begin_now(store_of(both), VERIFIER, bound.now())
    note(store_of(both))
    assert not store_of(both).read_now(is_ours)


def note(database: Database) -> None:
    database.write_now(lambda tx: note_in(tx, database.now()))


def note_in(tx: Session, at: datetime) -> None:
    recording.record(tx, at=at, action="note.made", outcome="done", **recording.BY_ITSELF, correlation="n")
