"""The chat methods: post, post for one, update, delete, permalink.

They know where the bot may write; whether content is good is judged in `posting`.
"""

from collections.abc import Callable

from bot.demo.workspace.answers import Json, Refusal, refuse
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Channel
from bot.demo.workspace.posting import MOST_TEXT_OF_AN_UPDATE, Posting, as_list
from bot.demo.workspace.state import State
from bot.demo.workspace.web_api import Args, Method, arguments

CONTENT = (
    "channel text blocks attachments mrkdwn parse link_names unfurl_links unfurl_media metadata as_user "
    "markdown_text "
)


class ChatMethods:
    """The `chat.*` family. `page_url()` stands in front of permalinks."""

    def __init__(self, *, state: State, posting: Posting, page_url: Callable[[], str]) -> None:
        self._state = state
        self._posting = posting
        self._page_url = page_url

    def methods(self) -> dict[str, Method]:
        """Name to method."""
        return {
            "chat.postMessage": Method(
                run=self.post, scope="chat:write",
                arguments=arguments(CONTENT + "thread_ts reply_broadcast username icon_emoji icon_url"),
            ),
            "chat.postEphemeral": Method(
                run=self.post_ephemeral, scope="chat:write", arguments=arguments(CONTENT + "thread_ts user")
            ),
            "chat.update": Method(
                run=self.update, scope="chat:write",
                arguments=arguments(CONTENT + "ts reply_broadcast file_ids"),
            ),
            "chat.delete": Method(
                run=self.delete, scope="chat:write", arguments=arguments("channel ts as_user")
            ),
            "chat.getPermalink": Method(
                run=self.permalink, arguments=arguments("channel message_ts"), reads_json=False
            ),
        }  # fmt: skip

    def post(self, args: Args) -> Json | Refusal:
        """chat.postMessage; a user id as channel means the direct conversation."""
        channel = self._writable(args.text("channel"))
        if isinstance(channel, Refusal):
            return channel
        text, blocks = args.text("text"), as_list(args.data("blocks"))
        if refusal := self._posting.judge(text, blocks):
            return refusal
        thread_ts = args.text("thread_ts") or None
        if thread_ts and self._state.message(channel.id, thread_ts) is None:
            return refuse("cannot_reply_to_message")
        message = self._posting.post(channel.id, text, blocks, thread_ts=thread_ts)
        return {"channel": channel.id, "ts": message.ts, "message": self._state.message_body(message)}

    def post_ephemeral(self, args: Args) -> Json | Refusal:
        """chat.postEphemeral: only `user` sees it, and must be in the channel."""
        channel = self._writable(args.text("channel"))
        if isinstance(channel, Refusal):
            return channel
        user_id = args.text("user")
        if user_id not in self._state.users:
            return refuse("user_not_found")
        if user_id not in channel.members:
            return refuse("user_not_in_channel")
        text, blocks = args.text("text"), as_list(args.data("blocks"))
        if refusal := self._posting.judge(text, blocks):
            return refusal
        message = self._posting.post(channel.id, text, blocks, only_for=user_id)
        return {"message_ts": message.ts}

    def update(self, args: Args) -> Json | Refusal:
        """chat.update: the bot's own messages only; blocks left out stay, an empty list takes them away."""
        message = self._own(args)
        if isinstance(message, Refusal):
            return message
        text, blocks = args.text("text"), args.data("blocks")
        if blocks is None:
            text, blocks = text or message.text, message.blocks
        if refusal := self._posting.judge(text, blocks, limit=MOST_TEXT_OF_AN_UPDATE):
            return refusal
        newer = self._posting.edit(message, text, blocks)
        body = self._state.message_body(newer)
        return {"channel": message.channel, "ts": message.ts, "text": newer.text, "message": body}

    def delete(self, args: Args) -> Json | Refusal:
        """chat.delete: the bot's own messages only."""
        message = self._own(args)
        if isinstance(message, Refusal):
            return refuse("cant_delete_message" if message.error == "cant_update_message" else message.error)
        self._posting.delete(message)
        return {"channel": message.channel, "ts": message.ts}

    def permalink(self, args: Args) -> Json | Refusal:
        """chat.getPermalink."""
        channel_id, ts = args.text("channel"), args.text("message_ts")
        if channel_id not in self._state.channels:
            return refuse("channel_not_found")
        if self._state.message(channel_id, ts) is None:
            return refuse("message_not_found")
        link = f"{self._page_url()}archives/{channel_id}/p{ts.replace('.', '')}"
        return {"channel": channel_id, "permalink": link}

    def _writable(self, target: str) -> Channel | Refusal:
        if target == self._state.team.bot_user_id:
            return refuse("cannot_dm_bot")
        if target in self._state.users:
            return self._state.direct(target)
        channel = self._state.channels.get(target)
        is_in = channel is not None and self._state.team.bot_user_id in channel.members
        if channel is None or (channel.is_private and not is_in):
            return refuse("channel_not_found")
        if channel.is_archived:
            return refuse("is_archived")
        return channel if is_in else refuse("not_in_channel")

    def _own(self, args: Args) -> Message | Refusal:
        channel_id = args.text("channel")
        if channel_id not in self._state.channels:
            return refuse("channel_not_found")
        if self._state.channels[channel_id].is_archived:
            return refuse("is_archived")
        message = self._state.message(channel_id, args.text("ts"))
        if message is None:
            return refuse("message_not_found")
        return message if message.bot_id == self._state.team.bot_id else refuse("cant_update_message")
