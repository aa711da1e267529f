"""The page at /ask, for whoever cannot ask two people in Slack: a login, what is needed, and what happened.

Every answer is alike for known and unknown people and takes the same time at least (P-9); a GET changes nothing.
"""

import asyncio

from aiohttp import web

from bot.metrics import Metrics
from bot.texts import template
from bot.web.forms import FormPages, read_form
from bot.web.front_door import NEED_LOGIN, NOT_FROM_HERE, SHUT, Crowd, DoorWidth
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
        self._crowd = Crowd(width, ground.now, metrics)
        self._forms = FormPages(ground.vault, public_url=public_url)

    def routes(self) -> list[web.AbstractRouteDef]:
        """The one address."""
        return [web.get(ASK_PATH, self.show), web.post(ASK_PATH, self.take)]

    async def show(self, request: web.Request) -> web.Response:
        """GET: the form."""
        return self._form(request)

    async def take(self, request: web.Request) -> web.Response:
        """POST: a petition. The answer is the same, whoever it is for."""
        until = asyncio.get_running_loop().time() + self._floor
        if limited := self._crowd.limited(request):
            return limited
        fields = await read_form(request)
        typed = {"login": fields.get("login", "")[:_LONGEST], "words": fields.get("words", "")}
        wanted = fields.get("what", "")
        if not self._forms.is_ours(request, ASK_PATH, fields):
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
            return self._forms.pages.ended("⌛", *SHUT, status=503)
        return self._forms.pages.ended("⏳", *ASKED)

    def _form(
        self,
        request: web.Request,
        *,
        errors: dict[str, str] | None = None,
        typed: dict[str, str] | None = None,
        what: str = "",
        status: int = 200,
    ) -> web.Response:
        return self._forms.page(
            request,
            "ask",
            ASK_PATH,
            status=status,
            here=ASK_PATH,
            errors=errors or {},
            typed=typed or {"login": "", "words": ""},
            what=what,
            most=JUSTIFICATION_LIMIT,
        )


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
