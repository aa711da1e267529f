"""The users and conversations methods: who is there, and where one can talk to them.

They only read, except that a direct conversation is made when it is opened; scopes follow the conversation's kind.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from bot.demo.workspace.answers import Json, Refusal, refuse
from bot.demo.workspace.people import Channel, User
from bot.demo.workspace.state import State
from bot.demo.workspace.web_api import Args, Method, arguments, missing_scope

Item = TypeVar("Item")
KINDS = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}


class PeopleMethods:
    """The `users.*` and `conversations.*` families."""

    def __init__(self, state: State) -> None:
        self._state = state

    def methods(self) -> dict[str, Method]:
        """Name to method."""
        return {
            "users.info": _form(self.user, "users:read", "user include_locale"),
            "users.list": _form(self.users, "users:read", "cursor limit include_locale team_id"),
            "users.lookupByEmail": _form(self.by_email, "users:read.email", "email"),
            "users.conversations": _form(
                self.conversations_of, None, "user types exclude_archived limit cursor team_id"
            ),
            "conversations.open": Method(
                run=self.open, scope="im:write",
                arguments=arguments("users channel return_im prevent_creation"),
            ),
            "conversations.info": _form(self.channel, None, "channel include_locale include_num_members"),
            "conversations.list": _form(
                self.channels, None, "types exclude_archived limit cursor team_id"
            ),
            "conversations.members": _form(self.members, None, "channel limit cursor"),
        }  # fmt: skip

    def user(self, args: Args) -> Json | Refusal:
        """users.info."""
        user = self._state.users.get(args.text("user"))
        return {"user": self._body(user)} if user else refuse("user_not_found")

    def users(self, args: Args) -> Json | Refusal:
        """users.list, by pages."""
        return _page(args, list(self._state.users.values()), "members", self._body, default=0)

    def by_email(self, args: Args) -> Json | Refusal:
        """users.lookupByEmail: active accounts only."""
        wanted = args.text("email").casefold()
        for user in self._state.users.values():
            if user.email.casefold() == wanted and not (user.deleted or user.is_bot):
                return {"user": self._body(user)}
        return refuse("users_not_found")

    def open(self, args: Args) -> Json | Refusal:
        """conversations.open with one person; several would need a scope Wicket does not ask for."""
        if channel_id := args.text("channel"):
            known = self._state.channels.get(channel_id)
            return (
                self._opened(args, known, was_open=True)
                if known and known.is_im
                else refuse("channel_not_found")
            )
        wanted = [user for user in args.text("users").replace(" ", "").split(",") if user]
        if not wanted:
            return refuse("users_list_not_supplied")
        if len(wanted) > 1:
            return self._missing("mpim:write")
        user = self._state.users.get(wanted[0])
        if user is None:
            return refuse("user_not_found")
        if user.is_bot:
            return refuse("cannot_dm_bot")
        if user.deleted:
            return refuse("user_disabled")
        was_open = "D" + user.id[1:] in self._state.channels
        return self._opened(args, self._state.direct(user.id), was_open=was_open)

    def _opened(self, args: Args, channel: Channel, *, was_open: bool) -> Json:
        body = self._channel_body(channel) if args.flag("return_im") else {"id": channel.id}
        return {"channel": body} | ({"no_op": True, "already_open": True} if was_open else {})

    def channel(self, args: Args) -> Json | Refusal:
        """conversations.info."""
        channel = self._visible(args.text("channel"))
        return channel if isinstance(channel, Refusal) else {"channel": self._channel_body(channel)}

    def channels(self, args: Args) -> Json | Refusal:
        """conversations.list, by kinds and pages."""
        return self._listed(args, self._state.channels.values())

    def conversations_of(self, args: Args) -> Json | Refusal:
        """users.conversations: where this person (the bot, if none is named) is a member."""
        user_id = args.text("user") or self._state.team.bot_user_id
        if user_id not in self._state.users:
            return refuse("user_not_found")
        return self._listed(args, [c for c in self._state.channels.values() if user_id in c.members])

    def members(self, args: Args) -> Json | Refusal:
        """conversations.members, by pages."""
        channel = self._visible(args.text("channel"))
        if isinstance(channel, Refusal):
            return channel
        return _page(args, sorted(channel.members), "members", lambda member: member, default=100)

    def _listed(self, args: Args, channels: Iterable[Channel]) -> Json | Refusal:
        kinds = (args.text("types") or "public_channel").replace(" ", "").split(",")
        for kind in kinds:
            if kind not in KINDS:
                return refuse("invalid_types")
            if KINDS[kind] not in self._granted:
                return self._missing(KINDS[kind])
        wanted = [
            channel for channel in channels
            if _kind(channel) in kinds and self._is_visible(channel)
            and not (channel.is_archived and args.flag("exclude_archived"))
        ]  # fmt: skip
        return _page(args, wanted, "channels", self._channel_body, default=100)

    @property
    def _granted(self) -> frozenset[str]:
        return self._state.scopes["bot"]

    def _missing(self, scope: str) -> Refusal:
        return missing_scope(scope, self._granted)

    def _visible(self, channel_id: str) -> Channel | Refusal:
        channel = self._state.channels.get(channel_id)
        if channel is None or not self._is_visible(channel):
            return refuse("channel_not_found")
        scope = KINDS[_kind(channel)]
        return channel if scope in self._granted else self._missing(scope)

    def _is_visible(self, channel: Channel) -> bool:
        return not channel.is_private or self._state.team.bot_user_id in channel.members

    def _body(self, user: User) -> Json:
        return user.body(with_email="users:read.email" in self._granted)

    def _channel_body(self, channel: Channel) -> Json:
        return channel.body(self._state.team.id, self._state.team.bot_user_id)


def _form(run: Callable[[Args], Json | Refusal], scope: str | None, names: str) -> Method:
    return Method(run=run, scope=scope, arguments=arguments(names), reads_json=False)


def _kind(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def _page(
    args: Args, items: Sequence[Item], key: str, shape: Callable[[Item], object], *, default: int
) -> Json | Refusal:
    """One page of `limit` items (0: all of them) from an opaque cursor on, and the cursor of the next."""
    given = args.text("limit") or str(default)
    if not given.isdigit() or int(given) > 1000:
        return refuse("invalid_limit")
    start = _cursor_start(args.text("cursor"))
    if start is None:
        return refuse("invalid_cursor")
    end = start + (int(given) or len(items))
    following = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return {key: [shape(item) for item in items[start:end]], "response_metadata": {"next_cursor": following}}


def _cursor_start(cursor: str) -> int | None:
    if not cursor:
        return 0
    try:
        word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError:
        return None
    return int(number) if word == "next" and number.isdigit() else None
