"""What is asked of an emergency stop and of revoking everything of one person, and what came of it. Frozen facts.

They look nothing up; handlers.stops.halting, handlers.stops.seconding and handlers.grants.revoking_all fill them.
"""

from dataclasses import dataclass
from datetime import datetime

from handlers.intents import Intent


@dataclass(frozen=True, kw_only=True)
class Halt(Intent):
    """Stop all new access, or ask whether one may (without a rationale)."""

    rationale: str = ""


@dataclass(frozen=True, kw_only=True)
class RevokeAll(Intent):
    """Revoke everything of one person now, or ask what there is (without a rationale).

    whom: a Slack id, a login or an account's id. switch_off: the account as well. stop_proofs: their proofs as well.
    """

    whom: str
    rationale: str = ""
    switch_off: bool = False
    stop_proofs: bool = False


@dataclass(frozen=True, kw_only=True)
class MayNotStop:
    """They are none of those who may stop this. reason: a sentence.."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class MayHalt:
    """The form can open."""


@dataclass(frozen=True, kw_only=True)
class Halted:
    """New access is stopped from now on."""


@dataclass(frozen=True, kw_only=True)
class HaltedBefore:
    """Somebody did so before, and it stands. by: a name; "" if an operator did."""

    by: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class WordKept:
    """Their word is kept: one more person is needed. again: they had said so before.."""

    again: bool = False


@dataclass(frozen=True, kw_only=True)
class OperatorsDoNotCount:
    """The settings say that people lift an emergency stop, and operators are none of them."""


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What one person has: live grants, open requests, approvals that wait with them, open visits, words, delegations.

    delegations: made by them and to them by name.
    """

    grants: int = 0
    requests: int = 0
    approvals: int = 0
    visits: int = 0
    words: int = 0
    delegations: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to end."""
        return not any(vars(self).values())


@dataclass(frozen=True, kw_only=True)
class MayRevokeAll:
    """The confirmation can be shown. whom: the account's id. of_security: they are of the security team.

    gone: the directory does not know them any more, or has them switched off. silent: it did not say just now.
    """

    whom: str
    name: str
    stock: Stock
    of_security: bool = False
    oneself: bool = False
    gone: bool = False
    silent: bool = False


@dataclass(frozen=True, kw_only=True)
class AllRevoked:
    """It is begun, and the security channel shows how far it is. handle: what it is called on the record."""

    handle: str
    name: str
    stock: Stock


@dataclass(frozen=True, kw_only=True)
class RevokedBefore:
    """Everything was revoked before and nothing new came of them."""

    name: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NobodyFound:
    """No directory and no record knows anybody like that."""
