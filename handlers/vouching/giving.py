"""Vouching for somebody, in Slack: who may, that it is really them, and that the person read them this code (P-13).

It sends nothing that could be approved by a click, and what is typed here is not kept.
"""

from collections.abc import Collection, Mapping

from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import What
from handlers.decisions.policy import PolicyDecision
from handlers.decisions.vouching import VouchingLimits
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, named, tell_security
from handlers.ground import Ground
from handlers.intents import Vouch
from handlers.outcomes import Repeated, TicketWanted
from handlers.patience import in_time
from handlers.stops.stopping import stopped
from handlers.vouching import telling
from handlers.vouching.being_vouched import is_code_of
from handlers.vouching.outcomes import (
    AlreadyVouched,
    MayNot,
    NobodyKnown,
    Outcome,
    ProveFirst,
    Resting,
    Vouched,
    WrongCode,
)
from handlers.vouching.vouchers import Standing, Vouchers
from storage import deliveries, failures, links, vouchings
from storage.directories.base import Account
from storage.fresh import FreshProof
from storage.records import Vouching as Row
from storage.secrets import Vault
from storage.states import Ended
from storage.step_ups import About
from storage.vouchings import Word

_SUPPOSED = ("passkey",)
SET_UP_FIRST = "You have no proof of your own set up. Do that first: say “manage my proofs”."

_UNUSUAL: Mapping[str, str] = {
    "vouch-never-for-oneself": "oneself",
    "vouch-never-for-ones-boss": "report",
    "vouch-never-in-return": "mutual",
}


class Vouching:
    """Takes somebody's word. Everything is asked anew each time that the form is sent."""

    def __init__(self, ground: Ground, vault: Vault, limits: VouchingLimits) -> None:
        self._ground, self._vault, self._limits = ground, vault, limits
        self._vouchers = Vouchers(ground)

    async def vouch(self, intent: Vouch) -> Outcome:
        """Take it, or say what is missing. DirectoryUnavailable when the directory does not answer."""
        person = await self._person(intent)
        if person is None:
            return await self._ground.database.write(lambda tx: self._nobody(tx, intent))
        standing = await self._vouchers.standing(intent.actor.account, person)
        return await self._ground.database.write(lambda tx: self._vouch(tx, intent, standing))

    async def _person(self, intent: Vouch) -> Account | None:
        link = await self._ground.database.read(lambda tx: links.link_of_user(tx, intent.whom))
        if link is None:
            return None
        return await in_time(self._ground.home(link.directory).account(link.account))

    def _vouch(self, tx: Session, intent: Vouch, standing: Standing) -> Outcome:
        ground, at = self._ground, self._ground.now()
        voucher, person = standing.voucher, standing.person
        story = person.id
        if halt := stopped(tx, ground, intent, "vouching.stopped", correlation=story, what=What.PROOFS):
            return halt
        decision = self._ask(tx, intent, standing, ticket_given=True)
        if not decision.allowed:
            return self._turn_away(tx, intent, standing, decision)
        decision = self._ask(tx, intent, standing, ticket_given=bool(intent.ticket))
        if decision.errors:
            return self._turn_away(tx, intent, standing, decision)
        if not decision.allowed:
            self._refuse(tx, intent, person, "no_ticket", decision)
            return TicketWanted(entitlements=())
        if failures.is_locked(
            tx, directory=voucher.directory, account=_counted(voucher), at=at, lock=self._limits.rest
        ):
            self._refuse(tx, intent, person, "resting")
            return Resting()
        row = vouchings.waiting_for(tx, person.directory, person.id, at)
        known = vouchings.standing_of(tx, person.directory, person.id, at)
        open_ = known or row
        about = open_.id if open_ is not None else f"vouch.{person.directory}.{person.id}"
        proof = ground.stepping_up.fresh_proof(tx, intent.actor, about=about, at=at)
        if proof is None and not ground.stepping_up.can_prove(tx, intent.actor):
            self._refuse(tx, intent, person, "no_proof")
            return MayNot(reasons=(SET_UP_FIRST,))
        if proof is None:
            return ProveFirst(
                handle=ground.stepping_up.begin(
                    tx, intent.actor, intent.where, about=about, kind=About.VOUCHING, thing=person.name,
                    whom=named(person.name, person.login), at=at,
                )
            )  # fmt: skip
        if known is not None:
            return self._too_late(tx, intent, person, known)
        if row is None or not is_code_of(self._vault, row.id, intent.code):
            return self._wrong(tx, intent, person, row)
        decision = self._ask(tx, intent, standing, ticket_given=bool(intent.ticket), proofs=proof.kinds)
        if not decision.allowed:
            return self._turn_away(tx, intent, standing, decision)
        return self._take(tx, intent, standing, row, proof, decision)

    def _take(
        self,
        tx: Session,
        intent: Vouch,
        standing: Standing,
        row: Row,
        proof: FreshProof,
        decision: PolicyDecision,
    ) -> Outcome:
        at, voucher = self._ground.now(), standing.voucher
        if not deliveries.take(tx, intent.delivery, at) or not self._ground.stepping_up.spend(tx, proof, at):
            return Repeated()
        counts_from, counts_until = self._limits.counts(at)
        word = Word(
            whom=standing.person.name, voucher=voucher.id, name=voucher.name, slack_user=intent.actor.slack_user,
            role=standing.role or "", spoken=intent.spoken, ticket=intent.ticket, proof=proof.handle,
        )  # fmt: skip
        if not vouchings.vouch(tx, row.id, word, at=at, counts_from=counts_from, counts_until=counts_until):
            return self._too_late(tx, intent, standing.person, vouchings.by_id(tx, row.id) or row)
        failures.clear(tx, directory=voucher.directory, account=_counted(voucher))
        recording.record(
            tx, at=at, action="vouching.given", outcome="done", **recording.by(intent), correlation=row.handle,
            subject=row.account, decision=decision, facts={
                "vouching": row.id, "role": word.role, "spoken": word.spoken, "proofs": list(proof.kinds),
                "proof": proof.handle, "proved_at": proof.at.isoformat(), "counts_from": counts_from.isoformat(),
            },
            texts={"ticket": intent.ticket} if intent.ticket else {},
        )  # fmt: skip
        given = vouchings.by_id(tx, row.id)
        if given is not None:
            telling.show(tx, given, at)
            telling.write(tx, given, telling.VOUCHED, at)
        return Vouched(name=standing.person.name, counts_from=counts_from, counts_until=counts_until)

    # What does not lead to anything. Each is on the record once for each delivery.

    def _nobody(self, tx: Session, intent: Vouch) -> NobodyKnown:
        self._refuse(tx, intent, None, "unknown")
        return NobodyKnown()

    def _refuse(
        self,
        tx: Session,
        intent: Vouch,
        person: Account | None,
        why: str,
        decision: PolicyDecision | None = None,
    ) -> None:
        if deliveries.take(tx, f"{intent.delivery}:{intent.whom}:{why}", self._ground.now()):
            self._record(tx, intent, person, "vouching.refused", {"why": why}, decision)

    def _turn_away(self, tx: Session, intent: Vouch, standing: Standing, decision: PolicyDecision) -> MayNot:
        at, person = self._ground.now(), standing.person
        if not deliveries.take(tx, f"{intent.delivery}:{person.id}", at):
            return _may_not(standing, decision)
        self._record(tx, intent, person, "vouching.refused", {"why": "policy"}, decision)
        who = named(standing.voucher.name, standing.voucher.login)
        if decision.errors:
            tell_security(tx, at, broken_policy(decision, who=who, correlation=person.id))
        elif decision.severity is not None:
            reason = next((_UNUSUAL[one] for one in decision.policy_ids if one in _UNUSUAL), "refused")
            self._alarm(
                tx, standing.voucher, person, reason, Severity(decision.severity),
                {"reasons": list(decision.reasons), "policies": list(decision.policy_ids)},
            )  # fmt: skip
        return _may_not(standing, decision)

    def _wrong(self, tx: Session, intent: Vouch, person: Account, row: Row | None) -> WrongCode | Resting:
        """Counted before anything else is said; the same code sent again in the same form is the same try."""
        at, voucher = self._ground.now(), intent.actor.account
        tried = self._vault.derive("vouch-tried", f"{intent.delivery}\0{intent.code}").hex()[:32]
        if not deliveries.take(tx, f"{intent.delivery}:{tried}", at):
            return WrongCode()
        attempt = failures.count_attempt(
            tx, directory=voucher.directory, account=_counted(voucher), at=at, limit=self._limits.wrong_by_one,
            lock=self._limits.rest,
        )  # fmt: skip
        wrong = 0 if row is None else vouchings.count_wrong(tx, row.id, limit=self._limits.wrong, at=at)
        self._record(
            tx, intent, person, "vouching.wrong_code",
            {"vouching": row.id if row else "", "wrong": wrong, "wrong_by_one": attempt.number},
        )  # fmt: skip
        if wrong >= self._limits.wrong and row is not None:
            telling.told(tx, row.id, Ended.BURNED, at=at, **recording.by(intent))
            self._alarm(tx, voucher, person, "wrong-codes", Severity.HIGH, {"wrong": wrong})
        if attempt.last:
            self._alarm(tx, voucher, person, "guessing", Severity.HIGH, {"wrong": attempt.number})
        return WrongCode()

    def _too_late(self, tx: Session, intent: Vouch, person: Account, row: Row) -> AlreadyVouched:
        if deliveries.take(tx, f"{intent.delivery}:late", self._ground.now()):
            self._record(tx, intent, person, "vouching.late", {"vouching": row.id})
        return AlreadyVouched(by=row.voucher_name)

    def _ask(
        self,
        tx: Session,
        intent: Vouch,
        standing: Standing,
        *,
        ticket_given: bool,
        proofs: Collection[str] = _SUPPOSED,
    ) -> PolicyDecision:
        """proofs: as if the strongest had been given, before there is one: it is asked again with what was."""
        question = self._vouchers.question(
            tx, standing, spoken=intent.spoken, ticket_given=ticket_given, proofs=proofs
        )
        return self._ground.policy.ask(question)

    def _alarm(
        self,
        tx: Session,
        voucher: Account,
        person: Account,
        reason: str,
        severity: Severity,
        facts: Mapping[str, recording.Fact],
    ) -> None:
        strange = Strange(
            kind=Kind.VOUCHING,
            severity=severity,
            who=named(voucher.name, voucher.login),
            cause=f"{voucher.directory}:{voucher.id}:{person.id}:{reason}",
            correlation=person.id,
            facts={"reason": reason, "whom": named(person.name, person.login), **facts},
        )
        tell_security(tx, self._ground.now(), strange)

    def _record(
        self,
        tx: Session,
        intent: Vouch,
        person: Account | None,
        action: str,
        facts: Mapping[str, recording.Fact],
        decision: PolicyDecision | None = None,
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome="refused", **recording.by(intent),
            correlation=person.id if person else intent.actor.account.id, subject=person.id if person else None,
            decision=decision, facts={"spoken": intent.spoken, "slack_user": intent.whom, **facts},
        )  # fmt: skip


def _may_not(standing: Standing, decision: PolicyDecision) -> MayNot:
    """Why, for those whom the person is something to: a stranger is not told who is privileged, off or reported."""
    is_stranger = standing.role is None and not standing.oneself and not standing.reports_to
    return MayNot(reasons=() if is_stranger or not decision.policy_ids else decision.reasons)


def _counted(voucher: Account) -> str:
    return f"vouching:{voucher.id}"
