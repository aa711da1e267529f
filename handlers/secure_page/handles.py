"""Handles of the secure page: opened for one person and one purpose, told apart from forged ones by their text.

A handle proves nothing by itself, and its text is computed when it is needed, never kept.
"""

import base64
import hmac
import re
from datetime import datetime, timedelta

from sqlmodel import Session

from storage.handles import make_handle
from storage.records import Handle
from storage.secrets import Vault
from storage.states import Purpose

_MAC_BYTES = 16
_TEXT = re.compile(r"(h-[0-9a-z]{9}-[0-9a-z]{8})\.([A-Za-z0-9_-]{22})")


class Handles:
    """Opens handles and knows their texts. lifetime: how long one works."""

    def __init__(self, *, vault: Vault, lifetime: timedelta) -> None:
        self._vault = vault
        self.lifetime = lifetime

    def open_handle(
        self,
        tx: Session,
        *,
        purpose: Purpose,
        directory: str,
        account: str,
        slack_team: str,
        slack_user: str,
        at: datetime,
        door: str = "",
    ) -> Handle:
        """Keep a new handle in the caller's transaction; owe the message that carries its link in the same one."""
        return make_handle(
            tx, at=at, expires_at=at + self.lifetime, purpose=purpose, directory=directory, account=account,
            slack_team=slack_team, slack_user=slack_user, door=door,
        )  # fmt: skip

    def handle_text(self, handle_id: str) -> str:
        """What stands in the link: `<id>.<mac>`. The page is at `{public_url}/p/{text}`."""
        return link_text(self._vault, "handle", handle_id)

    def handle_in(self, text: str) -> str | None:
        """The id in a link's text, if we wrote it; None for anything else."""
        return handle_in_link(self._vault, "handle", text)


def link_text(vault: Vault, what: str, handle_id: str) -> str:
    """The text of a link about this handle. what: it is for, since a link for one thing opens no other."""
    return f"{handle_id}.{_mac(vault.derive(what, handle_id))}"


def handle_in_link(vault: Vault, what: str, text: str) -> str | None:
    """The id in such a text, if we wrote it; None for anything else."""
    parts = _TEXT.fullmatch(text)
    if parts is None:
        return None
    handle_id, given = parts.groups()
    ours = [_mac(derived) for derived in vault.derive_all(what, handle_id)]
    return handle_id if any(hmac.compare_digest(given, mac) for mac in ours) else None


def _mac(derived: bytes) -> str:
    return base64.urlsafe_b64encode(derived[:_MAC_BYTES]).decode("ascii").rstrip("=")
