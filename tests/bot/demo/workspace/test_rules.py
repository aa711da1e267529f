"""Every rule about blocks and views, each broken once: good content passes, one fault is told (SL-8, SL-9)."""

import copy
from typing import Any

import pytest

from bot.demo.workspace.rules import mass_mentions, message_problems
from bot.demo.workspace.view_rules import is_too_large, view_problems

Json = dict[str, Any]


def plain(text: str = "words") -> Json:
    return {"type": "plain_text", "text": text}


def marked(text: str = "words") -> Json:
    return {"type": "mrkdwn", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "go", "text": plain("Go"), "value": "1", **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def section(**more: Any) -> Json:
    return {"type": "section", "text": marked(), **more}


def field(element: Json | None = None, **more: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element or {"type": "plain_text_input"}, **more}


def menu(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "m", "options": [option()], **more}


def option(text: str = "One", value: str = "1", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def confirm(**more: Any) -> Json:
    return {"title": plain(), "text": plain(), "confirm": plain("Yes"), "deny": plain("No"), **more}


def group(*options: Json) -> Json:
    return {"label": plain(), "options": list(options)}


GOOD_BLOCKS = [
    {"type": "header", "text": plain()},
    {"type": "divider"},
    section(),
    section(fields=[marked(), plain()], accessory=button()),
    section(accessory={"type": "image", "image_url": "https://x.example/a.png", "alt_text": "A"}),
    {"type": "section", "fields": [marked()]},
    {"type": "context", "elements": [marked(), plain()]},
    {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "A"},
    actions(button(style="danger", confirm=confirm()), button(action_id="b", url="https://x.example/a")),
    actions(menu(), menu(action_id="n", options=None, option_groups=[group(option())])),
    actions(menu(initial_option=option())),
    actions({"type": "overflow", "action_id": "o", "options": [option(), option("Two", "2")]}),
    field(),
    field(menu(), hint=plain(), optional=True, dispatch_action=True),
    field({"type": "external_select", "action_id": "e", "min_query_length": 2}),
    field({"type": "checkboxes", "action_id": "c", "options": [{"text": marked(), "value": "1"}]}),
    field({"type": "datepicker", "initial_date": "2030-01-02"}),
    field({"type": "timepicker", "initial_time": "09:30"}),
    field({"type": "number_input", "is_decimal_allowed": False}),
    field({"type": "users_select", "action_id": "u"}),
    section(text=marked("x" * 3000)),
]


def without_empty(block: Json) -> Json:
    """None stands for absent, at any depth, so that a table row stays short."""
    if isinstance(block, dict):
        return {key: without_empty(value) for key, value in block.items() if value is not None}
    return [without_empty(each) for each in block] if isinstance(block, list) else block


@pytest.mark.parametrize("block", GOOD_BLOCKS, ids=range(len(GOOD_BLOCKS)))
def test_a_good_block_passes(block):
    block = without_empty(block)
    before = copy.deepcopy(block)
    assert message_problems([block]) == []
    assert block == before


BAD_BLOCKS: list[tuple[str, Any]] = [
    ("must be an object", "text"),
    ("unsupported type: paragraph", {"type": "paragraph"}),
    ("no more properties allowed: colour", section(colour="red")),
    ("between 1 and 255", section(block_id="x" * 256)),
    ("missing required field: text", {"type": "section"}),
    ("less than 3001", section(text=marked("x" * 3001))),
    ("more than 0", section(text=marked(""))),
    ("unsupported type: html", section(text={"type": "html", "text": "x"})),
    ("must be a string", section(text={"type": "mrkdwn", "text": 4})),
    ("properties allowed: emoji", section(text={**marked(), "emoji": True})),
    ("no more than 10", section(fields=[marked()] * 11)),
    ("less than 2001", section(fields=[marked("x" * 2001)])),
    ("unsupported type: plain_text_input", section(accessory={"type": "plain_text_input"})),
    ("less than 151", {"type": "header", "text": plain("x" * 151)}),
    ("unsupported type: mrkdwn", {"type": "header", "text": marked()}),
    ("no fewer than 1", {"type": "context", "elements": []}),
    ("no more than 10", {"type": "context", "elements": [plain()] * 11}),
    ("text object", {"type": "context", "elements": ["words"]}),
    ("no fewer than 1", actions()),
    ("no more than 25", actions(*[button(action_id=str(n)) for n in range(26)])),
    ("`action_id` `go` already exists", actions(button(), button())),
    ("unsupported type: plain_text_input", actions({"type": "plain_text_input", "action_id": "x"})),
    ("between 1 and 255", actions(button(action_id="x" * 256))),
    ("between 1 and 255", actions(button(action_id=""))),
    ("less than 76", actions(button(text=plain("x" * 76)))),
    ("unsupported type: mrkdwn", actions(button(text=marked()))),
    ("less than 2001", actions(button(value="x" * 2001))),
    ("less than 3001", actions(button(url="https://x.example/" + "x" * 3000))),
    ("valid http or https", actions(button(url="javascript:alert(1)"))),
    ("valid http or https", actions(button(url="file:///etc/passwd"))),
    ("primary or danger", actions(button(style="safe"))),
    ("less than 76", actions(button(accessibility_label="x" * 76))),
    ("properties allowed: colour", actions(button(colour="red"))),
    ("text object", actions(button(confirm=confirm(deny=None)))),
    ("less than 101", actions(button(confirm=confirm(title=plain("x" * 101))))),
    ("less than 301", actions(button(confirm=confirm(text=plain("x" * 301))))),
    ("less than 31", actions(button(confirm=confirm(confirm=plain("x" * 31))))),
    ("primary or danger", actions(button(confirm=confirm(style="safe")))),
    ("properties allowed: more", actions(button(confirm=confirm(more=1)))),
    ("must be an object", actions(button(confirm="sure?"))),
    ("no fewer than 1", actions(menu(options=[]))),
    ("no more than 100", actions(menu(options=[option(value=str(n)) for n in range(101)]))),
    ("exactly one of options", actions(menu(options=None))),
    ("exactly one of options", actions(menu(option_groups=[group(option())]))),
    ("less than 76", actions(menu(options=[option("x" * 76)]))),
    ("between 1 and 150", actions(menu(options=[option(value="x" * 151)]))),
    ("between 1 and 150", actions(menu(options=[option(value="")]))),
    ("less than 76", actions(menu(options=[option(description=plain("x" * 76))]))),
    ("unsupported type: mrkdwn", actions(menu(options=[{"text": marked(), "value": "1"}]))),
    ("properties allowed: more", actions(menu(options=[option(more=1)]))),
    ("exactly match", actions(menu(initial_option=option("Two", "2")))),
    ("less than 151", actions(menu(placeholder=plain("x" * 151)))),
    ("no fewer than 1", actions(menu(options=None, option_groups=[group()]))),
    ("no more than 5", actions({"type": "overflow", "options": [option(value=str(n)) for n in range(6)]})),
    (
        "no more than 10",
        field({"type": "radio_buttons", "options": [option(value=str(n)) for n in range(11)]}),
    ),
    ("text object", field(label=None)),
    ("less than 2001", field(label=plain("x" * 2001))),
    ("unsupported type: mrkdwn", field(label=marked())),
    ("less than 2001", field(hint=plain("x" * 2001))),
    ("must be a boolean", field(optional="yes")),
    ("unsupported type: button", field(button())),
    ("missing required field: element", {"type": "input", "label": plain()}),
    ("between 1 and 3000", field({"type": "plain_text_input", "max_length": 3001})),
    ("between 0 and 3000", field({"type": "plain_text_input", "min_length": -1})),
    ("must not be more", field({"type": "plain_text_input", "min_length": 9, "max_length": 3})),
    ("less than 4", field({"type": "plain_text_input", "max_length": 3, "initial_value": "four"})),
    ("is_decimal_allowed", field({"type": "number_input"})),
    ("YYYY-MM-DD", field({"type": "datepicker", "initial_date": "tomorrow"})),
    ("HH:mm", field({"type": "timepicker", "initial_time": "25:00"})),
    ("number of characters", field({"type": "external_select", "min_query_length": -1})),
    ("properties allowed: options", field({"type": "external_select", "options": [option()]})),
    ("between 1 and 2000", {"type": "image", "image_url": "https://x.example/a.png"}),
    ("missing required field: image_url", {"type": "image", "alt_text": "A"}),
    ("missing required field: elements", {"type": "rich_text"}),
]


@pytest.mark.parametrize(
    ("told", "block"), BAD_BLOCKS, ids=[f"{n}-{row[0]}" for n, row in enumerate(BAD_BLOCKS)]
)
def test_a_bad_block_is_refused_and_told_why(told, block):
    [problem, *_] = message_problems([without_empty(block)])
    assert told in problem
    assert problem.startswith("[ERROR] ")
    assert "[json-pointer:/blocks" in problem


def test_a_message_holds_fifty_blocks_and_no_block_id_twice():
    assert message_problems([section()] * 50) == []
    assert "no more than 50" in message_problems([section()] * 51)[0]
    assert (
        "`block_id` `a` already exists" in message_problems([section(block_id="a"), section(block_id="a")])[0]
    )


def modal(**more: Any) -> Json:
    view = {"type": "modal", "title": plain("Title"), "submit": plain("Send"), "blocks": [field()], **more}
    return without_empty(view)


def test_good_views_pass():
    assert view_problems(modal(callback_id="x", private_metadata="y" * 3000), expected="modal") == []
    assert view_problems(modal(submit=None, blocks=[section()]), expected="modal") == []
    assert view_problems({"type": "home", "blocks": [section()] * 100}, expected="home") == []


FOCUSED = field({"type": "plain_text_input", "focus_on_load": True})
BAD_VIEWS: list[tuple[str, str, Any]] = [
    ("must be an object", "modal", "a view"),
    ("unsupported type: home", "modal", {"type": "home", "blocks": [section()]}),
    ("unsupported type: modal", "home", modal()),
    ("text object", "modal", modal(title=None)),
    ("less than 25", "modal", modal(title=plain("x" * 25))),
    ("unsupported type: mrkdwn", "modal", modal(title=marked())),
    ("less than 25", "modal", modal(submit=plain("x" * 25))),
    ("less than 25", "modal", modal(close=plain("x" * 25))),
    ("has input blocks", "modal", modal(submit=None)),
    ("no fewer than 1", "modal", modal(blocks=[])),
    ("no more than 100", "modal", modal(blocks=[section()] * 101)),
    ("less than 3001", "modal", modal(private_metadata="x" * 3001)),
    ("less than 256", "modal", modal(callback_id="x" * 256)),
    ("less than 256", "modal", modal(external_id="x" * 256)),
    ("no more properties allowed: hash", "modal", modal(hash="1.2")),
    ("already exists", "modal", modal(blocks=[field(block_id="a"), field(block_id="a")])),
    ("focus_on_load", "modal", modal(blocks=[FOCUSED, FOCUSED])),
    ("properties allowed: submit", "home", {"type": "home", "blocks": [section()], "submit": plain()}),
    ("less than 3001", "home", {"type": "home", "blocks": [section(text=marked("x" * 3001))]}),
]


@pytest.mark.parametrize(
    ("told", "expected", "view"), BAD_VIEWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(BAD_VIEWS)]
)
def test_a_bad_view_is_refused_and_told_why(told, expected, view):
    assert any(told in problem for problem in view_problems(view, expected=expected))


def test_a_view_is_at_most_250_kilobytes():
    assert not is_too_large(modal())
    assert is_too_large(modal(blocks=[section(text=marked("x" * 3000))] * 100))


@pytest.mark.parametrize("mention", ["<!channel>", "<!here>", "<!everyone>", "<!here|here>", "<!subteam^S1>"])
def test_mentions_of_everybody_are_found_in_text_and_in_marked_text_only(mention):
    """SL-9."""
    assert mass_mentions(f"hey {mention}", []) != []
    assert mass_mentions("", [section(text=marked(mention))]) != []
    assert mass_mentions("", [section(text=plain(mention))]) == []
    assert mass_mentions(mention.replace("<", "&lt;"), []) == []
