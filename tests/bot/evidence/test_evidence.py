"""Evidence about a period, made from what really happened: complete, checkable from outside, and harmless to open."""

import csv
import hashlib
import io
import json
import os
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli.audit import entry_as_json
from bot.evidence import tables
from bot.evidence.cases import Case
from bot.evidence.gathering import Gathered, Wanted, gather
from bot.evidence.report import report, summary
from bot.evidence.writing import Evidence, write
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world

NAMES = {"ada": "Ada Byron", "grace": "Grace Hopper", "charles": "Charles <b>B</b>"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made


async def gathered(world: World, start: datetime, **which: Any) -> Gathered:
    wanted = period(start, **which)
    return await world.ground.database.read(lambda tx: gather(tx, wanted))


def period(start: datetime, **which: Any) -> Wanted:
    return Wanted(since=start, until=start + timedelta(days=1), **which)


async def a_day(world: World) -> Mapping[str, str]:
    """What may come of a request, each once; the ids of the grants."""
    made = {"automatic": await world.given("ada"), "ended": await world.approved("charles")}
    made["denied"] = await world.asked("ada", "prod-db")
    await world.decide("grace", made["denied"], approve=False, rationale='=HYPERLINK("http://x")')
    await world.ask("eve", "prod-admin", why="-2+3\r\nanother,row")
    world.clock.forward(seconds=600)
    await world.end("linus", made["ended"], rationale="the incident is over")
    await world.settle()
    world.clock.forward(seconds=3000)
    made["waiting"] = await world.asked("ada", "prod-db")
    await world.tick()
    return made


async def test_each_request_is_told_from_the_asking_to_the_end(world: World) -> None:
    """AU-12: who asked, who decided and why, what was given, when it ended and how late."""
    start = world.clock()
    made = await a_day(world)
    cases = {case.id: case for case in (await gathered(world, start)).cases}
    ended = cases[made["ended"]]
    assert (ended.requester, ended.entitlement, ended.outcome) == ("charles", "prod-db", "approved")
    [decision] = ended.decisions
    assert (decision.by, decision.role, decision.what, decision.rationale) == (
        "grace",
        "owner",
        "approved",
        "ok",
    )
    assert decision.policies == ("approve-as-owner",)
    assert (ended.policies, ended.ended_how, ended.ended_by) == (
        ("granted-by-owner",),
        "ended early",
        "linus",
    )
    assert (ended.given_at, ended.removed_at) == (start, start + timedelta(minutes=10))
    automatic = cases[made["automatic"]]
    assert (automatic.outcome, automatic.due_at) == ("automatic", start + timedelta(hours=1))
    assert (automatic.removed_at, automatic.late) == (start + timedelta(hours=1), 0.0)
    assert cases[made["denied"]].outcome == "denied"
    assert cases[made["waiting"]].outcome == "waiting"
    assert [case.outcome for case in cases.values()].count("refused") == 1


async def test_the_numbers_add_up(world: World) -> None:
    start = world.clock()
    await a_day(world)
    numbers = summary((await gathered(world, start)).cases)
    parts = (numbers.automatic, numbers.approved, numbers.denied, numbers.refused, numbers.unanswered)
    assert (numbers.asked, parts) == (5, (1, 1, 1, 1, 1))
    assert (numbers.given, numbers.removed, numbers.still, numbers.late) == (2, 2, 0, 0)


async def test_the_period_is_that_of_the_asking(world: World) -> None:
    """What was asked for before belongs to the time before, though it ends now."""
    start = world.clock()
    earlier = await world.given("ada", duration=timedelta(hours=4))
    world.clock.forward(seconds=86400)
    later = await world.given("charles")
    await world.tick()
    assert [case.id for case in (await gathered(world, start)).cases] == [earlier]
    assert [case.id for case in (await gathered(world, start + timedelta(days=1))).cases] == [later]
    [one] = (await gathered(world, start)).cases
    assert one.removed_at is not None, "an end after the period belongs to the request"


async def test_one_person_or_one_thing_can_be_asked_about(world: World) -> None:
    start = world.clock()
    await a_day(world)
    found = (await gathered(world, start, person="charles")).cases
    assert {case.requester for case in found} == {"charles"}
    found = (await gathered(world, start, entitlement="wiki-edit")).cases
    assert {case.entitlement for case in found} == {"wiki-edit"}


async def test_what_people_type_adds_no_row_and_runs_nowhere(world: World) -> None:
    """O-4: not in a spreadsheet, and not on the page."""
    start = world.clock()
    await a_day(world)
    await world.ask("ada", "wiki-edit", why="<script>alert(1)</script>")
    found = await gathered(world, start)
    rows = _read(tables.population(found.cases, NAMES))
    assert len(rows) == len(found.cases)
    [refused] = [row for row in rows if row["outcome"] == "refused"]
    assert refused["justification"].startswith("'-2+3")
    [denied] = [one for one in _read(tables.decisions(found.cases, NAMES)) if one["decision"] == "denied"]
    assert denied["rationale"] == '\'=HYPERLINK("http://x")'
    page = report(found.cases, period(start), NAMES, written=world.clock(), checkpoint="")
    assert "<script" not in page
    assert "Charles &lt;b&gt;" in page


async def test_the_folder_is_whole_and_each_file_has_its_hash(world: World, tmp_path: Path) -> None:
    start = world.clock()
    await a_day(world)
    found = await gathered(world, start)
    evidence = Evidence(
        gathered=found, wanted=period(start), names=NAMES, checkpoint="c\n", written=world.clock(),
        entries={key: entry_as_json(row) for key, row in found.rows.items()},
        proofs=dict.fromkeys(found.rows, "proof\n"),
    )  # fmt: skip
    folder = tmp_path / "evidence"
    assert write(evidence, folder) == 7 + len(found.rows)
    for line in (folder / "MANIFEST.sha256").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    entries = [json.loads(line) for line in (folder / "entries.jsonl").read_text().splitlines()]
    named = [entry for case in found.cases for entry in case.entries]
    assert sorted(entry["id"] for entry in entries) == sorted(named)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".evidence")]


async def test_nothing_half_written_stays(world: World, tmp_path: Path) -> None:
    """Whoever finds a folder has all of it."""
    start = world.clock()
    found = await gathered(world, start)
    evidence = Evidence(
        gathered=found, wanted=period(start), names={}, checkpoint="", entries={}, proofs={}, written=start
    )
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    with pytest.raises(OSError, match="not empty"):
        write(evidence, tmp_path / "there")
    assert [name for name in os.listdir(tmp_path) if "there" in name] == ["there"]


def test_a_page_about_nothing_says_so() -> None:
    start = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
    none: list[Case] = []
    page = report(none, period(start), {}, written=start, checkpoint="")
    assert "Nobody asked for anything in this period." in page


def test_no_cell_begins_as_a_formula() -> None:
    """O-4: nor after a line break, nor in the width of Chinese characters, which some take for the same."""
    for typed in ("=1", "\n=1", "\t=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"):
        assert tables.cell(typed) == f"'{typed}", repr(typed)


def _read(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table, newline="")))
