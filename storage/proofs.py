"""Proofs as rows: authenticator seeds, recovery codes and codes sent by mail, each taken at most once.

It never sees a seed in clear, never tells a right code from a wrong one, and makes no code.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import ColumnElement, delete
from sqlmodel import Session, col, func, select

from storage.engine.changing import change_if, change_where, put
from storage.handles import handle_by_id
from storage.identifiers import new_id
from storage.on_record import ended_authenticators, used_codes, visits_with_changes, was_put_back
from storage.passkeys import passkeys_of
from storage.records import Handle, MailCode, Proof
from storage.signing import genuine, if_genuine, only_genuine

C = TypeVar("C", Proof, MailCode)


class ProofKind(StrEnum):
    """What somebody can show. The names are those that policies use."""

    PASSKEY = "passkey"
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    MAIL_CODE = "mail_code"
    PASSWORD = "password"  # noqa: S105 - the name of a proof, not a password
    SIGN_IN = "sign_in"
    # Beside it, where the provider checks something else than the directory's password.
    SIGN_IN_APART = "sign_in_apart"
    # Somebody who spoke to them said so, and that counts by now (storage.vouchings). Never alone.
    VOUCHED = "vouched"


# Any of them, shown in a visit, says that whoever signed in has more than the password.
BEYOND_PASSWORD = frozenset({ProofKind.PASSKEY, ProofKind.TOTP, ProofKind.RECOVERY_CODE})


def seed_of(tx: Session, directory: str, account: str) -> Proof | None:
    """The confirmed authenticator of this person, if there is one."""
    found = tx.exec(
        select(Proof).where(
            Proof.directory == directory,
            Proof.account == account,
            Proof.kind == ProofKind.TOTP,
            col(Proof.confirmed),
        )
    )
    theirs = only_genuine(tx, found)
    over = ended_authenticators(tx, account) if theirs else frozenset[str]()
    count = [one for one in theirs if not was_put_back(tx, one, one.id in over)]  # each that does not is told
    return next(iter(count), None)


def seeds_of(tx: Session, directory: str, account: str) -> list[str]:
    """The ids of what would count as this person's authenticator: whoever ends it names them on the record."""
    found = select(Proof.id).where(*_theirs(directory, account, ProofKind.TOTP), col(Proof.confirmed))
    return list(tx.exec(found.order_by(col(Proof.id))))


def has_proofs(tx: Session, directory: str, account: str) -> bool:
    """Whether this person set anything up before, though nothing of it be left that counts: nobody removes the last one
    (P-5), so who has none lost it, or somebody took it from the database, and is no beginner.
    """
    return (
        seed_of(tx, directory, account) is not None
        or bool(recovery_codes(tx, directory, account))
        or bool(passkeys_of(tx, directory, account))
        or any(_was_in(tx, visit, directory) for visit in visits_with_changes(tx, account))
    )


def _was_in(tx: Session, visit: str, directory: str) -> bool:
    """The record names the account alone; a visit that cannot tell may have been in any directory."""
    handle = handle_by_id(tx, visit)
    return handle is None or handle.directory == directory


def keep_pending_seed(
    tx: Session, *, handle: str, directory: str, account: str, sealed: str, at: datetime
) -> None:
    """Keep a new seed until it is confirmed. There is one for a handle, and its id is the handle's."""
    tx.merge(
        Proof(
            id=handle, directory=directory, account=account, kind=ProofKind.TOTP, secret=sealed,
            confirmed=False, created_at=at,
        )
    )  # fmt: skip
    tx.flush()


def pending_seed(tx: Session, handle: str) -> Proof | None:
    """The seed that this handle's person has still to confirm."""
    found = tx.get(Proof, handle)
    return found if found is not None and not found.confirmed and genuine(tx, found) else None


def drop_pending_seed(tx: Session, handle: str) -> None:
    """Forget a seed that was not confirmed."""
    tx.execute(delete(Proof).where(col(Proof.id) == handle, col(Proof.confirmed).is_(False)))


def replace_proofs(
    tx: Session,
    *,
    handle: str,
    directory: str,
    account: str,
    step: int,
    hashed_codes: Sequence[str],
    at: datetime,
) -> bool:
    """Confirm the pending seed and put it and these codes in the place of all that was. False if it is gone."""
    if not replace_seed(tx, handle=handle, directory=directory, account=account, step=step):
        return False
    replace_recovery_codes(tx, directory=directory, account=account, hashed_codes=hashed_codes, at=at)
    return True


def replace_seed(tx: Session, *, handle: str, directory: str, account: str, step: int) -> bool:
    """Confirm the pending seed and put it in the place of all other seeds. False if it is gone."""
    pending = pending_seed(tx, handle)
    if pending is None:
        return False
    tx.execute(delete(Proof).where(*_theirs(directory, account, ProofKind.TOTP), col(Proof.id) != handle))
    # Its id is free for the next key of the same visit.
    tx.delete(pending)
    tx.add(
        Proof(
            id=new_id("p", pending.created_at), directory=directory, account=account, kind=ProofKind.TOTP,
            secret=pending.secret, confirmed=True, used_step=step, created_at=pending.created_at,
        )
    )  # fmt: skip
    tx.flush()
    tx.expire_all()
    return True


def remove_seed(tx: Session, directory: str, account: str) -> None:
    """Forget the authenticator, and any key that waits to be confirmed."""
    tx.execute(delete(Proof).where(*_theirs(directory, account, ProofKind.TOTP)))


def replace_recovery_codes(
    tx: Session, *, directory: str, account: str, hashed_codes: Sequence[str], at: datetime
) -> None:
    """Put these codes in the place of all that were, used ones too."""
    tx.execute(delete(Proof).where(*_theirs(directory, account, ProofKind.RECOVERY_CODE)))
    for hashed in hashed_codes:
        tx.add(
            Proof(
                id=new_id("p", at), directory=directory, account=account, kind=ProofKind.RECOVERY_CODE,
                secret=hashed, confirmed=True, created_at=at,
            )
        )  # fmt: skip
    tx.flush()


def _theirs(directory: str, account: str, kind: ProofKind) -> tuple[ColumnElement[bool], ...]:
    return col(Proof.directory) == directory, col(Proof.account) == account, col(Proof.kind) == kind


def use_step(tx: Session, proof: str, step: int, at: datetime) -> bool:
    """Take a time step of an authenticator. False if it, or a later one, was taken before."""
    return change_if(tx, Proof, proof, col(Proof.used_step) < step, used_step=step, used_at=at)


def use_all_steps(tx: Session, step: int) -> None:
    """Take this time step, and all before it, of every authenticator: no code that was seen by now works again."""
    change_where(tx, Proof, col(Proof.kind) == ProofKind.TOTP, col(Proof.used_step) < step, used_step=step)


def use_all_recovery_codes(tx: Session, at: datetime) -> int:
    """Take every recovery code that is left, of everybody; how many."""
    return change_where(
        tx, Proof, col(Proof.kind) == ProofKind.RECOVERY_CODE, col(Proof.used_at).is_(None), used_at=at
    )


def recovery_codes(tx: Session, directory: str, account: str) -> Sequence[Proof]:
    """The recovery codes that this person has left."""
    found = tx.exec(
        select(Proof).where(
            Proof.directory == directory,
            Proof.account == account,
            Proof.kind == ProofKind.RECOVERY_CODE,
            col(Proof.used_at).is_(None),
        )
    )
    return _unused(tx, only_genuine(tx, found))


def is_any_since(tx: Session, directory: str, account: str, since: datetime) -> bool:
    """Whether an authenticator or recovery code of theirs was set up or used since then."""
    found = select(Proof.id).where(
        Proof.directory == directory,
        Proof.account == account,
        col(Proof.confirmed),
        (col(Proof.created_at) > since) | (col(Proof.used_at) > since),
    )
    return tx.exec(found).first() is not None


def use_recovery_code(tx: Session, proof: str, at: datetime) -> bool:
    """Take a recovery code. False if it was taken before."""
    return change_if(tx, Proof, proof, col(Proof.used_at).is_(None), used_at=at)


def new_mail_code(tx: Session, *, handle: str, at: datetime, expires_at: datetime) -> MailCode:
    """Keep that a code is sent for this handle."""
    return put(tx, MailCode(id=new_id("m", at), handle=handle, created_at=at, expires_at=expires_at))


def mail_code_by_id(tx: Session, code_id: str) -> MailCode | None:
    """The code's row, or None."""
    return if_genuine(tx, tx.get(MailCode, code_id))


def mail_codes(tx: Session, handle: str, at: datetime) -> Sequence[MailCode]:
    """The codes for this handle that still work, newest first."""
    found = tx.exec(
        select(MailCode)
        .where(MailCode.handle == handle, col(MailCode.used_at).is_(None), col(MailCode.expires_at) > at)
        .order_by(col(MailCode.id).desc())
    )
    return _unused(tx, only_genuine(tx, found))


def mail_codes_since(tx: Session, directory: str, account: str, since: datetime) -> int:
    """How many codes were sent to this person since then, by whatever handle."""
    return tx.exec(
        select(func.count())
        .select_from(MailCode)
        .join(Handle, col(Handle.id) == col(MailCode.handle))
        .where(Handle.directory == directory, Handle.account == account, col(MailCode.created_at) > since)
    ).one()


def use_mail_code(tx: Session, code_id: str, at: datetime) -> bool:
    """Take a code sent by mail. False if it was taken before."""
    return change_if(tx, MailCode, code_id, col(MailCode.used_at).is_(None), used_at=at)


def count_seeds(tx: Session) -> int:
    """How many sealed seeds there are, of everybody."""
    return tx.exec(select(func.count()).select_from(Proof).where(Proof.kind == ProofKind.TOTP)).one()


def seeds_after(tx: Session, proof: str, limit: int) -> Sequence[Proof]:
    """The next sealed seeds, of everybody, in the order of their ids."""
    return tx.exec(
        select(Proof)
        .where(Proof.kind == ProofKind.TOTP, col(Proof.id) > proof)
        .order_by(col(Proof.id))
        .limit(limit)
    ).all()


def reseal_seed(tx: Session, proof: str, *, was: str, sealed: str) -> bool:
    """Put the same seed under another seal. False if it was replaced or removed meanwhile."""
    return change_if(tx, Proof, proof, col(Proof.secret) == was, secret=sealed)


def _unused(tx: Session, found: Sequence[C]) -> Sequence[C]:
    """Those of these codes that are not on the record as used."""
    used = used_codes(tx, [one.id for one in found])
    return [one for one in found if not was_put_back(tx, one, one.id in used)]
