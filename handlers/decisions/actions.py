"""What somebody may want to do, by the names that the policy schema has for it.

It decides nothing about any of them.
"""

from enum import StrEnum


class Action(StrEnum):
    """What somebody wants to do. The names are those of the policy schema."""

    GRANT = "grant"
    REQUEST = "request"
    REQUEST_FOR = "request_for"
    APPROVE = "approve"
    VIEW = "view"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of an action, not a password
    UNLOCK = "unlock"
    STEP_UP = "step_up"
    RECONCILE = "reconcile"
    RESUME = "resume"
    VOUCH = "vouch"
    REVOKE = "revoke"
    ATTEST = "attest"
    DELEGATE = "delegate"
    REGAIN_PROOFS = "regain_proofs"
    BREAK_GLASS = "break_glass"
    REVIEW_EMERGENCY = "review_emergency"
    UNLOCK_FOR = "unlock_for"
    START_RESET_FOR = "start_reset_for"
    RECHECK_FOR = "recheck_for"
