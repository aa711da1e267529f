"""The channels, examined: whether requests and exceptions can be posted where the settings say, and nowhere else.

It reads what Slack says of a channel; it posts nothing and joins nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.checking.report import failed, ok, warning
from bot.checking.slack import Greeting, answered
from bot.settings import Settings
from bot.slack.channels import trouble_in
from handlers.approvals.owners import Trouble
from storage.directories.base import Finding

# Slack allows about fifty of these look-ups a minute; a few at a time leave it room.
_TOGETHER = 5
_INVITE = "Write /invite @Wicket in it."


async def examine_channels(client: AsyncWebClient, greeting: Greeting, settings: Settings) -> list[Finding]:
    """A line for each channel that the settings name, whoever uses it."""
    if not greeting.welcome:
        return [
            warning("channels", "None was looked at: Slack did not take the bot token.", "Mend that first.")
        ]
    at_a_time = asyncio.Semaphore(_TOGETHER)

    async def look(channel: str, users: list[str]) -> Finding:
        async with at_a_time:
            return await _examine(client, channel, ", ".join(users))

    return list(await asyncio.gather(*(look(*each) for each in _used(settings).items())))


def _used(settings: Settings) -> Mapping[str, list[str]]:
    """Who uses each channel: security, and the owners by name."""
    users: dict[str, list[str]] = defaultdict(list)
    users[settings.slack.security_channel].append("security")
    for owner in settings.catalogue.owners.values():
        users[owner.channel].append(owner.name)
    return users


async def _examine(client: AsyncWebClient, channel: str, users: str) -> Finding:
    about = f"channel {channel} ({users})"
    answer, word = await answered(client.conversations_info(channel=channel))
    if word == "channel_not_found":
        return failed(
            about,
            "Slack knows no such channel, or it is private and the bot is not in it.",
            f"{_INVITE} If it is not there, correct its id in wicket.toml.",
        )
    if answer is None or answer.status_code != 200:
        return warning(
            about, f"It was not looked at: Slack did not answer ({word}).", "Check again in a minute."
        )
    if word:
        return failed(about, f"Slack does not show it ({word}).", "See the line about scopes above.")
    return _judged(about, answer["channel"])


def _judged(about: str, channel: Mapping[str, Any]) -> Finding:
    name = f"#{channel.get('name')}"
    trouble = trouble_in(channel)
    if trouble == Trouble.ARCHIVED:
        return failed(
            about, f"{name} is archived.", "Take it out of the archive, or name another in wicket.toml."
        )
    if trouble == Trouble.SHARED:
        return failed(
            about,
            f"{name} is shared with another organisation, so nothing is posted there.",
            "End the sharing, or name another channel in wicket.toml.",
        )
    if trouble is not None:
        return failed(about, f"The bot is not in {name}.", _INVITE)
    return ok(about, f"{name} is there, and the bot is in it.")
