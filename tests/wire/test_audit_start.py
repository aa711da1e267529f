"""The record and the start: a store that contradicts what was signed of it is not written to (T-2)."""

import sqlite3

import pytest

from storage.audit import log
from storage.audit.sealing import take_checkpoint
from storage.faults import AuditFault


async def test_the_bot_does_not_start_on_a_store_that_was_cut_back_or_lost_its_guards(world):
    """Somebody takes the newest entries away and mends the head; the last checkpoint still knows better.

    Nor on one whose triggers are gone: whatever happened to them may happen to the rows.
    """
    ada = world.person("ada")
    await ada.say("what access do I have?")
    await ada.sees("You hold")
    before = await world.database.read(log.head)
    await ada.say("who owns prod-db?")
    await ada.sees("belongs to")
    signer = world.settings.secrets.signer()
    await world.database.write(lambda tx: take_checkpoint(tx, signer, at=world.clock.now()))
    await world.stop()

    path = world.settings.database.path
    kept = path.read_bytes()
    with sqlite3.connect(path) as tampered:
        for (name,) in tampered.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            tampered.execute(f"DROP TRIGGER {name}")
        tampered.execute('DELETE FROM audit_texts WHERE "index" >= ?', [before.size])
        tampered.execute('DELETE FROM audit_entries WHERE "index" >= ?', [before.size])
        tampered.execute("UPDATE audit_head SET size = ?, frontier = ?", [before.size, before.to_bytes()])
    tampered.close()
    with pytest.raises(AuditFault, match="not what its last checkpoint says"):
        await world.start()

    await world.stop()
    path.write_bytes(kept)
    with sqlite3.connect(path) as careless:
        careless.execute("DROP TRIGGER audit_entries_delete")
    careless.close()
    with pytest.raises(AuditFault, match=r"audit_entries_delete is missing.*`wicket migrate` puts it back"):
        await world.start()

    await world.stop()
    path.write_bytes(kept)
    await world.start()
    await ada.say("am I in vpn-users?")
    await ada.sees("Yes, you are in vpn-users")
