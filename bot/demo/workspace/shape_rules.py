"""The small rules that every block, element and view shares: texts, ids, options, confirmations.

Each tells problems in Slack's words with a pointer; none knows where it is used.
"""

from collections.abc import Iterator
from typing import Any

from bot.demo.workspace.answers import Json

LONGEST_ID = 255


def problem(what: str, at: str) -> str:
    """One problem as `response_metadata.messages` carries it."""
    return f"[ERROR] {what} [json-pointer:{at}]"


def duplicates(ids: list[str]) -> list[str]:
    """What stands there more than once, each named once."""
    return sorted({each for each in ids if ids.count(each) > 1})


def id_problem(holder: Json, key: str, at: str) -> list[str]:
    """The problem of an optional id, if any."""
    value = holder.get(key)
    if value is None or (isinstance(value, str) and 0 < len(value) <= LONGEST_ID):
        return []
    return [problem(f"must be between 1 and {LONGEST_ID} characters", f"{at}/{key}")]


def text_problems(value: Any, at: str, *, most: int, only: str | None = None) -> Iterator[str]:
    """The problems of a text object with at most so many characters, perhaps of one kind only."""
    if not isinstance(value, dict):
        yield problem("missing required field: text object", at)
        return
    kind, text = value.get("type"), value.get("text")
    if kind not in ("plain_text", "mrkdwn") or (only and kind != only):
        yield problem(f"unsupported type: {kind}", f"{at}/type")
    if not isinstance(text, str):
        yield problem("must be a string", f"{at}/text")
    elif not text:
        yield problem("must be more than 0 characters", f"{at}/text")
    elif len(text) > most:
        yield problem(f"must be less than {most + 1} characters", f"{at}/text")
    allowed = {"type", "text", "emoji"} if kind == "plain_text" else {"type", "text", "verbatim"}
    for key in sorted(set(value) - allowed):
        yield problem(f"no more properties allowed: {key}", at)


def option_problems(options: Any, at: str, *, most: int, marked: bool = False) -> Iterator[str]:
    """The problems of a list of options; `marked` allows mrkdwn in them (boxes and radio buttons)."""
    if not isinstance(options, list) or not options:
        yield problem("no fewer than 1 items allowed", at)
        return
    if len(options) > most:
        yield problem(f"no more than {most} items allowed", at)
    for index, option in enumerate(options):
        yield from one_option_problems(option, f"{at}/{index}", marked=marked)


def one_option_problems(option: Any, at: str, *, marked: bool = False) -> Iterator[str]:
    """The problems of one option."""
    if not isinstance(option, dict):
        yield problem("must be an object", at)
        return
    only = None if marked else "plain_text"
    yield from text_problems(option.get("text"), f"{at}/text", most=75, only=only)
    if option.get("description") is not None:
        yield from text_problems(option["description"], f"{at}/description", most=75, only=only)
    value = option.get("value")
    if not isinstance(value, str) or not 0 < len(value) <= 150:
        yield problem("must be between 1 and 150 characters", f"{at}/value")
    for key in sorted(set(option) - {"text", "value", "description", "url"}):
        yield problem(f"no more properties allowed: {key}", at)


def group_problems(groups: Any, at: str) -> Iterator[str]:
    """The problems of option groups."""
    if not isinstance(groups, list) or not 0 < len(groups) <= 100:
        yield problem("must have between 1 and 100 items", at)
        return
    for index, group in enumerate(groups):
        if not isinstance(group, dict):
            yield problem("must be an object", f"{at}/{index}")
            continue
        yield from text_problems(group.get("label"), f"{at}/{index}/label", most=75, only="plain_text")
        yield from option_problems(group.get("options"), f"{at}/{index}/options", most=100)


def confirm_problems(confirm: Any, at: str) -> Iterator[str]:
    """The problems of a confirmation dialog."""
    if not isinstance(confirm, dict):
        yield problem("must be an object", at)
        return
    yield from text_problems(confirm.get("title"), f"{at}/title", most=100, only="plain_text")
    yield from text_problems(confirm.get("text"), f"{at}/text", most=300)
    for key in ("confirm", "deny"):
        yield from text_problems(confirm.get(key), f"{at}/{key}", most=30, only="plain_text")
    if confirm.get("style") not in (None, "primary", "danger"):
        yield problem("must be primary or danger", f"{at}/style")
    for key in sorted(set(confirm) - {"title", "text", "confirm", "deny", "style"}):
        yield problem(f"no more properties allowed: {key}", at)
