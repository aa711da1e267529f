"""Sign-ins at the provider as rows: begun for one handle and one browser, taken once, and the subjects they pinned.

It talks to no provider and compares nobody with a directory.
"""

from datetime import datetime

from sqlmodel import Session, col, delete, func, select

from storage.engine.changing import change_if, put
from storage.identifiers import new_id
from storage.records import SignIn, Subject
from storage.signing import genuine, if_genuine


def begin(tx: Session, *, handle: str, browser: str, at: datetime, expires_at: datetime) -> SignIn:
    """Keep that a browser goes to the provider. browser: SHA-256 (hex) of its cookie."""
    row = SignIn(id=new_id("s", at), handle=handle, browser=browser, created_at=at, expires_at=expires_at)
    return put(tx, row)


def begun_for(tx: Session, handle: str) -> int:
    """How many were begun for this handle."""
    return tx.exec(select(func.count()).select_from(SignIn).where(SignIn.handle == handle)).one()


def by_id(tx: Session, sign_in: str) -> SignIn | None:
    """The row, or None."""
    return if_genuine(tx, tx.get(SignIn, sign_in))


def take(tx: Session, sign_in: str, at: datetime) -> bool:
    """Take it, whatever comes of it. False if it was taken before."""
    return change_if(tx, SignIn, sign_in, col(SignIn.used_at).is_(None), used_at=at)


def pin(tx: Session, *, issuer: str, sub: str, directory: str, account: str, at: datetime) -> bool:
    """Pin the subject to the person, or find it pinned so. False if either belongs to another already."""
    theirs = tx.exec(
        select(Subject).where(
            Subject.issuer == issuer, Subject.directory == directory, Subject.account == account
        )
    ).first()
    held = tx.get(Subject, (issuer, sub))
    if theirs is None and held is None:
        put(tx, Subject(issuer=issuer, sub=sub, directory=directory, account=account, pinned_at=at))
        return True
    return theirs is not None and held is not None and theirs.sub == held.sub and genuine(tx, held)


def forget(tx: Session, *, directory: str, account: str) -> int:
    """Let the person be pinned anew, since they have a new account at the provider; how many were forgotten."""
    gone = (
        delete(Subject)
        .where(col(Subject.directory) == directory, col(Subject.account) == account)
        .returning(col(Subject.sub))
    )
    return len(tx.execute(gone).all())
