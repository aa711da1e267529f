"""How a petition ends, whatever the end: its row, its visit, its entry, its exception and its messages together.

It decides nothing; every end but being used is safe at any moment, so that nothing here asks whether it may.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, cause_of, named, tell_security
from handlers.intents import PAGE, Where
from handlers.petitions.outcomes import APPROVAL, ENDED, NEWS, STATUS, USED, Why
from handlers.recording import BY_ITSELF, Fact, record
from handlers.secure_page.visits import person_behind
from storage import handles, passkeys, petitions, proofs
from storage.audit import entry as audit
from storage.exceptions import known_among, settle_exceptions
from storage.outbox import ALERT, owe, places_of
from storage.records import Handle, Petition
from storage.states import PetitionState

_QUIET = frozenset({PetitionState.LAPSED})
_ON_RECORD: Mapping[PetitionState, str] = MappingProxyType(
    {
        PetitionState.DENIED: "petition.denied",
        PetitionState.CANCELLED: "petition.cancelled",
        PetitionState.LAPSED: "petition.lapsed",
        PetitionState.VOIDED: "petition.voided",
    }
)


@dataclass(frozen=True, kw_only=True)
class By:
    """Who ends it, and from where. name: to show, "" where it is nobody's doing. words: what they wrote."""

    actor: audit.Actor
    where: Where
    name: str = ""
    words: str = ""


BY_WICKET = By(**BY_ITSELF)


def show(tx: Session, petition: Petition, at: datetime, *, besides: Iterable[str] = ()) -> None:
    """Owe what shows how it stands, to whoever asked and wherever it ever went. besides: where it goes now."""
    if petition.slack_user:
        owe(tx, at=at, courier="slack", kind=STATUS, subject=petition.id, recipient=petition.slack_user)
    places = places_of(tx, kind=APPROVAL, subjects=[petition.id])[petition.id]
    for place in dict.fromkeys([*places, *besides]):
        owe(tx, at=at, courier="slack", kind=APPROVAL, subject=petition.id, recipient=place)


def tell(tx: Session, petition: Petition, kind: str, at: datetime) -> None:
    """Owe a letter to all their addresses (P-6), and the same in Slack."""
    owe(tx, at=at, courier="mail", kind=kind, subject=petition.id, recipient=petition.account, urgency=ALERT)
    if petition.slack_user and kind in NEWS:  # of the others the message that stands says so itself
        owe(
            tx, at=at, courier="slack", kind=kind, subject=petition.id, recipient=petition.slack_user,
            urgency=ALERT,
        )  # fmt: skip


def end(
    tx: Session,
    petition: Petition,
    to: PetitionState,
    why: Why,
    by: By,
    at: datetime,
    *,
    decision: PolicyDecision | None = None,
) -> bool:
    """End it. False if it is over, or its person is at this very moment using it. decision: what it ends by."""
    if petition.ended_at is not None:
        return False
    # Of a visit whose row others changed or took away nothing can come, and it keeps nobody from anything (T-9).
    if not handles.close(tx, petition.id, at=at) and handles.handle_by_id(tx, petition.id) is not None:
        return False
    petitions.move(
        tx, petition, to, ended_at=at, ended_by=by.name, end_reason=why, end_words=by.words
    )  # fmt: skip
    record_about(
        tx, petition, _ON_RECORD[to], "refused" if to != PetitionState.CANCELLED else "done", by, at,
        decision=decision, facts={"why": why},
    )  # fmt: skip
    show(tx, petition, at)
    _told_no_more(tx, petition, at)
    tell(tx, petition, ENDED, at)
    if decision is not None and decision.errors:
        raise_broken(tx, petition, decision, at)
    elif to not in _QUIET or why == Why.NOT_TOLD:
        raise_about(tx, petition, to, at, why=why, by=by.name)
    return True


def not_theirs(tx: Session, petition: Petition, by: By, at: datetime) -> bool:
    """Its person says that it was not they who asked: security hears of it, also where it is over. False if it did."""
    if end(tx, petition, PetitionState.CANCELLED, Why.NOT_ME, by, at):
        return True
    cause = cause_of(Kind.PETITION, f"{petition.id}:{Why.NOT_ME}")
    if petition.end_reason == Why.NOT_ME or known_among(tx, [cause]):
        return False
    record_about(tx, petition, "petition.reported", "done", by, at, facts={"why": Why.NOT_ME})
    raise_about(tx, petition, Why.NOT_ME, at, why=Why.NOT_ME)
    return True


def end_spoilt(tx: Session, petition_id: str, at: datetime) -> bool:
    """End one that is open and not as Wicket wrote it, or was put back (T-9). Nobody is told but by its row: whose it
    is, is as little known as anything else that it says. False if it counts, or is over.
    """
    petition = petitions.end_spoilt(tx, petition_id, at)
    if petition is None:
        return False
    record_about(
        tx, petition, _ON_RECORD[PetitionState.VOIDED], "refused", BY_WICKET, at, facts={"why": Why.ROW}
    )
    return True


def end_of(tx: Session, *, directory: str, account: str, why: Why, by: By, at: datetime) -> None:
    """Cancel what this person has open, if anything."""
    petition = petitions.open_of(tx, directory, account)
    if petition is not None:
        end(tx, petition, PetitionState.CANCELLED, why, by, at)


def mailed(tx: Session, petition_id: str, *, opens_at: datetime | None, at: datetime) -> None:
    """A mail server took the letter that says when it opens; opens_at: the hour that the letter names."""
    petition = petitions.get(tx, petition_id)
    if petition is None or petition.state != PetitionState.APPROVED or petition.mailed_at is not None:
        return
    opens_at = opens_at or petition.opens_at or at
    is_later = opens_at != petition.opens_at
    petitions.move(tx, petition, PetitionState.APPROVED, mailed_at=at, opens_at=opens_at, next_at=opens_at)
    if is_later:
        show(tx, petition, at)


def begun(tx: Session, handle: Handle, at: datetime) -> None:
    """The visit that it opened is being used: should that be cut off, it is seen in minutes and not after a day."""
    if _opened_by(tx, handle) is not None:
        handles.shorten(tx, handle.id, at=at)


def given_back(tx: Session, handle: Handle) -> None:
    """Nothing was changed after all, so the visit is open for as long as it was."""
    petition = _opened_by(tx, handle)
    if petition is not None and petition.closes_at is not None:
        handles.reopen(tx, handle.id, expires_at=petition.closes_at)


def used(tx: Session, handle: Handle, at: datetime) -> None:
    """The visit that it opened has come to its end: nothing, if the visit is no petition's."""
    petition = _opened_by(tx, handle)
    if petition is None:
        return
    by = By(actor=person_behind(handle), where=PAGE)
    petitions.move(tx, petition, PetitionState.USED, ended_at=at)
    record_about(tx, petition, "petition.used", "done", by, at)
    show(tx, petition, at)
    _told_no_more(tx, petition, at)
    tell(tx, petition, USED, at)


def found_meanwhile(tx: Session, handle: Handle, at: datetime) -> bool:
    """End the petition that opened this visit if a proof that was said to be lost is there; whether it was."""
    petition = _opened_by(tx, handle)
    if petition is None or not has_proof_in_hand(tx, petition):
        return False
    return end(tx, petition, PetitionState.VOIDED, Why.FOUND, BY_WICKET, at)


def has_proof_in_hand(tx: Session, petition: Petition) -> bool:
    """Whether a proof of theirs was shown or set up since: then they did not lose all, or it is not they who ask."""
    theirs, since = (petition.directory, petition.account), petition.asked_at
    if proofs.is_any_since(tx, *theirs, since):
        return True
    return any(
        one.created_at > since or (one.used_at is not None and one.used_at > since)
        for one in passkeys.passkeys_of(tx, *theirs)
    )


def _opened_by(tx: Session, handle: Handle) -> Petition | None:
    petition = petitions.get(tx, handle.id)
    return petition if petition is not None and petition.state == PetitionState.OPEN else None


def _told_no_more(tx: Session, petition: Petition, at: datetime) -> None:
    """That it was asked is over; what is strange about its end is told by itself."""
    settle_exceptions(tx, at=at, causes=[cause_of(Kind.PETITION, f"{petition.id}:{PetitionState.ASKED}")])


def raise_about(
    tx: Session, petition: Petition, stage: str, at: datetime, *, why: str = "", by: str = ""
) -> None:
    """Have security see it."""
    is_grave = why in (Why.NOT_ME, Why.ALARM, Why.FOUND, Why.AUTHORITY, Why.NOT_TOLD)
    strange = Strange(
        kind=Kind.PETITION,
        severity=Severity.HIGH if is_grave else Severity.MEDIUM,
        who=named(petition.name, petition.login),
        cause=f"{petition.id}:{stage}",
        correlation=petition.id,
        facts={
            "petition": petition.id,
            "kind": petition.kind,
            "directory": petition.directory,
            "account": petition.account,
            "privileged": petition.privileged,
            "stage": stage,
            "why": why,
            "by": by,
        },
    )
    tell_security(tx, at, strange)


def raise_broken(tx: Session, petition: Petition, decision: PolicyDecision, at: datetime) -> None:
    """Have security see that policy could not be evaluated over it: nobody lost an authority."""
    who = named(petition.name, petition.login)
    tell_security(tx, at, broken_policy(decision, who=who, correlation=petition.id))


def record_about(
    tx: Session,
    petition: Petition,
    action: str,
    outcome: str,
    by: By,
    at: datetime,
    *,
    decision: PolicyDecision | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> None:
    """One entry about it; all of them carry its id, and so does the visit that it opens."""
    record(
        tx, at=at, action=action, outcome=outcome, actor=by.actor, where=by.where, correlation=petition.id,
        subject=petition.account, decision=decision,
        facts={"kind": petition.kind, "privileged": petition.privileged, **(facts or {})},
        texts={"rationale": by.words} if by.words else None,
    )  # fmt: skip
