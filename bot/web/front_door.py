"""The page's own front door at /start, for whoever cannot ask in Slack: a login is typed, and a visit begins.

Every answer is alike for known and unknown people and takes the same time at least (P-9); a GET changes nothing.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from bot.metrics import Metrics
from bot.texts import template
from bot.web.addresses import Callers, Hourly
from bot.web.forms import FormPages, read_form
from bot.web.rendering import Pages
from handlers.secure_page.front_door import FrontDoor, Shut
from handlers.secure_page.visits import PageGround
from storage.clock import Clock

START_PATH = "/start"
NEED_LOGIN = template("Type the login you use at work.")
NOT_FROM_HERE = template(
    "Your browser sent this form without its cookie, so nothing was done. Allow cookies and try again."
)
TOO_MANY = (
    template("Too many have tried from where you are."),
    template("Nothing was done. Wait some minutes and try again, or ask your IT team."),
)
SHUT = (
    template("I can't help here right now."),
    template(
        "It has to be made sure first that my records are right, and until then nobody's password is changed here. "
        "Ask your IT team."
    ),
)
_LONGEST = 1024
WAIT = "300"


@dataclass(frozen=True, kw_only=True)
class DoorWidth:
    """directory: whose logins are typed. The two limits are of one login, and of one network address.

    trusted_proxies: whose X-Forwarded-For is believed.
    """

    directory: str
    an_hour: int = 5
    an_hour_from_one_address: int = 60
    trusted_proxies: tuple[str, ...] = ()


class Crowd:
    """Those who come by themselves, without a link: so many an hour from one address, and no more."""

    def __init__(self, width: DoorWidth, now: Clock, metrics: Metrics) -> None:
        self._callers = Callers(width.trusted_proxies)
        self._limit = Hourly(width.an_hour_from_one_address, now)
        self._metrics, self._pages = metrics, Pages()

    def limited(self, request: web.Request) -> web.Response | None:
        """The answer to one too many; None for whoever may go on."""
        if self._limit.allows(self._callers.of(request)):
            return None
        self._metrics.request("page", "limited")
        answer = self._pages.ended("⌛", *TOO_MANY, status=429)
        answer.headers["Retry-After"] = WAIT
        return answer


class FrontDoorPage:
    """floor: seconds that each answer to a login takes at least."""

    def __init__(
        self, ground: PageGround, width: DoorWidth, *, forms: FormPages, metrics: Metrics, floor: float
    ) -> None:
        self._door = FrontDoor(ground, directory=width.directory, an_hour=width.an_hour)
        self._crowd = Crowd(width, ground.now, metrics)
        self._forms, self._metrics, self._floor = forms, metrics, floor

    def routes(self) -> list[web.AbstractRouteDef]:
        """The one address."""
        return [web.get(START_PATH, self.show), web.post(START_PATH, self.take)]

    async def show(self, request: web.Request) -> web.Response:
        """GET: the form."""
        return self._form(request)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """POST: a login. Answers 303 to the visit, whoever it is."""
        until = asyncio.get_running_loop().time() + self._floor
        if limited := self._crowd.limited(request):
            return limited
        fields = await read_form(request)
        login = fields.get("login", "")[:_LONGEST]
        if not self._forms.is_ours(request, START_PATH, fields):
            self._metrics.request("page", "refused")
            return self._form(request, errors={"": NOT_FROM_HERE}, login=login, status=403)
        if not login.strip():
            return self._form(request, errors={"login": NEED_LOGIN}, status=422)
        try:
            opened = await self._door.open(login, unlock=fields.get("what") == "unlock")
        finally:
            await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        self._metrics.request("page", "done")
        if isinstance(opened, Shut):
            return self._forms.pages.ended("⌛", *SHUT, status=503)
        return web.Response(status=303, headers={"Location": f"/p/{opened.text}"})

    def _form(
        self,
        request: web.Request,
        *,
        errors: dict[str, str] | None = None,
        login: str = "",
        status: int = 200,
    ) -> web.Response:
        return self._forms.page(
            request, "start", START_PATH, status=status, here=START_PATH, errors=errors or {}, login=login
        )
