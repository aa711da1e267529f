"""What security reads of petitions: asked for a privileged account, denied, stopped, or not opened.

Headlines and sentences only; `message` makes messages of them. What was typed is not among them.
"""

from collections.abc import Mapping

from bot.slack.messages.alerts.facts import Alert
from bot.slack.words import together
from bot.texts import say, template
from handlers.petitions.outcomes import Why
from storage.states import PetitionKind, PetitionState

WHYS: Mapping[str, str] = {
    Why.BY_PERSON: template("whoever asked took it back"),
    Why.NOT_ME: template("its person said that it was not them"),
    Why.BY_APPROVER: template("somebody who may decide stopped it"),
    Why.ALARM: template("it was reported that somebody else is in the account"),
    Why.BY_OPERATOR: template("an operator stopped it"),
    Why.UNANSWERED: template("not enough people answered within 24 hours"),
    Why.UNUSED: template("it was not used within 24 hours"),
    Why.NOT_TOLD: template("its person could not be told by mail"),
    Why.AUTHORITY: template("whoever approved it may not any more"),
    Why.PERSON: template("something about the account changed meanwhile"),
    Why.FOUND: template("a proof that was said to be lost was used meanwhile"),
    Why.STOPPED: template("everything of the kind was stopped meanwhile"),
    Why.VISIT_CLOSED: template("its page was closed meanwhile"),
    Why.ROW: template("its row in my records was changed by other hands"),
}
_WANTED: Mapping[str, str] = {
    PetitionKind.PASSWORD: template("a new password"),
    PetitionKind.PROOFS: template("new proofs for lost ones"),
}
_TITLES: Mapping[str, str] = {
    PetitionState.ASKED: template("Petition for a privileged account: {name}"),
    PetitionState.DENIED: template("Petition denied: {name}"),
    PetitionState.CANCELLED: template("Petition stopped: {name}"),
    PetitionState.LAPSED: template("Petition not opened: {name}"),
    PetitionState.VOIDED: template("Petition not opened: {name}"),
}
_TODO: Mapping[str, str] = {
    Why.NOT_ME: template(
        "Somebody else may be in their Slack or their mailbox: speak to them, in person or by phone."
    ),
    Why.FOUND: template("Somebody else may be asking in their name: speak to them, in person or by phone."),
    Why.AUTHORITY: template("They can ask anew. Look at why an approver may not any more."),
    Why.NOT_TOLD: template("Look at their address in the directory, and at the mail server."),
}


def petition_alert(alert: Alert) -> tuple[str, str]:
    """One stage of one petition."""
    stage, why, by = alert.fact("stage"), str(alert.facts.get("why") or ""), alert.fact("by")
    wanted = say(_WANTED[kind]) if (kind := alert.fact("kind")) in _WANTED else say("help")
    whose = alert.whose
    title = say(_TITLES[stage], name=whose) if stage in _TITLES else say("Petition: {name}", name=whose)
    asked = say(
        "{name} asked two people to say that it is them, for {wanted}.", name=alert.whose, wanted=wanted
    )
    if stage == PetitionState.ASKED:
        return title, together(asked, say("Nothing is open yet; the petition itself stands in this channel."))
    if stage == PetitionState.DENIED:
        ended = say("{name} denied it.", name=by)
    else:
        reason = say(WHYS[why]) if why in WHYS else say("it was stopped")
        ended = say("It is over: {why}.", why=reason)
    return title, together(asked, ended, say("Nothing was changed."), say(_TODO[why]) if why in _TODO else "")
