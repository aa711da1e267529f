"""The overview of one person: taken as a question about their own access, and filled from live facts.

It shows another person's request only to whoever can decide it, and changes nothing.
"""

from collections.abc import Sequence

from sqlmodel import Session

from handlers.approvals.deciders import is_decider
from handlers.delegations.in_force import delegated_to
from handlers.ground import Ground
from handlers.intents import Actor, Ask
from handlers.outcomes import Repeated
from handlers.patience import few_at_a_time, in_time
from handlers.questions.answers import AccessList
from handlers.questions.checks import Checks
from handlers.questions.overview import Overview, OwnRequest, Page, ToDecide
from storage import overviews
from storage.directories.base import Account
from storage.faults import DirectoryUnavailable
from storage.overviews import Waiting
from storage.records import Grant
from storage.states import GrantState

REQUESTS_SHOWN = 5
DECISIONS_SHOWN = 5
RECENT_SHOWN = 5
# Of so many it is asked whose turn they are, those first that lapse first: each takes several look-ups.
MOST_ASKED = 25


class Home:
    """Answers what stands on a person's App Home."""

    def __init__(self, ground: Ground, *, checks: Checks) -> None:
        self._ground = ground
        self._checks = checks

    async def look(self, intent: Ask, page: Page) -> Overview | Repeated | None:
        """The overview; None where policy does not let them see even their own."""
        access = await self._checks.ask(intent)
        if isinstance(access, Repeated):
            return access
        if not isinstance(access, AccessList):
            return None
        found = access
        before = await self._ground.database.read(lambda tx: self._can_decide(tx, intent.actor))
        waiting = await self._in_turn(before, intent.actor.account)
        return await self._ground.database.read(
            lambda tx: self._overview(tx, intent.actor, found, waiting, page)
        )

    async def _in_turn(self, waiting: Sequence[Waiting], account: Account) -> Sequence[str]:
        """The ids of those whose turn is this person's: in stages it may be somebody else's first.

        Where nobody but the owner is needed it is theirs. A directory that does not answer hides nothing (promise 7),
        and neither is hidden what comes after many others.
        """
        staged = [one.id for one in waiting if one.missing != {"owner"}][:MOST_ASKED]
        try:
            able = await in_time(few_at_a_time(lambda one: is_decider(self._ground, one, account), staged))
        except DirectoryUnavailable:
            able = [True] * len(staged)
        early = {one for one, is_able in zip(staged, able, strict=True) if not is_able}
        return [one.id for one in waiting if one.id not in early]

    def _overview(
        self, tx: Session, actor: Actor, access: AccessList, waiting: Sequence[str], page: Page
    ) -> Overview:
        own = (actor.account.directory, actor.account.id)
        requests = overviews.requests_of(tx, *own, REQUESTS_SHOWN + 1)
        start = page.waiting * DECISIONS_SHOWN
        if start >= len(waiting):
            start, page = 0, Page(held=page.held)
        shown = overviews.of_ids(tx, waiting[start : start + DECISIONS_SHOWN])
        return Overview(
            access=access,
            requests=tuple(self._own(grant) for grant in requests[:REQUESTS_SHOWN]),
            more_requests=len(requests) > REQUESTS_SHOWN,
            to_decide=tuple(self._to_decide(grant) for grant in shown),
            waits=len(waiting),
            recent=tuple(self._own(grant) for grant in overviews.past_of(tx, *own, RECENT_SHOWN)),
            page=page,
        )

    def _can_decide(self, tx: Session, actor: Actor) -> Sequence[Waiting]:
        """The requests that stand before this person: their team's, and those shown to them alone.

        Whether they may is asked of policy when they decide; here nobody's request is shown who is not theirs to see.
        """
        account = actor.account
        found = [
            one
            for one in overviews.waiting(tx, self._ground.now())
            # Neither who asked nor whom it is for can decide it.
            if one.directory == account.directory and account.id not in (one.account, one.report)
        ]
        shown = overviews.shown_to(tx, actor.slack_user, [one.id for one in found])
        lent = delegated_to(tx, self._ground, account)
        theirs = [
            one
            for one in found
            if (one.id in shown and one.missing - {"owner"})
            or self._answers_for(actor, one)
            or ("owner" in one.missing and one.entitlement in lent)
        ]
        decided = overviews.decided_by(tx, account.id, [one.id for one in theirs])
        return [one for one in theirs if one.id not in decided]

    def _answers_for(self, actor: Actor, waiting: Waiting) -> bool:
        """Whether they are of its owner, if that is still needed, or of whoever stands in since it was passed on."""
        owner = self._ground.owner(waiting.entitlement)
        if owner is None:
            return False
        fallback = self._ground.catalogue.stands_in(owner.id, waiting.passed_on_to)
        deciding = {fallback.approvers} if fallback else set()
        if "owner" in waiting.missing:
            deciding |= {owner.approvers, owner.on_call}
        return actor.account.is_in(*deciding)

    def _own(self, grant: Grant) -> OwnRequest:
        owner = self._ground.owner(grant.entitlement)
        return OwnRequest(
            id=grant.id,
            entitlement=grant.entitlement,
            owner=owner.name if owner else "",
            minutes=grant.minutes,
            state=GrantState(grant.state),
            at=grant.ended_at or grant.decided_at or grant.requested_at,
            lapses_at=grant.lapses_at,
            report=grant.target_name,
        )

    def _to_decide(self, grant: Grant) -> ToDecide:
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement)
        return ToDecide(
            id=grant.id,
            entitlement=grant.entitlement,
            requester=grant.requester_name,
            minutes=grant.minutes,
            risk=entitlement.risk if entitlement else 0,
            lapses_at=grant.lapses_at,
            report=grant.target_name,
        )
