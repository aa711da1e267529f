"""The directory port: what Wicket asks of an identity store, whatever stands behind it.

An answer says when it was read; a failure is a DirectoryUnavailable, never an empty answer (promise 7).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Account:
    """One person's account as the directory holds it at `read_at` (aware UTC).

    id: stable across renames. employment: "employee", "contractor" or "service".
    privileged: holds administrative power, so never resets itself. locked: too many failed sign-ins.
    groups: names of the groups it is in, nested ones included.
    """

    id: str
    directory: str
    login: str
    name: str
    mail: str
    employment: str
    team: str
    company: str
    manager: str | None
    active: bool
    locked: bool
    privileged: bool
    groups: frozenset[str]
    password_expires_at: datetime | None
    read_at: datetime


@dataclass(frozen=True, kw_only=True)
class PasswordRejected:
    """The directory refused a new password; `reason` is its own sentence, fit to show."""

    reason: str


class Directory(Protocol):
    """One identity store. Every method is bounded in time and raises DirectoryUnavailable when it cannot answer.

    name: the id that entitlements use. removal_takes_effect: when a removed member really loses access, in words
    ("at once", "at the next sign-in"). can_set_password: whether `set_password` works here.
    """

    name: str
    removal_takes_effect: str
    can_set_password: bool

    async def account(self, account_id: str) -> Account | None:
        """The account with this stable id, or None if the directory says there is none."""
        ...

    async def accounts_by_mail(self, mail: str) -> list[Account]:
        """All accounts with this mail address, compared without case."""
        ...

    async def account_by_login(self, login: str) -> Account | None:
        """The account that signs in with this name, compared without case; None if there is none."""
        ...

    async def members(self, group: str) -> frozenset[str] | None:
        """Account ids in the group, nested ones included; None if the group does not exist."""
        ...

    async def is_member(self, account_id: str, group: str) -> bool:
        """Whether the account is a direct member of the group: the thing that add and remove change."""
        ...

    async def add_member(self, account_id: str, group: str) -> None:
        """Make it a direct member. Idempotent."""
        ...

    async def remove_member(self, account_id: str, group: str) -> None:
        """End its direct membership. Idempotent."""
        ...

    async def verify_password(self, account_id: str, password: str) -> bool:
        """Whether this password would sign the account in now. Counts towards the directory's own lockout."""
        ...

    async def set_password(self, account_id: str, password: str) -> PasswordRejected | None:
        """Replace the password; None when it was done."""
        ...

    async def unlock(self, account_id: str) -> None:
        """Lift a lockout. Idempotent."""
        ...

    async def end_sessions(self, account_id: str) -> None:
        """End what sessions the directory knows of. Idempotent."""
        ...

    async def health(self) -> None:
        """Return if the directory answers; raise DirectoryUnavailable otherwise."""
        ...
