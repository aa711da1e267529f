"""The door: the rate limit, then who is speaking. Whoever passes is a linked person; everybody else gets a sentence.

It decides nothing about access.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import structlog

from bot.slack import sentences
from bot.slack.actor import IdentityUnknown, Profiles
from bot.slack.incoming import Incoming
from bot.slack.limiter import Limiter
from bot.slack.messages.answers import no_candidate_message, page_message
from bot.slack.messages.parts import Message, said
from bot.texts import read_from, say
from handlers.intents import Actor
from handlers.outcomes import Repeated
from handlers.people.identity import Identity, NotLinked, NotTold, Refused
from handlers.secure_page.handles import Handles
from storage.directories.base import Account

Meanwhile: TypeAlias = Callable[[Account], Awaitable[None]]
"""What may be prepared for somebody while Slack says who they are: nothing that counts, or that anybody sees."""

log = structlog.get_logger(__name__)

# Of all who click at once so many are prepared for: where many do, what only saves time would keep others waiting.
_PREPARED_FOR = 4


@dataclass(frozen=True, kw_only=True)
class PageLinks:
    """Addresses of the secure page. minutes: how long one works."""

    public_url: str
    handles: Handles
    minutes: int

    def address(self, handle_id: str) -> str:
        """Where this handle's page is; the text in it carries no authority."""
        return f"{self.public_url}/p/{self.handles.handle_text(handle_id)}"


@dataclass(frozen=True, kw_only=True)
class Turned:
    """Not let in. message: what to say, or None if it is owed by the outbox or there is nothing to say."""

    message: Message | None
    outcome: Literal["limited", "refused", "done", "repeated"]


class Door:
    """Lets linked people in, one look-up each."""

    def __init__(self, *, limiter: Limiter, profiles: Profiles, identity: Identity, pages: PageLinks) -> None:
        self._limiter = limiter
        self._profiles = profiles
        self._identity = identity
        self._pages = pages
        self._preparing = set[asyncio.Task[None]]()

    async def admit(
        self,
        incoming: Incoming,
        *,
        live: Callable[[], bool],
        by_message: bool,
        ahead: Callable[[], Meanwhile | None] = lambda: None,
    ) -> Actor | Turned:
        """The person, or what to tell them. live: for decisions, requests and resets, ask Slack now.

        ahead: what to prepare while Slack is asked, for whoever it would be; it is given up when Slack has answered.
        Both are asked only of whoever is not too fast: what was typed may have to be read for them.
        by_message: an invitation to link goes out as a message; otherwise it is in the answer.
        """
        if not self._limiter.allows(incoming.user):
            silent = by_message and not self._limiter.tells(incoming.user)
            return Turned(message=None if silent else said(say(sentences.TOO_FAST)), outcome="limited")
        preparing = self._begun(incoming.user, ahead)
        try:
            profile = await self._profiles.profile(incoming.user, live=live())
        finally:
            if preparing is not None:
                preparing.cancel()
        known = await self._identity.establish(profile, incoming.where, incoming.delivery)
        if isinstance(known, Actor):
            read_from(profile.timezone)
            return known
        if isinstance(known, Repeated):
            return Turned(message=None, outcome="repeated")
        if isinstance(known, NotTold):
            # If this is said of everybody, the bot has lost the right to read addresses.
            log.warning("door.no_mail", user=incoming.user)
            return Turned(message=said(say(sentences.NO_IDENTITY)), outcome="refused")
        if isinstance(known, Refused):
            is_told = bool(sentences.TURNED_AWAY[known.reason])
            message = said(say(sentences.TURNED_AWAY[known.reason])) if is_told else None
            return Turned(message=message, outcome="refused")
        return await self._invite(known, incoming, by_message=by_message)

    async def is_colleague(self, user: str) -> bool:
        """Whether they may read what is no secret among colleagues, by Slack's word of the last minute.

        It takes nothing of their rate: a menu asks at every letter. Where Slack does not say, they may not.
        """
        try:
            profile = await self._profiles.profile(user, live=False)
        except IdentityUnknown:
            return False
        return self._identity.is_colleague(profile)

    def _begun(self, user: str, ahead: Callable[[], Meanwhile | None]) -> asyncio.Task[None] | None:
        if len(self._preparing) >= _PREPARED_FOR or (meanwhile := ahead()) is None:
            return None
        preparing = asyncio.create_task(self._prepare(user, meanwhile))
        self._preparing.add(preparing)
        preparing.add_done_callback(self._preparing.discard)
        return preparing

    async def _prepare(self, user: str, meanwhile: Meanwhile) -> None:
        try:
            if (account := await self._identity.likely(user)) is not None:
                await meanwhile(account)
        except Exception as fault:  # noqa: BLE001 - it only saves time: what they came for meets the same fault itself
            log.info("door.not_prepared", fault=type(fault).__name__)

    async def _invite(self, known: NotLinked, incoming: Incoming, *, by_message: bool) -> Turned:
        offered = await self._identity.offer_link(
            known.profile, incoming.where, incoming.delivery, by_message=by_message
        )
        if offered.handle is None:
            several = offered.problem == "several matches"
            message = None if offered.problem == "repeated" else no_candidate_message(several)
            return Turned(message=message, outcome="refused")
        page = page_message("link", self._pages.address(offered.handle), self._pages.minutes)
        return Turned(message=None if by_message else page, outcome="done")
