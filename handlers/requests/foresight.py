"""What would happen if a request were sent now, and for how long it may be asked for: said while a form is filled in.

It asks policy and the live directory, and changes, records and promises nothing: sending asks everything again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from handlers.decisions.ladder import rungs
from handlers.decisions.policy import PolicyEngine
from handlers.decisions.requests import Verdict
from handlers.decisions.tickets import ticket_of
from handlers.ground import Ground
from handlers.intents import Intent
from handlers.patience import in_time
from handlers.requests.foreseen import Filled, Foreseen, Foresight, Length, Outcome
from handlers.requests.reports import find_report
from handlers.requests.requestable import InTheWay, in_the_way
from handlers.requests.taking_up import ANY_TICKET, Facts, TakingUp, Wish
from storage.catalogue import Entitlement
from storage.directories.base import Account


class Foreseeing:
    """Looks ahead for one person."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._taking_up = TakingUp(ground)

    async def foresee(self, intent: Intent, filled: Filled) -> Foresight:
        """What would happen. DirectoryUnavailable when the directory does not answer in time."""
        account, offered = intent.actor.account, self._ground.catalogue.entitlements
        wanted = [offered[name] for name in filled.entitlements if name in offered]
        report = None
        if filled.report and filled.report != intent.actor.slack_user:
            report = await in_time(find_report(self._ground, account, filled.report))
            if report is None:
                return Foresight(minutes=filled.minutes, no_report=True)
        facts = await in_time(self._taking_up.facts(account, wanted, report))
        before, stopped, hindered = await self._ground.database.read(
            lambda tx: (
                self._taking_up.before(tx, account, wanted, facts),
                self._ground.stopped(tx),
                {one.id: in_the_way(tx, self._ground, one) for one in wanted},
            )
        )
        needless = before.needless
        wishes = [_wish(one, filled, before.held[one.id]) for one in wanted]
        possible = [wish for wish in wishes if wish.entitlement.id not in needless]
        ahead = _Ahead(self._taking_up, account, facts, self._ground.policy, hindered)
        lengths = await _lengths(ahead, possible)
        each = [self._foreseen(ahead, wish, needless.get(wish.entitlement.id)) for wish in wishes]
        return Foresight(
            minutes=filled.minutes,
            each=tuple(each),
            lengths=lengths,
            ticket_wanted=any(ahead.wants_ticket(wish) for wish in possible),
            report=report.name if report else "",
            stopped=stopped,
        )

    def _foreseen(self, ahead: "_Ahead", wish: Wish, needless: Outcome | None) -> Foreseen:
        entitlement = wish.entitlement
        owner = self._ground.catalogue.owner_of(entitlement)
        if needless is not None:
            return Foreseen(entitlement=entitlement, owner=owner, outcome=needless)
        verdict = ahead.verdict(wish, wish.minutes) if wish.minutes else ahead.best(wish)
        if not wish.minutes and verdict.outcome != "refused":
            return Foreseen(entitlement=entitlement, owner=owner, outcome="unsaid")
        return Foreseen(
            entitlement=entitlement,
            owner=owner,
            outcome=verdict.outcome,
            reasons=verdict.reasons,
            missing=vars(verdict.missing) if verdict.missing else {},
        )


class _Ahead:
    """Policy's answers to one person's wishes, each asked for once, with what is in the way of each."""

    def __init__(
        self,
        taking_up: TakingUp,
        account: Account,
        facts: Facts,
        policy: PolicyEngine,
        hindered: Mapping[str, InTheWay],
    ) -> None:
        self._taking_up, self._policy, self._hindered = taking_up, policy, hindered
        self._account = account
        self._facts = facts
        self._known: dict[tuple[str, int], Verdict] = {}

    def verdict(self, wish: Wish, minutes: int) -> Verdict:
        """The answer for so long, with the ticket that it may want: the form asks for that one."""
        key = (wish.entitlement.id, minutes)
        if key not in self._known:
            asked = replace(wish, minutes=minutes, justification=wish.justification or "to be said")
            verdict = self._taking_up.weigh(self._account, asked, self._facts)
            if verdict.outcome == "refused" and not wish.ticket:
                with_one = replace(asked, ticket=ANY_TICKET)
                with_ticket = self._taking_up.weigh(self._account, with_one, self._facts)
                verdict = with_ticket if with_ticket.outcome != "refused" else verdict
            self._known[key] = self._hindered[wish.entitlement.id].weighed(self._policy, verdict)
        return self._known[key]

    def best(self, wish: Wish) -> Verdict:
        """The first answer, of all times, that is no refusal; otherwise that for the shortest."""
        times = rungs([wish.entitlement])
        found = (self.verdict(wish, minutes) for minutes in times)
        return next((one for one in found if one.outcome != "refused"), self.verdict(wish, times[0]))

    def wants_ticket(self, wish: Wish) -> bool:
        """Whether policy refuses it, for as long as it was said, only because no ticket is named."""
        return bool(wish.minutes) and self._taking_up.wants_ticket(self._account, wish, self._facts)


async def _lengths(ahead: _Ahead, wishes: Sequence[Wish]) -> tuple[Length, ...]:
    """The times that policy allows for every one of these."""
    found = []
    for minutes in rungs([wish.entitlement for wish in wishes]) if wishes else ():
        outcomes = {ahead.verdict(wish, minutes).outcome for wish in wishes}
        if "refused" not in outcomes:
            found.append(Length(minutes=minutes, at_once=outcomes == {"automatic"}))
        await asyncio.sleep(0)  # many policies asked about many things must not hold up the others
    return tuple(found)


def _wish(entitlement: Entitlement, filled: Filled, held: int) -> Wish:
    return Wish(
        entitlement=entitlement,
        minutes=filled.minutes,
        justification=filled.justification,
        ticket=filled.ticket or ticket_of(filled.justification) or "",
        held=held,
    )
