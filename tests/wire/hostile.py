"""What hostile hands send, and what must hold whatever was sent: payloads made by hand, and checks on what was shown.

Nothing here is sent by a client of Slack's; an honest deed goes through the person's client instead.
"""

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.demo.workspace import Message
from tests.wire.steps import approve, ask

Json = dict[str, Any]

_COUNT = itertools.count(1)
_UGLY = re.compile(
    r"Traceback|\bFile \\?\"|\b[A-Z]\w+(?:Error|Exception|Fault|Unavailable)\b|NoneType|<class |sqlite|psycopg|SELECT "
)
# Of all that begins with "<" in mrkdwn, the bot itself writes only dates and the names of channels.
_ALIVE = re.compile(r"<(?!!date\^\d+\^|#C[A-Z0-9]+>)")
_LINK = re.compile(r"https?://")


# What is sent.


def fresh(prefix: str) -> str:
    """An id that nobody used before."""
    return f"{prefix}{next(_COUNT)}"


def clicked(
    user: object, action_id: object, value: object, *, channel: str = "C0DATAOWN", **more: Any
) -> Json:
    """A click on a button, which may never have been there."""
    return {
        "type": "block_actions", "api_app_id": "A0WICKET", "token": "verification",
        "team": {"id": "T0WICKET", "domain": "workspace"}, "enterprise": None, "is_enterprise_install": False,
        "user": {"id": user, "username": "x", "name": "x", "team_id": "T0WICKET"},
        "container": {"type": "message", "message_ts": "1700000000.000100", "channel_id": channel},
        "channel": {"id": channel, "name": "x"}, "message": {"ts": "1700000000.000100", "text": "", "blocks": []},
        "state": {"values": {}}, "response_url": "", "trigger_id": fresh("77.88."),
        "actions": [{"type": "button", "block_id": "b", "action_id": action_id, "value": value, "action_ts": "1.1"}],
        **more,
    }  # fmt: skip


def submitted(
    user: object, callback_id: object, values: object, *, metadata: object = "", **more: Any
) -> Json:
    """A form that was submitted, which may never have been opened. values: field to text, or any `state.values`."""
    if isinstance(values, Mapping) and all(isinstance(typed, str) for typed in values.values()):
        values = {field: {field: _entry(field, typed)} for field, typed in values.items()}
    view = {
        "id": fresh("V0FORGED"), "hash": fresh("1700000000."), "type": "modal", "callback_id": callback_id,
        "team_id": "T0WICKET", "app_id": "A0WICKET", "bot_id": "B0WICKET", "private_metadata": metadata,
        "state": {"values": values}, "title": {"type": "plain_text", "text": "x"}, "external_id": "",
        "blocks": [{"type": "input", "block_id": field} for field in values] if isinstance(values, dict) else [],
    }  # fmt: skip
    return {
        "type": "view_submission", "api_app_id": "A0WICKET", "token": "verification",
        "team": {"id": "T0WICKET", "domain": "workspace"}, "enterprise": None, "is_enterprise_install": False,
        "user": {"id": user, "username": "x", "name": "x", "team_id": "T0WICKET"},
        "trigger_id": fresh("77.88."), "response_urls": [], "view": {**view, **more},
    }  # fmt: skip


def _entry(field: str, typed: str) -> Json:
    if field == "less":
        return {"type": "external_select", "selected_option": {"value": typed, "text": {"text": typed}}}
    if field == "entitlement":
        chosen = {"value": typed, "text": {"text": typed}}
        return {"type": "multi_external_select", "selected_options": [chosen]}
    if field == "for":
        return {"type": "users_select", "selected_user": typed}
    return {"type": "plain_text_input", "value": typed}


def looked_up(user: object, typed: object) -> Json:
    """Letters typed into the menu of what one can ask for."""
    return {
        "type": "block_suggestion", "api_app_id": "A0WICKET", "token": "verification",
        "team": {"id": "T0WICKET", "domain": "workspace"}, "enterprise": None, "is_enterprise_install": False,
        "user": {"id": user, "username": "x", "name": "x", "team_id": "T0WICKET"},
        "container": {"type": "view", "view_id": "V0FORGED"}, "action_id": "entitlement", "block_id": "entitlement",
        "value": typed, "view": {"id": "V0FORGED", "type": "modal", "callback_id": "form.request"},
    }  # fmt: skip


def commanded(user: str, text: str) -> Json:
    """A slash command."""
    return {
        "token": "verification", "team_id": "T0WICKET", "team_domain": "workspace", "channel_id": "D" + user[1:],
        "channel_name": "directmessage", "user_id": user, "user_name": "x", "command": "/wicket", "text": text,
        "api_app_id": "A0WICKET", "is_enterprise_install": "false", "response_url": "", "trigger_id": fresh("77.88."),
    }  # fmt: skip


def happened(**event: Any) -> Json:
    """Any event."""
    return {
        "token": "verification", "team_id": "T0WICKET", "api_app_id": "A0WICKET", "type": "event_callback",
        "event_id": fresh("Ev0FORGED"), "event_time": 1700000000, "event": event,
        "authorizations": [{"team_id": "T0WICKET", "user_id": "U0WICKET", "is_bot": True, "enterprise_id": None}],
    }  # fmt: skip


def heard(user: object, text: object, **more: Any) -> Json:
    """A direct message to the bot."""
    channel = "D" + user[1:] if isinstance(user, str) else "D0"
    event = {"type": "message", "channel_type": "im", "channel": channel, "user": user, "text": text}
    return happened(**{**event, "ts": fresh("1700000000."), **more})


# What honest people do first.


async def asks(world: Any, login: str, request: str = "prod-db for 2h because INC-4711") -> Message:
    """Ask in words and send it; the status message."""
    person = world.person(login)
    await ask(person, f"I need {request}")
    shown: Message = await person.sees("waiting for")
    return shown


async def reads(world: Any, login: str, channel: str = "data-owners", what: str = "prod-db") -> Message:
    """The approval message, as this person sees it."""
    shown: Message = await world.person(login).sees(f"Access request: {what}", channel=world.channel(channel))
    return shown


async def approves(
    world: Any, login: str, rationale: str = "ok", *, channel: str = "data-owners", what: str = "prod-db"
) -> None:
    """Approve the request that stands in the channel."""
    await approve(world.person(login), world.channel(channel), what, rationale)


async def opens(world: Any, login: str, message: Message, action: str) -> Any:
    """Open the form behind Approve or Deny."""
    await world.person(login).click(message, action)
    return await world.person(login).sees_view("stay on the record")


def grant_of(message: Message) -> str:
    """The id that the buttons of a message carry."""
    return str(next(iter(message.buttons.values()))["value"])


# What must hold.


def unkind(calls: Iterable[Any]) -> list[str]:
    """Everything sent to Slack that shows the inside of the program: a traceback, a class of fault, a query."""
    said = [json.dumps(call.arguments, default=str, ensure_ascii=False) for call in calls]
    return [text for text in said if _UGLY.search(text)]


def is_kind(answer: object) -> bool:
    """Whether an acknowledgement shows nothing of the inside of the program."""
    return not _UGLY.search(json.dumps(answer, default=str, ensure_ascii=False))


def shown_texts(calls: Iterable[Any]) -> Iterator[tuple[str, bool]]:
    """Each text that was posted, edited or opened, and whether Slack looks for marks, mentions and links in it."""
    for call in calls:
        if call.method.startswith(("chat.", "views.")):
            yield str(call.arguments.get("text") or ""), True
            for part in ("blocks", "view"):
                for text in _objects(_loaded(call.arguments.get(part))):
                    yield text["text"], text.get("type") == "mrkdwn"


def alive(calls: Iterable[Any]) -> list[str]:
    """Texts in which something that a person wrote is more than text: a mention, a link, an address Slack links."""
    marked = [text for text, has_marks in shown_texts(calls) if has_marks]
    return [text for text in marked if _ALIVE.search(text) or _LINK.search(text)]


def _loaded(part: object) -> object:
    return json.loads(part) if isinstance(part, str) and part else part


def _objects(node: object) -> Iterator[Json]:
    """Every text object below this node."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node
        for child in node.values():
            yield from _objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from _objects(child)
