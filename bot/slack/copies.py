"""A click on a copy: the message that a crash posted twice is brought up to date when somebody touches the older one.

What the button does is the same on either; this neither decides nor carries out anything.
"""

from collections.abc import Mapping

from bot.slack.actions import Action
from bot.slack.forms.decision import unsealed
from bot.slack.incoming import Incoming
from handlers.ground import Ground
from storage import copies

# The kind of message that carries each button; its value says what the message is about.
KINDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            Action.SEND_DRAFT,
            Action.CHANGE_DRAFT,
            Action.CANCEL_DRAFT,
            Action.WITHDRAW,
            Action.ASK_AGAIN,
            Action.GIVE_BACK,
            Action.EXTEND,
        ),
        "request",
    ),
    **dict.fromkeys(
        (
            Action.APPROVE,
            Action.APPROVE_AT_ONCE,
            Action.APPROVE_LESS,
            Action.DENY,
            Action.INQUIRE,
            Action.DETAILS,
            Action.END_NOW,
            Action.STORY,
        ),
        "approval",
    ),
    **dict.fromkeys(
        (
            Action.ADOPT,
            Action.REMOVE,
            Action.DECLARE,
            Action.GIVE_AGAIN,
            Action.END_GRANT,
            Action.END_LEAVERS,
            Action.RESUME,
            Action.STORY_OF_ALERT,
            Action.ACKNOWLEDGE,
            Action.ASSIGN,
            Action.RESOLVE,
            Action.REOPEN,
        ),
        "exception",
    ),
}


async def touched(ground: Ground, incoming: Incoming, action: str, value: str) -> None:
    """Somebody clicked there. If that is a copy, owe it the newest state, now and whenever that changes.

    value: the button's; one that decides at once says beside the id what was shown.
    """
    kind, (subject, _) = KINDS.get(action), unsealed(value)
    if kind is None or not incoming.channel or not incoming.ts:
        return
    where = {"kind": kind, "subject": subject, "channel": incoming.channel, "ts": incoming.ts}
    if not await ground.database.glance(lambda tx: copies.seems_copy(tx, **where)):
        return
    if await ground.database.read(lambda tx: copies.is_copy(tx, **where)):
        await ground.database.write(lambda tx: copies.adopt(tx, at=ground.now(), **where))
