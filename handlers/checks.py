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
from handlers.exceptions import broken_policy, tell_security
from handlers.ground import Ground
from handlers.intents import Ask
from handlers.outcomes import Repeated
from handlers.patience import in_time
from storage import deliveries, grants
from storage.catalogue import Entitlement
from storage.database import Work
from storage.directories.base import Account
from storage.identifiers import new_id
from storage.outbox import owe
from storage.records import Grant, Question


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
            if decision.errors:
                strange = broken_policy(decision, who=account.name, correlation=question.id)
                tell_security(tx, now, strange)
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
        given = await self._given(account)
        held = [
            Held(
                entitlement=entitlement.id,
                owner=self._owner_name(entitlement.id),
                until=given[entitlement.group].expires_at if entitlement.group in given else None,
                grant=given[entitlement.group].id if entitlement.group in given else None,
            )
            for entitlement in self._ground.catalogue.entitlements.values()
            if _is_in(account, entitlement)
        ]
        return AccessList(held=tuple(_soonest_first(held)), read_at=account.read_at)

    async def _membership(self, question: Question) -> Membership:
        account = await self._account(question)
        entitlement = self._ground.catalogue.entitlements[question.about[0]]
        given = (await self._given(account)).get(entitlement.group)
        member = _is_in(account, entitlement)
        return Membership(
            entitlement=entitlement.id,
            member=member,
            until=given.expires_at if member and given is not None else None,
            read_at=account.read_at,
        )

    async def _given(self, account: Account) -> dict[str, Grant]:
        """By group, the grant of ours that ends last. What is being taken back is no standing access either."""
        given = await self._ground.database.read(
            lambda tx: grants.given_to(tx, account.directory, account.id)
        )
        return {grant.group: grant for grant in given}

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


def _is_in(account: Account, entitlement: Entitlement) -> bool:
    """What the directory says, whatever we once did there."""
    return entitlement.directory == account.directory and entitlement.group in account.groups


def _soonest_first(held: Iterable[Held]) -> list[Held]:
    return sorted(
        held, key=lambda one: (one.until is None, one.until and one.until.timestamp(), one.entitlement)
    )
