"""Everything the pretend workspace holds: people, channels, messages, views, and what the app did wrong.

It keeps and tells; it decides nothing and sends nothing to the app.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.demo.workspace.answers import Json
from bot.demo.workspace.changes import Change, Changes
from bot.demo.workspace.identifiers import Mint
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Channel, User
from bot.demo.workspace.views import View, Views

SLACKBOT = "USLACKBOT"
BOT_SCOPES = frozenset(
    {"channels:read", "chat:write", "commands", "groups:read", "im:history", "im:write", "users:read"}
    | {"users:read.email"}
)
APP_SCOPES = frozenset({"connections:write"})


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """One Web API call of the app, token left out. `error` is None when it was done."""

    method: str
    arguments: Json
    ok: bool
    error: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Team:
    """Who the workspace and the app are."""

    id: str
    name: str
    app_id: str = "A0WICKET"
    bot_id: str = "B0WICKET"
    bot_user_id: str = "U0WICKET"


class State:
    """The one holder of what is true in the workspace."""

    def __init__(self, *, team: Team, now: Callable[[], datetime]) -> None:
        self.team = team
        self.now = now
        self.mint = Mint(now)
        self.changes = Changes()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.views = Views()
        self.names: dict[str, str] = {}
        self.scopes: dict[str, frozenset[str]] = {"bot": BOT_SCOPES, "app": APP_SCOPES}
        self.calls: list[ApiCall] = []
        self.violations: list[str] = []
        self._messages: dict[str, dict[tuple[str, str | None], Message]] = {}

    # People and channels

    def put_user(self, user: User) -> None:
        """Add an account or change it."""
        self.users[user.id] = user
        self.names[user.id] = user.real_name
        self.changes.tell(Change(kind="channels"))

    def put_channel(self, channel: Channel) -> None:
        """Add a channel or change it."""
        self.channels[channel.id] = channel
        self.names[channel.id] = channel.name
        self.changes.tell(Change(kind="channels"))

    def direct(self, user_id: str) -> Channel:
        """The direct conversation of this person and the bot; it is made at the first asking."""
        channel_id = "D" + user_id[1:]
        if channel_id not in self.channels:
            members = frozenset({user_id, self.team.bot_user_id})
            born = int(self.now().timestamp())
            self.put_channel(
                Channel(id=channel_id, name="", members=members, created=born, is_im=True, im_user=user_id)
            )
        return self.channels[channel_id]

    def may_read(self, user_id: str, channel: Channel) -> bool:
        """Members read; everybody of the workspace who is no guest reads public channels too."""
        user = self.users[user_id]
        is_outside = user.team_id != self.team.id or user.is_restricted or user.is_ultra_restricted
        return user_id in channel.members or not (channel.is_im or channel.is_private or is_outside)

    # Messages

    def put_message(self, message: Message, *, kind: str = "message") -> Message:
        """Add a message or put its newer state; `kind` is what readers are told."""
        named = replace(message, names=self.names)
        self._messages.setdefault(message.channel, {})[(message.ts, message.only_for)] = named
        self.changes.tell(Change(kind=kind, to=self._readers(named), facts={"message": named}))
        return named

    def drop_message(self, message: Message) -> None:
        """Take a message away."""
        self._messages[message.channel].pop((message.ts, message.only_for))
        gone = replace(message, deleted=True)
        self.changes.tell(Change(kind="message_deleted", to=self._readers(message), facts={"message": gone}))

    def message(self, channel: str, ts: str, only_for: str | None = None) -> Message | None:
        """One message as it stands, ephemeral ones only for their reader."""
        return self._messages.get(channel, {}).get((ts, only_for))

    def seen_by(self, user_id: str, channel: str) -> list[Message]:
        """What this person sees there, oldest first."""
        everything = self._messages.get(channel, {}).values()
        visible = [message for message in everything if message.only_for in (None, user_id)]
        return sorted(visible, key=lambda message: message.ts)

    def forget_ephemerals(self, user_id: str) -> None:
        """A reload: what was ephemeral for this person is gone."""
        for messages in self._messages.values():
            for key in [key for key in messages if key[1] == user_id]:
                del messages[key]

    def notice(self, user_id: str, channel: str, text: str) -> None:
        """Slack's own word to one person, as an ephemeral line where they are."""
        ts = self.mint.ts()
        self.put_message(
            Message(channel=channel, ts=ts, user=SLACKBOT, text=text, ephemeral=True, only_for=user_id)
        )

    def toast(self, user_id: str, text: str) -> None:
        """A passing word on one person's screen."""
        self.changes.tell(Change(kind="toast", to=frozenset({user_id}), facts={"text": text}))

    def _readers(self, message: Message) -> frozenset[str] | None:
        if message.only_for is not None:
            return frozenset({message.only_for})
        channel = self.channels[message.channel]
        return channel.members if channel.is_im or channel.is_private else None

    # Views

    def view_changed(self, user_id: str, *, home: bool = False) -> None:
        """Tell this person's screens that their modals, or their Home, are new."""
        self.changes.tell(Change(kind="home" if home else "views", to=frozenset({user_id})))

    def view_body(self, view: View) -> Json:
        """A view as payloads and answers carry it."""
        return view.body(team_id=self.team.id, app_id=self.team.app_id, bot_id=self.team.bot_id)

    def message_body(self, message: Message) -> Json:
        """A message as payloads and answers carry it."""
        return message.body(self.team.id, self.team.app_id)

    # What the app did wrong

    def violation(self, text: str) -> None:
        """Write down something real Slack would refuse, or Wicket must never do."""
        self.violations.append(text)

    def changed_user(self, user_id: str, changes: dict[str, Any]) -> None:
        """Put some facts of an account anew."""
        self.put_user(replace(self.users[user_id], **changes))

    def changed_channel(self, channel_id: str, changes: dict[str, Any]) -> None:
        """Put some facts of a channel anew; `members` may be any iterable of user ids."""
        if isinstance(members := changes.get("members"), Iterable):
            changes = {**changes, "members": frozenset(members)}
        self.put_channel(replace(self.channels[channel_id], **changes))
