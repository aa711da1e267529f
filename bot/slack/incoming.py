"""What arrived from Slack, reduced to what may be used: who claims to speak, Slack's own delivery id, where.

It takes no name or authority from a payload, and a payload of any shape can be reduced.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypedDict

from handlers.intents import Actor, OnGrant, Where


class Origin(TypedDict):
    """Who wants it, from where, and by which delivery."""

    actor: Actor
    where: Where
    delivery: str


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One delivery. user: the Slack id to look up. delivery: unique per thing done, the same for each repeat (SL-5).

    team: the workspace in which Slack says that it happened, for the record alone: whose account it is, is looked up.
    ts: of the message that was clicked in the channel; "" where that was none that lasts.
    """

    user: str
    delivery: str
    channel: str
    transport: str
    team: str = ""
    ts: str = ""

    @property
    def where(self) -> Where:
        """For the record."""
        return Where(transport=self.transport, team=self.team, channel=self.channel)

    def origin(self, actor: Actor) -> Origin:
        """What every intent begins with, once it is known who this is."""
        return Origin(actor=actor, where=self.where, delivery=self.delivery)


@dataclass(frozen=True, kw_only=True)
class Click:
    """One click by an established person. value: the button's; trigger: for opening a form within three seconds.

    form: the form or home that the button stands in, as Slack has it; empty for a message.
    """

    actor: Actor
    incoming: Incoming
    value: str
    trigger: str
    form: Mapping[str, Any] = field(default_factory=dict)

    @property
    def origin(self) -> Origin:
        """What an intent begins with."""
        return self.incoming.origin(self.actor)

    @property
    def on_grant(self) -> OnGrant:
        """The click as an intent about the grant that the button names."""
        return OnGrant(**self.origin, grant=self.value)


Buttons: TypeAlias = Mapping[str, Callable[[Click], Awaitable[None]]]
"""From a button's name to what a click on it does."""


def of_event(body: Mapping[str, Any], transport: str) -> Incoming:
    """A message or App Home event: Slack repeats it with the same event_id."""
    event = part(body, "event")
    return Incoming(
        user=_id(event.get("user")),
        delivery=f"event:{_id(body.get('event_id'))}",
        channel=_id(event.get("channel")),
        transport=transport,
        team=_id(body.get("team_id")),
    )


def of_command(body: Mapping[str, Any], transport: str) -> Incoming:
    """A slash command: each has its own trigger_id."""
    return Incoming(
        user=_id(body.get("user_id")),
        delivery=f"trigger:{_id(body.get('trigger_id'))}",
        channel=_id(body.get("channel_id")),
        transport=transport,
        team=_id(body.get("team_id")),
    )


def of_action(body: Mapping[str, Any], transport: str) -> Incoming:
    """A click: each has its own trigger_id; a second click is a second delivery that hears what was decided."""
    container = part(body, "container")
    return Incoming(
        user=_id(part(body, "user").get("id")),
        delivery=f"trigger:{_id(body.get('trigger_id'))}",
        channel=_id(part(body, "channel").get("id")),
        transport=transport,
        team=_id(part(body, "team").get("id")),
        ts="" if container.get("is_ephemeral") else _id(container.get("message_ts")),
    )


def of_view(body: Mapping[str, Any], transport: str) -> Incoming:
    """A submitted form: the same view with the same hash is the same submission."""
    view = part(body, "view")
    return Incoming(
        user=_id(part(body, "user").get("id")),
        delivery=f"view:{_id(view.get('id'))}:{_id(view.get('hash'))}",
        channel="",
        transport=transport,
        team=_id(part(body, "team").get("id")),
    )


def part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a payload that is itself one; empty if it is missing or something else."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def first_action(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first of what was used, of which Slack sends one; empty if there is none."""
    actions = body.get("actions")
    return actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], Mapping) else {}


def blocks_in(view: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The blocks of a form; none in whatever is no list of them."""
    blocks = view.get("blocks")
    return [block for block in blocks if isinstance(block, Mapping)] if isinstance(blocks, list) else []


def text(value: object) -> str:
    """A text that can be stored and shown; anything else is no text."""
    # Half of a surrogate pair is no character, and no store takes it; PostgreSQL takes no null either.
    plain = value.replace("\0", "") if isinstance(value, str) else ""
    return plain.encode("utf-8", "ignore").decode("utf-8")


def _id(value: object) -> str:
    """An id as Slack writes them; anything else is nobody and nothing."""
    is_one = isinstance(value, str) and len(value) <= 255 and value.isascii() and value.isprintable()
    return str(value) if is_one else ""
