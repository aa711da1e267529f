"""What people read after an emergency: its review, owed, reminded of, late or given, and a drill that is missing.

It claims nothing that is not known, and decides nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.messages.alerts.message import composed
from bot.slack.messages.deciding import not_allowed_text
from bot.slack.messages.freezes import unchanged_text
from bot.slack.messages.halting import words_given
from bot.slack.messages.parts import Message, button, said
from bot.slack.words import clock, day, day_and_clock, either, inert, quoted, together
from bot.texts import say, say_counted, template
from handlers.decisions.emergency_reviews import Finding
from handlers.emergencies.outcomes import ALERTED, EmergencyStory
from handlers.emergencies.reviewed import (
    LostMeanwhile,
    NothingToRestore,
    NotOver,
    Reminded,
    Restored,
    ReviewedBefore,
    ReviewKept,
)
from handlers.exceptions.strange import Kind
from handlers.outcomes import NotAllowed, Unknown
from handlers.stops.outcomes import WordKept
from storage.states import EmergencyState

_ID = 100


def follow_up_message(alert: Alert) -> Message:
    """The message of an exception about what follows an emergency: in its thread, and in the channel as well."""
    message, emergency = _MESSAGES[alert.kind](alert), _emergency(alert)
    return _in_thread(message, emergency) if emergency else message


def _review(alert: Alert) -> Message:
    told = together(_what_happened(alert), _wanted(alert))
    if alert.fact("decided_by"):
        return composed(alert, _title(alert), f"{_what_happened(alert)}\n{_given(alert)}")
    if renewed := alert.moment("renewed"):
        anew = say("It was not done in time and was told anew {time}.", time=day_and_clock(renewed))
        return composed(alert, _title(alert), together(_what_happened(alert), anew))
    return composed(alert, _title(alert), told, buttons=[_button(alert)])


def _title(alert: Alert) -> str:
    if alert.facts.get("drill"):
        if alert.facts.get("overdue"):
            return say("DRILL: review overdue, of the drill of {name}", name=alert.whose)
        return say("DRILL: review owed, of the drill of {name}", name=alert.whose)
    if alert.facts.get("overdue"):
        return say("Review overdue: {name} broke the glass", name=alert.whose)
    return say("Review owed: {name} broke the glass", name=alert.whose)


def _what_happened(alert: Alert) -> str:
    name, what, incident = alert.whose, f"*{alert.entitlement}*", alert.fact("incident", "?")
    if alert.facts.get("drill"):
        return say(
            "{name} practised breaking the glass for {what} ({incident}). No access was given.",
            name=name, what=what, incident=incident,
        )  # fmt: skip
    if alert.facts.get("by_hand"):
        return say(
            "{name} had {what} in an emergency, incident {incident}, past Wicket: an operator put it on the record.",
            name=name, what=what, incident=incident,
        )  # fmt: skip
    return say(
        "{name} took {what} in an emergency, incident {incident}. The access is over.",
        name=name, what=what, incident=incident,
    )  # fmt: skip


def _wanted(alert: Alert) -> str:
    """Who is to review it, until when, and what follows if nobody does."""
    due, owner = alert.moment("due"), alert.fact("owner")
    time = day_and_clock(due) if due else say("soon")
    if owner:
        asked = say(
            "Somebody else of {owner} or of the security team reviews it by {time}.", owner=owner, time=time
        )
    else:
        asked = say("Somebody else of the security team reviews it by {time}.", time=time)
    if alert.facts.get("overdue"):
        asked = say(
            "Its review was due {time}, and nobody gave it. Until somebody does, {name} cannot break the glass.",
            time=time, name=alert.whose,
        )  # fmt: skip
    else:
        lapses = say("If nobody does, {name} cannot break the glass until it is done.", name=alert.whose)
        asked = together(asked, lapses)
    names = either([plain(one) for one in alert.several("reviewers", 4)])
    can = say("Can do it now: {names}.", names=names) if names else ""
    return together(asked, can)


def _given(alert: Alert) -> str:
    by, at, words = alert.fact("decided_by"), alert.moment("decided_at"), str(alert.facts.get("words") or "")
    whom = say("{name} at {time}", name=by, time=clock(at)) if at else by
    found = (bool(alert.facts.get("drill")), alert.facts.get("finding") == Finding.JUSTIFIED)
    return together(
        say(_FOUND[found], whom=whom), say("To change: {words}.", words=quoted(words)) if words else ""
    )


# By whether it was a drill, and whether it was right.
_FOUND = {
    (False, True): template("✅ *Justified*, says the review by {whom}."),
    (False, False): template("⛔ *Not justified*, says the review by {whom}."),
    (True, True): template("✅ *It went as it should*, says the review by {whom}."),
    (True, False): template("⛔ *It did not go as it should*, says the review by {whom}."),
}


def _button(alert: Alert) -> ButtonElement:
    return button(say("Review…"), Action.REVIEW_EMERGENCY, _emergency(alert))


def _emergency(alert: Alert) -> str:
    """Which one it is about; a button holds no more than so much."""
    return str(alert.facts.get("emergency") or "")[:_ID]


def _unjustified(alert: Alert) -> Message:
    title = say("Not justified: {name} broke the glass", name=alert.whose)
    told = say(
        "{reviewer} reviewed what {name} did with *{what}*, incident {incident}: it was not justified. {words}",
        reviewer=alert.fact("reviewer"), name=alert.whose, what=alert.entitlement,
        incident=alert.fact("incident", "?"), words=quoted(str(alert.facts.get("words") or "")),
    )  # fmt: skip
    if by := alert.fact("decided_by"):
        at, why = alert.moment("decided_at"), quoted(str(alert.facts.get("rationale") or ""))
        whom = say("{name} at {time}", name=by, time=clock(at)) if at else by
        again = say("✅ *They can break the glass again*, says {whom}: {words}.", whom=whom, words=why)
        return composed(alert, title, f"{told}\n{again}")
    lapsed = say("{name} cannot break the glass until the security team lets them again.", name=alert.whose)
    restore = button(say("Let them again…"), Action.RESTORE_ELIGIBILITY, _emergency(alert))
    return composed(alert, title, together(told, lapsed), buttons=[restore])


def _lost(alert: Alert) -> Message:
    title = say("Lost from the records: emergencies of {name}", name=alert.whose)
    told = say_counted(
        "The record tells of {count} emergency of {name} that the database does not have as I wrote it.",
        "The record tells of {count} emergencies of {name} that the database does not have as I wrote them.",
        alert.number("count"), name=alert.whose,
    )  # fmt: skip
    if by := alert.fact("decided_by"):
        at = alert.moment("decided_at")
        whom = say("{name} at {time}", name=by, time=clock(at)) if at else by
        again = say("✅ *They can break the glass again*, say {whom}.", whom=whom)
        return composed(alert, title, "\n".join([told, again, words_given(alert)]).strip())
    if settled := alert.moment("settled"):
        found = say("✅ They are there again, seen {time}.", time=day_and_clock(settled))
        return composed(alert, title, together(told, found))
    if renewed := alert.moment("renewed"):
        anew = say("More of them is lost, which was told anew {time}.", time=day_and_clock(renewed))
        return composed(alert, title, together(told, anew))
    lapsed = say(
        "Until two people of the security team let them, each with a reason, {name} cannot break the glass.",
        name=alert.whose,
    )
    find = say("Find out who can write to the database.")
    words = words_given(alert)
    so_far = [say("*One of two* says that they may break the glass again:"), words] if words else []
    lines = [together(told, lapsed, find), *so_far]
    button_ = button(say("Let them again…"), Action.RESTORE_LOST, alert.id)
    return composed(alert, title, "\n".join(lines), buttons=[button_])


def _drill_missed(alert: Alert) -> Message:
    days = alert.number("days")
    wanted = say_counted("One is wanted every day.", "One is wanted every {count} days.", days)
    last = alert.moment("last")
    was = (
        say("The last drill of breaking the glass was {day}.", day=day(last))
        if last
        else say("No drill of breaking the glass has taken place yet.")
    )
    title = say("A drill is missing: breaking the glass was not practised")
    if settled := alert.moment("settled"):
        since = say("✅ One took place, seen {time}.", time=day_and_clock(settled))
        return composed(alert, title, together(was, wanted, since))
    todo = say(
        "Whoever may break the glass starts one with `/wicket break-glass drill`. It gives no access, and shows that "
        "the alerts arrive."
    )
    return composed(alert, title, together(was, wanted, todo))


_MESSAGES: Mapping[Kind, Callable[[Alert], Message]] = {
    Kind.EMERGENCY_REVIEW: _review,
    Kind.EMERGENCY_UNJUSTIFIED: _unjustified,
    Kind.EMERGENCY_LOST: _lost,
    Kind.DRILL_MISSED: _drill_missed,
}
FOLLOW_UPS = frozenset(_MESSAGES)


def review_of(story: EmergencyStory) -> tuple[str, tuple[ButtonElement, ...]]:
    """What the alert says of its review, from the access on, and the way to it once it is owed."""
    if story.state != EmergencyState.GRANTED:
        return "", ()
    if story.reviewed_by:
        key = (story.drill, story.finding == Finding.JUSTIFIED)
        return say(_FOUND[key], whom=inert(story.reviewed_by)), ()
    if story.review_due_at is None:
        return say("Somebody else reviews it within two working days of its end."), ()
    due = say("Review due {time}, by somebody else.", time=day_and_clock(story.review_due_at))
    return due, (button(say("Review…"), Action.REVIEW_EMERGENCY, story.id),)


def reminder_message(reminded: Reminded) -> Message:
    """In the emergency's thread, and in the channel as well: an edit would go unseen."""
    name, what = inert(reminded.who), f"*{inert(reminded.what)}*"
    drill = say("DRILL.") if reminded.drill else ""
    if reminded.reviewed_by:
        text = say(
            "✅ What {name} did with {what} was reviewed by {reviewer}.",
            name=name, what=what, reviewer=inert(reminded.reviewed_by),
        )  # fmt: skip
    else:
        text = say(
            "⏳ The review of what {name} did with {what} is still owed, by {time}. Whoever can do it presses "
            "*Review…* above.",
            name=name, what=what, time=day_and_clock(reminded.due_at),
        )  # fmt: skip
    return _in_thread(said(together(drill, text)), reminded.emergency)


def _in_thread(message: Message, emergency: str) -> Message:
    return replace(message, below=(ALERTED, emergency), aloud=True)


def review_text(outcome: object) -> str:
    """What to tell whoever reviews, or tried to; "" for a repeat of the same click."""
    match outcome:
        case ReviewKept(lapsed=True, looked=looked):
            return say(
                "Your review is kept. {name} cannot break the glass until the security team lets them again.",
                name=inert(looked.who),
            )
        case ReviewKept():
            return say("Your review is kept. Thank you for looking.")
        case WordKept(again=True):
            return say(
                "Your word is kept already. It takes another person of the security team, and nothing more from you."
            )
        case WordKept():
            return say(
                "Your word is kept: one of two. They can break the glass again when another person of the security "
                "team says so, too. The message in the security channel shows it."
            )
        case LostMeanwhile():
            return say(
                "Meanwhile others of their emergencies are lost than this form named, so your word was not kept. "
                "Press *Let them again…* once more: it names them all."
            )
        case Restored(who=who):
            return say("{name} can break the glass again.", name=inert(who))
        case NotAllowed():
            return not_allowed_text(outcome)
        case ReviewedBefore(by=by, at=at):
            return say(
                "{name} reviewed this already: {time}. Nothing more to do.",
                name=inert(by),
                time=day_and_clock(at),
            )
        case NotOver():
            return say(
                "This is not over yet. It can be reviewed once the access has ended. Nothing was changed."
            )
        case NothingToRestore(by=by, at=at) if by and at:
            return say(
                "{name} let them again already: {time}. Nothing more to do.",
                name=inert(by),
                time=day_and_clock(at),
            )
        case NothingToRestore():
            return say("This keeps nobody from breaking the glass. Nothing was changed.")
        case Unknown():
            return unchanged_text(outcome)
        case _:
            return ""
