"""What is read after an emergency: the review that is owed, late and given, drills, and whose click did not count."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.forms.emergency_reviews import read_review, restore_form, restore_lost_form, review_form
from bot.slack.messages.emergency_reviews import (
    FOLLOW_UPS,
    follow_up_message,
    reminder_message,
    review_text,
)
from handlers.decisions.emergency_reviews import Finding
from handlers.emergencies.outcomes import ALERTED
from handlers.emergencies.reviewed import (
    Looked,
    LostMeanwhile,
    MayRestore,
    MayRestoreLost,
    MayReview,
    NothingToRestore,
    NotOver,
    Reminded,
    Restored,
    ReviewedBefore,
    ReviewKept,
)
from handlers.exceptions.strange import Kind
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.stops.outcomes import WordKept
from tests.bot.slack.messages.alerts.test_message import NASTY, alert
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads

DUE = (NOW + timedelta(days=2)).isoformat()
OWED: dict[str, Any] = {
    "entitlement": "prod-db", "incident": "INC-4711", "emergency": "g-1", "drill": False, "by_hand": False,
    "due": DUE, "reviewers": ["Grace Hopper", "Alan Turing"], "overdue": False, "owner": "Data Platform",
}  # fmt: skip
DECIDED = {"decided_by": "Alan Turing", "decided_at": NOW.isoformat(), "settled": NOW.isoformat()}
LOOKED = Looked(
    id="g-1", who="Ada Lovelace (ada)", what="prod-db", incident="INC-4711", reason="*orders* stand still",
    began_at=NOW, ended_at=NOW + timedelta(minutes=41), due_at=NOW + timedelta(days=2), ended_by="Grace Hopper",
    ended_why="it is over", proved_by="passkey",
)  # fmt: skip


def said(kind: Kind = Kind.EMERGENCY_REVIEW, **facts: Any) -> str:
    message = follow_up_message(alert(kind, {**OWED, **facts}))
    assert problems(message) == []
    assert clumsy(hears(message)) == []
    return reads(message)


def test_a_review_that_is_owed_says_of_what_by_when_and_who_can():
    """B-3: in the emergency's thread, and in the channel as well."""
    text = said()
    assert text.startswith("⚠️ Review owed: Ada Lovelace (ada) broke the glass\n")
    assert "took prod-db in an emergency, incident INC-4711. The access is over." in text
    assert "Somebody else of Data Platform or of the security team reviews it by 25 Nov 14:02 UTC." in text
    assert "If nobody does, Ada Lovelace (ada) cannot break the glass until it is done." in text
    assert "Can do it now: Grace Hopper or Alan Turing." in text
    assert "[Review…]" in text
    message = follow_up_message(alert(Kind.EMERGENCY_REVIEW, OWED))
    assert (message.below, message.aloud) == ((ALERTED, "g-1"), True)


def test_a_late_one_says_what_follows_and_the_one_before_it_that_it_was_told_anew():
    late = said(overdue=True)
    assert "Review overdue" in late
    assert "Until somebody does, Ada Lovelace (ada) cannot break the glass." in late
    before = said(renewed=NOW.isoformat())
    assert "told anew" in before
    assert "[Review…]" not in before


def test_what_a_review_came_to_stands_where_it_was_asked_for():
    good = said(**DECIDED, finding="justified", words="alert earlier <!channel>")
    assert "✅ Justified, says the review by Alan Turing at 14:02" in good
    assert "To change: “alert earlier" in good
    assert "[Review…]" not in good
    assert "⛔ Not justified" in said(**DECIDED, finding="not-justified", words="ask first")


def test_a_drill_says_so_first_and_what_was_put_on_the_record_by_hand_where_it_comes_from():
    """B-4, B-5."""
    drill = said(drill=True, incident="DRILL")
    assert drill.startswith("⚠️ DRILL: review owed")
    assert "No access was given." in drill
    assert "⛔ It did not go as it should" in said(
        drill=True, **DECIDED, finding="not-justified", words="slow"
    )
    assert "past Wicket: an operator put it on the record." in said(by_hand=True)


def test_what_was_not_justified_says_who_found_so_and_who_let_them_again():
    told = {"reviewer": "Grace Hopper", "words": "ask first"}
    text = said(Kind.EMERGENCY_UNJUSTIFIED, **told)
    assert "Grace Hopper reviewed what Ada Lovelace (ada) did with prod-db" in text
    assert "[Let them again…]" in text
    again = said(Kind.EMERGENCY_UNJUSTIFIED, **told, **DECIDED, rationale="we spoke")
    assert "✅ They can break the glass again, says Alan Turing at 14:02" in again
    assert "[Let them again…]" not in again


def test_what_was_lost_says_that_it_takes_two_and_who_said_so():
    """B-3, R-1."""
    words = [{"name": "Sam", "at": NOW.isoformat(), "why": "restored by hand", "operator": False}]
    text = said(Kind.EMERGENCY_LOST, emergency="", count=2)
    assert "tells of 2 emergencies of Ada Lovelace (ada) that the database does not have" in text
    assert "Until two people of the security team let them" in text
    first = said(Kind.EMERGENCY_LOST, emergency="", count=2, words=words)
    assert "One of two" in first
    assert "[Let them again…]" in first
    over = said(Kind.EMERGENCY_LOST, emergency="", count=2, words=words * 2, **DECIDED)
    assert "✅ They can break the glass again, say Alan Turing at 14:02" in over
    assert over.count("restored by hand") == 2
    anew = said(Kind.EMERGENCY_LOST, emergency="", count=1, renewed=NOW.isoformat())
    assert "More of them is lost, which was told anew" in anew
    assert "[Let them again…]" not in anew
    assert "They are there again" in said(Kind.EMERGENCY_LOST, emergency="", count=1, settled=NOW.isoformat())


def test_the_form_about_what_was_lost_names_each_and_stays_text():
    """Promise 9, SL-9."""
    lost = (("b-1", "prod-db", NOW), ("b-2", "*<!channel>*", NOW))
    form = restore_lost_form(
        MayRestoreLost(
            exception="x-1", shown="m-1", who="Ada *Lovelace* (ada)", lost=lost * 15, said=("<!here>",)
        )
    ).to_dict()
    shown = str(form["blocks"])
    assert "*prod-db*, " in shown
    assert "story b-1" in shown
    assert (shown.count("story b-1"), form["private_metadata"]) == (15, "x-1~m-1")
    assert "<!channel>" not in shown
    assert "<!here>" not in shown


def test_a_missing_drill_says_how_to_begin_one():
    """B-4."""
    text = said(Kind.DRILL_MISSED, last=NOW.isoformat(), days=30, emergency="")
    assert "The last drill of breaking the glass was 23 Nov 2026. One is wanted every 30 days." in text
    assert "/wicket break-glass drill" in text
    assert "No drill of breaking the glass has taken place yet." in said(
        Kind.DRILL_MISSED, days=30, emergency=""
    )
    assert "One took place" in said(Kind.DRILL_MISSED, days=30, settled=NOW.isoformat(), emergency="")


@settings(max_examples=60)
@given(
    kind=st.sampled_from(sorted(FOLLOW_UPS)),
    who=NASTY,
    facts=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(
                ("entitlement", "incident", "emergency", "owner", "reviewer", "words", "rationale", "decided_by",
                 "finding"), NASTY
            ),
            **dict.fromkeys(("due", "renewed", "settled", "last"), NASTY | st.sampled_from([DUE])),
            **dict.fromkeys(("drill", "by_hand", "overdue"), st.booleans()),
            "reviewers": st.lists(NASTY, max_size=9),
            "days": st.integers(0, 400),
        },
    ),
)  # fmt: skip
def test_it_always_fits_and_pings_nobody(kind, who, facts):
    """SL-8, SL-9."""
    assert problems(follow_up_message(alert(kind, facts, who=who))) == []


def test_the_form_shows_every_fact_whole():
    """Promise 9: who, what, how long, incident, why, who ended it, by which proof."""
    form = review_form(MayReview(looked=LOOKED)).to_dict()
    shown = str(form["blocks"])
    for fact in (
        "Ada Lovelace (ada)", "prod-db", "41 minutes, from 23 Nov 14:02 UTC to 23 Nov 14:43 UTC", "INC-4711",
        "“*orders* stand still”", "by Grace Hopper, before its time: “it is over”", "a passkey",
    ):  # fmt: skip
        assert fact in shown, fact
    long = Looked(**{**vars(LOOKED), "reason": "x" * 500})
    assert "x" * 500 in str(review_form(MayReview(looked=long)).to_dict())
    drill = Looked(**{**vars(LOOKED), "drill": True, "ended_at": NOW})
    shown = str(review_form(MayReview(looked=drill)).to_dict())
    assert "This was a DRILL." in shown
    assert "Did it go as it should?" in shown
    by_hand = Looked(**{**vars(LOOKED), "by_hand": True, "proved_by": ""})
    assert "an operator put it on the record" in str(review_form(MayReview(looked=by_hand)).to_dict())
    again = restore_form(MayRestore(looked=LOOKED, reviewed_by="Grace Hopper", words="ask first"))
    assert "Grace Hopper found it not justified: “ask first”" in str(again.to_dict())


@pytest.mark.parametrize(
    ("chosen", "words"), [("", "ok"), ("maybe", "ok"), ("justified", " "), ("justified", "x" * 501)]
)
def test_what_is_missing_stands_at_its_field(chosen: str, words: str):
    values = {
        "finding": {"finding": {"selected_option": {"value": chosen}}},
        "rationale": {"rationale": {"value": words}},
    }
    wrong = read_review({"private_metadata": "g-1", "state": {"values": values}})
    assert list(wrong.at) == ["finding" if words == "ok" else "rationale"]


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (ReviewKept(looked=LOOKED, finding=Finding.JUSTIFIED, lapsed=False), "is kept"),
        (ReviewKept(looked=LOOKED, finding=Finding.NOT_JUSTIFIED, lapsed=True), "cannot break the glass until"),
        (ReviewedBefore(by="Grace Hopper", at=NOW, finding=Finding.JUSTIFIED), "Grace Hopper reviewed this already"),
        (NotOver(), "not over yet"),
        (WordKept(), "one of two"),
        (WordKept(again=True), "kept already"),
        (Restored(who="Ada"), "Ada can break the glass again."),
        (NothingToRestore(by="Alan", at=NOW), "Alan let them again already"),
        (NothingToRestore(), "Nothing was changed"),
        (NotAllowed(entitlement="prod-db", owner_name="Data", reasons=("You report to them.",)), "You report to them."),
        (Unknown(what="button"), "no longer there"),
        (Unknown(what="button", lost=True), "no longer hold"),
        (LostMeanwhile(), "Press *Let them again…* once more"),
        (Repeated(), ""),
    ],
)  # fmt: skip
def test_whoever_clicks_hears_what_came_of_it(outcome: object, says: str):
    text = review_text(outcome)
    assert says in text
    assert bool(text) == bool(says)


def test_a_reminder_stands_in_the_thread_until_it_was_done():
    told = Reminded(emergency="g-1", who="Ada (ada)", what="prod-db", due_at=NOW, drill=True, reviewed_by="")
    message = reminder_message(told)
    assert "DRILL. ⏳ The review of what Ada (ada) did with prod-db is still owed" in hears(message)
    assert (message.below, message.aloud, problems(message)) == ((ALERTED, "g-1"), True, [])
    done = reminder_message(Reminded(**{**vars(told), "reviewed_by": "Alan Turing", "drill": False}))
    assert "was reviewed by Alan Turing" in hears(done)
