"""The summary of each day in the security channel: what exceptions are open, what is past its time first.

It names ids, kinds and people, and no free text; on a day with nothing open there is none.
"""

from datetime import datetime, timedelta

from bot.slack.messages.alerts.facts import GRAVE, plain
from bot.slack.messages.alerts.work import shown
from bot.slack.messages.digests import kind_words
from bot.slack.messages.parts import Message, heading, note, section
from bot.slack.words import duration, number, together
from bot.texts import as_known, say, say_counted
from handlers.exceptions.open_now import OpenNow, OpenOne

_MOST_OF_WHO = 80


def open_exceptions_message(told: OpenNow) -> Message:
    """How many wait, and the first few of them, a line each."""
    title = say("Exceptions that are open")
    counted = say_counted("{count} is open.", "{count} are open.", told.count, count=number(told.count))
    late = say_counted(
        "{count} of them is past its time.", "{count} of them are past their time.", told.overdue,
        count=number(told.overdue),
    )  # fmt: skip
    head = together(counted, late if told.overdue else say("None is past its time."))
    lines = [_line(one, told.now) for one in told.first]
    left = told.count - len(told.first)
    more = (
        say_counted(
            "{count} more: `wicket exceptions` lists all of them.",
            "{count} more: `wicket exceptions` lists all of them.",
            left, count=number(left),
        )
        if left
        else say("`wicket exceptions` lists them with all that is known.")
    )  # fmt: skip
    nobodys = say("Where no name stands at the end, nobody works on it.")
    below = together(nobodys, more) if any(not one.assignee for one in told.first) else more
    return Message(
        text=together(f"{title}:", head, *lines, below),
        blocks=(
            heading(title), section(head), section("\n".join(f"• {one}" for one in lines)), note(below),
        ),
    )  # fmt: skip


def _line(one: OpenOne, now: datetime) -> str:
    what = f"*{kind_words(one.kind)}*"
    grave = say(GRAVE[one.severity]) if one.severity in GRAVE else plain(one.severity)
    who = plain(as_known(one.who), _MOST_OF_WHO)
    since = _long(now - one.since)
    if one.due_at is None or one.due_at >= now:
        told = say(
            "{kind}, {name} ({severity}): open for {time}.", kind=what, name=who, severity=grave, time=since
        )
    else:
        told = say(
            "{kind}, {name} ({severity}): open for {time}, late by {late}.",
            kind=what, name=who, severity=grave, time=since, late=_long(now - one.due_at),
        )  # fmt: skip
    return together(told, f"`{plain(one.id)}`", _whose(one))


def _whose(one: OpenOne) -> str:
    if not one.assignee:
        return ""  # said once below them, for it is mostly so
    if one.acknowledged:
        return say("{name} works on it.", name=shown(one.assignee))
    return say("{name} was given it, and has not acknowledged it.", name=shown(one.assignee))


def _long(time: timedelta) -> str:
    """Whole hours from one on: nobody counts the minutes of a day."""
    minutes = max(1, time // timedelta(minutes=1))
    return duration(minutes - minutes % 60 if minutes > 60 else minutes)
