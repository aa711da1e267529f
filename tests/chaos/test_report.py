"""The report of a long run: it adds up, and hides nothing."""

from dataclasses import replace

from tests.chaos.__main__ import LOOPS, planned
from tests.chaos.checker import Finding, check
from tests.chaos.history import Change
from tests.chaos.loops import Outcome
from tests.chaos.report import Batch, page
from tests.chaos.test_checker import sound


def outcome(**changes: object) -> Outcome:
    return replace(
        Outcome(history=sound(), kills=1, done={"ask_at_once": 3}, starting=1, seconds=9.0), **changes
    )


def test_a_plan_has_all_kills_and_a_seed_for_each_batch():
    plan = planned(130, 7, LOOPS)
    assert [(loop, kills, seed) for loop, kills, seed in plan] == [
        ("SQLite", 50, 7),
        ("PostgreSQL", 50, 8),
        ("SQLite, troubled", 30, 9),
    ]


def test_the_report_counts_what_was_done_and_names_every_finding():
    bad = sound(changes=[*sound().changes, Change(at=170, account="p-ada", group="prod-db-rw", added=False)])
    batches = [
        Batch(loop="SQLite", seed=1, outcome=outcome(), findings=[]),
        Batch(loop="SQLite", seed=2, outcome=outcome(kills=41, history=bad), findings=check(bad)),
    ]
    text = page(
        batches,
        machine="two cores",
        date="2026-11-25",
        planned=100,
        failed=["replicas, seed 3: OSError: full"],
    )
    assert "42 kills of 100 planned, in 2 batches. Findings: 2." in text
    assert "| SQLite | 1 to 2 | 42 | 2 | 2 | 2 | 3 | 14 |" in text
    assert "- SQLite, seed 2: taken twice, p-ada in prod-db-rw: at 170.000" in text
    assert "  100.000  grant g1 decided" in text
    assert "  170.000  directory: removed" in text
    assert "- replicas, seed 3: OSError: full" in text
    assert "ask at once 6" in text


def test_a_run_without_findings_says_so():
    batches = [Batch(loop="replicas", seed=5, outcome=outcome(), findings=[])]
    text = page(batches, machine="two cores", date="2026-11-25", planned=1)
    assert "Findings: 0." in text
    assert "### Findings" not in text
    assert Finding("taken twice", "a", "b") < Finding("taken twice", "b", "a")
