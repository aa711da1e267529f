"""Which listener a payload is for: by its kind alone, whatever else it holds and whatever its shape."""

from typing import Any

import pytest

from bot.slack.dispatch import kind_of


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"command": "/wicket", "text": "help"}, ("command", "/wicket")),
        ({"command": "/other"}, ("command", "/other")),
        ({"type": "event_callback", "event": {"type": "message"}}, ("event_callback", "message")),
        ({"type": "block_actions", "event": {"type": "message"}}, ("block_actions", "")),
        ({"type": "view_submission", "view": {}}, ("view_submission", "")),
        ({"type": "event_callback", "event": ["message"]}, ("event_callback", "")),
        ({"type": ["shortcut"]}, ("", "")),
        ({"command": {"name": "/wicket"}}, ("command", "")),
        ({}, ("", "")),
    ],
)
def test_a_payload_has_one_kind(body: dict[str, Any], kind: tuple[str, str]):
    assert kind_of(body) == kind
