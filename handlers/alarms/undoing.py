"""What was set up in a visit that was reported ends with it: whoever else made it would keep a way in past every alarm.

It touches nothing that was set up in another visit, and brings back nothing that was replaced.
"""

from datetime import datetime

from sqlmodel import Session

from handlers.recording import WICKET, Fact
from handlers.secure_page.proof_news import proofs_changed
from storage import passkeys, proofs
from storage.proof_changes import visit_that_changed
from storage.records import Handle, Passkey, Proof
from storage.states import Changed, Purpose

_SETS_UP = frozenset({Purpose.ENROL, Purpose.CARE, Purpose.REGAIN})
# The changes that make each of them.
_PASSKEYS = frozenset({Changed.PASSKEY_ADDED, Changed.REGAINED})
_AUTHENTICATORS = frozenset(
    {Changed.SET_UP, Changed.AUTHENTICATOR_ADDED, Changed.AUTHENTICATOR_REPLACED, Changed.REGAINED}
)
_CODES = frozenset({Changed.SET_UP, Changed.RECOVERY_CODES, Changed.REGAINED})


def end_what_was_set_up(tx: Session, handle: Handle, at: datetime) -> int:
    """Remove the passkeys, the authenticator and the recovery codes of this visit, on the record and told; how many.

    Whoever has nothing left then is no beginner: the record knows that there was something (P-5).
    """
    if handle.purpose not in _SETS_UP:
        return 0
    theirs = (handle.directory, handle.account)
    made = [one for one in passkeys.passkeys_of(tx, *theirs) if _is_of(tx, handle, one, _PASSKEYS)]
    for one in made:
        passkeys.remove_passkey(tx, one)
        facts: dict[str, Fact] = {"passkey": one.id, "reported": True}
        proofs_changed(tx, handle, Changed.PASSKEY_REMOVED, at=at, name=one.name, facts=facts, by=WICKET)
    seed = proofs.seed_of(tx, *theirs)
    has_seed = seed is not None and _is_of(tx, handle, seed, _AUTHENTICATORS)
    if has_seed:
        ended: dict[str, Fact] = {"reported": True, "ended": proofs.seeds_of(tx, *theirs)}
        proofs.remove_seed(tx, *theirs)
        proofs_changed(tx, handle, Changed.AUTHENTICATOR_REMOVED, at=at, facts=ended, by=WICKET)
    codes = [one for one in proofs.recovery_codes(tx, *theirs) if _is_of(tx, handle, one, _CODES)]
    if codes:  # they are made all at once
        proofs.replace_recovery_codes(
            tx, directory=handle.directory, account=handle.account, hashed_codes=(), at=at
        )
    return len(made) + int(has_seed) + len(codes)


def _is_of(tx: Session, handle: Handle, one: Passkey | Proof, makes: frozenset[Changed]) -> bool:
    """Whether it was made in this visit: by the first change since its beginning that makes such a thing. A change
    closes the person's other visits, so no other one comes between.
    """
    visit = visit_that_changed(
        tx, directory=handle.directory, account=handle.account, what=makes, since=one.created_at
    )
    return visit == handle.id
