"""The payloads Slack sends to an app, built from what happened.

It only shapes facts into JSON; it sends nothing and keeps nothing.
"""

from collections.abc import Callable

from bot.demo.workspace.answers import Json
from bot.demo.workspace.elements import SLOTS, Place
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Channel, User
from bot.demo.workspace.state import State
from bot.demo.workspace.triggers import ReplyPlace, ReplyUrls, Triggers
from bot.demo.workspace.views import View


class Payloads:
    """Builds payloads. `reply_base()` is the address in front of a response URL's secret."""

    def __init__(
        self, *, state: State, triggers: Triggers, replies: ReplyUrls, reply_base: Callable[[], str]
    ) -> None:
        self._state = state
        self._triggers = triggers
        self._replies = replies
        self._reply_base = reply_base

    # Events

    def event(self, event: Json, *, is_ext_shared: bool = False) -> Json:
        """An Events API callback around one event."""
        team = self._state.team
        authorization = {
            "enterprise_id": None, "team_id": team.id, "user_id": team.bot_user_id, "is_bot": True,
            "is_enterprise_install": False,
        }  # fmt: skip
        return {
            "token": "verification", "team_id": team.id, "context_team_id": team.id,
            "context_enterprise_id": None, "api_app_id": team.app_id, "event": event, "type": "event_callback",
            "event_id": self._state.mint.id("Ev"), "event_time": int(self._state.now().timestamp()),
            "authorizations": [authorization], "is_ext_shared_channel": is_ext_shared,
            "event_context": self._state.mint.token("4-"),
        }  # fmt: skip

    def message_event(self, message: Message, *, subtype: str = "", before: Message | None = None) -> Json:
        """What happened to one message of a direct conversation."""
        if not subtype:
            body = self._state.message_body(message)
            event = {**body, "channel": message.channel, "channel_type": "im", "event_ts": message.ts}
            if message.bot_id is not None:
                team = self._state.team
                event["bot_profile"] = {"id": message.bot_id, "app_id": team.app_id, "team_id": team.id}
            return self.event(event)
        moved: Json = {"type": "message", "subtype": subtype, "hidden": True, "channel": message.channel}
        if subtype == "message_changed":
            moved["message"] = self._state.message_body(message)
        else:
            moved["deleted_ts"] = message.ts
        moved["previous_message"] = self._state.message_body(before or message)
        return self.event(
            {**moved, "ts": self._state.mint.ts(), "event_ts": message.ts, "channel_type": "im"}
        )

    def home_opened(self, user_id: str, channel: Channel, home: View | None) -> Json:
        """A person looks at the app's Home."""
        event: Json = {
            "type": "app_home_opened", "user": user_id, "channel": channel.id, "tab": "home",
            "event_ts": self._state.mint.ts(),
        }  # fmt: skip
        if home is not None:
            event["view"] = self._state.view_body(home)
        return self.event(event)

    # Commands

    def command(self, user: User, channel: Channel, command: str, text: str) -> Json:
        """A slash command, as the form's fields."""
        team = self._state.team
        place = ReplyPlace(user_id=user.id, channel=channel.id)
        return {
            "token": "verification", "team_id": user.team_id, "team_domain": "workspace",
            "channel_id": channel.id, "channel_name": channel.payload_name, "user_id": user.id,
            "user_name": user.name, "command": command, "text": text, "api_app_id": team.app_id,
            "is_enterprise_install": "false", "response_url": self._reply_url(place),
            "trigger_id": self._triggers.new(user.id),
        }  # fmt: skip

    # Interactions

    def action_on_message(self, user: User, message: Message, action: Json) -> Json:
        """A button or a menu of a message was used."""
        container = {
            "type": "message", "message_ts": message.ts, "channel_id": message.channel,
            "is_ephemeral": message.ephemeral,
        }  # fmt: skip
        payload = {
            **self._interaction("block_actions", user), "container": container,
            "channel": self._channel(message.channel), "state": {"values": {}},
            "trigger_id": self._triggers.new(user.id), "response_url": self._reply_to(user, message),
            "actions": [action],
        }  # fmt: skip
        # Slack keeps no ephemeral message, so it cannot send one along.
        if not message.ephemeral:
            payload["message"] = self._state.message_body(message)
        return payload

    def action_in_view(self, user: User, view: View, action: Json) -> Json:
        """A button or a menu of a view was used."""
        return {
            **self._interaction("block_actions", user), "container": {"type": "view", "view_id": view.id},
            "view": self._state.view_body(view), "actions": [action],
            "trigger_id": self._triggers.new(user.id, view.id if view.type == "modal" else None),
        }  # fmt: skip

    def submission(self, user: User, view: View) -> Json:
        """A form was submitted."""
        return {
            **self._interaction("view_submission", user), "view": self._state.view_body(view),
            "response_urls": [], "trigger_id": self._triggers.new(user.id, view.id),
        }  # fmt: skip

    def closing(self, user: User, view: View, *, cleared: bool) -> Json:
        """A form was closed without submitting it."""
        return {
            **self._interaction("view_closed", user), "view": self._state.view_body(view),
            "is_cleared": cleared,
        }  # fmt: skip

    def suggestion(self, user: User, where: View | Message, place: Place, query: str) -> Json:
        """A menu asks the app for its options."""
        payload = {
            **self._interaction("block_suggestion", user), "action_id": place.action_id,
            "block_id": place.block_id, "value": query,
        }  # fmt: skip
        if isinstance(where, View):
            return {
                **payload,
                "container": {"type": "view", "view_id": where.id},
                "view": self._state.view_body(where),
            }
        container = {"type": "message", "message_ts": where.ts, "channel_id": where.channel}
        return {
            **payload, "container": container, "channel": self._channel(where.channel),
            "message": self._state.message_body(where),
        }  # fmt: skip

    def shortcut(self, user: User, callback_id: str, message: Message | None) -> Json:
        """A shortcut of the composer, or of one message."""
        common = {
            **self._interaction("message_action" if message else "shortcut", user),
            "callback_id": callback_id, "action_ts": self._state.mint.ts(),
            "trigger_id": self._triggers.new(user.id),
        }  # fmt: skip
        if message is None:
            return common
        return {
            **common, "channel": self._channel(message.channel), "message_ts": message.ts,
            "message": self._state.message_body(message), "response_url": self._reply_to(user, message),
        }  # fmt: skip

    def action(self, place: Place, entry: Json | None, value: str | None) -> Json:
        """One entry of `actions`: a press with its value, or a choice."""
        action: Json = {
            "action_id": place.action_id, "block_id": place.block_id, "type": place.kind,
            "action_ts": self._state.mint.ts(),
        }  # fmt: skip
        if entry is not None:
            slot = SLOTS[place.kind]
            return {**action, slot: entry[slot]}
        action["text"] = place.element["text"]
        if value is not None:
            action["value"] = value
        if "style" in place.element:
            action["style"] = place.element["style"]
        return action

    def _interaction(self, kind: str, user: User) -> Json:
        team = self._state.team
        return {
            "type": kind, "token": "verification", "api_app_id": team.app_id,
            "team": {"id": team.id, "domain": "workspace"}, "enterprise": None,
            "is_enterprise_install": False,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        }  # fmt: skip

    def _channel(self, channel_id: str) -> Json:
        return {"id": channel_id, "name": self._state.channels[channel_id].payload_name}

    def _reply_to(self, user: User, message: Message) -> str:
        return self._reply_url(ReplyPlace(user_id=user.id, channel=message.channel, message_ts=message.ts))

    def _reply_url(self, place: ReplyPlace) -> str:
        return self._reply_base() + self._replies.new(place)
