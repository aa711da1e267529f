"""Fresh proofs in words: how somebody proved who they are, and when.

It says nothing of what the proof was for.
"""

from bot.slack.words import clock
from bot.texts import say, template
from storage.fresh import FreshProof

# The strongest first: a decision is told by one of them.
_BY = {
    "passkey": template("proved by passkey at {time}"),
    "totp": template("proved by authenticator at {time}"),
    "sign_in": template("proved by company sign-in at {time}"),
    "recovery_code": template("proved by recovery code at {time}"),
}


def proved_by(proof: FreshProof) -> str:
    """How and when, fit to stand in brackets behind a name: proved by passkey at 14:02."""
    for kind in _BY:
        if kind in proof.kinds:
            return say(_BY[kind], time=clock(proof.at))
    return say("proved at {time}", time=clock(proof.at))
