"""The web server's application: the secure page, health and metrics, and Slack's payloads where they come by HTTP.

It listens to nothing and holds no behaviour: whoever opens it does, and the pages answer.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.metrics import Metrics
from bot.providers import door_width
from bot.settings import Settings
from bot.slack.door import PageLinks
from bot.slack.signed_http import SignedHttp
from bot.web.asking import asking_routes
from bot.web.languages import Languages
from bot.web.not_me import NotMePage
from bot.web.page import SecurePage
from bot.web.server import build_app
from handlers.alarms.raising import Alarms
from handlers.audit.watching import Watching
from handlers.ground import Ground
from handlers.secure_page.visits import PageGround


@dataclass(frozen=True, kw_only=True)
class Site:
    """What the pages stand on. ready: what is not ready, in words."""

    settings: Settings
    ground: Ground
    page_ground: PageGround
    links: PageLinks
    alarms: Alarms
    watching: Watching
    metrics: Metrics
    languages: Languages
    zone: tzinfo
    ready: Callable[[], Awaitable[Sequence[str]]]

    def app(self, bolt: AsyncApp) -> web.Application:
        """Everything behind the one address."""
        url, width = self.links.public_url, door_width(self.settings)
        page = SecurePage(self.page_ground, public_url=url, metrics=self.metrics, front_door=width)
        not_me = NotMePage(self.alarms, self.page_ground.vault, public_url=url, metrics=self.metrics)
        asking = asking_routes(self.ground, self.page_ground, width, url, self.metrics)
        return build_app(
            public_url=url,
            page=page,
            metrics=self.metrics,
            ready=self.ready,
            checkpoint=lambda: self.watching.latest,
            slack_handler=self._signed(bolt),
            more=[*not_me.routes(), *asking],
            languages=self.languages,
            zone=self.zone,
            kept=self.ground.kept,
        )

    def _signed(self, bolt: AsyncApp) -> Callable[[web.Request], Awaitable[web.StreamResponse]] | None:
        """Slack's payloads by HTTP; None where they come by socket."""
        if self.settings.slack.transport != "http":
            return None
        secret = self.settings.secrets.need("slack_signing_secret").get_secret_value()
        return SignedHttp(bolt, signing_secret=secret, metrics=self.metrics, now=self.page_ground.now).handle
