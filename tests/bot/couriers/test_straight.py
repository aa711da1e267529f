"""What goes to the security channel past the outbox, against the pretend Slack."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.couriers.incidents import Reader
from bot.couriers.straight import Straight
from bot.demo.company import seed_workspace
from bot.demo.workspace import Workspace
from storage.clock import utc_now
from storage.faults import OutsideUnavailable
from tests.bot.couriers.test_incidents import NOTICE
from tests.bot.couriers.test_slack import ALARMS


@dataclass
class Post:
    """The pretend Slack, and what posts to its security channel."""

    slack: Workspace
    straight: Straight

    def posts(self) -> list[dict[str, object]]:
        """What was posted."""
        return [
            dict(call.arguments) for call in self.slack.calls if call.method == "chat.postMessage" and call.ok
        ]


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with aiohttp.ClientSession() as session:
        slack = Workspace(now=utc_now)
        seed_workspace(slack)
        await slack.start()
        client = AsyncWebClient(
            token=slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
        )
        yield Post(slack, Straight(client, ALARMS, reader=Reader()))
        await slack.stop()


async def test_a_notice_stands_in_the_security_channel_with_nothing_in_it_marked_up(post: Post) -> None:
    await post.straight.tell(NOTICE)
    (told,) = post.posts()
    assert told["channel"] == ALARMS
    assert str(told["text"]).startswith("⚠️ *Refused: Eve")
    assert str(told["text"]).endswith("\nNothing was granted.")


async def test_nothing_is_posted_in_a_channel_that_is_shared_outside(post: Post) -> None:
    """SL-2."""
    post.slack.update_channel(ALARMS, is_ext_shared=True)
    with pytest.raises(OutsideUnavailable, match="shared"):
        await post.straight.tell(NOTICE)
    assert post.posts() == []


async def test_a_slack_that_says_no_or_nothing_took_it_not(post: Post) -> None:
    post.slack.faults.fail("chat.postMessage", "internal_error")
    with pytest.raises(OutsideUnavailable, match="internal_error"):
        await post.straight.tell(NOTICE)
    await post.slack.stop()
    with pytest.raises(OutsideUnavailable, match="could not be reached"):
        await post.straight.tell(NOTICE)
