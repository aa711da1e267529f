"""The page's own front door at /start, for whoever cannot ask in Slack: a login is typed, and a visit begins.

Every answer is alike for known and unknown people and takes the same time at least (P-9); a GET changes nothing.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from bot.metrics import Metrics
from bot.texts import template
from bot.web.addresses import Callers, Hourly
from bot.web.forms import Cookies, Tokens, from_elsewhere, new_form_cookie, read_form
from bot.web.rendering import Pages
from handlers.secure_page.front_door import FrontDoor, Shut
from handlers.secure_page.visits import PageGround

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


class FrontDoorPage:
    """floor: seconds that each answer to a login takes at least."""

    def __init__(
        self,
        ground: PageGround,
        width: DoorWidth,
        *,
        cookies: Cookies,
        tokens: Tokens,
        metrics: Metrics,
        floor: float,
    ) -> None:
        self._door = FrontDoor(ground, directory=width.directory, an_hour=width.an_hour)
        self._callers = Callers(width.trusted_proxies)
        self._limit = Hourly(width.an_hour_from_one_address, ground.now)
        self._cookies, self._tokens = cookies, tokens
        self._metrics, self._floor = metrics, floor
        self._pages = Pages()

    def routes(self) -> list[web.AbstractRouteDef]:
        """The one address."""
        return [web.get(START_PATH, self.show), web.post(START_PATH, self.take)]

    async def show(self, request: web.Request) -> web.Response:
        """GET: the form."""
        return self._form(request)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """POST: a login. Answers 303 to the visit, whoever it is."""
        until = asyncio.get_running_loop().time() + self._floor
        if not self._limit.allows(self._callers.of(request)):
            self._metrics.request("page", "limited")
            answer = self._message(429, *TOO_MANY)
            answer.headers["Retry-After"] = WAIT
            return answer
        fields = await read_form(request)
        login = fields.get("login", "")[:_LONGEST]
        if from_elsewhere(request) or not self._tokens.fits(
            START_PATH, self._cookies.form(request), fields.get("token", "")
        ):
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
            return self._message(503, *SHUT)
        return web.Response(status=303, headers={"Location": f"/p/{opened.text}"})

    def _form(
        self,
        request: web.Request,
        *,
        errors: dict[str, str] | None = None,
        login: str = "",
        status: int = 200,
    ) -> web.Response:
        cookie = self._cookies.form(request) or new_form_cookie()
        response = self._pages.page(
            "start",
            status=status,
            here=START_PATH,
            token=self._tokens.token(START_PATH, cookie),
            errors=errors or {},
            login=login,
        )
        if cookie != self._cookies.form(request):
            self._cookies.set_form(response, cookie)
        return response

    def _message(self, status: int, title: str, sentence: str) -> web.Response:
        return self._pages.page("message", status=status, symbol="⌛", title=title, sentences=(sentence,))
