"""The question that a help desk's act for somebody else puts to policy.

It never decides anything itself and knows no policy language.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers.decisions.actions import Action
from handlers.decisions.circumstances import NOTHING_LATELY, Recently
from storage.directories.base import Account

HelpAction = Literal[Action.UNLOCK_FOR, Action.START_RESET_FOR, Action.RECHECK_FOR]


@dataclass(frozen=True, kw_only=True)
class HelpQuestion:
    """May `principal`, of a help desk, do this for the person of the account `target` (R-6)?

    serves: a desk that the principal is on, and that may do it, serves the target.
    oneself: both accounts are one person's. reports_to: the principal reports to the target, through however many.
    acts_left, left_for_them, ticket_left: how many more acts there may be today by the principal and for the target,
    and by this ticket. now: aware UTC.
    """

    action: HelpAction
    principal: Account
    target: Account
    serves: bool
    ticket_given: bool
    oneself: bool
    reports_to: bool
    acts_left: int
    left_for_them: int
    ticket_left: int
    now: datetime
    recently: Recently = NOTHING_LATELY
