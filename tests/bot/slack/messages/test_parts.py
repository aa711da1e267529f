"""The pieces of messages: what Slack's own library would have written, only sooner."""

import pytest
from slack_sdk.models.blocks import Block, MarkdownTextObject, SectionBlock

from bot.slack.actions import Action
from bot.slack.messages.parts import SECTION_LIMIT, DoesNotFit, button, said, section


@pytest.mark.parametrize("text", ["a", "*a* <b> & “c”\nd", "x" * SECTION_LIMIT])
def test_a_paragraph_is_what_slacks_library_makes_of_it(text: str) -> None:
    made = section(text)
    written = SectionBlock(text=MarkdownTextObject(text=text, verbatim=True))
    assert made.to_dict() == written.to_dict()
    assert Block.parse(made.to_dict()) == written


def test_what_is_put_beside_a_paragraph_is_shown() -> None:
    made = section("x")
    made.accessory = button("Withdraw", Action.WITHDRAW, "g-1")
    made.block_id = "one"
    shown = made.to_dict()
    assert shown["accessory"]["value"] == "g-1"
    assert (shown["block_id"], shown["text"]["text"]) == ("one", "x")


def test_a_paragraph_that_slack_would_cut_is_refused() -> None:
    """SL-8: nothing that must be seen is shown in part."""
    with pytest.raises(DoesNotFit):
        section("x" * (SECTION_LIMIT + 1))


def test_a_message_says_its_text_and_shows_the_same() -> None:
    body = said("Yes.", remark="Just now.").body()
    assert body["text"] == "Yes.\nJust now."
    assert [block["type"] for block in body["blocks"]] == ["section", "context"]
