"""Slack, examined: whether it takes our tokens, and whether they may do what is needed and no more (SL-14).

It posts nothing and opens no socket; the address of one that Slack gives is thrown away unseen.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.checking.report import failed, ok, warning
from bot.manifest import BOT_SCOPES
from bot.settings import Settings
from bot.slack.saying_no import word_of
from bot.slack.token import BAD_TOKEN, foreign_team
from storage.clock import Clock
from storage.directories.base import Finding

# Seconds for one call.
WITHIN = 5.0
_REINSTALL = (
    "At api.slack.com/apps, paste what `wicket manifest` prints under App Manifest, reinstall the app to the "
    "workspace, and set the new WICKET_SLACK_BOT_TOKEN."
)
_REACH = "See whether this machine reaches slack.com over HTTPS, and what status.slack.com says."


@dataclass(frozen=True, kw_only=True)
class Greeting:
    """Slack's answer to `auth.test`. refused: its word where it said no. away: why there is no answer; else empty.

    at: our own time when it came (aware UTC).
    """

    answer: AsyncSlackResponse | None = None
    refused: str = ""
    away: str = ""
    at: datetime

    def header(self, name: str) -> str | None:
        """A header of the answer."""
        found = None if self.answer is None else self.answer.headers.get(name)
        return None if found is None else str(found)

    @property
    def welcome(self) -> bool:
        """Whether Slack took the token."""
        return not self.refused and not self.away


async def greet(client: AsyncWebClient, now: Clock) -> Greeting:
    """Ask Slack who we are."""
    answer, word = await answered(client.auth_test())
    if answer is None:
        return Greeting(away=word, at=now())
    if not word:
        return Greeting(answer=answer, at=now())
    lasting = word in BAD_TOKEN or answer.status_code == 200
    return Greeting(answer=answer, **({"refused": word} if lasting else {"away": word}), at=now())


async def answered(call: Awaitable[AsyncSlackResponse]) -> tuple[AsyncSlackResponse | None, str]:
    """Slack's answer, and its word where that is no; without an answer, why there is none."""
    try:
        async with asyncio.timeout(WITHIN):
            return await call, ""
    except SlackApiError as error:
        answer = error.response if isinstance(error.response, AsyncSlackResponse) else None
        return answer, word_of(error)
    except TimeoutError:
        return None, f"nothing came within {WITHIN:.0f} s"
    except (aiohttp.ClientError, OSError) as fault:
        return None, type(fault).__name__


def examine_bot_token(greeting: Greeting, settings: Settings) -> list[Finding]:
    """The bot token: whether Slack takes it, whose it is, and its scopes."""
    if greeting.away:
        return [failed("bot token", f"Slack did not answer ({greeting.away}).", _REACH)]
    if greeting.refused or greeting.answer is None:
        return [
            failed(
                "bot token",
                f"Slack refuses it ({greeting.refused}).",
                "Copy the Bot User OAuth Token of your app anew into WICKET_SLACK_BOT_TOKEN.",
            )
        ]
    return [_team(greeting.answer, settings), *_scopes(greeting.header("x-oauth-scopes"))]


def _team(answer: AsyncSlackResponse, settings: Settings) -> Finding:
    if (foreign := foreign_team(answer, settings.slack)) is not None:
        return failed(
            "bot token",
            f"It belongs to team {foreign}, which [slack] teams does not list.",
            "Add the team, or use the token of a listed one.",
        )
    return ok(
        "bot token", f"Slack takes it: @{answer.get('user')} in {answer.get('team')} ({answer['team_id']})."
    )


def _scopes(header: str | None) -> Iterator[Finding]:
    if header is None:
        yield warning(
            "scopes",
            "Slack did not say which the token has.",
            "See OAuth & Permissions at api.slack.com/apps.",
        )
        return
    granted = {scope for part in header.split(",") if (scope := part.strip())}
    missing, more = sorted(set(BOT_SCOPES) - granted), sorted(granted - set(BOT_SCOPES))
    if missing:
        yield failed("scopes", f"The token lacks {', '.join(missing)}.", _REINSTALL)
    if more:
        yield warning("scopes", f"The token has more than Wicket uses: {', '.join(more)}.", _REINSTALL)
    if not missing and not more:
        yield ok("scopes", f"The token has the {len(BOT_SCOPES)} that the manifest asks for, and no more.")


async def examine_app_token(client: AsyncWebClient, token: str | None) -> Finding:
    """The app-level token: whether Slack would let us open a socket."""
    if token is None:
        return failed("app token", "It is not given.", "Set WICKET_SLACK_APP_TOKEN.")
    answer, word = await answered(client.apps_connections_open(app_token=token))
    if answer is None or (word and answer.status_code != 200):
        return failed("app token", f"Slack did not answer ({word}).", _REACH)
    if word == "missing_scope":
        return failed(
            "app token",
            "It lacks connections:write.",
            "Generate another under Basic Information, App-Level Tokens, with connections:write.",
        )
    if word:
        return failed(
            "app token",
            f"Slack refuses it ({word}).",
            "Copy the app-level token of the same app anew into WICKET_SLACK_APP_TOKEN; see that Socket Mode is on.",
        )
    return ok("app token", "Slack would open a socket for it. None was opened.")


def examine_signing_secret(settings: Settings) -> Finding:
    """The signing secret, which only a signed request can prove."""
    if settings.secrets.slack_signing_secret is None:
        return failed("signing secret", "It is not given.", "Set WICKET_SLACK_SIGNING_SECRET.")
    return ok("signing secret", "It is given. Whether it is the right one shows at Slack's first request.")
