"""The page at /ask, for whoever cannot ask two people in Slack: a login, what is needed, and what happened.

Every answer is alike for known and unknown people and takes the same time at least (P-9); a GET changes nothing.
"""

import asyncio

from aiohttp import web

from bot.metrics import Metrics
from bot.texts import template
from bot.web.addresses import Callers, Hourly
from bot.web.forms import Cookies, Tokens, from_elsewhere, new_form_cookie, read_form
from bot.web.front_door import NEED_LOGIN, NOT_FROM_HERE, SHUT, TOO_MANY, WAIT, DoorWidth
from bot.web.rendering import Pages
from handlers.ground import Ground
from handlers.intents import JUSTIFICATION_LIMIT
from handlers.petitions.front_door import PetitionDoor
from handlers.secure_page.visits import PageGround
from storage.sentences import Sentence
from storage.states import PetitionKind

ASK_PATH = "/ask"
NEED_WORDS = template("Write what happened: they decide by it.")
ASKED = (
    template("Two people are asked, if this login can be helped so."),
    template("You hear of every step by mail, at your work address and the one before, and in Slack."),
    template("They have to speak to you: stay reachable, or go to them."),
    template("If no mail comes within some minutes, go to the IT desk in person."),
)
_LONGEST = 1024


class AskingPage:
    """floor: seconds that each answer takes at least. public_url: says whether cookies are of the secure kind."""

    def __init__(
        self,
        door: PetitionDoor,
        ground: PageGround,
        width: DoorWidth,
        *,
        public_url: str,
        metrics: Metrics,
        floor: float = 0.5,
    ) -> None:
        self._door, self._metrics, self._floor = door, metrics, floor
        self._callers = Callers(width.trusted_proxies)
        self._limit = Hourly(width.an_hour_from_one_address, ground.now)
        self._cookies = Cookies(secure=public_url.startswith("https://"))
        self._tokens, self._pages = Tokens(ground.vault), Pages()

    def routes(self) -> list[web.AbstractRouteDef]:
        """The one address."""
        return [web.get(ASK_PATH, self.show), web.post(ASK_PATH, self.take)]

    async def show(self, request: web.Request) -> web.Response:
        """GET: the form."""
        return self._form(request)

    async def take(self, request: web.Request) -> web.Response:
        """POST: a petition. The answer is the same, whoever it is for."""
        until = asyncio.get_running_loop().time() + self._floor
        if not self._limit.allows(self._callers.of(request)):
            self._metrics.request("page", "limited")
            answer = self._message(429, *TOO_MANY)
            answer.headers["Retry-After"] = WAIT
            return answer
        fields = await read_form(request)
        typed = {"login": fields.get("login", "")[:_LONGEST], "words": fields.get("words", "")}
        wanted = fields.get("what", "")
        if from_elsewhere(request) or not self._tokens.fits(
            ASK_PATH, self._cookies.form(request), fields.get("token", "")
        ):
            self._metrics.request("page", "refused")
            return self._form(request, errors={"": NOT_FROM_HERE}, typed=typed, status=403)
        if wrong := _wrong_with(typed):
            return self._form(request, errors=wrong, typed=typed, what=wanted, status=422)
        kind = PetitionKind.PASSWORD if wanted == PetitionKind.PASSWORD else PetitionKind.PROOFS
        try:
            shut = await self._door.ask(typed["login"], kind, typed["words"])
        finally:
            await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        self._metrics.request("page", "done")
        if shut is not None:
            return self._message(503, *SHUT)
        return self._message(200, *ASKED, symbol="⏳")

    def _form(
        self,
        request: web.Request,
        *,
        errors: dict[str, str] | None = None,
        typed: dict[str, str] | None = None,
        what: str = "",
        status: int = 200,
    ) -> web.Response:
        cookie = self._cookies.form(request) or new_form_cookie()
        response = self._pages.page(
            "ask",
            status=status,
            here=ASK_PATH,
            token=self._tokens.token(ASK_PATH, cookie),
            errors=errors or {},
            typed=typed or {"login": "", "words": ""},
            what=what,
            most=JUSTIFICATION_LIMIT,
        )
        if cookie != self._cookies.form(request):
            self._cookies.set_form(response, cookie)
        return response

    def _message(self, status: int, title: str, *sentences: str, symbol: str = "⌛") -> web.Response:
        return self._pages.page("message", status=status, symbol=symbol, title=title, sentences=sentences)


def asking_routes(
    ground: Ground, page: PageGround, width: DoorWidth | None, public_url: str, metrics: Metrics
) -> list[web.AbstractRouteDef]:
    """The page's routes, where the front door is open; width: None keeps it shut."""
    if width is None:
        return []
    door = PetitionDoor(ground, directory=width.directory)
    return AskingPage(door, page, width, public_url=public_url, metrics=metrics).routes()


def _wrong_with(typed: dict[str, str]) -> dict[str, str]:
    wrong = {} if typed["login"].strip() else {"login": NEED_LOGIN}
    if not typed["words"].strip():
        wrong["words"] = NEED_WORDS
    elif len(typed["words"]) > JUSTIFICATION_LIMIT:
        wrong["words"] = Sentence("Please keep it to {most} characters.", most=JUSTIFICATION_LIMIT)
    return wrong
