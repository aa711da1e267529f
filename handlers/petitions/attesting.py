"""What approvers do about a petition: approve it after a fresh proof of who they are, deny it, cancel it.

Who somebody is to the person is looked up at each click, and a petition that is over is decided by nobody.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import Stopped
from handlers.decisions.petitioning import in_the_end, lacks_proof_only, still_missing
from handlers.decisions.policy import AttestWay, PolicyDecision
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import Severity, named, tell_security, wrong_person
from handlers.ground import Ground
from handlers.outcomes import Repeated, Unknown
from handlers.patience import CALL, in_time
from handlers.petitions import ends
from handlers.petitions.asking import as_missing, stops
from handlers.petitions.ends import BY_WICKET, By
from handlers.petitions.outcomes import (
    APPROVED,
    DecidePetition,
    MayAttest,
    MayNot,
    OnPetition,
    ProveFirst,
    Said,
    SaidBefore,
    Settled,
    SettledBefore,
    Why,
)
from handlers.petitions.standing_by import Count, StandingBy, Two
from storage import alarms, deliveries, petitions
from storage.database import wake
from storage.directories.base import Account
from storage.faults import WicketFault
from storage.fresh import FreshProof
from storage.proofs import ProofKind
from storage.records import Attestation, Petition
from storage.states import PetitionKind, PetitionState
from storage.step_ups import About

log = structlog.get_logger(__name__)

WAKES = "petitions"
# What is supposed until the approver has proved it.
_SUPPOSED = frozenset({ProofKind.PASSKEY})
_AS_IT_IS = 3

T = TypeVar("T")
Refused = MayNot | SettledBefore | SaidBefore | Unknown | Repeated


class Attesting:
    """One transaction a click, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._stepping_up = ground, ground.stepping_up
        self._standing_by = StandingBy(ground)

    async def consider(
        self, intent: OnPetition, way: AttestWay
    ) -> MayAttest | ProveFirst | Stopped | Refused:
        """Whether this person may: asked when the form is about to open. An approver may have to prove themselves."""
        two = await self._two(intent)

        def work(tx: Session) -> MayAttest | ProveFirst | Stopped | Refused:
            halt = _stops_approving(tx, self._ground, intent) if way == "approve" else None
            if halt is not None:
                return halt
            return self._open(tx, intent, two, way, lambda petition, person, proof, decision: self._may(
                tx, intent, petition, person, way, proof, decision
            ))  # fmt: skip

        return await self._ground.database.write(work)

    async def decide(self, intent: DecidePetition) -> Said | Settled | ProveFirst | Stopped | Refused:
        """Approve it, with the proof that was just given for it; or deny it. While a freeze stands only the latter."""
        two = await self._two(intent)

        def work(tx: Session) -> Said | Settled | ProveFirst | Stopped | Refused:
            halt = _stops_approving(tx, self._ground, intent) if intent.approve else None
            if halt is not None:
                return halt
            return self._open(tx, intent, two, intent.way, lambda petition, person, proof, decision: (
                self._approve(tx, intent, petition, person, proof, decision)
                if intent.approve
                else self._end(tx, intent, petition, PetitionState.DENIED, Why.DENIED, words=intent.rationale)
            ))  # fmt: skip

        done = await self._ground.database.write(work)
        return await self._weighed(intent.petition, done) if isinstance(done, Said) else done

    async def cancel(self, intent: OnPetition) -> Settled | Refused:
        """Stop it: its person, or whoever could decide about it."""
        two = await self._two(intent)

        def work(tx: Session) -> Settled | Refused:
            petition = petitions.get(tx, intent.petition)
            if petition is not None and _is_own(intent, petition):
                if not deliveries.take(tx, intent.delivery, self._ground.now()):
                    return Repeated()
                return self._end(tx, intent, petition, PetitionState.CANCELLED, Why.BY_PERSON)
            return self._open(
                tx, intent, two, "cancel",
                lambda found, _person, _proof, _decision: self._end(
                    tx, intent, found, PetitionState.CANCELLED, Why.BY_APPROVER
                ),
            )  # fmt: skip

        return await self._ground.database.write(work)

    async def weigh(self, petition_id: str) -> Said:
        """Whether those who approved are enough by now; then it waits for its hour. Also after a crash in between."""
        for _ in range(_AS_IT_IS):
            petition = await self._ground.database.read(lambda tx: petitions.look(tx, petition_id))
            if petition is None or petition.state != PetitionState.ASKED:
                return Said(
                    approved=petition is not None and petition.opens_at is not None,
                    opens_at=petition.opens_at if petition else None,
                )
            home = self._ground.home(petition.directory)
            person = await in_time(home.account(petition.account), otherwise=CALL.total_seconds())
            count = await self._standing_by.count(petition, person) if person is not None else None
            weigh = partial(self._weigh, petition_id=petition_id, person=person, count=count)
            if (said := await self._ground.database.write(weigh)) is not None:
                return said
        return Said(approved=False)

    async def _weighed(self, petition_id: str, said: Said) -> Said:
        """Nobody hears that nothing was done, or waits for what hangs: it counts by now, and the schedule weighs it."""
        try:
            return await self.weigh(petition_id)
        except WicketFault as fault:
            log.warning("petition.not_weighed_yet", fault=str(fault))
            return said

    async def _two(self, intent: OnPetition) -> Two | None:
        """Whoever clicks and whose petition it is, live."""
        petition = await self._ground.database.read(lambda tx: petitions.look(tx, intent.petition))
        if petition is None:
            return None
        return await self._standing_by.two(petition, intent.actor.account)

    def _open(
        self,
        tx: Session,
        intent: OnPetition,
        two: Two | None,
        way: AttestWay,
        work: Callable[[Petition, Account, FreshProof | None, PolicyDecision], T],
    ) -> T | Refused:
        """The petition, if this person may decide so about it now; everything else is recorded."""
        ground, at = self._ground, self._ground.now()
        if not deliveries.take(tx, intent.delivery, at):
            return Repeated()
        petition = petitions.get(tx, intent.petition)
        if petition is None:
            return turn_away_forged(tx, ground, intent, "petition.tampered", what="petition")
        if two is None:  # policy cannot be asked about nobody, and nobody else will be
            ends.end(tx, petition, PetitionState.VOIDED, Why.PERSON, BY_WICKET, at)
            self._record(tx, intent, petition, "petition.late", "refused", way, None)
            return Unknown(what="petition")
        proof = self._stepping_up.fresh_proof(tx, intent.actor, about=petition.id, at=at)
        proofs = frozenset(proof.kinds) if proof is not None else _SUPPOSED
        decision = self._standing_by.ask(tx, petition, two, way, proofs)
        if not decision.allowed:
            return self._turn_away(tx, intent, petition, way, decision)
        is_decided = petition.state != PetitionState.ASKED or petition.lapses_at <= at
        if petition.ended_at is not None or (way != "cancel" and is_decided):
            self._record(tx, intent, petition, "petition.late", "refused", way, decision)
            return _settled(petition)
        if way == "approve" and _said_before(tx, intent, petition):
            self._record(tx, intent, petition, "petition.said_before", "refused", way, decision)
            return SaidBefore()
        return work(petition, two.person, proof, decision)

    def _may(
        self,
        tx: Session,
        intent: OnPetition,
        petition: Petition,
        person: Account,
        way: AttestWay,
        proof: FreshProof | None,
        decision: PolicyDecision,
    ) -> MayAttest | ProveFirst:
        if way == "approve" and proof is None:
            return self._prove_first(tx, intent, petition, person)
        self._record(tx, intent, petition, "petition.considered", "done", way, decision)
        return MayAttest(name=person.name, login=person.login, why=decision.reasons)

    def _prove_first(
        self, tx: Session, intent: OnPetition, petition: Petition, person: Account
    ) -> ProveFirst:
        handle = self._stepping_up.begin(
            tx,
            intent.actor,
            intent.where,
            about=petition.id,
            kind=About.PETITION,
            thing=petition.kind,
            whom=named(person.name, person.login),
            at=self._ground.now(),
        )
        return ProveFirst(handle=handle)

    def _approve(
        self,
        tx: Session,
        intent: DecidePetition,
        petition: Petition,
        person: Account,
        proof: FreshProof | None,
        decision: PolicyDecision,
    ) -> Said | ProveFirst | SaidBefore:
        ground, at, actor = self._ground, self._ground.now(), intent.actor
        if proof is None or not self._stepping_up.spend(tx, proof, at):
            return self._prove_first(tx, intent, petition, person)
        attestation = Attestation(
            petition=petition.id, directory=actor.account.directory, account=actor.account.id,
            name=actor.account.name, slack_user=actor.slack_user, rationale=intent.rationale,
            role=self._standing_by.role(actor.account, person) or "",
            proof=_strongest(proof), proven_at=proof.at, at=at,
        )  # fmt: skip
        if not petitions.attest(tx, attestation):
            return SaidBefore()
        petitions.move(tx, petition, PetitionState.ASKED, next_at=at)  # to be weighed, whatever happens to us
        self._record(
            tx, intent, petition, "petition.attested", "done", intent.way, decision, words=intent.rationale,
            facts={"role": attestation.role, "proof": attestation.proof, "proven_by": proof.handle},
        )  # fmt: skip
        ends.show(tx, petition, ground.now())
        return Said(approved=False)

    def _weigh(
        self, tx: Session, petition_id: str, person: Account | None, count: Count | None
    ) -> Said | None:
        """None if somebody approved meanwhile who was not looked at."""
        at, petition = self._ground.now(), petitions.get(tx, petition_id)
        if petition is None or petition.state != PetitionState.ASKED:
            return Said(approved=False)
        if person is None or count is None or not person.active:
            ends.end(tx, petition, PetitionState.VOIDED, Why.PERSON, BY_WICKET, at)
            return Said(approved=False)
        rows = petitions.attestations(tx, petition_id)
        if {row.account for row in rows} != {row.account for row in count.rows}:
            return None
        question = in_the_end(PetitionKind(petition.kind), person, at)
        missing = still_missing(self._ground.policy, question, count.attested)
        if isinstance(missing, PolicyDecision) or missing.total:
            left = petition.missing if isinstance(missing, PolicyDecision) else as_missing(missing)
            petitions.move(tx, petition, PetitionState.ASKED, next_at=petition.lapses_at, missing=left)
            ends.show(tx, petition, at)
            broken = count.broken or (missing if isinstance(missing, PolicyDecision) else None)
            if broken is not None and broken.errors:
                ends.record_about(
                    tx, petition, "petition.not_weighed", "refused", BY_WICKET, at, decision=broken
                )
                ends.raise_broken(tx, petition, broken, at)
            return Said(approved=False)
        if alarms.open_of(tx, petition.directory, petition.account):
            ends.end(tx, petition, PetitionState.CANCELLED, Why.ALARM, BY_WICKET, at)
            return Said(approved=False)
        opens_at = at + self._ground.cool_off
        petitions.move(
            tx,
            petition,
            PetitionState.APPROVED,
            decided_at=at,
            opens_at=opens_at,
            next_at=opens_at,
            missing={},
        )
        ends.record_about(
            tx, petition, "petition.approved", "done", BY_WICKET, at,
            facts={
                "security": count.attested.security, "help_desk": count.attested.help_desk,
                "manager": count.attested.manager, "opens_at": opens_at.isoformat(),
            },
        )  # fmt: skip
        ends.show(tx, petition, at)
        ends.tell(tx, petition, APPROVED, at)
        wake(tx, WAKES)
        return Said(approved=True, opens_at=opens_at)

    def _end(
        self,
        tx: Session,
        intent: OnPetition,
        petition: Petition,
        to: PetitionState,
        why: Why,
        *,
        words: str = "",
    ) -> Settled | SettledBefore:
        by = By(**recording.by(intent), name=intent.actor.account.name, words=words)
        if not ends.end(tx, petition, to, why, by, self._ground.now()):
            self._record(tx, intent, petition, "petition.late", "refused", "cancel", None)
            return _settled(petition)
        return Settled(who=petition.name)

    def _turn_away(
        self, tx: Session, intent: OnPetition, petition: Petition, way: AttestWay, decision: PolicyDecision
    ) -> MayNot:
        account = intent.actor.account
        self._record(tx, intent, petition, "petition.not_allowed", "refused", way, decision)
        if not lacks_proof_only(decision):
            strange = wrong_person(
                account,
                decision,
                about=petition.id,
                correlation=petition.id,
                facts={"petition": petition.name},
                severity=Severity.HIGH if decision.severity == "high" or petition.privileged else None,
            )
            tell_security(tx, self._ground.now(), strange)
        return MayNot(who=petition.name, reasons=decision.reasons)

    def _record(
        self,
        tx: Session,
        intent: OnPetition,
        petition: Petition,
        action: str,
        outcome: str,
        way: AttestWay,
        decision: PolicyDecision | None,
        *,
        words: str = "",
        facts: dict[str, recording.Fact] | None = None,
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.by(intent),
            correlation=petition.id, subject=petition.account, decision=decision, facts={"way": way, **(facts or {})},
            texts={"rationale": words} if words else None,
        )  # fmt: skip


def _stops_approving(tx: Session, ground: Ground, intent: OnPetition) -> Stopped | None:
    """The freeze that keeps this petition from being approved now, on the record. The form can be sent again after."""
    petition = petitions.look(tx, intent.petition)
    found = stops(tx, ground, PetitionKind(petition.kind)) if petition is not None else None
    if found is not None and deliveries.take(tx, f"{intent.delivery}:{found.id}", ground.now()):
        recording.record(
            tx, at=ground.now(), action="petition.stopped", outcome="refused", **recording.by(intent),
            correlation=intent.petition, subject=petition.account if petition else None,
            facts={"freeze": found.id, "kind": found.kind},
        )  # fmt: skip
    return found


def _is_own(intent: OnPetition, petition: Petition) -> bool:
    account = intent.actor.account
    return (account.directory, account.id) == (petition.directory, petition.account)


def _said_before(tx: Session, intent: OnPetition, petition: Petition) -> bool:
    account = intent.actor.account
    return any(
        (row.directory, row.account) == (account.directory, account.id)
        for row in petitions.attestations(tx, petition.id)
    )


def _settled(petition: Petition) -> SettledBefore:
    if petition.state == PetitionState.ASKED:  # its time is over, though the schedule did not come by yet
        return SettledBefore(
            state=PetitionState.LAPSED, why=Why.UNANSWERED, by="", at=petition.lapses_at
        )  # fmt: skip
    return SettledBefore(
        state=petition.state,
        why=petition.end_reason,
        by=petition.ended_by,
        at=petition.ended_at or petition.decided_at,
    )


def _strongest(proof: FreshProof) -> str:
    """The one kind that stands with the approval, and that policy is asked with again."""
    order = (ProofKind.PASSKEY, ProofKind.TOTP, ProofKind.SIGN_IN)
    return next((kind for kind in order if kind in proof.kinds), "")
