"""Questions to an LDAP server about what Wicket's account may do and see, put as things that cannot come about.

Nothing is ever changed: each change also takes away a value that is not there, so it fails as a whole (RFC 4511, 4.6).
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from storage.directories.ldap_policy import refused_by_policy
from storage.directories.ldap_service import PASSWORD_POLICY
from storage.directories.ldap_session import (
    INSUFFICIENT_ACCESS,
    NO_SUCH_ATTRIBUTE,
    NOTHING,
    Answer,
    Changes,
    Session,
    add,
    delete,
)

_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
# pwdReset holds one value, and so never both of these.
_BOTH = ("TRUE", "FALSE")


@dataclass(frozen=True, kw_only=True)
class Right:
    """What the server said. held: "unknown" when it said something that proves neither; said: in its words."""

    held: Literal["yes", "no", "unknown"]
    said: str


def may_remove(session: Session, dn: str, attribute: str, make: Callable[[], str]) -> Right:
    """Whether values of the attribute may be taken away. make: gives a value that the entry does not have."""
    return _proved(session, dn, {attribute: delete(make())})


def may_write(session: Session, dn: str, attribute: str, make: Callable[[], str]) -> Right:
    """Whether values may be taken away and put in. make: gives a value that the entry does not have."""
    return _proved(session, dn, {attribute: [*delete(make()), *add(make())]})


def may_take_off_reset(session: Session, dn: str) -> Right:
    """Whether `pwdReset` may be taken away."""
    return _proved(session, dn, {"pwdReset": delete(*_BOTH)})


def may_set_password(session: Session, dn: str) -> Right:
    """Whether a password may be taken away and put in: a new one replaces what there is.

    The policy overlay judges both within one attribute before the rights are looked at. So each is asked alone, the
    second beside the removal of something else that is not there; without the right to that, it cannot be told.
    """
    taking = may_remove(session, dn, "userPassword", random_text)
    if taking.held != "yes":
        return taking
    for beside in ({"pwdAccountLockedTime": delete(random_time())}, {"pwdReset": delete(*_BOTH)}):
        if _proved(session, dn, beside).held == "yes":
            return _proved(session, dn, {**beside, "userPassword": add(random_text())})
    return Right(
        held="unknown", said="with no right on pwdAccountLockedTime or pwdReset, only half can be asked"
    )


def is_held_to_policy(session: Session, dn: str) -> Right:
    """Whether a new password from this account has to satisfy the password policy.

    The policy asks for the old password beside a removal, or for a longer one, except of the root account and of one
    with `manage`.
    """
    change = {"userPassword": [*delete(random_text()), *add(secrets.token_urlsafe(3))]}
    answer = session.modify(dn, change, [(PASSWORD_POLICY, False, None)])
    if refused_by_policy(answer):
        return Right(held="yes", said=_words(answer))
    return Right(held="no" if answer.code == NO_SUCH_ATTRIBUTE else "unknown", said=_words(answer))


def unseen(session: Session, dn: str, attributes: Iterable[str]) -> list[str]:
    """Those of the attributes that we may not search, or the server does not know, whether they have values or not.

    "Has it, or has it not" is true of every entry, and undefined where we may not know (RFC 4511, 4.5.1.7).
    """
    return [name for name in attributes if not _fits(session, dn, f"(|({name}=*)(!({name}=*)))")]


def has(session: Session, dn: str, attribute: str) -> bool:
    """Whether we may see that the entry has the attribute."""
    return _fits(session, dn, f"({attribute}=*)")


def random_text() -> str:
    """A text that nobody and nothing has; also good enough for any password policy."""
    return f"Aa1-{secrets.token_hex(24)}"


def random_time() -> str:
    """A time at which no directory ran."""
    return f"{_LONG_AGO + timedelta(seconds=secrets.randbelow(10**8)):%Y%m%d%H%M%SZ}"


def _fits(session: Session, dn: str, filter_: str) -> bool:
    return session.read(dn, NOTHING, filter_) is not None


def _proved(session: Session, dn: str, changes: Changes) -> Right:
    answer = session.modify(dn, changes, [(PASSWORD_POLICY, False, None)])
    if answer.code == NO_SUCH_ATTRIBUTE:
        return Right(held="yes", said=_words(answer))
    denied = answer.code == INSUFFICIENT_ACCESS and not refused_by_policy(answer)
    return Right(held="no" if denied else "unknown", said=_words(answer))


def _words(answer: Answer) -> str:
    return f"{answer.name}: {answer.message}" if answer.message else answer.name
