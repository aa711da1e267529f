"""Slack's payloads in: one listener a kind, each with the person established first and every fault made a sentence.

A listener decides nothing, commits through a handler before it acknowledges, and shows nobody a traceback.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.metrics import Metrics, RequestKind, RequestOutcome
from bot.slack import incoming as arrived
from bot.slack import sentences
from bot.slack.actions import Action, Shortcut
from bot.slack.actor import IdentityUnknown
from bot.slack.clicks import Clicks, clicked
from bot.slack.conversation import Conversation, Meant, OpenForm
from bot.slack.dispatch import Kind, Listener
from bot.slack.door import Door, Meanwhile, Turned
from bot.slack.forms.request import Prefilled
from bot.slack.incoming import Click, Incoming
from bot.slack.messages.parts import Message, said
from bot.slack.replies import Replies
from bot.slack.submissions import Submissions, stay_open
from bot.slack.topics.delegations import OpenDelegating, ShowDelegations
from bot.slack.topics.emergencies import OpenBreakGlass
from bot.slack.topics.halting import OpenHalting, OpenRevoking
from bot.slack.topics.helping import OpenHelping
from bot.slack.topics.table import Topics
from bot.slack.topics.vouching import OpenVouching
from bot.slack.words import as_typed
from bot.texts import Language, read_in, say
from handlers.intents import Actor
from handlers.patience import answering_within
from handlers.questions.overview import Page
from storage.faults import DirectoryUnavailable, OutcomeUnknown, StorageUnavailable

log = structlog.get_logger(__name__)

Work = Callable[[Actor, Incoming], Awaitable[Message | Turned | None]]
Speak = Callable[[Incoming, Message], None]
Meaning = Callable[[], Meant]

# Slack waits three seconds. If the facts are not there after two, no transaction starts.
FACTS_WITHIN = 2.0

# A routine answer may rest on a profile a minute old; everything else asks Slack now.
_ROUTINE_ACTIONS = frozenset({Action.MY_ACCESS, Action.DETAILS, Action.ASK_FOR_ACCESS})


class Listeners:
    """Every way into the bot from Slack. transport: "socket" or "http", for the record."""

    def __init__(
        self,
        *,
        door: Door,
        conversation: Conversation,
        clicks: Clicks,
        submissions: Submissions,
        topics: Topics,
        replies: Replies,
        metrics: Metrics,
        transport: str,
        language: Language,
        kept: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._door = door
        self._conversation = conversation
        self._clicks = clicks
        self._submissions = submissions
        self._topics = topics
        self._requesting, self._homes = topics.requesting, topics.homes
        self._replies = replies
        self._metrics = metrics
        self._transport = transport
        self._language = language
        self._kept = kept

    def by_kind(self) -> Mapping[Kind, Listener]:
        """The listener for each kind of payload; the tables behind them are ours."""
        return {
            ("command", "/wicket"): self.command,
            ("event_callback", "message"): self.message,
            ("event_callback", "app_home_opened"): self.home_opened,
            ("block_actions", ""): self.action,
            ("view_submission", ""): self.view,
            ("block_suggestion", ""): self.options,
            ("shortcut", ""): self.shortcut,
            ("message_action", ""): self.shortcut,
        }

    async def message(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A direct message. Edits, joins, other bots and our own words are not for us."""
        event = arrived.part(body, "event")
        if event.get("channel_type") == "im" and "subtype" not in event and "bot_id" not in event:
            incoming = arrived.of_event(body, self._transport)
            meaning = self._read(event.get("text"))

            async def answer(actor: Actor, incoming: Incoming) -> Message | None:
                answer = await self._conversation.answer(actor, incoming, meaning(), by_message=True)
                return answer if isinstance(answer, Message) else None

            await self._guarded("message", incoming, answer, self._tell, live=self._unless_routine(meaning))
        await ack()

    async def command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """/wicket and what follows it, answered where only this person sees it."""
        incoming = arrived.of_command(body, self._transport)
        meaning = self._read(body.get("text"), command=True)
        answers: list[Message] = []

        async def answer(actor: Actor, incoming: Incoming) -> Message | None:
            answer = await self._conversation.answer(actor, incoming, meaning(), by_message=False)
            trigger = arrived.text(body.get("trigger_id"))
            if isinstance(answer, OpenForm):
                opened = await self._requesting.open(actor, incoming, trigger, answer.prefilled)
                return None if opened else said(say(sentences.TYPE_AGAIN))
            if isinstance(answer, OpenVouching):
                opened = await self._topics.vouching.open(trigger)
                return None if opened else said(say(sentences.TYPE_AGAIN))
            if isinstance(answer, OpenBreakGlass):
                return await self._topics.emergencies.open(actor, incoming, trigger, drill=answer.drill)
            if isinstance(answer, OpenHalting | OpenRevoking):
                return await self._topics.halting.open(actor, incoming, trigger, answer)
            if isinstance(answer, OpenDelegating | ShowDelegations):
                return await self._topics.delegations.answer(actor, incoming, trigger, answer)
            if isinstance(answer, OpenHelping):
                return await self._topics.helping.open(actor, incoming, trigger, answer)
            return answer

        live = self._unless_routine(meaning)
        await self._guarded(
            "command", incoming, answer, lambda _, message: answers.append(message), live=live
        )
        if answers:
            await ack(response_type="ephemeral", **answers[0].body())
        else:
            await ack()

    async def action(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A click on one of our buttons."""
        incoming = arrived.of_action(body, self._transport)
        action, value = clicked(body)
        form = arrived.part(body, "view")

        async def change(actor: Actor, incoming: Incoming) -> None:
            await self._requesting.changed(actor, incoming, body)

        def say_there(_incoming: Incoming, message: Message) -> None:
            self._requesting.say(form, message.text)

        async def click(actor: Actor, incoming: Incoming) -> Turned | None:
            trigger = str(body.get("trigger_id", ""))
            done = await self._clicks.carry_out(
                action, Click(actor=actor, incoming=incoming, value=value, trigger=trigger, form=form)
            )
            if done:
                if arrived.part(body, "view").get("type") == "home":
                    await self._homes.after(action, actor, incoming)
                return None
            log.warning("listener.no_such_button", user=incoming.user)
            return await self._clicks.refuse(actor, incoming)

        if self._requesting.is_about(action, form):
            await self._guarded("action", incoming, change, say_there, live=False)
        elif action != Action.OPEN_PAGE:  # a link: the browser has followed it, and there is nothing to do
            live = action not in _ROUTINE_ACTIONS
            await self._guarded(
                "action",
                incoming,
                click,
                self._whisper,
                live=live,
                ahead=lambda: self._clicks.ahead(action, value),
            )
        await ack()

    async def view(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A submitted form. A fault takes no form away: it stays open with what was typed."""
        answers: list[dict[str, Any]] = []
        admitted: list[Actor] = []
        form = arrived.part(body, "view")

        async def submit(actor: Actor, incoming: Incoming) -> Turned | None:
            admitted.append(actor)
            answer = await self._submissions.carry_out(actor, incoming, form)
            if answer is None:  # a form that we never made keeps nothing: it closes
                turned = await self._clicks.refuse(actor, incoming)
                return Turned(message=None, outcome=turned.outcome)
            answers.append(answer)
            return None

        def keep_open(_incoming: Incoming, message: Message) -> None:
            answers.append(stay_open(form, message.text))

        incoming = arrived.of_view(body, self._transport)
        await self._guarded(
            "view", incoming, submit, keep_open, live=True, ahead=lambda: self._submissions.ahead(form)
        )
        if not answers and not admitted:  # turned away before and told so: the form stays all the same
            with read_in(self._language):
                keep_open(incoming, said(say(sentences.NO_IDENTITY)))
        await ack(**(answers[0] if answers else {}))

    async def options(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The choices while somebody types; none for whoever is no colleague (SL-1)."""
        incoming = arrived.of_action(body, self._transport)
        if await self._door.is_colleague(incoming.user):
            with read_in(self._language), self._kept():
                await ack(**self._requesting.choices(arrived.text(body.get("value"))))
        else:
            await ack(options=[])

    async def shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The workspace's shortcut, or that of a message: both open the form. Nothing of the message is kept."""
        callback = body.get("callback_id")
        if callback not in list(Shortcut):  # of an older manifest, or of somebody's own
            self._metrics.request("shortcut", "refused")
            await ack()
            return
        incoming = arrived.of_action(body, self._transport)

        async def open_form(actor: Actor, incoming: Incoming) -> Message | None:
            prefilled, remark = Prefilled(), ""
            if callback == Shortcut.FROM_MESSAGE:  # read for nobody who was not let in
                words = as_typed(arrived.text(arrived.part(body, "message").get("text")))
                prefilled, remark = self._requesting.read(words)
            trigger = arrived.text(body.get("trigger_id"))
            opened = await self._requesting.open(actor, incoming, trigger, prefilled, remark=remark)
            return None if opened else said(say(sentences.TRY_AGAIN))

        await self._guarded("shortcut", incoming, open_form, self._whisper, live=False)
        await ack()

    async def home_opened(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Somebody looks at the App Home: their own access, read now (SL-18)."""

        async def show(actor: Actor, incoming: Incoming) -> None:
            await self._homes.show(actor, incoming, Page())

        if arrived.part(body, "event").get("tab") == "home":
            incoming = arrived.of_event(body, self._transport)
            await self._guarded("home", incoming, show, self._homes.say, live=False)
        await ack()

    async def unexpected(self, error: Exception) -> BoltResponse:
        """What nobody asked for, or what has a shape that Slack never sends: taken, so that it is not sent again."""
        if isinstance(error, BoltUnhandledRequestError):
            self._metrics.request("other", "refused")
        else:
            log.error("listener.unexpected", fault=type(error).__name__)
            self._metrics.request("other", "failed")
        return BoltResponse(status=200, body="")

    def _read(self, text: object, *, command: bool = False) -> Meaning:
        """What was typed, understood once and only when it is asked for: the rate limit comes before."""
        understood: list[Meant] = []

        def meaning() -> Meant:
            if not understood:
                words = as_typed(arrived.text(text))
                understood.append(self._conversation.understand(words, command=command))
            return understood[0]

        return meaning

    def _unless_routine(self, meaning: Meaning) -> Callable[[], bool]:
        return lambda: not self._conversation.is_routine(meaning())

    async def _guarded(
        self,
        kind: RequestKind,
        incoming: Incoming,
        work: Work,
        speak: Speak,
        *,
        live: bool | Callable[[], bool],
        ahead: Callable[[], Meanwhile | None] = lambda: None,
    ) -> None:
        is_live = live if callable(live) else lambda: live
        with read_in(self._language), self._kept():
            await self._answered(kind, incoming, work, speak, is_live, ahead)

    async def _answered(
        self,
        kind: RequestKind,
        incoming: Incoming,
        work: Work,
        speak: Speak,
        live: Callable[[], bool],
        ahead: Callable[[], Meanwhile | None],
    ) -> None:
        """Establish who it is, do the work, and turn refusals and faults into one kind sentence each."""
        outcome: RequestOutcome = "failed"
        message: Message | None
        try:
            with answering_within(FACTS_WITHIN):
                by_message = kind in ("message", "action")
                came = await self._door.admit(incoming, live=live, by_message=by_message, ahead=ahead)
                done = came if isinstance(came, Turned) else await work(came, incoming)
                if isinstance(done, Turned):
                    outcome, message = done.outcome, done.message
                else:
                    outcome, message = "done", done
        except IdentityUnknown as fault:
            log.warning("listener.identity", user=incoming.user, fault=str(fault))
            message = said(say(sentences.NO_IDENTITY))
        except DirectoryUnavailable as fault:
            log.warning("listener.directory", fault=str(fault))
            message = said(say(sentences.NO_DIRECTORY))
        except StorageUnavailable as fault:
            log.error("listener.storage", fault=str(fault))
            is_open = isinstance(fault, OutcomeUnknown)
            message = said(say(sentences.UNSURE) if is_open else say(sentences.NO_STORE))
        except Exception as fault:
            log.error("listener.fault", kind=kind, exc_info=fault)
            message = said(say(sentences.FAULT))
        if message is not None:
            speak(incoming, message)
        self._metrics.request(kind, outcome)

    def _tell(self, incoming: Incoming, message: Message) -> None:
        self._replies.tell(incoming.user, message)

    def _whisper(self, incoming: Incoming, message: Message) -> None:
        self._replies.whisper(incoming.channel, incoming.user, message.text)
