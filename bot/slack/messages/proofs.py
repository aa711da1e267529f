"""Proofs in words: which kinds there are, how somebody proved who they are, and when.

It says nothing of what the proof was for.
"""

from collections.abc import Iterable, Mapping

from bot.slack.words import clock, listed
from bot.texts import say, template
from storage.fresh import FreshProof

# What people read for each kind of proof, wherever they read of it.
_PROOFS: Mapping[str, str] = {
    "passkey": template("a passkey"),
    "totp": template("an authenticator"),
    "recovery_code": template("a recovery code"),
    "mail_code": template("a code sent by mail"),
    "sign_in": template("the company's sign-in"),
    "password": template("the password"),
    "vouched": template("somebody's word"),
}
# The strongest first: a decision is told by one of them.
_BY = {
    "passkey": template("proved by passkey at {time}"),
    "totp": template("proved by authenticator at {time}"),
    "sign_in": template("proved by company sign-in at {time}"),
    "recovery_code": template("proved by recovery code at {time}"),
}


def proofs_told(kinds: Iterable[str]) -> str:
    """Kinds of proof as a list in words; "" where none of them is known."""
    return listed([say(_PROOFS[one]) for one in kinds if one in _PROOFS])


def proved_by(proof: FreshProof) -> str:
    """How and when, fit to stand in brackets behind a name: proved by passkey at 14:02."""
    for kind in _BY:
        if kind in proof.kinds:
            return say(_BY[kind], time=clock(proof.at))
    return say("proved at {time}", time=clock(proof.at))
