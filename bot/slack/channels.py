"""What Slack says of a channel, judged: whether a message for an owner can be posted there, and nowhere outside.

It posts nothing and joins nothing.
"""

from collections.abc import Mapping
from typing import Any

from handlers.approvals.owners import Trouble

# What Slack says no with, of a channel that it does not show or does not let anybody write in.
REFUSED: Mapping[str, Trouble] = {
    "channel_not_found": Trouble.NO_CHANNEL,
    "is_archived": Trouble.ARCHIVED,
    "not_in_channel": Trouble.NOT_IN,
}


def trouble_in(channel: Mapping[str, Any]) -> Trouble | None:
    """What keeps us from posting in this channel, as `conversations.info` shows it; None if nothing does (SL-2)."""
    if channel.get("is_archived"):
        return Trouble.ARCHIVED
    if channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
        return Trouble.SHARED
    return None if channel.get("is_member") else Trouble.NOT_IN
