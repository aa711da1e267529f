"""How a fresh proof ended, in words: what was proven, for what, for how long it counts, and where to go.

It says nothing to whoever did not give the proof in this browser.
"""

from collections.abc import Mapping
from datetime import timedelta

from bot.slack.words import together
from bot.texts import say, say_counted, template
from bot.web.endings import NOT_YOU, Ending
from handlers.secure_page.looking import Stepped
from storage.proofs import ProofKind
from storage.step_ups import About

# What was shown, and what it is for, each a whole sentence.
_SHOWN: Mapping[str, str] = {
    ProofKind.PASSKEY: template("You showed your passkey."),
    ProofKind.TOTP: template("You typed a code from your authenticator."),
    ProofKind.RECOVERY_CODE: template("You typed a recovery code and a code from your mail."),
    ProofKind.SIGN_IN: template("You signed in at your company's sign-in."),
}
_FOR = {
    About.APPROVAL: template("It is for one decision: about {thing}, which {whom} asks for."),
    About.PETITION: template("It is for one decision: about the petition of {whom}."),
    About.VOUCHING: template("It is for one thing: that you vouch for {whom}."),
    About.RULES: template("It is for one decision: about the change of the policies or the catalogue."),
    About.EMERGENCY: template("It is for one thing: that you take {thing} in an emergency, incident {whom}."),
}
_BACK: Mapping[str, str] = {
    About.APPROVAL: template("Now go back to Slack and press Approve. What you typed there is kept."),
    About.PETITION: template("Now go back to Slack and press Approve once more."),
    About.VOUCHING: template("Now go back to Slack and press Vouch once more. What you typed there is kept."),
    About.RULES: template("Now go back to Slack and press Approve once more."),
    About.EMERGENCY: template(
        "Now go back to Slack. Security and those on duty are being told; you have it as soon as they were."
    ),
}
_NOTHING_DONE = template("Nothing is approved by this page.")


def ending_of(stepped: Stepped) -> Ending:
    """What to say at the end of such a visit: that the proof counts still, or that it was used or is too old."""
    if stepped.spent:
        return Ending(
            symbol="✅",
            title=template("Your proof was used for the decision."),
            sentences=(template("It counts once. You can close this page."), NOT_YOU),
        )
    if stepped.left <= timedelta(0):
        return Ending(
            symbol="⌛",
            title=template("Your proof is too old by now."),
            sentences=(
                template("It counted for a few minutes. Go back to Slack and ask for a new link there."),
            ),
        )
    lasts = say_counted(
        "It counts once, within {count} minute.",
        "It counts once, within {count} minutes.",
        -(-int(stepped.left.total_seconds()) // 60),
    )
    shown = together(*(say(_SHOWN[one]) for one in stepped.proofs if one in _SHOWN))
    about = About(stepped.kind)
    what = say(_FOR[about], thing=stepped.thing, whom=stepped.whom) if stepped.thing else ""
    back = say(_BACK[about])
    # What is taken in an emergency goes on by itself from here.
    done = "" if about == About.EMERGENCY else _NOTHING_DONE
    said = (shown, together(what, lasts), back, done, NOT_YOU)
    return Ending(
        symbol="✅", title=template("You proved who you are."), sentences=tuple(each for each in said if each)
    )
