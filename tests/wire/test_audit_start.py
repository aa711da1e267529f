"""The record and the start: a store that is not what was signed of it gives nothing new (T-2)."""

import sqlite3

import pytest

from storage.audit import log
from storage.audit.sealing import take_checkpoint
from storage.audit.verification import verify_log
from storage.faults import AuditFault
from tests.wire.steps import ask


async def test_a_store_that_was_cut_back_starts_and_gives_nothing_new(world):
    """Somebody takes the newest entries away and mends the head; the last checkpoint still knows better."""
    ada, alan = world.person("ada"), world.person("alan")
    await ada.say("what access do I have?")
    await ada.sees("You hold")
    before = await world.database.read(log.head)
    await ada.say("who owns prod-db?")
    await ada.sees("belongs to")
    signer = world.settings.secrets.signer()
    note = await world.database.write(lambda tx: take_checkpoint(tx, signer, at=world.clock.now()))
    await world.stop()
    path = world.settings.database.path
    with sqlite3.connect(path) as tampered:
        triggers = tampered.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            tampered.execute(f"DROP TRIGGER {name}")
        tampered.execute('DELETE FROM audit_texts WHERE "index" >= ?', [before.size])
        tampered.execute('DELETE FROM audit_entries WHERE "index" >= ?', [before.size])
        tampered.execute("UPDATE audit_head SET size = ?, frontier = ?", [before.size, before.to_bytes()])
        for _, sql in triggers:
            tampered.execute(sql)
    tampered.close()
    await world.start()
    await alan.sees("New access is stopped", "contradicts its own checkpoint", channel="C0SECURITY")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("no new access is given")
    report = await world.database.read(lambda tx: verify_log(tx, verifier=signer.verifier, notes=[note]))
    assert "are lost" in report.breaks[0]


async def test_the_bot_starts_though_something_else_acts_on_the_record_and_ends_what_it_gave(world):
    """Promise 1: one that does not start takes nothing back. It gives nothing new until that is gone."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    await world.stop()
    with sqlite3.connect(world.settings.database.path) as added:
        added.execute("CREATE TRIGGER zz BEFORE INSERT ON audit_texts BEGIN SELECT RAISE(IGNORE); END")
    added.close()
    world.clock.skip(hours=3)
    await world.start()
    assert world.database.unchecked.found == ("trigger zz on audit_texts",)
    await ada.sees("grafana-edit", "ended")
    assert "ada" not in await world.holders("grafana-edit")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("no new access is given")


async def test_the_bot_does_not_start_on_a_store_that_lost_its_guards_or_its_head(world):
    """Whatever happened to the triggers may happen to the rows; and where nothing can be recorded, nothing is done."""
    ada = world.person("ada")
    await world.stop()
    path = world.settings.database.path
    kept = path.read_bytes()
    with sqlite3.connect(path) as careless:
        careless.execute("DROP TRIGGER audit_entries_delete")
    careless.close()
    with pytest.raises(AuditFault, match=r"audit_entries_delete is missing.*`wicket migrate` puts it back"):
        await world.start()

    await world.stop()
    path.write_bytes(kept)
    with sqlite3.connect(path) as elsewhere:
        elsewhere.execute("ALTER TABLE audit_entries RENAME TO elsewhere")
        elsewhere.execute("CREATE VIEW audit_entries AS SELECT * FROM elsewhere")
    elsewhere.close()
    with pytest.raises(AuditFault, match=r"^audit_entries is no plain table any more"):
        await world.start()

    await world.stop()
    path.write_bytes(kept)
    await world.start()
    await ada.say("am I in vpn-users?")
    await ada.sees("Yes, you are in vpn-users")
    await world.stop()
    kept = path.read_bytes()
    with sqlite3.connect(path) as broken:
        (sql,) = broken.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_head_update'").fetchone()
        broken.execute("DROP TRIGGER audit_head_update")
        broken.execute("UPDATE audit_head SET size = size + 1")
        broken.execute(sql)
    broken.close()
    with pytest.raises(AuditFault, match="cannot be added to"):
        await world.start()
    await world.stop()
    path.write_bytes(kept)
    await world.start()
