"""Every message in a language that nobody speaks: no sentence is forgotten, and none is glued from halves (SL-19)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.couriers.letters import KINDS, letter
from bot.slack import sentences
from bot.slack.forms.decision import decision_form, details_form, less_form
from bot.slack.forms.ending import ending_form
from bot.slack.forms.inquiry import answer_form, question_form
from bot.slack.forms.request import Prefilled, request_form
from bot.slack.home import home_view
from bot.slack.messages import answers, deciding, during
from bot.slack.messages.alerts.message import alert_message
from bot.slack.messages.approvals import approval_message
from bot.slack.messages.drift import drift_message
from bot.slack.messages.inquiries import asked_message, inquiry_message, reply_message
from bot.slack.messages.parts import Message
from bot.slack.messages.reports import report_message
from bot.slack.messages.requests import request_message
from bot.texts import read_in, say
from tests.bot.couriers import test_letters
from tests.bot.slack import test_home
from tests.bot.slack.forms import test_parts
from tests.bot.slack.messages import test_answers, test_approvals, test_drift, test_requests
from tests.bot.slack.messages.alerts import test_message
from tests.bot.slack.stories import NOW
from tests.bot.texts.pseudo import Pseudo, english, foreign, shown

# Codes and ids, and what handlers say in words of their own, which `as_told` looks up.
KEPT = frozenset(
    {"id", "state", "role", "slack_user", "channel", "foreseen", "shown", "outcome", "void",
     "reasons", "end_reason", "removal_takes_effect", "employment"}
)  # fmt: skip
CODES = frozenset(
    {"kind", "way", "purpose", "result", "trouble", "reason", "gone", "courier", "why", "fault", "reasons", "detail",
     "employment", "due", "paged", "renewed", "settled", "ends", "since", "review", "decided_at", "channel"}
)  # fmt: skip


def told_of(message: Message) -> list[str]:
    """What stands in plain letters in the words and in the blocks."""
    return english(message.text, *shown(message.body()["blocks"]))


def of_form(view: Any) -> list[str]:
    return english(*shown(view.to_dict()))


def strange(told: Any) -> Any:
    """A story in which whatever people wrote or are called is Greek."""
    far = foreign(told, keep=KEPT)
    return replace(far, id="1", reasons=tuple(one.replace("{", "(") for one in far.reasons))


@settings(max_examples=60)
@given(test_approvals.STORIES)
def test_any_story_is_told_in_the_readers_language(told: Any) -> None:
    """SL-19: to the approver, to the requester, to a report, in every form, and in what a clicker hears."""
    far = strange(told)
    with read_in(Pseudo()):
        messages = [approval_message(far), request_message(far), report_message(far)]
        messages += [
            during.reminder_message(far),
            during.ending_message(far),
            during.ended_early_message(far),
        ]
        for asked in far.asked:
            messages += [asked_message(far, asked), inquiry_message(far, asked), reply_message(far, asked)]
        forms = [
            decision_form(far, approve=True, why=["You are on call."]),
            decision_form(far, approve=False),
            less_form(far),
            question_form(far),
            details_form(far),
            ending_form(far),
            *(answer_form("1", one.name, one.question) for one in far.asked),
        ]
        changed = deciding.changed_text(far)
    assert [told_of(one) for one in messages] == [[]] * len(messages)
    assert [of_form(one) for one in forms] == [[]] * len(forms)
    assert english(changed) == []


@pytest.mark.parametrize("name", sorted(test_requests.STATES))
def test_each_state_is_told_in_the_readers_language(name: str) -> None:
    far = strange(test_requests.STATES[name][0])
    with read_in(Pseudo()):
        assert told_of(request_message(far)) == []
        assert told_of(approval_message(far)) == []


ALERTS = [one for one, *_ in (*test_message.GOLDEN, *test_drift.GOLDEN)]


@pytest.mark.parametrize("number", range(len(ALERTS)))
def test_each_exception_is_told_in_the_readers_language(number: int) -> None:
    alert = ALERTS[number]
    far = replace(alert, who=foreign(alert.who), correlation="1", facts=foreign(alert.facts, keep=CODES))
    with read_in(Pseudo()):
        message = drift_message(far) if alert.kind in test_drift.DRIFT else alert_message(far)
    assert told_of(message) == []


@pytest.mark.parametrize("number", range(len(test_answers.ANSWERS)))
def test_each_answer_is_told_in_the_readers_language(number: int) -> None:
    answer = foreign(test_answers.ANSWERS[number][0], keep=frozenset({"channel", "advice", "commands"}))
    with read_in(Pseudo()):
        assert told_of(answers.answer_message(answer, NOW)) == []


@given(test_home._OVERVIEWS)
def test_any_home_is_shown_in_the_readers_language(overview: Any) -> None:
    far = foreign(overview, keep=frozenset({"id", "grant", "state"}))
    with read_in(Pseudo()):
        assert of_form(home_view(far, test_home.NOW)) == []


@given(foresight=test_parts.FORESIGHTS, minutes=st.integers(0, 525_600))
def test_any_request_form_is_shown_in_the_readers_language(foresight: Any, minutes: int) -> None:
    far = foreign(foresight, keep=KEPT)
    plain = tuple(
        replace(
            one,
            entitlement=replace(one.entitlement, id="α"),
            reasons=tuple(foreign(reason.replace("{", "(")) for reason in one.reasons),
        )
        for one in far.each
    )
    with read_in(Pseudo()):
        assert of_form(request_form(Prefilled(minutes=minutes), replace(far, each=plain))) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("result", list(test_letters.Result))
def test_each_letter_is_written_in_the_readers_language(kind: str, result: Any) -> None:
    assert test_letters.FACTS.petition is not None
    petition = replace(
        test_letters.FACTS.petition, explanation="α", approvers=("β", "γ"), ended_by="δ", words="ε"
    )
    facts = replace(test_letters.FACTS, name="Αδα", result=result, petition=petition)
    with read_in(Pseudo()):
        made = letter(kind, facts)
    assert english(made.subject, made.body) == ["Wicket"]


def test_short_sentences_are_said_in_the_readers_language() -> None:
    held = [one for name, one in vars(sentences).items() if name.isupper() and isinstance(one, str)]
    with read_in(Pseudo()):
        assert english(*map(say, held)) == []


def test_a_word_that_was_forgotten_stands_out() -> None:
    """The proof proves something: what is not said is found, in blocks as well as in words."""
    with read_in(Pseudo()):
        assert english(say("{name} approved this.", name="Γρεις")) == []
        assert english(f"{say('Approved by')} Grace") == ["Grace"]
        body = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Approved."}}]}
        assert english(*shown(body)) == ["Approved"]
