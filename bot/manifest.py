"""The Slack app manifest: what Wicket asks of a workspace, and nothing more (SL-14).

It holds no token and is made without asking Slack; adding a scope here needs a written reason in the design.
"""

from typing import Any

from bot.slack.actions import Shortcut

COMMAND = "/wicket"
EVENTS_PATH = "/slack/events"
BOT_SCOPES = (
    "channels:read",
    "chat:write",
    "commands",
    "groups:read",
    "im:history",
    "im:write",
    "users:read",
    "users:read.email",
)
BOT_EVENTS = ("app_home_opened", "message.im")


def manifest(origin: str | None) -> dict[str, Any]:
    """The manifest, ready for json.dumps. origin: where Slack calls by HTTP, "https://…"; None for Socket Mode."""
    url = None if origin is None else origin + EVENTS_PATH
    return {
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
            "slash_commands": [_command() | _address("url", url)],
            "shortcuts": _shortcuts(),
        },
        "oauth_config": {"scopes": {"bot": list(BOT_SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(BOT_EVENTS)} | _address("request_url", url),
            "interactivity": {"is_enabled": True}
            | _address("request_url", url)
            | _address("message_menu_options_url", url),
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _command() -> dict[str, Any]:
    return {
        "command": COMMAND,
        "description": "Ask for access, see what you have, reset a password",
        "usage_hint": "request | access | reset | unlock | help",
        "should_escape": False,
    }


def _shortcuts() -> list[dict[str, str]]:
    """Both come with the scope `commands`, and ask for none of their own."""
    return [
        {
            "name": "Ask for access",
            "type": "global",
            "callback_id": Shortcut.ASK.value,
            "description": "Choose what you need and see what would happen before you send it",
        },
        {
            "name": "Ask for this access",
            "type": "message",
            "callback_id": Shortcut.FROM_MESSAGE.value,
            "description": "Make a request of a message; nothing is sent before you have read it",
        },
    ]


def _address(key: str, url: str | None) -> dict[str, str]:
    """The address that Slack calls; none in Socket Mode."""
    return {} if url is None else {key: url}
