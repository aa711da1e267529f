"""Messages as the app writes them: judged by Slack's rules, then put where they belong.

Chat methods, command answers and response URLs all come through here; it knows nothing of tokens or scopes.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.demo.workspace.answers import Json, Refusal, refuse
from bot.demo.workspace.elements import with_ids
from bot.demo.workspace.messages import Message
from bot.demo.workspace.rules import long_texts, mass_mentions, message_problems
from bot.demo.workspace.state import State
from bot.demo.workspace.triggers import ReplyPlace

MOST_TEXT = 40_000
MOST_TEXT_OF_AN_UPDATE = 4_000
# Slack documents 12,000 and has been seen to refuse 11,341 (bolt-js#2867): be on the strict side.
MOST_BLOCK_TEXT = 11_000
REPLY_KEYS = frozenset(
    {
        "text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts", "attachments",
        "unfurl_links", "unfurl_media", "mrkdwn", "metadata",
    }
)  # fmt: skip


class Posting:
    """Judges and puts messages; `told` hears what became of messages in direct conversations."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.told: Callable[[str, Message, Message | None], None] = lambda _kind, _message, _before: None

    def judge(self, text: object, blocks: object, *, limit: int = MOST_TEXT) -> Refusal | None:
        """Why Slack would refuse this content, or None. What Wicket must never send is written down."""
        if not isinstance(text, str) or not isinstance(blocks, list):
            return refuse("invalid_arguments", "[ERROR] text must be a string and blocks a list")
        if not text and not blocks:
            return refuse("no_text")
        if len(text) > limit:
            return refuse("msg_too_long")
        if problems := message_problems(blocks):
            return refuse("invalid_blocks", *problems, errors=[p.removeprefix("[ERROR] ") for p in problems])
        if long_texts(blocks) > MOST_BLOCK_TEXT:
            return refuse("msg_blocks_too_long")
        self._never(text, blocks)
        return None

    def _never(self, text: str, blocks: list[Json]) -> None:
        if blocks and not text.strip():
            self._state.violation("no fallback text: a message has blocks and no `text`")
        for mention in mass_mentions(text, blocks):
            self._state.violation(f"a message would ping everybody: {mention}")

    def post(
        self,
        channel: str,
        text: str,
        blocks: list[Json],
        *,
        thread_ts: str | None = None,
        only_for: str | None = None,
    ) -> Message:
        """Put a new message of the app."""
        team = self._state.team
        message = self._state.put_message(
            Message(
                channel=channel, ts=self._state.mint.ts(), user=team.bot_user_id, text=text,
                blocks=with_ids(blocks, self._state.mint.block_id), thread_ts=thread_ts,
                ephemeral=only_for is not None, only_for=only_for, bot_id=team.bot_id,
            )
        )  # fmt: skip
        self.told("", message, None)
        return message

    def edit(self, message: Message, text: str, blocks: list[Json]) -> Message:
        """Put the newer state of a message."""
        filled = with_ids(blocks, self._state.mint.block_id)
        newer = self._state.put_message(
            replace(message, text=text, blocks=filled, edited=True), kind="message_changed"
        )
        self.told("message_changed", newer, message)
        return newer

    def delete(self, message: Message) -> None:
        """Take a message away."""
        self._state.drop_message(message)
        self.told("message_deleted", message, None)

    def reply(self, place: ReplyPlace, body: Json) -> Refusal | None:
        """Carry out what a command's answer or a response URL was given."""
        unknown = set(body) - REPLY_KEYS
        kind = body.get("response_type", "ephemeral")
        if unknown or kind not in ("ephemeral", "in_channel"):
            return refuse("invalid_payload", f"[ERROR] unknown: {sorted(unknown) or kind}")
        original = self._original(place)
        if body.get("delete_original"):
            if original is not None:
                self.delete(original)
            return None
        text, blocks = body.get("text", ""), body.get("blocks", [])
        if refusal := self.judge(text, blocks):
            return refusal
        if body.get("replace_original") and original is not None:
            self.edit(original, text, blocks)
        else:
            self.post(
                place.channel, text, blocks, only_for=place.user_id if kind == "ephemeral" else None,
                thread_ts=body.get("thread_ts"),
            )  # fmt: skip
        return None

    def _original(self, place: ReplyPlace) -> Message | None:
        if place.message_ts is None:
            return None
        ephemeral = self._state.message(place.channel, place.message_ts, place.user_id)
        return ephemeral or self._state.message(place.channel, place.message_ts)


def as_list(value: Any) -> Any:
    """An absent `blocks` argument as an empty list; anything else unchanged."""
    return [] if value is None else value
