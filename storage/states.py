"""The states that links and grants can be in, as words.

Only words: which state may follow which is decided in handlers.decisions.lifecycle.
"""

from enum import StrEnum


class LinkState(StrEnum):
    """Whether a Slack account may speak for its person."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class GrantState(StrEnum):
    """Where a grant stands, from the asking to the revocation."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"
    DENIED = "denied"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"
    REFUSED = "refused"


LIVE = (GrantState.APPROVED, GrantState.ACTIVE)
