"""What each kind of owed message says, rendered from the state as it is at that moment.

It reads the store and the directory and writes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, timedelta, tzinfo
from functools import partial

from sqlmodel import Session

from bot.couriers.addressees import NOTICES
from bot.couriers.exception_messages import seen, told_outside
from bot.couriers.exceptions import news_of
from bot.slack.door import PageLinks
from bot.slack.messages import emergencies as of_emergencies
from bot.slack.messages.answers import answer_message, greeting_message, page_message
from bot.slack.messages.approvals import approval_message
from bot.slack.messages.checkpoints import checkpoint_message
from bot.slack.messages.delegations import delegation_message
from bot.slack.messages.digests import digest_message
from bot.slack.messages.during import (
    ended_early_message,
    ending_message,
    reminder_message,
    still_ends,
    still_waits,
)
from bot.slack.messages.emergency_reviews import reminder_message as review_reminder
from bot.slack.messages.emergency_reviews import review_of
from bot.slack.messages.exceptions_told import worker_message
from bot.slack.messages.floods import notice_of
from bot.slack.messages.helping import HelpGiven, help_given_message
from bot.slack.messages.inquiries import asked_message, inquiry_message, reply_message
from bot.slack.messages.notices import notice_message
from bot.slack.messages.open_exceptions import open_exceptions_message
from bot.slack.messages.parts import Message
from bot.slack.messages.petitions import approval_message as petition_message
from bot.slack.messages.petitions import news_message, status_message
from bot.slack.messages.proof_news import proofs_changed_message
from bot.slack.messages.reports import report_message
from bot.slack.messages.requests import request_message
from bot.slack.messages.resets import announced_message
from bot.slack.messages.vouching import Word, vouched_message, word_given_message
from bot.slack.sentences import NO_DIRECTORY
from bot.texts import ENGLISH, Language, read_from, read_in, say
from handlers.audit.bulletins import CHECKPOINT, DIGEST, OPEN_EXCEPTIONS
from handlers.audit.digesting import digest_of
from handlers.audit.digests import Digest
from handlers.decisions.helping import Act
from handlers.delegations.outcomes import DELEGATION
from handlers.delegations.shown import DelegationsShown
from handlers.emergencies.followups import REMINDER as REVIEW_REMINDER
from handlers.emergencies.followups import reminded_of
from handlers.emergencies.outcomes import ALERTED, EmergencyStory
from handlers.emergencies.outcomes import NEWS as EMERGENCY_NEWS
from handlers.emergencies.outcomes import STATUS as EMERGENCY_STATUS
from handlers.emergencies.storytelling import story_of as emergency_story_of
from handlers.exceptions.open_exceptions import open_exceptions
from handlers.exceptions.outcomes import WORKER_NEWS
from handlers.exceptions.outside import Notice
from handlers.ground import Ground
from handlers.help_desk.telling import DESK_ACT
from handlers.petitions.outcomes import APPROVAL as PETITION_APPROVAL
from handlers.petitions.outcomes import NEWS, STATUS
from handlers.petitions.stories import PetitionStory
from handlers.petitions.telling import story_of
from handlers.questions.checks import Checks
from handlers.requests.besides import ENDED_EARLY, ENDING, REMINDER
from handlers.requests.stories import Asked, GrantStory
from handlers.requests.storytelling import tell, with_deciders
from handlers.secure_page.announcing import CHANGED
from handlers.vouching.telling import VOUCHED, WORD_GIVEN
from storage import bulletins, desk_acts, grants, inquiries, vouchings
from storage.audit.sealing import kept_checkpoint
from storage.copies import COPY
from storage.exceptions import SECURITY as SECURITY_CHANNEL
from storage.faults import DirectoryUnavailable
from storage.handles import handle_by_id
from storage.links import zone_of_user
from storage.outbox import OWNER, where_posted
from storage.proof_changes import change_and_visit
from storage.records import Owed, Question
from storage.states import Changed, GrantState, Result

# Seconds to look through a week in, of what a courier waits for each message.
_FOR_A_WEEK = 8.0

# An owner, and what stands in a channel besides: not a person alone (D).
_CHANNELS = (OWNER, f"{COPY}C", f"{COPY}G")


class Rendering:
    """A table from kind to renderer; None where there is nothing to say any more."""

    def __init__(
        self,
        ground: Ground,
        *,
        checks: Checks,
        pages: PageLinks,
        language: Language = ENGLISH,
        zone: tzinfo = UTC,
    ) -> None:
        self._ground = ground
        self._checks = checks
        self._pages = pages
        self._language, self._zone = language, zone
        self._table: Mapping[str, Callable[[Owed], Awaitable[Message | None]]] = {
            "request": partial(self._of_grant, request_message),
            "approval": self._approval,
            "inquiry": self._inquiry,
            "reply": self._reply,
            "report": partial(self._of_grant, report_message),
            "exception": self._exception,
            WORKER_NEWS: self._worker_news,
            OPEN_EXCEPTIONS: self._open_exceptions,
            "answer": self._answer,
            "page": self._page,
            CHECKPOINT: self._checkpoint,
            DIGEST: self._digest,
            REMINDER: self._reminder,
            ENDING: self._ending,
            ENDED_EARLY: self._ended_early,
            **dict.fromkeys(NOTICES, self._notice),
            "proofs-changed": self._proofs_changed,
            ALERTED: self._emergency,
            EMERGENCY_NEWS: self._emergency_news,
            EMERGENCY_STATUS: self._emergency_status,
            STATUS: partial(self._petition, status_message),
            PETITION_APPROVAL: self._petition_approval,
            **dict.fromkeys(NEWS, partial(self._petition, news_message)),
            VOUCHED: partial(self._vouching, vouched_message),
            DESK_ACT: self._help_given,
            WORD_GIVEN: partial(self._vouching, word_given_message),
            REVIEW_REMINDER: self._review_reminder,
            DELEGATION: self._delegation,
        }

    async def message(self, owed: Owed) -> Message | None:
        """The message as it is true now. KeyError for a kind that nobody wrote a renderer for.

        NotKnownHere if only another replica can say all that it must say.
        """
        with read_in(self._language, self._zone):
            if owed.recipient[:1] in ("U", "W"):  # one person: in their own zone
                read_from(await self._ground.database.read(lambda tx: zone_of_user(tx, owed.recipient)))
            return await self._table[owed.kind](owed)

    async def _of_grant(self, said: Callable[[GrantStory], Message], owed: Owed) -> Message | None:
        story = await self._story(owed)
        return said(story) if story else None

    async def _approval(self, owed: Owed) -> Message | None:
        def work(tx: Session) -> GrantStory | None:
            grant = grants.get(tx, owed.subject)
            if grant is not None and grant.state == GrantState.PENDING:
                self._ground.asked_for_now(tx, grant)  # else no risk would be told of it, or another's
            return tell(tx, self._ground, owed.subject)

        story = await self._ground.database.read(work)
        if story is None:
            return None
        told = await with_deciders(self._ground, story)
        return approval_message(told, to_owner=owed.recipient.startswith(_CHANNELS))

    async def _inquiry(self, owed: Owed) -> Message | None:
        """A question, for the requester with a button to answer it; and below the request for its approvers."""
        found = await self._asked(owed)
        if found is None:
            return None
        story, asked = found
        to_requester = owed.recipient == story.requester.slack_user
        return asked_message(story, asked) if to_requester else inquiry_message(story, asked)

    async def _reply(self, owed: Owed) -> Message | None:
        found = await self._asked(owed)
        return reply_message(*found) if found else None

    async def _asked(self, owed: Owed) -> tuple[GrantStory, Asked] | None:
        def work(tx: Session) -> tuple[GrantStory, Asked] | None:
            inquiry = inquiries.get(tx, owed.subject)
            story = tell(tx, self._ground, inquiry.grant) if inquiry else None
            asked = [one for one in story.asked if one.id == owed.subject] if story else []
            return (story, asked[0]) if story and asked else None

        return await self._ground.database.read(work)

    async def _reminder(self, owed: Owed) -> Message | None:
        return await self._while_true(owed, reminder_message, still_waits)

    async def _ending(self, owed: Owed) -> Message | None:
        return await self._while_true(owed, ending_message, partial(still_ends, now=self._ground.now()))

    async def _ended_early(self, owed: Owed) -> Message | None:
        story = await self._story(owed)
        if story is None:
            return None
        to_report = story.report is not None and owed.recipient == story.report.slack_user
        return ended_early_message(story, to_report=to_report)

    async def _while_true(
        self, owed: Owed, said: Callable[[GrantStory], Message], holds: Callable[[GrantStory], bool]
    ) -> Message | None:
        """What was overtaken before anybody read it is not said; what was said is brought up to date."""
        story = await self._story(owed)
        if story is None or holds(story):
            return said(story) if story else None
        about = {"kind": owed.kind, "subject": owed.subject, "recipient": owed.recipient}
        posted = await self._ground.database.read(lambda tx: where_posted(tx, **about))
        return said(story) if posted else None

    async def _story(self, owed: Owed) -> GrantStory | None:
        return await self._ground.database.read(lambda tx: tell(tx, self._ground, owed.subject))

    async def _exception(self, owed: Owed) -> Message | None:
        here = owed.recipient == SECURITY_CHANNEL
        found = await self._ground.database.read(lambda tx: seen(tx, self._ground, owed.subject, here=here))
        return found.message if found else None

    async def notice(self, exception: str, ident: str, minutes: int) -> Notice | None:
        """An exception as it is told outside Slack. minutes: how long somebody there had to acknowledge it."""

        def work(tx: Session) -> Notice | None:
            with read_in(self._language, self._zone):
                found = told_outside(tx, self._ground, exception)
                return notice_of(found.alert, found.plain, ident, minutes) if found else None

        return await self._ground.database.read(work)

    async def _worker_news(self, owed: Owed) -> Message | None:
        news = await self._ground.database.read(
            lambda tx: news_of(tx, self._ground, owed.subject, owed.recipient)
        )
        return worker_message(news) if news else None

    async def _open_exceptions(self, _owed: Owed) -> Message | None:
        now = self._ground.now()
        told = await self._ground.database.read(lambda tx: open_exceptions(tx, now))
        return open_exceptions_message(told) if told.count else None

    async def _answer(self, owed: Owed) -> Message | None:
        question = await self._ground.database.read(lambda tx: tx.get(Question, owed.subject))
        if question is None:
            return None
        try:
            answer = await self._checks.answer(question)
        except DirectoryUnavailable:  # unknown is not none (promise 7), and the person is not left waiting
            return greeting_message(say(NO_DIRECTORY))
        return answer_message(answer, self._ground.now())

    async def _page(self, owed: Owed) -> Message | None:
        handle = await self._ground.database.read(lambda tx: handle_by_id(tx, owed.subject))
        now = self._ground.now()
        if handle is None or handle.expires_at <= now:
            return greeting_message(say("The link I owed you is too old by now. Please ask again."))
        minutes = max(1, (handle.expires_at - now + timedelta(seconds=30)) // timedelta(minutes=1))
        return page_message(handle.purpose, self._pages.address(handle.id), minutes)

    async def _checkpoint(self, owed: Owed) -> Message | None:
        def work(tx: Session) -> Message | None:
            kept, daily = kept_checkpoint(tx, int(owed.subject)), bulletins.by_number(tx, int(owed.subject))
            if kept is None:
                return None
            below = (CHECKPOINT, str(daily.first)) if daily and daily.first != daily.number else None
            return checkpoint_message(at=kept.at, size=kept.size, signed=kept.note, below=below)

        return await self._ground.database.read(work)

    async def _digest(self, owed: Owed) -> Message | None:
        def work(tx: Session) -> Digest | None:
            due = bulletins.of(tx, DIGEST, owed.subject)
            return digest_of(tx, due.since, due.until) if due else None

        digest = await self._ground.database.read(work, patience=_FOR_A_WEEK)
        return digest_message(digest) if digest else None

    async def _proofs_changed(self, owed: Owed) -> Message | None:
        change, handle = await self._ground.database.read(lambda tx: change_and_visit(tx, owed.subject))
        if handle is None:
            return None
        what, name = (Changed(change.what), change.name) if change else (Changed.SET_UP, "")
        at = (change.at if change else handle.done_at) or self._ground.now()
        return proofs_changed_message(what, name, at, handle=handle.id)

    async def _emergency(self, owed: Owed) -> Message | None:
        story = await self._emergency_story(owed.subject)
        if story is None:
            return None
        more, buttons = review_of(story)
        return of_emergencies.emergency_message(story, more=more, buttons=buttons)

    async def _emergency_news(self, owed: Owed) -> Message | None:
        about, _, what = owed.subject.rpartition(":")
        story = await self._emergency_story(about)
        return of_emergencies.news_message(story, what) if story else None

    async def _emergency_status(self, owed: Owed) -> Message | None:
        story = await self._emergency_story(owed.subject)
        return of_emergencies.status_message(story, self._pages.address(story.handle)) if story else None

    async def _emergency_story(self, about: str) -> EmergencyStory | None:
        return await self._ground.database.read(lambda tx: emergency_story_of(tx, self._ground, about))

    async def _petition(self, said: Callable[..., Message], owed: Owed) -> Message | None:
        """said: how it stands, with the page at which it can be used."""
        story = await self._petition_story(owed)
        return said(story, page=self._pages.address(story.id)) if story else None

    async def _petition_approval(self, owed: Owed) -> Message | None:
        story = await self._petition_story(owed)
        return petition_message(story) if story else None

    async def _petition_story(self, owed: Owed) -> PetitionStory | None:
        cool_off = self._ground.cool_off
        return await self._ground.database.read(lambda tx: story_of(tx, owed.subject, cool_off=cool_off))

    async def _review_reminder(self, owed: Owed) -> Message | None:
        reminded = await self._ground.database.read(lambda tx: reminded_of(tx, owed))
        return review_reminder(reminded) if reminded else None

    async def _vouching(self, said: Callable[[Word], Message], owed: Owed) -> Message | None:
        word = await self._ground.database.read(lambda tx: _word(tx, owed.subject))
        return said(word) if word is not None else None

    async def _delegation(self, owed: Owed) -> Message | None:
        story = await DelegationsShown(self._ground).one(owed.subject)
        return delegation_message(story) if story else None

    async def _help_given(self, owed: Owed) -> Message | None:
        def work(tx: Session) -> HelpGiven | None:
            act = desk_acts.by_id(tx, owed.subject)
            visit = handle_by_id(tx, act.handle) if act is not None else None
            if act is None or visit is None:
                return None
            is_open = visit.result == Result.OPEN and visit.expires_at > self._ground.now()
            return HelpGiven(
                act=Act(act.act), helper=act.helper_name, ticket=act.ticket, at=act.at, result=visit.result,
                visit=visit.id, given_again=tuple(act.given_again),
                page=self._pages.address(visit.id) if is_open else "",
            )  # fmt: skip

        found = await self._ground.database.read(work)
        return help_given_message(found) if found is not None else None

    async def _notice(self, owed: Owed) -> Message | None:
        handle = await self._ground.database.read(lambda tx: handle_by_id(tx, owed.subject))
        if handle is None:
            return None
        if owed.kind == CHANGED and handle.result in (Result.OPEN, Result.CHANGING):
            return announced_message(handle.id, self._ground.now())
        about = handle.id if handle.account else ""
        return notice_message(owed.kind, handle.result, handle.done_at or self._ground.now(), handle=about)


def _word(tx: Session, vouching: str) -> Word | None:
    row = vouchings.by_id(tx, vouching)
    visit = handle_by_id(tx, row.handle) if row is not None else None
    if row is None or visit is None or not (row.vouched_at and row.counts_from and row.counts_until):
        return None
    return Word(
        visit=visit.id, purpose=visit.purpose, name=row.name, voucher=row.voucher_name, spoken=row.spoken,
        at=row.vouched_at, counts_from=row.counts_from, counts_until=row.counts_until,
        counts=row.cooled_at is not None, ended=row.ended, ended_at=row.ended_at,
    )  # fmt: skip
