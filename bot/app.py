"""The composition root: everything is built here, through constructors, and handed what it needs.

It holds no behaviour of its own beyond starting and stopping; nothing is looked up from a global.
"""

import asyncio
import random
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import structlog
from prometheus_client import CollectorRegistry
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.couriers.opening import Couriers
from bot.directories import open_directory
from bot.discovering import RULES, Discovering
from bot.duties import CATALOGUE, Duties
from bot.grounds import ground_of, page_ground_of
from bot.group_names import group_names
from bot.languages import read_language
from bot.limits import bulletin_times
from bot.listening import listen
from bot.metrics import Metrics
from bot.process import favour_the_loop
from bot.providers import help_desks
from bot.reloading import Reread, begin_with, govern, reloads
from bot.schedule import Duty, Schedule
from bot.settings import Settings
from bot.slack.bolt import Speaking
from bot.slack.door import PageLinks
from bot.slack.replies import Replies
from bot.slack.socket import Socket
from bot.slack.token import greet
from bot.starting import in_its_turn
from bot.texts import zone_named
from bot.watching import OwnerWatch
from bot.web.languages import Languages
from bot.web.site import Site
from handlers.alarms.raising import Alarms
from handlers.approvals.owners import Owners
from handlers.audit import taking_over
from handlers.audit.bulletins import Bulletins
from handlers.audit.publishing import Publishing
from handlers.audit.telling import Telling
from handlers.audit.watching import Watching
from handlers.decisions.policy import PolicyEngine
from handlers.drift.finding import Drift
from handlers.emergencies.granting import Emergencies
from handlers.grants.effects import Effects
from handlers.grants.leavers import Leavers
from handlers.grants.revocation import Revocation
from handlers.petitions.attesting import Attesting
from handlers.petitions.openings import Openings
from handlers.questions.checks import Checks
from handlers.secure_page.handles import Handles
from handlers.vouching.giving import Vouching
from storage import freezes
from storage.audit.guards import missing_guards, not_tables, told_of
from storage.audit.privileges import MEND, too_wide
from storage.clock import Clock
from storage.database import Database
from storage.directories.base import Directory
from storage.faults import AuditFault
from storage.macs import Macs

log = structlog.get_logger(__name__)

Chance = Callable[[], float]

# Seconds for messages under way when asked to stop; platforms give a process longer before they kill it.
END_WITHIN = 5.0
# And for those that the outbox did not wait for.
STRAGGLERS_END_WITHIN = 2.0

# What is left of Slack's three seconds when the facts took their two.
BUSY_TIMEOUT = 0.8
# A server that falls silent: when the facts came quickly, as they mostly do, Slack still hears in time (SL-4).
PATIENCE = 2.0


class App:
    """The bot, built from settings on a running loop.

    now: instead of the clock that all replicas share. directories, policy: instead of the configured and the shipped
    ones, where given.
    alone: no other bot works on this file (storage.engine.exclusive). reread: reads the settings anew, so that
    rules that change while it runs are taken up; without it they are not.

    Raises a fault of storage.faults when settings, policies or keys are not usable; then nothing was started.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        now: Clock | None = None,
        chance: Chance = random.random,
        directories: Mapping[str, Directory] | None = None,
        policy: PolicyEngine | None = None,
        alone: bool = True,
        reread: Reread | None = None,
    ) -> None:
        self._settings = settings
        self._alone = alone and isinstance(settings.store, Path)  # a server's database is for replicas
        self._open = AsyncExitStack()
        self._signer = settings.secrets.signer()
        self._language = read_language(settings.slack.translation)
        self._zone = zone_named(settings.slack.time_zone) or UTC
        self._languages = Languages(self._language, map(read_language, settings.server.translations))
        self._chance = chance
        vault, lifetime = settings.secrets.vault(), timedelta(minutes=settings.security.link_minutes)
        self._handles = handles = Handles(vault=vault, lifetime=lifetime)
        self.metrics = Metrics.in_registry(CollectorRegistry())
        self.database = Database(
            settings.store, busy_timeout=BUSY_TIMEOUT, patience=PATIENCE, macs=Macs(vault),
            replica=settings.server.replica, due_within=settings.exceptions.due_within,
            group_names=group_names(settings.directories),
        )  # fmt: skip
        self._now = now = now or self.database.now
        self._open.callback(self.database.close)
        self.directories = self._directories() if directories is None else directories
        self._discovering = Discovering(settings, self.directories, self.database, now, self._wake)
        self._held, self._unusable = begin_with(
            self._discovering.begins, policy, self.database, self._signer.verifier
        )
        self.ground = ground_of(settings, self.database, self.directories, now, vault=vault, held=self._held)
        self.governing = govern(settings, self.ground, self._held, self._look_anew)
        self._reloading = reloads(settings, self.ground, self.governing, reread, self._discovering)
        self._links = PageLinks(
            public_url=settings.server.public_url.rstrip("/"), handles=handles,
            minutes=settings.security.link_minutes,
        )  # fmt: skip
        self._page_ground = page_ground_of(settings, self.ground, vault, handles)
        self._alarms = Alarms(self.ground, self._page_ground)
        self._openings = Openings(self.ground, self._page_ground, Attesting(self.ground))
        self._checks = Checks(self.ground, desks=help_desks(settings))
        self._revocation = Revocation(self.ground)
        self._drift, self._leavers = Drift(self.ground), Leavers(self.ground)
        publishing = Publishing(self.ground, settings.published, is_own=settings.audit.published is None)
        self._watching = Watching(
            self.ground, self._signer, publishing=publishing, stopped=self.metrics.stopped
        )
        times = bulletin_times(settings.bulletins, self._zone)
        self.bulletins = Bulletins(self.ground, self._signer, times)
        self._owners = Owners(self.ground)
        self._effects = Effects(
            self.ground, chance=chance, slot_free=self._wake_holdings,
            revoked_late=self.metrics.revoked, tried=self.metrics.tried,
        )  # fmt: skip
        self._holdings = Duty(name="holdings", every=1, woken_by="holdings", work=self._effects.settle_due)
        self._socket: Socket | None = None
        self._watch: OwnerWatch | None = None
        self._schedule: Schedule | None = None

    async def start(self) -> None:
        """Check the audit store, open the ways in and out, begin the schedule: what is overdue goes first."""
        await self._check_audit()
        await in_its_turn(partial(self.governing.begin, self._unusable))
        if self._page_ground.provider is not None:
            self._open.push_async_callback(self._page_ground.provider.close)
        session = await self._open.enter_async_context(aiohttp.ClientSession())
        client = self._client(session)
        await greet(client, self._settings.slack)
        replies = Replies(client)
        self._open.push_async_callback(replies.finish)
        bolt = self._speaking().bolt(client, replies)
        await self._open_web(bolt)
        duties = self._duties(client, session).all(self._holdings)
        self._schedule = schedule = Schedule(duties, end_within=END_WITHIN, kept=self.ground.kept)
        self.database.on_wake(schedule.wake, asyncio.get_running_loop())
        # What a dead one left and what is overdue is on its way before any new work is taken up.
        await in_its_turn(partial(self._effects.resume, alone=self._alone))
        await in_its_turn(self._revocation.end_due)
        schedule.start()
        self._open.push_async_callback(self._effects.finish)
        self._open.push_async_callback(schedule.stop)
        if self._settings.slack.transport == "socket":
            await self._open_socket(bolt, client)

    async def stop(self) -> None:
        """Close the ways in, let what is under way end, close the stores."""
        await self._open.aclose()

    async def ready(self) -> Sequence[str]:
        """What is not ready, in words; empty if all is."""
        if self._socket is not None and not await self._socket.is_connected():
            return ["Slack is not connected"]
        return []

    async def caught_up(self) -> None:
        """Until all that a start begins with is done: what was overdue, and a first look at everything."""
        if self._schedule is not None:
            await self._schedule.done()

    async def compare(self) -> bool:
        """Look at every directory now instead of when it is due: what it describes, drift, and people who left.

        Whether all that they describe, and every group, could be read, and what differs told.
        """
        discovering = map(self._discovering.look, self._discovering.names)
        read = await asyncio.gather(*discovering, *map(self._drift.look, self.directories))
        await self._leavers.look(everybody=True)
        return all(read)

    async def look_at_owners(self) -> None:
        """Look at every owner now instead of once a day: its approvers and its channel."""
        if self._watch is not None:
            await self._watch.look()

    def reload(self) -> None:
        """Read the rules anew now, whether their files seem changed or not."""
        if self._reloading is not None:
            self._reloading.forget()
            self._wake(RULES)

    def _directories(self) -> Mapping[str, Directory]:
        """The configured directories, by the names that entitlements use."""
        opened: dict[str, Directory] = {}
        for name, section in self._settings.directories.items():
            directory = open_directory(name, section, self._settings.secrets, now=self._now)
            self._open.callback(directory.close)
            opened[name] = directory
        return opened

    async def _check_audit(self) -> None:
        """A store that is not guarded is not written to; one that is not what was signed gives nothing new (T-2)."""
        if strange := await self.database.read(not_tables):
            raise AuditFault(f"{told_of(strange)} Find out who did that, and run `wicket audit verify`.")
        if missing := await self.database.read(missing_guards):
            raise AuditFault(
                f"Nothing keeps the audit tables from being changed: {', '.join(missing)} is missing, changed or off. "
                "Find out why, and run `wicket audit verify`; `wicket migrate` puts it back."
            )
        if wide := await self.database.read(too_wide):
            log.warning("audit.role_too_wide", can=wide, mend=MEND)
        await self._watching.look_for_strangers()
        await in_its_turn(partial(taking_over.begin, self.ground, self._signer.verifier))
        await self._watching.look()
        self._open.push_async_callback(self._watching.last_look)
        for freeze in await self.database.read(freezes.open_ones):
            log.warning("access.stopped", kind=freeze.kind, since=freeze.since.isoformat())

    def _client(self, session: aiohttp.ClientSession) -> AsyncWebClient:
        token = self._settings.secrets.need("slack_bot_token").get_secret_value()
        base_url = self._settings.slack.api_url or AsyncWebClient.BASE_URL
        # No retries inside the client: a post whose answer was lost would be made twice. The outbox tries again.
        return AsyncWebClient(token=token, session=session, base_url=base_url, retry_handlers=[])

    async def _open_web(self, bolt: AsyncApp) -> None:
        server = self._settings.server
        listening = await listen(self._site().app(bolt), server.host, server.port)
        self._open.push_async_callback(listening.close)

    async def _open_socket(self, bolt: AsyncApp, client: AsyncWebClient) -> None:
        token = self._settings.secrets.need("slack_app_token").get_secret_value()
        self._socket = Socket(bolt, app_token=token, client=client)
        await self._socket.open()
        self._open.push_async_callback(self._socket.close)

    def _speaking(self) -> Speaking:
        """What answers people in Slack."""
        limits = self._page_ground.vouching
        return Speaking(
            settings=self._settings,
            ground=self.ground,
            checks=self._checks,
            leavers=self._leavers,
            handles=self._handles,
            pages=self._links,
            alarms=self._alarms,
            metrics=self.metrics,
            signer=self._signer,
            governing=self.governing,
            language=self._language,
            vouching=Vouching(self.ground, self._page_ground.vault, limits) if limits else None,
        )

    def _site(self) -> Site:
        """What stands behind the one address."""
        return Site(
            settings=self._settings,
            ground=self.ground,
            page_ground=self._page_ground,
            links=self._links,
            alarms=self._alarms,
            watching=self._watching,
            metrics=self.metrics,
            languages=self._languages,
            zone=self._zone,
            ready=self.ready,
        )

    def _couriers(self) -> Couriers:
        """What delivers."""
        return Couriers(
            settings=self._settings,
            ground=self.ground,
            page_ground=self._page_ground,
            links=self._links,
            checks=self._checks,
            owners=self._owners,
            metrics=self.metrics,
            language=self._language,
            zone=self._zone,
            chance=self._chance,
        )

    def _duties(self, client: AsyncWebClient, session: aiohttp.ClientSession) -> Duties:
        couriers = self._couriers()
        self._watch = watch = OwnerWatch(self.ground, self._owners, client)
        slack = couriers.slack(client)
        self._open.push_async_callback(slack.finish, STRAGGLERS_END_WITHIN)
        return Duties(
            settings=self._settings,
            ground=self.ground,
            page_ground=self._page_ground,
            owners=self._owners,
            effects=self._effects,
            revocation=self._revocation,
            alarms=self._alarms,
            emergencies=Emergencies(self.ground, couriers.outside(session)),
            openings=self._openings,
            drift=self._drift,
            leavers=self._leavers,
            watching=self._watching,
            telling=Telling(
                self.ground,
                replica=self._settings.server.replica,
                straight=couriers.straight(client, session),
            ),
            verifier=self._signer.verifier,
            bulletins=self.bulletins,
            watch=watch,
            slack=slack,
            mail=couriers.mail(),
            escalations=couriers.escalations(couriers.outside(session)),
            siem=couriers.siem(session),
            metrics=self.metrics,
            directories=tuple(self.directories),
            governing=self.governing,
            reloading=self._reloading,
            discovering=self._discovering,
        )

    def _look_anew(self) -> None:
        """The catalogue may be another: it is held against the directories and Slack now."""
        self._wake(CATALOGUE)

    def _wake(self, name: str) -> None:
        if self._schedule is not None:
            self._schedule.wake(frozenset({name}))

    def _wake_holdings(self) -> None:
        self._holdings.wake()


async def serve(settings: Settings, reread: Reread | None = None) -> None:
    """Run until told to stop (SIGTERM or SIGINT), then stop cleanly. SIGHUP reads the rules anew."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    app = App(settings, reread=reread)
    loop.add_signal_handler(signal.SIGHUP, app.reload)
    try:
        await app.start()
        favour_the_loop()
        missing = await app.ready()
        log.info("wicket.started", page=settings.server.public_url, not_ready=", ".join(missing) or None)
        await stopping.wait()
    finally:
        await app.stop()
