"""Ways to say something right away: a whisper only one person sees, a direct message, a form.

What is owed durably goes through the outbox instead; nothing here is the record (SL-10).
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import sentences
from bot.slack.incoming import Click
from bot.slack.messages.parts import Message, said
from bot.slack.saying_no import word_of
from bot.texts import say

log = structlog.get_logger(__name__)

_OPEN_WITHIN = 0.9
# A public channel's messages are also seen, and clicked, by colleagues who only look in.
_NOT_THERE = frozenset({"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived"})
_FAULTS = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError)


class Replies:
    """Speaks at once and never holds up an acknowledgement: what may be slow runs beside it."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._speaking: set[asyncio.Task[None]] = set()

    def whisper(self, channel: str, user: str, text: str) -> None:
        """A sentence only this person sees, where they clicked; in a direct message if they are no member there."""
        if channel:
            self._beside(self._whisper(channel, user, text))
        else:
            self.tell(user, Message(text=text, blocks=()))

    def answer(self, click: Click, text: str) -> None:
        """Whisper to whoever clicked; "" is nothing to say."""
        if text:
            self.whisper(click.incoming.channel, click.actor.slack_user, text)

    def tell(self, user: str, message: Message | None) -> None:
        """A direct message, now or not at all; None is nothing to say."""
        if message is None:
            return
        body = message.body() if message.blocks else {"text": message.text}
        self._beside(self._client.chat_postMessage(channel=user, **body))

    def publish_home(self, user: str, view: View) -> None:
        """Show this person's App Home."""
        self._beside(self._client.views_publish(user_id=user, view=view.to_dict()))

    async def open_form(self, trigger: str, view: View) -> bool:
        """Open a form; False if Slack would not any more (the click was more than three seconds ago)."""
        try:
            async with asyncio.timeout(_OPEN_WITHIN):
                await self._client.views_open(trigger_id=trigger, view=view.to_dict())
        except _FAULTS as fault:
            if _name(fault) == "exchanged_trigger_id":  # another delivery of the same click opened it
                return True
            log.warning("form.not_opened", fault=_name(fault))
            return False
        return True

    async def form_or_word(self, click: Click, form: View | None, text: str = "") -> None:
        """Open the form; where there is none, or Slack would not open it any more, say so to whoever clicked."""
        if form is None:
            self.answer(click, text)
        elif not await self.open_form(click.trigger, form):
            self.answer(click, say(sentences.TRY_AGAIN))

    async def open_or_ask_again(self, trigger: str, view: View) -> Message | None:
        """Open a form that a command asked for; what to say where Slack would not any more."""
        return None if await self.open_form(trigger, view) else said(say(sentences.TYPE_AGAIN))

    async def update_form(
        self, form: str, version: str, view: View
    ) -> Literal["shown", "changed meanwhile", "not shown"]:
        """Show a form anew. version: the hash of the one that it replaces; "" replaces whatever stands there."""
        about = {"hash": version} if version else {}
        try:
            async with asyncio.timeout(_OPEN_WITHIN):
                await self._client.views_update(view_id=form, view=view.to_dict(), **about)
        except _FAULTS as fault:
            if _name(fault) == "hash_conflict":
                return "changed meanwhile"
            log.warning("form.not_updated", fault=_name(fault))  # it may be closed by now
            return "not shown"
        return "shown"

    def show_form(self, form: str, view: View) -> None:
        """Show a form anew beside everything else, if it is still open."""
        self._beside(self._client.views_update(view_id=form, view=view.to_dict()))

    async def finish(self) -> None:
        """Wait for what is being said."""
        while self._speaking:
            await asyncio.gather(*self._speaking, return_exceptions=True)

    async def _whisper(self, channel: str, user: str, text: str) -> None:
        try:
            await self._client.chat_postEphemeral(channel=channel, user=user, text=text)
        except SlackApiError as refused:
            if _name(refused) not in _NOT_THERE:
                raise
            await self._client.chat_postMessage(channel=user, text=text)

    def _beside(self, call: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(self._say(call))
        self._speaking.add(task)
        task.add_done_callback(self._speaking.discard)

    async def _say(self, call: Coroutine[Any, Any, Any]) -> None:
        try:
            await call
        except _FAULTS as fault:
            log.warning("reply.not_said", fault=_name(fault))


def _name(fault: BaseException) -> str:
    return word_of(fault) if isinstance(fault, SlackApiError) else type(fault).__name__
