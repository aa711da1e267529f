"""What the browser page shows, as JSON: one person's view of the workspace, and the news of it.

It only reads; what that person may not see is not in it.
"""

from typing import Protocol

from bot.demo.workspace.answers import Json
from bot.demo.workspace.changes import Change
from bot.demo.workspace.elements import labels_of, plain_value
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Channel, User
from bot.demo.workspace.state import State
from bot.demo.workspace.views import View


class PhoneBook(Protocol):
    """Everyone's phone, given by the demo: authenticator codes, mail, and the adding of a key."""

    def codes(self, user_id: str) -> list[Json]:
        """The codes of now, as `{label, code, seconds_left}`."""
        ...

    def mailbox(self, user_id: str) -> list[Json]:
        """The mail, oldest first, as `{id, at, from, subject, text}`."""
        ...

    def scan(self, user_id: str, uri: str) -> None:
        """Add an otpauth:// key; ValueError with a sentence when it is none."""
        ...


class Surroundings(Protocol):
    """What the demo hangs around the workspace."""

    commands: list[Json]
    shortcuts: list[Json]
    links: list[tuple[str, str]]
    phone: PhoneBook | None


class PageState:
    """Shapes the workspace for one person's screen."""

    def __init__(self, *, state: State, around: Surroundings) -> None:
        self._state = state
        self._around = around
        self._read: dict[tuple[str, str], str] = {}

    def dated(self, told: Json) -> Json:
        """What was just looked up, and as of which change: what a page has shown is newer, or older."""
        return {**told, "as_of": self._state.changes.count}

    def everything(self, user: User) -> Json:
        """All that a freshly loaded page needs."""
        return {
            "team": {"name": self._state.team.name},
            "me": {
                "id": user.id,
                "name": user.name,
                "real_name": user.real_name,
                "title": user.title,
                "tz": user.tz,
            },
            "people": self.people(),
            "channels": self.channels(user),
            "commands": self._around.commands,
            "shortcuts": self._around.shortcuts,
            "links": [{"label": label, "url": url} for label, url in self._around.links],
            "phone": self.phone(user),
            "views": self.views(user),
            "home": self.home(user),
        }

    def people(self) -> list[Json]:
        """Everybody, bots and deactivated ones too."""
        keys = ("id", "name", "real_name", "title", "is_bot", "is_restricted", "deleted")
        return [{key: getattr(user, key) for key in keys} for user in self._state.users.values()]

    def channels(self, user: User) -> list[Json]:
        """What this person can read; the direct conversation with the bot is always there."""
        self._state.direct(user.id)
        readable = [c for c in self._state.channels.values() if self._state.may_read(user.id, c)]
        return [self._channel(user, channel) for channel in readable]

    def _channel(self, user: User, channel: Channel) -> Json:
        messages = self._state.seen_by(user.id, channel.id)
        last = max((m.ts for m in messages if m.user != user.id), default="")
        return {
            "id": channel.id, "name": channel.name, "is_im": channel.is_im, "is_private": channel.is_private,
            "topic": channel.topic, "unread": last > self._read.get((user.id, channel.id), ""),
        }  # fmt: skip

    def messages(self, user: User, channel: Channel) -> list[Json]:
        """What this person sees there; from now on it is read."""
        seen = self._state.seen_by(user.id, channel.id)
        if seen:
            self._read[(user.id, channel.id)] = seen[-1].ts
        return [message_shape(message) for message in seen]

    def views(self, user: User) -> list[Json]:
        """This person's modals, the bottom one first."""
        return [self._view(view) for view in self._state.views.stack(user.id)]

    def home(self, user: User) -> Json | None:
        """This person's Home."""
        view = self._state.views.home(user.id)
        return self._view(view) if view else None

    def _view(self, view: View) -> Json:
        body = self._state.view_body(view)
        del body["state"]
        return {**body, "typed": _typed(view)}

    def phone(self, user: User) -> Json | None:
        """This person's phone, if the demo gave everybody one."""
        book = self._around.phone
        if book is None:
            return None
        return {"codes": book.codes(user.id), "mailbox": book.mailbox(user.id)}

    def news(self, user: User, change: Change) -> Json | None:
        """One change as this person's page hears of it; None when it does not concern them."""
        if change.to is not None and user.id not in change.to:
            return None
        message = change.facts.get("message")
        if isinstance(message, Message):
            if not self._state.may_read(user.id, self._state.channels[message.channel]):
                return None
            return {"kind": change.kind, "channel": message.channel, "message": message_shape(message)}
        shown = self._facts(user, change)
        return None if shown is None else {"kind": change.kind, **shown}

    def _facts(self, user: User, change: Change) -> Json | None:
        if change.kind == "views":
            return {"views": self.views(user)}
        if change.kind == "home":
            return {"home": self.home(user)}
        if change.kind == "phone":
            return {"phone": self.phone(user)}
        if change.kind == "channels":
            return {"channels": self.channels(user), "people": self.people()}
        return {"text": change.facts["text"]} if change.kind == "toast" else None


def _typed(view: View) -> Json:
    """What this person chose and typed in a view, as a page's fields hold it, with the texts of what was chosen."""
    typed: Json = {}
    for place in view.fields():
        if (place.block_id, place.action_id) in view.typed:
            entry = view.entry(place)
            shown = {"value": plain_value(entry), "labels": labels_of(entry)}
            typed.setdefault(place.block_id, {})[place.action_id] = shown
    return typed


def message_shape(message: Message) -> Json:
    """One message for the page; `at` is in seconds."""
    return {
        "ts": message.ts, "user": message.user, "thread_ts": message.thread_ts, "text": message.text,
        "blocks": message.blocks, "ephemeral": message.ephemeral, "edited": message.edited,
        "at": float(message.ts),
    }  # fmt: skip
