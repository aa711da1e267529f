"""Which button belongs to which message: a click on a copy of one brings it up to date."""

import pytest

from bot.slack.actions import Action
from bot.slack.copies import KINDS
from bot.slack.messages.approvals import approval_message
from bot.slack.messages.parts import Message
from bot.slack.messages.requests import request_message
from storage.states import GrantState
from tests.bot.slack.stories import approved, story


def _buttons(message: Message) -> set[str]:
    blocks = message.body()["blocks"]
    elements = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return {one["action_id"] for one in elements}


@pytest.mark.parametrize("told", [story(), story(can={"owner": ("Grace",)}, one_click=True), approved()])
def test_every_button_of_an_approval_message_is_known_as_its_own(told):
    found = _buttons(approval_message(told))
    assert found
    assert {KINDS.get(Action(one)) for one in found} == {"approval"}


@pytest.mark.parametrize("state", [GrantState.DRAFT, GrantState.PENDING, GrantState.ACTIVE, GrantState.ENDED])
def test_every_button_of_a_status_message_is_known_as_its_own(state):
    found = _buttons(request_message(story(state)))
    assert found
    assert {KINDS.get(Action(one)) for one in found} == {"request"}


def test_a_button_of_security_about_a_grant_makes_no_approval_message_of_the_one_it_stands_in():
    """In one channel both may stand: what security asks for about a grant is no copy of what its owner was asked."""
    assert Action.END_LEFT not in KINDS
