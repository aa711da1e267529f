"""How a fresh proof ended, in words: what was proven, for what, for how long it counts, and where to go.

It says nothing to whoever did not give the proof in this browser.
"""

from collections.abc import Mapping
from datetime import timedelta

from bot.web.endings import Ending
from handlers.looking import Stepped
from storage.proofs import ProofKind
from storage.step_ups import About

# What was shown, and what it is for, each a whole sentence.
_SHOWN: Mapping[str, str] = {
    ProofKind.PASSKEY: "You showed your passkey.",
    ProofKind.TOTP: "You typed a code from your authenticator.",
    ProofKind.RECOVERY_CODE: "You typed a recovery code and a code from your mail.",
    ProofKind.SIGN_IN: "You signed in at your company's sign-in.",
}
_FOR: Mapping[str, str] = {
    About.APPROVAL: "It is for one decision: about {thing}, which {whom} asks for.",
}
_BACK: Mapping[str, str] = {
    About.APPROVAL: "Now go back to Slack and press Approve. What you typed there is kept.",
}
_NOTHING_DONE = "Nothing is approved by this page."
_NOT_YOU = "Was this not you? Tell your security team at once, in person or by phone if you can."


def ending_of(stepped: Stepped) -> Ending:
    """What to say at the end of such a visit: that the proof counts still, or that it was used or is too old."""
    if stepped.spent:
        return Ending(
            symbol="✅",
            title="Your proof was used for the decision.",
            sentences=("It counts once. You can close this page.", _NOT_YOU),
        )
    if stepped.left <= timedelta(0):
        return Ending(
            symbol="⌛",
            title="Your proof is too old by now.",
            sentences=("It counted for a few minutes. Go back to Slack and ask for a new link there.",),
        )
    minutes = -(-int(stepped.left.total_seconds()) // 60)
    lasts = (
        "It counts once, within the next minute."
        if minutes == 1
        else f"It counts once, within {minutes} minutes."
    )
    shown = " ".join(_SHOWN[one] for one in stepped.proofs if one in _SHOWN)
    what = _FOR[stepped.kind].format(thing=stepped.thing, whom=stepped.whom) if stepped.thing else ""
    return Ending(
        symbol="✅",
        title="You proved who you are.",
        sentences=tuple(
            each
            for each in (
                shown,
                f"{what} {lasts}".strip(),
                _BACK.get(stepped.kind, ""),
                _NOTHING_DONE,
                _NOT_YOU,
            )
            if each
        ),
    )
