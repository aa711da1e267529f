"""Short-lived handles of an interaction: `trigger_id` (once, 3 s) and `response_url` (five uses, 30 min).

It keeps what each handle stands for; it never opens a view and never posts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.demo.workspace.answers import Refusal, refuse
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.identifiers import Mint

TRIGGER_LIFE = timedelta(seconds=3)
REPLY_LIFE = timedelta(minutes=30)
REPLY_USES = 5


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """Whose action it was, and in which modal (None: not in a modal)."""

    user_id: str
    view_id: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ReplyPlace:
    """Where answers to a `response_url` go: a channel, one person's eyes, and the message acted on."""

    user_id: str
    channel: str
    message_ts: str | None = None


class Triggers:
    """Hands out trigger ids and takes each back once."""

    def __init__(self, *, now: Callable[[], datetime], mint: Mint, faults: Faults) -> None:
        self._now = now
        self._mint = mint
        self._faults = faults
        self._live: dict[str, Trigger] = {}
        self._used: set[str] = set()

    def new(self, user_id: str, view_id: str | None = None) -> str:
        """A fresh trigger id for this person's action."""
        trigger_id = self._mint.trigger()
        self._live[trigger_id] = Trigger(user_id=user_id, view_id=view_id, at=self._now())
        return trigger_id

    def take(self, trigger_id: str) -> Trigger | Refusal:
        """What the trigger stood for; from now on it is exchanged."""
        if trigger_id in self._used:
            return refuse("exchanged_trigger_id")
        trigger = self._live.get(trigger_id)
        if trigger is None:
            return refuse("invalid_trigger_id")
        if self._faults.triggers_expired or self._now() - trigger.at > TRIGGER_LIFE:
            return refuse("expired_trigger_id")
        self._used.add(trigger_id)
        return trigger


class ReplyUrls:
    """Hands out the secret last part of response URLs and counts their uses."""

    def __init__(self, *, now: Callable[[], datetime], mint: Mint) -> None:
        self._now = now
        self._mint = mint
        self._places: dict[str, tuple[ReplyPlace, datetime]] = {}
        self._uses: dict[str, int] = {}

    def new(self, place: ReplyPlace) -> str:
        """A fresh secret for this place."""
        secret = self._mint.token("")
        self._places[secret] = (place, self._now())
        return secret

    def take(self, secret: str) -> ReplyPlace | Refusal:
        """The place, if the URL is known, young and not used up; this counts as one use."""
        if secret not in self._places:
            return refuse("invalid_url")
        place, born = self._places[secret]
        if self._now() - born > REPLY_LIFE:
            return refuse("expired_url")
        self._uses[secret] = self._uses.get(secret, 0) + 1
        if self._uses[secret] > REPLY_USES:
            return refuse("used_url")
        return place
