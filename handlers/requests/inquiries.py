"""A question before the decision: asked by whoever may decide, answered once by whoever requested.

It decides nothing about the request; both texts are kept as an approval's rationale is.
"""

from sqlmodel import Session

from handlers import recording
from handlers.decisions.requests import may_decide
from handlers.exceptions.forged import turn_away_forged
from handlers.ground import Ground
from handlers.intents import AnswerInquiry, Inquire
from handlers.outcomes import Answered, EnoughAsked, Inquired, NotAllowed, NotYet, Repeated, TooLate, Unknown
from handlers.requests.open_requests import Facts, Opened, OpenRequests
from handlers.requests.own import owns
from storage import deliveries, grants, inquiries
from storage.outbox import OWNER, owe, places_of
from storage.records import Grant, Inquiry
from storage.states import GrantState

# About one request: enough to understand it, and too few to wear anybody out.
MOST_ASKED = 5

NotAsked = NotAllowed | NotYet | TooLate | Unknown | Repeated
"""Why a question was not passed on."""


class Inquiries:
    """Questions to the requester and their answers, each one transaction."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._requests = OpenRequests(ground)

    async def ask(self, intent: Inquire) -> Inquired | EnoughAsked | NotAsked:
        """Ask the requester. Only whoever may decide may, and policy is asked once more."""

        def work(tx: Session, facts: Facts) -> Inquired | EnoughAsked | NotAsked:
            found = self._requests.find(tx, intent, facts, "ask")
            if not isinstance(found, Opened):
                return found
            decision = may_decide(self._ground.policy, found.question, intent.actor.account, found.role)
            if not decision.allowed:
                return self._requests.turn_away(tx, intent, found, decision)
            if len(inquiries.about(tx, found.grant.id)) >= MOST_ASKED:
                self._requests.record(tx, intent, found.grant, "approval.not_asked", "refused", decision)
                return EnoughAsked(grant=found.grant.id)
            account = intent.actor.account
            inquiry = inquiries.ask(
                tx,
                at=self._ground.now(),
                grant=found.grant.id,
                asker=account.id,
                asker_name=account.name,
                slack_user=intent.actor.slack_user,
                question=intent.question,
            )
            self._requests.record(
                tx, intent, found.grant, "approval.asked", "done", decision, {"inquiry": inquiry.id}
            )
            self._show(tx, found.grant, inquiry, "inquiry")
            return Inquired(inquiry=inquiry.id)

        outcome = await self._requests.with_facts(intent.grant, work)
        return await self._requests.with_names(intent.grant, outcome, intent.actor.account)

    async def answer(self, intent: AnswerInquiry) -> Answered | TooLate | Unknown | Repeated:
        """Answer, once. Only the requester can: nobody else was shown the question with a button."""

        def work(tx: Session) -> Answered | TooLate | Unknown | Repeated:
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            inquiry = inquiries.get(tx, intent.inquiry)
            grant = grants.get(tx, inquiry.grant) if inquiry else None
            if inquiry is None or grant is None or not owns(intent.actor, grant):
                return turn_away_forged(tx, self._ground, intent, "grant.tampered", what="question")
            return self._answer(tx, intent, grant, inquiry)

        return await self._ground.database.write(work)

    async def question(self, intent: AnswerInquiry) -> Inquiry | None:
        """The question, for the form to answer it in; None if this person was not asked it. Nothing is taken."""

        def work(tx: Session) -> Inquiry | None:
            inquiry = inquiries.get(tx, intent.inquiry)
            grant = grants.get(tx, inquiry.grant) if inquiry else None
            return inquiry if grant is not None and owns(intent.actor, grant) else None

        return await self._ground.database.read(work)

    def _answer(
        self, tx: Session, intent: AnswerInquiry, grant: Grant, inquiry: Inquiry
    ) -> Answered | TooLate:
        now = self._ground.now()
        if inquiry.answered_at is not None:
            self._record(tx, intent, grant, inquiry, "approval.answered_before", "refused")
            return Answered(grant=grant.id, before=True)
        if grant.state != GrantState.PENDING or grant.lapses_at is None or grant.lapses_at <= now:
            self._record(tx, intent, grant, inquiry, "approval.answered_late", "refused")
            return TooLate(entitlement=grant.entitlement, state=grant.state, by="", at=grant.decided_at)
        inquiries.answer(tx, inquiry, at=now, text=intent.answer)
        self._record(tx, intent, grant, inquiry, "approval.answered", "done")
        self._show(tx, grant, inquiry, "inquiry")
        self._show(tx, grant, inquiry, "reply")
        return Answered(grant=grant.id)

    def _record(
        self, tx: Session, intent: AnswerInquiry, grant: Grant, inquiry: Inquiry, action: str, outcome: str
    ) -> None:
        recording.record_grant(
            tx,
            grant,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            **recording.by(intent),
            facts={"inquiry": inquiry.id},
            texts={"answer": intent.answer},
        )

    def _show(self, tx: Session, grant: Grant, inquiry: Inquiry, kind: str) -> None:
        """Owe it to everybody who has the request before them; the question to the requester as well."""
        at = self._ground.now()
        recipients = places_of(tx, kind="approval", subjects=[grant.id])[grant.id]
        for one in recipients:  # the request says what was asked about it
            owe(tx, at=at, courier="slack", kind="approval", subject=grant.id, recipient=one)
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement)
        if not recipients and entitlement is not None:
            recipients = [f"{OWNER}{entitlement.owner}"]
        if kind == "inquiry" and grant.slack_user:
            recipients = [*recipients, grant.slack_user]
        for one in recipients:
            owe(tx, at=at, courier="slack", kind=kind, subject=inquiry.id, recipient=one)
