"""Routine questions about one's own access, answered from the live directory.

It changes nothing, and never tells a person facts about others beyond who owns what.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlmodel import Session

from handlers import recording
from handlers.answers import (
    AccessList,
    Answer,
    DidYouMean,
    Held,
    Help,
    LinkedAlready,
    Membership,
    NotUnderstood,
    OwnedBy,
    PasswordExpiry,
)
from handlers.decisions.policy import AccountQuestion, Action
from handlers.ground import Ground
from handlers.intents import Ask
from handlers.outcomes import Repeated
from handlers.patience import in_time
from storage import deliveries, grants
from storage.database import Work
from storage.directories.base import Account
from storage.identifiers import new_id
from storage.outbox import owe
from storage.records import Question
from storage.states import GrantState


class Kind(StrEnum):
    """What can be asked."""

    ACCESS = "access"
    MEMBERSHIP = "membership"
    OWNER = "owner"
    PASSWORD_EXPIRY = "password-expiry"  # noqa: S105 - the name of a question
    HELP = "help"
    LINKED_ALREADY = "linked-already"
    DID_YOU_MEAN = "did-you-mean"
    CHOOSE = "choose"
    NOT_UNDERSTOOD = "not-understood"


class Checks:
    """Takes questions (one transaction, on the record) and answers them from what is true at that moment."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def take(self, intent: Ask, *, by_message: bool) -> Question | Repeated:
        """Record a question. by_message: owe the answer as a message; otherwise the caller answers at once."""
        return await self._ground.database.write(self._taking(intent, by_message=by_message))

    async def answer(self, question: Question) -> Answer:
        """The answer, true now. DirectoryUnavailable when the directory cannot say."""
        match Kind(question.kind):
            case Kind.ACCESS:
                return await self._access(question)
            case Kind.MEMBERSHIP:
                return await self._membership(question)
            case Kind.OWNER:
                return self._owner(question.about[0])
            case Kind.PASSWORD_EXPIRY:
                account = await self._account(question)
                return PasswordExpiry(at=account.password_expires_at, read_at=account.read_at)
            case Kind.HELP:
                return Help()
            case Kind.LINKED_ALREADY:
                return LinkedAlready()
            case Kind.DID_YOU_MEAN:
                return DidYouMean(candidates=tuple(question.about))
            case Kind.CHOOSE:
                return DidYouMean(candidates=())
            case Kind.NOT_UNDERSTOOD:
                return NotUnderstood()

    def _taking(self, intent: Ask, *, by_message: bool) -> Work[Question | Repeated]:
        def work(tx: Session) -> Question | Repeated:
            now, account = self._ground.now(), intent.actor.account
            if not deliveries.take(tx, intent.delivery, now):
                return Repeated()
            question = Question(
                id=new_id("q", now),
                kind=intent.kind,
                about=list(intent.about),
                directory=account.directory,
                account=account.id,
                slack_team=intent.actor.slack_team,
                slack_user=intent.actor.slack_user,
                at=now,
            )
            decision = self._ground.policy.ask(
                AccountQuestion(action=Action.VIEW, principal=account, target=account, now=now)
            )
            recording.record(
                tx,
                at=now,
                action="question.asked",
                outcome="done" if decision.allowed else "refused",
                actor=recording.person(intent.actor),
                subject=account.id,
                where=intent.where,
                correlation=question.id,
                decision=decision,
                facts={"kind": intent.kind, "about": list(intent.about)},
            )
            if not decision.allowed:
                question.kind, question.about = Kind.HELP, []
            if by_message:
                tx.add(question)
                tx.flush()
                owe(
                    tx,
                    at=now,
                    courier="slack",
                    kind="answer",
                    subject=question.id,
                    recipient=question.slack_user,
                )
            return question

        return work

    async def _access(self, question: Question) -> AccessList:
        account = await self._account(question)
        live = await self._ground.database.read(lambda tx: grants.live_of(tx, account.id))
        by_grant = {
            grant.entitlement: Held(
                entitlement=grant.entitlement,
                owner=self._owner_name(grant.entitlement),
                until=grant.expires_at,
                grant=grant.id,
            )
            for grant in reversed(live)
            if grant.state == GrantState.ACTIVE
        }
        standing = [
            Held(entitlement=entitlement.id, owner=self._owner_name(entitlement.id), until=None, grant=None)
            for entitlement in self._ground.catalogue.entitlements.values()
            if entitlement.group in account.groups and entitlement.id not in by_grant
        ]
        return AccessList(
            held=tuple(_soonest_first([*by_grant.values(), *standing])), read_at=account.read_at
        )

    async def _membership(self, question: Question) -> Membership:
        account = await self._account(question)
        entitlement = self._ground.catalogue.entitlements[question.about[0]]
        live = await self._ground.database.read(lambda tx: grants.live_of(tx, account.id))
        until = [g.expires_at for g in live if g.entitlement == entitlement.id and g.expires_at]
        return Membership(
            entitlement=entitlement.id,
            member=entitlement.group in account.groups,
            until=max(until, default=None),
            read_at=account.read_at,
        )

    def _owner(self, entitlement_id: str) -> OwnedBy:
        entitlement = self._ground.catalogue.entitlements[entitlement_id]
        owner = self._ground.catalogue.owner_of(entitlement)
        return OwnedBy(
            entitlement=entitlement.id,
            title=entitlement.title,
            owner=owner.name,
            channel=owner.channel,
            risk=entitlement.risk,
            environment=entitlement.environment,
        )

    async def _account(self, question: Question) -> Account:
        directory = self._ground.directory(question.directory)
        account = await in_time(directory.account(question.account))
        if account is None:
            raise LookupError("the person who asked is no longer in the directory")
        return account

    def _owner_name(self, entitlement_id: str) -> str:
        entitlement = self._ground.catalogue.entitlements.get(entitlement_id)
        return self._ground.catalogue.owner_of(entitlement).name if entitlement else ""


def _soonest_first(held: Iterable[Held]) -> list[Held]:
    return sorted(
        held, key=lambda one: (one.until is None, one.until and one.until.timestamp(), one.entitlement)
    )
