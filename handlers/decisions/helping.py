"""What help desks may do for other people: the acts, whom a desk serves, and which tickets count (R-6).

Pure: accounts are as their directory has them now. It says what settings allow, and policy is still asked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from handlers.decisions.actions import Action
from handlers.decisions.help_questions import HelpAction, HelpQuestion
from handlers.decisions.policy import PolicyDecision, PolicyEngine, refusal
from handlers.decisions.tickets import parse_ticket
from handlers.intents import TICKET_LIMIT
from storage.directories.base import Account

ONESELF = "help-never-oneself"
"""The id on the record when code, before any policy, refused somebody who would do it for themselves (R-1)."""

ONESELF_REASON = "You do this for yourself as everybody does, and not as the help desk."
NOT_SERVED = "helpers-serve"
"""The id on the record when policy allowed somebody whose desks do not serve the person."""

NOT_SERVED_REASON = "You are on no help desk that may do this for them."


class Act(StrEnum):
    """What somebody on a help desk does for somebody else.

    RESET opens a visit for the person, who proves who they are there. RECHECK holds the directory against their grants.
    """

    UNLOCK = "unlock"
    RESET = "reset"
    RECHECK = "recheck"

    @property
    def action(self) -> HelpAction:
        """What policy is asked about."""
        return _ACTIONS[self]


_ACTIONS: dict[Act, HelpAction] = {
    Act.UNLOCK: Action.UNLOCK_FOR,
    Act.RESET: Action.START_RESET_FOR,
    Act.RECHECK: Action.RECHECK_FOR,
}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One help desk. group: the directory group whose members are on it. may: what they may do.

    Of teams, locations and companies each that is not empty must fit; everybody: whom they serve is not narrowed.
    """

    id: str
    name: str
    group: str
    may: frozenset[Act]
    teams: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()
    everybody: bool = False

    def serves(self, person: Account) -> bool:
        """Whether this person is of those whom it serves. What the directory does not say fits nothing."""
        narrowed = [
            (wanted, is_)
            for wanted, is_ in (
                (self.teams, person.team),
                (self.locations, person.location),
                (self.companies, person.company),
            )
            if wanted
        ]
        return bool(narrowed or self.everybody) and all(_fits(is_, wanted) for wanted, is_ in narrowed)


@dataclass(frozen=True, kw_only=True)
class HelpDesks:
    """All of them, and how much they may do. ticket: what a ticket must match as a whole; None for any.

    acts_a_day: by one member. for_one_a_day: for one person, by whomever. acts_on_a_ticket: within thirty days.
    """

    desks: tuple[Desk, ...]
    ticket: re.Pattern[str] | None = None
    acts_a_day: int = 30
    for_one_a_day: int = 3
    acts_on_a_ticket: int = 5

    def of(self, helper: Account, act: Act | None = None) -> tuple[Desk, ...]:
        """Those that this account is on; that may do this, if an act is given."""
        return tuple(one for one in self.desks if helper.is_in(one.group) and (act is None or act in one.may))

    def serving(self, person: Account, act: Act) -> tuple[Desk, ...]:
        """Those that may do this for this person."""
        return tuple(one for one in self.desks if act in one.may and one.serves(person))

    def ticket_in(self, typed: str) -> str | None:
        """The ticket as it is kept; None if it is none, or not as the settings want it."""
        plain = typed.strip()
        key = parse_ticket(plain)
        if self.ticket is None:
            return key
        if len(plain) > TICKET_LIMIT or not (plain.isascii() and plain.isprintable()):
            return None
        # In capitals where that will do, so that one ticket is not several by how it is typed; a link is as it stands.
        loud = "" if "/" in plain else plain.upper()
        return next((one for one in (key, loud, plain) if one and self.ticket.fullmatch(one)), None)


def may_help(policy: PolicyEngine, question: HelpQuestion) -> PolicyDecision:
    """Whether this person may do it: policy's answer, and never for oneself or for whom no desk of theirs serves."""
    if question.oneself:
        return refusal(policy, ONESELF, ONESELF_REASON, "high")
    decision = policy.ask(question)
    if decision.allowed and not question.serves:
        return refusal(policy, NOT_SERVED, NOT_SERVED_REASON, "medium")
    return decision


def names_of(desks: Iterable[Desk]) -> tuple[str, ...]:
    """The names of the first three desks, for whoever should ask them."""
    return tuple(one.name for one in desks)[:3]


def _fits(word: str, wanted: Iterable[str]) -> bool:
    return bool(word.strip()) and word.strip().casefold() in {one.casefold() for one in wanted}
