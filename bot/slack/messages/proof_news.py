"""What somebody hears in Slack when their proofs changed.

It says what changed and never what a proof is made of; a name that was typed stays words.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.slack.messages.parts import Message, said
from bot.slack.messages.resets import not_me
from bot.slack.words import clock, inert
from bot.texts import say, template
from storage.states import Changed

_SAID: Mapping[Changed, str] = {
    Changed.SET_UP: template("✅ Your authenticator and recovery codes were set up at {time}."),
    Changed.PASSKEY_ADDED: template("✅ The passkey *{name}* was added to your proofs at {time}."),
    Changed.PASSKEY_RENAMED: template("✅ A passkey of yours is called *{name}* since {time}."),
    Changed.PASSKEY_REMOVED: template(
        "✅ The passkey *{name}* was removed from your proofs at {time}. It proves nothing any more."
    ),
    Changed.PASSKEY_STOPPED: template(
        "⚠️ I stopped your passkey *{name}* at {time}: a second one with the same key seems to exist. "
        "The security team has been told. Say “manage my proofs” to add a new passkey and remove this one."
    ),
    Changed.AUTHENTICATOR_ADDED: template("✅ An authenticator was added to your proofs at {time}."),
    Changed.AUTHENTICATOR_REPLACED: template(
        "✅ Your authenticator was replaced at {time}. The old one proves nothing any more."
    ),
    Changed.AUTHENTICATOR_REMOVED: template(
        "✅ Your authenticator was removed from your proofs at {time}. It proves nothing any more."
    ),
    Changed.REGAINED: template(
        "✅ New proofs were set up for you at {time}, in the place of all that you had. Older ones prove "
        "nothing any more."
    ),
    Changed.RECOVERY_CODES: template(
        "✅ New recovery codes were made for you at {time}. Older ones stopped working."
    ),
}


def proofs_changed_message(what: Changed, name: str, at: datetime, *, handle: str) -> Message:
    """What changed, and the button for whom it was not. name: of the passkey, if it is about one. handle: the visit."""
    told = say(_SAID[what], time=clock(at), name=inert(name))
    stop = say("Was this not you? One click stops it.")
    return said(f"{told}\n{stop}", buttons=[not_me(handle)])
