"""Slack's text: how what a person types travels, and what a reader sees of what an app sends.

It turns text into text; it never decides whether a message is allowed.
"""

import re
from collections.abc import Iterator, Mapping

from bot.demo.workspace.answers import Json

Names = Mapping[str, str]

_SPECIAL = re.compile(r"<([^<>\n]+)>")
_MASS_MENTION = re.compile(r"<!(channel|here|everyone|group)(\||>)|<!subteam\^")
_LINK = re.compile(
    r"(?<![\w@./])(?P<url>https?://[^\s<>]*[^\s<>.,;:!?)\]'\"])"
    r"|(?<![\w.+-])(?P<mail>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
)
_MARKS = tuple(
    re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^{mark}\n]+?)(?<=\S){mark}(?![\w{mark}])")
    for mark in (r"\*", "_", "~", "`")
)


def as_typed(text: str) -> str:
    """What Slack makes of typed text in an event: `& < >` escaped, links and addresses wrapped in `<…>`."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINK.sub(_wrapped, escaped)


def _wrapped(match: re.Match[str]) -> str:
    return f"<{match['url']}>" if match["url"] else f"<mailto:{match['mail']}|{match['mail']}>"


def mass_mention(text: str) -> str | None:
    """The mention that would ping a whole channel, or None."""
    found = _MASS_MENTION.search(text)
    return found[0] if found else None


def plain(text: str, names: Names) -> str:
    """What a reader sees of mrkdwn: names for mentions, labels for links, no marks."""
    shown = _SPECIAL.sub(lambda match: _special(match[1], names), text)
    for mark in _MARKS:
        shown = mark.sub(r"\1", shown)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _special(inner: str, names: Names) -> str:
    target, _, label = inner.partition("|")
    if target[0] == "@":
        return "@" + names.get(target[1:], label or target[1:])
    if target[0] == "#":
        return "#" + names.get(target[1:], label or target[1:])
    if target.startswith(("!date", "!subteam")):
        return label
    if target[0] == "!":
        return "@" + target[1:]
    return label or target


def block_lines(blocks: list[Json], names: Names) -> list[str]:
    """All the text of these blocks in reading order; button and menu labels stand in [brackets]."""
    return [line for block in blocks for line in _block(block, names) if line]


def _block(block: Json, names: Names) -> Iterator[str]:
    kind = block.get("type")
    if kind == "rich_text":
        # Slack shows each section as a paragraph of its own.
        yield from ("".join(_rich(section)) for section in block.get("elements") or [])
        return
    for key in ("title", "label", "text"):
        yield _text(block.get(key), names)
    for field in block.get("fields") or []:
        yield _text(field, names)
    for element in block.get("elements") or []:
        yield _element(element, names)
    for key in ("accessory", "element"):
        if block.get(key):
            yield _element(block[key], names)
    yield _text(block.get("hint"), names)
    if kind == "image":
        yield str(block.get("alt_text", ""))


def _text(value: object, names: Names) -> str:
    if isinstance(value, str):
        return plain(value, names)
    if not isinstance(value, dict):
        return ""
    text = str(value.get("text", ""))
    return plain(text, names) if value.get("type") == "mrkdwn" else text


def _element(element: Json, names: Names) -> str:
    kind = element.get("type")
    if kind in ("mrkdwn", "plain_text"):
        return _text(element, names)
    if kind == "image":
        return str(element.get("alt_text", ""))
    if kind == "button":
        return f"[{_text(element.get('text'), names)}]"
    parts = [str(element.get("initial_value") or ""), *_option_texts(element, names)]
    label = _text(element.get("placeholder"), names)
    return " ".join(part for part in [f"[{label}]" if label else "", *parts] if part)


def _option_texts(element: Json, names: Names) -> list[str]:
    """Options a reader sees without opening a menu: boxes and radio buttons, and what is chosen."""
    shown = element.get("options") if element.get("type") in ("checkboxes", "radio_buttons") else None
    chosen = [element["initial_option"]] if element.get("initial_option") else element.get("initial_options")
    return [_text(option.get("text"), names) for option in shown or chosen or []]


def _rich(node: Json) -> Iterator[str]:
    if "text" in node:
        yield str(node["text"])
    elif node.get("type") == "link":
        yield str(node.get("url", ""))
    elif node.get("type") == "user":
        yield f"@{node.get('user_id', '')}"
    for child in node.get("elements") or []:
        yield from _rich(child)
