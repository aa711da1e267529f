"""The audit log as a SIEM gets it, over the wire: whole, in order, and over a restart (A-6, O-1)."""

import asyncio
import json

import pytest

from storage.audit import log
from tests.bot.siem.events import class_of, validator
from tests.wire.conftest import close_world, open_world
from tests.wire.steps import ask

WHERE = {"[security]": '[siem]\nto = "file"\nfile = "events.jsonl"\n[security]'}


@pytest.fixture
async def world(tmp_path):
    made = await open_world(tmp_path, changes=WHERE)
    yield made
    await close_world(made)


def events(world):
    text = (world.folder / "events.jsonl").read_text("ascii")
    return [json.loads(line) for line in text.splitlines()]


async def sent_whole(world):
    """Wait until every entry was sent; their events."""
    for _ in range(100):
        size = (await world.database.read(log.head)).size
        if (world.folder / "events.jsonl").exists() and len(events(world)) >= size:
            return events(world)
        await asyncio.sleep(0.1)
    raise AssertionError("not everything was sent")


async def test_every_entry_is_an_event_and_a_restart_loses_and_repeats_none(world):
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 2h because =cmd|' /C calc'!A0")
    await ada.sees("✅ grafana-edit")
    await sent_whole(world)
    await world.stop()
    await world.start()
    await ask(ada, "I need prod-db for 2h because of travel")
    found = await sent_whole(world)
    entries = await world.database.read(lambda tx: [one.id for one in log.every(tx)])
    assert [one["metadata"]["uid"] for one in found] == entries
    for one in found:
        validator(class_of(one), "1.7.0").validate(one)
    stories = {one["metadata"]["event_code"]: one["metadata"]["correlation_uid"] for one in found}
    assert stories["access.given"] == stories["grant.approved"]
    [why] = {one["comment"] for one in found if "calc" in one.get("comment", "")}
    assert why == "=cmd|' /C calc'!A0"
