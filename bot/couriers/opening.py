"""The couriers of one bot, built from what they stand on: to Slack, by mail, and to whoever collects events.

It delivers nothing.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from functools import partial

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.couriers.incidents import Reader, channels
from bot.couriers.mail import MailCourier, Smtp
from bot.couriers.outside import OutsideCourier
from bot.couriers.rendering import Rendering
from bot.couriers.slack import SlackCourier
from bot.couriers.straight import Straight
from bot.metrics import Metrics
from bot.schedule import Duty
from bot.settings import Settings
from bot.siem.opening import open_siem
from bot.slack.door import PageLinks
from bot.texts import Language
from handlers.approvals.owners import CHANNEL, Owners
from handlers.audit.streaming import Streaming
from handlers.exceptions.escalating import Escalating
from handlers.exceptions.outside import Outside
from handlers.ground import Ground
from handlers.questions.checks import Checks
from handlers.secure_page.visits import PageGround
from storage.clock import utc_now


@dataclass(frozen=True, kw_only=True)
class Couriers:
    """What they stand on. chance: from 0 to 1, so that those who wait do not all come back at once."""

    settings: Settings
    ground: Ground
    page_ground: PageGround
    links: PageLinks
    checks: Checks
    owners: Owners
    metrics: Metrics
    language: Language
    zone: tzinfo
    chance: Callable[[], float]

    def slack(self, client: AsyncWebClient) -> SlackCourier:
        """To Slack."""
        ground = self.ground
        return SlackCourier(
            client=client,
            database=ground.database,
            rendering=self._rendering(),
            catalogue=ground.catalogue,
            security_channel=self.settings.slack.security_channel,
            metrics=self.metrics,
            now=ground.now,
            chance=self.chance,
            unreachable=lambda tx, owner, trouble: self.owners.keep(tx, owner, {CHANNEL: trouble}),
            differs=ground.is_behind,
        )

    def _rendering(self) -> Rendering:
        return Rendering(
            self.ground, checks=self.checks, pages=self.links, language=self.language, zone=self.zone
        )

    def mail(self) -> MailCourier:
        """To people outside Slack."""
        return MailCourier(
            self.page_ground,
            Smtp.of(self.settings.mail, self.settings.secrets.smtp_password),
            metrics=self.metrics,
            public_url=self.links.public_url,
            language=self.language,
            zone=self.zone,
        )

    def outside(self, session: aiohttp.ClientSession) -> tuple[Outside, ...]:
        """To those on duty outside Slack; none where the settings name none."""
        reader = Reader(language=self.language, zone=self.zone)
        return channels(self.settings, session, now=utc_now, reader=reader)

    def straight(self, client: AsyncWebClient, session: aiohttp.ClientSession) -> tuple[Outside, ...]:
        """To the security channel and to those on duty, past the outbox: for what the store cannot take."""
        reader = Reader(language=self.language, zone=self.zone)
        channel = self.settings.slack.security_channel
        return (Straight(client, channel, reader=reader), *self.outside(session))

    def escalations(self, channels: Sequence[Outside]) -> list[Duty]:
        """What owes to these channels, and a courier for each; without a channel, none."""
        if not channels:
            return []
        minutes = self.settings.incidents.after_minutes
        names = [one.name for one in channels]
        owing = Escalating(self.ground, channels=names, after=timedelta(minutes=minutes))
        write = partial(self._rendering().notice, minutes=minutes)
        couriers = [
            OutsideCourier(self.ground, one, write=write, metrics=self.metrics, chance=self.chance)
            for one in channels
        ]
        return [
            Duty(name="escalations", every=5, work=owing.owe_due),
            *(Duty(name=one.name, every=1, woken_by="outbox", work=one.deliver_due) for one in couriers),
        ]

    def siem(self, session: aiohttp.ClientSession) -> Streaming | None:
        """To whoever collects events; None where nobody does."""
        taker = open_siem(self.settings, session)
        if taker is None:
            return None
        sender, behind = secrets.token_hex(8), self.metrics.stream_behind.set
        return Streaming(self.ground, taker, sender=sender, behind=behind)
