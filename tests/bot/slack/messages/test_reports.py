"""Access asked for somebody who reports to the requester, and tickets: what each of three readers sees of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.messages.approvals import approval_message, critical_facts
from bot.slack.messages.during import ended_early_message, ending_message, reminder_message
from bot.slack.messages.reports import report_message
from bot.slack.messages.requests import request_message
from bot.slack.words import visible
from handlers.requests.stories import Extension, Held, PassedOn, Report
from storage.states import GrantState
from tests.bot.slack.messages.test_approvals import LAST, NAMES, NASTY, QUESTION, STORIES, squeezed
from tests.bot.slack.stories import (
    ADA,
    GRACE,
    NOW,
    OWNER,
    approved,
    clumsy,
    ended,
    hears,
    problems,
    reads,
    story,
)

LINUS = Report(name="Linus Pauling", login="linus", slack_user="U0LINUS")
ASKED = "Ada Lovelace asked for it for you: “fix INC-4711”."

SEEN = {
    "waiting": (story(report=LINUS), f"⏳ prod-db · read and write, 2 hours: waiting for approval. {ASKED}"),
    "set up": (
        approved(GrantState.APPROVED, report=LINUS),
        f"⏳ prod-db · read and write is being set up for you. {ASKED}",
    ),
    "active": (
        approved(report=LINUS),
        f"✅ prod-db · read and write is yours until 23 Nov 16:09 UTC. {ASKED}",
    ),
    "ended": (
        ended(report=LINUS),
        f"⌛ prod-db · read and write ended at 16:09 UTC. Its time is over. {ASKED}",
    ),
    "denied": (
        story(GrantState.DENIED, report=LINUS),
        f"⌛ prod-db · read and write was not given to you. {ASKED}",
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_the_report_reads_how_it_stands_and_who_asked(name):
    told, words = SEEN[name]
    message = report_message(told)
    assert hears(message) == words
    assert problems(message) == []
    assert clumsy(hears(message)) == []
    labels = [label for label in reads(message).split("\n") if label.startswith("[")]
    assert labels == (["[I'm done]"] if name == "active" else [])


def test_the_requester_reads_whom_it_is_for():
    assert "prod-db · read and write for Linus Pauling" in hears(request_message(approved(report=LINUS)))
    assert "Linus Pauling held it for 2 hours" in hears(request_message(ended(report=LINUS)))


def test_the_approver_reads_whom_it_is_for_and_the_ticket():
    """Promise 9, R-3."""
    told = story(report=LINUS, ticket="https://tracker.example.com/1")
    facts = dict(critical_facts(told))
    assert facts["For"] == "Linus Pauling (linus), who reports to the requester"
    assert facts["Ticket"] == "https://tracker.example.com/1"
    assert "Linus Pauling holds nothing else" in reads(approval_message(told))
    assert {"For", "Ticket"} & set(dict(critical_facts(story()))) == set()


REPORTS = st.builds(Report, name=NAMES, login=NAMES, slack_user=st.just("U0LINUS"))


@given(
    told=STORIES, report=st.none() | REPORTS, ticket=NASTY.map(lambda text: visible(text)[:200]), reason=NAMES
)
def test_any_report_and_any_ticket_are_shown_whole_and_taken_by_slack(told, report, ticket, reason):
    """Promise 9, SL-8: whom it is for and the ticket are facts like the others."""
    told = replace(told, report=report, ticket=ticket, end_reason=f"{reason} gave it back")
    message = approval_message(told)
    for each in (message, request_message(told), report_message(told)):
        assert problems(each) == []
    for fact in [ticket, *([report.name, report.login] if report else [])]:
        assert squeezed(visible(fact)) in squeezed(reads(message))
        assert squeezed(visible(fact)) in squeezed(hears(message))


EARLY = {"end_reason": "ended early", "ended_by": "Grace Hopper", "end_rationale": "the incident is over"}


def test_the_report_reads_who_ended_it_and_why():
    why = "by Grace Hopper: “the incident is over”"
    assert f"ended at 16:09 UTC. Ended {why}. {ASKED}" in hears(report_message(ended(report=LINUS, **EARLY)))
    words = reads(ended_early_message(ended(report=LINUS, **EARLY), to_report=True))
    assert words == (
        f"⌛ prod-db · read and write for Linus Pauling was ended {why}.\n"
        "What you can do: talk to them, or to Ada Lovelace."
    )
    assert "[Ask again…]" in reads(ended_early_message(ended(report=LINUS, **EARLY)))


def test_nobody_is_offered_to_extend_what_was_asked_for_a_report():
    """It is asked for anew: the button would say that it is gone."""
    words = reads(ending_message(approved(report=LINUS)))
    assert words == "⏳ prod-db · read and write for Linus Pauling ends 23 Nov 16:09 UTC.\n[I'm done]"


def test_one_click_asks_with_whom_it_is_for():
    """Promise 9: what is approved at once is given to the report, and not to whoever asks."""
    told = story(report=LINUS, one_click=True, shown="ab12")
    button = approval_message(told).blocks[-1].to_dict()["elements"][0]
    assert "\nFor Linus Pauling (linus), who reports to the requester\n" in button["confirm"]["text"]["text"]


@pytest.mark.parametrize("sign", ["&", "<", "*", ":a", "@a", "`", "”", "\u202ea"])
@pytest.mark.parametrize("state", [one for one in GrantState if one != "draft"])
def test_everything_at_once_fits_and_keeps_its_facts(sign, state):
    """Promise 9, SL-8: passed on, made shorter, for a report, with a ticket, questions, an extension, and ended."""
    name, words = (sign * 100)[:100], (sign * 500)[:500]
    said = replace(GRACE, name=name, rationale=words)
    told = approved(
        state,
        requester=replace(ADA, name=name, login=name, team=name, manager=name),
        report=Report(name=name, login=name, slack_user="U0LINUS"),
        justification=words,
        ticket=words[:200],
        minutes=525_599,
        asked_minutes=525_600,
        missing={"owner": 2, "security": 1, "manager": 1},
        said=(
            said,
            replace(said, void="the time was made shorter after it"),
            said,
            replace(said, approved=False),
        ),
        can=dict.fromkeys(("owner", "security", "manager"), (name,) * 7),
        asked=(QUESTION,) * 5,
        last=replace(LAST, by=(name,) * 7),
        had=3,
        passed_on=PassedOn(owner=replace(OWNER, name=name), why="nobody answered", at=NOW),
        extension=Extension(until=NOW, minutes=60),
        goes_on_from=Held(since=NOW, until=NOW),
        holds=("k" * 63,) * 40,
        directory="lab",
        ended_at=NOW,
        end_reason="ended early",
        ended_by=name,
        end_rationale=words,
    )
    message = approval_message(told)
    for each in (
        message, request_message(told), report_message(told), ending_message(told), reminder_message(told),
        ended_early_message(told), ended_early_message(told, to_report=True),
    ):  # fmt: skip
        assert problems(each) == []
    for _, fact in critical_facts(told):
        assert squeezed(visible(fact)) in squeezed(reads(message))
        assert squeezed(visible(fact)) in squeezed(hears(message))
