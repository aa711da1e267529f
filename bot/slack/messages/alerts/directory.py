"""What security reads of directories that do not follow: late removals, changes that fail, what is gone or unread.

Headlines and sentences only; bot.slack.messages.alerts.message makes messages of them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.slack.messages.alerts.facts import Alert, fault, plain
from bot.slack.words import clock, day_and_clock, duration, listed, together
from bot.texts import say, say_counted, template
from handlers.exceptions.strange import Kind


def _revocation_overdue(alert: Alert) -> tuple[str, str]:
    if alert.number("count"):
        return _outage(alert)
    due, paged = alert.moment("due"), alert.moment("paged")
    what, who = alert.entitlement, alert.whose
    if late := _by(due, paged):
        title = say(
            "Revocation overdue by {late}: {entitlement} of {name}", late=late, entitlement=what, name=who
        )
    else:
        title = say("Revocation overdue: {entitlement} of {name}", entitlement=what, name=who)
    if settled := _settled(alert):
        return title, together(_was_due(alert), _came(alert), _last_fault(alert), settled)
    if renewed := alert.moment("renewed"):
        anew = say("It went on and was told anew {time}.", time=day_and_clock(renewed))
        return title, together(_was_due(alert), anew)
    return (
        title,
        together(
            _was_due(alert), say("It is not confirmed."), fault(alert), _tried(alert),
            say("They may still have it. Wicket goes on trying."), _page(alert) if paged else "",
        ),
    )  # fmt: skip


_GIVEN_UP = template(
    "At {time} an operator gave that system up: nobody waits for it, and what it had not taken may be archived without "
    "it."
)


def _not_streamed(alert: Alert) -> tuple[str, str]:
    title = say("The audit log is not taken by the system that it is sent to")
    since = alert.moment("since")
    began = say("That is so since {time}.", time=day_and_clock(since)) if since else ""
    if given_up := alert.moment("given_up"):
        return title, together(began, say(_GIVEN_UP, time=day_and_clock(given_up)))
    if settled := alert.moment("settled"):
        return title, together(began, say("Since {time} it takes them again.", time=day_and_clock(settled)))
    waits = say_counted(
        "{count} entry waits, and none is lost: Wicket goes on trying.",
        "{count} entries wait, and none is lost: Wicket goes on trying.",
        alert.number("behind"),
    )
    return title, together(
        began, fault(alert), waits, say("Look at [siem] in wicket.toml, and at that system.")
    )


def _outage(alert: Alert) -> tuple[str, str]:
    count = alert.number("count")
    if late := _by(alert.moment("due"), alert.moment("paged")):
        title = say_counted(
            "Revocation overdue by {late}: {count} in the directory {directory}",
            "Revocations overdue by {late}: {count} in the directory {directory}",
            count, late=late, directory=alert.whose,
        )  # fmt: skip
    else:
        title = say_counted(
            "Revocation overdue: {count} in the directory {directory}",
            "Revocations overdue: {count} in the directory {directory}",
            count, directory=alert.whose,
        )  # fmt: skip
    if settled := _settled(alert):
        return title, together(_first_due(alert), settled)
    if renewed := alert.moment("renewed"):
        anew = say("It went on and was told anew {time}.", time=day_and_clock(renewed))
        return title, together(_first_due(alert), anew)
    owners = listed([plain(name) for name in alert.several("owners", 10)])
    return (
        title,
        together(
            _first_due(alert),
            say("Not one of them is confirmed."),
            say("Owners: {names}.", names=owners) if owners else "",
            say("They may still have it. Wicket goes on trying; `wicket grants overdue` says who has what."),
        ),
    )


def _effect_failed(alert: Alert) -> tuple[str, str]:
    goes_on = say("Wicket goes on trying.")
    if count := alert.number("count"):
        title = say_counted(
            "The directory does not follow: {count} change in the directory {directory}",
            "The directory does not follow: {count} changes in the directory {directory}",
            count, directory=alert.whose,
        )  # fmt: skip
        if settled := _settled(alert):
            at_first = say("Giving and taking back did not succeed at first.")
            return title, together(at_first, _last_fault(alert), settled)
        return title, together(say("Giving and taking back do not succeed."), fault(alert), goes_on)
    title = say(
        "The directory does not follow: {entitlement} of {name}",
        entitlement=alert.entitlement,
        name=alert.whose,
    )
    what, removal = alert.entitlement, bool(alert.facts.get("removal"))
    if settled := _settled(alert):
        if removal:
            at_first = say("Taking back {entitlement} did not succeed at first.", entitlement=what)
        else:
            at_first = say("Giving {entitlement} did not succeed at first.", entitlement=what)
        return title, together(at_first, _last_fault(alert), settled)
    if removal:
        fails = say("Taking back {entitlement} does not succeed.", entitlement=what)
        still = say("They may still have it.")
    else:
        fails = say("Giving {entitlement} does not succeed.", entitlement=what)
        still = say("They do not have it yet.")
    return title, together(fails, fault(alert), _tried(alert), still, goes_on)


def _target_gone(alert: Alert) -> tuple[str, str]:
    if alert.fact("gone") == "group":
        return (
            say("A group is gone: {group}", group=alert.fact("group")),
            say(
                "The group is not in the directory any more, and {entitlement} of {name} went with it; "
                "the grant is closed. Correct the catalogue, or make the group again.",
                entitlement=alert.entitlement,
                name=alert.whose,
            ),
        )
    return (
        say("An account is gone: {name}", name=alert.whose),
        say(
            "It is not in the directory any more, and {entitlement} went with it; the grant is closed.",
            entitlement=alert.entitlement,
        ),
    )


def _directory_missing(alert: Alert) -> tuple[str, str]:
    title = say("Not in wicket.toml any more: the directory {directory}", directory=alert.whose)
    if settled := alert.moment("settled"):
        return title, say(
            "It is there again, or nothing is left to take back in it, since {time}.",
            time=day_and_clock(settled),
        )
    left = say_counted(
        "{count} grant in it cannot be taken back by Wicket, which calls nothing gone that it cannot read.",
        "{count} grants in it cannot be taken back by Wicket, which calls nothing gone that it cannot read.",
        int(alert.facts.get("grants", 0)),
    )
    return title, together(left, say("Put it back until they have ended, and restart."))


def _not_compared(alert: Alert) -> tuple[str, str]:
    title = say("Not compared: the directory {directory}", directory=alert.whose)
    if settled := alert.moment("settled"):
        return title, say(
            "All of it can be read again since {time}, and was compared.", time=day_and_clock(settled)
        )
    count, since = alert.number("count"), alert.moment("since")
    if since:
        unread = say_counted(
            "{count} entitlement in it could not be read since {time}.",
            "{count} entitlements in it could not be read since {time}.",
            count, time=day_and_clock(since),
        )  # fmt: skip
    else:
        unread = say_counted(
            "{count} entitlement in it could not be read.",
            "{count} entitlements in it could not be read.",
            count,
        )
    names = listed([plain(name) for name in alert.several("names", 10)])
    which = say("Not read: {names}.", names=names) if names else ""
    meanwhile = say("What other hands change there is not seen meanwhile. Wicket looks again at each round.")
    return title, together(unread, which, fault(alert), meanwhile)


def _left_catalogue(alert: Alert) -> tuple[str, str]:
    title = say("Not in the catalogue any more: {entitlement}", entitlement=alert.entitlement)
    if settled := alert.moment("settled"):
        return title, say(
            "It is there again, or nobody has it any more, since {time}.", time=day_and_clock(settled)
        )
    until = alert.moment("until")
    last = say("The last ends {time}.", time=day_and_clock(until)) if until else ""
    left = say_counted(
        "{count} grant gives it still, and nobody owns it.",
        "{count} grants give it still, and nobody owns it.",
        alert.number("count"),
    )
    ways = say(
        "Whoever has it can give it back, and the security team can end each before its time. "
        "Or put it back into the catalogue."
    )
    return title, together(left, last, ways)


SENTENCES: Mapping[Kind, Callable[[Alert], tuple[str, str]]] = {
    Kind.REVOCATION_OVERDUE: _revocation_overdue,
    Kind.NOT_STREAMED: _not_streamed,
    Kind.EFFECT_FAILED: _effect_failed,
    Kind.TARGET_GONE: _target_gone,
    Kind.DIRECTORY_MISSING: _directory_missing,
    Kind.NOT_COMPARED: _not_compared,
    Kind.LEFT_CATALOGUE: _left_catalogue,
}
"""For each of these kinds, what becomes headline and sentences."""


def _tried(alert: Alert) -> str:
    tries = int(alert.facts.get("tries", 0))
    if not tries:
        return say("Not tried yet.")
    return say_counted("Tried {count} time so far.", "Tried {count} times so far.", tries)


def _last_fault(alert: Alert) -> str:
    """The fault of something that is over: it speaks as if it lasted."""
    last = fault(alert)
    return say("The last fault was: {fault}", fault=last) if last else ""


def _page(alert: Alert) -> str:
    """Who should act, and how, when something stays overdue."""
    owner = alert.fact("owner")
    told = say("Owner: {name}.", name=owner) if owner else say("Its owner is not in wicket.toml any more.")
    return together(
        told,
        say(
            "Mend the directory, or take it from them there by hand: Wicket will see it and close this. "
            "Until then it is told again every hour."
        ),
    )


def _by(since: datetime | None, until: datetime | None) -> str:
    """By how much, in whole minutes: "1 hour 15 minutes"; empty where it is less, or not known."""
    minutes = (until - since) // timedelta(minutes=1) if since and until else 0
    return duration(minutes) if minutes > 0 else ""


def _was_due(alert: Alert) -> str:
    """When it was due, if the fact says so."""
    due = alert.moment("due")
    return say("It was due at {time}.", time=clock(due)) if due else say("It was due.")


def _first_due(alert: Alert) -> str:
    due = alert.moment("due")
    return say("The first was due at {time}.", time=clock(due)) if due else say("The first was due.")


def _came(alert: Alert) -> str:
    late = _by(alert.moment("due"), alert.moment("settled"))
    return say("It came late by {late}.", late=late) if late else say("It came late.")


def _settled(alert: Alert) -> str:
    """That it is over, and since when; empty while it is not."""
    settled = alert.moment("settled")
    if settled is None:
        return ""
    return say("Settled {time}: the directory agrees now.", time=day_and_clock(settled))
