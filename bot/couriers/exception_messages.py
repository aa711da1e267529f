"""One exception as it reads: its message by its kind, alone or as the one that counts many, and where else it was told.

It reads the store and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from bot.couriers.exceptions import alert_of
from bot.slack.messages.alerts.facts import Alert
from bot.slack.messages.alerts.message import alert_message
from bot.slack.messages.drift import DRIFT, drift_message
from bot.slack.messages.emergency_reviews import FOLLOW_UPS, follow_up_message
from bot.slack.messages.floods import Flood, flood_message, with_escalations
from bot.slack.messages.freezes import freeze_message
from bot.slack.messages.halting import revoked_all_message
from bot.slack.messages.parts import Message
from bot.slack.messages.resets import alarm_message
from handlers.exceptions.raising import Kind
from handlers.ground import Ground
from storage.alarms import SECURITY
from storage.escalations import taken_by
from storage.floods import FLOOD, folded


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An exception and its message; plain: without what was told of it outside Slack."""

    alert: Alert
    plain: Message
    message: Message


# Facts in which the words of a person stand. Of these kinds `why` is one of a few words of Wicket's own.
_WRITTEN = ("words", "rationale", "why")
_KNOWN_WHY = frozenset({Kind.PETITION, Kind.LEFT})
_LEFT_OUT = "…"


def told_outside(tx: Session, ground: Ground, exception: str) -> Seen | None:
    """As it is now for whoever reads it outside Slack: in place of what a person wrote it has three points."""
    alert = alert_of(tx, ground, exception, here=False)
    if alert is None:
        return None
    facts = {
        name: _without_words(value) if name in _written(alert.kind) else value
        for name, value in alert.facts.items()
    }
    return _seen(tx, replace(alert, facts=facts))


def _written(kind: Kind) -> Sequence[str]:
    return _WRITTEN[:-1] if kind in _KNOWN_WHY else _WRITTEN


def _without_words(value: Any) -> Any:
    """The same, with who said it and when where that stands beside it."""
    if isinstance(value, list):
        return [_without_words(one) for one in value]
    if isinstance(value, dict):
        return {**value, **{name: _LEFT_OUT for name in _WRITTEN if value.get(name)}}
    return _LEFT_OUT if value else value


def seen(tx: Session, ground: Ground, exception: str, *, here: bool) -> Seen | None:
    """As it is now; None if it is gone. here: in the channel where people work on it."""
    alert = alert_of(tx, ground, exception, here=here)
    return _seen(tx, alert) if alert is not None else None


def _seen(tx: Session, alert: Alert) -> Seen:
    said = flood_message(alert, _flood(tx, alert.id)) if FLOOD in alert.facts else _message(alert)
    return Seen(alert=alert, plain=said, message=with_escalations(said, taken_by(tx, alert.id)))


def _flood(tx: Session, lead: str) -> Flood | None:
    found = folded(tx, lead)
    if found is None:
        return None
    return Flood(
        count=found.count,
        people=found.people,
        since=found.first_at,
        until=found.last_at,
        latest=found.latest.who,
    )


def _message(alert: Alert) -> Message:
    if alert.kind == Kind.ACCESS_STOPPED:
        return freeze_message(alert)
    if alert.kind == Kind.NOT_ME:
        return revoked_all_message(alert) if alert.facts.get("door") == SECURITY else alarm_message(alert)
    if alert.kind in FOLLOW_UPS:
        return follow_up_message(alert)
    return drift_message(alert) if alert.kind in DRIFT else alert_message(alert)
