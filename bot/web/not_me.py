"""The page behind “This wasn't me” in letters: a button that stops things, for whoever holds the letter.

A GET changes and spends nothing, so that programs that follow the links of a mail stop nobody; it tells no name.
"""

from urllib.parse import quote

from aiohttp import web

from bot.metrics import Metrics
from bot.texts import template
from bot.web.endings import Ending
from bot.web.forms import FormPages, read_form
from handlers.alarms.raising import Alarms
from handlers.alarms.reported import NoLink, Stopped
from storage.secrets import Vault

NOT_FROM_HERE = template(
    "Your browser sent this without its cookie, so nothing was done. Allow cookies and try again."
)

STOPPED = Ending(
    symbol="✅",
    title=template("It is stopped."),
    sentences=(
        template(
            "What was open is closed. The account is being switched off and signed out wherever the directory can do "
            "that."
        ),
        template(
            "The security team has been told. Go to them, in person or by phone: only they can let you in again."
        ),
        template("You can close this page."),
    ),
)
STOPPED_AND_HELD = Ending(
    symbol="⚠️",
    title=template("What was open is closed, but the account is not switched off."),
    sentences=(
        template(
            "There were too many such reports at once, so the security team has been told and looks first."
        ),
        template("Go to them now, in person or by phone."),
        template("You can close this page."),
    ),
)
STOPPED_BEFORE = Ending(
    symbol="✅",
    title=template("This was stopped before."),
    sentences=(
        template("Somebody pressed this button already, and the security team knows. Nothing more was done."),
    ),
)
PETITION_STOPPED = Ending(
    symbol="✅",
    title=template("It is stopped."),
    sentences=(
        template("Nobody decides about it any more, and the account stays as it is."),
        template(
            "The security team has been told that it was not you. If somebody else may be in your mail or your Slack, "
            "go to them at once."
        ),
        template("You can close this page."),
    ),
)
PETITION_OVER = Ending(
    symbol="✅",
    title=template("It was over already."),
    sentences=(template("Nothing was changed by it, and nothing more was done."),),
)
NOTHING = Ending(
    symbol="⌛",
    title=template("This link stops nothing any more."),
    sentences=(
        template("It works for a week."),
        template("If something is wrong with your account, tell the security team at once."),
    ),
)


def end_of(outcome: Stopped | NoLink) -> Ending:
    """What to say of what became of it."""
    if isinstance(outcome, NoLink):
        return NOTHING
    if outcome.petition:
        return PETITION_OVER if outcome.again else PETITION_STOPPED
    if outcome.held:
        return STOPPED_AND_HELD
    return STOPPED_BEFORE if outcome.again else STOPPED


class NotMePage:
    """public_url: says whether cookies are of the secure kind."""

    def __init__(self, alarms: Alarms, vault: Vault, *, public_url: str, metrics: Metrics) -> None:
        self._alarms = alarms
        self._forms = FormPages(vault, public_url=public_url)
        self._metrics = metrics

    def routes(self) -> list[web.AbstractRouteDef]:
        """The routes of the page."""
        at = r"/not-me/{text:[^/]{1,128}}"
        return [web.get(at, self.show), web.post(at, self.stop)]

    async def show(self, request: web.Request) -> web.Response:
        """GET: what the button would do. It is the same for every link, and looks nothing up."""
        return self._form(request)

    async def stop(self, request: web.Request) -> web.Response:
        """POST: stop it. Done again it does nothing more."""
        text, fields = request.match_info["text"], await read_form(request)
        if fields.get("do") != "stop" or not self._forms.is_ours(request, text, fields):
            self._metrics.request("page", "refused")
            return self._form(request, wrong=NOT_FROM_HERE, status=403)
        outcome = await self._alarms.by_mail(text)
        self._metrics.request("page", "refused" if isinstance(outcome, NoLink) else "done")
        end = end_of(outcome)
        return self._forms.pages.ended(end.symbol, end.title, *end.sentences)

    def _form(self, request: web.Request, *, wrong: str = "", status: int = 200) -> web.Response:
        text = request.match_info["text"]
        here, errors = f"/not-me/{quote(text, safe='')}", {"": wrong} if wrong else {}
        return self._forms.page(request, "not-me", text, status=status, here=here, errors=errors)
