"""Who a Slack user id is, by Slack's own word: `users.info`, fresh for what matters, at most a minute old otherwise.

It believes nothing else in a payload, neither names nor team ids (SL-1).
"""

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.saying_no import word_of
from handlers.decisions.identity import SlackProfile
from handlers.turns import Turns
from storage.clock import Clock
from storage.faults import WicketFault

# Slack allows about a hundred users.info a minute, so a routine answer may rest on one this old.
ROUTINE_AGE = timedelta(seconds=60)
LOOK_UP_WITHIN = 1.0
_KEPT = 5000


class IdentityUnknown(WicketFault):
    """Slack did not say who this is, so nothing was done. Its text is the cause, for the log."""


class Profiles:
    """The profiles of those who speak. Raises IdentityUnknown when Slack cannot say."""

    def __init__(self, client: AsyncWebClient, now: Clock) -> None:
        self._client = client
        self._now = now
        self._known: OrderedDict[str, tuple[datetime, SlackProfile]] = OrderedDict()
        self._turns = Turns()

    async def profile(self, user: str, *, live: bool) -> SlackProfile:
        """Who this is. live: ask Slack now; otherwise an answer of the last minute will do."""
        known = self._known.get(user)
        asked_at = self._now()
        # One of later than now is from before the clock was set back: nobody knows how old it is.
        if not live and known is not None and timedelta(0) <= asked_at - known[0] <= ROUTINE_AGE:
            return known[1]
        turn, profile = self._turns.begin(), _read(await self._ask(user))
        if not self._turns.counts(user, turn):  # somebody asked later, and heard sooner
            return profile
        self._known[user] = (asked_at, profile)
        self._known.move_to_end(user)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return profile

    async def _ask(self, user: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(LOOK_UP_WITHIN):
                answer = await self._client.users_info(user=user)
        except SlackApiError as error:
            if word_of(error) in ("user_not_found", "user_not_visible"):
                return {"id": user, "is_stranger": True}
            raise IdentityUnknown(word_of(error)) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise IdentityUnknown(type(error).__name__) from error
        user_body: dict[str, Any] = answer["user"]
        return user_body


def _read(user: dict[str, Any]) -> SlackProfile:
    profile = user.get("profile", {})
    confirmed = user.get("is_email_confirmed") is True
    return SlackProfile(
        user=str(user.get("id", "")),
        team=str(user.get("team_id", "")),
        enterprise=str(user.get("enterprise_user", {}).get("enterprise_id", "")),
        name=str(user.get("real_name") or profile.get("real_name") or user.get("name") or ""),
        mail=str(profile.get("email", "")) if confirmed else "",
        timezone=str(user.get("tz") or "UTC"),
        deleted=bool(user.get("deleted")),
        bot=bool(user.get("is_bot")) or user.get("id") == "USLACKBOT",
        guest=bool(user.get("is_restricted")) or bool(user.get("is_ultra_restricted")),
        stranger=bool(user.get("is_stranger")),
    )
