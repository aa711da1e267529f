"""What the password policy overlay (ppolicy) says of an account: locked until when, expired when, refused why.

It decides nothing: it reads the directory's times, codes and sentences.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import namedtype, tag, univ

from storage.directories.ldap_service import PASSWORD_POLICY
from storage.directories.ldap_session import CONSTRAINT_VIOLATION, Answer, Entry

# What an administrator writes to lock an account for good, until an administrator undoes it.
FOR_GOOD = "000001010000Z"
ATTRIBUTES = ("pwdAccountLockedTime", "pwdChangedTime", "pwdPolicySubentry", "pwdReset")

# The error codes of the response control, where the server sends no sentence of its own.
_WHY = {
    2: "The directory does not let this account's password be changed now.",
    3: "The directory does not let this account's password be changed.",
    4: "The directory asks for the old password as well.",
    5: "The password is not good enough for the directory.",
    6: "The password is too short for the directory.",
    7: "The password was changed only a short time ago. The directory does not let it be changed again yet.",
    8: "This password was used before. Choose another one.",
}  # fmt: skip
_CHANGE_AFTER_RESET = 2
_OTHERWISE = "The directory does not accept this password. Choose another one."
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy entry. max_age: of a password; None: for ever. lockout: how long one lasts; None: until lifted."""

    max_age: timedelta | None = None
    lockout: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an account stands with the policy. for_good: locked by an administrator, which is no lockout."""

    locked: bool
    for_good: bool
    must_change: bool
    changed_at: datetime | None
    expires_at: datetime | None


class _Response(univ.Sequence):  # type: ignore[misc]  # pyasn1 has no types
    """PasswordPolicyResponseValue (draft-behera-ldap-password-policy, 6.2)."""

    componentType = namedtype.NamedTypes(  # noqa: N815 - pyasn1's name
        namedtype.OptionalNamedType(
            "warning",
            univ.Any().subtype(explicitTag=tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, 0)),
        ),
        namedtype.OptionalNamedType(
            "error",
            univ.Enumerated().subtype(implicitTag=tag.Tag(tag.tagClassContext, tag.tagFormatSimple, 1)),
        ),
    )


def read_policy(entry: Entry) -> Policy:
    """The times of a policy entry; "0" and no value mean no end."""
    return Policy(
        max_age=_seconds(entry.first("pwdMaxAge")), lockout=_seconds(entry.first("pwdLockoutDuration"))
    )


def standing(entry: Entry, policy: Policy, now: datetime) -> Standing:
    """How the account stands at `now`."""
    locked_at, changed_at = entry.first("pwdAccountLockedTime"), read_time(entry.first("pwdChangedTime"))
    since = read_time(locked_at)
    over_at = _later(since, policy.lockout)
    over = over_at is not None and over_at <= now
    return Standing(
        locked=bool(locked_at) and locked_at != FOR_GOOD and not over,
        for_good=locked_at == FOR_GOOD,
        must_change=entry.first("pwdReset").upper() == "TRUE",
        changed_at=changed_at,
        expires_at=_later(changed_at, policy.max_age),
    )


def read_time(text: str) -> datetime | None:
    """A generalized time of the directory in UTC ("20260302090000Z", with or without fractions); None if it is none."""
    digits = text.removesuffix("Z").partition(".")[0]
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def reason(answer: Answer) -> str | None:
    """Why a new password was refused, in the directory's own sentence; None if that was not the password's fault."""
    error = _error(answer.controls.get(PASSWORD_POLICY))
    if answer.code != CONSTRAINT_VIOLATION and error not in _WHY:
        return None
    return sentence(answer.message) or _WHY.get(error or 0, _OTHERWISE)


def must_change_first(answer: Answer) -> bool:
    """Whether a sign-in was taken only so that the password can be changed, whether or not the entry shows that."""
    return _error(answer.controls.get(PASSWORD_POLICY)) == _CHANGE_AFTER_RESET


def refused_by_policy(answer: Answer) -> bool:
    """Whether it was the password policy that refused, and not the rights of who asked."""
    return _error(answer.controls.get(PASSWORD_POLICY)) is not None


def sentence(text: str) -> str:
    """A server's diagnostic as a sentence of one line."""
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST]
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")


def _error(control: bytes | None) -> int | None:
    if not control:
        return None
    try:
        read, _ = decoder.decode(control, asn1Spec=_Response())
    except PyAsn1Error:
        return None
    return int(read["error"]) if read["error"].hasValue() else None


def _later(since: datetime | None, by: timedelta | None) -> datetime | None:
    """None where one of them is missing, or where there is no such day any more."""
    if since is None or by is None:
        return None
    try:
        return since + by
    except OverflowError:
        return None


def _seconds(text: str) -> timedelta | None:
    try:
        return timedelta(seconds=int(text)) if text.isdecimal() and int(text) > 0 else None
    except OverflowError:
        return None
