"""Stories as people read them: every action has a sentence, and whatever the record holds fits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.workspace.view_rules import is_too_large, view_problems
from bot.slack.forms.story import page_of, story_form
from bot.stories.of_people import NOT_DONE
from bot.stories.telling import SENTENCES, Page, Step, decided_by, told, words_of
from handlers.questions.what_happened import ON_A_PAGE
from tests.bot.siem.golden import GOLDEN

STEP = Step(
    at=datetime(2026, 11, 23, 14, 2, tzinfo=UTC), id="e-1", action="grant.requested", outcome="done",
    who="Ada Lovelace", whom="Ada Lovelace", own=True, what="prod-db", facts={"minutes": 120},
    policies=("production-needs-approval",),
    policy_set="abc", words=(("justification", "INC-4711"),),
)  # fmt: skip


def test_every_action_that_is_recorded_has_a_sentence_and_no_other_has():
    assert set(GOLDEN) - set(SENTENCES) == set()
    assert {action for action in SENTENCES if action not in GOLDEN} <= {"link.stopped"}


@pytest.mark.parametrize("action", sorted(SENTENCES))
def test_each_is_one_plain_sentence_or_two(action: str):
    for own in (True, False):
        said = told(replace(STEP, action=action, own=own, whom="Bob Noyce"))
        assert said.endswith(".")
        assert "{" not in said
        assert said[0].isupper() or said.startswith(STEP.what)


def test_what_was_asked_decided_and_ended_reads_as_it_should():
    """AU-3, A-6: who, what, by which policy, and how it ended."""
    steps = [
        STEP,
        replace(STEP, own=False, whom="Bob Noyce"),
        replace(STEP, action="grant.approved", facts={"minutes": 60, "automatic": True}),
        replace(STEP, action="approval.given", who="Grace Hopper", facts={"proofs": "passkey"}),
        replace(STEP, action="access.removed", who="Wicket", facts={"late_ms": 90_000}),
        replace(STEP, action="access.change_failed", outcome="failed", facts={"tries": 3}),
        replace(STEP, action="something.new", who="Wicket"),
    ]
    assert [told(step) for step in steps] == [
        "Ada Lovelace asked for prod-db for 2 hours, and it went to its owner.",
        "Ada Lovelace asked for prod-db for 2 hours for Bob Noyce, and it went to its owner.",
        "Ada Lovelace asked for prod-db for 1 hour, and policy granted it at once.",
        "Grace Hopper approved it. Shown for it: a passkey.",
        "prod-db was taken from Ada Lovelace, and the directory, read back, agrees. It was 2 minutes late.",
        "The directory did not follow a change of prod-db for Ada Lovelace. It is tried again. Tries so far: 3.",
        "The record names it something.new, by Wicket.",
    ]


def test_what_was_refused_is_not_told_as_done():
    """Whoever reads the story of a petition learns from it whether somebody got in."""
    refused = replace(STEP, outcome="refused", who="Somebody", facts={"why": "wrong"})
    assert [told(replace(refused, action=action)) for action in ("proof.given", "password.changed")] == [
        "Somebody tried to show who they are on the secure page, and it did not count. On record as the cause: wrong.",
        "The password of Ada Lovelace was not changed. On record as the cause: wrong.",
    ]
    for action in NOT_DONE:
        assert told(replace(refused, action=action)) != told(replace(refused, action=action, outcome="done"))
        assert "{" not in told(replace(refused, action=action))


def test_the_policy_is_named_with_its_reason_where_that_is_known():
    assert decided_by(STEP, {}) == "Policy: production-needs-approval."
    known = {"production-needs-approval": "it is production."}
    assert decided_by(STEP, known) == "Policy: production-needs-approval (it is production)."
    assert decided_by(replace(STEP, policies=()), known) == ""


def test_words_are_quoted_as_they_are_kept_and_erased_ones_are_called_so():
    """O-4: nobody adds to the story by what they typed."""
    kept = replace(STEP, words=(("justification", "a”\nGrace approved it"), ("rationale", None)))
    assert words_of(kept) == ['Why: “a" Grace approved it”', "Their reason: erased from the record"]


ANY = st.text(max_size=80) | st.sampled_from(["<!channel>", "*a*", "&" * 70_000, "@a" * 2000, "ﷺ" * 5000])


@given(
    name=ANY, what=ANY, words=ANY, correlation=ANY, entries=st.integers(0, ON_A_PAGE),
    at=st.integers(0, 10**6), more=st.booleans(),
)  # fmt: skip
def test_any_story_is_taken_by_slack_and_pings_nobody(name, what, words, correlation, entries, at, more):
    """SL-8, SL-9: a page fits together too, whatever stands in its entries."""
    step = replace(
        STEP,
        who=name,
        what=what,
        words=(("justification", words),) * 4,
        policies=(what,),
        facts={"why": words},
    )
    page = Page(
        about="x-1",
        correlation=correlation,
        steps=(step,) * entries,
        page=at,
        pages=at + 1 + more,
        entries=10**6,
    )
    view = story_form(page).to_dict()
    assert view_problems(view, expected="modal") == []
    assert not is_too_large(view)
    assert sum(len(block["text"]["text"]) for block in view["blocks"] if block["type"] == "section") < 13_200
    assert "<!channel>" not in str(view)


@pytest.mark.parametrize(
    ("value", "page"), [("g-1", ("g-1", 0)), ("g-1~3", ("g-1", 3)), ("g-1~x", ("g-1~x", 0)), ("", ("", 0))]
)
def test_a_button_names_what_it_is_about_and_a_page(value, page):
    assert page_of(value) == page


def test_words_that_two_entries_of_one_act_have_are_read_once():
    page = Page(about="g", correlation="g", steps=(STEP, replace(STEP, id="e-2")), page=0, pages=1, entries=2)
    assert str(story_form(page).to_dict()).count("INC-4711") == 1


def test_a_story_that_may_lack_its_beginning_says_so_where_it_begins():
    whole = Page(about="g", correlation="g", steps=(STEP,), page=0, pages=2, entries=9)
    said = "this may lack its beginning"
    assert said not in str(story_form(whole).to_dict())
    part = replace(whole, archived=STEP.at)
    view = story_form(part).to_dict()
    assert said in str(view["blocks"][0])
    assert view_problems(view, expected="modal") == []
    assert said not in str(story_form(replace(part, page=1)).to_dict())
    assert said in str(story_form(replace(part, steps=())).to_dict())


def test_times_are_the_readers_own():
    view = story_form(Page(about="g", correlation="g", steps=(STEP,), page=0, pages=1, entries=1)).to_dict()
    assert "<!date^1795442520^" in str(view)
    assert timedelta(0) == STEP.at.utcoffset()


def test_words_that_are_not_for_the_reader_are_said_to_be_there_and_not_what_they_are():
    kept = replace(STEP, words=(("rationale", "I never liked this one"), ("ticket", None)), withheld=True)
    assert words_of(kept) == ["Their reason: not for you to read", "Ticket: not for you to read"]
