"""Evidence about a period, made from what really happened: complete, checkable from outside, and harmless to open."""

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli.audit import entry_as_json
from bot.evidence import tables
from bot.evidence.cases import Case, Decision, case_of
from bot.evidence.emergencies import Broken
from bot.evidence.gathering import Gathered, Wanted, gather
from bot.evidence.report import report, summary
from bot.evidence.writing import Evidence, write
from handlers.approvals.stepping_up import proof_facts
from storage.audit import log
from storage.audit.entry import Actor, Entry, Where, to_leaf
from storage.fresh import FreshProof
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.storage.rows import numbered

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


async def test_why_access_was_ended_is_told_in_the_words_that_were_left(world: World) -> None:
    """AU-12: and what Wicket went by, where it ended it itself."""
    start = world.clock()
    ended = (await a_day(world))["ended"]
    gone = await world.given("charles")
    left = made(9999, start, "grant.ended_early", gone, "wiki-edit", {"why": "switched off"}, by="wicket")
    await world.ground.database.write(lambda tx: log.append(tx, left))
    found = (await gathered(world, start)).cases
    told = {row["request"]: row["ended_why"] for row in _read(tables.population(found, NAMES))}
    assert (told[ended], told[gone]) == ("the incident is over", "switched off")
    page = report(found, period(start), NAMES, written=world.clock(), checkpoint="")
    assert "(ended early by <bdi>linus</bdi>: “<bdi>the incident is over</bdi>”)" in page


async def test_the_numbers_add_up(world: World) -> None:
    start = world.clock()
    await a_day(world)
    numbers = summary((await gathered(world, start)).cases)
    parts = (numbers.automatic, numbers.approved, numbers.denied, numbers.refused, numbers.unanswered)
    assert (numbers.asked, parts, numbers.stopped) == (5, (1, 1, 1, 1, 1), 0)
    assert (numbers.given, numbers.removed, numbers.still, numbers.late) == (2, 2, 0, 0)


async def test_each_number_counts_the_entries_and_the_rows_that_its_words_say(world: World) -> None:
    """AU-12: what something else still gives was not taken back, and policy refused nobody during a stop."""
    start = world.clock()
    await a_day(world)
    late: Mapping[str, Any] = {"late_ms": 120_000}
    told: list[tuple[Any, ...]] = [
        ("grant.requested", "g1", "prod-db"), ("grant.approved", "g1", "prod-db"), ("access.given", "g1", "prod-db"),
        ("grant.expired", "g1", "prod-db"), ("access.kept", "g1", "prod-db", late), ("grant.stopped", "ada", "prod-db"),
    ]  # fmt: skip
    entries = [made(number, start, *one) for number, one in enumerate(told)]
    await world.ground.database.write(lambda tx: log.append_each(tx, entries))
    found = await gathered(world, start)
    numbers, rows = summary(found.cases), _read(tables.population(found.cases, NAMES))
    actions = [row.action for row in found.rows.values()]
    ended = [row["kept_by_another"] for row in rows if row["removed_at"]]
    assert numbers.removed == actions.count("access.removed") == ended.count("") == 2
    assert numbers.kept == actions.count("access.kept") == ended.count("yes") == 1
    outcomes = [row["outcome"] for row in rows]
    assert numbers.refused == actions.count("grant.refused") == outcomes.count("refused") == 1
    assert numbers.stopped == actions.count("grant.stopped") == outcomes.count("stopped") == 1
    assert numbers.given == numbers.removed + numbers.kept + numbers.still
    assert (numbers.late, numbers.latest) == (0, 0.0)  # nothing was taken back late
    page = report(found.cases, period(start), NAMES, written=world.clock(), checkpoint="")
    tiles = dict(re.findall(r"<dt>([^<]*)</dt><dd>(\d+)</dd>", page))
    names = ("Refused by policy", "While access was stopped", "Taken back", "Kept by something else")
    assert [tiles[name] for name in names] == ["1", "1", "2", "1"]
    assert "How late access was taken back. ≤ 1 s: 2, ≤ 5 s: 0, ≤ 1 min: 0, ≤ 15 min: 0" in page
    assert "Something else goes on giving it since" in page


async def test_each_time_stands_under_its_name(world: World) -> None:
    """AU-12: of one that ended before its time, each at another minute."""
    start = world.clock()
    facts: Mapping[str, Mapping[str, Any]] = {"grant.approved": {"minutes": 60}}
    told = (
        "grant.requested",
        "approval.given",
        "grant.approved",
        "access.given",
        "grant.ended_early",
        "access.removed",
    )
    entries = [
        made(60 * number, start, action, "g1", "prod-db", facts.get(action))
        for number, action in enumerate(told)
    ]
    await world.ground.database.write(lambda tx: log.append_each(tx, entries))
    [row] = _read(tables.population((await gathered(world, start)).cases, NAMES))
    [decided] = _read(tables.decisions((await gathered(world, start)).cases, NAMES))
    assert datetime.fromisoformat(decided["at"]) - start == timedelta(minutes=1)
    names = ("asked_at", "approved_at", "given_at", "ended_at", "removed_at", "due_at")
    after = [datetime.fromisoformat(row[name]) - start for name in names]
    assert after == [timedelta(minutes=minutes) for minutes in (0, 2, 3, 4, 5, 62)]
    page = report((await gathered(world, start)).cases, period(start), NAMES, written=start, checkpoint="")
    given, due = (f"{start + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}" for minutes in (3, 62))
    assert f"Given {given}, due to end {due}." in page


async def test_the_charts_count_what_the_numbers_do(world: World) -> None:
    """Requests by how they were answered, and how long until the last of two decided."""
    start = world.clock()
    await a_day(world)
    await world.given("charles")
    two = [
        made(0, start, "grant.requested", "g1", "prod-db"),
        made(30, start, "approval.given", "g1", "prod-db", by="grace"),
        made(1000, start, "approval.given", "g1", "prod-db", by="linus"),
    ]
    await world.ground.database.write(lambda tx: log.append_each(tx, two))
    found = (await gathered(world, start)).cases
    page, numbers = report(found, period(start), NAMES, written=start, checkpoint=""), summary(found)
    bars = {word: int(count) for word, count in re.findall(r"<title>[^,<]*, ([^:<]*): (\d+)</title>", page)}
    others = numbers.denied + numbers.refused + numbers.unanswered
    assert (numbers.automatic, numbers.approved, others) == (2, 1, 4)
    assert (bars["automatic"], bars["approved by people"], bars["not given"]) == (2, 1, 4)
    assert "Time to a decision. ≤ 1 min: 2, ≤ 15 min: 0, ≤ 1 h: 1" in page


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
    assert write(evidence, folder) == 8 + len(found.rows)
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


async def test_no_name_or_word_turns_ours_the_other_way_round(world: World) -> None:
    """O-4: a right-to-left override in them ends where they end."""
    start, back = world.clock(), "\u202e"
    await a_day(world)
    at = world.clock()
    ended: dict[str, Any] = {
        "ended_at": at,
        "ended_how": "ended early",
        "ended_by": "linus",
        "removed_at": at,
    }
    glass = Broken(
        id="g1", asked_at=at, at=at, person="ada", kind="emergency", minutes=60, proof="", **ended, kept=False,
        reviewed_at=at, reviewer="grace", late=False, finding="justified", entries=(),
        **{each: f"{each}{back}" for each in ("entitlement", "incident", "justification", "ended_why", "words")},
    )  # fmt: skip
    decision = Decision(
        at=at, by="grace", role="owner", what="approved", rationale=f"rationale{back}", policies=(), proof="",
        entry="e-1", delegation="dg-1", delegator="charles",
    )  # fmt: skip
    typed: dict[str, Any] = {
        each: f"{each} asked{back}" for each in ("justification", "ticket", "entitlement", "ended_why")
    }
    cases = [
        replace(one, requester="charles", decisions=(decision,), given_at=at, due_at=at, **ended, **typed)
        for one in (await gathered(world, start)).cases[:1]
    ]
    names = {each: f"{name}{back}" for each, name in NAMES.items()}
    wanted = replace(period(start), person="ada", entitlement=f"wanted{back}")
    page = report(cases, wanted, names, written=at, checkpoint="", broken=[glass])
    places = [
        *(f"{each} asked" for each in ("justification", "ticket", "entitlement", "ended_why")), "rationale",
        *("entitlement", "incident", "justification", "ended_why", "words"), "wanted",
    ]  # fmt: skip
    for each in places:
        assert f"<bdi>{each}{back}</bdi>" in page, each
    assert back not in re.sub("<bdi>[^<]*</bdi>", "", page)


async def test_the_entries_stand_in_the_order_of_the_log(world: World) -> None:
    """As the folder says of them: stories that ran side by side are not told one after another."""
    start = world.clock()
    await a_day(world)
    rows = (await gathered(world, start)).rows.values()
    assert [row.index for row in rows] == sorted(row.index for row in rows)
    begun = [row.correlation for row in rows]
    assert begun != sorted(begun, key=begun.index)


@pytest.mark.parametrize(
    ("since", "until", "most"),
    [("2026-01-01", "2026-03-04", 62), ("2026-01-01", "2027-01-01", 53), ("0001-01-01", "9999-12-31", 104)],
)
def test_a_long_period_has_no_more_bars_than_can_be_seen(since: str, until: str, most: int) -> None:
    begins, ends = (datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in (since, until))
    wanted = Wanted(since=begins, until=ends)
    page = report([], wanted, {}, written=ends, checkpoint="")
    [told] = re.findall('aria-label="Requests by [^"]*"', page)
    assert 0 < told.count(": 0") <= most


def test_a_page_about_nothing_says_so() -> None:
    start = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
    none: list[Case] = []
    page = report(none, period(start), {}, written=start, checkpoint="")
    assert "Nobody asked for anything in this period." in page
    assert "No person decided about any of them." in page
    assert "Nothing was taken back." in page
    assert "the latest" not in page  # of nothing there is none, on time or late


async def test_what_still_has_time_is_not_called_owed(world: World) -> None:
    """Not taken back is what an auditor looks for; what lasts as agreed is another thing."""
    start = world.clock()
    made = await a_day(world)
    [case] = [one for one in (await gathered(world, start)).cases if one.id == made["automatic"]]
    case = replace(case, removed_at=None, ended_at=None)
    assert case.due_at is not None
    for seconds, told in ((-1, "It lasted still when this was written."), (1, "Not taken back yet.")):
        written = case.due_at + timedelta(seconds=seconds)
        assert told in report([case], period(start), {}, written=written, checkpoint="")
    ended = replace(case, ended_at=start, ended_how="ended early")
    assert "Not taken back yet." in report([ended], period(start), {}, written=start, checkpoint="")


async def test_what_a_clock_granted_that_was_ahead_is_due_when_it_was_set_to_end(world: World) -> None:
    """Promise 1, AU-12: an auditor who read of the wrong clock's end took it for access that was cut short."""
    start = world.clock()
    world.clock.forward(hours=9)
    await world.given("ada")
    world.clock.forward(hours=-9)
    await world.revocation.end_sooner()
    [case] = (await gathered(world, start)).cases
    assert case.due_at == start + timedelta(hours=1)
    page = report([case], period(start), NAMES, written=world.clock(), checkpoint="")
    assert "It lasted still when this was written." in page


async def test_what_was_stopped_is_a_request_of_its_own(world: World) -> None:
    """AU-12: whoever asks again, for something else or once it goes on, is told of once more; a draft keeps its id."""
    start, ada = world.clock(), "ada"
    asked = [
        ("grant.stopped", ada, "wiki-edit"), ("grant.stopped", ada, "prod-db"), ("link.offered", ada, None),
        ("grant.stopped", "g1", "prod-db"), ("grant.requested", "g1", "prod-db"), ("grant.approved", "g1", "prod-db"),
        ("access.given", "g1", "prod-db"),
    ]  # fmt: skip
    await world.ground.database.write(
        lambda tx: log.append_each(tx, [made(n, start, *one) for n, one in enumerate(asked)])
    )
    cases = (await gathered(world, start)).cases
    assert [(case.entitlement, case.outcome, case.is_open, len(case.entries)) for case in cases] == [
        ("wiki-edit", "stopped", False, 1),
        ("prod-db", "stopped", False, 1),
        ("prod-db", "stopped", False, 1),
        ("prod-db", "approved", True, 3),
    ]


async def test_every_emergency_is_told_with_how_often_and_its_review(world: World) -> None:
    """B-4, AC-6(9): drills apart from it, each with its entries; one that nobody reviewed says nothing of a finding."""
    start = world.clock()
    steps: list[tuple[Any, ...]] = [
        ("emergency.granted", "g1", "prod-db", {"incident": "INC-1"}), ("access.given", "g1", "prod-db"),
        ("access.removed", "g1", "prod-db"), ("emergency.granted", "g2", "prod-db", {"incident": "INC-2"}),
        ("emergency.reviewed", "g1", "prod-db", {"finding": "justified", "late": True}, "grace"),
        ("emergency.practised", "g3", "prod-db", {"incident": "DRILL"}),
    ]  # fmt: skip
    await world.ground.database.write(
        lambda tx: log.append_each(tx, [made(n, start, *one) for n, one in enumerate(steps)])
    )
    found = await gathered(world, start)
    assert found.cases == []
    ids = [made(n, start, *one).id for n, one in enumerate(steps)]
    assert sorted(found.rows) == ids
    first, second, drill = _read(tables.emergencies(found.broken, NAMES))
    assert (first["kind"], first["times_that_month"], first["incident"]) == ("emergency", "2", "INC-1")
    assert (first["reviewer_name"], first["finding"], first["late"]) == ("Grace Hopper", "justified", "yes")
    assert first["entries"] == " ".join(ids[n] for n in (0, 1, 2, 4))
    after = [
        datetime.fromisoformat(first[name]) - start for name in ("began_at", "removed_at", "reviewed_at")
    ]
    assert after == [timedelta(seconds=seconds) for seconds in (0, 2, 4)]
    assert (second["finding"], second["reviewed_at"], second["removed_at"]) == ("", "", "")
    assert (drill["kind"], drill["times_that_month"]) == ("drill", "1")
    assert (await gathered(world, start, entitlement="wiki-edit")).broken == []


async def test_an_emergency_is_told_from_the_asking_with_why_and_how_it_was_proven(world: World) -> None:
    """B-4: the entries before its access stand in the folder, too, though they were written before the period."""
    start, why = world.clock(), {"justification": "=1 the <b>disk</b> is full"}
    steps: list[tuple[Any, ...]] = [
        ("step_up.page_opened", "g1", None), ("emergency.asked", "g1", "prod-db", {"minutes": 60, "incident": "INC-1"}),
        ("emergency.proven", "g1", "prod-db", {"proved_by": ["totp"]}),
        ("emergency.granted", "g1", "prod-db", {"minutes": 60, "incident": "INC-1"}), ("access.given", "g1", "prod-db"),
        ("grant.ended_early", "g1", "prod-db", {}, "grace"), ("access.removed", "g1", "prod-db"),
        ("emergency.asked", "g2", "prod-db", {"minutes": 60}),
    ]  # fmt: skip
    entries = [made(n, start, *one) for n, one in enumerate(steps)]
    ended = replace(entries[5], texts={"rationale": "over by now"})
    await world.ground.database.write(
        lambda tx: log.append_each(
            tx, [entries[0], replace(entries[1], texts=why), *entries[2:5], ended, *entries[6:]]
        )
    )
    found = await gathered(world, entries[3].at)
    assert list(found.rows) == [one.id for one in entries[:7]]
    [told] = _read(tables.emergencies(found.broken, NAMES))
    assert (told["asked_at"][:19], told["began_at"][:19]) == (
        f"{entries[1].at:%Y-%m-%dT%H:%M:%S}",
        f"{entries[3].at:%Y-%m-%dT%H:%M:%S}",
    )
    assert (told["justification"], told["proof"], told["minutes"]) == (
        f"'{why['justification']}",
        "totp",
        "60",
    )
    assert (told["ended_how"], told["ended_by"], told["ended_why"]) == ("ended early", "grace", "over by now")
    assert told["entries"] == " ".join(one.id for one in entries[:7])
    page = report([], period(start), NAMES, written=world.clock(), checkpoint="", broken=found.broken)
    for words in (
        "INC-1",
        "the &lt;b&gt;disk&lt;/b&gt; is full",
        "proved by an authenticator",
        "ended early by <bdi>Grace Hopper",
    ):
        assert words in page, words
    assert "Nobody reviewed it yet." in page
    assert "Nobody broke the glass in this period." in report(
        [], period(start), {}, written=start, checkpoint=""
    )


async def test_an_emergency_that_something_else_goes_on_giving_is_not_told_to_be_owed(world: World) -> None:
    """B-4, promise 1: nor to be taken back; and what came late after its end does not hide that it is there."""
    start, given = world.clock(), ("emergency.granted", "access.given", "grant.expired")
    ends: Mapping[str, list[tuple[str, Mapping[str, Any]]]] = {
        "g1": [("access.kept", {})], "g2": [("access.removed", {})],
        "g3": [("access.removed", {}), ("access.given", LATE)],
    }  # fmt: skip
    steps = [(about, *one) for about, end in ends.items() for one in (*((each, {}) for each in given), *end)]
    entries = [
        made(n, start, action, about, "prod-db", facts) for n, (about, action, facts) in enumerate(steps)
    ]
    await world.ground.database.write(lambda tx: log.append_each(tx, entries))
    found = (await gathered(world, start)).broken
    rows = _read(tables.emergencies(found, NAMES))
    assert [(bool(row["removed_at"]), row["kept_by_another"]) for row in rows] == [
        (True, "yes"),
        (True, ""),
        (False, ""),
    ]
    page = report([], period(start), NAMES, written=start, checkpoint="", broken=found)
    told = re.findall("Something else goes on giving it since|Taken back 20|Not taken back yet", page)
    assert told == ["Something else goes on giving it since", "Taken back 20", "Not taken back yet"]


async def test_what_was_done_by_hand_began_when_it_did_and_not_when_it_was_put_on_record(
    world: World,
) -> None:
    start = world.clock()
    begins, ends = start - timedelta(days=40), start - timedelta(days=40, hours=-1)
    facts = {"begins": begins.isoformat(), "ends": ends.isoformat(), "incident": "INC-9", "by_hand": True}
    await world.ground.database.write(
        lambda tx: log.append(tx, made(0, start, "emergency.recorded", "g1", "prod-db", facts))
    )
    [told] = _read(tables.emergencies((await gathered(world, start)).broken, NAMES))
    assert told["began_at"][:19] == f"{begins:%Y-%m-%dT%H:%M:%S}"
    assert told["ended_at"][:19] == f"{ends:%Y-%m-%dT%H:%M:%S}"
    assert (told["kind"], told["month"]) == ("by hand", f"{begins:%Y-%m}")


@pytest.mark.parametrize("odd", [2**53, -1, "x", ["x"], "9999-12-31", True])
async def test_no_entry_that_others_wrote_keeps_the_rest_from_being_told(world: World, odd: Any) -> None:
    """O-4: whoever can add entries could have a whole period told of no more."""
    start, facts = (
        world.clock(),
        dict.fromkeys(("minutes", "ends", "late_ms", "begins", "proofs", "proved_by"), odd),
    )
    steps = [
        *(
            ("grant.requested", "g1"),
            ("approval.given", "g1"),
            ("grant.approved", "g1"),
            ("access.given", "g1"),
        ),
        *(("grant.ends_sooner", "g1"), ("grant.expired", "g1"), ("access.removed", "g1")),
        *(("emergency.proven", "g2"), ("emergency.granted", "g2"), ("emergency.reviewed", "g2")),
        ("emergency.recorded", "g3"),
    ]
    entries = [made(n, start, action, about, "prod-db", facts) for n, (action, about) in enumerate(steps)]
    await world.ground.database.write(lambda tx: log.append_each(tx, entries))
    found = await gathered(world, start)
    for strange in ({}, {"ids": 7}, {"ids": [7], "set": []}):
        rows = [replace(row, leaf=to_leaf({**row.said(), "policy": strange})) for row in found.rows.values()]
        case = case_of([row for row in rows if row.correlation == "g1"])
        page = report([case], period(start), {}, written=start, checkpoint="", broken=found.broken)
        assert case.id in page
        assert len(_read(tables.population([case], {}))) == 1
    assert len(_read(tables.emergencies(found.broken, {}))) == 2


LATE: Mapping[str, Any] = {"read_back": True, "overtaken": True}


@pytest.mark.parametrize(
    ("after", "open_still", "late"),
    [
        ([("access.removed", LATE)], True, None),
        ([("access.removed", LATE), ("grant.expired", {}), ("access.removed", {"late_ms": 500})], False, 0.5),
        ([("grant.expired", {}), ("access.removed", {"late_ms": 500}), ("access.given", LATE)], True, None),
        (
            [
                ("grant.expired", {}),
                ("access.removed", {"late_ms": 0}),
                ("access.given", LATE),
                ("access.removed", LATE),
            ],
            False,
            3.0,
        ),
    ],
)
async def test_what_came_late_ends_nothing_and_is_not_hidden(
    world: World, after: list[tuple[str, Mapping[str, Any]]], open_still: bool, late: float | None
) -> None:
    """Promise 1: access that is there is never told to be taken back."""
    start = world.clock()
    before: list[tuple[str, Mapping[str, Any]]] = [
        ("grant.approved", {"automatic": True, "minutes": 60}), ("access.given", {})
    ]  # fmt: skip
    entries = [
        made(number, start, action, "g1", "prod-db", facts)
        for number, (action, facts) in enumerate([*before, *after])
    ]
    await world.ground.database.write(lambda tx: log.append_each(tx, entries))
    [case] = (await gathered(world, start)).cases
    assert (case.given_at, case.is_open, case.late) == (start + timedelta(seconds=1), open_still, late)


async def test_an_approval_that_was_void_is_told_to_be(world: World) -> None:
    """R-2: nobody is told to have approved what they did not: it was made shorter after them, or they left."""
    start = world.clock()
    entries = [
        made(0, start, "grant.requested", "g1", "prod-db"),
        made(1, start, "approval.given", "g1", "prod-db", by="grace"),
        made(2, start, "approval.voided", "g1", "prod-db", {"approver": "grace"}, by="linus"),
        made(3, start, "approval.given", "g1", "prod-db", by="linus"),
        made(4, start, "approval.given", "g1", "prod-db", by="ada"),
        made(
            5, start, "approval.voided", "g1", "prod-db", {"why": "gone"}, by="wicket"
        ),  # about ada, who left
    ]
    await world.ground.database.write(lambda tx: log.append_each(tx, entries))
    cases = (await gathered(world, start)).cases
    assert [(one.by, one.what) for one in cases[0].decisions] == [
        ("grace", "approved, void later"),
        ("linus", "approved"),
        ("ada", "approved, void later"),
    ]
    [row] = _read(tables.population(cases, NAMES))
    assert row["approvers"] == "linus"


async def test_a_decision_says_how_whoever_made_it_proved_themselves(world: World) -> None:
    """AU-12: in the table by the name that it has on record, and on the page in the words that Slack has for it."""
    start = world.clock()
    proof = FreshProof(handle="h-1", kinds=("sign_in", "totp"), at=start)
    await world.ground.database.write(
        lambda tx: log.append_each(
            tx,
            [
                made(0, start, "grant.requested", "g1", "prod-db"),
                made(1, start, "approval.given", "g1", "prod-db", proof_facts(proof), by="grace"),
            ],
        )
    )
    cases = (await gathered(world, start)).cases
    assert [one["proof"] for one in _read(tables.decisions(cases, NAMES))] == ["sign_in, totp"]
    page = report(cases, period(start), NAMES, written=start, checkpoint="")
    assert ", proved by the company&#39;s sign-in and an authenticator" in page
    [odd] = [replace(one, proof="another") for one in cases[0].decisions]
    page = report([replace(cases[0], decisions=(odd,))], period(start), {}, written=start, checkpoint="")
    assert ", proved by another" in page


async def test_who_decided_for_an_owner_is_not_told_to_be_one(world: World) -> None:
    """R-1, AU-12: an auditor who reads of an owner on the page looks for them among the owners."""
    start, delegated = world.clock(), {"role": "owner", "delegation": "dg-1", "delegator": "charles"}
    await world.ground.database.write(
        lambda tx: log.append_each(
            tx,
            [
                made(0, start, "grant.requested", "g1", "prod-db"),
                made(1, start, "approval.given", "g1", "prod-db", delegated),
                made(
                    2, start, "approval.given", "g1", "prod-db", {"role": "owner", "delegation": "s"}, "grace"
                ),
            ],
        )
    )
    page = report((await gathered(world, start)).cases, period(start), NAMES, written=start, checkpoint="")
    assert (
        "by <bdi>Ada Byron</bdi> (owner, by delegation from <bdi>Charles &lt;b&gt;B&lt;/b&gt;</bdi>)" in page
    )
    assert "by <bdi>Grace Hopper</bdi> (owner, by a standing scope)" in page


def made(
    number: int,
    start: datetime,
    action: str,
    about: str,
    what: str | None,
    facts: Mapping[str, Any] | None = None,
    by: str = "ada",
) -> Entry:
    """An entry, one second after the one before."""
    at = start + timedelta(seconds=number)
    return Entry(
        id=numbered(number, at), at=at, action=action, outcome="done",
        actor=Actor(type="person", id=by), subject="ada", resource=what, correlation=about,
        where=Where(transport="socket", replica="main"), facts=facts or {},
    )  # fmt: skip


def test_no_cell_begins_as_a_formula() -> None:
    """O-4: nor after a line break, nor in the width of Chinese characters, which some take for the same."""
    for typed in ("=1", "-1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "\tx", "\nx"):
        assert tables.cell(typed) == f"'{typed}", repr(typed)
    for before in ("\n", "\t"):
        assert tables.cell(f"{before}=1") == f"'{before}'=1"


def test_no_cell_commands_a_terminal() -> None:
    """O-4: whoever looks at a table with `less` or `cat` sees what was typed, and nothing else happens."""
    assert tables.cell("a\x1b[2J\x9b2J\x00\x7fb\r\n\tc") == "a\ufffd[2J\ufffd2J\ufffd\ufffdb\r\n\tc"


def test_nor_where_a_spreadsheet_parts_cells_at_semicolons() -> None:
    """O-4: it takes no comma for an end, so the quotes around a cell are not seen to be any."""
    assert tables.cell("why;=1+cmd|' /C calc'!A0;@x") == "why;'=1+cmd|' /C calc'!A0;'@x"
    assert tables.cell("two\n-lines") == "two\n'-lines"
    for harmless in ("a - b; c = d", "INC-4711", "a@example.com", "", "rw-"):
        assert tables.cell(harmless) == harmless


async def test_no_quote_hides_what_a_spreadsheet_would_run(world: World) -> None:
    """O-4: in a table it is written twice, which begins a cell where semicolons or tabs alone are taken for ends."""
    start = world.clock()
    await world.ask("ada", "wiki-edit", why="to write")
    [case] = (await gathered(world, start)).cases
    for typed in ('why;"=1+1;', 'why\n"=1+1;', 'why\t"=1+1\t', ';"@x;', ';;"-1'):
        table = tables.population([replace(case, justification=typed)], NAMES)
        for parted in ",;\t":
            cells = [
                each for row in csv.reader(io.StringIO(table, newline=""), delimiter=parted) for each in row
            ]
            assert not [each for each in cells if each.startswith(("=", "@", "-"))], (typed, parted)


def _read(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table, newline="")))
