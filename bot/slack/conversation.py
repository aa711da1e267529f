"""What people type, in a direct message or after /wicket: words in, intents carried out, an answer back.

It guesses nothing into effect: what is only close gets a question, and what is not understood is not kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.slack.door import PageLinks
from bot.slack.forms.request import Prefilled
from bot.slack.incoming import Incoming
from bot.slack.messages.answers import (
    answer_message,
    not_here_message,
    not_known_unlocked_message,
    not_locked_message,
    page_message,
    unlocked_message,
)
from bot.slack.messages.asking import asked_text
from bot.slack.messages.checkpoints import taken_message
from bot.slack.messages.delegations import begin_message as delegate_message
from bot.slack.messages.emergencies import begin_message as break_glass_message
from bot.slack.messages.halting import by_command_message
from bot.slack.messages.helping import begin_message as help_message
from bot.slack.messages.parts import Message, said
from bot.slack.messages.petitions_told import lost_message
from bot.slack.messages.vouching import begin_message
from bot.slack.topics.delegations import OpenDelegating, ShowDelegations, read_delegating
from bot.slack.topics.emergencies import OpenBreakGlass
from bot.slack.topics.halting import OpenHalting, OpenRevoking, read_command
from bot.slack.topics.helping import OpenHelping
from bot.slack.topics.vouching import OpenVouching
from bot.slack.words import inert, together
from bot.texts import as_told, say
from handlers.audit.checkpointing import Checkpointing
from handlers.decisions import understanding as meant
from handlers.decisions.drafts import UNKNOWN_NAME
from handlers.decisions.grammar import understand
from handlers.decisions.names import Names
from handlers.intents import JUSTIFICATION_LIMIT, Actor, Ask, DraftAccess, Intent, whole_minutes
from handlers.outcomes import AlreadyAsked, AlreadyHeld, Drafted, Repeated
from handlers.questions.answers import NotHere, NotKnownUnlocked, NotLocked, PageOpened, Unlocked
from handlers.questions.checks import Checks, Kind
from handlers.requests.asking import Asking
from handlers.secure_page.asking import Accounts
from storage.clock import Clock
from storage.states import Purpose


@dataclass(frozen=True, kw_only=True)
class OpenForm:
    """The answer is the request form, filled with what was said."""

    prefilled: Prefilled = field(default_factory=Prefilled)


Opens = OpenForm | OpenHalting | OpenRevoking | OpenDelegating | ShowDelegations
Meant = meant.Understanding | Opens
"""What was typed, or the form that it opens."""


class Conversation:
    """Answers what was typed. by_message: the answer goes out as a message, owed; otherwise it is returned."""

    def __init__(
        self,
        *,
        names: Callable[[], Names],
        checks: Checks,
        accounts: Accounts,
        asking: Asking,
        pages: PageLinks,
        now: Clock,
        checkpointing: Checkpointing,
        vouches: bool = False,
        helps: bool = False,
    ) -> None:
        self._names, self._vouches, self._helps = names, vouches, helps
        self._checks = checks
        self._accounts = accounts
        self._asking = asking
        self._pages = pages
        self._now = now
        self._checkpointing = checkpointing

    def understand(self, text: str, *, command: bool = False) -> Meant:
        """What was typed, by fixed rules. `/wicket request`, `freeze`, `revoke`, `delegate` open forms, as commands."""
        if command and text.strip().casefold() in ("request", "ask"):
            return OpenForm()
        if command and (stop := read_command(text)) is not None:
            return stop
        if command and (delegating := read_delegating(text)) is not None:
            return delegating
        return understand(text, self._names())

    def is_routine(self, meaning: Meant) -> bool:
        """Whether a look-up of the last minute is fresh enough to answer: nothing is changed or sent by it."""
        return not isinstance(meaning, _PAGES)

    async def answer(
        self, actor: Actor, incoming: Incoming, meaning: Meant, *, by_message: bool
    ) -> Message | Opens | OpenVouching | OpenBreakGlass | OpenHelping | None:
        """What to say now; None if it is owed already, or was said before."""
        intent = Intent(**incoming.origin(actor))
        match meaning:
            case OpenForm() | OpenHalting() | OpenRevoking() | OpenDelegating() | ShowDelegations():
                return meaning
            case meant.ResetPassword():
                return await self.open_page(intent, Purpose.RESET, by_message=by_message)
            case meant.EnrolProofs():
                return await self.open_page(intent, Purpose.ENROL, by_message=by_message)
            case meant.CareForProofs():
                return await self.open_page(intent, Purpose.CARE, by_message=by_message)
            case meant.LostProofs():
                return lost_message()
            case meant.TakeCheckpoint():
                return taken_message(await self._checkpointing.take(intent))
            case meant.StopAccess():
                return by_command_message()
            case meant.DelegateApprovals():
                return delegate_message() if by_message else OpenDelegating()
            case meant.VouchFor() if self._vouches:
                return begin_message() if by_message else OpenVouching()
            case meant.BreakGlass(drill=drill):
                return break_glass_message(drill=drill) if by_message else OpenBreakGlass(drill=drill)
            case meant.HelpSomebody(act=act, whom=whom, ticket=ticket) if self._helps:
                return help_message(act) if by_message else OpenHelping(act=act, whom=whom, ticket=ticket)
            case meant.UnlockAccount():
                return await self.unlock(intent, by_message=by_message)
            case meant.DraftRequest() as draft:
                return await self._draft(intent, draft, by_message=by_message)
            case meant.DidYouMean() as close:
                asked = Kind.DID_YOU_MEAN if close.kind == "request" else Kind.WHICH_NAME
                return await self.ask(intent, asked, *close.candidates, by_message=by_message)
            case meant.SeveralNamed(entitlements=several):
                return await self.ask(intent, Kind.SEVERAL_NAMED, *several, by_message=by_message)
            case meant.Courteous(kind=courtesy):
                return await self.ask(intent, Kind.COURTESY, courtesy, by_message=by_message)
            case meant.NearlyUnderstood(commands=commands):
                return await self.ask(intent, Kind.NEARLY_UNDERSTOOD, *commands, by_message=by_message)
            case meant.CheckMembership(entitlement=name):
                return await self.ask(intent, Kind.MEMBERSHIP, name, by_message=by_message)
            case meant.ShowOwner(entitlement=name):
                return await self.ask(intent, Kind.OWNER, name, by_message=by_message)
            case meant.WhyApproval(entitlement=name):
                return await self.ask(intent, Kind.WHY_APPROVAL, name, by_message=by_message)
            case meant.WhyRefused(entitlement=wanted):
                about = () if wanted is None else (wanted,)
                return await self.ask(intent, Kind.WHY_REFUSED, *about, by_message=by_message)
            case simple:
                return await self.ask(intent, _SIMPLE[type(simple)], by_message=by_message)

    async def ask(self, intent: Intent, kind: Kind, *about: str, by_message: bool) -> Message | None:
        """Take a routine question, and answer it at once or by message."""
        question = Ask(
            actor=intent.actor, where=intent.where, delivery=intent.delivery, kind=kind, about=about
        )
        if by_message:
            await self._checks.owe_answer(question)
            return None
        answer = await self._checks.ask(question)
        return None if isinstance(answer, Repeated) else answer_message(answer, self._now())

    async def open_page(
        self, intent: Intent, purpose: Purpose, *, by_message: bool, unprepared: bool = False
    ) -> Message | None:
        """Open the secure page for a reset, or for setting up or looking after proofs."""
        if purpose not in (Purpose.RESET, Purpose.ENROL, Purpose.CARE):
            raise ValueError("nothing else is asked for in so many words")
        opened = await self._accounts.open_page(intent, purpose, by_message=by_message, unprepared=unprepared)
        return self._page_or_not(opened, by_message=by_message)

    async def unlock(self, intent: Intent, *, by_message: bool) -> Message | None:
        """Unlock now, or open the secure page for a proof."""
        match await self._accounts.unlock(intent, by_message=by_message):
            case Unlocked():
                return unlocked_message()
            case NotKnownUnlocked():
                return not_known_unlocked_message()
            case NotLocked():
                return not_locked_message()
            case other:
                return self._page_or_not(other, by_message=by_message)

    def _page_or_not(self, opened: PageOpened | NotHere | Repeated, *, by_message: bool) -> Message | None:
        if isinstance(opened, NotHere):
            return not_here_message(opened)
        if isinstance(opened, Repeated) or by_message:
            return None
        return page_message(opened.purpose, self._pages.address(opened.handle), self._pages.minutes)

    async def _draft(
        self, intent: Intent, draft: meant.DraftRequest, *, by_message: bool
    ) -> Message | OpenForm | None:
        if draft.entitlement is None and by_message:
            is_named = UNKNOWN_NAME in draft.problems
            return await self.ask(intent, Kind.DID_YOU_MEAN if is_named else Kind.CHOOSE, by_message=True)
        if draft.entitlement is None:
            minutes = whole_minutes(draft.duration) if draft.duration else 0
            return OpenForm(prefilled=Prefilled(minutes=minutes, justification=draft.justification or ""))
        too_long = len(draft.justification or "") > JUSTIFICATION_LIMIT
        drafted = await self._asking.draft(
            DraftAccess(
                actor=intent.actor,
                where=intent.where,
                delivery=intent.delivery,
                entitlement=draft.entitlement,
                duration=draft.duration if draft.duration and draft.duration > timedelta(0) else None,
                justification=None if too_long else draft.justification,
            )
        )
        if isinstance(drafted, AlreadyHeld | AlreadyAsked):
            return said(asked_text(drafted))
        if not isinstance(drafted, Drafted):
            return None
        problems = [inert(as_told(problem)) for problem in draft.problems]
        if too_long:
            shorten = say(
                "Your reason is longer than {most} characters, so I did not keep it: please write a shorter one in "
                "the form.",
                most=JUSTIFICATION_LIMIT,
            )
            problems.append(shorten)
        if problems:
            return said(together(*problems))
        if by_message:
            return None
        return said(
            say("I prepared it in our direct messages. Nothing is sent until you press *Send request*.")
        )


_PAGES = (
    meant.ResetPassword
    | meant.EnrolProofs
    | meant.CareForProofs
    | meant.UnlockAccount
    | meant.TakeCheckpoint
    | meant.BreakGlass
    | meant.HelpSomebody
    | OpenHalting
    | OpenRevoking
    | OpenDelegating
)

_SIMPLE: dict[type, Kind] = {
    meant.ListAccess: Kind.ACCESS,
    meant.PasswordExpiry: Kind.PASSWORD_EXPIRY,
    meant.ListPossible: Kind.CAN_ASK,
    meant.Help: Kind.HELP,
    meant.FollowUp: Kind.OWN_REQUESTS,
    meant.ForAnother: Kind.FOR_ANOTHER,
    meant.Worried: Kind.WORRIED,
    meant.LinkAccount: Kind.LINKED_ALREADY,
    meant.NotUnderstood: Kind.NOT_UNDERSTOOD,
    meant.VouchFor: Kind.NOT_UNDERSTOOD,  # where nobody vouches
    meant.HelpSomebody: Kind.NOT_UNDERSTOOD,  # where nobody acts for others
}
