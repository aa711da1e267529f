"""Routine questions about one's own access, answered from the live directory.

It changes nothing, and never tells a person facts about others beyond who owns what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from handlers import recording
from handlers.decisions.counterparts import Counterpart, NoCounterpart
from handlers.decisions.helping import HelpDesks
from handlers.decisions.policy import AccountQuestion, Action, PolicyDecision
from handlers.exceptions.raising import broken_policy, named, tell_security
from handlers.ground import Ground
from handlers.intents import Ask
from handlers.outcomes import Repeated
from handlers.patience import in_time
from handlers.people.elsewhere import Picture, is_unknown, picture_of
from handlers.questions.abilities import abilities_of
from handlers.questions.answers import (
    AccessList,
    Answer,
    Courteous,
    DidYouMean,
    Elsewhere,
    ForAnother,
    Held,
    Help,
    LinkedAlready,
    Membership,
    NearlyUnderstood,
    NothingNamed,
    NotUnderstood,
    OwnedBy,
    PasswordExpiry,
    SeveralNamed,
    Worried,
)
from handlers.questions.own_requests import own_requests
from handlers.questions.why import Told, Why
from storage import deliveries
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.faults import DirectoryUnavailable
from storage.given import Given, given_to
from storage.group_names import Place
from storage.identifiers import new_id
from storage.outbox import owe
from storage.records import Question
from storage.spellings import names_in


class Kind(StrEnum):
    """What can be asked."""

    ACCESS = "access"
    MEMBERSHIP = "membership"
    OWNER = "owner"
    PASSWORD_EXPIRY = "password-expiry"  # noqa: S105 - the name of a question
    WHY_REFUSED = "why-refused"
    WHY_APPROVAL = "why-approval"
    CAN_ASK = "can-ask"
    HELP = "help"
    COURTESY = "courtesy"
    OWN_REQUESTS = "own-requests"
    FOR_ANOTHER = "for-another"
    WORRIED = "worried"
    LINKED_ALREADY = "linked-already"
    DID_YOU_MEAN = "did-you-mean"
    WHICH_NAME = "which-name"
    CHOOSE = "choose"
    SEVERAL_NAMED = "several-named"
    NEARLY_UNDERSTOOD = "nearly-understood"
    NOT_UNDERSTOOD = "not-understood"


# The answers that say something about the person who asks.
_ABOUT_ACCOUNT = frozenset({Kind.ACCESS, Kind.MEMBERSHIP, Kind.PASSWORD_EXPIRY})
_EXPLAINED = frozenset({Kind.WHY_REFUSED, Kind.WHY_APPROVAL, Kind.CAN_ASK})
# And those of them that say until when.
_ABOUT_GRANTS = frozenset({Kind.ACCESS, Kind.MEMBERSHIP})

GivenNow = Mapping[tuple[str, Place], Given]
"""By directory, account and group."""


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """A question that is on the record. kind and about: what may be answered, which is help where policy says no."""

    id: str
    at: datetime
    kind: Kind
    about: Sequence[str]


class Checks:
    """Takes questions (one transaction, on the record) and answers them from what is true at that moment."""

    def __init__(self, ground: Ground, *, desks: HelpDesks | None = None) -> None:
        self._ground, self._desks = ground, desks
        self._why = Why(ground)

    async def ask(self, intent: Ask) -> Answer | Repeated:
        """Take a question and answer it at once, in one transaction, from the account as the door has just read it.

        What is asked of other directories is read before. DirectoryUnavailable when the one it is about cannot say.
        """
        account = intent.actor.account
        picture = await self._picture(Kind(intent.kind), intent.about, account)
        explained = await self._explained(Kind(intent.kind), intent.about, account)
        decision = self._decision(account)

        def work(tx: Session) -> Answer | Repeated:
            taken = self._take(tx, intent, decision)
            if isinstance(taken, Repeated):
                return taken
            if explained is not None and taken.kind in _EXPLAINED:
                return explained
            if taken.kind == Kind.OWN_REQUESTS:
                return own_requests(tx, self._ground, account.directory, account.id)
            if taken.kind not in _ABOUT_ACCOUNT:
                return self._plain(taken.kind, taken.about)
            given = _given(tx, account) if taken.kind in _ABOUT_GRANTS else {}
            return self._personal(taken.kind, taken.about, account, given, picture)

        return await self._ground.database.write(work)

    async def owe_answer(self, intent: Ask) -> Question | Repeated:
        """Take a question and owe its answer as a message; it is found when the message is made."""

        decision = self._decision(intent.actor.account)

        def work(tx: Session) -> Question | Repeated:
            taken = self._take(tx, intent, decision)
            if isinstance(taken, Repeated):
                return taken
            question = _question(intent, taken)
            tx.add(question)
            tx.flush()
            owe(
                tx,
                at=taken.at,
                courier="slack",
                kind="answer",
                subject=question.id,
                recipient=question.slack_user,
            )
            return question

        return await self._ground.database.write(work)

    async def answer(self, question: Question) -> Answer:
        """The answer to a question taken before, true now. DirectoryUnavailable when the directory cannot say."""
        kind = Kind(question.kind)
        if kind == Kind.OWN_REQUESTS:
            whose = (question.directory, question.account)
            return await self._ground.database.read(lambda tx: own_requests(tx, self._ground, *whose))
        if kind not in _ABOUT_ACCOUNT | _EXPLAINED:
            return self._plain(kind, question.about)
        account = await self._account(question)
        if (explained := await self._explained(kind, question.about, account)) is not None:
            return explained
        picture = await self._picture(kind, question.about, account)
        given = await self._ground.database.read(lambda tx: _given(tx, account))
        return self._personal(kind, question.about, account, given, picture)

    async def _explained(self, kind: Kind, about: Sequence[str], account: Account) -> Told | None:
        """What policy says, and why; None where that was not asked. DirectoryUnavailable as above."""
        match kind:
            case Kind.WHY_REFUSED:
                return await self._why.refused(account, *about)
            case Kind.WHY_APPROVAL:
                return await self._why.approval(account, about[0])
            case Kind.CAN_ASK:
                return await self._why.can_ask(account)
            case _:
                return None

    def _decision(self, account: Account) -> PolicyDecision:
        """What policy says, by facts that no transaction changes: nobody waits for it with all writers locked."""
        return self._ground.policy.ask(
            AccountQuestion(action=Action.VIEW, principal=account, target=account, now=self._ground.now())
        )

    def _take(self, tx: Session, intent: Ask, decision: PolicyDecision) -> _Taken | Repeated:
        now, account = self._ground.now(), intent.actor.account
        if not deliveries.take(tx, intent.delivery, now):
            return Repeated()
        question = new_id("q", now)
        recording.record(
            tx,
            at=now,
            action="question.asked",
            outcome="done" if decision.allowed else "refused",
            **recording.by(intent),
            subject=account.id,
            correlation=question,
            decision=decision,
            facts={"kind": intent.kind, "about": list(intent.about)},
        )
        if decision.errors:
            who = named(account.name, account.login)
            tell_security(tx, now, broken_policy(decision, who=who, correlation=question))
        if not decision.allowed:
            return _Taken(id=question, at=now, kind=Kind.HELP, about=())
        about: Sequence[str] = intent.about
        if intent.kind == Kind.HELP:  # known from the door now, and no directory is asked for it later
            about = abilities_of(tx, self._ground, account, self._desks)
        return _Taken(id=question, at=now, kind=Kind(intent.kind), about=about)

    def _plain(self, kind: Kind, about: Sequence[str]) -> Answer:
        """What needs no look at the person."""
        match kind:
            case Kind.OWNER:
                return self._owner(about[0])
            case Kind.COURTESY:
                return Courteous(kind=about[0])
            case Kind.FOR_ANOTHER:
                return ForAnother()
            case Kind.WORRIED:
                return Worried()
            case Kind.LINKED_ALREADY:
                return LinkedAlready()
            case Kind.DID_YOU_MEAN:
                return DidYouMean(candidates=tuple(about))
            case Kind.WHICH_NAME:
                return DidYouMean(candidates=tuple(about), wanted=False)
            case Kind.CHOOSE:
                return NothingNamed()
            case Kind.SEVERAL_NAMED:
                return SeveralNamed(entitlements=tuple(about))
            case Kind.NEARLY_UNDERSTOOD:
                return NearlyUnderstood(commands=tuple(about))
            case Kind.NOT_UNDERSTOOD:
                return NotUnderstood()
            case _:
                return Help(may=tuple(about))

    async def _picture(self, kind: Kind, about: Sequence[str], own: Account) -> Picture:
        """Their accounts wherever the question leads. DirectoryUnavailable if it leads to one that does not answer."""
        offered = self._ground.catalogue.entitlements
        if kind == Kind.ACCESS:
            return await picture_of(self._ground, own, (one.directory for one in offered.values()))
        if kind == Kind.MEMBERSHIP:
            directory = offered[about[0]].directory
            picture = await picture_of(self._ground, own, [directory])
            if directory in picture and picture[directory] is None:
                raise DirectoryUnavailable(
                    "The directory {directory} did not answer in time.", directory=directory
                )
            return picture
        return {own.directory: own}

    def _personal(
        self, kind: Kind, about: Sequence[str], account: Account, given: GivenNow, picture: Picture
    ) -> Answer:
        match kind:
            case Kind.MEMBERSHIP:
                return self._membership(about[0], account, given, picture)
            case Kind.PASSWORD_EXPIRY:
                return PasswordExpiry(at=account.password_expires_at, read_at=account.read_at)
            case _:
                return self._access(account, given, picture)

    def _access(self, own: Account, given: GivenNow, picture: Picture) -> AccessList:
        offered = self._ground.catalogue.entitlements.values()
        held = [
            self._held(entitlement, given.get((account.id, self._place(entitlement))))
            for account in picture.values()
            if isinstance(account, Account)
            for entitlement in offered
            if _is_in(account, entitlement)
        ]
        held.sort(key=lambda one: (one.until is None, one.until and one.until.timestamp(), one.entitlement))
        others = (self._elsewhere(name, found) for name, found in picture.items() if name != own.directory)
        return AccessList(held=tuple(held), read_at=own.read_at, elsewhere=tuple(others))

    def _place(self, entitlement: Entitlement) -> Place:
        return self._ground.database.group_names.place(entitlement.directory, entitlement.group)

    def _held(self, entitlement: Entitlement, grant: Given | None) -> Held:
        return Held(
            entitlement=entitlement.id,
            owner=self._owner_name(entitlement.id),
            until=grant.expires_at if grant else None,
            grant=grant.id if grant else None,
            ending=grant is not None and grant.ending,
        )

    def _elsewhere(self, directory: str, found: Counterpart | None) -> Elsewhere:
        if is_unknown(found):
            offered = self._ground.catalogue.entitlements.values()
            kept_there = tuple(sorted(one.id for one in offered if one.directory == directory))
            return Elsewhere(directory=directory, read_at=None, unknown=kept_there, advice=_advice(found))
        read_at = found.read_at if isinstance(found, Account) else self._ground.now()
        return Elsewhere(directory=directory, read_at=read_at)

    def _membership(self, about: str, own: Account, given: GivenNow, picture: Picture) -> Membership:
        entitlement = self._ground.catalogue.entitlements[about]
        found = picture.get(entitlement.directory)
        if not isinstance(found, Account):
            unknown = entitlement.directory in picture and is_unknown(found)
            member = None if unknown else False
            advice = _advice(found) if unknown else ""
            return Membership(
                entitlement=about, member=member, until=None, read_at=own.read_at, advice=advice
            )
        grant = given.get((found.id, self._place(entitlement)))
        member = _is_in(found, entitlement)
        return Membership(
            entitlement=about,
            member=member,
            until=grant.expires_at if member and grant is not None else None,
            read_at=found.read_at,
            grant=grant.id if member and grant is not None and not grant.ending else None,
            owner=self._ground.catalogue.owner_of(entitlement).name,
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


def _question(intent: Ask, taken: _Taken) -> Question:
    return Question(
        id=taken.id,
        kind=taken.kind,
        about=list(taken.about),
        directory=intent.actor.account.directory,
        account=intent.actor.account.id,
        slack_team=intent.actor.slack_team,
        slack_user=intent.actor.slack_user,
        at=taken.at,
    )


def _given(tx: Session, account: Account) -> GivenNow:
    """For each membership, the person's grant that ends last. What is being taken back is no standing access either."""
    given = given_to(tx, account.directory, account.id)
    place = names_in(tx).place
    return {(grant.account, place(grant.directory, grant.group)): grant for grant in given}


def _advice(found: Counterpart | None) -> str:
    return found.advice if isinstance(found, NoCounterpart) else ""


def _is_in(account: Account, entitlement: Entitlement) -> bool:
    """What the directory says, whatever we once did there."""
    return entitlement.directory == account.directory and account.is_in(entitlement.group)
