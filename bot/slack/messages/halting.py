"""What people read of an emergency stop and of everything revoked of one person: who did it, how far it is, what next.

It claims nothing that is not known: what is not gone yet is named, with what the directory said.
"""

from datetime import datetime

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.messages.alerts.message import composed
from bot.slack.messages.parts import Message, button, said
from bot.slack.messages.resets import DISABLED, SESSIONS, WAS_DISABLED, lifted
from bot.slack.words import clock, day_and_clock, inert, listed, number, quoted, span, together
from bot.texts import as_told, say, say_counted, template
from handlers.stops.outcomes import AllRevoked, Halted, HaltedBefore, MayNotStop, NobodyFound, RevokedBefore

NOBODY = template(
    "I know nobody by that. Please type their login as the directory has it, or choose them in Slack if their account "
    "is linked."
)


def by_command_message() -> Message:
    """To whoever typed it in plain words: a form opens by the command alone, and nothing is stopped by guess."""
    return said(
        say(
            "A word stops nothing here, and lifts no stop. The security team types `/wicket freeze` to stop all new "
            "access, or `/wicket revoke` and a login to take back all that one person has; a stop is lifted below its "
            "message in their channel.\n"
            "If you saw something and are not of that team, tell them now. What your own team approved ends with "
            "*End now…*, below its message."
        )
    )


def begun_by(alert: Alert, detail: str) -> str:
    """Who stopped new access and why, where a person did; otherwise what was found."""
    why = str(alert.facts.get("why") or "")
    if not why:
        return detail
    if by := alert.fact("by"):
        return say("{name} stopped it: {words}.", name=by, words=quoted(why))
    return say("An operator stopped it, on the command line: {words}.", words=quoted(why))


def words_so_far(alert: Alert) -> str:
    """The words that were given so far, of the two that it takes; "" if there are none."""
    words = words_given(alert)
    return f"{say('*One of two* says that it may begin again:')}\n{words}" if words else ""


def words_given(alert: Alert) -> str:
    """Each word with its reason, a line each."""
    words = [one for one in alert.several("words") if isinstance(one, dict)]
    return "\n".join(_word(one) for one in words)


def _word(word: dict[str, object]) -> str:
    name, at = plain(word.get("name")), clock(datetime.fromisoformat(str(word.get("at"))))
    why = quoted(str(word.get("why") or ""))
    if word.get("operator"):
        return say("{name}, an operator, at {time}: {words}.", name=name, time=at, words=why)
    return say("{name} at {time}: {words}.", name=name, time=at, words=why)


def revoked_all_message(alert: Alert) -> Message:
    """What was revoked, what is not gone yet and why, and the way to let them in again; then who did so."""
    title = say("Everything revoked: {name}", name=alert.whose)
    why = quoted(str(alert.facts.get("why") or ""))
    by = alert.fact("by")
    who = (
        say("{name} revoked everything of {whom}: {words}.", name=by, whom=alert.whose, words=why)
        if by
        else say("An operator revoked everything of {whom}: {words}.", whom=alert.whose, words=why)
    )
    if alert.facts.get("of_security"):
        who = together(who, say("*They are of the security team.*"))
    disabled, sessions = alert.fact("disabled"), alert.fact("sessions")
    if alert.fact("decided_by"):
        was = say(WAS_DISABLED[disabled]) if disabled in WAS_DISABLED else ""
        return composed(
            alert, title, f"{together(who, was)}\n{_counted(alert)}\n{_far(alert)}\n{lifted(alert)}"
        )
    account = together(
        say(DISABLED[disabled]) if disabled in DISABLED else "",
        say(SESSIONS[sessions]) if sessions in SESSIONS else "",
        say("Their proofs prove nothing any more.") if alert.facts.get("stop_proofs") else "",
    )
    todo = say(
        "Nothing is asked, given or decided in their name until security lets them in again. Memberships that Wicket "
        "did not give are as they were: look at them in the directory."
    )
    parts = (who, _counted(alert), _far(alert), account, todo)
    again = button(say("Let them in again…"), Action.RELEASE, alert.id)
    return composed(alert, title, "\n".join(part for part in parts if part), buttons=[again])


def _counted(alert: Alert) -> str:
    return say("Ended or void: {things}.", things=counted_things(
        grants=alert.number("grants"), requests=alert.number("requests"), approvals=alert.number("approvals"),
        visits=alert.number("visits"), words=alert.number("words"), delegations=alert.number("delegations"),
    ))  # fmt: skip


def counted_things(
    *, grants: int, requests: int, approvals: int, visits: int, words: int, delegations: int
) -> str:
    """How much there is of each, as a list; what there is none of is left out."""
    counted = [
        (grants, say_counted("{count} grant", "{count} grants", grants, count=number(grants))),
        (requests, say_counted("{count} open request", "{count} open requests", requests, count=number(requests))),
        (approvals, say_counted(
            "{count} approval that still waits", "{count} approvals that still wait", approvals,
            count=number(approvals),
        )),
        (visits, say_counted(
            "{count} visit of the secure page", "{count} visits of the secure page", visits, count=number(visits)
        )),
        (words, say_counted(
            "{count} petition or vouching", "{count} petitions and vouchings", words, count=number(words)
        )),
        (delegations, say_counted(
            "{count} delegation", "{count} delegations", delegations, count=number(delegations)
        )),
    ]  # fmt: skip
    return listed([told for count, told in counted if count]) or say("nothing")


def _far(alert: Alert) -> str:
    """How far the directory has come."""
    left, every = alert.number("left"), alert.number("all")
    if not left and alert.fact("finished_at"):
        took = span(max(1, alert.number("took_s")))
        return say("✅ *Done* after {duration}: what Wicket had given is read back as gone.", duration=took)
    if not left:
        return say("What Wicket had given is gone; the rest is being seen to.")
    waiting = say_counted(
        "⏳ *{left} of {all} is not gone yet*; Wicket goes on by itself.",
        "⏳ *{left} of {all} are not gone yet*; Wicket goes on by itself.",
        left,
        left=number(left),
        all=number(every),
    )
    return "\n".join(
        [waiting, *(_not_yet(one) for one in alert.several("not_yet", 5) if isinstance(one, dict))]
    )


def _not_yet(one: dict[str, object]) -> str:
    name, fault = plain(one.get("entitlement")), plain(as_told(str(one.get("fault") or "")))
    return say("• {name}: {fault}", name=name, fault=fault or say("its turn has not come yet."))


def stopping_text(outcome: object) -> str:
    """What to tell whoever wanted to stop something; "" for a repeat of the same click."""
    match outcome:
        case MayNotStop(reason=reason):
            return together(as_told(reason), say("Nothing was changed."))
        case Halted():
            return say(
                "New access is stopped, and the security channel shows it. Ends, removals and checks go on. It takes "
                "two people of the security team to let it begin again."
            )
        case HaltedBefore(by=by, since=since) if by:
            return say(
                "{name} stopped new access already: {time}. Nothing more to do.",
                name=inert(by),
                time=day_and_clock(since),
            )
        case HaltedBefore(since=since):
            return say(
                "An operator stopped new access already: {time}. Nothing more to do.",
                time=day_and_clock(since),
            )
        case NobodyFound():
            return together(say(NOBODY), say("Nothing was changed."))
        case RevokedBefore(name=name, at=at):
            return say(
                "Everything of {name} was revoked before: {time}. Nothing new came of them since, so nothing more was "
                "done.",
                name=inert(name),
                time=day_and_clock(at),
            )
        case AllRevoked(name=name):
            return say(
                "Everything of {name} is being revoked. The message in the security channel shows how far it is, and "
                "says when it is done.",
                name=inert(name),
            )
        case _:
            return ""
