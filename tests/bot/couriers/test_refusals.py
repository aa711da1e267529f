"""What follows from Slack's no: how long it asks to wait, in whatever way that is written."""

from datetime import timedelta

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.couriers.refusals import refusal


def said_no(status: int, headers: dict[str, str], word: str = "ratelimited") -> SlackApiError:
    answer = AsyncSlackResponse(
        client=AsyncWebClient(), http_verb="POST", api_url="chat.postMessage", req_args={},
        data={"ok": False, "error": word}, headers=headers, status_code=status,
    )  # fmt: skip
    return SlackApiError("no", answer)


@pytest.mark.parametrize("status", [429, 503, 200])
def test_it_is_waited_for_as_long_as_slack_says(status: int) -> None:
    assert refusal(said_no(status, {"Retry-After": "30"})).after == timedelta(seconds=30)


@pytest.mark.parametrize("written", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-5", "1.5"])
def test_what_says_nothing_is_waited_for_as_after_any_trouble(written: str) -> None:
    """Longer at each try: a proxy's date was read as one second, and each message was tried every second."""
    assert refusal(said_no(503, {"Retry-After": written}, "service_unavailable")).after is None
    assert refusal(said_no(429, {"Retry-After": written})).after == timedelta(seconds=1)


def test_no_wait_is_longer_than_anybody_counts() -> None:
    """What nobody can add to a date held messages until their lease was over, time and again."""
    assert refusal(said_no(429, {"Retry-After": "9" * 30})).after == timedelta(hours=1)
