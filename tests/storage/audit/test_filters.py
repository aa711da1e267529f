"""A-8: what somebody asks of the log is found by an index, however long the log is, and is what they asked for."""

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from sqlmodel import Session

from storage.audit import log
from storage.audit.filters import Wanted

from .conftest import START, MakeEntry

SINCE, UNTIL = START + timedelta(minutes=2), START + timedelta(minutes=9)


def plan(engine: Engine, wanted: Wanted) -> list[str]:
    """How SQLite finds the entries that are wanted; their texts are found by their key."""
    said: list[tuple[str, Any]] = []

    def listen(_c: Connection, _cursor: object, statement: str, given: Any, *_: object) -> None:
        said.append((statement, given))

    with engine.connect() as tx:
        event.listen(engine, "before_cursor_execute", listen)
        log.rows(tx, **wanted)
        event.remove(engine, "before_cursor_execute", listen)
        (statement, given), *_ = said
        return [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]


BY_KEY = "SEARCH audit_entries USING INTEGER PRIMARY KEY"
BY_ID = "USING COVERING INDEX sqlite_autoindex_audit_entries_1"
BY_PERSON = ["USING INDEX ix_audit_entries_actor", "USING INDEX ix_audit_entries_subject"]


@pytest.mark.parametrize(
    ("led_by", "found"),
    [
        (Wanted(correlation="g-1"), ["USING INDEX ix_audit_entries_correlation"]),
        (Wanted(person="p-1"), BY_PERSON),
        (Wanted(entitlement="vpn"), ["USING INDEX ix_audit_entries_resource"]),
        (Wanted(outcome="refused"), ["USING INDEX audit_entries_not_done (outcome=?"]),
        (Wanted(action="grant.requested"), ["USING INDEX audit_entries_action (action=?"]),
        (Wanted(since=SINCE), [f"{BY_KEY} (rowid>?)", f"{BY_ID} (id>?)"]),
        (Wanted(until=UNTIL), [f"{BY_KEY} (rowid<?)", f"{BY_ID} (id<?)"]),
    ],
)
def test_one_filter_leads_whatever_else_is_asked_with_it(
    sqlite_engine: Engine, led_by: Wanted, found: list[str]
) -> None:
    """A-8: the entries are never all looked through; nor are those of a person sorted out of those of an action."""
    order = ["correlation", "person", "entitlement", "outcome", "action", "since", "until"]
    (leader,) = led_by
    rest: dict[str, Any] = {
        "person": "p-2", "entitlement": "vpn", "outcome": "done", "action": "grant.approved", "since": SINCE,
        "until": UNTIL,
    }  # fmt: skip
    later = [name for name in order[order.index(leader) + 1 :] if name in rest]
    for many in range(3):
        for others in combinations(later, many):
            wanted: Any = {**led_by, **{name: rest[name] for name in others}}
            steps = plan(sqlite_engine, wanted)
            if leader in ("since", "until") and "until" in others:
                assert any(f"{BY_KEY} (rowid>? AND rowid<?)" in step for step in steps)
            elif leader == "outcome" and "action" in others:
                assert any("audit_entries_action_not_done (outcome=? AND action=?" in step for step in steps)
            else:
                assert all(any(each in step for step in steps) for each in found), (wanted, steps)
            assert not [step for step in steps if step.startswith("SCAN audit_entries")], (wanted, steps)
            sorting = [step for step in steps if "TEMP B-TREE" in step]
            assert not sorting or leader == "person", (wanted, steps)


def test_what_nearly_all_say_is_looked_for_from_the_newest_on(sqlite_engine: Engine) -> None:
    """A-8: where nothing leads, the newest are read, and reading ends with the last that is shown."""
    for wanted in (Wanted(), Wanted(outcome="done")):
        assert plan(sqlite_engine, wanted) == ["SCAN audit_entries"]
    assert plan(sqlite_engine, Wanted(after=7)) == [f"{BY_KEY} (rowid>?)"]


def test_filters_together_find_what_each_of_them_lets_through(engine: Engine, make_entry: MakeEntry) -> None:
    """A-8: against a look at each entry, on both engines."""
    kinds = [("grant.requested", "done"), ("grant.requested", "refused"), ("grant.approved", "done")]
    with Session(engine) as tx:
        for number in range(12):
            action, outcome = kinds[number % 3]
            log.append(
                tx, make_entry(at=START + timedelta(minutes=number), action=action, outcome=outcome,
                               resource=("vpn", "wiki")[number % 2], correlation=f"c-{number // 4}"),
            )  # fmt: skip
        every = log.rows(tx)
        asked: dict[str, tuple[Any, Any]] = {
            "action": ("grant.requested", lambda row: row.action == "grant.requested"),
            "outcome": ("refused", lambda row: row.outcome == "refused"),
            "entitlement": ("vpn", lambda row: row.resource == "vpn"),
            "correlation": ("c-1", lambda row: row.correlation == "c-1"),
            "person": ("p-ada", lambda row: "p-ada" in (row.actor, row.subject)),
            "since": (SINCE, lambda row: row.at >= SINCE),
            "until": (UNTIL, lambda row: row.at < UNTIL),
            "after": (4, lambda row: row.index > 4),
        }
        for many in (1, 2):
            for names in combinations(asked, many):
                wanted: Any = {name: asked[name][0] for name in names}
                expected = [row.index for row in every if all(asked[name][1](row) for name in names)]
                for look in (log.rows, log.first_rows):
                    assert [row.index for row in look(tx, limit=99, **wanted)] == expected, (look, names)
        assert [row.index for row in log.rows(tx, outcome="done", limit=2)] == [9, 11]
        assert [row.index for row in log.first_rows(tx, outcome="done", after=0, limit=2)] == [2, 3]
