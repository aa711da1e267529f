"""What security reads of acts for others that are unusual: for oneself, for the privileged, too many, for strangers.

Headlines and sentences only; bot.slack.messages.alerts.message makes messages of them.
"""

from collections.abc import Mapping

from bot.slack.messages.alerts.facts import Alert, reasons
from bot.slack.words import together
from bot.texts import say, template


def helping(alert: Alert) -> tuple[str, str]:
    """The headline, and what happened with what to do."""
    reason, whom = alert.fact("reason"), alert.fact("whom") or say("somebody without a name")
    known = reason if reason in _TITLES else "refused"
    told = say(_TOLD[known], name=alert.whose, whom=whom)
    return say(_TITLES[known], name=alert.whose, whom=whom), together(told, reasons(alert))


_TITLES: Mapping[str, str] = {
    "oneself": template("Refused: {name} acts for themselves as the help desk"),
    "boss": template("Refused: {name} acts for their own boss"),
    "privileged": template("Refused: {name} acts for {whom}, who has administrative power"),
    "burst": template("Too much at once: {name} of the help desk"),
    "ticket": template("A ticket used up: {name} of the help desk"),
    "repeated": template("Refused again and again: {name} acts for others"),
    "refused": template("Refused: {name} acts for {whom}"),
}
_TOLD: Mapping[str, str] = {
    "oneself": template(
        "{name} tried to do something for {whom} as the help desk, and that is the same person. Nothing was changed."
    ),
    "boss": template("{name} tried to do something for {whom}, whom they report to. Nothing was changed."),
    "privileged": template(
        "{name} tried to do something for the account of {whom}. Nothing was changed. Speak to both: this is how "
        "somebody gets at a privileged account."
    ),
    "burst": template(
        "{name} did, or wanted to do, more for others within a day than is allowed; the last time for {whom}. Nothing "
        "was changed then. Look at what was done."
    ),
    "ticket": template(
        "{name} named a ticket, for {whom}, by which as much was done already as may be. Nothing was changed."
    ),
    "repeated": template(
        "{name} tried several times to do something for people whom their help desk does not serve, or is on none. "
        "Nothing was changed. Speak to them."
    ),
    "refused": template("{name} tried to do something for {whom} as the help desk. Nothing was changed."),
}
