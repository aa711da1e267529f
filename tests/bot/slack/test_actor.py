"""Who a Slack id is, by Slack's own word over the wire; what cannot be had is nobody, never somebody (SL-1)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.actor import IdentityUnknown, Profiles
from handlers.decisions.identity import NotAPerson, SlackProfile, why_not


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def profiles(client, clock) -> Profiles:
    return Profiles(client, clock)


def looked_up(slack) -> int:
    return sum(call.method == "users.info" for call in slack.calls)


async def test_a_colleague_is_read_whole(profiles):
    assert await profiles.profile("U0ADA", live=True) == SlackProfile(
        user="U0ADA", team="T0WICKET", enterprise="", name="Ada Lovelace", mail="ada@lovelace.example",
        timezone="Europe/London", deleted=False, bot=False, guest=False, stranger=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"is_restricted": True}, NotAPerson.GUEST),
        ({"is_ultra_restricted": True}, NotAPerson.GUEST),
        ({"deleted": True}, NotAPerson.DEACTIVATED),
        ({"is_bot": True}, NotAPerson.BOT),
        ({"is_stranger": True}, NotAPerson.STRANGER),
        (
            {"team_id": "T0ELSE"},
            NotAPerson.STRANGER,
        ),  # Slack leaves is_stranger out where a channel is shared
        ({"team_id": "T0ELSE", "is_restricted": True}, NotAPerson.STRANGER),
    ],
)
async def test_each_kind_of_account_is_seen_for_what_it_is(slack, profiles, changes, reason):
    """SL-1, SL-17: from the answer to users.info alone."""
    slack.update_user("U0ADA", **changes)
    profile = await profiles.profile("U0ADA", live=True)
    assert why_not(profile, teams={"T0WICKET"}, enterprise=None) == reason


async def test_slacks_own_account_is_a_bot_though_slack_calls_it_none(slack, profiles):
    slack.add_user("USLACKBOT", name="slackbot", real_name="Slackbot", email="")
    profile = await profiles.profile("USLACKBOT", live=True)
    assert why_not(profile, teams={"T0WICKET"}, enterprise=None) == NotAPerson.BOT


@pytest.mark.parametrize("user", ["U0NOBODY", "", "<@U0ADA>"])
async def test_an_id_that_slack_does_not_know_is_a_stranger(profiles, user):
    profile = await profiles.profile(user, live=True)
    assert why_not(profile, teams={"T0WICKET", ""}, enterprise=None) == NotAPerson.STRANGER


async def test_a_routine_answer_may_rest_on_a_minute_old_look(slack, profiles, clock):
    await profiles.profile("U0ADA", live=False)
    clock.at += timedelta(seconds=60)
    await profiles.profile("U0ADA", live=False)
    assert looked_up(slack) == 1
    clock.at += timedelta(seconds=1)
    await profiles.profile("U0ADA", live=False)
    assert looked_up(slack) == 2


async def test_a_decision_asks_slack_now(slack, profiles):
    """SL-17: somebody deactivated a moment ago does not get through on an old look."""
    await profiles.profile("U0ADA", live=False)
    slack.update_user("U0ADA", deleted=True)
    assert (await profiles.profile("U0ADA", live=True)).deleted
    assert (await profiles.profile("U0ADA", live=False)).deleted


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "token_revoked", "fatal_error"])
async def test_slack_that_will_not_say_leaves_nobody(slack, profiles, error):
    slack.faults.fail("users.info", error)
    with pytest.raises(IdentityUnknown, match=error):
        await profiles.profile("U0ADA", live=True)


async def test_a_rate_limit_leaves_nobody_and_is_not_waited_for(slack, profiles):
    slack.faults.rate_limit("users.info", retry_after=30, times=1)
    with pytest.raises(IdentityUnknown):
        await asyncio.wait_for(profiles.profile("U0ADA", live=True), 2)


async def test_slack_that_is_down_leaves_nobody(slack, profiles):
    slack.faults.down()
    with pytest.raises(IdentityUnknown):
        await profiles.profile("U0ADA", live=True)
    slack.faults.up()
    assert (await profiles.profile("U0ADA", live=True)).name == "Ada Lovelace"


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/json"])
async def test_an_answer_that_is_not_slacks_leaves_nobody(slack, profiles, media_type):
    """What stands before Slack answers with a page of its own, often in plain text."""
    slack.faults.garble("users.info", 503, media_type)
    with pytest.raises(IdentityUnknown):
        await profiles.profile("U0ADA", live=True)


async def test_slack_that_is_slow_leaves_nobody_within_a_second(slack, profiles):
    """A listener has three seconds in all."""
    slack.faults.delay("users.info", 5)
    started = asyncio.get_running_loop().time()
    with pytest.raises(IdentityUnknown):
        await profiles.profile("U0ADA", live=True)
    assert asyncio.get_running_loop().time() - started < 1.5
    slack.faults.delay("users.info", 0)


async def test_a_look_from_before_the_clock_was_set_back_is_not_a_minute_old(slack, profiles, clock):
    """For hours nobody would see that an account is switched off."""
    await profiles.profile("U0ADA", live=False)
    slack.update_user("U0ADA", deleted=True)
    clock.at -= timedelta(hours=3)
    assert (await profiles.profile("U0ADA", live=False)).deleted


async def test_a_failed_live_look_does_not_fall_back_on_an_old_one(slack, profiles):
    await profiles.profile("U0ADA", live=True)
    slack.faults.fail("users.info", "internal_error")
    with pytest.raises(IdentityUnknown):
        await profiles.profile("U0ADA", live=True)


class LateClient(AsyncWebClient):
    """The first answer comes late: it is of when it was asked, whatever is true by then."""

    answered: asyncio.Event
    let_go: asyncio.Event

    async def users_info(self, **about):
        """Who this is."""
        answer = await super().users_info(**about)
        if not self.answered.is_set():
            self.answered.set()
            await self.let_go.wait()
        return answer


async def test_what_was_asked_later_is_what_routine_rests_on(slack, client, clock):
    """SL-17: an older answer that comes late does not let in again whom a newer one showed deactivated."""
    there = LateClient(token=client.token, base_url=client.base_url, session=client.session)
    there.answered, there.let_go = asyncio.Event(), asyncio.Event()
    profiles = Profiles(there, clock)
    earlier = asyncio.create_task(profiles.profile("U0ADA", live=True))
    await there.answered.wait()
    clock.at += timedelta(seconds=1)
    slack.update_user("U0ADA", deleted=True)
    assert (await profiles.profile("U0ADA", live=True)).deleted
    there.let_go.set()
    assert not (await earlier).deleted
    assert (await profiles.profile("U0ADA", live=False)).deleted
