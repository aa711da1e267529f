"""What people read while new access is stopped: the security channel's message, and the answer to whoever is stopped.

It says why, what goes on all the same, and what has to happen next; it decides nothing.
"""

from bot.slack.actions import Action
from bot.slack.messages.alert_facts import Alert, plain
from bot.slack.messages.alerts import composed
from bot.slack.messages.approvals import not_allowed_text
from bot.slack.messages.parts import Message, button
from bot.slack.sentences import GONE
from bot.slack.words import clock, day_and_clock, inert, quoted, sentence
from handlers.decisions.freezing import RESUME_RESETS, Stopped, reason
from handlers.outcomes import NoLonger, NotAllowed, Unknown
from storage.states import FreezeKind

LOST = (
    "This message is from a time that my records no longer hold: they were restored from an older copy. "
    "I don't know what it was about, so nothing was done. Please ask again if you still need it."
)
_TITLES = {
    FreezeKind.RESTORED: "New access is stopped: the records were restored from an older copy",
    FreezeKind.MISMATCH: "New access is stopped: the records are not what was signed",
    FreezeKind.EMERGENCY: "New access is stopped by the security team",
    FreezeKind.RESETS: "Resets are stopped for everybody: too many at once",
}
_MOST_OF_A_DETAIL = 400


def freeze_message(alert: Alert) -> Message:
    """Why new access is stopped, what is still done, and the way to let it begin again; then who did so."""
    kind = FreezeKind(str(alert.facts.get("kind")))
    title, detail = _TITLES[kind], plain(alert.facts.get("detail") or "", _MOST_OF_A_DETAIL)
    if by := alert.fact("decided_by"):
        at, why = alert.moment("decided_at"), str(alert.facts.get("rationale") or "")
        when = f" at {clock(at)}" if at else ""
        again = "Resets again" if kind == FreezeKind.RESETS else "New access again"
        over = f"✅ *{again}* by {by}{when}{f': {quoted(why)}' if why else ''}."
        return composed(alert, title, f"{sentence(detail)}\n{over}")
    told = sentence(detail, _counted(alert), _lost(alert), *_WHAT_NOW[kind])
    label = "Let resets begin again…" if kind == FreezeKind.RESETS else "Let new access begin again…"
    return composed(alert, title, told, buttons=[button(label, Action.RESUME, alert.id)])


def stopped_text(stopped: Stopped) -> str:
    """What to tell somebody who is stopped. What they typed stays where it is, to be sent again."""
    return (
        f"{reason(stopped)} Stopped since {day_and_clock(stopped.since)}. Nothing was sent or decided, and nothing "
        "is lost: do this once more when the security team has confirmed."
    )


def resumed_text(outcome: object) -> str:
    """What to tell somebody whose click did not count; "" when it did or was a repeat."""
    match outcome:
        case NotAllowed():
            return not_allowed_text(outcome)
        case NoLonger(by=by, at=at, way=way):
            what = "resets" if way == RESUME_RESETS else "new access"
            return (
                f"{inert(by)} let {what} begin again{f' at {clock(at)}' if at else ''}. Nothing more to do."
            )
        case Unknown(lost=True):
            return LOST
        case Unknown():
            return "This is no longer there, so nothing was changed."
        case _:
            return ""


def _counted(alert: Alert) -> str:
    count, most = alert.number("count"), alert.number("most")
    return f"There were {count}, and {most} are let by." if count else ""


def _lost(alert: Alert) -> str:
    lost, signed = alert.number("lost"), alert.number("signed")
    if not lost:
        return ""
    if lost == 1:
        return f"Of {signed:,} entries that were signed, one is gone, and with it what it recorded."
    return f"Of {signed:,} entries that were signed, {lost:,} are gone, and with them what they recorded."


_GOES_ON = "Ends, removals, answers and checks go on."
_WHAT_NOW = {
    FreezeKind.RESTORED: (
        _GOES_ON,
        "What was approved and not given yet is void, recovery codes no longer work, and no password is reset here.",
        "Memberships that were given since are asked about one by one, and messages may come twice.",
        "When you have looked at what this tells and at the checkpoints in this channel, let new access begin again.",
    ),
    FreezeKind.MISMATCH: (
        _GOES_ON,
        "What was approved and not given yet is void, and no password is reset here.",
        "Find out who could change the database or that file: `wicket audit verify` names what was changed. "
        "Then let new access begin again.",
    ),
    FreezeKind.EMERGENCY: (_GOES_ON,),
    FreezeKind.RESETS: (
        "Nobody resets a password by themselves, links that were open are over, and people are told to come to the IT "
        "desk. Everything else goes on.",
        "`wicket audit show` lists what was tried. When you know what it was, let resets begin again here, or with "
        "`wicket resume`.",
    ),
}


def gone_text(outcome: Unknown) -> str:
    """What to tell about something that is not there: where it is known, why."""
    return LOST if outcome.lost else GONE
