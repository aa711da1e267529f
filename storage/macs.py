"""MACs of rows that carry authority: which columns are bound, and whether a row is as Wicket wrote it.

It reads and writes no table; the keys come from outside and never enter the database (T-9).
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from storage.micros import to_micros
from storage.secrets import Vault
from storage.states import GrantState

Row: TypeAlias = Mapping[str, Any]

# What of each table gives somebody something, or keeps them from it. The name of the table is bound as well, and each
# begins with what its primary key consists of: so no MAC fits another row.
BOUND: Mapping[str, tuple[str, ...]] = {
    "alarms": ("handle", "directory", "account", "disabled", "at", "lifted_at", "lifted_by"),
    "announcements": ("handle", "at", "mailed_at"),
    "approvals": (
        "id", "grant", "approver", "slack_user", "role", "approved", "at", "shown", "proof", "proved_by", "proved_at",
        "retyped",
    ),
    "attestations": ("petition", "directory", "account", "slack_user", "role", "proof", "proven_at", "at"),
    "bulletins": ("kind", "day", "since", "until", "number", "first", "at"),
    "challenges": (
        "id", "handle", "kind", "browser", "value", "user_handle", "created_at", "expires_at", "taken_at",
    ),
    "emergencies": (
        "id", "state", "grant", "directory", "account", "slack_team", "slack_user", "entitlement", "incident",
        "minutes", "drill", "handle", "proved_by", "fallback", "asked_at", "ask_by", "proven_at", "tell_by",
        "told_security_at", "told_outside_at", "opened_at", "ends_at", "review_due_at", "reviewed_at", "reviewed_by",
        "finding", "restored_at", "restored_by", "login", "name", "reason",
    ),
    "delegations": (
        "id", "directory", "owner", "delegator", "role", "delegate", "group", "entitlements", "max_risk", "max_minutes",
        "made_at", "expires_at", "ended_at",
    ),
    "exceptions": ("id", "kind", "cause", "severity", "who", "correlation", "facts", "first_at"),
    "freezes": ("id", "kind", "since", "lost_from", "lifted_at", "lifted_by", "began_by", "facts"),
    "grants": (
        "id", "state", "directory", "account", "entitlement", "group", "minutes", "asked_minutes", "slack_team",
        "slack_user", "requester_directory", "requester_account", "target_account", "automatic", "extends",
        "passed_on_to", "requested_at", "lapses_at", "decided_at", "expires_at", "held_since", "justification",
        "ticket", "requester_name", "requester_login", "requester_team", "requester_employment", "manager_name",
        "standing", "reasons", "missing", "target_name", "target_login", "passed_on_why",
    ),
    "handles": (
        "id", "purpose", "directory", "account", "slack_team", "slack_user", "proven", "session", "result", "door",
        "created_at", "expires_at", "done_at",
    ),
    "inquiries": (
        "id", "grant", "asker", "asker_name", "slack_user", "question", "answer", "asked_at", "answered_at",
    ),
    "holdings": ("id", "directory", "account", "group", "stood_before"),
    "lift_words": ("freeze", "directory", "account", "at"),
    "links": (
        "id", "slack_team", "slack_user", "directory", "account", "mail", "made_by", "state", "created_at",
    ),
    "log_walks": ("name", "round", "position", "frontier", "began_at", "known"),
    "mail_codes": ("id", "handle", "created_at", "expires_at", "used_at"),
    "passkeys": (
        "id", "directory", "account", "credential", "public_key", "user_handle", "sign_count", "backup_eligible",
        "created_at", "stopped_at",
    ),
    "petitions": (
        "id", "kind", "directory", "account", "privileged", "slack_team", "slack_user", "state", "asked_at",
        "lapses_at", "decided_at", "opens_at", "mailed_at", "opened_at", "closes_at", "ended_at", "name", "login",
        "team", "employment", "manager", "explanation", "missing",
    ),
    "proofs": (
        "id", "directory", "account", "kind", "secret", "confirmed", "used_step", "created_at", "used_at",
    ),
    "restore_words": ("emergency", "directory", "account", "rationale", "settles", "at"),
    # What it is made of is bound by its content, the hash of policies and catalogue that whoever reads them compares.
    "rule_sets": ("id", "policy_set", "content", "state", "at", "ended_at", "composition"),
    "sign_ins": ("id", "handle", "browser", "created_at", "expires_at", "used_at"),
    "standings": (
        "id", "directory", "group", "entitlement", "kind", "member", "owner", "declared_by", "review_at", "at",
    ),
    "step_ups": ("handle", "about", "kind", "spent_at"),
    "streams": ("name", "position"),
    "subjects": ("issuer", "sub", "directory", "account", "pinned_at"),
    "vouchings": (
        "id", "handle", "directory", "account", "browser", "idle", "wrong", "voucher", "voucher_slack", "role",
        "spoken", "proof", "proof_of", "ended", "asked_at", "expires_at", "vouched_at", "counts_from", "counts_until",
        "ended_at",
    ),
}  # fmt: skip

# What a version before bound of them: its rows hold by that, and none that is signed now does.
BOUND_BEFORE: Mapping[str, tuple[str, ...]] = {
    "emergencies": BOUND["emergencies"][:-3],
    "freezes": BOUND["freezes"][:-2],
    "grants": BOUND["grants"][:-13],
    "petitions": BOUND["petitions"][:-7],
    "restore_words": ("emergency", "directory", "account", "settles", "at"),
}

DETECTORS, SENDING = "detecting", "sending"
"""The streams by which the detectors follow the log, and a SIEM does; "detectors" and "siem" are those of versions that
bound their place by no MAC.
"""
FOLLOWING = (DETECTORS, SENDING)

ACTED_UPON = frozenset(
    {
        "access-stopped", "drill-missed", "emergency-lost", "emergency-review", "emergency-unjustified",
        "found-standing", "many-left", "not-me", "review-due", "rules-proposed", "unexplained", "vanished",
    }
)  # fmt: skip
"""The kinds of exceptions whose buttons act upon what their rows say; the others only ask somebody to look."""

UNDER_WAY: tuple[str, ...] = (
    GrantState.DRAFT,
    GrantState.PENDING,
    GrantState.APPROVED,
    GrantState.ACTIVE,
)
# What is over gives nothing. So an end needs no MAC, and loses the one it had: the row alone does not put it back.
_GIVES: Mapping[str, Callable[[Row], bool]] = {
    "exceptions": lambda row: row["kind"] in ACTED_UPON,
    "grants": lambda row: row["state"] in UNDER_WAY,
    "holdings": lambda row: row["stood_before"] is True,
    # What they have not come to is told by nothing but that.
    "streams": lambda row: row["name"] in FOLLOWING,
}
# Instead of the MAC of what never counts again, whatever else is known of it.
VOID = "void"
_NAME_BYTES = 4
_LISTED = frozenset({list, dict})
# What the head of the log is said behind: a row is said in JSON, so that no MAC of the one is one of the other.
_HEAD = b"head of the log\0"
# MACs kept: one click looks at a row several times over, and signs it anew.
_KEPT = 256


def needs_mac(table: str, row: Row) -> bool:
    """Whether a row of this table gives something by what it says, so that it counts only with its MAC."""
    gives = _GIVES.get(table)
    return gives is None or gives(row)


class _Listed:
    """A list or a mapping, known again by what is in it and of which type."""

    __slots__ = ("said", "value")

    def __init__(self, value: object) -> None:
        self.value, self.said = value, repr(value)  # a fraction of the time of its JSON

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Listed) and self.said == other.said

    def __hash__(self) -> int:
        return hash(self.said)


class _Key:
    """HMAC-SHA-256 (RFC 2104) by one key, begun once: that takes as long as what is to be signed."""

    def __init__(self, key: bytes) -> None:
        block = key.ljust(hashlib.sha256().block_size, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def mac(self, said: bytes) -> str:
        """In hex."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(said)
        outer.update(inner.digest())
        return outer.hexdigest()


class Macs:
    """Keys derived from those that seal secrets: the newest one makes MACs, all of them recognise one.

    A MAC is the name of its key, a point, and HMAC-SHA-256 in hex over the table and its bound columns.
    """

    def __init__(self, vault: Vault) -> None:
        keys = list(vault.derive_all("rows", "mac"))
        self._keys = {_name_of(key): _Key(key) for key in reversed(keys)}
        self._newest = _name_of(keys[0])
        self._known = lru_cache(_KEPT, typed=True)(self._computed)
        # The head that was looked at or signed last: the next entry nearly always finds just that.
        self._last = b"", ""

    def of(self, table: str, row: Row) -> str:
        """The MAC of a row by the newest key; "" for one that needs none."""
        return self._made(self._newest, table, row, BOUND[table]) if needs_mac(table, row) else ""

    def holds(self, table: str, row: Row, mac: str) -> bool:
        """Whether this is the MAC of exactly this row, by any of the keys; or the row needs none."""
        if not needs_mac(table, row):
            return True
        if self._fits(table, row, BOUND[table], mac):
            return True
        return table in BOUND_BEFORE and self._fits(table, row, BOUND_BEFORE[table], mac)

    def of_head(self, said: bytes) -> str:
        """The MAC of a head of the audit log by the newest key."""
        self._last = said, self._mac_of_head(self._newest, said)
        return self._last[1]

    def holds_head(self, said: bytes, mac: str) -> bool:
        """Whether this is the MAC of this head, by any of the keys."""
        last, made = self._last
        if last != said or not _are_one(mac, made):
            name = mac.partition(".")[0]
            if name not in self._keys or not _are_one(mac, made := self._mac_of_head(name, said)):
                return False
            self._last = said, made
        return True

    def _mac_of_head(self, name: str, said: bytes) -> str:
        return f"{name}.{self._keys[name].mac(_HEAD + said)}"

    def _fits(self, table: str, row: Row, columns: Sequence[str], mac: str) -> bool:
        try:
            name = mac.partition(".")[0]
            if name not in self._keys:
                return False
            made = self._made(name, table, row, columns)
        except TypeError:  # SQLite keeps whatever somebody puts there: what cannot be bound nobody signed
            return False
        return _are_one(mac, made)

    @property
    def newest(self) -> str:
        """The name of the key that makes MACs."""
        return self._newest

    def _made(self, name: str, table: str, row: Row, columns: Sequence[str]) -> str:
        values = [row[each] for each in columns]
        values = [_Listed(value) if type(value) in _LISTED else value for value in values]
        try:
            return self._known(name, table, *values)
        except TypeError:  # what cannot be kept, or cannot be bound
            return self._computed(name, table, *values)

    def _computed(self, name: str, table: str, *values: object) -> str:
        """It follows from the values and their types alone."""
        return f"{name}.{self._keys[name].mac(_said([table, *values]).encode())}"


def bound(table: str, changed: Sequence[str]) -> bool:
    """Whether any of these columns of this table is bound."""
    columns = BOUND.get(table)
    return columns is not None and not set(columns).isdisjoint(changed)


def _are_one(mac: str, made: str) -> bool:
    return hmac.compare_digest(mac.encode("utf-8", "surrogatepass"), made.encode("ascii"))


def _name_of(key: bytes) -> str:
    return hmac.digest(key, b"name", "sha256")[:_NAME_BYTES].hex()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return to_micros(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, _Listed):
        return value.value
    raise TypeError(f"a {type(value).__name__} is bound by no MAC")


# Made once: to make one takes as long as what it is asked for.
_said = json.JSONEncoder(default=_plain).encode
