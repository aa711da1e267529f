"""Exceptions as rows: one a cause while it lasts, counted, and owed to the security channel before anything else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import delete, select

from storage import outbox
from storage.exceptions import SAME_CAUSE, SECURITY, known_among, raise_exception, settle_exceptions
from storage.outbox import ALERT
from storage.records import ExceptionRecord, Owed
from storage.sentences import Sentence

LEASE = timedelta(seconds=30)


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
