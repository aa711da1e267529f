"""What Active Directory writes into its attributes and answers: ids, times, flags, codes, and what they mean.

Plain functions of values; none asks a server. Sources: [MS-ADTS] and [MS-DTYP], Microsoft's open specifications.
"""

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from uuid import UUID

from storage.directories.ldap_policy import Standing, sentence
from storage.directories.ldap_session import INVALID_CREDENTIALS, Answer, Change, Entry, add, delete
from storage.faults import DirectoryUnavailable

# userAccountControl ([MS-ADTS] 2.2.16); the last stands in msDS-User-Account-Control-Computed.
SWITCHED_OFF = 0x2
NEVER_EXPIRES = 0x10000
LOCKED_OUT = 0x10

_CONTROL, _COMPUTED = "userAccountControl", "msDS-User-Account-Control-Computed"
_CHANGED, _ENDS = "pwdLastSet", "msDS-UserPasswordExpiryTimeComputed"
# What controllers tell each other of every attribute ([MS-ADTS] 3.1.1.1.9, [MS-DRSR] 5.167): attribute, version, time.
_HISTORY = "replPropertyMetaData"
_HISTORY_OF_ONE = struct.Struct("<IIQ16sQQ")
_HISTORY_STARTS = 16
# The attribute "mail" there: its prefix is one of those that every forest begins with ([MS-DRSR] 5.16.4).
MAIL = 0x150003
STANDING_IN = (
    _CONTROL, _COMPUTED, _CHANGED, _ENDS, "accountExpires", "adminCount", "primaryGroupID", "objectSid", _HISTORY,
)  # fmt: skip

# Times are in steps of 100 ns since 1601 ([MS-DTYP] 2.3.3); these two values, and none, mean "never".
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER = frozenset({0, 0x7FFFFFFFFFFFFFFF})

# Groups with power over the domain, by the last part of their ids ([MS-DTYP] 2.4.2.4), since names are translated:
# Domain Admins, Domain Controllers, Cert Publishers, Schema Admins, Enterprise Admins, Group Policy Creator Owners,
# Read-only Domain Controllers, Key Admins, Enterprise Key Admins; Enterprise Read-only Domain Controllers.
_POWERFUL_IN_DOMAIN = frozenset({512, 516, 517, 518, 519, 520, 521, 526, 527, 498})
# Administrators, Account Operators, Server Operators, Print Operators, Backup Operators, Replicator.
_POWERFUL_BUILT_IN = frozenset({544, 548, 549, 550, 551, 552})
# The accounts Administrator and krbtgt.
_POWERFUL_ACCOUNTS = frozenset({500, 502})
_DOMAIN, _BUILT_IN = bytes.fromhex("010500000000000515000000"), bytes.fromhex("010200000000000520000000")

# Why a sign-in was refused (Windows' error codes, in hexadecimal): no such account, wrong password, not at this hour,
# not from here, password expired, switched off, account expired, password must be changed, locked.
_REFUSED = frozenset({"525", "52e", "530", "531", "532", "533", "701", "773", "775"})
# With these the password itself was the right one.
_RIGHT_BUT_REFUSED = frozenset({"530", "531", "532", "533", "701", "773"})
_LOCKED = "775"
_DATA = re.compile(r"AcceptSecurityContext error, data ([0-9a-fA-F]+)\b")

_AGAINST_POLICY = "0000052D"
_NOT_SAID_WHY = (
    "The directory does not accept this password and does not say why. It may be too short, too much like one that you "
    "had before, lack some kind of character, or hold your name. Choose another one."
)
# "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0": for programmers, not for people.
_FOR_PROGRAMMERS = re.compile(r"\b(DSID-|SvcErr|AtrErr|problem \d)")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One value of an attribute that names entries. seconds: until the directory takes it out; None: it stays."""

    dn: str
    seconds: int | None


def guid_bytes(text: str) -> bytes | None:
    """An objectGUID as it is stored, from its text; None if it is none."""
    try:
        return UUID(text).bytes_le
    except ValueError:
        return None


def guid_text(stored: bytes) -> str:
    """An objectGUID as text; empty if it is none."""
    return str(UUID(bytes_le=stored)) if len(stored) == 16 else ""


def changed_at(entry: Entry, attribute: int) -> datetime | None:
    """When an attribute last took another value; None if it still has its first, or that is not shown."""
    stored = next(iter(entry.values.get(_HISTORY.lower(), ())), b"")[_HISTORY_STARTS:]
    whole = len(stored) - len(stored) % _HISTORY_OF_ONE.size
    for of, version, seconds, *_ in _HISTORY_OF_ONE.iter_unpack(stored[:whole]):
        if of == attribute and version > 1:
            return _EPOCH + timedelta(seconds=seconds)
    return None


def octets(attribute: str, value: bytes) -> str:
    """The filter for entries whose attribute has these very bytes."""
    written = "".join(f"\\{byte:02x}" for byte in value)
    return f"({attribute}={written})"


def sid(entry: Entry) -> bytes:
    """The entry's security identifier ([MS-DTYP] 2.4.2.2). DirectoryUnavailable if not shown: power hangs on it."""
    found = next(iter(entry.values.get("objectsid", ())), b"")
    return found or _unseen("objectSid")


def last_part(identifier: bytes) -> int:
    """The last number of a security identifier, its RID."""
    return int.from_bytes(identifier[-4:], "little")


def primary_group(account: Entry) -> bytes:
    """The security identifier of the group that an account is in without being named there.

    DirectoryUnavailable if it is not shown.
    """
    return sid(account)[:-4] + _number(account, "primaryGroupID").to_bytes(4, "little")


def is_powerful_group(identifier: bytes) -> bool:
    """Whether a group has power over the domain by its nature."""
    if identifier.startswith(_BUILT_IN):
        return last_part(identifier) in _POWERFUL_BUILT_IN
    return identifier.startswith(_DOMAIN) and last_part(identifier) in _POWERFUL_IN_DOMAIN


def is_marked(account: Entry) -> bool:
    """Whether the account is one of the domain's own administrators, or the directory protects it as one.

    adminCount stays when power is taken away, until an administrator clears it: when in doubt, privileged.
    """
    return account.first("adminCount") not in ("", "0") or last_part(sid(account)) in _POWERFUL_ACCOUNTS


def flags(entry: Entry) -> int:
    """userAccountControl. DirectoryUnavailable if it cannot be read."""
    return _number(entry, _CONTROL)


def standing(entry: Entry, now: datetime) -> Standing:
    """How the account stands at `now`, fine-grained policies included: the directory works them out itself.

    DirectoryUnavailable if it does not show what decides.
    """
    changed, ends = _number(entry, _CHANGED), _number(entry, _ENDS)
    gone = read_time(entry.first("accountExpires"))
    return Standing(
        locked=bool(_number(entry, _COMPUTED) & LOCKED_OUT),
        for_good=bool(flags(entry) & SWITCHED_OFF) or (gone is not None and gone <= now),
        must_change=changed == 0,
        changed_at=read_time(str(changed)),
        expires_at=None if flags(entry) & NEVER_EXPIRES else read_time(str(ends)),
    )


def read_time(text: str) -> datetime | None:
    """A time of the directory in UTC; None if it means never, or is none."""
    if not text.isdecimal() or int(text) in _NEVER:
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(text) // 10)
    except OverflowError:
        return None


def sign_in_code(answer: Answer) -> str:
    """Windows' error code in the answer to a sign-in; empty if there is none."""
    found = _DATA.search(answer.message) if answer.code == INVALID_CREDENTIALS else None
    return found[1].lower() if found else ""


def is_refusal(answer: Answer) -> bool:
    """Whether this is one of the known ways to refuse a sign-in."""
    return sign_in_code(answer) in _REFUSED


def is_right_password(answer: Answer) -> bool:
    """Whether the password was the account's, although it did not sign in."""
    return sign_in_code(answer) in _RIGHT_BUT_REFUSED


def was_locked(answer: Answer) -> bool:
    """Whether the account was locked before this sign-in, which therefore says nothing about the password."""
    return sign_in_code(answer) == _LOCKED


def quoted(password: str) -> bytes:
    """A password as unicodePwd takes it ([MS-ADTS] 3.1.1.3.1.5.1)."""
    return f'"{password}"'.encode("utf-16-le", errors="surrogatepass")


def why_refused(answer: Answer) -> str | None:
    """Why a new password was refused, for the person; None if that was not the password's fault.

    Windows names the policy and nothing else; Samba says which rule it was.
    """
    code, _, said = answer.message.partition(":")
    if code.strip().upper() != _AGAINST_POLICY:
        return None
    said = said.rpartition("check_password_restrictions:")[2]
    return (_NOT_SAID_WHY if _FOR_PROGRAMMERS.search(said) else sentence(said)) or _NOT_SAID_WHY


def read_link(value: str) -> Link:
    """A value as the link TTL control shows it: "<TTL=3600,CN=…>", or the name alone."""
    found = re.fullmatch(r"<TTL=(\d+),(.*)>", value, re.DOTALL)
    return Link(dn=found[2], seconds=int(found[1])) if found else Link(dn=value, seconds=None)


def changes_for(dn: str, present: Link | None, seconds: int | None) -> Change:
    """What puts an account into a group for so many seconds (None: for good); nothing if it stays that long anyway.

    One that would end too early is taken out and put in within one operation, so that it is never gone in between.
    """
    if present is None:
        return add(_written(dn, seconds))
    if present.seconds is None or (seconds is not None and present.seconds >= seconds):
        return []
    return [*delete(dn), *add(_written(dn, seconds))]


def _written(dn: str, seconds: int | None) -> str:
    return dn if seconds is None else f"<TTL={max(seconds, 1)},{dn}>"


def _number(entry: Entry, attribute: str) -> int:
    written = entry.first(attribute)
    try:
        return int(written)
    except ValueError:
        _unseen(attribute)


def _unseen(attribute: str) -> NoReturn:
    raise DirectoryUnavailable(
        "The directory does not show the attribute {attribute} to Wicket's account.", attribute=attribute
    ) from None
