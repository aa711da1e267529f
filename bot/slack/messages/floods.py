"""What the security channel reads of exceptions in great numbers, of what went outside Slack, and what is said there.

It shows numbers, kinds and names, and no free text of a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock

from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.messages.alerts.message import composed
from bot.slack.messages.digests import KINDS
from bot.slack.messages.parts import Message, note
from bot.slack.words import as_typed, clock, day_and_clock, duration, listed, number, together, visible
from bot.texts import as_known, say, say_counted, template
from handlers.exceptions.outside import Notice


@dataclass(frozen=True, kw_only=True)
class Flood:
    """What is counted on one message. people: how many different ones it is about. latest: the last of them."""

    count: int
    people: int
    since: datetime
    until: datetime
    latest: str


def flood_message(alert: Alert, flood: Flood | None) -> Message:
    """How many more of this kind there are beside those that have messages of their own, and how to see them."""
    count = flood.count if flood else 0
    kind = say(KINDS[alert.kind])
    title = say_counted(
        "And {number} more of one kind: {kind}", "And {number} more of one kind: {kind}", count,
        number=number(count), kind=kind,
    )  # fmt: skip
    where = say("Each is kept and on record: `wicket exceptions --kind {kind}` lists them.", kind=alert.kind)
    return composed(replace(alert, count=1), title, together(_counted(flood) if flood else "", where))


def _counted(flood: Flood) -> str:
    """From when to when is said, since the message may be read much later."""
    whom = say_counted("{number} person", "{number} people", flood.people, number=number(flood.people))
    return say(
        "The first came {since}, the last at {until}; they are about {people}, the latest about {name}.",
        since=day_and_clock(flood.since), until=clock(flood.until), people=whom,
        name=plain(flood.latest),
    )  # fmt: skip


def with_escalations(message: Message, taken: Sequence[tuple[str, datetime]]) -> Message:
    """The same with where it was told outside Slack, and when."""
    if not taken:
        return message
    places = [
        say(_SENT[name], time=day_and_clock(at)) if name in _SENT else plain(name) for name, at in taken
    ]
    told = say("Nobody acknowledged it in time: sent {places}.", places=listed(places))
    said = [block for block in message.blocks if not isinstance(block, ActionsBlock)]
    ways = [block for block in message.blocks if isinstance(block, ActionsBlock)]
    return replace(message, text=f"{message.text} {told}", blocks=(*said, note(told), *ways))


_SENT = {
    "mail": template("by mail ({time})"),
    "webhook": template("to the incident tool ({time})"),
}


def notice_of(alert: Alert, message: Message, ident: str, minutes: int) -> Notice:
    """An exception where no markup is read: its headline, its whole meaning, and why it is told there."""
    _symbol, _, text = as_typed(message.text).replace("*", "").replace("`", "").partition(" ")
    late = say("Nobody acknowledged it in Slack within {length}.", length=duration(minutes))
    return Notice(
        id=ident,
        kind=f"exception.{alert.kind}",
        severity=alert.severity,
        title=say("{kind}: {name}", kind=say(KINDS[alert.kind]), name=visible(as_known(alert.who))),
        told=together(visible(text), late),
        at=alert.first_at,
        correlation=alert.correlation,
    )
