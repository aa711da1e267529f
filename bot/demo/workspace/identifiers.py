"""Fresh identifiers in Slack's shapes: message times, views, events, triggers, tokens.

They are random where Slack's are, so that two runs on one database never share one; none of them carries meaning.
"""

import secrets
from collections.abc import Callable
from datetime import datetime


class Mint:
    """Makes identifiers; message times follow the clock and are never twice the same."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last_micros = 0

    def ts(self) -> str:
        """A message time, `secs.micros`, later than every one before it."""
        micros = max(int(self._now().timestamp() * 1_000_000), self._last_micros + 1)
        self._last_micros = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def id(self, prefix: str) -> str:
        """An object id such as `V0A1B2C3D4E`."""
        return prefix + secrets.token_hex(5).upper()

    def block_id(self) -> str:
        """The id Slack gives to a block or an element that came without one."""
        return secrets.token_urlsafe(4)

    def view_hash(self) -> str:
        """A view's version: a new one for every change."""
        return f"{int(self._now().timestamp())}.{secrets.token_hex(4)}"

    def trigger(self) -> str:
        """A `trigger_id` in the three-part shape."""
        return f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"

    def token(self, prefix: str) -> str:
        """A secret of 128 bits behind a prefix."""
        return prefix + secrets.token_hex(16)
