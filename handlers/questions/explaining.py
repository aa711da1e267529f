"""Questions of one person about their own access, put to policy as it is now, with the facts of this moment.

It changes, records and promises nothing, and tells nobody facts about others.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session

from handlers.decisions.explaining import Turn, Verdict, answer_to, searching
from handlers.decisions.ladder import rungs
from handlers.decisions.policy import AccessQuestion
from handlers.ground import Ground
from handlers.requests.taking_up import ANY_TICKET, TakingUp, Wish
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.given import Given, given_to

USUAL_MINUTES = 60


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one person stands with one entitlement: the question of a well-written request, and what they hold.

    held: by whatever hands; None if nobody can say. given: the grant of ours that gives it, if one does.
    """

    entitlement: Entitlement
    question: AccessQuestion
    held: bool | None
    given: Given | None = None


class Explaining:
    """Finds the facts of questions, and asks policy."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._taking_up = TakingUp(ground)

    async def standings(
        self,
        account: Account,
        wanted: Collection[Entitlement],
        *,
        minutes: int = USUAL_MINUTES,
        justified: bool = True,
        ticket: bool = True,
    ) -> list[Standing]:
        """How they stand with each of these, as if asked for so long; 0 minutes ask for no end.

        DirectoryUnavailable when a directory that must be asked does not answer.
        """
        facts = await self._taking_up.facts(account, wanted)

        def look(tx: Session) -> tuple[Mapping[str, int], Mapping[str, Given]]:
            before = self._taking_up.before(tx, account, wanted, facts)
            return before.held, dict(self._given(tx, account, wanted))

        held, given = await self._ground.database.read(look)
        found = list[Standing]()
        for one in wanted:
            wish = Wish(
                entitlement=one,
                minutes=minutes,
                justification="said" if justified else "",
                ticket=ANY_TICKET if ticket else "",
                held=held[one.id],
            )
            target = facts.target(one)
            is_member = target.is_in(one.group) if isinstance(target, Account) else None
            question = self._taking_up.question(account, wish, facts)
            found.append(
                Standing(entitlement=one, question=question, held=is_member, given=given.get(one.id))
            )
        return found

    def _given(
        self, tx: Session, account: Account, wanted: Iterable[Entitlement]
    ) -> Iterator[tuple[str, Given]]:
        """By entitlement, the grant of ours that ends last."""
        place = self._ground.database.group_names.place
        theirs = given_to(tx, account.directory, account.id)
        given = {place(one.directory, one.group): one for one in theirs}
        for one in wanted:
            if (found := given.get(place(one.directory, one.group))) is not None:
                yield one.id, found

    def best(self, standing: Standing) -> Verdict:
        """What becomes of it for an hour, or for another time if only that is not refused."""
        usual = self.verdict(standing.question)
        if usual.outcome != "refused":
            return usual
        times = rungs([standing.entitlement])
        others = (self.verdict(replace(standing.question, minutes=each)) for each in (times[0], times[-1]))
        return next((one for one in others if one.outcome != "refused"), usual)

    def verdict(self, question: AccessQuestion) -> Verdict:
        """What becomes of the request that this question is about."""
        return answer_to(self._ground.policy, question, whole=True)

    async def turns(self, question: AccessQuestion, verdict: Verdict) -> tuple[Turn, ...]:
        """What would change the answer; whoever else waits gets their turn in between."""
        found = list[Turn]()
        for turn in searching(self._ground.policy, question, verdict, whole=True):
            if turn is not None:
                found.append(turn)
            await asyncio.sleep(0)
        return tuple(found)
