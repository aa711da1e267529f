"""The request form from its opening to its sending: one for every way that leads to it.

It decides nothing: what it shows is foreseen by a handler, and what is sent is asked again by another.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.slack.actions import Field, Form
from bot.slack.choices import Answer as Choice
from bot.slack.choices import Choices
from bot.slack.forms.parts import Answer, Wrong, note_if_any
from bot.slack.forms.request import LIVE_FIELDS, Prefilled, read_request, read_so_far, request_form, too_many
from bot.slack.incoming import Incoming, first_action, part, text
from bot.slack.messages.asking import TICKET_WANTED, UNKNOWN, asked_text, together_text
from bot.slack.messages.freezes import stopped_plainly
from bot.slack.replies import Replies
from bot.slack.words import inert, together
from bot.texts import as_told, say, template
from handlers.decisions import understanding as meant
from handlers.decisions.freezing import Stopped
from handlers.decisions.grammar import understand
from handlers.decisions.names import Names
from handlers.intents import MOST_TOGETHER, Actor, AskTogether, Intent, whole_minutes
from handlers.outcomes import AskedTogether, NotAReport, TicketWanted
from handlers.requests.asking import Asking
from handlers.requests.foreseen import Filled, Foresight
from handlers.requests.foresight import Foreseeing
from handlers.requests.stories import GrantStory
from handlers.rules.holding import Derived
from storage.catalogue import Catalogue
from storage.faults import DirectoryUnavailable

# The form opens in time, whether it is known by then what would happen or not. One that stands open can wait longer.
_OPENS_WITHIN, _CHANGES_WITHIN = 0.7, 1.4
_FORMS_KEPT = 5000

FROM_MESSAGE = template("This is what I read in the message. Nothing is sent yet.")
NOT_LINKED = template(
    "This was for {name}, whose Slack account is not linked to them any more, so *For whom?* is empty: as it is, you "
    "would ask for yourself."
)
NOT_READ = template(
    "I could not read a request in that message, so I kept nothing of it. Fill in what you need."
)


class Requesting:
    """Opens the form, keeps what it foretells true while it is filled in, and sends it."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        names: Callable[[], Names],
        asking: Asking,
        foreseeing: Foreseeing,
        replies: Replies,
    ) -> None:
        self._catalogue = catalogue
        self._names = names
        self._asking = asking
        self._foreseeing = foreseeing
        self._replies = replies
        self._choices = Derived(catalogue, lambda one: Choices(one.entitlements.values()))
        self._newest: OrderedDict[str, float] = OrderedDict()

    def choices(self, query: str) -> Choice:
        """What the menu offers for what was typed so far; what there is to ask for is no secret among colleagues."""
        return self._choices().offered(query)

    async def open(
        self,
        actor: Actor,
        incoming: Incoming,
        trigger: str,
        prefilled: Prefilled,
        *,
        draft: str = "",
        remark: str = "",
    ) -> bool:
        """Open the form; False if Slack would not any more. Nothing is recorded: nothing has happened yet."""
        foresight = await self._foreseen(actor, incoming, prefilled.filled, within=_OPENS_WITHIN)
        return await self._replies.open_form(
            trigger, request_form(prefilled, foresight, draft=draft, remark=remark)
        )

    def read(self, words: str) -> tuple[Prefilled, str]:
        """A form filled with what a message says, and the remark above it. What was not understood is not in it."""
        match understand(words, self._names()):
            case meant.DraftRequest() as draft:
                return _drafted(draft, self._catalogue), _remark(draft)
            case meant.SeveralNamed(entitlements=several, draft=draft):
                found = (self._catalogue.entitlements.get(one) for one in several)
                named = tuple(one for one in found if one is not None)
                filled = replace(_drafted(draft, self._catalogue), entitlements=named[:MOST_TOGETHER])
                return filled, together(_remark(draft), too_many() if len(named) > MOST_TOGETHER else "")
            case meant.DidYouMean(kind="request", draft=meant.DraftRequest() as draft):
                return _drafted(draft, self._catalogue), say(FROM_MESSAGE)
            case _:
                return Prefilled(), say(NOT_READ)

    def is_about(self, action: str, view: Mapping[str, Any]) -> bool:
        """Whether this happened inside the form, to a field on which something depends."""
        return view.get("callback_id") == Form.REQUEST and action in LIVE_FIELDS

    async def changed(self, actor: Actor, incoming: Incoming, body: Mapping[str, Any]) -> None:
        """Say anew what would happen. Of several changes at once the newest has the last word."""
        view = part(body, "view")
        form, at = text(view.get("id")), _moment(body)
        if not form or at < self._newest.get(form, 0.0):
            return
        self._newest[form] = at
        self._newest.move_to_end(form)
        if len(self._newest) > _FORMS_KEPT:
            self._newest.popitem(last=False)
        so_far = read_so_far(view, self._catalogue)
        foresight = await self._foreseen(actor, incoming, so_far.filled, within=_CHANGES_WITHIN)
        made = request_form(so_far, foresight, draft=text(view.get("private_metadata")))
        shown = await self._replies.update_form(form, text(view.get("hash")), made)
        if shown == "changed meanwhile" and self._newest.get(form) == at:
            await self._replies.update_form(form, "", made)

    def say(self, view: Mapping[str, Any], sentence: str) -> None:
        """Say something in the form instead of what would happen; what stands in it stays."""
        so_far, draft = read_so_far(view, self._catalogue), text(view.get("private_metadata"))
        if form := text(view.get("id")):
            self._replies.show_form(form, request_form(so_far, sentence, draft=draft))

    async def submit(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """Send what stands in the form; errors stand at their field."""
        typed = read_request(view, self._catalogue)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._asking.ask_together(
            AskTogether(
                **incoming.origin(actor),
                entitlements=typed.entitlements,
                duration=typed.duration,
                justification=typed.justification,
                ticket=typed.ticket,
                report=typed.report,
                draft=typed.draft or None,
            )
        )
        match outcome:
            case NotAReport(advice=advice):
                return Wrong(at={Field.FOR: as_told(advice)})
            case Stopped():  # the form stays, with what was typed
                return Wrong(at={Field.JUSTIFICATION: stopped_plainly(outcome)})
            case TicketWanted():
                return Wrong(at={Field.TICKET: say(TICKET_WANTED)})
            case AskedTogether(each=((_, one),)):
                said = together_text(outcome) if outcome.report else asked_text(one)
                return note_if_any(say("Nothing was sent"), said)
            case AskedTogether():
                said = together_text(outcome)
                return note_if_any(say("Not all of it was sent"), said)
        said = asked_text(outcome)
        return note_if_any(say("Nothing was sent"), said)

    async def _foreseen(
        self, actor: Actor, incoming: Incoming, filled: Filled, *, within: float
    ) -> Foresight | str:
        """A sentence when the directory does not say within so many seconds: unknown is not none (promise 7)."""
        if not filled.entitlements and not filled.report:
            return Foresight(minutes=filled.minutes)
        intent = Intent(**incoming.origin(actor))
        try:
            async with asyncio.timeout(within):
                return await self._foreseeing.foresee(intent, filled)
        except (TimeoutError, DirectoryUnavailable):
            return say(UNKNOWN)


def prefilled_from(story: GrantStory) -> Prefilled:
    """A form filled with what was asked before: "Change" loses nothing."""
    return Prefilled(
        entitlements=(story.entitlement,) if story.entitlement else (),
        minutes=story.minutes,
        justification=story.justification,
        ticket=story.ticket,
        report=story.report.slack_user if story.report else "",
    )


def remark_about(story: GrantStory) -> str:
    """What the form says first where it cannot name again whom it was for: an empty field would mean oneself."""
    if story.report is None or story.report.slack_user:
        return ""
    return say(NOT_LINKED, name=inert(story.report.name))


def _remark(draft: meant.DraftRequest) -> str:
    """What stands above the form: that it is filled in, and what could not be read."""
    return together(say(FROM_MESSAGE), *(inert(as_told(problem)) for problem in draft.problems))


def _drafted(draft: meant.DraftRequest, catalogue: Catalogue) -> Prefilled:
    entitlement = catalogue.entitlements.get(draft.entitlement or "")
    return Prefilled(
        entitlements=(entitlement,) if entitlement else (),
        minutes=whole_minutes(draft.duration) if draft.duration else 0,
        justification=draft.justification or "",
    )


def _moment(body: Mapping[str, Any]) -> float:
    """When Slack says that it was changed; 0 if it does not say."""
    try:
        return float(text(first_action(body).get("action_ts")))
    except ValueError:
        return 0.0
