"""What people hear of their clicks on exceptions, and what whoever works on one hears of what others did to it.

It renders what was decided elsewhere, and shows no more of an exception than its kind, whom it is about and its state.
"""

from dataclasses import dataclass

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import plain
from bot.slack.messages.alerts.work import Work, shown, state_line, told_to_worker
from bot.slack.messages.digests import kind_words
from bot.slack.messages.freezes import unchanged_text
from bot.slack.messages.parts import Message, said, story_button
from bot.slack.words import clock, day_and_clock, together
from bot.texts import as_told, say
from handlers.exceptions.outcomes import DecideInstead, IsOver, WorkedBefore, WorksAlready
from handlers.outcomes import Unknown
from handlers.stops.outcomes import MayNotStop
from storage.states import ExceptionState


@dataclass(frozen=True, kw_only=True)
class News:
    """One exception for whoever works on it, or did. theirs: they still do; else `work` names who does."""

    exception: str
    kind: str
    severity: str
    who: str
    work: Work
    theirs: bool


def worker_message(news: News) -> Message:
    """It is theirs, or another's now, or somebody acknowledged, resolved or reopened it."""
    what = say("{kind}, {name}", kind=kind_words(news.kind), name=plain(news.who))
    if not news.theirs:
        first = say(
            "{name} works on this exception now instead of you: *{what}*.",
            name=shown(news.work.assignee),
            what=what,
        )
    elif news.work.state == ExceptionState.RESOLVED:
        first = say("An exception that you work on was resolved: *{what}*.", what=what)
    elif news.work.state == ExceptionState.ACKNOWLEDGED:
        first = say("An exception that you work on was acknowledged: *{what}*.", what=what)
    else:
        first = say("An exception is yours to work on: *{what}*.", what=what)
    stands = told_to_worker(news.work) if news.theirs else state_line(news.work)
    return said(f"⚠️ {first}\n{stands}", buttons=[story_button(news.exception, Action.STORY_OF_ALERT)])


def worked_text(outcome: object) -> str:
    """What to tell somebody whose click did not count; "" when it did or was a repeat."""
    match outcome:
        case MayNotStop(reason=reason):
            return together(as_told(reason), say("Nothing was changed."))
        case WorkedBefore():
            return _before(outcome)
        case WorksAlready(by=by):
            return say("{name} works on this already. Nothing more to do.", name=shown(by))
        case DecideInstead():
            return say(
                "Decide this by its own buttons: that resolves it. Until then you can acknowledge or assign it."
            )
        case IsOver():
            return say(
                "This is over without anybody's word, so it is not opened again. If it recurs, it is told anew."
            )
        case Unknown():
            return unchanged_text(outcome)
        case _:
            return ""


def _before(outcome: WorkedBefore) -> str:
    done = say("Nothing more to do.")
    at, name = outcome.at, shown(outcome.by)
    if outcome.state == ExceptionState.OPEN or at is None:
        return together(say("This is open again already."), done)
    if outcome.state == ExceptionState.ACKNOWLEDGED:
        return together(say("{name} acknowledged this at {time}.", name=name, time=clock(at)), done)
    if not name:
        return together(say("This is over by itself since {time}.", time=day_and_clock(at)), done)
    return together(say("{name} resolved this at {time}.", name=name, time=clock(at)), done)
