"""Slack's rules for the blocks of a message: what makes it answer `invalid_blocks`, in its words.

slack_sdk's models are asked first, then the rules they miss; nothing is mended, only told.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from bot.demo.workspace.answers import Json
from bot.demo.workspace.element_rules import element_problems
from bot.demo.workspace.shape_rules import duplicates, id_problem, problem, text_problems
from bot.demo.workspace.text import mass_mention

MOST_BLOCKS_OF_A_MESSAGE = 50
# Blocks whose judgement is kept, a kilobyte each.
_JUDGED = 2000
KNOWN_BLOCKS = frozenset(
    {"section", "divider", "image", "actions", "context", "input", "header", "rich_text"}
)
_KEYS = {
    "section": {"text", "fields", "accessory", "expand"},
    "divider": set(),
    "image": {"alt_text", "image_url", "slack_file", "title"},
    "actions": {"elements"},
    "context": {"elements"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "header": {"text", "level"},
    "rich_text": {"elements"},
}


def message_problems(blocks: list[Any]) -> list[str]:
    """Everything Slack would refuse in these blocks, with pointers; empty when it would take them."""
    if len(blocks) > MOST_BLOCKS_OF_A_MESSAGE:
        return [problem(f"no more than {MOST_BLOCKS_OF_A_MESSAGE} items allowed", "/blocks")]
    return block_problems(blocks, "/blocks")


def block_problems(blocks: list[Any], pointer: str) -> list[str]:
    """The problems of a list of blocks anywhere."""
    found: list[str] = []
    for index, block in enumerate(blocks):
        found += _block(block, f"{pointer}/{index}")
    ids = [str(b["block_id"]) for b in blocks if isinstance(b, dict) and b.get("block_id")]
    found += [
        problem(f"`block_id` `{each}` already exists for another block", pointer) for each in duplicates(ids)
    ]
    return found


def _block(block: Any, at: str) -> list[str]:
    if not isinstance(block, dict):
        return [problem("must be an object", at)]
    kind = block.get("type")
    if kind not in KNOWN_BLOCKS:
        return [problem(f"unsupported type: {kind}", f"{at}/type")]
    found = [
        problem(f"no more properties allowed: {key}", at)
        for key in sorted(set(block) - _KEYS[kind] - {"type", "block_id"})
    ]
    found += id_problem(block, "block_id", at)
    found += list(_RULES[kind](block, at))
    return found or _models(block, at)


def _models(block: Json, at: str) -> list[str]:
    wrong = _of_models(json.dumps(block))
    return [problem(wrong, at)] if wrong is not None else []


@lru_cache(maxsize=_JUDGED)
def _of_models(block: str) -> str | None:
    """What slack_sdk's own models say; they raise whatever a wrong shape makes them stumble over.

    To make them of a block takes longer than all other rules, and an edit repeats most blocks.
    """
    try:
        for parsed in Block.parse_all([json.loads(block)]):
            parsed.to_dict()
    except (SlackObjectFormationError, TypeError, ValueError, KeyError, AttributeError) as error:
        return str(error)
    return None


def _section(block: Json, at: str) -> Iterator[str]:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield problem("missing required field: text", at)
    if block.get("text") is not None:
        yield from text_problems(block["text"], f"{at}/text", most=3000)
    if fields is not None:
        yield from _listed(fields, f"{at}/fields", most=10)
        for index, field in enumerate(fields if isinstance(fields, list) else []):
            yield from text_problems(field, f"{at}/fields/{index}", most=2000)
    if block.get("accessory") is not None:
        yield from element_problems(block["accessory"], f"{at}/accessory", within="section")


def _header(block: Json, at: str) -> Iterator[str]:
    yield from text_problems(block.get("text"), f"{at}/text", most=150, only="plain_text")


def _context(block: Json, at: str) -> Iterator[str]:
    elements = block.get("elements")
    yield from _listed(elements, f"{at}/elements", most=10)
    for index, element in enumerate(elements if isinstance(elements, list) else []):
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _image(element, f"{at}/elements/{index}")
        else:
            yield from text_problems(element, f"{at}/elements/{index}", most=3000)


def _actions(block: Json, at: str) -> Iterator[str]:
    elements = block.get("elements")
    yield from _listed(elements, f"{at}/elements", most=25)
    if not isinstance(elements, list):
        return
    for index, element in enumerate(elements):
        yield from element_problems(element, f"{at}/elements/{index}", within="actions")
    ids = [str(e["action_id"]) for e in elements if isinstance(e, dict) and e.get("action_id")]
    for each in duplicates(ids):
        yield problem(f"`action_id` `{each}` already exists for another element", f"{at}/elements")


def _input(block: Json, at: str) -> Iterator[str]:
    yield from text_problems(block.get("label"), f"{at}/label", most=2000, only="plain_text")
    if block.get("hint") is not None:
        yield from text_problems(block["hint"], f"{at}/hint", most=2000, only="plain_text")
    for key in ("optional", "dispatch_action"):
        if not isinstance(block.get(key, False), bool):
            yield problem("must be a boolean", f"{at}/{key}")
    yield from element_problems(block.get("element"), f"{at}/element", within="input")


def _image(block: Json, at: str) -> Iterator[str]:
    alt = block.get("alt_text")
    if not isinstance(alt, str) or not 0 < len(alt) <= 2000:
        yield problem("must be between 1 and 2000 characters", f"{at}/alt_text")
    if not block.get("image_url") and not block.get("slack_file"):
        yield problem("missing required field: image_url", at)


def _rich_text(block: Json, at: str) -> Iterator[str]:
    if not isinstance(block.get("elements"), list):
        yield problem("missing required field: elements", at)


def _divider(_block: Json, _at: str) -> Iterator[str]:
    return iter(())


_RULES = {
    "section": _section, "divider": _divider, "image": _image, "actions": _actions, "context": _context,
    "input": _input, "header": _header, "rich_text": _rich_text,
}  # fmt: skip


def _listed(value: Any, at: str, *, most: int) -> Iterator[str]:
    if not isinstance(value, list) or not value:
        yield problem("no fewer than 1 items allowed", at)
    elif len(value) > most:
        yield problem(f"no more than {most} items allowed", at)


def long_texts(blocks: list[Json]) -> int:
    """How many characters all texts of these blocks have together."""
    return sum(len(text) for _, text in _texts(blocks))


def mass_mentions(text: str, blocks: list[Json]) -> list[str]:
    """Mentions that would ping a whole channel: in the fallback text or in any mrkdwn."""
    marked = [text, *(words for kind, words in _texts(blocks) if kind == "mrkdwn")]
    found = [mass_mention(words) for words in marked]
    return [mention for mention in found if mention]


def _texts(node: Any) -> Iterator[tuple[str, str]]:
    """Every text object below this node: its type and its text."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield str(node.get("type", "")), node["text"]
        for child in node.values():
            yield from _texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child)
