"""Exceptions as rows: one a cause while it lasts, counted, and owed to the security channel before anything else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import delete, select

from storage import exception_work as work
from storage import outbox
from storage.database import Database
from storage.exception_work import Wanted, Worker
from storage.exceptions import (
    SAME_CAUSE,
    SECURITY,
    decide_exceptions,
    is_open,
    known_among,
    open_of,
    raise_exception,
    raised_during,
    settle_exceptions,
    was_settled_since,
)
from storage.faults import NotKept
from storage.outbox import ALERT
from storage.records import ExceptionRecord, Owed
from storage.sentences import Sentence
from storage.states import Resolution

LEASE = timedelta(seconds=30)
HOUR = timedelta(hours=1)
GRACE = Worker(directory="corp", account="p-grace", name="Grace Hopper")


def raised(database, at, **changes: Any) -> ExceptionRecord:
    facts = {
        "at": at, "kind": "tampered", "cause": "tampered:p-eve", "severity": "medium", "who": "Eve Example",
        "correlation": "g-1", "facts": {"tries": 1},
    }  # fmt: skip
    return database.write_now(lambda tx: raise_exception(tx, **{**facts, **changes}))


def owed(database) -> list[Owed]:
    return database.read_now(lambda tx: list(tx.exec(select(Owed)).all()))


def test_an_exception_is_kept_and_owed_to_the_security_channel_first(database, now):
    row = raised(database, now)
    assert (row.count, row.first_at, row.last_at, row.facts) == (1, now, now, {"tries": 1})
    (message,) = owed(database)
    assert (message.kind, message.subject, message.recipient, message.urgency) == (
        "exception",
        row.id,
        SECURITY,
        ALERT,
    )


@pytest.mark.parametrize("table", ["exceptions", "outbox"])
def test_one_that_the_database_does_not_keep_is_a_fault_and_no_silence(path, now, table):
    database = Database(path)
    leaves_out = f"CREATE TRIGGER x BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END"
    database.write_now(lambda tx: tx.connection().exec_driver_sql(leaves_out) and None)
    with pytest.raises(NotKept):
        raised(database, now)
    database.close()


def test_a_sentence_in_it_keeps_what_fills_it(database, now):
    """SL-19: whoever reads it later reads it in their language."""
    who, detail = Sentence("Slack account {account}", account="U1"), Sentence("{file} is gone.", file="a")
    raised(database, now, who=who, facts={"detail": detail, "names": [who, "Ada"]})
    (row,) = database.read_now(lambda tx: list(tx.exec(select(ExceptionRecord)).all()))
    assert (row.who.values, row.facts["detail"].values) == ({"account": "U1"}, {"file": "a"})
    assert (row.facts["names"][0].template, row.facts["names"][1]) == (who.template, "Ada")


def test_the_same_cause_is_counted_and_does_not_flood(database, now):
    first = raised(database, now)
    for minute in range(1, 100):
        again = raised(database, now + timedelta(minutes=minute), facts={"tries": minute})
    assert (again.id, again.count, again.first_at) == (first.id, 100, now)
    assert (again.last_at, again.facts) == (now + timedelta(minutes=99), {"tries": 99})
    assert len(owed(database)) == 1


def test_a_repeat_after_it_was_told_is_told_again_on_the_same_message(database, now):
    first = raised(database, now)
    (told,) = database.write_now(
        lambda tx: outbox.claim(tx, courier="slack", at=now, lease=LEASE, limit=9, longest=LEASE)
    )
    database.write_now(lambda tx: outbox.done(tx, told))
    raised(database, now)
    assert [message.subject for message in owed(database)] == [first.id]


def test_another_cause_is_another_exception(database, now):
    assert raised(database, now).id != raised(database, now, cause="tampered:p-bob").id
    assert len(owed(database)) == 2


def test_a_cause_that_goes_on_is_news_again_each_day(database, now):
    """A steady attack is not one edited message that nobody looks at: the day begins with the first, not the last."""
    first = raised(database, now)
    assert raised(database, now + SAME_CAUSE - timedelta(microseconds=1)).id == first.id
    second = raised(database, now + SAME_CAUSE)
    assert (second.count, second.first_at) == (1, now + SAME_CAUSE)
    assert second.id != first.id
    assert raised(database, now + SAME_CAUSE).id == second.id


def test_what_becomes_graver_is_a_new_message(database, now):
    """An edit makes no sound: what was harmless in the morning must be heard when it is grave at noon."""
    mild = raised(database, now, severity="low")
    graver = raised(database, now, severity="medium")
    gravest = raised(database, now, severity="high")
    assert len({mild.id, graver.id, gravest.id}) == 3
    assert (graver.count, gravest.count) == (1, 1)


@pytest.mark.parametrize("milder", ["low", "medium", "high"])
def test_what_was_grave_stays_grave_for_its_day(database, now, milder):
    raised(database, now, severity="low")
    grave = raised(database, now + timedelta(minutes=1), severity="high")
    again = raised(database, now + timedelta(minutes=2), severity=milder)
    assert (again.id, again.severity, again.count) == (grave.id, "high", 2)


def test_the_message_tells_of_the_latest(database, now):
    raised(database, now)
    again = raised(database, now, who="Eve Example-Smith", correlation="g-2")
    assert (again.who, again.correlation) == ("Eve Example-Smith", "g-2")


def settle(database, at, *causes: str) -> None:
    database.write_now(lambda tx: settle_exceptions(tx, at=at, causes=causes))


def test_a_look_settles_only_what_was_met_before_it_began(database, now):
    """What was met since then was seen by a look that began later, here or in another replica."""
    raised(database, now)
    raised(database, now + timedelta(minutes=2))
    causes, ends = ["tampered:p-eve"], now + timedelta(minutes=3)
    for minutes, lasts in ((0, True), (1, True), (2, False)):
        began = now + timedelta(minutes=minutes)
        database.write_now(lambda tx, began=began: settle_exceptions(tx, at=ends, causes=causes, began=began))
        assert bool(database.read_now(lambda tx: open_of(tx, *causes))) == lasts
    for at, is_since in ((ends - timedelta(seconds=1), True), (ends, False)):
        assert database.read_now(lambda tx, at=at: was_settled_since(tx, *causes, at, now=ends)) == is_since


def test_what_was_met_or_over_much_later_than_now_was_so_before_the_clock_was_set_back(database, now):
    """And what another replica calls a little later than now was not."""
    raised(database, now + timedelta(minutes=10))
    cause, over = "tampered:p-eve", now + timedelta(minutes=20)

    def settled_at(at: datetime) -> bool:
        database.write_now(lambda tx: settle_exceptions(tx, at=at, causes=[cause], began=now))
        return not database.read_now(lambda tx: open_of(tx, cause))

    assert not settled_at(now + timedelta(minutes=9, seconds=30))
    assert settled_at(now + timedelta(minutes=8))
    raised(database, over)
    settle(database, over, cause)
    for at, is_since in ((over - timedelta(seconds=30), True), (over - timedelta(minutes=2), False)):
        assert (
            database.read_now(
                lambda tx, at=at: was_settled_since(tx, cause, over - timedelta(minutes=5), now=at)
            )
            == is_since
        )


def test_what_is_over_is_shown_in_its_message_once(database, now):
    """Only its own causes; and a second settling changes nothing that was told."""
    first, other = raised(database, now), raised(database, now, cause="tampered:p-bob")
    database.write_now(lambda tx: tx.exec(delete(Owed)))
    later = now + timedelta(minutes=5)
    settle(database, later, "tampered:p-eve", "tampered:nobody")
    settle(database, later + timedelta(minutes=5), "tampered:p-eve")
    kept = {row.id: row for row in database.read_now(lambda tx: tx.exec(select(ExceptionRecord)).all())}
    assert kept[first.id].facts == {"tries": 1, "settled": later.isoformat()}
    assert kept[other.id].facts == {"tries": 1}
    assert [(one.subject, one.urgency) for one in owed(database)] == [(first.id, ALERT)]


def test_what_recurs_after_it_was_over_is_news(database, now):
    first = raised(database, now)
    settle(database, now, "tampered:p-eve")
    again = raised(database, now + timedelta(minutes=1))
    assert again.id != first.id
    assert again.count == 1


def test_what_is_told_anew_stands_in_a_message_of_its_own_and_the_one_before_says_so(database, now):
    """An edit is easily missed; two that are both open would be two troubles."""
    later = now + timedelta(minutes=15)
    first, second = raised(database, now), raised(database, later, anew=True)
    assert second.id != first.id
    assert {message.subject for message in owed(database)} == {first.id, second.id}
    database.write_now(
        lambda tx: settle_exceptions(tx, at=later + timedelta(minutes=1), causes=["tampered:p-eve"])
    )
    rows = database.read_now(lambda tx: {row.id: row.facts for row in tx.exec(select(ExceptionRecord)).all()})
    assert rows[first.id] == {"tries": 1, "renewed": later.isoformat()}
    assert "settled" in rows[second.id]


def test_an_owner_hears_of_it_in_their_channel_and_of_its_end(database, now):
    raised(database, now, owner="data")
    both = {SECURITY, "owner:data"}
    assert {(m.recipient, m.urgency) for m in owed(database)} == {(one, ALERT) for one in both}
    database.write_now(lambda tx: tx.exec(delete(Owed)))
    database.write_now(lambda tx: settle_exceptions(tx, at=now, causes=["tampered:p-eve"]))
    assert {message.recipient for message in owed(database)} == both


def test_what_is_undone_raises_nothing(database, now):
    def work(tx) -> None:
        raise_exception(
            tx, at=now, kind="tampered", cause="c", severity="low", who="", correlation="", facts={}
        )
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(work)
    assert owed(database) == []


def test_of_very_many_causes_those_that_were_ever_told_of_are_known(database, now):
    """Be they over or not."""
    for cause in ("open", "over"):
        raised(database, now, cause=cause)
    database.write_now(lambda tx: settle_exceptions(tx, at=now, causes=["over"]))
    asked = [*(f"none-{number}" for number in range(1200)), "open", "over"]
    assert database.read_now(lambda tx: known_among(tx, asked)) == {"open", "over"}
    assert database.read_now(lambda tx: known_among(tx, [])) == frozenset()


@pytest.mark.parametrize("strange", ["\0", "\0:p-mallory", "\ud83d"])
def test_a_cause_that_begins_as_another_settles_only_itself(database, now, strange):
    """W-1: a member of a directory may be called anything; SQLite's JSON ends a text at a null."""
    raised(database, now)
    others = ["none", f"tampered:p-eve{strange}"]
    database.write_now(lambda tx: settle_exceptions(tx, at=now, causes=others))
    assert database.read_now(lambda tx: known_among(tx, others)) == frozenset()
    assert database.read_now(lambda tx: open_of(tx, "tampered:p-eve"))


# As somebody's work.


def standing(database, row: ExceptionRecord) -> tuple[str, str, str]:
    kept = database.read_now(lambda tx: tx.get_one(ExceptionRecord, row.id))
    return kept.state, kept.resolution, kept.resolved_by


def act(database, row: ExceptionRecord, do: Any, *args: Any, **named: Any) -> None:
    database.write_now(lambda tx: do(tx, work.get(tx, row.id, held=True), *args, **named))


def resolved(database, row: ExceptionRecord, at) -> None:
    act(database, row, work.resolve, GRACE, at=at, why=Resolution.EXPECTED, words="known")


@pytest.mark.parametrize(("severity", "within"), [("high", 4), ("medium", 24), ("low", 168)])
def test_the_time_to_resolve_one_goes_by_its_severity(database, now, severity, within):
    """W-1."""
    row = raised(database, now, severity=severity)
    assert (row.state, row.due_at) == ("open", now + within * HOUR)


def test_the_settings_may_give_another_time(store, now):
    due_within = {"high": HOUR, "medium": 2 * HOUR, "low": 3 * HOUR}
    database = Database(store, due_within=due_within)
    try:
        assert raised(database, now, severity="low").due_at == now + 3 * HOUR
    finally:
        database.close()


def test_what_is_over_told_anew_or_decided_is_resolved_by_that_act(database, now):
    """W-1: nobody has to click twice."""
    over, renewed, decided = (raised(database, now, cause=cause) for cause in ("over", "renewed", "decided"))
    settle(database, now, "over")
    again = raised(database, now, cause="renewed", anew=True)
    facts = {"decided_by": "Grace Hopper", "decided_at": now.isoformat()}
    database.write_now(lambda tx: decide_exceptions(tx, at=now, cause="decided", facts=facts))
    settle(database, now + HOUR, "decided")  # the directory follows later: who decided stays
    assert standing(database, over) == ("resolved", "settled", "")
    assert standing(database, renewed) == ("resolved", "renewed", "")
    assert standing(database, decided) == ("resolved", "decided", "Grace Hopper")
    assert standing(database, again) == ("open", "", "")
    counted = database.read_now(lambda tx: raised_during(tx, now - HOUR, now + HOUR))
    assert counted == {"tampered": (4, 1)}


def test_what_only_became_known_of_one_resolves_nothing(database, now):
    row = raised(database, now)
    database.write_now(lambda tx: decide_exceptions(tx, at=now, cause=row.cause, facts={"count": 7}))
    assert standing(database, row)[0] == "open"


def test_whoever_takes_up_what_is_nobodys_works_on_it(database, now):
    row = raised(database, now)
    act(database, row, work.acknowledge, GRACE, at=now)
    kept = database.read_now(lambda tx: work.get(tx, row.id))
    assert (kept.state, kept.acknowledged_by, kept.acknowledged_at) == ("acknowledged", "Grace Hopper", now)
    assert work.is_assigned_to(kept, GRACE)


def test_what_is_told_anew_stays_with_whoever_worked_on_it(database, now):
    """And is open: whoever is paged once more looks once more."""
    act(database, raised(database, now), work.acknowledge, GRACE, at=now)
    again = raised(database, now + timedelta(minutes=15), anew=True)
    assert (again.state, work.is_assigned_to(again, GRACE)) == ("open", True)


def test_what_recurs_after_a_person_resolved_it_is_news(database, now):
    """W-3."""
    first = raised(database, now)
    assert raised(database, now).id == first.id
    resolved(database, first, now)
    again = raised(database, now + timedelta(minutes=1))
    assert (again.id != first.id, again.count, again.state) == (True, 1, "open")
    assert standing(database, first) == ("resolved", "expected", "Grace Hopper")


def test_a_persons_word_does_not_end_a_cause(database, now):
    """W-3: requests for a group that is gone stay refused, and a directory that fails is not told each minute."""
    row = raised(database, now)
    resolved(database, row, now)
    assert database.read_now(lambda tx: is_open(tx, row.cause, since=now - HOUR))
    assert [one.id for one in database.read_now(lambda tx: open_of(tx, row.cause))] == [row.id]
    settle(database, now, row.cause)
    assert not database.read_now(lambda tx: open_of(tx, row.cause))
    assert standing(database, row) == ("resolved", "expected", "Grace Hopper")


def test_what_was_told_of_the_same_cause_before_is_resolved_with_it(database, now):
    older, other = raised(database, now), raised(database, now, cause="tampered:p-bob")
    newer = raised(database, now + SAME_CAUSE)
    newest = raised(database, now + 2 * SAME_CAUSE)
    linus = Worker(directory="corp", account="p-linus", name="Linus")
    oldest = raised(database, now - SAME_CAUSE)
    act(database, oldest, work.resolve, linus, at=now - HOUR, why=Resolution.MENDED, words="long ago")
    resolved(database, newer, now)
    assert standing(database, oldest) == ("resolved", "mended", "Linus")
    assert [standing(database, row)[0] for row in (older, newer, newest, other)] == [
        "resolved",
        "resolved",
        "open",
        "open",
    ]


def test_one_that_is_opened_again_is_as_new_and_counts_how_often(database, now):
    row = raised(database, now)
    act(database, row, work.acknowledge, GRACE, at=now)
    resolved(database, row, now)
    act(database, row, work.reopen, at=now + HOUR)
    kept = database.read_now(lambda tx: work.get(tx, row.id))
    assert (kept.state, kept.resolution, kept.words, kept.resolved_at) == ("open", "", "", None)
    assert (kept.acknowledged_at, kept.due_at, kept.reopened) == (None, now + 25 * HOUR, 1)
    assert work.is_assigned_to(kept, GRACE)
    assert raised(database, now + HOUR).id == row.id


def test_what_waits_is_told_with_what_is_past_its_time_first(database, now):
    """W-4."""
    low = raised(database, now - 200 * HOUR, cause="1", severity="low")
    late = raised(database, now - 5 * HOUR, cause="2", severity="high")
    new, fresh = (
        raised(database, now, cause=cause, severity=how) for cause, how in (("3", "low"), ("4", "high"))
    )
    over = raised(database, now - 100 * HOUR, cause="5")
    resolved(database, over, now)
    rows = database.read_now(lambda tx: work.waiting(tx, now, limit=9))
    assert [row.id for row in rows] == [late.id, low.id, fresh.id, new.id]
    assert database.read_now(lambda tx: work.how_many_wait(tx, now)) == (4, 2)


def test_those_asked_for_are_found(database, now):
    eve = raised(database, now, cause="1", severity="high")
    bob = raised(database, now - 30 * HOUR, cause="2", kind="left", severity="low")
    act(database, eve, work.assign, GRACE, at=now)
    act(database, bob, work.acknowledge, GRACE, at=now)
    over = raised(database, now - 30 * HOUR, cause="3")
    resolved(database, over, now)

    def ids(**wanted: Any) -> list[str]:
        rows = database.read_now(lambda tx: work.found(tx, Wanted(**wanted), limit=9))
        return [row.id for row in rows]

    assert ids() == [eve.id, bob.id, over.id]
    assert ids(states=["acknowledged"]) == [bob.id]
    assert ids(severities=["high", "low"]) == [eve.id, bob.id]
    assert ids(kinds=["left"]) == [bob.id]
    assert ids(assignee="p-grace") == ids(assignee="hopper") == [eve.id, bob.id]
    assert ids(assignee="%") == []
    assert ids(since=now - HOUR) == [eve.id]
    assert ids(overdue=now + 20 * HOUR) == [eve.id]
