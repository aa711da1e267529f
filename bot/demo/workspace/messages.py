"""One message as it stands at this moment, and what a reader sees of it.

A later edit makes a new message of the same time; the one in hand never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.demo.workspace.answers import Json
from bot.demo.workspace.elements import places
from bot.demo.workspace.text import block_lines, plain


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message. `ephemeral` ones are seen by `only_for` alone; `bot_id` is set when an app wrote it."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    ephemeral: bool = False
    only_for: str | None = None
    bot_id: str | None = None
    edited: bool = False
    deleted: bool = False
    names: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def plain(self) -> str:
        """All the text a reader sees: the blocks' if there are any, else `text`."""
        if not self.blocks or self.bot_id is None:
            return plain(self.text, self.names)
        return "\n".join(block_lines(self.blocks, self.names))

    @property
    def buttons(self) -> dict[str, Json]:
        """The buttons by `action_id` (the first one where two blocks share it)."""
        found: dict[str, Json] = {}
        for place in places(self.blocks):
            if place.element.get("type") == "button":
                found.setdefault(place.action_id, place.element)
        return found

    def link(self, label: str) -> str:
        """Where the link button with this label leads; LookupError when there is none."""
        for place in places(self.blocks):
            element = place.element
            if element.get("url") and element["text"]["text"] == label:
                return str(element["url"])
        raise LookupError(f"no link button {label!r} in: {self.plain}")

    def says(self, words: str) -> bool:
        """Whether the fallback text, or the blocks' text, holds these words, with or without marks."""
        texts = (self.text, plain(self.text, self.names), self.plain)
        return any(words in text for text in texts)

    def body(self, team_id: str, app_id: str) -> Json:
        """The message object inside API answers and payloads."""
        body: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": team_id}
        if self.bot_id is not None:
            body |= {"bot_id": self.bot_id, "app_id": app_id}
        if self.blocks:
            body["blocks"] = self.blocks
        if self.thread_ts is not None:
            body["thread_ts"] = self.thread_ts
        if self.edited:
            body["edited"] = {"user": self.user, "ts": self.ts}
        return body
