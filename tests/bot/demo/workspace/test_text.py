"""What people type and what readers see."""

import pytest

from bot.demo.workspace.text import as_typed, block_lines, plain

NAMES = {"U1": "Ada Lovelace", "C1": "data-owners"}


@pytest.mark.parametrize(
    ("marked", "seen"),
    [
        ("*prod-db* until _16:40_", "prod-db until 16:40"),
        ("`code` and ~gone~", "code and gone"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("<@U1> in <#C1>", "@Ada Lovelace in #data-owners"),
        ("<@U9> <#C9|old-name>", "@U9 #old-name"),
        ("<https://x.example/a|the page>", "the page"),
        ("<https://x.example/a>", "https://x.example/a"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example"),
        ("<!date^1700000000^{time}|14:02>", "14:02"),
        ("<!channel>", "@channel"),
        ("1 &lt; 2 &amp;amp; 3 &gt; 2", "1 < 2 &amp; 3 > 2"),
    ],
)
def test_marked_text_as_a_reader_sees_it(marked, seen):
    assert plain(marked, NAMES) == seen


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<@U1>", "&lt;@U1&gt;"),
        ("see https://x.example/a?b=c&d=e.", "see <https://x.example/a?b=c&amp;d=e>."),
        (
            "ada@x.example and https://x.example",
            "<mailto:ada@x.example|ada@x.example> and <https://x.example>",
        ),
    ],
)
def test_typed_text_as_it_is_sent(typed, sent):
    assert as_typed(typed) == sent


def test_blocks_are_read_in_order_with_labels_in_brackets():
    text = {"type": "plain_text", "text": "Approve"}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "*not bold*"}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*Who* <@U1>"},
            "fields": [{"type": "mrkdwn", "text": "one"}, {"type": "plain_text", "text": "two"}],
            "accessory": {"type": "button", "text": text},
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
        {
            "type": "actions",
            "elements": [{"type": "button", "text": text}, {"type": "static_select", "placeholder": text}],
        },
        {"type": "divider"},
        {"type": "input", "label": text, "element": {"type": "plain_text_input", "initial_value": "typed"}},
    ]
    assert block_lines(blocks, NAMES) == [
        "*not bold*", "Who @Ada Lovelace", "one", "two", "[Approve]", "small", "[Approve]", "[Approve]", "Approve",
        "typed",
    ]  # fmt: skip
