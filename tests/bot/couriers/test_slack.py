"""The courier against the pretend Slack: what happens to the others when one message cannot be delivered."""

import asyncio
import math
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import delete
from structlog.testing import capture_logs

from bot.couriers import slack as couriers
from bot.couriers.addressees import _WHOSE
from bot.couriers.rendering import Rendering
from bot.couriers.slack import SlackCourier
from bot.demo.company import seed_workspace
from bot.demo.workspace import Workspace
from bot.metrics import Metrics
from bot.slack.door import PageLinks
from handlers.approvals.owners import CHANNEL, Owners
from handlers.audit.bulletins import CHECKPOINT, DIGEST, OPEN_EXCEPTIONS
from handlers.delegations.outcomes import DELEGATION
from handlers.emergencies.followups import REMINDER as REVIEW_REMINDER
from handlers.emergencies.outcomes import ALERTED
from handlers.emergencies.outcomes import NEWS as EMERGENCY_NEWS
from handlers.exceptions.outcomes import WORKER_NEWS
from handlers.petitions.outcomes import APPROVAL as PETITION_APPROVAL
from storage import handles, outbox, rule_sets
from storage.catalogue import Catalogue, Owner
from storage.copies import COPY
from storage.exceptions import SECURITY, raise_exception, settle_exceptions
from storage.faults import StorageUnavailable
from storage.outbox import ALERT, GRAVE, NORMAL, OWNER
from storage.records import Owed, Posted
from storage.states import Purpose, RuleSetState
from tests.handlers.access_ground import CATALOGUE, World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands

DATA, OBSERVE, ALARMS = "C0DATAOWN", "C0OBSERVE", "C0SECURITY"
ADA, BOB = "U0ADA", "U0BOB"


@dataclass
class Post:
    """The courier, what it delivers to, and what is owed."""

    slack: Workspace
    world: World
    courier: SlackCourier
    client: AsyncWebClient
    requests: list[str]
    folder: Path

    def moved_to(self, channel: str) -> SlackCourier:
        """Another process, after an operator gave the owner another channel."""
        return _courier(self.world, self.client, _catalogue(channel))

    async def owe(self, recipient: str, *which: int, kind: str = "approval") -> None:
        """Owe these requests' messages to somebody, each a moment after the one before."""
        for one in which:
            await self.world.ground.database.write(
                lambda tx, one=one: outbox.owe(
                    tx, at=self.world.clock(), courier="slack", kind=kind, subject=self.requests[one],
                    recipient=recipient,
                )
            )  # fmt: skip

    async def alert(self, severity: str = "low", cause: str = "t") -> None:
        """Something that security must see."""
        await self.world.ground.database.write(
            lambda tx: raise_exception(
                tx, at=self.world.clock(), kind="tampered", cause=cause, severity=severity, who="Eve",
                correlation="", facts={},
            )
        )  # fmt: skip

    def said(self, *methods: str) -> list[tuple[str, bool]]:
        """Who was written to, or tried to, in order; and whether it was taken."""
        calls = [c for c in self.slack.calls if c.method in (methods or ("chat.postMessage", "chat.update"))]
        return [(str(call.arguments["channel"]), call.ok) for call in calls]

    async def called(self) -> None:
        """Wait until Slack has heard from us."""
        for _ in range(500):
            if self.slack.calls:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("Slack heard nothing")

    async def waiting(self) -> list[Owed]:
        """What is still owed, oldest first."""
        return sorted(await self.world.rows(Owed), key=lambda owed: owed.id or 0)


def _catalogue(channel: str) -> Catalogue:
    owner = Owner(id="data", name="Data Platform", channel=channel, approvers="data-owners")
    return replace(CATALOGUE, owners={"data": owner})


def _courier(
    world: World, client: AsyncWebClient, catalogue: Catalogue, *, differs: bool | None = None
) -> SlackCourier:
    pages = PageLinks(public_url="http://localhost", handles=world.handles, minutes=10)
    return SlackCourier(
        client=client,
        database=world.ground.database,
        rendering=Rendering(world.ground, checks=world.checks, pages=pages),
        catalogue=catalogue,
        security_channel=ALARMS,
        metrics=Metrics.in_registry(CollectorRegistry()),
        now=world.clock,
        chance=lambda: 1.0,
        unreachable=lambda tx, owner, trouble: Owners(world.ground).keep(tx, owner, {CHANNEL: trouble}),
        differs=lambda tx: world.ground.is_behind(tx) if differs is None else differs,
    )


async def deliver(courier: SlackCourier, urgency: int) -> int:
    """Deliver a batch, however long it takes; how many were taken up."""
    taken = await courier.deliver_due(urgency)
    await courier.finish(5)
    return taken


async def _brought(world: World) -> str:
    """Another replica brought rules that are not here; the id of the set."""
    newer = rule_sets.Loaded(policy_set="newer", content="c", composition={}, sources={}, catalogue={})
    return await world.ground.database.write(
        lambda tx: rule_sets.add(tx, newer, RuleSetState.ACTIVE, at=world.clock()).id
    )


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with open_world(tmp_path) as world, aiohttp.ClientSession() as session:
        slack = Workspace(now=world.clock)
        seed_workspace(slack)
        await slack.start()
        client = AsyncWebClient(
            token=slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
        )
        requests = [await world.asked(login, "prod-db") for login in ("ada", "charles", "linus")]
        await world.ground.database.write(lambda tx: tx.exec(delete(Owed)))
        yield Post(slack, world, _courier(world, client, _catalogue(DATA)), client, requests, tmp_path)
        await slack.stop()


_SPOILT = (
    "INSERT INTO outbox (courier, kind, subject, recipient, urgency, fence, attempts, last_fault, owed_at, next_at)"
    " SELECT 'slack', 'exception', {what}, '{to}', {urgency}, {count}, {count}, {what}, {time}, 0"
)


@pytest.mark.sqlite_alone
@pytest.mark.parametrize(
    "spoilt",
    [
        {"what": "'x'", "count": 2**31 - 1, "time": 9 * 10**18},
        {"what": "x'ff'", "count": "'x'", "time": "'x'"},
        {"what": "CAST(x'ff' AS TEXT)", "count": "x'ff'", "time": "x'ff'"},
    ],
    ids=str,
)
async def test_a_row_that_is_no_message_silences_no_alert(post, spoilt):
    """T-2: whoever can write one row of each urgency, for the same channel, keeps nothing from being told."""
    for urgency in (GRAVE, ALERT, NORMAL):
        await by_other_hands(post.world, _SPOILT.format(to=SECURITY, urgency=urgency, **spoilt))
    await post.alert()
    for _ in range(8):  # whatever was tried more often than this holds up nothing behind it
        await deliver(post.courier, ALERT)
        post.world.clock.forward(minutes=6)
    assert (ALARMS, True) in post.said()
    assert post.world.ground.database.unchecked.checks == ()


@pytest.mark.sqlite_alone
async def test_while_it_cannot_be_read_what_is_owed_nothing_new_is_given(post):
    """T-2: nobody would hear of anything. One urgency that can be read says nothing of the others."""
    unchecked = post.world.ground.database.unchecked
    await by_other_hands(post.world, "ALTER TABLE outbox RENAME COLUMN owed_at TO x")
    for checks in ((), ("owed",)):  # a store that is away for a moment is no news
        with pytest.raises(StorageUnavailable):
            await post.courier.deliver_due(ALERT)
        assert unchecked.checks == checks
        post.world.clock.forward(minutes=1)
    await by_other_hands(post.world, "ALTER TABLE outbox RENAME COLUMN x TO owed_at")
    await deliver(post.courier, NORMAL)
    assert unchecked.checks == ("owed",)
    await deliver(post.courier, ALERT)
    assert unchecked.checks == ()


@pytest.mark.parametrize("first", ["internal_error", "rate limited"])
async def test_what_only_an_operator_can_mend_is_told_whatever_went_wrong_before(post, first):
    """The first try failed for another reason: the request must not lapse unseen."""
    await post.owe(f"{OWNER}data", 0, kind="approval")
    if first == "rate limited":
        post.slack.faults.rate_limit("chat.postMessage", 1, 1)
    else:
        post.slack.faults.fail("chat.postMessage", first)
    await deliver(post.courier, NORMAL)
    assert await post.world.exceptions() == []
    post.slack.update_channel(DATA, is_archived=True)
    for _ in range(3):
        post.world.clock.forward(minutes=6)
        await deliver(post.courier, NORMAL)
    (told,) = await post.world.exceptions()
    assert (told.kind, told.who, told.facts["trouble"], told.count) == (
        "owner-unreachable",
        "Data Platform",
        "archived",
        1,
    )
    assert await post.world.actions("message") == ["message.undeliverable failed"]


async def test_a_security_channel_that_takes_nothing_is_grave_and_told_once(post):
    """Nobody reads there that nobody reads there: what is grave is told outside Slack, and it is on the record."""
    post.slack.update_channel(ALARMS, is_archived=True)
    await post.alert(cause="one")
    await post.alert(cause="other")
    with capture_logs() as lines:
        for _ in range(4):
            post.world.clock.forward(minutes=6)
            await deliver(post.courier, GRAVE)
            await deliver(post.courier, ALERT)
    (told,) = [one for one in await post.world.exceptions() if one.kind == "undeliverable"]
    assert (told.severity, told.who, told.facts["fault"], told.count) == ("high", ALARMS, "is_archived", 1)
    assert await post.world.actions("message") == ["message.undeliverable failed"]
    assert [(line["log_level"], line["place"]) for line in lines] == [("error", ALARMS)]
    assert len(await post.waiting()) == 3


async def test_a_security_channel_that_takes_nothing_again_is_told_again(post):
    """It was over as soon as it took something, whether or not anybody said so."""
    for cause in ("one", "other"):
        post.slack.update_channel(ALARMS, is_archived=True)
        await post.alert(cause=cause)
        await deliver(post.courier, ALERT)
        post.slack.update_channel(ALARMS, is_archived=False)
        for _ in range(3):
            post.world.clock.forward(minutes=6)
            await deliver(post.courier, GRAVE)
            await deliver(post.courier, ALERT)
    told = [one for one in await post.world.exceptions() if one.kind == "undeliverable"]
    assert [(one.severity, one.state, one.count) for one in told] == [("high", "resolved", 1)] * 2
    assert await post.waiting() == []


async def test_a_security_channel_that_is_an_owners_as_well_is_no_less_grave(post):
    """The owner's message was refused there first: that is told in the channel itself, where nobody reads it."""
    post.slack.update_channel(ALARMS, is_archived=True)
    courier = post.moved_to(ALARMS)
    await post.owe(f"{OWNER}data", 0, kind="reminder")
    await deliver(courier, NORMAL)
    await post.alert()
    for _ in range(2):
        post.world.clock.forward(minutes=6)
        await deliver(courier, ALERT)
    undeliverable = [one for one in await post.world.exceptions() if one.kind == "undeliverable"]
    assert [one.severity for one in undeliverable] == ["low", "high"]


async def test_one_message_that_cannot_be_made_for_security_is_not_grave(post):
    """The channel takes the others, this one's exception among them: as while an older replica knows less."""
    await post.owe(SECURITY, 0, kind="unheard-of")
    await deliver(post.courier, NORMAL)
    (told,) = await post.world.exceptions()
    assert (told.kind, told.severity, told.who) == ("undeliverable", "low", ALARMS)
    await deliver(post.courier, ALERT)
    assert post.said() == [(ALARMS, True)]


async def test_one_failure_stops_a_recipients_queue_and_nobody_elses(post):
    """What waits behind it is given back, counts no attempt, and keeps its place."""
    await post.owe(f"{OWNER}data", 0, 1, 2, kind="approval")
    await post.owe(BOB, 0)
    post.slack.update_channel(DATA, is_archived=True)
    await deliver(post.courier, NORMAL)
    assert [ok for channel, ok in post.said() if channel == DATA] == [False]
    assert [ok for channel, ok in post.said() if channel != DATA] == [True]
    waiting = [one for one in await post.waiting() if one.recipient != SECURITY]
    assert [(one.subject, one.attempts, one.lease_until) for one in waiting] == [
        (request, attempts, None) for request, attempts in zip(post.requests, (1, 0, 0), strict=True)
    ]
    post.slack.update_channel(DATA, is_archived=False)
    post.world.clock.forward(seconds=2)
    await deliver(post.courier, NORMAL)
    assert [one.recipient for one in await post.waiting()] == [SECURITY]
    assert len([ok for channel, ok in post.said() if channel == DATA and ok]) == 3


async def test_nothing_is_posted_where_slack_asked_us_to_wait(post):
    """Neither what was behind it nor what is owed in the meantime (SL-11); others are written to."""
    await post.owe(ADA, 0, 1)
    post.slack.faults.rate_limit("chat.postMessage", 30, 1)
    await deliver(post.courier, NORMAL)
    assert [ok for _, ok in post.said()] == [False]
    await post.owe(ADA, 2)
    await post.owe(BOB, 0)
    post.world.clock.forward(seconds=29)
    await deliver(post.courier, NORMAL)
    assert [ok for _, ok in post.said()] == [False, True]
    assert [one.attempts for one in await post.waiting()] == [1, 0, 0]
    post.world.clock.forward(seconds=2)
    await deliver(post.courier, NORMAL)
    assert await post.waiting() == []


@pytest.mark.parametrize("word", ["ratelimited", "rate_limited"])
async def test_a_rate_limit_in_a_sound_answer_costs_no_message_its_place_and_is_told_to_nobody(post, word):
    """chat.postMessage says it in either word, and not always with 429 (SL-11)."""
    await post.owe(f"{OWNER}data", 0, 1, kind="approval")
    post.slack.faults.fail("chat.postMessage", word, times=outbox.HOLDS_UP + 3)
    for _ in range(outbox.HOLDS_UP + 3):
        post.world.clock.forward(minutes=5)
        await deliver(post.courier, NORMAL)
        await deliver(post.courier, NORMAL)
        assert [one.attempts for one in await post.waiting()][1:] == [0]
    assert await post.world.exceptions() == []
    post.world.clock.forward(minutes=5)
    await deliver(post.courier, NORMAL)
    assert await post.waiting() == []


async def test_a_long_wait_is_waited_for_whatever_the_rows_say(post):
    """They are looked at again every five minutes, and nothing is sent before Slack's time (SL-11)."""
    await post.owe(ADA, 0, 1)
    post.slack.faults.rate_limit("chat.postMessage", 3600, 1)
    await deliver(post.courier, NORMAL)
    for _ in range(11):
        post.world.clock.forward(seconds=300)
        await deliver(post.courier, NORMAL)
    assert [ok for _, ok in post.said()] == [False]
    post.world.clock.forward(seconds=301)
    await deliver(post.courier, NORMAL)
    assert [ok for _, ok in post.said()] == [False, True, True]


async def test_a_clock_that_is_set_back_does_not_make_a_recipient_wait_for_hours(post):
    """What was to be waited for was counted by a clock that is no more: Slack says it again if it must."""
    await post.owe(ADA, 0, 1)
    post.slack.faults.rate_limit("chat.postMessage", 30, 1)
    await deliver(post.courier, NORMAL)
    post.world.clock.forward(hours=-2)
    await deliver(post.courier, NORMAL)
    await deliver(post.courier, NORMAL)
    assert await post.waiting() == []


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/json"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_an_answer_that_is_not_slacks_is_tried_again_and_is_nobodys_fault(post, method, media_type):
    """A proxy's page with 503, or half an answer: kept, in order, and told to nobody as an operator's affair."""
    if method == "chat.update":
        await post.owe(ADA, 0)
        await deliver(post.courier, NORMAL)
    before = len(post.said())
    await post.owe(ADA, 0, 1)
    post.slack.faults.garble(method, 503, media_type)
    await deliver(post.courier, NORMAL)
    assert [ok for _, ok in post.said()[before:]] == [False]
    waiting = await post.waiting()
    assert [(one.attempts, one.lease_until) for one in waiting] == [(1, None), (0, None)]
    assert await post.world.exceptions() == []
    post.world.clock.forward(seconds=2)
    await deliver(post.courier, NORMAL)
    assert await post.waiting() == []


async def test_a_message_that_fails_for_ever_does_not_hold_up_its_recipient_for_ever(post):
    """Something about it may be what Slack cannot take; the others are delivered all the same (promise 10)."""
    await post.owe(ADA, 0, 1)
    post.slack.faults.fail("chat.postMessage", "internal_error", times=outbox.HOLDS_UP + 1)
    for _ in range(outbox.HOLDS_UP + 1):
        post.world.clock.forward(minutes=5)
        await deliver(post.courier, NORMAL)
        assert [one.attempts for one in await post.waiting()][1] == 0
    await deliver(post.courier, NORMAL)
    assert [one.subject for one in await post.waiting() if one.recipient == ADA] == [post.requests[0]]


async def test_what_the_store_cannot_answer_for_holds_up_its_recipient_no_longer_than_anything(post):
    """A question that takes too long each time, as a digest of very much may, kept all behind it for ever."""
    await post.owe(SECURITY, 0, kind="digest")
    await post.owe(SECURITY, 1)
    with closing(sqlite3.connect(post.folder / "wicket.db")) as other:
        other.execute("DROP TABLE bulletins")
    for _ in range(outbox.HOLDS_UP + 1):
        await deliver(post.courier, NORMAL)
        assert [(one.attempts, one.lease_until) for one in await post.waiting()][1:] == [(0, None)]
        post.world.clock.forward(minutes=5)
    await deliver(post.courier, NORMAL)
    await deliver(post.courier, NORMAL)
    assert [one.kind for one in await post.waiting()] == ["digest"]
    assert post.said() == [(ALARMS, True)]


async def test_what_cannot_be_made_holds_up_nobody(post):
    """A kind that nobody can write any more fails alone."""
    await post.owe(ADA, 0, kind="unheard-of")
    await post.owe(ADA, 1)
    await deliver(post.courier, NORMAL)
    assert [one.kind for one in await post.waiting()] == ["unheard-of", "exception"]
    assert len(post.said()) == 1


async def test_a_lease_outlasts_what_is_begun_under_it(post):
    """Each try takes its time; what could not be over in time is given back unbegun, so nobody sends it beside us."""
    await post.owe(ADA, 0, 1, 2)
    post.slack.faults.delay("chat.postMessage", 0.2)
    delivering = asyncio.create_task(post.courier.deliver_due(NORMAL))
    await post.called()
    post.world.clock.forward(seconds=couriers.LEASE.total_seconds() - couriers.CALL_WITHIN)
    await delivering
    await post.courier.finish(5)
    assert len(post.said()) == 1
    assert [(one.attempts, one.lease_until) for one in await post.waiting()] == [(0, None), (0, None)]


async def test_an_alert_waits_for_nobody(post):
    """A call to somebody else hangs: security hears before it is over."""
    await post.owe(ADA, 0)
    await post.alert()
    post.slack.faults.delay("conversations.open", 0.5)
    slow = asyncio.create_task(post.courier.deliver_due(NORMAL))
    assert await post.courier.deliver_due(ALERT) == 1
    assert post.said() == [(ALARMS, True)]
    assert await slow == 1
    await post.courier.finish(5)
    assert len(post.said()) == 2


async def test_grave_news_goes_first_where_slack_asks_to_go_slower(post):
    """O-7: not behind what was waiting, and with room for one more whenever it comes."""
    for number in range(4):
        await post.alert(cause=f"t:{number}")
    post.slack.faults.rate_limit("chat.postMessage", 1, 1)
    await deliver(post.courier, ALERT)
    assert post.said() == [(ALARMS, False)]
    assert await post.courier.until_next_grave() == math.inf
    await post.alert("high")
    assert await post.courier.until_next_grave() == 0
    await deliver(post.courier, GRAVE)
    assert await post.courier.until_next_grave() == 1
    post.world.clock.forward(seconds=1)
    await deliver(post.courier, ALERT)
    assert len(post.said()) == 1
    await deliver(post.courier, GRAVE)
    assert post.said()[1:] == [(ALARMS, True)]
    for seconds in range(2, 10):
        post.world.clock.forward(seconds=1)
        await deliver(post.courier, ALERT)
        assert len(post.said()) == 2 + (seconds - 1) // 2
    await post.alert("high", "again")
    await deliver(post.courier, GRAVE)
    assert len(post.said()) == 6  # a second after the last, without hearing from Slack that it was too soon
    assert await post.courier.until_next_grave() == 1
    post.world.clock.forward(seconds=1)
    await deliver(post.courier, GRAVE)
    assert len(post.said()) == 7
    assert {ok for _, ok in post.said()[1:]} == {True}


async def test_grave_news_waits_for_none_that_is_on_its_way_to_the_same_channel(post):
    """O-7."""
    await post.alert()
    await post.alert("high", "grave")
    post.slack.faults.delay("conversations.info", 0.5)
    slow = asyncio.create_task(post.courier.deliver_due(ALERT))
    await asyncio.sleep(0.1)
    post.slack.faults.delay("conversations.info", 0)
    await deliver(post.courier, GRAVE)
    posts = [call for call in post.slack.calls if call.method == "chat.postMessage"]
    assert "(high" in str(posts[0].arguments)
    assert await slow == 1
    await post.courier.finish(5)
    assert len(post.said()) == 2


async def test_one_that_takes_long_holds_up_nobody_but_its_recipient(post):
    """Others' messages go out meanwhile, and the slow one's own still come in order."""
    post.slack.faults.delay("conversations.open", 1.5)  # nobody but people need it
    await post.owe(ADA, 0)
    assert await post.courier.deliver_due(NORMAL) == 1
    assert post.said() == []
    await asyncio.sleep(0.3)  # it has certainly come to Slack by then, and the delay is its own
    post.slack.faults.delay("conversations.open", 0)
    await post.owe(ADA, 1)
    await post.owe(f"{OWNER}data", 2, kind="approval")
    assert await post.courier.deliver_due(NORMAL) == 2
    await post.courier.finish(5)
    assert next(channel for channel, _ in post.said()) == DATA
    places = await post.world.rows(Posted)
    came = {each.subject: each.ts for each in places if each.recipient == ADA}
    assert came[post.requests[0]] < came[post.requests[1]]
    assert await post.waiting() == []


async def test_what_is_not_over_at_a_stop_is_cut_off_and_owed_still(post):
    post.slack.faults.delay("conversations.open", 5)
    await post.owe(ADA, 0)
    await post.courier.deliver_due(NORMAL)
    await post.courier.finish(0.05)
    assert not [task for task in asyncio.all_tasks() if "SlackCourier" in repr(task)]
    assert len(await post.waiting()) == 1


async def test_one_messages_trouble_with_the_store_is_its_own(post):
    """The store is locked just when a failure would be kept: nothing is left running, all arrives later and once."""
    for who in (ADA, BOB):
        await post.owe(who, 0, 1)
    post.slack.faults.delay("conversations.open", 0.2)
    post.slack.faults.fail("conversations.open", "internal_error", times=1)
    delivering = asyncio.create_task(post.courier.deliver_due(NORMAL))
    await post.called()
    other = sqlite3.connect(post.folder / "wicket.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await delivering == 4
    await post.courier.finish(5)
    assert not [task for task in asyncio.all_tasks() if "SlackCourier" in repr(task)]
    other.execute("ROLLBACK")
    other.close()
    post.world.clock.forward(seconds=couriers.LEASE.total_seconds() + 1)
    await deliver(post.courier, NORMAL)
    await post.courier.finish(5)
    assert await post.waiting() == []
    assert [ok for _, ok in post.said("chat.postMessage")] == [True] * 4


async def test_what_another_replica_recorded_meanwhile_is_what_is_kept_up_to_date(post):
    """What was posted here and could not be recorded is a copy by then: nobody looks at the older of two messages."""
    await post.owe(ADA, 0)
    post.slack.faults.delay("chat.postMessage", 0.2)
    delivering = asyncio.create_task(post.courier.deliver_due(NORMAL))
    await post.called()
    other = sqlite3.connect(post.folder / "wicket.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await delivering
    await post.courier.finish(5)
    other.execute("ROLLBACK")
    other.close()
    post.slack.faults.delay("chat.postMessage", 0)
    post.world.clock.forward(seconds=couriers.LEASE.total_seconds() + 1)
    await deliver(post.moved_to(DATA), NORMAL)
    (recorded,) = await post.world.rows(Posted)
    await post.owe(ADA, 0)
    await deliver(post.courier, NORMAL)
    (edit,) = [call for call in post.slack.calls if call.method == "chat.update"]
    assert edit.arguments["ts"] == recorded.ts
    assert [one.ts for one in await post.world.rows(Posted)] == [recorded.ts]
    assert len(post.said("chat.postMessage")) == 2


async def test_a_direct_channel_that_slack_does_not_know_any_more_is_asked_for_anew(post):
    """A workspace that joins an organisation has other ones; nobody restarts the bot for it."""
    await post.owe(ADA, 0)
    await deliver(post.courier, NORMAL)
    post.slack.faults.fail("chat.postMessage", "channel_not_found")
    await post.owe(ADA, 1)
    await deliver(post.courier, NORMAL)
    post.world.clock.forward(seconds=2)
    await deliver(post.courier, NORMAL)
    opened = [call.arguments["users"] for call in post.slack.calls if call.method == "conversations.open"]
    assert opened == [ADA, ADA]
    assert [one.recipient for one in await post.waiting()] == [SECURITY]


async def test_a_request_follows_its_owner_to_another_channel(post):
    """What could not be delivered goes where the owner is now, as the operator's guide promises."""
    post.slack.update_channel(DATA, is_archived=True)
    await post.owe(f"{OWNER}data", 0, kind="approval")
    await deliver(post.courier, NORMAL)
    post.world.clock.forward(minutes=6)
    await deliver(post.moved_to(OBSERVE), NORMAL)
    assert [one.recipient for one in await post.waiting()] == [SECURITY]
    assert post.said()[-1] == (OBSERVE, True)


async def test_a_message_is_edited_while_its_owner_stays_and_posted_anew_when_they_move(post):
    for courier in (post.courier, post.moved_to(DATA), post.moved_to(OBSERVE), post.moved_to(OBSERVE)):
        await post.owe(f"{OWNER}data", 0, kind="approval")
        await deliver(courier, NORMAL)
    assert post.said("chat.postMessage") == [(DATA, True), (OBSERVE, True)]
    assert post.said("chat.update") == [(DATA, True), (OBSERVE, True)]


@pytest.mark.parametrize("word", ["", "thread_not_found", "restricted_action_thread_locked"])
async def test_what_belongs_below_a_message_that_takes_no_replies_stands_by_itself(post, word):
    """An admin deleted the request, or locked its thread: whoever decides is reminded all the same (promise 10)."""
    owner = f"{OWNER}data"
    await post.owe(owner, 0, kind="approval")
    await deliver(post.courier, NORMAL)
    await post.owe(owner, 0, kind="reminder")
    if word:
        post.slack.faults.fail("chat.postMessage", word)
    else:
        (request,) = await post.world.rows(Posted)
        await post.client.chat_delete(channel=request.channel, ts=request.ts)
    await deliver(post.courier, NORMAL)
    tried = [call for call in post.slack.calls if call.method == "chat.postMessage"]
    assert [call.ok for call in tried] == [True, False, True]
    assert "thread_ts" in tried[1].arguments
    assert not {"thread_ts", "reply_broadcast"} & set(tried[2].arguments)
    assert await post.waiting() == []


async def test_an_owner_whom_only_another_replica_knows_is_left_to_that_one(post):
    """While a catalogue with another owner is rolled out nobody is told that they are gone, and nothing is late."""
    await post.owe(f"{OWNER}data", 0, kind="approval")
    older = _courier(post.world, post.client, replace(CATALOGUE, owners={}), differs=True)
    for _ in range(outbox.HOLDS_UP + 2):
        await deliver(older, NORMAL)
        post.world.clock.forward(minutes=1)
    assert (await post.world.exceptions(), await post.world.actions("message")) == ([], [])
    await deliver(post.courier, NORMAL)
    assert post.said() == [(DATA, True)]
    await post.owe(f"{OWNER}gone", 0, kind="approval")
    await deliver(older, NORMAL)
    post.world.clock.forward(minutes=1)
    await deliver(_courier(post.world, post.client, replace(CATALOGUE, owners={})), NORMAL)
    assert [one.who for one in await post.world.exceptions()] == [f"{OWNER}gone"]


async def test_a_channel_that_an_owner_left_is_no_trouble_of_theirs_where_only_another_replica_knows(post):
    """The old one was archived at once: else all that waits for them is passed on, and stays so."""
    post.slack.update_channel(DATA, is_archived=True)
    await post.owe(f"{OWNER}data", 0, kind="approval")
    older = _courier(post.world, post.client, _catalogue(DATA), differs=True)
    await deliver(older, NORMAL)
    assert (await post.world.exceptions(), await post.world.actions("message")) == ([], [])
    post.world.clock.forward(minutes=1)
    await deliver(post.moved_to(OBSERVE), NORMAL)
    assert post.said() == [(DATA, False), (OBSERVE, True)]


async def test_a_channel_that_takes_nothing_while_rules_are_rolled_out_is_told_when_they_are(post):
    """Nothing was found of its owner by the rules of before: it is the same trouble, and nobody had heard of it."""
    held = await _brought(post.world)
    database = post.world.ground.database
    post.slack.update_channel(DATA, is_archived=True)
    await post.owe(f"{OWNER}data", 0, kind="approval")
    await deliver(post.courier, NORMAL)
    assert (await post.world.exceptions(), await post.world.actions("message")) == ([], [])
    await database.write(
        lambda tx: rule_sets.end(tx, rule_sets.get(tx, held), RuleSetState.FORMER, at=post.world.clock())
    )
    post.world.clock.forward(minutes=1)
    await deliver(post.courier, NORMAL)
    assert [one.kind for one in await post.world.exceptions()] == ["owner-unreachable"]


@pytest.mark.parametrize("group", ["", "elsewhere"])
async def test_a_request_for_what_only_another_replica_knows_is_told_by_that_one(post, group):
    """Promise 9: told from here an approver would read of no risk, or of that of another group, and could decide."""
    await _brought(post.world)
    await post.owe(f"{OWNER}data", 0, kind="approval")
    await post.owe(f"{OWNER}data", 1, kind="reminder")
    known = CATALOGUE.entitlements["prod-db"]
    offered = {known.id: replace(known, group=group)} if group else {}
    post.world.reopen(catalogue=replace(CATALOGUE, entitlements=offered))
    older = _courier(post.world, post.client, _catalogue(DATA))
    await deliver(older, NORMAL)
    assert post.said() == [(DATA, True)]
    assert [one.kind for one in await post.waiting()] == ["approval"]
    assert (await post.world.exceptions(), await post.world.actions("message")) == ([], [])
    post.world.clock.forward(minutes=1)
    await deliver(post.courier, NORMAL)
    assert await post.waiting() == []


async def test_an_owner_who_is_no_more_is_told_to_security(post):
    await post.owe(f"{OWNER}gone", 0, kind="approval")
    await deliver(post.courier, NORMAL)
    (told,) = await post.world.exceptions()
    assert (told.kind, told.facts["fault"]) == ("undeliverable", "Its owner is not in wicket.toml any more.")
    assert told.who == f"{OWNER}gone"
    assert [one.recipient for one in await post.waiting()] == [f"{OWNER}gone", SECURITY]


class LateClient(AsyncWebClient):
    """What it says reaches Slack when the test lets it, whatever others say meanwhile."""

    reached: asyncio.Event
    let_go: asyncio.Event

    async def api_call(self, api_method, **arguments):
        """Posts and edits wait."""
        if api_method in ("chat.postMessage", "chat.update"):
            self.reached.set()
            await self.let_go.wait()
        return await super().api_call(api_method, **arguments)


def late_courier(post: Post) -> tuple[SlackCourier, LateClient]:
    """Another replica, which Slack hears of late."""
    there = post.client
    client = LateClient(token=there.token, base_url=there.base_url, session=there.session, retry_handlers=[])
    client.reached, client.let_go = asyncio.Event(), asyncio.Event()
    return _courier(post.world, client, _catalogue(DATA)), client


async def settled(post: Post) -> None:
    now = post.world.clock()
    await post.world.ground.database.write(lambda tx: settle_exceptions(tx, at=now, causes=["t"]))


@pytest.mark.parametrize("first", [False, True], ids=["edited", "posted"])
async def test_what_is_said_after_its_lease_stands_over_nothing_that_was_said_since(post, first):
    """A process that stood still says how it was: whoever reads it believes that it goes on."""
    slower, client = late_courier(post)
    await post.alert()
    if not first:
        await deliver(post.courier, ALERT)
        await post.alert()
    await slower.deliver_due(ALERT)
    await client.reached.wait()
    post.world.clock.forward(minutes=1)
    await settled(post)
    for _ in range(2):
        await deliver(post.courier, ALERT)
    assert await post.waiting() == []
    client.let_go.set()
    await slower.finish(5)
    for _ in range(3):
        await deliver(post.courier, ALERT)
        await deliver(post.courier, NORMAL)
    standing = [str(one.blocks) for one in post.slack.person("U0ALAN").messages(ALARMS)]
    assert len(standing) == 1 + first
    assert ["*Resolved*" in one for one in standing] == [True] * len(standing), standing


async def test_what_is_one_persons_goes_to_them_alone_whatever_the_outbox_says(post):
    """T-9, P-4: a link to somebody's page, to another person and into what stands before them; and security hears."""
    database, now = post.world.ground.database, post.world.clock()
    visit = await database.write(
        lambda tx: handles.make_handle(
            tx, at=now, expires_at=now + timedelta(hours=1), purpose=Purpose.RESET, directory="local",
            account="ada", slack_team="T1", slack_user=ADA,
        ).id
    )  # fmt: skip
    post.requests.append(visit)
    for who in (ADA, BOB):
        await post.owe(who, 0)
    await deliver(post.courier, NORMAL)
    theirs, anothers = [
        f"{COPY}{one.channel}:{one.ts}" for who in (ADA, BOB)
        for one in await post.world.rows(Posted) if one.recipient == who
    ]  # fmt: skip
    before = len(post.said())
    for recipient in (BOB, anothers, ALARMS, f"{OWNER}data", SECURITY):
        await post.owe(recipient, -1, kind="page")
        await deliver(post.courier, NORMAL)
        assert (len(post.said()), await post.waiting()) == (before, []), recipient
    assert {(one.table, one.of) for one in database.doubts} == {("outbox", visit)}
    for recipient in (ADA, theirs):
        await post.owe(recipient, -1, kind="page")
        await deliver(post.courier, NORMAL)
    assert len(post.said()) == before + 2
    direct = theirs.removeprefix(COPY).partition(":")[0]
    assert {channel for channel, _ in post.said()[before:]} == {direct}


async def test_every_kind_of_message_is_one_persons_or_is_named_here(post):
    """T-9: whoever adds one weighs whom it may reach."""
    of_several = {
        "approval", "inquiry", "reply", "exception", WORKER_NEWS, OPEN_EXCEPTIONS, CHECKPOINT, DIGEST, "reminder",
        ALERTED, EMERGENCY_NEWS, PETITION_APPROVAL, REVIEW_REMINDER, DELEGATION,
    }  # fmt: skip
    known = set(post.courier._rendering._table)
    assert known - set(_WHOSE) == of_several
    assert set(_WHOSE) <= known
