"""What security reads of directories that do not follow: late removals, changes that fail, what is gone or unread.

Headlines and sentences only; bot.slack.messages.alerts makes messages of them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.slack.messages.alert_facts import Alert, fault, plain
from bot.slack.words import clock, counted, day_and_clock, duration, listed, sentence
from handlers.strange import Kind


def _revocation_overdue(alert: Alert) -> tuple[str, str]:
    due, paged = alert.moment("due"), alert.moment("paged")
    if count := alert.number("count"):
        return _outage(alert, f"Revocations overdue{_by(due, paged)}: {count} in the directory {alert.whose}")
    title = f"Revocation overdue{_by(due, paged)}: {alert.entitlement} of {alert.whose}"
    if settled := _settled(alert):
        late = f"late{_by(due, alert.moment('settled'))}"
        return title, sentence(f"It was due{_due(alert)} and came {late}.", _last_fault(alert), settled)
    if renewed := alert.moment("renewed"):
        return title, f"It was due{_due(alert)} and went on; it was told anew {day_and_clock(renewed)}."
    return (
        title,
        sentence(
            f"It was due{_due(alert)} and is not confirmed.", fault(alert), _tried(alert),
            "They may still have it. Wicket goes on trying.", _page(alert) if paged else "",
        ),
    )  # fmt: skip


def _outage(alert: Alert, title: str) -> tuple[str, str]:
    if settled := _settled(alert):
        return title, sentence(f"The first was due{_due(alert)}.", settled)
    if renewed := alert.moment("renewed"):
        return (
            title,
            f"The first was due{_due(alert)}; it went on and was told anew {day_and_clock(renewed)}.",
        )
    owners = listed([plain(name) for name in alert.several("owners", 10)])
    return (
        title,
        sentence(
            f"The first was due{_due(alert)}, and none of them is confirmed.",
            f"Owners: {owners}." if owners else "",
            "They may still have it. Wicket goes on trying; `wicket grants overdue` says who has what.",
        ),
    )  # fmt: skip


def _effect_failed(alert: Alert) -> tuple[str, str]:
    if count := alert.number("count"):
        title = f"The directory does not follow: {counted(count, 'change')} in the directory {alert.whose}"
        if settled := _settled(alert):
            return title, sentence(
                "Giving and taking back did not succeed at first.", _last_fault(alert), settled
            )
        return title, sentence(
            "Giving and taking back do not succeed.", fault(alert), "Wicket goes on trying."
        )
    doing = "Taking back" if alert.facts.get("removal") else "Giving"
    title = f"The directory does not follow: {alert.entitlement} of {alert.whose}"
    if settled := _settled(alert):
        at_first = f"{doing} {alert.entitlement} did not succeed at first."
        return title, sentence(at_first, _last_fault(alert), settled)
    still = "They may still have it." if alert.facts.get("removal") else "They do not have it yet."
    return (
        title,
        sentence(
            f"{doing} {alert.entitlement} does not succeed.", fault(alert), _tried(alert), still,
            "Wicket goes on trying.",
        ),
    )  # fmt: skip


def _target_gone(alert: Alert) -> tuple[str, str]:
    if alert.fact("gone") == "group":
        return (
            f"A group is gone: {alert.fact('group')}",
            f"The group is not in the directory any more, and {alert.entitlement} of {alert.whose} went with it; "
            "the grant is closed. Correct the catalogue, or make the group again.",
        )
    return (
        f"An account is gone: {alert.whose}",
        f"It is not in the directory any more, and {alert.entitlement} went with it; the grant is closed.",
    )


def _directory_missing(alert: Alert) -> tuple[str, str]:
    title = f"Not in wicket.toml any more: the directory {alert.whose}"
    if settled := alert.moment("settled"):
        return (
            title,
            f"It is there again, or nothing is left to take back in it, since {day_and_clock(settled)}.",
        )
    left = int(alert.facts.get("grants", 0))
    return (
        title,
        f"{counted(left, 'grant')} in it cannot be taken back by Wicket, which calls nothing gone that it cannot "
        "read. Put it back until they have ended, and restart.",
    )


def _not_compared(alert: Alert) -> tuple[str, str]:
    title = f"Not compared: the directory {alert.whose}"
    if settled := alert.moment("settled"):
        return title, f"All of it can be read again since {day_and_clock(settled)}, and was compared."
    since, names = alert.moment("since"), listed([plain(name) for name in alert.several("names", 10)])
    when, which = f" since {day_and_clock(since)}" if since else "", f": {names}" if names else ""
    return (
        title,
        sentence(
            f"{counted(alert.number('count'), 'entitlement')} in it could not be read{when}{which}.",
            fault(alert), "What other hands change there is not seen meanwhile. Wicket looks again at each round.",
        ),
    )  # fmt: skip


SENTENCES: Mapping[Kind, Callable[[Alert], tuple[str, str]]] = MappingProxyType(
    {
        Kind.REVOCATION_OVERDUE: _revocation_overdue,
        Kind.EFFECT_FAILED: _effect_failed,
        Kind.TARGET_GONE: _target_gone,
        Kind.DIRECTORY_MISSING: _directory_missing,
        Kind.NOT_COMPARED: _not_compared,
    }
)
"""For each of these kinds, what becomes headline and sentences."""


def _tried(alert: Alert) -> str:
    tries = int(alert.facts.get("tries", 0))
    return f"Tried {counted(tries, 'time')} so far." if tries else "Not tried yet."


def _last_fault(alert: Alert) -> str:
    """The fault of something that is over: it speaks as if it lasted."""
    last = fault(alert)
    return f"The last fault was: {last}" if last else ""


def _page(alert: Alert) -> str:
    """Who should act, and how, when something stays overdue."""
    owner = alert.fact("owner")
    told = f"Owner: {owner}." if owner else "Its owner is not in wicket.toml any more."
    return (
        f"{told} Mend the directory, or take it from them there by hand: Wicket will see it and close this. "
        "Until then it is told again every hour."
    )


def _by(since: datetime | None, until: datetime | None) -> str:
    """By how much, in whole minutes: " by 1 hour 15 minutes"; empty where it is less, or not known."""
    minutes = (until - since) // timedelta(minutes=1) if since and until else 0
    return f" by {duration(minutes)}" if minutes > 0 else ""


def _due(alert: Alert) -> str:
    """When it was due, if the fact says so: " at 14:02"."""
    due = alert.moment("due")
    return f" at {clock(due)}" if due else ""


def _settled(alert: Alert) -> str:
    """That it is over, and since when; empty while it is not."""
    settled = alert.moment("settled")
    return f"Settled {day_and_clock(settled)}: the directory agrees now." if settled else ""
