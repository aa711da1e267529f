"""The outbox's way into Slack: each owed message rendered as things stand now, posted once, afterwards edited in place.

It decides nothing; what cannot be delivered is kept, tried again, and told to the security channel (promise 10).
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from bot.couriers.addressees import goes_to_its_person
from bot.couriers.pacing import LONGEST, Pacing
from bot.couriers.refusals import NO_REPLIES, NOT_EDITABLE, Setback, refusal
from bot.couriers.rendering import Rendering
from bot.couriers.undeliverable import OWNERS_TROUBLE, SHARED, security_took, tell_undeliverable
from bot.metrics import DeliveryOutcome, Metrics
from bot.slack.channels import REFUSED
from bot.slack.messages.parts import DoesNotFit, Message
from bot.slack.saying_no import word_of
from handlers.approvals.owners import Trouble
from handlers.decisions.freezing import Check
from handlers.decisions.lifecycle import wait_before_retry
from storage import copies, outbox
from storage.catalogue import Catalogue
from storage.clock import Clock
from storage.database import Database
from storage.exceptions import SECURITY
from storage.faults import NotKnownHere, StorageUnavailable
from storage.outbox import HOLDS_UP, OWNER
from storage.records import Owed
from storage.unchecked import Looks

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
BATCH = 50
CALL_WITHIN = 10.0
# A try is begun only if it must be over, and on the record, before its lease is: then nobody sends it beside us.
BEGIN_WITH = timedelta(seconds=CALL_WITHIN + 5)
# How many seconds a batch waits for its slowest. What takes longer, since a directory hangs while its answer is made,
# goes on by itself and holds up nobody but its recipient; unless so many do.
STRAGGLES_AFTER = 0.2
MOST_UNDER_WAY = 4 * BATCH

_NO_OWNER = "Its owner is not in wicket.toml any more."
# What is the matter with an owner's place, and what is said where the place may be another by rules that are not here.
_OF_AN_OWNER = frozenset({_NO_OWNER, *OWNERS_TROUBLE})
_OTHERS = Setback(fault="Another replica may know another place for it.", slacks=True)


_Place: TypeAlias = tuple[str, str]
"""Channel and ts of a message."""


class _Undeliverable(Exception):
    """It cannot be delivered for now, for a reason that an operator must mend."""


class SlackCourier:
    """Delivers what is owed to Slack. One recipient's messages of one urgency go in order, and wait for no others.

    Each urgency is delivered by calls of its own, so that nothing waits for what is less urgent.
    """

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        database: Database,
        rendering: Rendering,
        catalogue: Catalogue,
        security_channel: str,
        metrics: Metrics,
        now: Clock,
        chance: Callable[[], float],
        unreachable: Callable[[Session, str, Trouble], None],
        differs: Callable[[Session], bool],
    ) -> None:
        """unreachable: told, within the transaction, of an owner in whose channel a request cannot be posted.

        differs: whether another catalogue holds by the store than here, which reaches this replica only now, so that
        `unreachable` finds nothing.
        """
        self._client = client
        self._database = database
        self._rendering = rendering
        self._catalogue = catalogue
        self._security_channel = security_channel
        self._metrics = metrics
        self._now = now
        self._chance = chance
        self._unreachable, self._differs = unreachable, differs
        self._looks = Looks(database.unchecked, Check.OWED, now)
        self._direct: dict[str, str] = {}
        self._pacing = Pacing(now, grave=SECURITY)
        # Posted, but not on the record: a store that is full must not make us say it again and again. Where it stands,
        # and what was on the record by then: if that is another by now, somebody else has said it since.
        self._unrecorded: dict[tuple[str, str, str], tuple[_Place, _Place | None]] = {}
        # By recipient and urgency, what is being delivered to them.
        self._under_way: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def deliver_due(self, urgency: int) -> int:
        """Deliver a batch of what is due and this urgent; how many were taken up. Call again while it is full.

        What takes long may still be under way; `finish` waits for it.
        """
        claim = partial(
            outbox.claim, courier="slack", at=self._now(), lease=LEASE, limit=BATCH, longest=LONGEST, urgency=urgency
        )  # fmt: skip
        with self._looks.look(urgency):
            owed = await self._database.write(claim)
        queues: Mapping[str, list[Owed]] = defaultdict(list)
        for one in owed:
            queues[one.recipient].append(one)
        if begun := [self._begin((recipient, urgency), queue) for recipient, queue in queues.items()]:
            many = len(self._under_way) > MOST_UNDER_WAY
            await asyncio.wait(begun, timeout=None if many else STRAGGLES_AFTER)
        self._metrics.backlog(await self._database.read(outbox.backlog))
        return len(owed)

    async def until_next_grave(self) -> float:
        """In how many seconds a grave message is due, as far as is known: it waits for no tick."""
        due = await self._database.read(lambda tx: outbox.next_due(tx, courier="slack", urgency=outbox.GRAVE))
        return math.inf if due is None else max(0.0, (due - self._now()).total_seconds())

    async def finish(self, within: float) -> None:
        """Wait so many seconds for what is under way. What takes longer is cut off, and its lease runs out."""
        if self._under_way:
            _, late = await asyncio.wait(list(self._under_way.values()), timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, lane: tuple[str, int], queue: list[Owed]) -> asyncio.Task[None]:
        """Deliver these to one recipient, after what is still on its way to them and as urgent."""
        before = self._under_way.get(lane)
        task = asyncio.create_task(self._after(before, queue))
        self._under_way[lane] = task
        task.add_done_callback(partial(self._done, lane))
        return task

    def _done(self, lane: tuple[str, int], task: asyncio.Task[None]) -> None:
        if self._under_way.get(lane) is task:
            del self._under_way[lane]

    async def _after(self, before: asyncio.Task[None] | None, queue: list[Owed]) -> None:
        if before is not None:
            await asyncio.wait([before])
        await self._in_order(queue)

    async def _in_order(self, queue: list[Owed]) -> None:
        """One recipient's messages until one cannot be delivered. Its trouble, of whatever kind, is nobody else's."""
        try:
            until: datetime | None = None
            while queue and (until := self._not_before(queue[0])) is None:
                until = await self._attempt(queue.pop(0))
                if until is not None:
                    break
            if queue and until is not None:
                await self._database.write(lambda tx: outbox.give_back(tx, queue, until=until))
        except StorageUnavailable as fault:  # nothing can be kept now: all is claimed again after its lease
            log.warning("courier.storage", fault=str(fault))
        except Exception as fault:
            log.error("courier.fault", exc_info=fault)

    def _not_before(self, owed: Owed) -> datetime | None:
        """From when on it may be tried, if not now: somebody waits for its recipient, or its lease is too short."""
        if (until := self._pacing.not_before(owed)) is not None:
            return until
        now = self._now()
        is_short = owed.lease_until is None or owed.lease_until - now <= BEGIN_WITH
        return now if is_short else None

    async def _attempt(self, owed: Owed) -> datetime | None:
        """One try: delivered and forgotten, or kept for later with the reason.

        None if the recipient's next message may go at once, otherwise from when on.
        """
        outcome: DeliveryOutcome = "retried"
        try:
            trouble = await self._tried(owed)
            if trouble is not None and trouble.fault in _OF_AN_OWNER and await self._is_others(owed):
                trouble = _OTHERS
            if trouble is None:
                outcome = "delivered"
                self._pacing.took(owed)
                return None
            return await self._keep(owed, trouble)
        finally:
            self._metrics.delivery("slack", outcome)

    async def _is_others(self, owed: Owed) -> bool:
        """Whether it goes to an owner, and whoever goes by other rules than ours delivers it."""
        return owed.recipient.startswith(OWNER) and await self._database.glance(self._differs)

    async def _tried(self, owed: Owed) -> Setback | None:
        """What was in the way, if anything."""
        try:
            async with asyncio.timeout(CALL_WITHIN):
                await self._deliver(owed)
        except SlackApiError as error:
            if word_of(error) in REFUSED:
                self._direct.pop(owed.recipient, None)  # it may be another one by now
            return refusal(error)
        except _Undeliverable as reason:
            return Setback(fault=str(reason), tell=True)
        except NotKnownHere as fault:
            return Setback(fault=str(fault), slacks=True, alone=True)
        except StorageUnavailable as fault:  # or is it what was asked? Whether anything can be kept will show
            return Setback(fault=str(fault))
        except DoesNotFit as reason:
            log.error("courier.does_not_fit", kind=owed.kind, subject=owed.subject)
            return Setback(fault=str(reason), tell=True, alone=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            # Time also runs out while a message is made, which may be about the message.
            slacks = not isinstance(fault, TimeoutError)
            return Setback(fault=f"Slack did not answer ({type(fault).__name__}).", slacks=slacks)
        except Exception as fault:
            log.error("courier.fault", kind=owed.kind, subject=owed.subject, exc_info=fault)
            return Setback(fault=f"It could not be made ({type(fault).__name__}).", tell=True, alone=True)
        return None

    async def _deliver(self, owed: Owed) -> None:
        is_theirs = await goes_to_its_person(self._database, owed, self._direct_of)
        message = await self._rendering.message(owed) if is_theirs else None
        if message is None:  # what it was about is gone, or is somebody else's
            await self._database.write(lambda tx: outbox.done(tx, owed))
            return
        if owed.recipient.startswith(copies.COPY):
            await self._refresh(owed, message)
            return
        channel = await self._channel(owed)
        recorded = await self._recorded(owed)
        unrecorded, before = self._unrecorded.get(_about(owed), (None, None))
        posted = unrecorded if unrecorded and before == recorded else recorded
        # What stands in a channel that is no longer the recipient's is left there, and told anew where they are.
        ts = await self._edit(*posted, message) if posted and posted[0] == channel else None
        if ts is None:
            channel, ts = await self._post(channel, message, await self._thread(owed, message, channel))
        where = (channel, ts)
        self._unrecorded[_about(owed)] = where, recorded
        await self._database.write(lambda tx: self._delivered(tx, owed, *where))
        del self._unrecorded[_about(owed)]

    async def _refresh(self, owed: Owed, message: Message) -> None:
        """Bring a copy up to date. One that cannot be edited any more, or stands in a channel now shared, is let go."""
        channel, ts = copies.place(owed.recipient)
        stands: str | None = None
        try:
            if channel.startswith("D") or not await self._is_shared(channel):
                stands = await self._edit(channel, ts, message)
        except SlackApiError as error:
            if not refusal(error).tell:
                raise

        def work(tx: Session) -> None:
            if stands is None:
                copies.forget(tx, kind=owed.kind, subject=owed.subject, recipient=owed.recipient)
            else:
                self._is_ours(tx, owed)

        await self._database.write(work)

    async def _recorded(self, owed: Owed) -> _Place | None:
        """Where the message that stands for this is by the record, if there is one."""
        posted = await self._database.read(
            lambda tx: outbox.where_posted(tx, kind=owed.kind, subject=owed.subject, recipient=owed.recipient)
        )
        return (posted.channel, posted.ts) if posted else None

    async def _thread(self, owed: Owed, message: Message, channel: str) -> str | None:
        """The ts of the message below which this one belongs; None where that does not stand in this channel."""
        if message.below is None:
            return None
        kind, subject = message.below
        posted = await self._database.read(
            lambda tx: outbox.where_posted(tx, kind=kind, subject=subject, recipient=owed.recipient)
        )
        return posted.ts if posted and posted.channel == channel else None

    async def _post(self, channel: str, message: Message, thread: str | None) -> tuple[str, str]:
        """Say it; by itself where nothing is said below what it belongs to any more. Channel and ts of where it is."""
        try:
            answer = await self._client.chat_postMessage(
                channel=channel,
                unfurl_links=False,
                thread_ts=thread,
                **message.body(),
                reply_broadcast=True if thread and message.aloud else None,
            )
        except SlackApiError as error:
            if thread is None or word_of(error) not in NO_REPLIES:
                raise
            return await self._post(channel, message, None)
        return str(answer["channel"]), str(answer["ts"])

    async def _edit(self, channel: str, ts: str, message: Message) -> str | None:
        """Bring the message that stands there up to date; None if it is gone."""
        try:
            await self._client.chat_update(channel=channel, ts=ts, **message.body())
        except SlackApiError as error:
            if word_of(error) in NOT_EDITABLE:
                return None
            raise
        return ts

    def _delivered(self, tx: Session, owed: Owed, channel: str, ts: str) -> None:
        at, about = self._now(), {"kind": owed.kind, "subject": owed.subject}
        if not self._is_ours(tx, owed):
            theirs = outbox.where_posted(tx, **about, recipient=owed.recipient)
            if theirs is not None and (theirs.channel, theirs.ts) != (channel, ts):
                copies.adopt(tx, at=at, **about, channel=channel, ts=ts)
                return
        outbox.remember_posted(tx, **about, recipient=owed.recipient, channel=channel, ts=ts, at=at)
        copies.follow(tx, at=at, **about, channel=channel, ts=ts)
        if owed.recipient == SECURITY:
            security_took(tx, at)

    def _is_ours(self, tx: Session, owed: Owed) -> bool:
        """Whether nobody else had it, so that it is done. Else what was said here stands over what they said since, as
        in a process that stood still: it is owed once more.
        """
        if outbox.done(tx, owed):
            return True
        outbox.owe(
            tx, at=self._now(), courier="slack", kind=owed.kind, subject=owed.subject, recipient=owed.recipient,
            urgency=owed.urgency,
        )  # fmt: skip
        return False

    async def _channel(self, owed: Owed) -> str:
        """Where it goes: a person's direct messages, the security channel, or an owner's, never one shared outside."""
        if owed.recipient.startswith("U") or owed.recipient.startswith("W"):
            return await self._direct_of(owed.recipient)
        channel = self._place(owed.recipient)
        if channel is None:
            raise _Undeliverable(_NO_OWNER)
        if await self._is_shared(channel):
            raise _Undeliverable(SHARED)
        return channel

    async def _direct_of(self, user: str) -> str:
        """The channel of the direct messages with them."""
        if user not in self._direct:
            answer = await self._client.conversations_open(users=user)
            self._direct[user] = str(answer["channel"]["id"])
        return self._direct[user]

    async def _is_shared(self, channel: str) -> bool:
        """Whether it reaches outside. Either side may share a channel at any time, so it is asked each time (SL-2)."""
        info = (await self._client.conversations_info(channel=channel))["channel"]
        return bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared"))

    def _place(self, recipient: str) -> str | None:
        """The channel that settings name now for the security channel or an owner; None for an owner who is gone."""
        if recipient == SECURITY:
            return self._security_channel
        if recipient.startswith(OWNER):
            owner = self._catalogue.owners.get(recipient.removeprefix(OWNER))
            return owner.channel if owner else None
        return recipient

    async def _keep(self, owed: Owed, trouble: Setback) -> datetime | None:
        """Try again later, for ever; what only an operator can mend is told whenever it is another trouble than before.

        From when on the recipient's next message may be tried; None if this trouble is this message's alone.
        """
        now = self._now()
        until = now + (trouble.after or wait_before_retry(owed.attempts, self._chance()))
        is_held = trouble.slacks or owed.attempts <= HOLDS_UP
        if is_held and not trouble.alone:
            self._pacing.hold(owed.recipient, until)
        if trouble.after is not None:
            self._pacing.slow(owed.recipient, until)
        until = min(until, now + LONGEST)

        def work(tx: Session) -> None:
            outbox.postpone(tx, owed, until=until, fault=trouble.fault, keeps_its_place=trouble.slacks)
            if not trouble.tell or trouble.fault == owed.last_fault:
                return
            place = self._place(owed.recipient) or owed.recipient
            tell_undeliverable(tx, owed, trouble, place=place, at=self._now(), unreachable=self._unreachable)

        await self._database.write(work)
        if trouble.alone:
            return None
        return until if is_held else now


def _about(owed: Owed) -> tuple[str, str, str]:
    return owed.kind, owed.subject, owed.recipient
