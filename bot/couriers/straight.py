"""A notice posted to the security channel past the outbox, where the store cannot take it.

It keeps nothing and edits nothing, posts nothing in a channel shared outside, and is for nothing that can be owed.
"""

import asyncio

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.couriers.incidents import Reader, said_of
from bot.slack.channels import trouble_in
from bot.slack.messages.parts import said
from bot.slack.saying_no import word_of
from bot.slack.words import inert
from handlers.approvals.owners import Trouble
from handlers.exceptions.outside import WITHIN, Notice
from storage.faults import OutsideUnavailable


class Straight:
    """A handlers.exceptions.outside.Outside, though it is Slack. channel: the security channel's id."""

    name = "slack"

    def __init__(self, client: AsyncWebClient, channel: str, *, reader: Reader) -> None:
        self._client, self._channel, self._reader = client, channel, reader

    async def tell(self, notice: Notice) -> None:
        """Post it. Told again after a fault it may stand there twice: Slack knows no id."""
        title, told = (inert(text) for text in said_of(notice, self._reader))
        message = said(f"⚠️ *{title}*\n{told}")
        try:
            async with asyncio.timeout(WITHIN):
                info = await self._client.conversations_info(channel=self._channel)
                # Either side may share a channel at any time (SL-2).
                if trouble_in(info["channel"]) == Trouble.SHARED:
                    raise OutsideUnavailable("The security channel is shared with another company.")
                await self._client.chat_postMessage(channel=self._channel, **message.body())
        except SlackApiError as error:
            raise OutsideUnavailable(f"Slack said no ({word_of(error)}).") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise OutsideUnavailable(f"Slack could not be reached ({type(fault).__name__}).") from fault
