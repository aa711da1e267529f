"""What security reads of what detectors saw in the record: what it was, what is usual, and what tunes it.

The sentences are the detectors' own (handlers.detectors); here they are said.
"""

from collections.abc import Callable, Mapping

from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.words import day_and_clock, together
from bot.texts import as_told, say
from handlers.exceptions.strange import Kind

_MOST = 600


def _seen(alert: Alert) -> tuple[str, str]:
    since, until = alert.moment("since"), alert.moment("until")
    when = (
        say(
            "The first was {since}, the last {until}.", since=day_and_clock(since), until=day_and_clock(until)
        )
        if since and until and since != until
        else ""
    )
    name, settings = alert.fact("detector"), alert.fact("settings")
    tuned = (
        say("It is tuned in wicket.toml, [detectors.{name}]: {settings}.", name=name, settings=settings)
        if name and settings
        else ""
    )
    title = _said(alert, "title") or say("Something unusual stands in the record")
    return title, together(
        _said(alert, "told"), when, _said(alert, "usual"), say("Nothing is stopped by this."), tuned
    )


def _failed(alert: Alert) -> tuple[str, str]:
    title = say("A detector failed: {name}", name=alert.whose)
    goes_on = say(
        "The others go on, and it is tried again with what comes next. The log says more; [detectors] in wicket.toml "
        "switches it off."
    )
    if not (known := alert.fact("error")):
        return title, goes_on
    broke = say(
        "It broke over the audit entries {first} to {last} ({fault}), and says nothing of them.",
        first=alert.number("first"), last=alert.number("last"), fault=known,
    )  # fmt: skip
    return title, together(broke, goes_on)


def _said(alert: Alert, name: str) -> str:
    return plain(as_told(alert.facts.get(name) or ""), _MOST)


SENTENCES: Mapping[Kind, Callable[[Alert], tuple[str, str]]] = {
    Kind.MANY_REFUSALS: _seen,
    Kind.MANY_RESETS: _seen,
    Kind.APPROVING_EACH_OTHER: _seen,
    Kind.APPROVED_AT_ONCE: _seen,
    Kind.DORMANT: _seen,
    Kind.MANY_ASKED: _seen,
    Kind.DETECTOR_FAILED: _failed,
}
"""For each of these kinds, what becomes headline and sentences."""
