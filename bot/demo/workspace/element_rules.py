"""Slack's rules for interactive elements: buttons, menus, pickers and fields.

It tells problems in Slack's words; where an element may stand is told here too, and nothing is mended.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from bot.demo.workspace.answers import Json
from bot.demo.workspace.elements import options_of
from bot.demo.workspace.shape_rules import (
    confirm_problems,
    group_problems,
    id_problem,
    one_option_problems,
    option_problems,
    problem,
    text_problems,
)

MENUS = frozenset(
    {
        "static_select", "external_select", "users_select", "conversations_select", "channels_select",
        "multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select",
        "multi_channels_select",
    }
)  # fmt: skip
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"})
FIELDS = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})
ALLOWED = {
    "actions": (MENUS - {m for m in MENUS if m.startswith("multi_")}) | PICKERS | {"button", "overflow"},
    "section": (MENUS | PICKERS | {"button", "overflow", "image"}) - {"datetimepicker"},
    "input": MENUS | PICKERS | FIELDS,
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def element_problems(element: Any, at: str, *, within: str) -> Iterator[str]:
    """The problems of one element of a block of this kind."""
    if not isinstance(element, dict):
        yield problem("missing required field: element", at)
        return
    kind = element.get("type")
    if kind not in ALLOWED[within]:
        yield problem(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from id_problem(element, "action_id", at)
    if element.get("placeholder") is not None:
        yield from text_problems(element["placeholder"], f"{at}/placeholder", most=150, only="plain_text")
    if element.get("confirm") is not None:
        yield from confirm_problems(element["confirm"], f"{at}/confirm")
    yield from _rules(kind)(element, at)


def _rules(kind: str) -> Any:
    if kind in ("static_select", "multi_static_select"):
        return _static_menu
    if kind in ("checkboxes", "radio_buttons", "overflow"):
        return _choices
    if kind in FIELDS:
        return _field
    return {"button": _button, "external_select": _external, "multi_external_select": _external,
            "datepicker": _date, "timepicker": _time}.get(kind, _nothing)  # fmt: skip


def _nothing(_element: Json, _at: str) -> Iterator[str]:
    return iter(())


def _button(element: Json, at: str) -> Iterator[str]:
    yield from text_problems(element.get("text"), f"{at}/text", most=75, only="plain_text")
    value, url, style = element.get("value"), element.get("url"), element.get("style")
    if value is not None and (not isinstance(value, str) or len(value) > 2000):
        yield problem("must be less than 2001 characters", f"{at}/value")
    if url is not None:
        if not isinstance(url, str) or len(url) > 3000:
            yield problem("must be less than 3001 characters", f"{at}/url")
        elif urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            yield problem("must be a valid http or https URL", f"{at}/url")
    if style not in (None, "primary", "danger"):
        yield problem("must be primary or danger", f"{at}/style")
    label = element.get("accessibility_label")
    if label is not None and (not isinstance(label, str) or len(label) > 75):
        yield problem("must be less than 76 characters", f"{at}/accessibility_label")
    known = {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}
    for key in sorted(set(element) - known):
        yield problem(f"no more properties allowed: {key}", at)


def _static_menu(element: Json, at: str) -> Iterator[str]:
    options, groups = element.get("options"), element.get("option_groups")
    if (options is None) == (groups is None):
        yield problem("exactly one of options and option_groups must be given", at)
    elif options is not None:
        yield from option_problems(options, f"{at}/options", most=100)
    else:
        yield from group_problems(groups, f"{at}/option_groups")
    yield from _initial_options(element, at)


def _choices(element: Json, at: str) -> Iterator[str]:
    most = 5 if element["type"] == "overflow" else 10
    marked = element["type"] != "overflow"
    yield from option_problems(element.get("options"), f"{at}/options", most=most, marked=marked)
    yield from _initial_options(element, at)


def _initial_options(element: Json, at: str) -> Iterator[str]:
    """What is chosen at first must be one of the options, exactly."""
    try:
        known = options_of(element)
    except (KeyError, TypeError):
        return
    chosen = list(element.get("initial_options") or [])
    if "initial_option" in element:
        chosen.append(element["initial_option"])
    if element.get("initial_options") == []:
        yield problem("no fewer than 1 items allowed", f"{at}/initial_options")
    for option in chosen:
        if option not in known:
            yield problem("initial option must exactly match one of the options", at)


def _external(element: Json, at: str) -> Iterator[str]:
    least = element.get("min_query_length")
    if least is not None and (not isinstance(least, int) or least < 0):
        yield problem("must be a number of characters", f"{at}/min_query_length")
    if element.get("options") is not None:
        yield problem("no more properties allowed: options", at)
    several = element["type"].startswith("multi_")
    for key in ("initial_options", "max_selected_items") if not several else ("initial_option",):
        if element.get(key) is not None:
            yield problem(f"no more properties allowed: {key}", at)
    if element.get("initial_option") is not None:
        yield from one_option_problems(element["initial_option"], f"{at}/initial_option")
    chosen, most = element.get("initial_options"), element.get("max_selected_items")
    if chosen is not None:
        yield from option_problems(chosen, f"{at}/initial_options", most=100)
    if most is not None and (not isinstance(most, int) or most < 1):
        yield problem("must be at least 1", f"{at}/max_selected_items")
    elif most is not None and isinstance(chosen, list) and len(chosen) > most:
        yield problem(f"no more than {most} items allowed", f"{at}/initial_options")


def _field(element: Json, at: str) -> Iterator[str]:
    if element["type"] == "number_input" and not isinstance(element.get("is_decimal_allowed"), bool):
        yield problem("missing required field: is_decimal_allowed", at)
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not isinstance(least, int) or not 0 <= least <= 3000:
        yield problem("must be between 0 and 3000", f"{at}/min_length")
    elif not isinstance(most, int) or not 1 <= most <= 3000:
        yield problem("must be between 1 and 3000", f"{at}/max_length")
    elif least > most:
        yield problem("min_length must not be more than max_length", at)
    elif len(str(element.get("initial_value") or "")) > most:
        yield problem(f"must be less than {most + 1} characters", f"{at}/initial_value")


def _date(element: Json, at: str) -> Iterator[str]:
    value = element.get("initial_date")
    if value is not None and not _DATE.fullmatch(str(value)):
        yield problem("must be a date, YYYY-MM-DD", f"{at}/initial_date")


def _time(element: Json, at: str) -> Iterator[str]:
    value = element.get("initial_time")
    if value is not None and not _TIME.fullmatch(str(value)):
        yield problem("must be a time, HH:mm", f"{at}/initial_time")
