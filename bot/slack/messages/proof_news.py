"""What somebody hears in Slack when their proofs changed.

It says what changed and never what a proof is made of; a name that was typed stays words.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.slack.messages.parts import Message, said
from bot.slack.words import clock, inert
from storage.states import Changed

_SAID: Mapping[Changed, str] = {
    Changed.SET_UP: "✅ Your authenticator and recovery codes were set up at {at}.",
    Changed.PASSKEY_ADDED: "✅ The passkey *{name}* was added to your proofs at {at}.",
    Changed.PASSKEY_RENAMED: "✅ A passkey of yours is called *{name}* since {at}.",
    Changed.PASSKEY_REMOVED: (
        "✅ The passkey *{name}* was removed from your proofs at {at}. It proves nothing any more."
    ),
    Changed.PASSKEY_STOPPED: (
        "⚠️ I stopped your passkey *{name}* at {at}: a second one with the same key seems to exist. "
        "The security team has been told. Say “manage my proofs” to add a new passkey and remove this one."
    ),
    Changed.AUTHENTICATOR_ADDED: "✅ An authenticator was added to your proofs at {at}.",
    Changed.AUTHENTICATOR_REPLACED: (
        "✅ Your authenticator was replaced at {at}. The old one proves nothing any more."
    ),
    Changed.AUTHENTICATOR_REMOVED: (
        "✅ Your authenticator was removed from your proofs at {at}. It proves nothing any more."
    ),
    Changed.RECOVERY_CODES: "✅ New recovery codes were made for you at {at}. Older ones stopped working.",
}


def proofs_changed_message(what: Changed, name: str, at: datetime) -> Message:
    """What changed, and what to do if it was somebody else. name: of the passkey, if it is about one."""
    told = _SAID[what].format(at=clock(at), name=inert(name))
    return said(f"{told}\nWas this not you? Tell the security team at once.")
