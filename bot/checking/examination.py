"""The examination whole: all parts at once, each within its time, and what breaks one is that one's line alone.

It knows the order of the parts and who waits for whom; what is looked at stands with each part.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.checking.approvers import examine_approvers
from bot.checking.channels import examine_channels
from bot.checking.clock import examine_clock
from bot.checking.database import examine_database
from bot.checking.directories import Directories, examine_directory, groups_in
from bot.checking.emergencies import examine_emergencies
from bot.checking.help_desk import examine_desks
from bot.checking.mail import examine_mail
from bot.checking.outside import examine_outside, tell_outside
from bot.checking.policy import examine_policy, prospects
from bot.checking.provider import examine_provider
from bot.checking.report import Line, Report, failed
from bot.checking.settings import Load, examine_settings
from bot.checking.slack import (
    Greeting,
    examine_app_token,
    examine_bot_token,
    examine_signing_secret,
    greet,
)
from bot.checking.threads import Apart
from bot.checking.tls import examine_page
from bot.cli.sentences import sentence
from bot.couriers.incidents import channels
from bot.policies import load_policy
from bot.providers import client_of
from bot.settings import Settings
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.requests import Verdict
from storage.clock import Clock, utc_now
from storage.directories.base import Finding

# Seconds for one part; all run at once, so that the whole takes little more.
PART_WITHIN = 11.0


@dataclass(frozen=True, kw_only=True)
class Part:
    """One subject. name: what its lines stand under. look: finds them. about: what to say has failed if it breaks."""

    name: str
    look: Callable[[], Awaitable[Iterable[Finding]]]
    about: str = "examination"


async def examine(
    load: Load, *, now: Clock = utc_now, trust: ssl.SSLContext | None = None, tells: bool = False
) -> Report:
    """Everything that can be looked at, part by part. trust: whom TLS trusts, instead of whom this machine does.

    tells: each channel outside Slack is sent a test notice.
    """
    asyncio.get_running_loop().set_default_executor(Apart())
    settings, found = examine_settings(load)
    lines = [Line(part="settings", finding=one) for one in found]
    if settings is None:
        return Report(lines=tuple(lines))
    async with AsyncExitStack() as opened:
        session = await opened.enter_async_context(aiohttp.ClientSession())
        directories = Directories(settings, now)
        opened.push_async_callback(directories.close)
        examiner = _Examiner(
            settings, session, directories, now, trust or ssl.create_default_context(), tells
        )
        parts = examiner.parts()
        answers = await asyncio.gather(*(looked(part) for part in parts))
    for part, answer in zip(parts, answers, strict=True):
        lines += [Line(part=part.name, finding=one) for one in answer]
    return Report(lines=tuple(lines)).without(settings.secrets.values())


async def looked(part: Part, *, within: float = PART_WITHIN) -> list[Finding]:
    """The part's lines; one that failed, whatever came in its way. within: seconds."""
    try:
        async with asyncio.timeout(within) as limit:
            return list(await part.look())
    except Exception as fault:  # noqa: BLE001 - what breaks one part must not hide the others
        if limit.expired():
            return [
                failed(part.about, f"It took longer than {within:.0f} s.", "Check again; see what hangs.")
            ]
        return [failed(part.about, sentence(fault), "Nothing more was looked at here.")]


class _Examiner:
    """The parts for these settings, and what several of them share, each asked for once."""

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        directories: Directories,
        now: Clock,
        trust: ssl.SSLContext,
        tells: bool,
    ) -> None:
        self._settings, self._directories, self._now, self._trust = settings, directories, now, trust
        self._session, self._tells = session, tells
        token = settings.secrets.slack_bot_token
        base_url = settings.slack.api_url or AsyncWebClient.BASE_URL
        self._client = AsyncWebClient(
            token=token.get_secret_value() if token else None,
            session=session,
            base_url=base_url,
            retry_handlers=[],
        )
        self._greeting = asyncio.create_task(greet(self._client, now))
        self._policy = asyncio.create_task(asyncio.to_thread(self._load_policy))

    def parts(self) -> list[Part]:
        """All but the settings, in the order in which they are told."""
        directories = [
            Part(name="directories", look=partial(self._directory, name), about=name)
            for name in self._settings.directories
        ]
        return [
            Part(name="slack", look=self._bot_token),
            Part(name="slack", look=self._transport),
            Part(name="channels", look=self._channels),
            Part(name="policy", look=self._policies),
            *directories,
            Part(name="approvers", look=self._approvers),
            Part(name="break-glass", look=self._emergencies),
            *([Part(name="help desks", look=self._desks)] if self._settings.help_desk.desks else []),
            Part(name="database", look=self._database),
            Part(name="clock", look=self._clock),
            Part(name="secure page", look=self._page),
            *([Part(name="sign-in", look=self._provider)] if self._settings.oidc is not None else []),
            Part(name="mail", look=self._mail),
            Part(name="outside", look=self._outside),
        ]

    async def _greeted(self) -> Greeting:
        return await asyncio.shield(self._greeting)

    def _load_policy(self) -> tuple[CedarPolicy, dict[str, Verdict]]:
        policy = load_policy(self._settings)
        return policy, dict(prospects(policy, self._settings, now=self._now()))

    async def _bot_token(self) -> list[Finding]:
        return examine_bot_token(await self._greeted(), self._settings)

    async def _transport(self) -> list[Finding]:
        if self._settings.slack.transport == "http":
            return [examine_signing_secret(self._settings)]
        token = self._settings.secrets.slack_app_token
        return [await examine_app_token(self._client, token.get_secret_value() if token else None)]

    async def _channels(self) -> list[Finding]:
        return await examine_channels(self._client, await self._greeted(), self._settings)

    async def _policies(self) -> list[Finding]:
        return examine_policy(*await asyncio.shield(self._policy))

    async def _directory(self, name: str) -> list[Finding]:
        return await examine_directory(self._directories, name, groups_in(self._settings, name))

    async def _approvers(self) -> list[Finding]:
        policy, verdicts = await asyncio.shield(self._policy)
        return await examine_approvers(self._directories, self._settings, policy, verdicts, now=self._now())

    async def _emergencies(self) -> list[Finding]:
        return await examine_emergencies(self._directories, self._settings)

    async def _desks(self) -> list[Finding]:
        return await examine_desks(self._directories, self._settings)

    async def _database(self) -> list[Finding]:
        return await asyncio.to_thread(examine_database, self._settings, now=self._now())

    async def _clock(self) -> list[Finding]:
        return [examine_clock(await self._greeted())]

    async def _page(self) -> list[Finding]:
        return await examine_page(self._settings.server.public_url, now=self._now(), trust=self._trust)

    async def _provider(self) -> list[Finding]:
        client = client_of(self._settings)
        return await examine_provider(client, now=self._now()) if client is not None else []

    async def _mail(self) -> list[Finding]:
        password = self._settings.secrets.smtp_password
        given = password.get_secret_value() if password else None
        return await examine_mail(self._settings.mail, given, now=self._now(), trust=self._trust)

    async def _outside(self) -> list[Finding]:
        told = channels(self._settings, self._session, now=self._now) if self._tells else ()
        looked = examine_outside(self._settings.incidents, now=self._now(), trust=self._trust)
        return list(chain.from_iterable(await asyncio.gather(looked, tell_outside(told, now=self._now()))))
