"""The local directory as one of the cloud's would be: passwords cannot be set, but it has a recovery of its own.

It is for the demo and the tests alone; its passes are in memory and end with it.
"""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

from storage.directories.base import PasswordRejected, Recovery, TemporaryPass
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import matches
from storage.faults import DirectoryUnavailable

PASS_LIFE = timedelta(minutes=30)


class RecoveringDirectory(LocalDirectory):
    """recovery: which of the two it has. sent_to: the accounts that it wrote to, oldest first."""

    def __init__(self, *where: Any, recovery: Recovery, **how: Any) -> None:
        super().__init__(*where, **how)
        self.capabilities = replace(LocalDirectory.capabilities, set_password=False, recovery=recovery)
        self.sent_to: list[str] = []
        self._passes: dict[str, tuple[str, TemporaryPass]] = {}

    async def set_password(self, account_id: str, password: str) -> PasswordRejected | None:  # noqa: ARG002
        """Not here."""
        raise DirectoryUnavailable(
            "The directory {directory} lets nobody set passwords.", directory=self.name
        )

    async def recover(self, account_id: str) -> TemporaryPass | None:
        """Write to the person, or make a pass, which ends the one before."""
        if await self.account(account_id) is None:
            raise DirectoryUnavailable(
                "The directory has no account {account}, so nothing was done.", account=account_id
            )
        if self.capabilities.recovery == "recovery_link":
            self.sent_to.append(account_id)
            return None
        made = TemporaryPass(text=secrets.token_urlsafe(9), until=self._now() + PASS_LIFE)
        self._passes[account_id] = (self._cost.hash(made.text), replace(made, text=""))
        return made

    async def verify_password(self, account_id: str, password: str) -> bool:
        """The password, or a pass once, while it works."""
        stored, made = self._passes.get(account_id, ("", None))
        if made is not None and made.until > self._now() and matches(password, stored):
            del self._passes[account_id]
            return True
        return await super().verify_password(account_id, password)
