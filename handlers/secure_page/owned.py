"""What proofs somebody has, as facts to show them, and which of them they can do without.

It reads rows and changes none; no seed, key or code is among the facts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from storage import proofs
from storage.passkeys import passkeys_of, working_passkeys

Where = Literal["synced", "may be synced", "one device"]
# Fewer than these recovery codes are worth a word.
FEW_CODES = 4


@dataclass(frozen=True, kw_only=True)
class OwnPasskey:
    """One passkey. where: what its authenticator said when it was last shown. removable: another proof works."""

    id: str
    name: str
    made_at: datetime
    used_at: datetime | None
    where: Where
    stopped_at: datetime | None
    removable: bool


@dataclass(frozen=True, kw_only=True)
class OwnAuthenticator:
    """The authenticator. removable: another proof works."""

    made_at: datetime
    used_at: datetime | None
    removable: bool


@dataclass(frozen=True, kw_only=True)
class Owned:
    """Everything that one person has."""

    passkeys: tuple[OwnPasskey, ...]
    authenticator: OwnAuthenticator | None
    codes_left: int

    @property
    def nothing(self) -> bool:
        """Whether nothing was ever set up."""
        return not self.passkeys and self.authenticator is None and not self.codes_left

    @property
    def few_codes(self) -> bool:
        """Whether it is time for new recovery codes."""
        return self.codes_left < FEW_CODES


def owned_by(tx: Session, directory: str, account: str) -> Owned:
    """What this person has now.

    Recovery codes are for a bad day and count for nothing here: whoever has only them has no proof left (P-5).
    """
    rows, seed = passkeys_of(tx, directory, account), proofs.seed_of(tx, directory, account)
    # Not what a row says of itself: one that was spoilt or put back proves nothing.
    shown = {row.id for row in working_passkeys(tx, directory, account)}
    working = len(shown) + (seed is not None)
    return Owned(
        passkeys=tuple(
            OwnPasskey(
                id=row.id,
                name=row.name,
                made_at=row.created_at,
                used_at=row.used_at,
                where=_where(eligible=row.backup_eligible, backed_up=row.backed_up),
                stopped_at=row.stopped_at,
                removable=working > (row.id in shown),
            )
            for row in rows
        ),
        authenticator=OwnAuthenticator(made_at=seed.created_at, used_at=seed.used_at, removable=working > 1)
        if seed is not None
        else None,
        codes_left=len(proofs.recovery_codes(tx, directory, account)),
    )


def _where(*, eligible: bool, backed_up: bool) -> Where:
    if backed_up:
        return "synced"
    return "may be synced" if eligible else "one device"
