"""What people read while new access is stopped: the security channel's message, and the answer to whoever is stopped.

It says why, what goes on all the same, and what has to happen next; it decides nothing.
"""

from datetime import datetime

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.messages.alerts.message import composed
from bot.slack.messages.deciding import not_allowed_text, too_late_text
from bot.slack.messages.halting import begun_by, words_given, words_so_far
from bot.slack.messages.parts import Message, button
from bot.slack.sentences import CHANGED, GONE
from bot.slack.words import clock, day_and_clock, inert, number, plainly, quoted, together
from bot.texts import as_told, say, say_counted, template
from handlers.decisions.freezing import RESUME_RESETS, UNCHECKED, Stopped, reason
from handlers.outcomes import NoLonger, NotAllowed, TooLate, Unknown
from handlers.stops.outcomes import WordKept
from storage.states import FreezeKind

LOST = template(
    "This message is from a time that my records no longer hold: they were restored from an older copy. "
    "I don't know what it was about, so nothing was done. Please ask again if you still need it."
)
_TITLES = {
    FreezeKind.RESTORED: template("New access is stopped: the records were restored from an older copy"),
    FreezeKind.MISMATCH: template("New access is stopped: the records are not what was signed"),
    FreezeKind.EMERGENCY: template("New access is stopped by the security team"),
    FreezeKind.RESETS: template("Resets are stopped for everybody: too many at once"),
}
_TITLES_SINCE_LIFTED = {
    FreezeKind.RESTORED: template("New access was stopped: the records were restored from an older copy"),
    FreezeKind.MISMATCH: template("New access was stopped: the records are not what was signed"),
    FreezeKind.EMERGENCY: template("New access was stopped by the security team"),
    FreezeKind.RESETS: template("Resets were stopped for everybody: too many at once"),
}
_MOST_OF_A_DETAIL = 400


def freeze_message(alert: Alert) -> Message:
    """Why new access is stopped, what is still done, and the way to let it begin again; then who did so."""
    kind = FreezeKind(str(alert.facts.get("kind")))
    detail = plain(as_told(str(alert.facts.get("detail") or "")), _MOST_OF_A_DETAIL)
    detail = together(begun_by(alert, detail), _counted(alert), _lost(alert))
    if alert.fact("decided_by"):
        return composed(alert, say(_TITLES_SINCE_LIFTED[kind]), f"{detail}\n{_lifted(alert)}".strip())
    found = f"{detail}\n{words}" if (words := words_so_far(alert)) else detail
    todo = say(_TODO[kind]) if kind in _TODO else ""
    told = "\n\n".join(part for part in (found, _meanwhile(kind), todo) if part)
    resets = kind == FreezeKind.RESETS
    label = say("Let resets begin again…") if resets else say("Let new access begin again…")
    begin = button(label, Action.RESUME, alert.id)
    return composed(alert, say(_TITLES[kind]), told, buttons=[begin])


def _lifted(alert: Alert) -> str:
    by, at, why = (
        alert.fact("decided_by"),
        alert.moment("decided_at"),
        str(alert.facts.get("rationale") or ""),
    )
    whom = say("{name} at {time}", name=by, time=clock(at)) if at else by
    if words := words_given(alert):
        return f"{say('✅ *Started again* by {whom}.', whom=whom)}\n{words}"
    if not why:
        return say("✅ *Started again* by {whom}.", whom=whom)
    return say("✅ *Started again* by {whom}: {words}.", whom=whom, words=quoted(why))


def stopped_text(stopped: Stopped) -> str:
    """What to tell somebody who is stopped. What they typed stays where it is, to be sent again."""
    return _stopped(stopped, day_and_clock(stopped.since))


def stopped_plainly(stopped: Stopped) -> str:
    """The same at a field of a form, where Slack shows a text as it stands and no time in the reader's zone."""
    return _stopped(stopped, plainly(stopped.since))


def _stopped(stopped: Stopped, since: str) -> str:
    return together(
        as_told(reason(stopped)),
        say("Stopped since {time}.", time=since),
        _again_when(stopped),
    )


def _again_when(stopped: Stopped) -> str:
    if stopped.kind == UNCHECKED:  # security has nothing to confirm, and may not have heard
        return say(
            "Nothing was sent or decided, and nothing is lost: do this once more in some minutes. "
            "If it still says this then, tell your security team."
        )
    return say(
        "Nothing was sent or decided, and nothing is lost: do this once more when the security team has confirmed."
    )


def resumed_text(outcome: object) -> str:
    """What to tell somebody whose click did not count; "" when it did or was a repeat."""
    match outcome:
        case WordKept(again=True):
            return say(
                "Your word is kept already. It takes another person of the security team, and nothing more from you."
            )
        case WordKept():
            return say(
                "Your word is kept: one of two. New access begins again when another person of the security team says "
                "so, too. The message in the security channel shows it."
            )
        case NotAllowed():
            return not_allowed_text(outcome)
        case NoLonger(by=by, at=at, way=way) if way == RESUME_RESETS:
            when = clock(at) if at else ""
            return say(
                "{name} let resets begin again: {time}. Nothing more to do.", name=inert(by), time=when
            )
        case NoLonger(by=by, at=at):
            return together(_began_again(inert(by), at), say("Nothing more to do."))
        case Unknown():
            return unchanged_text(outcome)
        case _:
            return ""


def _counted(alert: Alert) -> str:
    count, most = alert.number("count"), alert.number("most")
    if not count:
        return ""
    return say("There were {number}, and {most} are let by.", number=number(count), most=number(most))


def _began_again(name: str, at: datetime | None) -> str:
    if at is None:
        return say("{name} let new access begin again.", name=name)
    return say("{name} let new access begin again at {time}.", name=name, time=clock(at))


def _lost(alert: Alert) -> str:
    lost, signed = alert.number("lost"), alert.number("signed")
    if not lost:
        return ""
    return say_counted(
        "Of {signed} entries that were signed, {lost} is gone, and with it what it recorded.",
        "Of {signed} entries that were signed, {lost} are gone, and with them what they recorded.",
        lost,
        signed=number(signed),
        lost=number(lost),
    )


def _meanwhile(kind: FreezeKind) -> str:
    if kind == FreezeKind.RESETS:
        return say("Everything else goes on: requests, ends, unlocks and answers.")
    goes_on = say("Ends, removals, answers and checks go on.")
    return together(goes_on, say(_MEANWHILE[kind])) if kind in _MEANWHILE else goes_on


_MEANWHILE = {
    FreezeKind.RESTORED: template(
        "What was approved and not given yet is void, recovery codes no longer work, and no password is reset here. "
        "Memberships that were given since are asked about one by one, and messages may come twice."
    ),
    FreezeKind.MISMATCH: template(
        "What was approved and not given yet is void, and no password is reset here."
    ),
}
_TODO = {
    FreezeKind.EMERGENCY: template(
        "Two people of the security team let it begin again, each with a reason. Nothing that waits is lost meanwhile."
    ),
    FreezeKind.RESTORED: template(
        "When you have looked at what this tells and at the checkpoints in this channel, let new access begin again."
    ),
    FreezeKind.MISMATCH: template(
        "Find out who could change the database or that file: `wicket audit verify` names what was changed. "
        "Then let new access begin again."
    ),
    FreezeKind.RESETS: template(
        "When you have looked whose they were and asked some of them, let resets begin again."
    ),
}


def unchanged_text(outcome: Unknown) -> str:
    """The same to whoever wanted to change it."""
    if outcome.changed:
        return say(CHANGED)
    return say(LOST) if outcome.lost else say("This is no longer there, so nothing was changed.")


def gone_text(outcome: Unknown) -> str:
    """What to tell about something that is not there: where it is known, why."""
    return say(LOST) if outcome.lost else say(GONE)


def undone_text(outcome: object) -> str:
    """What to tell whose deed did nothing because it was settled, is gone or is stopped; "" if it was none of these."""
    match outcome:
        case TooLate():
            return too_late_text(outcome)
        case Unknown():
            return gone_text(outcome)
        case Stopped():
            return stopped_text(outcome)
        case _:
            return ""
