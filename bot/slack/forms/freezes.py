"""The form that lets new access begin again: what was found is repeated, and a reason is asked for.

It believes nothing that comes back: who may is asked anew when it is sent.
"""

from slack_sdk.models.views import View

from bot.slack.actions import Form
from bot.slack.forms.parts import form_of, rationale_of, stays
from bot.slack.messages.parts import facts, section
from bot.slack.words import day_and_clock, number
from bot.texts import say, template
from handlers.outcomes import MayResume
from storage.states import FreezeKind

_WHAT = {
    FreezeKind.RESTORED: template("The records were restored from an older copy"),
    FreezeKind.MISMATCH: template("The records are not what was signed"),
    FreezeKind.EMERGENCY: template("The security team stopped it"),
    FreezeKind.RESETS: template("Too many resets or wrong proofs at once"),
}


def resume_form(may: MayResume) -> View:
    """Why it is right now."""
    resets = may.kind == FreezeKind.RESETS
    lost = [(say("Lost entries"), number(may.lost))] if may.lost else []
    blocks = [
        facts([(say("Why"), say(_WHAT[FreezeKind(may.kind)])), *lost]),
        section(
            say("Resets are stopped since {time}.", time=day_and_clock(may.since))
            if resets
            else say("New access is stopped since {time}.", time=day_and_clock(may.since))
        ),
        section(
            say(
                "Once it begins again, people reset their passwords by themselves as ever. Counting begins anew."
            )
            if resets
            else say(
                "Once it begins again, requests are decided and given as ever. "
                "Differences that were found stay asked."
            )
        ),
        rationale_of(say("What did you look at, and why is it right now?")),
        stays(),
    ]
    return form_of(
        Form.RESUME,
        say("Resets again") if resets else say("New access again"),
        say("Begin again"),
        blocks,
        about=may.exception,
    )
