"""The interactive elements of Block Kit: where they stand, what they hold, what a choice makes of them.

It reads blocks that were already found good; it never refuses one.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace.answers import Json

TEXT_INPUTS = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})
ONE_OPTION = frozenset({"static_select", "external_select", "radio_buttons", "overflow"})
MANY_OPTIONS = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
SLOTS = {
    "datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
    "users_select": "selected_user", "channels_select": "selected_channel",
    "conversations_select": "selected_conversation", "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels", "multi_conversations_select": "selected_conversations",
    **dict.fromkeys(TEXT_INPUTS, "value"), **dict.fromkeys(ONE_OPTION, "selected_option"),
    **dict.fromkeys(MANY_OPTIONS, "selected_options"),
}  # fmt: skip
STATEFUL = frozenset(SLOTS) - {"overflow"}
_INITIAL = {
    "value": "initial_value", "selected_option": "initial_option", "selected_options": "initial_options",
    "selected_date": "initial_date", "selected_time": "initial_time",
    "selected_date_time": "initial_date_time", "selected_user": "initial_user",
    "selected_channel": "initial_channel", "selected_conversation": "initial_conversation",
    "selected_users": "initial_users", "selected_channels": "initial_channels",
    "selected_conversations": "initial_conversations",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """One interactive element and the block it stands in."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block.get("block_id", ""))

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id", ""))

    @property
    def kind(self) -> str:
        return str(self.element.get("type", ""))

    @property
    def is_input(self) -> bool:
        """Whether it is a field of a form, read when the form is submitted."""
        return self.block.get("type") == "input"

    @property
    def tells_at_once(self) -> bool:
        """Whether using it is told to the app at once, and not with the form."""
        return not self.is_input or bool(self.block.get("dispatch_action"))


def places(blocks: Sequence[Json]) -> Iterator[Place]:
    """Every interactive element of these blocks, in order."""
    for block in blocks:
        for element in _elements(block):
            if "action_id" in element:
                yield Place(block=block, element=element)


def find(blocks: Sequence[Json], action_id: str, block_id: str | None = None) -> list[Place]:
    """The elements with this `action_id` (in this block, if one is named)."""
    return [p for p in places(blocks) if p.action_id == action_id and block_id in (None, p.block_id)]


def _elements(block: Json) -> list[Json]:
    if block.get("type") == "actions":
        return list(block.get("elements") or [])
    return [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]


def with_ids(blocks: Sequence[Json], fresh: Callable[[], str]) -> list[Json]:
    """A copy in which every block and every element has an id, as Slack completes them."""
    completed = copy.deepcopy(list(blocks))
    for block in completed:
        block.setdefault("block_id", fresh())
        for element in _elements(block):
            if element.get("type") != "image":
                element.setdefault("action_id", fresh())
    return completed


def initial(element: Json) -> Json:
    """What an untouched element holds, in the shape of `view.state.values`."""
    slot = SLOTS[element["type"]]
    value = element.get(_INITIAL[slot])
    if value is None and slot.endswith("s"):
        value = []
    return {"type": element["type"], slot: value}


def plain_value(entry: Json) -> Any:
    """What an element holds, as a person would name it: the opposite of `picked`."""
    held = entry.get(SLOTS[entry["type"]])
    if held and entry["type"] in ONE_OPTION:
        return held["value"]
    return [option["value"] for option in held or []] if entry["type"] in MANY_OPTIONS else held


def labels_of(entry: Json) -> dict[str, str]:
    """The texts of the options that an element holds, by their values."""
    held = entry.get(SLOTS[entry["type"]])
    if not held or entry["type"] not in ONE_OPTION | MANY_OPTIONS:
        return {}
    options = held if isinstance(held, list) else [held]
    return {option["value"]: option["text"]["text"] for option in options}


def is_empty(entry: Json) -> bool:
    """Whether a field was left empty."""
    return entry.get(SLOTS[entry["type"]]) in (None, "", [])


def options_of(element: Json) -> list[Json]:
    """All options of a menu, groups flattened."""
    grouped = [option for group in element.get("option_groups") or [] for option in group["options"]]
    return [*(element.get("options") or []), *grouped]


def most_chosen(element: Json) -> int | None:
    """How many choices a menu takes; None for any number."""
    most = element.get("max_selected_items")
    return most if isinstance(most, int) else None


def picked(element: Json, value: str | list[str] | None, offered: Sequence[Json]) -> Json:
    """What the element holds once `value` is chosen; LookupError for an option that is not offered."""
    kind = element["type"]
    slot = SLOTS[kind]
    if value is None:
        return {"type": kind, slot: [] if slot.endswith("s") else None}
    if kind in ONE_OPTION:
        return {"type": kind, slot: _option(offered, str(value))}
    if kind in MANY_OPTIONS:
        wanted = [value] if isinstance(value, str) else value
        most = most_chosen(element)
        if most is not None and len(wanted) > most:
            raise LookupError(f"no more than {most} can be chosen here")
        return {"type": kind, slot: [_option(offered, each) for each in wanted]}
    if slot == "selected_date_time":
        return {"type": kind, slot: int(str(value))}
    if slot.endswith("s") and isinstance(value, str):
        return {"type": kind, slot: [value]}
    return {"type": kind, slot: value}


def _option(offered: Sequence[Json], wanted: str) -> Json:
    """The option meant: by value, else by its text, else the only one whose text holds these words."""
    for option in offered:
        if option.get("value") == wanted:
            return option
    texts = [option["text"]["text"] for option in offered]
    if wanted in texts:
        return offered[texts.index(wanted)]
    holding = [option for option, text in zip(offered, texts, strict=True) if wanted in text]
    if len(holding) == 1:
        return holding[0]
    shown = (
        ", ".join(f"{option.get('value')!r} ({option['text']['text']})" for option in offered) or "nothing"
    )
    raise LookupError(f"{wanted!r} is not among the options; offered: {shown}")
