"""An exception as somebody's work, in its message: the line of its state, and the ways to take it up and end it.

Only the security channel's message offers them; elsewhere it says how it stands. It decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import (
    ButtonElement,
    InteractiveElement,
    Option,
    OverflowMenuElement,
    PlainTextObject,
)

from bot.slack.actions import Action
from bot.slack.messages.parts import button, story_button, sure_button
from bot.slack.words import day_and_clock, inert, quoted, together
from bot.texts import as_known, say, template
from storage.states import ExceptionState, Resolution

CHOSEN: Mapping[str, str] = {
    Resolution.MENDED: template("dealt with"),
    Resolution.EXPECTED: template("expected"),
    Resolution.FALSE_ALARM: template("a false alarm"),
    Resolution.ACCEPTED: template("left as it is"),
}
"""What a person says of an exception that they resolve, in the middle of a sentence."""

_MOST_OF_A_NAME = 80


@dataclass(frozen=True, kw_only=True)
class Work:
    """How an exception stands as work. assignee, acknowledged_by, resolved_by: names, "" for nobody or Wicket itself.

    here: whether this is the message in which people work on it. resolvable, reopenable: by hand, now.
    """

    state: ExceptionState
    due_at: datetime | None = None
    assignee: str = ""
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    resolution: str = ""
    resolved_by: str = ""
    resolved_at: datetime | None = None
    words: str = ""
    reopened: int = 0
    here: bool = False
    resolvable: bool = True
    reopenable: bool = False


def mark(work: Work | None) -> str:
    """The symbol before the headline."""
    if work is None or work.state != ExceptionState.RESOLVED:
        return "⚠️"
    return "⌛" if work.resolution == Resolution.RENEWED else "✅"


def state_line(work: Work | None) -> str:
    """Who is at it and by when, or what became of it; "" where nothing is known of either."""
    if work is None:
        return ""
    if work.state == ExceptionState.RESOLVED:
        return _resolved(work)
    return together(_again(work), _standing(work), _due(work))


def told_to_worker(work: Work) -> str:
    """The same for whoever works on it, who knows that they do."""
    if work.state != ExceptionState.OPEN:
        return state_line(work)
    return together(_again(work), _due(work), say("You can acknowledge it in the security channel."))


def _again(work: Work) -> str:
    return say("*Opened again.*") if work.reopened and work.state == ExceptionState.OPEN else ""


def _due(work: Work) -> str:
    return say("Due {time}.", time=day_and_clock(work.due_at)) if work.due_at else ""


def ways(
    work: Work | None,
    exception: str,
    own: Sequence[ButtonElement],
    *,
    apart: bool = False,
) -> list[InteractiveElement]:
    """All buttons of its message, in their order, what happened with it among them. own: those that decide what it
    asks. apart: others of these have rows of their own.

    Beside buttons of its own the ways to work on it are one menu, so that no message has more than a row.
    """
    story = story_button(exception, Action.STORY_OF_ALERT)
    if work is None or not work.here:
        return [*own, story]
    if own or apart:
        return [*own, story, *_menu(work, exception)]
    return [*_buttons(work, exception), story]


def _standing(work: Work) -> str:
    name, worker = shown(work.acknowledged_by), shown(work.assignee)
    if work.state == ExceptionState.OPEN:
        if not worker:
            return say("*Open*, and nobody works on it yet.")
        return say("*Open*: {name} was given it, and has not acknowledged it yet.", name=worker)
    at = work.acknowledged_at
    if at is None:
        return say("*Acknowledged*.")
    if worker == name:
        return say("*Acknowledged* by {name} {time}.", name=name, time=day_and_clock(at))
    return say(
        "*Acknowledged* by {name} {time}; {worker} works on it.",
        name=name, time=day_and_clock(at), worker=worker,
    )  # fmt: skip


def _resolved(work: Work) -> str:
    at = work.resolved_at
    if at is None or work.resolution == Resolution.BEFORE:
        return ""
    when, name = day_and_clock(at), shown(work.resolved_by)
    if work.resolution in CHOSEN:
        why = say(CHOSEN[work.resolution])
        if not work.words:
            return say("*Resolved* by {name} {time}: {why}.", name=name, time=when, why=why)
        words = quoted(work.words)
        return say(
            "*Resolved* by {name} {time}: {why}, {words}.", name=name, time=when, why=why, words=words
        )  # fmt: skip
    if work.resolution == Resolution.RENEWED:
        return say("Told anew {time}, and worked on there.", time=when)
    if work.resolution == Resolution.DECIDED:
        return say("*Resolved* {time} by that decision.", time=when)
    return say("*Resolved* {time} by itself.", time=when)


def _buttons(work: Work, exception: str) -> list[ButtonElement]:
    if work.state == ExceptionState.RESOLVED:
        if not work.reopenable:
            return []
        again = sure_button(
            say("Reopen"), Action.REOPEN, exception, title=say("Open it again?"), yes=say("Reopen"),
            no=say("Not now"), facts=say("It counts as open once more, and the time for it begins anew."),
        )  # fmt: skip
        return [again]
    return [button(label, action, exception) for label, action in _open_ways(work)]


def _menu(work: Work, exception: str) -> list[OverflowMenuElement]:
    found = _open_ways(work) if work.state != ExceptionState.RESOLVED else []
    options = [
        Option(value=f"{action} {exception}", text=PlainTextObject(text=label, emoji=False))
        for label, action in found
    ]
    return [OverflowMenuElement(action_id=Action.WORK, options=options)] if options else []


def _open_ways(work: Work) -> list[tuple[str, Action]]:
    return [
        *([(say("Acknowledge"), Action.ACKNOWLEDGE)] if work.state == ExceptionState.OPEN else []),
        (say("Assign…"), Action.ASSIGN),
        *([(say("Resolve…"), Action.RESOLVE)] if work.resolvable else []),
    ]


def shown(name: str) -> str:
    """A name, inert and short."""
    return inert(as_known(name)[:_MOST_OF_A_NAME])
