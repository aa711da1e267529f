"""Menus that an app fills while somebody types, and that change under a person's hands: Slack's rules, and ours."""

import pytest

from bot.demo.workspace.element_rules import element_problems
from bot.demo.workspace.elements import picked
from bot.demo.workspace.views import View, no_longer_offered


def option(value: str) -> dict:
    return {"text": {"type": "plain_text", "text": value}, "value": value}


def problems(**element: object) -> list[str]:
    return list(element_problems({"action_id": "a", **element}, "/e", within="input"))


@pytest.mark.parametrize(
    "element",
    [
        {"type": "multi_external_select", "initial_option": option("x")},
        {"type": "multi_external_select", "initial_options": []},
        {"type": "multi_external_select", "initial_options": [option("x")] * 2, "max_selected_items": 1},
        {"type": "multi_external_select", "initial_options": [{"text": "x"}]},
        {"type": "multi_external_select", "max_selected_items": 0},
        {"type": "external_select", "initial_options": [option("x")]},
        {"type": "external_select", "max_selected_items": 3},
    ],
)
def test_what_slack_refuses_of_an_external_menu_is_refused(element):
    assert problems(**element)


def test_what_slack_takes_of_one_is_taken():
    assert problems(type="multi_external_select", initial_options=[option("x")], max_selected_items=2) == []
    assert problems(type="external_select", initial_option=option("x")) == []


def test_nobody_chooses_more_than_a_menu_takes():
    menu = {"type": "multi_external_select", "max_selected_items": 2}
    offered = [option(value) for value in "xyz"]
    assert len(picked(menu, ["x", "y"], offered)["selected_options"]) == 2
    with pytest.raises(LookupError, match="no more than 2"):
        picked(menu, ["x", "y", "z"], offered)


def test_a_menu_that_keeps_its_name_and_loses_what_is_chosen_in_it_is_noticed():
    """The person would send what they can no longer see."""

    def view(*values: str, block: str = "b") -> View:
        element = {"type": "static_select", "action_id": "a", "options": [option(value) for value in values]}
        return View(
            id="V1", hash="1", type="modal", blocks=[{"type": "input", "block_id": block, "element": element}]
        )

    chosen = view("x", "y").with_typed(
        {("b", "a"): {"type": "static_select", "selected_option": option("y")}}
    )
    assert no_longer_offered(view("x", "y", "z"), chosen) == []
    assert [place.action_id for place in no_longer_offered(view("x"), chosen)] == ["a"]
    assert no_longer_offered(view("x", block="c"), chosen) == []
