"""What is said of one's requests: each as its own message says it, and never more than Slack takes."""

from dataclasses import replace
from typing import get_args

import pytest

from bot.slack.messages.answers import answer_message
from bot.slack.messages.own_requests import own_requests_message
from handlers.decisions.understanding import Courtesy
from handlers.questions.answers import Courteous, OwnRequests
from storage.states import GrantState
from tests.bot.slack.stories import GRACE, NOW, approved, clumsy, hears, problems, reads, story

EACH = "Each request has its own message here, which changes as soon as something happens."


def test_each_open_request_stands_with_whose_turn_it_is_and_the_way_to_take_it_back() -> None:
    message = own_requests_message(OwnRequests(open=(story(), approved(GrantState.APPROVED))))
    assert hears(message).startswith("2 requests of yours are open.\n⏳ prod-db")
    assert hears(message).endswith(EACH)
    assert reads(message).count("[Withdraw]") == 1
    assert problems(message) == []


def test_words_of_approvers_however_long_leave_it_fit_to_send() -> None:
    """Five requests, each shortened and approved in part with all that an approver may write."""
    long = replace(GRACE, rationale="&<" * 250)
    open_ones = (story(said=(long, long), asked_minutes=480, missing={"security": 1}),) * 5
    message = own_requests_message(OwnRequests(open=open_ones, more=True))
    assert hears(message).startswith("More than 5 of your requests are open. The oldest:\n⏳")
    assert problems(message) == []


@pytest.mark.parametrize("state", [one for one in GrantState if one != GrantState.PENDING])
def test_the_last_one_is_told_in_whatever_state_it_is(state: GrantState) -> None:
    message = own_requests_message(OwnRequests(open=(), last=story(state)))
    assert hears(message).startswith("None of your requests is waiting. This is the last one:\n")
    assert problems(message) == []


@pytest.mark.parametrize("kind", get_args(Courtesy))
def test_a_courtesy_is_answered_shortly(kind: str) -> None:
    message = answer_message(Courteous(kind=kind), NOW)
    assert clumsy(hears(message)) == []
    assert len(hears(message)) < 250
