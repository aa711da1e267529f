"""The outbox's way into Slack: each owed message rendered as things stand now, posted once, afterwards edited in place.

It decides nothing; what cannot be delivered is kept, tried again, and told to the security channel (promise 10).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from bot.couriers.rendering import Rendering
from bot.metrics import DeliveryOutcome, Metrics
from bot.slack.messages.parts import DoesNotFit, Message
from handlers import recording
from handlers.decisions.lifecycle import wait_before_retry
from handlers.exceptions import Kind, Severity, Strange, tell_security
from handlers.intents import Where
from storage import outbox
from storage.clock import Clock
from storage.database import Database
from storage.exceptions import SECURITY
from storage.faults import StorageUnavailable
from storage.records import Owed

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
BATCH = 50
CALL_WITHIN = 10.0

# What Slack says when the message to edit is no longer there: then it is posted anew.
_NOT_EDITABLE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_SHARED = "externally shared channel"


class _Undeliverable(Exception):
    """It cannot be delivered for now, for a reason that an operator must mend."""


class SlackCourier:
    """Delivers what is owed to Slack. One recipient's messages go in order; recipients do not wait for each other."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        database: Database,
        rendering: Rendering,
        security_channel: str,
        metrics: Metrics,
        now: Clock,
        chance: Callable[[], float],
    ) -> None:
        self._client = client
        self._database = database
        self._rendering = rendering
        self._security_channel = security_channel
        self._metrics = metrics
        self._now = now
        self._chance = chance
        self._direct: dict[str, str] = {}
        # Posted, but not on the record: a store that is full must not make us say it again and again.
        self._unrecorded: dict[tuple[str, str, str], tuple[str, str]] = {}

    async def deliver_due(self) -> int:
        """Deliver a batch of what is due; how many were taken up. Call again while it returns a full batch."""
        at = self._now()
        owed = await self._database.write(
            lambda tx: outbox.claim(tx, courier="slack", at=at, lease=LEASE, limit=BATCH)
        )
        queues: Mapping[str, list[Owed]] = defaultdict(list)
        for one in owed:
            queues[one.recipient].append(one)
        await asyncio.gather(*(self._in_order(queue) for queue in queues.values()))
        self._metrics.backlog(await self._database.read(outbox.backlog))
        return len(owed)

    async def _in_order(self, queue: list[Owed]) -> None:
        for owed in queue:
            await self._attempt(owed)

    async def _attempt(self, owed: Owed) -> None:
        """One try: delivered and forgotten, or kept for later with the reason."""
        try:
            async with asyncio.timeout(CALL_WITHIN):
                await self._deliver(owed)
            outcome: DeliveryOutcome = "delivered"
        except SlackApiError as error:
            outcome = await self._refused(owed, error)
        except _Undeliverable as reason:
            outcome = await self._keep(owed, str(reason), tell=True)
        except (
            StorageUnavailable
        ) as fault:  # nothing can be kept now either: it is claimed again after its lease
            log.warning("courier.storage", kind=owed.kind, subject=owed.subject, fault=str(fault))
            outcome = "retried"
        except DoesNotFit as reason:
            log.error("courier.does_not_fit", kind=owed.kind, subject=owed.subject)
            outcome = await self._keep(owed, str(reason), tell=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            outcome = await self._keep(owed, f"Slack did not answer ({type(fault).__name__}).", tell=False)
        except Exception as fault:
            log.error("courier.fault", kind=owed.kind, subject=owed.subject, exc_info=fault)
            outcome = await self._keep(owed, f"It could not be made ({type(fault).__name__}).", tell=True)
        self._metrics.delivery("slack", outcome)

    async def _deliver(self, owed: Owed) -> None:
        message = await self._rendering.message(owed)
        if message is None:  # what it was about is gone
            await self._database.write(lambda tx: outbox.done(tx, owed))
            return
        channel = await self._channel(owed)
        posted = await self._posted(owed)
        ts = await self._edit(*posted, message) if posted else None
        channel = posted[0] if posted and ts else channel
        if ts is None:
            answer = await self._client.chat_postMessage(
                channel=channel, unfurl_links=False, **message.body()
            )
            channel, ts = str(answer["channel"]), str(answer["ts"])
        where = (channel, ts)
        self._unrecorded[_about(owed)] = where
        await self._database.write(lambda tx: self._delivered(tx, owed, *where))
        del self._unrecorded[_about(owed)]

    async def _posted(self, owed: Owed) -> tuple[str, str] | None:
        """Channel and ts of the message that stands for this, if there is one."""
        if _about(owed) in self._unrecorded:
            return self._unrecorded[_about(owed)]
        posted = await self._database.read(
            lambda tx: outbox.where_posted(tx, kind=owed.kind, subject=owed.subject, recipient=owed.recipient)
        )
        return (posted.channel, posted.ts) if posted else None

    async def _edit(self, channel: str, ts: str, message: Message) -> str | None:
        """Bring the message that stands there up to date; None if it is gone."""
        try:
            await self._client.chat_update(channel=channel, ts=ts, **message.body())
        except SlackApiError as error:
            if error.response.get("error") in _NOT_EDITABLE:
                return None
            raise
        return ts

    def _delivered(self, tx: Session, owed: Owed, channel: str, ts: str) -> None:
        outbox.remember_posted(
            tx,
            kind=owed.kind,
            subject=owed.subject,
            recipient=owed.recipient,
            channel=channel,
            ts=ts,
            at=self._now(),
        )
        outbox.done(tx, owed)

    async def _channel(self, owed: Owed) -> str:
        """Where it goes: a person's direct messages, the security channel, or an owner's, never one shared outside."""
        if owed.recipient.startswith("U") or owed.recipient.startswith("W"):
            if owed.recipient not in self._direct:
                answer = await self._client.conversations_open(users=owed.recipient)
                self._direct[owed.recipient] = str(answer["channel"]["id"])
            return self._direct[owed.recipient]
        channel = self._security_channel if owed.recipient == SECURITY else owed.recipient
        info = await self._client.conversations_info(channel=channel)
        if info["channel"].get("is_ext_shared") or info["channel"].get("is_pending_ext_shared"):
            raise _Undeliverable(_SHARED)  # SL-2: either side may share a channel at any time
        return channel

    async def _refused(self, owed: Owed, error: SlackApiError) -> DeliveryOutcome:
        word = str(error.response.get("error", "unknown"))
        if error.response.status_code == 429:
            wait = timedelta(seconds=_seconds(error.response.headers.get("Retry-After")))
            await self._database.write(
                lambda tx: outbox.postpone(tx, owed, until=self._now() + wait, fault="rate limited")
            )
            return "retried"
        server_side = error.response.status_code >= 500 or word in _PASSING
        return await self._keep(owed, word, tell=not server_side)

    async def _keep(self, owed: Owed, fault: str, *, tell: bool) -> DeliveryOutcome:
        """Try again later, for ever; the first time that only an operator can help, say so."""
        until = self._now() + wait_before_retry(owed.attempts, self._chance())

        def work(tx: Session) -> None:
            outbox.postpone(tx, owed, until=until, fault=fault)
            if tell and owed.recipient != SECURITY and owed.attempts == 1:
                self._tell(tx, owed, fault)

        await self._database.write(work)
        return "retried"

    def _tell(self, tx: Session, owed: Owed, fault: str) -> None:
        at = self._now()
        recording.record(
            tx,
            at=at,
            action="message.undeliverable",
            outcome="failed",
            actor=recording.WICKET,
            where=Where(transport="slack", channel=owed.recipient),
            correlation=owed.subject,
            facts={"kind": owed.kind, "fault": fault},
        )
        tell_security(
            tx,
            at,
            Strange(
                kind=Kind.UNDELIVERABLE,
                severity=Severity.HIGH if owed.kind == "approval" else Severity.LOW,
                who=owed.recipient,
                cause=f"{owed.recipient}:{fault}",
                correlation=owed.subject,
                facts={"fault": fault, "kind": owed.kind},
            ),
        )


_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
)


def _about(owed: Owed) -> tuple[str, str, str]:
    return owed.kind, owed.subject, owed.recipient


def _seconds(retry_after: object) -> int:
    try:
        return max(1, int(str(retry_after)))
    except ValueError:
        return 1
