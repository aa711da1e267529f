"""Views: modals in a stack per person, and each person's App Home.

It keeps what stands open and what was typed into it; it never judges a view and never sends one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.demo.workspace.answers import Json
from bot.demo.workspace.elements import STATEFUL, Place, initial, options_of, places
from bot.demo.workspace.text import block_lines

STACK_LIMIT = 3
Typed = Mapping[tuple[str, str], Json]


@dataclass(frozen=True, kw_only=True)
class View:
    """One view as it stands at this moment. `typed` holds fields a person touched, by block and action id."""

    id: str
    hash: str
    type: str
    blocks: list[Json]
    title: str = ""
    callback_id: str = ""
    private_metadata: str = ""
    external_id: str = ""
    submit: Json | None = None
    close: Json | None = None
    title_object: Json | None = None
    notify_on_close: bool = False
    clear_on_close: bool = False
    root_view_id: str = ""
    previous_view_id: str | None = None
    typed: Typed = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def plain(self) -> str:
        """All the text a reader sees, the title first and the submit button last."""
        lines = [self.title, *block_lines(self.blocks, self.names)]
        if self.submit:
            lines.append(f"[{self.submit['text']}]")
        return "\n".join(line for line in lines if line)

    @property
    def inputs(self) -> dict[str, Json]:
        """The form's fields by `action_id`."""
        return {place.action_id: place.element for place in places(self.blocks) if place.is_input}

    def link(self, label: str) -> str:
        """Where the link button with this label leads; LookupError when there is none."""
        for place in places(self.blocks):
            if place.element.get("url") and place.element["text"]["text"] == label:
                return str(place.element["url"])
        raise LookupError(f"no link button {label!r} in: {self.plain}")

    def fields(self) -> list[Place]:
        """Every element that holds a value, in order."""
        return [place for place in places(self.blocks) if place.kind in STATEFUL]

    def entry(self, place: Place) -> Json:
        """What this element holds now: what was typed, else its initial value."""
        typed = self.typed.get((place.block_id, place.action_id))
        return typed if typed and typed["type"] == place.kind else initial(place.element)

    def state(self) -> Json:
        """`view.state` as payloads carry it."""
        values: Json = {}
        for place in self.fields():
            values.setdefault(place.block_id, {})[place.action_id] = self.entry(place)
        return {"values": values}

    def with_typed(self, typed: Typed) -> "View":
        """This view with more typed into it; that is no new version."""
        return replace(self, typed={**self.typed, **typed})

    def body(self, *, team_id: str, app_id: str, bot_id: str) -> Json:
        """The view object inside API answers and payloads."""
        return {
            "id": self.id, "team_id": team_id, "type": self.type, "blocks": self.blocks,
            "private_metadata": self.private_metadata, "callback_id": self.callback_id,
            "state": self.state(), "hash": self.hash, "title": self.title_object,
            "clear_on_close": self.clear_on_close, "notify_on_close": self.notify_on_close,
            "close": self.close, "submit": self.submit, "previous_view_id": self.previous_view_id,
            "root_view_id": self.root_view_id or self.id, "app_id": app_id, "external_id": self.external_id,
            "app_installed_team_id": team_id, "bot_id": bot_id,
        }  # fmt: skip


def no_longer_offered(newer: View, older: View) -> list[Place]:
    """The menus that kept their place although what is chosen in them is no longer among their options.

    Slack keeps what a person chose in a block of the same name, so they would send what they cannot see.
    """
    found = []
    for place in newer.fields():
        typed = older.typed.get((place.block_id, place.action_id))
        chosen = typed.get("selected_option") if typed else None
        if chosen is not None and place.kind == "static_select" and chosen not in options_of(place.element):
            found.append(place)
    return found


class Views:
    """Every open view: at most three modals on top of each other, and one Home, per person."""

    def __init__(self) -> None:
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, user_id: str) -> list[View]:
        """This person's modals, the bottom one first."""
        return list(self._stacks.get(user_id, []))

    def top(self, user_id: str) -> View | None:
        """The modal this person looks at."""
        stack = self._stacks.get(user_id)
        return stack[-1] if stack else None

    def home(self, user_id: str) -> View | None:
        """This person's Home, once the app published one."""
        return self._homes.get(user_id)

    def publish(self, user_id: str, view: View) -> None:
        """Put this person's Home."""
        self._homes[user_id] = view

    def open(self, user_id: str, view: View) -> None:
        """Begin a new stack with this modal."""
        self._stacks[user_id] = [replace(view, root_view_id=view.id, previous_view_id=None)]

    def is_full(self, user_id: str) -> bool:
        """Whether nothing more can be pushed."""
        return len(self._stacks.get(user_id, [])) >= STACK_LIMIT

    def push(self, user_id: str, view: View) -> None:
        """Put this modal on top."""
        stack = self._stacks.setdefault(user_id, [])
        root, previous = (stack[0].id, stack[-1].id) if stack else (view.id, None)
        stack.append(replace(view, root_view_id=root, previous_view_id=previous))

    def find(self, view_id: str = "", external_id: str = "") -> tuple[str, View] | None:
        """Who has this view, and the view as it stands."""
        for user_id, view in self._all():
            if (view_id and view.id == view_id) or (external_id and view.external_id == external_id):
                return user_id, view
        return None

    def _all(self) -> list[tuple[str, View]]:
        modals = [(user, view) for user, stack in self._stacks.items() for view in stack]
        return [*modals, *self._homes.items()]

    def put(self, user_id: str, view: View) -> None:
        """Put a newer state of a view that is open already."""
        home = self._homes.get(user_id)
        if home is not None and home.id == view.id:
            self._homes[user_id] = view
        stack = self._stacks.get(user_id, [])
        self._stacks[user_id] = [view if old.id == view.id else old for old in stack]

    def close(self, user_id: str, view_id: str) -> None:
        """Take this modal off, and whatever stood on top of it."""
        stack = self._stacks.get(user_id, [])
        ids = [view.id for view in stack]
        if view_id in ids:
            self._stacks[user_id] = stack[: ids.index(view_id)]

    def clear(self, user_id: str) -> None:
        """Close all modals of this person."""
        self._stacks.pop(user_id, None)
