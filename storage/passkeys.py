"""Passkeys as rows, and the challenges that one of them answers once.

It checks no signature, and a passkey that was stopped stays, so that nobody begins anew with a password alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, or_
from sqlmodel import Session, col, func, select

from storage.engine.changing import change_if, change_where, put
from storage.identifiers import new_id
from storage.on_record import stopped_passkeys, was_put_back
from storage.records import Challenge, Passkey
from storage.signing import genuine


class Ceremony(StrEnum):
    """What a challenge is for: a passkey is made, or shown."""

    MAKE = "make"
    SHOW = "show"


@dataclass(frozen=True, kw_only=True)
class NewPasskey:
    """What there is to keep of a passkey, as it was verified. The fields are those of the record.

    name: the one that the person gave it, "" if none.
    """

    credential: str
    public_key: str
    user_handle: str
    sign_count: int
    aaguid: str
    transports: tuple[str, ...]
    backup_eligible: bool
    backed_up: bool
    name: str


def passkeys_of(tx: Session, directory: str, account: str) -> Sequence[Passkey]:
    """All passkeys of this person, stopped ones too, oldest first."""
    return tx.exec(
        select(Passkey)
        .where(Passkey.directory == directory, Passkey.account == account)
        .order_by(col(Passkey.id))
    ).all()


def working_passkeys(tx: Session, directory: str, account: str) -> Sequence[Passkey]:
    """Those that can be shown as a proof."""
    working = [
        one for one in passkeys_of(tx, directory, account) if one.stopped_at is None and genuine(tx, one)
    ]
    over = stopped_passkeys(tx, account) if working else frozenset()
    return [one for one in working if not was_put_back(tx, one, one.id in over)]


def passkey_by_id(tx: Session, passkey_id: str) -> Passkey | None:
    """The passkey, whoever's it is; None if there is none."""
    found = tx.get(Passkey, passkey_id)
    if found is None or not genuine(tx, found):
        return None
    over = stopped_passkeys(tx, found.account) if found.stopped_at is None else frozenset()
    return None if was_put_back(tx, found, found.id in over) else found


def keep_passkey(
    tx: Session, *, directory: str, account: str, at: datetime, new: NewPasskey, name: str
) -> str | None:
    """Keep a new passkey; its id. None if this credential is kept already, whoever's it is."""
    if tx.exec(select(Passkey.id).where(Passkey.credential == new.credential)).first() is not None:
        return None
    passkey_id = new_id("k", at)
    put(
        tx,
        Passkey(
            id=passkey_id, directory=directory, account=account, credential=new.credential,
            public_key=new.public_key, user_handle=new.user_handle, sign_count=new.sign_count, aaguid=new.aaguid,
            transports=list(new.transports), backup_eligible=new.backup_eligible, backed_up=new.backed_up,
            name=name, created_at=at,
        ),
    )  # fmt: skip
    return passkey_id


def use_passkey(tx: Session, passkey_id: str, *, sign_count: int, backed_up: bool, at: datetime) -> bool:
    """Note that it was shown. False if it was stopped, is gone, or was shown with this count or a later one before."""
    counts_on = col(Passkey.sign_count) < sign_count
    uncounted = (col(Passkey.sign_count) == 0) & (sign_count == 0)
    which = (col(Passkey.stopped_at).is_(None), or_(counts_on, uncounted))
    return change_if(tx, Passkey, passkey_id, *which, sign_count=sign_count, backed_up=backed_up, used_at=at)


def stop_passkey(tx: Session, passkey_id: str, at: datetime) -> bool:
    """It proves nothing from now on. False if it was stopped before, or is gone."""
    return change_if(tx, Passkey, passkey_id, col(Passkey.stopped_at).is_(None), stopped_at=at)


def rename_passkey(tx: Session, passkey: Passkey, name: str) -> None:
    """Give it another name."""
    passkey.name = name
    put(tx, passkey)


def remove_passkey(tx: Session, passkey: Passkey) -> None:
    """Forget it."""
    tx.delete(passkey)
    tx.flush()


def new_challenge(
    tx: Session,
    *,
    handle: str,
    kind: Ceremony,
    browser: str,
    value: str,
    user_handle: str,
    at: datetime,
    expires_at: datetime,
    most: int,
) -> bool:
    """Keep a challenge, and forget those whose time is over. False if `most` of this handle wait for an answer."""
    tx.execute(delete(Challenge).where(col(Challenge.expires_at) <= at))
    waiting = tx.exec(
        select(func.count())
        .select_from(Challenge)
        .where(Challenge.handle == handle, col(Challenge.taken_at).is_(None))
    ).one()
    if waiting >= most:
        return False
    put(
        tx,
        Challenge(
            id=new_id("c", at), handle=handle, kind=kind, browser=browser, value=value,
            user_handle=user_handle, created_at=at, expires_at=expires_at,
        ),
    )  # fmt: skip
    return True


def take_challenge(
    tx: Session, *, handle: str, kind: Ceremony, browser: str, value: str, at: datetime
) -> str | None:
    """Take the challenge that is answered; the user handle that goes with it. None if it is another's, over or taken.

    It is taken whatever the answer is worth: nobody tries a second one at it.
    """
    which = (
        col(Challenge.handle) == handle,
        col(Challenge.kind) == kind,
        col(Challenge.browser) == browser,
        col(Challenge.value) == value,
        col(Challenge.expires_at) > at,
        col(Challenge.taken_at).is_(None),
    )
    found = tx.exec(select(Challenge).where(*which)).first()
    if found is None or not genuine(tx, found):
        return None
    return found.user_handle if change_where(tx, Challenge, *which, taken_at=at) else None
