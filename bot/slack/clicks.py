"""What a click does: a table from button to method, each with the person established anew.

A button's value is an id to look up; nothing else in the payload is believed.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.slack import sentences
from bot.slack.actions import Action
from bot.slack.conversation import Conversation
from bot.slack.copies import touched
from bot.slack.door import Meanwhile, Turned
from bot.slack.forms.decision import details_form
from bot.slack.forms.request import Prefilled
from bot.slack.incoming import Buttons, Click, Incoming, first_action, part, text
from bot.slack.messages.asking import asked_text
from bot.slack.messages.freezes import gone_text, undone_text
from bot.slack.messages.parts import said
from bot.slack.replies import Replies
from bot.slack.requesting import prefilled_from, remark_about
from bot.slack.topics.table import Topics
from bot.texts import as_told, say
from handlers.exceptions.forged import refuse_forged
from handlers.ground import Ground
from handlers.intents import Actor, Intent
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.questions.checks import Kind
from handlers.requests.access import Access
from handlers.requests.asking import Asking
from handlers.requests.details import NOT_FOR_YOU, Details
from handlers.requests.stories import GrantStory
from storage.states import Purpose


class Clicks:
    """Carries out clicks and whispers what came of them to the one who clicked."""

    def __init__(
        self,
        ground: Ground,
        *,
        asking: Asking,
        access: Access,
        details: Details,
        conversation: Conversation,
        topics: Topics,
        replies: Replies,
    ) -> None:
        self._ground = ground
        self._asking = asking
        self._requesting, self._deciding = topics.requesting, topics.deciding
        self._access = access
        self._behind = details
        self._conversation = conversation
        self._replies = replies
        self._table: Buttons = {
            Action.SEND_DRAFT: self._send_draft,
            Action.CHANGE_DRAFT: self._change_draft,
            Action.CANCEL_DRAFT: self._withdraw,
            Action.WITHDRAW: self._withdraw,
            Action.ASK_AGAIN: self._ask_again,
            Action.GIVE_BACK: self._give_back,
            Action.DETAILS: self._details,
            Action.MY_ACCESS: self._my_access,
            Action.ASK_FOR_ACCESS: self._ask_for_access,
            Action.RESET_PASSWORD: partial(self._open_page, purpose=Purpose.RESET),
            Action.UNLOCK: self._unlock,
            Action.BE_VOUCHED: partial(self._open_page, purpose=Purpose.RESET, unprepared=True),
            Action.SET_UP_PROOFS: partial(self._open_page, purpose=Purpose.ENROL),
            Action.CARE_FOR_PROOFS: partial(self._open_page, purpose=Purpose.CARE),
            **topics.table,
        }

    async def carry_out(self, action: str, click: Click) -> bool:
        """Do what this button does; False if there is no such button."""
        method = self._table.get(action)
        if method is None:
            return False
        await touched(self._ground, click.incoming, action, click.value)
        await method(click)
        return True

    def ahead(self, action: str, value: str) -> Meanwhile | None:
        """What may be prepared while it is not certain yet who clicked."""
        return self._deciding.ahead(value) if action == Action.APPROVE_AT_ONCE else None

    async def refuse(self, actor: Actor, incoming: Incoming) -> Turned:
        """Turn away a button or form that we never made; it is on the record, and an exception."""
        intent = Intent(**incoming.origin(actor))
        if isinstance(await refuse_forged(self._ground, intent), Repeated):
            return Turned(message=None, outcome="repeated")
        return Turned(message=said(say(sentences.GONE)), outcome="refused")

    async def _send_draft(self, click: Click) -> None:
        self._replies.answer(click, asked_text(await self._asking.send_draft(click.on_grant)))

    async def _change_draft(self, click: Click) -> None:
        story = await self._own_story(click)
        if story is not None:
            await self._open_request(click, prefilled_from(story), draft=story.id)

    async def _ask_again(self, click: Click) -> None:
        story = await self._own_story(click)
        if story is not None:
            await self._open_request(click, prefilled_from(story), remark=remark_about(story))

    async def _ask_for_access(self, click: Click) -> None:
        named = map(self._ground.catalogue.entitlements.get, click.value.split())
        await self._open_request(click, Prefilled(entitlements=tuple(filter(None, named))))

    async def _withdraw(self, click: Click) -> None:
        self._replies.answer(click, undone_text(await self._access.withdraw(click.on_grant)))

    async def _give_back(self, click: Click) -> None:
        self._replies.answer(click, undone_text(await self._access.give_back(click.on_grant)))

    async def _details(self, click: Click) -> None:
        outcome = await self._behind.look(click.on_grant)
        if isinstance(outcome, NotAllowed):
            self._replies.answer(click, as_told(NOT_FOR_YOU))
        elif isinstance(outcome, Unknown):
            self._replies.answer(click, gone_text(outcome))
        elif isinstance(outcome, GrantStory):
            await self._replies.form_or_word(click, details_form(outcome))

    async def _my_access(self, click: Click) -> None:
        access = await self._conversation.ask(click.on_grant, Kind.ACCESS, by_message=True)
        self._replies.tell(click.actor.slack_user, access)

    async def _unlock(self, click: Click) -> None:
        unlocked = await self._conversation.unlock(click.on_grant, by_message=True)
        self._replies.tell(click.actor.slack_user, unlocked)

    async def _open_page(self, click: Click, *, purpose: Purpose, unprepared: bool = False) -> None:
        page = await self._conversation.open_page(
            click.on_grant, purpose, by_message=True, unprepared=unprepared
        )
        self._replies.tell(click.actor.slack_user, page)

    async def _open_request(
        self, click: Click, prefilled: Prefilled, draft: str = "", remark: str = ""
    ) -> None:
        opened = await self._requesting.open(
            click.actor, click.incoming, click.trigger, prefilled, draft=draft, remark=remark
        )
        if not opened:
            self._replies.answer(click, say(sentences.TRY_AGAIN))

    async def _own_story(self, click: Click) -> GrantStory | None:
        outcome = await self._behind.own(click.on_grant)
        if isinstance(outcome, Unknown):
            self._replies.answer(click, gone_text(outcome))
        return outcome if isinstance(outcome, GrantStory) else None


def clicked(body: Mapping[str, Any]) -> tuple[str, str]:
    """The button's action_id and value, whatever else the payload says.

    An entry of a menu is a button too: its value holds both.
    """
    first = first_action(body)
    if first.get("type") == "overflow":
        action, _, value = text(part(first, "selected_option").get("value")).partition(" ")
        return action, value
    return text(first.get("action_id")), text(first.get("value"))
