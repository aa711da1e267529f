"""What security reads of vouching that is unusual: by the wrong person, too often, with wrong codes, in return.

Headlines and sentences only; bot.slack.messages.alerts.message makes messages of them.
"""

from collections.abc import Mapping

from bot.slack.messages.alerts.facts import Alert, reasons
from bot.slack.words import together
from bot.texts import say, template


def vouching(alert: Alert) -> tuple[str, str]:
    """The headline, and what happened with what to do."""
    reason, whom = alert.fact("reason"), alert.fact("whom") or say("somebody without a name")
    if reason == "flood":
        return (
            say("Asked too often to be vouched for: {name}", name=alert.whose),
            together(
                say(
                    "Somebody asks again and again for a code to be vouched for as {name}.", name=alert.whose
                ),
                say("For a day no code of theirs counts, and nobody was sent anything. Speak to them."),
            ),
        )
    if reason == "lost":
        return (
            say("A word counts no more: somebody vouched for {name}", name=alert.whose),
            together(
                say(
                    "{voucher} vouched for {name}, and may not do so any more: gone, switched off, or something "
                    "changed around their account.",
                    voucher=alert.fact("voucher") or say("somebody without a name"), name=alert.whose,
                ),
                say("Nothing was given on the strength of it. Look at both."),
            ),
        )  # fmt: skip
    known = reason if reason in _TITLES else "refused"
    title = say(_TITLES[known], name=alert.whose, whom=whom)
    return title, together(say(_TOLD[known], name=alert.whose, whom=whom), reasons(alert))


_TITLES: Mapping[str, str] = {
    "oneself": template("Refused: {name} vouches for themselves"),
    "report": template("Refused: {name} vouches for their own boss"),
    "mutual": template("Refused: {name} vouches for {whom}, who vouched for them"),
    "wrong-codes": template("Wrong codes: {name} vouches for {whom}"),
    "guessing": template("Too many wrong codes typed by {name}"),
    "refused": template("Refused: {name} vouches for {whom}"),
}
_TOLD: Mapping[str, str] = {
    "oneself": template("{name} tried to vouch for {whom}, who is the same person. Nothing was changed."),
    "report": template("{name} tried to vouch for {whom}, whom they report to. Nothing was changed."),
    "mutual": template("{name} tried to vouch for {whom}, who vouched for them lately. Nothing was changed."),
    "wrong-codes": template(
        "{name} typed so many wrong codes for {whom} that the asking is void. Speak to both: somebody may have talked "
        "{name} into it."
    ),
    "guessing": template(
        "{name} typed wrong codes for several people, and vouches for nobody for a day. Speak to them."
    ),
    "refused": template("{name} tried to vouch for {whom}. Nothing was changed."),
}
