"""The manifest: exactly these scopes and events, so that asking for more fails a test first (SL-14)."""

import json

import pytest

from bot.manifest import manifest
from handlers.decisions.grammar import understand
from handlers.decisions.names import Names
from handlers.decisions.understanding import NotUnderstood
from storage.catalogue import Catalogue

SOCKET = {
    "display_information": {
        "name": "Wicket",
        "description": "Access, passwords and unlocks: routine things at once, the rest by its owner's approval.",
        "background_color": "#1f3a34",
    },
    "features": {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Wicket", "always_online": True},
        "slash_commands": [
            {
                "command": "/wicket",
                "description": "Ask for access, see what you have, reset a password",
                "usage_hint": "request | access | reset | unlock | help",
                "should_escape": False,
            }
        ],
        "shortcuts": [
            {
                "name": "Ask for access",
                "type": "global",
                "callback_id": "shortcut.ask",
                "description": "Choose what you need and see what would happen before you send it",
            },
            {
                "name": "Ask for this access",
                "type": "message",
                "callback_id": "shortcut.from_message",
                "description": "Make a request of a message; nothing is sent before you have read it",
            },
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "channels:read",
                "chat:write",
                "commands",
                "groups:read",
                "im:history",
                "im:write",
                "users:read",
                "users:read.email",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "message.im"]},
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": False,
        "socket_mode_enabled": True,
        "token_rotation_enabled": False,
    },
}


def test_the_manifest_asks_for_exactly_this():
    assert manifest(None) == SOCKET


def test_over_http_slack_calls_the_public_address():
    made = manifest("https://wicket.example.com")
    url = "https://wicket.example.com/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == url
    assert made["settings"]["interactivity"] == {
        "is_enabled": True,
        "request_url": url,
        "message_menu_options_url": url,
    }
    assert made["features"]["slash_commands"][0]["url"] == url
    assert made["oauth_config"] == SOCKET["oauth_config"]


HINTED = SOCKET["features"]["slash_commands"][0]["usage_hint"].split(" | ")


@pytest.mark.parametrize("word", [word for word in HINTED if word != "request"])
def test_each_word_that_slack_hints_at_is_understood(word):
    """All but "request", which opens the form before anybody looks for a meaning."""
    assert understand(word, Names(Catalogue(entitlements={}, owners={}))) != NotUnderstood()


def test_the_manifest_keeps_to_slacks_lengths():
    """Slack refuses a name over 35 characters and a description over 140; a shortcut's over 24 and 150."""
    shown = manifest(None)["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert json.loads(json.dumps(manifest(None))) == SOCKET
    for shortcut in manifest(None)["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
