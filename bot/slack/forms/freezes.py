"""The form that lets new access begin again: what was found is repeated, and a reason is asked for.

It believes nothing that comes back: who may is asked anew when it is sent.
"""

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.messages.parts import facts, note, section
from bot.slack.words import day_and_clock, number
from bot.texts import say, template
from handlers.intents import RATIONALE_LIMIT
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
    return View(
        type="modal",
        callback_id=Form.RESUME,
        title=PlainTextObject(text=say("Resets again") if resets else say("New access again")),
        submit=PlainTextObject(text=say("Begin again")),
        close=PlainTextObject(text=say("Cancel")),
        private_metadata=may.exception,
        blocks=[
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
            InputBlock(
                block_id=Field.RATIONALE,
                label=PlainTextObject(text=say("What did you look at, and why is it right now?")),
                element=PlainTextInputElement(
                    action_id=Field.RATIONALE, multiline=True, max_length=RATIONALE_LIMIT
                ),
            ),
            note(say("Your name and this sentence stay on the record.")),
        ],
    )
