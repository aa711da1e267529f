"""Menus: which option a person means."""

import pytest

from bot.demo.workspace.elements import picked

OFFERED = [
    {"text": {"type": "plain_text", "text": "prod-db · read and write"}, "value": "e-1"},
    {"text": {"type": "plain_text", "text": "prod-db · read"}, "value": "e-2"},
    {"text": {"type": "plain_text", "text": "vpn-users"}, "value": "e-3"},
]
MENU = {"type": "static_select", "action_id": "what"}


@pytest.mark.parametrize(
    ("wanted", "value"), [("e-2", "e-2"), ("prod-db · read", "e-2"), ("write", "e-1"), ("vpn", "e-3")]
)
def test_an_option_is_meant_by_value_by_text_or_by_words_only_it_holds(wanted, value):
    assert picked(MENU, wanted, OFFERED)["selected_option"]["value"] == value


@pytest.mark.parametrize("wanted", ["prod-db", "e-4", "nothing"])
def test_what_is_not_offered_or_could_be_two_cannot_be_chosen(wanted):
    with pytest.raises(LookupError, match="vpn-users"):
        picked(MENU, wanted, OFFERED)


def test_nothing_chosen_is_nothing_for_one_and_an_empty_list_for_many():
    assert picked(MENU, None, OFFERED)["selected_option"] is None
    many = {"type": "multi_static_select", "action_id": "what"}
    assert picked(many, None, OFFERED)["selected_options"] == []
    assert len(picked(many, ["e-1", "e-3"], OFFERED)["selected_options"]) == 2
