"""A freeze of new access: begun with everything that goes with it, in one transaction (T-4).

It takes no access away and moves no end; what it voids was not given yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.audit.checkpointing import record_kept
from handlers.decisions.freezing import FORGETFUL
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.petitions import ends
from handlers.petitions.outcomes import Why
from handlers.vouching.telling import told
from storage import freezes, grants, handles, holdings, petitions, proofs, vouchings
from storage.audit import log as audit_log
from storage.audit.checkpoint import Signer
from storage.audit.epochs import OPENED, STORY, UNVOUCHED, read_epochs
from storage.audit.sealing import seal_epoch
from storage.audit.vouched import is_ours, vouch
from storage.exceptions import open_of
from storage.micros import EPOCH
from storage.records import Freeze
from storage.sentences import template
from storage.states import Ended, FreezeKind, GrantState, PetitionState

log = structlog.get_logger(__name__)

VOIDED = template("my records were restored from an older copy, and whether it still holds is not known")
AGAIN = template("What told of it before is no longer in the database as I wrote it.")
_STEP_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why new access stops. detail: what was found, as a sentence.

    by, rationale: who stopped it and why, where a person did.
    agrees: how many entries of the log are the history that was signed; cites: checkpoints, as they were published,
    of which the latest is the last that is known. signed: how many entries that one covers, 0 if none is known.
    """

    kind: FreezeKind
    detail: str
    agrees: int = 0
    cites: Sequence[str] = ()
    signed: int = 0
    by: str = ""
    rationale: str = ""

    @property
    def lost(self) -> int:
        """How many entries that were signed are gone."""
        return max(0, self.signed - self.agrees) if self.kind == FreezeKind.RESTORED else 0


def begin(tx: Session, ground: Ground, cause: Cause, *, signer: Signer, **by: Unpack[recording.By]) -> None:
    """Stop new access. If the store may be another than it was, the log goes on in a new epoch first.

    While such a freeze is open already, only the new epoch is opened: one confirmation is enough.
    signer: the log's key, by which an epoch counts.
    """
    newest = audit_log.latest(tx)
    if cause.kind in FORGETFUL:
        _open_epoch(tx, ground, cause, by, signer)
    if any(one.kind in FORGETFUL for one in freezes.open_ones(tx)) and cause.kind in FORGETFUL:
        return
    now = ground.now()
    restored = cause.kind == FreezeKind.RESTORED
    freeze = freezes.begin(
        tx,
        at=now,
        kind=cause.kind,
        by=by["actor"].id,
        lost_from=(newest.at if newest else EPOCH) if restored else None,
        facts={"detail": cause.detail, "signed": cause.signed, "lost": cause.lost, "by": cause.by},
    )
    recording.record(
        tx, at=now, action="access.stopped", outcome="done", **by, correlation=freeze.id,
        facts={"kind": cause.kind, "signed": cause.signed, "lost": cause.lost},
        texts={"rationale": cause.rationale} if cause.rationale else {},
    )  # fmt: skip
    if cause.kind in FORGETFUL:
        _void_approved(tx, ground, freeze, by)
        _void_petitions(tx, ground, by)
        _distrust_proofs(tx, ground, freeze, by)
    _tell(tx, ground, freeze, cause)
    log.error("access.stopped", kind=cause.kind, found=cause.detail)


def tell_anew(tx: Session, ground: Ground) -> None:
    """Tell of each stop that stands and whose message says nothing any more: nobody could lift it by that."""
    known = {kind.value: kind for kind in FreezeKind}
    for freeze in freezes.open_ones(tx):
        kind = known.get(freeze.kind)  # of one that other hands made it may be anything
        if kind is not None and not open_of(tx, cause_of(Kind.ACCESS_STOPPED, freeze.id)):
            _tell(tx, ground, freeze, Cause(kind=kind, detail=AGAIN))


def _open_epoch(tx: Session, ground: Ground, cause: Cause, by: recording.By, signer: Signer) -> None:
    before, now = read_epochs(tx, signer.verifier).current.name, ground.now()
    facts: dict[str, recording.Fact] = {"kind": cause.kind, "agrees": cause.agrees, "before": before}
    # What is ours needs no vouching: what other hands add before this entry is written is found for want of it.
    if not is_ours(tx):
        facts[UNVOUCHED] = True
        vouch(tx)  # for all that follows; what is before it, and was signed by nobody, is said to be doubtful
    opening = recording.record(
        tx, at=now, action=OPENED, outcome="done", **by, correlation=STORY,
        facts={**facts, "cites": list(cause.cites)},
    )  # fmt: skip
    seal_epoch(tx, signer, opening, at=now)
    record_kept(tx, at=now, by=by)


def _void_approved(tx: Session, ground: Ground, freeze: Freeze, by: recording.By) -> None:
    """What was approved and not given may have been given, ended or taken back in the time that is lost."""
    now = ground.now()
    for grant in freezes.approved_ones(tx):
        grants.move(tx, grant, GrantState.VOIDED, ended_at=now, end_reason=VOIDED)
        holdings.follow_grant(tx, grant, at=now, due_at=now)
        recording.record_grant(
            tx, grant, at=now, action="grant.voided", outcome="refused", **by,
            facts={"freeze": freeze.id},
        )  # fmt: skip
        ground.show(tx, grant)


def _void_petitions(tx: Session, ground: Ground, by: recording.By) -> None:
    """Its person may have stopped it in the time that is lost, and would not know that they have to again."""
    now = ground.now()
    for petition in petitions.listed(tx, since=now):
        ends.end(tx, petition, PetitionState.VOIDED, Why.STOPPED, ends.By(**by), now)


def _distrust_proofs(tx: Session, ground: Ground, freeze: Freeze, by: recording.By) -> None:
    """A code that was used in the time that is lost must not be worth anything a second time."""
    now = ground.now()
    proofs.use_all_steps(tx, int(now.timestamp()) // _STEP_SECONDS + 1)
    restored = freeze.kind == FreezeKind.RESTORED
    codes = proofs.use_all_recovery_codes(tx, now) if restored else 0
    handles.close_everybodys(tx, now)
    standing, words = vouchings.standing_everybodys(tx, now), vouchings.end_everybodys(tx, now)
    for word in standing:
        told(tx, word, Ended.VOID, at=now, **by)
    recording.record(
        tx, at=now, action="proofs.distrusted", outcome="done", **by, correlation=freeze.id,
        facts={"recovery_codes": codes, "vouchings": words},
    )  # fmt: skip


def _tell(tx: Session, ground: Ground, freeze: Freeze, cause: Cause) -> None:
    strange = Strange(
        kind=Kind.ACCESS_STOPPED,
        severity=Severity.HIGH,
        who=cause.by or "Wicket",
        cause=freeze.id,
        correlation=freeze.id,
        facts={
            "freeze": freeze.id,
            "kind": freeze.kind,
            "detail": cause.detail,
            "signed": cause.signed,
            "lost": cause.lost,
            "by": cause.by,
            "why": cause.rationale,
        },
    )
    tell_security(tx, ground.now(), strange)
