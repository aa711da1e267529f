"""The form that lets new access begin again: what was found is repeated, and a reason is asked for.

It believes nothing that comes back: who may is asked anew when it is sent.
"""

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.messages.parts import facts, note, section
from bot.slack.words import day_and_clock
from handlers.intents import RATIONALE_LIMIT
from handlers.outcomes import MayResume
from storage.states import FreezeKind

_WHAT = {
    FreezeKind.RESTORED: "The records were restored from an older copy",
    FreezeKind.MISMATCH: "The records are not what was signed",
    FreezeKind.EMERGENCY: "The security team stopped it",
    FreezeKind.RESETS: "Too many resets or wrong proofs at once",
}


def resume_form(may: MayResume) -> View:
    """Why it is right now."""
    resets = may.kind == FreezeKind.RESETS
    lost = [("Lost entries", f"{may.lost:,}")] if may.lost else []
    return View(
        type="modal",
        callback_id=Form.RESUME,
        title=PlainTextObject(text="Resets again" if resets else "New access again"),
        submit=PlainTextObject(text="Begin again"),
        close=PlainTextObject(text="Cancel"),
        private_metadata=may.exception,
        blocks=[
            facts([("Why", _WHAT[FreezeKind(may.kind)]), ("Since", day_and_clock(may.since)), *lost]),
            section(
                "From then on people reset their passwords by themselves as ever, and counting begins anew."
                if resets
                else "From then on requests are decided and given as ever. Differences that were found stay asked."
            ),
            InputBlock(
                block_id=Field.RATIONALE,
                label=PlainTextObject(text="What did you look at, and why is it right now?"),
                element=PlainTextInputElement(
                    action_id=Field.RATIONALE, multiline=True, max_length=RATIONALE_LIMIT
                ),
            ),
            note("Your name and this sentence stay on the record."),
        ],
    )
