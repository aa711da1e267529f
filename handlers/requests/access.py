"""What a person does about what they asked for or have: withdrawn, given back.

It neither decides for an owner nor changes a directory: approvals and effects have files of their own.
"""

from sqlmodel import Session

from handlers import recording
from handlers.ground import Ground
from handlers.intents import OnGrant
from handlers.outcomes import Ended, Repeated, TooLate, Unknown
from handlers.requests.own import find_own, refuse_late
from handlers.requests.stories import GIVEN_BACK
from storage import grants, holdings
from storage.records import Grant
from storage.reminders import continued
from storage.sentences import Sentence
from storage.states import LIVE, GrantState


class Access:
    """A person's own requests and grants. Every method is one transaction, taken once per delivery."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def withdraw(self, intent: OnGrant) -> Ended | Unknown | TooLate | Repeated:
        """Take back one's own draft or waiting request."""

        def work(tx: Session) -> Ended | Unknown | TooLate | Repeated:
            found = find_own(tx, self._ground, intent)
            if not isinstance(found, Grant):
                return found
            if found.state not in (GrantState.DRAFT, GrantState.PENDING):
                return refuse_late(tx, self._ground, intent, found)
            self._record(tx, intent, found, "grant.withdrawn")
            grants.move(tx, found, GrantState.WITHDRAWN, ended_at=self._ground.now())
            self._ground.show(tx, found)
            return Ended(grant=found.id, state=GrantState.WITHDRAWN)

        return await self._ground.database.write(work)

    async def give_back(self, intent: OnGrant) -> Ended | Unknown | TooLate | Repeated:
        """End a grant before its time: the removal is due now. Whom it was asked for can do so too."""

        def work(tx: Session) -> Ended | Unknown | TooLate | Repeated:
            found = find_own(tx, self._ground, intent, or_report=True)
            if not isinstance(found, Grant):
                return found
            if found.state not in LIVE:
                return refuse_late(tx, self._ground, intent, found)
            for one in continued(tx, found):  # an extension is the same access: it is given back with it
                self._give_up(tx, intent, one)
            return Ended(grant=found.id, state=GrantState.ENDING)

        return await self._ground.database.write(work)

    def _give_up(self, tx: Session, intent: OnGrant, grant: Grant) -> None:
        now = self._ground.now()
        if grant.state == GrantState.PENDING:
            self._record(tx, intent, grant, "grant.withdrawn")
            grants.move(tx, grant, GrantState.WITHDRAWN, ended_at=now)
        else:
            self._record(tx, intent, grant, "grant.given_back")
            # Where it concerns two, each reads who it was.
            why = (
                Sentence("{name} gave it back", name=intent.actor.account.name)
                if grant.target_account
                else GIVEN_BACK
            )
            grants.move(tx, grant, GrantState.ENDING, end_reason=why)
            holdings.follow_grant(tx, grant, at=now, due_at=now)
        self._ground.show(tx, grant)

    def _record(self, tx: Session, intent: OnGrant, grant: Grant, action: str) -> None:
        recording.record_grant(
            tx,
            grant,
            at=self._ground.now(),
            action=action,
            outcome="done",
            **recording.by(intent),
            facts={"minutes": grant.minutes, "automatic": grant.automatic},
        )
