"""Slack's rules for views: modals and Homes, around the blocks they hold.

slack_sdk's model is asked last; nothing is mended, only told.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.views import View as ModelView

from bot.demo.workspace.answers import Json
from bot.demo.workspace.rules import block_problems
from bot.demo.workspace.shape_rules import problem, text_problems

MOST_BLOCKS_OF_A_VIEW = 100
MOST_BYTES = 250_000
_SHARED = {"type", "blocks", "callback_id", "private_metadata", "external_id"}
_KEYS = {
    "home": _SHARED,
    "modal": _SHARED | {"title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"},
}


def view_problems(view: Any, *, expected: str) -> list[str]:
    """Everything Slack would refuse in this view; `expected` is `modal` or `home`."""
    if not isinstance(view, dict):
        return [problem("must be an object", "/view")]
    if view.get("type") != expected:
        return [problem(f"unsupported type: {view.get('type')}", "/view/type")]
    found = [
        problem(f"no more properties allowed: {key}", "/view") for key in sorted(set(view) - _KEYS[expected])
    ]
    found += [*_blocks(view), *_lengths(view)]
    if expected == "modal":
        found += [*_modal(view), *_no_double_fields(view)]
    return found or _model(view)


def is_too_large(view: Json) -> bool:
    """Whether it is over 250 kB."""
    return len(json.dumps(view).encode()) > MOST_BYTES


def _blocks(view: Json) -> Iterator[str]:
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        yield problem("no fewer than 1 items allowed", "/view/blocks")
    elif len(blocks) > MOST_BLOCKS_OF_A_VIEW:
        yield problem(f"no more than {MOST_BLOCKS_OF_A_VIEW} items allowed", "/view/blocks")
    else:
        yield from block_problems(blocks, "/view/blocks")


def _lengths(view: Json) -> Iterator[str]:
    for key, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        value = view.get(key)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            yield problem(f"must be less than {most + 1} characters", f"/view/{key}")


def _modal(view: Json) -> Iterator[str]:
    yield from text_problems(view.get("title"), "/view/title", most=24, only="plain_text")
    for key in ("submit", "close"):
        if view.get(key) is not None:
            yield from text_problems(view[key], f"/view/{key}", most=24, only="plain_text")
    blocks = view.get("blocks")
    kinds = (
        [block.get("type") for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    )
    if "input" in kinds and not view.get("submit"):
        yield problem("missing required field: submit (the modal has input blocks)", "/view")


def _no_double_fields(view: Json) -> Iterator[str]:
    blocks = view.get("blocks")
    focused = [
        block for block in blocks or []
        if isinstance(block, dict) and isinstance(block.get("element"), dict) and block["element"].get("focus_on_load")
    ]  # fmt: skip
    if len(focused) > 1:
        yield problem("only one element may have focus_on_load", "/view/blocks")


def _model(view: Json) -> list[str]:
    around = {**view, "blocks": view["blocks"][:1]}  # each block was judged by itself
    try:
        ModelView(**copy.deepcopy(around)).to_dict()
    except (SlackObjectFormationError, TypeError, ValueError, KeyError, AttributeError) as error:
        return [problem(str(error), "/view")]
    return []
