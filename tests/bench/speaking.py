"""What answers in Slack and nothing else: the bot's listeners over any catalogue, without schedule and couriers.

A catalogue of ten thousand can be searched this way without ten thousand groups that somebody would have to make.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import aiohttp
from prometheus_client import CollectorRegistry
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.directories import open_directory
from bot.grounds import ground_of, held_by
from bot.metrics import Metrics
from bot.reloading import govern
from bot.settings import Settings
from bot.slack.bolt import Speaking
from bot.slack.door import PageLinks
from bot.slack.replies import Replies
from handlers.alarms.raising import Alarms
from handlers.grants.leavers import Leavers
from handlers.questions.checks import Checks
from handlers.secure_page.handles import Handles
from handlers.secure_page.visits import PageGround
from storage.catalogue import Catalogue, Entitlement
from storage.database import Database

WORDS = (
    "billing", "payments", "ledger", "orders", "catalogue", "search", "shipping", "stock", "pricing", "customer",
    "invoice", "refund", "fraud", "risk", "report", "export", "import", "audit", "backup", "deploy", "monitor",
    "dashboard", "queue", "cache", "proxy", "gateway", "identity", "mail", "calendar", "wiki", "ticket", "build",
    "release", "image", "cluster",
)  # fmt: skip


@asynccontextmanager
async def speaking(settings: Settings, catalogue: Catalogue) -> AsyncIterator[tuple[AsyncApp, Metrics]]:
    """Bolt with the listeners, on the database and directories of these settings."""
    async with AsyncExitStack() as opened:
        database = Database(settings.store)
        opened.callback(database.close)
        directories = {}
        for name, section in settings.directories.items():
            directories[name] = open_directory(name, section, settings.secrets, now=database.now)
            opened.callback(directories[name].close)
        ground = replace(ground_of(settings, database, directories, database.now), catalogue=catalogue)
        session = await opened.enter_async_context(aiohttp.ClientSession())
        token = settings.secrets.need("slack_bot_token").get_secret_value()
        client = AsyncWebClient(token=token, session=session, base_url=settings.slack.api_url or "")
        replies = Replies(client)
        opened.push_async_callback(replies.finish)
        handles = Handles(vault=settings.secrets.vault(), lifetime=timedelta(minutes=10))
        metrics = Metrics.in_registry(CollectorRegistry())
        page = PageGround(
            database=database,
            directories=directories,
            policy=ground.policy,
            vault=settings.secrets.vault(),
            handles=handles,
            now=database.now,
        )
        built = Speaking(
            settings=settings,
            ground=ground,
            checks=Checks(ground),
            leavers=Leavers(ground),
            handles=handles,
            pages=PageLinks(public_url=settings.server.public_url, handles=handles, minutes=10),
            alarms=Alarms(ground, page),
            metrics=metrics,
            signer=settings.secrets.signer(),
            governing=govern(settings, ground, held_by(settings)),
        )
        yield built.bolt(client, replies), metrics


def grown(catalogue: Catalogue, count: int) -> Catalogue:
    """The catalogue with so many more things in it, of a few dozen words each in its own mixture."""
    owner = next(iter(catalogue.owners))
    more = {one.id: one for one in (_thing(number, owner) for number in range(count))}
    return replace(catalogue, entitlements={**catalogue.entitlements, **more})


def _thing(number: int, owner: str) -> Entitlement:
    first, second = WORDS[number % len(WORDS)], WORDS[number // len(WORDS) % len(WORDS)]
    place = ("production", "staging", "test")[number % 3]
    return Entitlement(
        id=f"app-{first}-{second}-{number:05}",
        title=f"{first.title()} {second}, {place}",
        directory="local",
        group=f"app-{number:05}",
        owner=owner,
        risk=1 + number % 4,
        environment="corporate",
        kind="tool",
        access=("read", "read and write", "deploy", "administer")[number % 4],
        max_duration=timedelta(hours=8),
        aliases=(f"svc{number:05}",),
    )
