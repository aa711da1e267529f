"""Whether a Slack account may speak for a person of the company, from what Slack itself says about it (SL-1).

Pure; it never looks at names, and never at ids that a payload claims.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class SlackProfile:
    """What `users.info` said about one account. mail: "" unless Slack confirmed it."""

    user: str
    team: str
    enterprise: str
    name: str
    mail: str
    timezone: str
    deleted: bool
    bot: bool
    guest: bool
    stranger: bool


class NotAPerson(StrEnum):
    """Why an account may not speak for anybody here."""

    BOT = "bot"
    STRANGER = "stranger"
    GUEST = "guest"
    DEACTIVATED = "deactivated"
    UNKNOWN = "unknown"


def why_not(profile: SlackProfile, *, teams: Collection[str], enterprise: str | None) -> NotAPerson | None:
    """None if this account may speak for a person; otherwise why not. Bolt's team ids are not asked (SL-1)."""
    if profile.bot:
        return NotAPerson.BOT
    ours = profile.team in teams or bool(enterprise and profile.enterprise == enterprise)
    if profile.stranger or not ours:
        return NotAPerson.STRANGER
    if profile.deleted:
        return NotAPerson.DEACTIVATED
    if profile.guest:
        return NotAPerson.GUEST
    return None
