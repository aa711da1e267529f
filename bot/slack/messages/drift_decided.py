"""What stands below drift that somebody decided, and what those are told whose click did not count.

It says who decided and when, and whether the directory has followed.
"""

from bot.slack.messages.alerts.facts import Alert
from bot.slack.messages.deciding import not_allowed_text
from bot.slack.messages.freezes import unchanged_text
from bot.slack.messages.requests import whole
from bot.slack.words import clock, day, duration, inert, together
from bot.texts import say, template
from handlers.decisions.drift import Way
from handlers.outcomes import NoLonger, NotAllowed, NotPossible, Unknown


def reconciled_text(outcome: object) -> str:
    """What to tell somebody whose click did not count; "" when it did or was a repeat."""
    match outcome:
        case NotAllowed():
            return not_allowed_text(outcome)
        case NotPossible(reasons=reasons):
            return together(*map(whole, reasons), say("Nothing was changed."))
        case NoLonger():
            return together(_no_longer(outcome), say("Nothing more to do."))
        case Unknown():
            return unchanged_text(outcome)
        case _:
            return ""


def _no_longer(outcome: NoLonger) -> str:
    if not outcome.by:
        return say("This is over already: the directory, the grants and the declarations agree.")
    name, way = inert(outcome.by), outcome.way if outcome.way in _DID else ""
    if outcome.at is None:
        return say(_DID[way], name=name)
    return say(_DID_AT[way], name=name, time=clock(outcome.at))


_DID = {
    Way.ADOPT: template("{name} adopted this."),
    Way.REMOVE: template("{name} removed this."),
    Way.DECLARE: template("{name} declared this."),
    Way.GIVE_AGAIN: template("{name} gave this back."),
    Way.END: template("{name} ended this."),
    "confirm": template("{name} confirmed this."),
    "": template("{name} decided this."),
}
_DID_AT = {
    Way.ADOPT: template("{name} adopted this at {time}."),
    Way.REMOVE: template("{name} removed this at {time}."),
    Way.DECLARE: template("{name} declared this at {time}."),
    Way.GIVE_AGAIN: template("{name} gave this back at {time}."),
    Way.END: template("{name} ended this at {time}."),
    "confirm": template("{name} confirmed this at {time}."),
    "": template("{name} decided this at {time}."),
}


def decided(alert: Alert) -> str:
    """Who decided what and when, and whether the directory has followed; empty while nobody has."""
    by, at = alert.fact("decided_by"), alert.moment("decided_at")
    if not by:
        return ""
    whom, way, settled = (
        _whom(by, clock(at) if at else ""),
        str(alert.facts.get("way")),
        alert.moment("settled"),
    )
    if alert.facts.get("voided"):
        return say("⛔ *Not given again*: it was asked for by {whom}, and policy says no by now.", whom=whom)
    if settled:
        follows = say("The directory agrees since {time}.", time=clock(settled))
    else:
        follows = say("The directory is being changed.")
    match way:
        case Way.ADOPT:
            return together(_adopted(alert, whom), say("It ends by itself."))
        case Way.REMOVE:
            return together(say("✅ *Removed* by {whom}.", whom=whom), follows)
        case Way.DECLARE:
            return _declared(alert, whom)
        case Way.GIVE_AGAIN:
            return together(say("✅ *Given again* by {whom}.", whom=whom), follows)
        case Way.END:
            return say("⌛ *Ended* by {whom}.", whom=whom)
        case "confirm":
            ends = say("It has ended.") if settled else say("It ends within a minute.")
            return together(say("✅ *Confirmed* by {whom}.", whom=whom), ends)
        case _:
            return say("Decided by {whom}.", whom=whom)


def _adopted(alert: Alert, whom: str) -> str:
    minutes = alert.number("minutes")
    if not minutes:
        return say("✅ *Adopted* by {whom}.", whom=whom)
    return say("✅ *Adopted* by {whom} for {duration}.", whom=whom, duration=duration(minutes))


def _declared(alert: Alert, whom: str) -> str:
    review = alert.moment("review")
    if review is None:
        return say("✅ *Declared standing* by {whom}.", whom=whom)
    return say("✅ *Declared standing* by {whom}, to be reviewed by {day}.", whom=whom, day=day(review))


def _whom(name: str, time: str) -> str:
    return say("{name} at {time}", name=name, time=time) if time else name
