"""What security reads when the record itself was changed past Wicket, where that stops nothing more.

Headlines and sentences only; bot.slack.messages.alerts.message makes messages of them.
"""

from bot.slack.messages.alerts.facts import Alert, plain
from bot.slack.words import day_and_clock, together
from bot.texts import as_told, say

_MOST_OF_A_DETAIL = 400


def record_changed(alert: Alert) -> tuple[str, str]:
    """An entry, or the stored tree, that the walk over the record found to be another than was written."""
    detail = plain(as_told(str(alert.facts.get("detail") or "")), _MOST_OF_A_DETAIL)
    if settled := alert.moment("settled"):
        return _title(alert), together(
            detail, say("Since {time} it fits again.", time=day_and_clock(settled))
        )
    so = (
        say(
            "No entry is touched by that, so nothing is stopped; but no proof can be made from it. "
            "`wicket audit rebuild-tiles` mends it."
        )
        if alert.facts.get("tree")
        else say("New access is stopped already.")
    )
    find = say("Find out who can write to the database; `wicket audit verify` names all that does not fit.")
    return _title(alert), together(detail, so, find)


def _title(alert: Alert) -> str:
    if alert.facts.get("tree"):
        return say("Changed past Wicket: the stored tree of the record")
    return say("Changed past Wicket: another entry of the record")
