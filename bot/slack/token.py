"""What Slack says to a bot token, judged: whether it will ever work, and whether it is of a workspace of ours.

It never sees the token, and asks Slack nothing but who it is for.
"""

import asyncio

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.settings.sections import SlackSection
from bot.slack.saying_no import word_of
from storage.faults import SettingsFault

log = structlog.get_logger(__name__)

# Seconds for the answer to the first question; a start does not wait longer for Slack.
GREET_WITHIN = 5.0

# What Slack says of a token that will never work, against a Slack that is only away.
BAD_TOKEN = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})


def foreign_team(answer: AsyncSlackResponse, slack: SlackSection) -> str | None:
    """The team of this answer to `auth.test`, if neither it nor its enterprise is in the settings."""
    is_ours = answer["team_id"] in slack.teams or answer.get("enterprise_id") == (slack.enterprise or "")
    return None if is_ours else str(answer["team_id"])


async def greet(client: AsyncWebClient, slack: SlackSection) -> None:
    """SettingsFault for a token that is wrong or of another workspace; a Slack that is away only leaves a log line."""
    try:
        async with asyncio.timeout(GREET_WITHIN):
            answer = await client.auth_test()
    except SlackApiError as error:
        word = word_of(error)
        if word in BAD_TOKEN:
            raise SettingsFault(
                f"WICKET_SLACK_BOT_TOKEN: Slack refuses it ({word}). Copy it anew."
            ) from error
        log.warning("slack.away", fault=word)
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        log.warning("slack.away", fault=type(fault).__name__)
    else:
        if (foreign := foreign_team(answer, slack)) is not None:
            raise SettingsFault(
                f"[slack] teams: the bot token belongs to team {foreign}, which is not listed. "
                "Add it, or use the token of a listed team."
            )
