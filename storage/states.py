"""The states of links, grants, visits, petitions and exceptions, which of a grant may follow which; kinds of freezes.

It decides no move: it only says which ones a row can take, so that storage.grants takes no other.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


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


class FreezeKind(StrEnum):
    """Why no new access comes into being: an older copy of the store, one that is not what was signed, a person.

    RESETS stops no access: too many resets or failed proofs at once, so nobody resets a password by themselves (P-7).
    """

    RESTORED = "restored"
    MISMATCH = "mismatch"
    EMERGENCY = "emergency"
    RESETS = "resets"


class ExceptionState(StrEnum):
    """Where an exception stands as somebody's work: nobody looked, somebody is at it, it is over."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """Why an exception is resolved: the first four by Wicket or its own buttons, the others chosen by a person.

    BEFORE is what was raised, and over a week old, when exceptions had no states yet.
    """

    SETTLED = "settled"
    RENEWED = "renewed"
    DECIDED = "decided"
    BEFORE = "before"
    MENDED = "mended"
    EXPECTED = "expected"
    FALSE_ALARM = "false-alarm"
    ACCEPTED = "accepted"


BY_PEOPLE = (Resolution.MENDED, Resolution.EXPECTED, Resolution.FALSE_ALARM, Resolution.ACCEPTED)

LIVE = (GrantState.APPROVED, GrantState.ACTIVE)

# A state that stands here nowhere on the left is final.
FOLLOWS: Mapping[GrantState, frozenset[GrantState]] = MappingProxyType(
    {
        GrantState.DRAFT: frozenset(
            {
                GrantState.PENDING,
                GrantState.APPROVED,
                GrantState.REFUSED,
                GrantState.WITHDRAWN,
                GrantState.VOIDED,
            }
        ),
        GrantState.PENDING: frozenset(
            {
                GrantState.APPROVED,
                GrantState.DENIED,
                GrantState.LAPSED,
                GrantState.WITHDRAWN,
                GrantState.VOIDED,
            }
        ),
        GrantState.APPROVED: frozenset({GrantState.ACTIVE, GrantState.ENDING, GrantState.VOIDED}),
        # Back to approved when it is to be given once more: policy is asked again before it is.
        GrantState.ACTIVE: frozenset({GrantState.APPROVED, GrantState.ENDING}),
        GrantState.ENDING: frozenset({GrantState.ENDED}),
    }
)


class PetitionKind(StrEnum):
    """What somebody asks two people for: a new password that they may not reset alone, or new proofs for lost ones."""

    PASSWORD = "password"  # noqa: S105 - what is asked for
    PROOFS = "proofs"


class PetitionState(StrEnum):
    """Where a petition stands. APPROVED: it waits for its hour. OPEN: its person may use it, once.

    LAPSED: nobody answered, or it was not used in time. VOIDED: it could not be opened when its hour had come.
    """

    ASKED = "asked"
    APPROVED = "approved"
    OPEN = "open"
    USED = "used"
    DENIED = "denied"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    VOIDED = "voided"


PETITION_FOLLOWS: Mapping[PetitionState, frozenset[PetitionState]] = MappingProxyType(
    {
        PetitionState.ASKED: frozenset(
            {
                PetitionState.APPROVED,
                PetitionState.DENIED,
                PetitionState.CANCELLED,
                PetitionState.LAPSED,
                PetitionState.VOIDED,
            }
        ),
        PetitionState.APPROVED: frozenset(
            {PetitionState.OPEN, PetitionState.CANCELLED, PetitionState.LAPSED, PetitionState.VOIDED}
        ),
        PetitionState.OPEN: frozenset(
            {PetitionState.USED, PetitionState.CANCELLED, PetitionState.LAPSED, PetitionState.VOIDED}
        ),
    }
)


class EmergencyState(StrEnum):
    """Where a breaking of the glass stands. TELLING: it is proven, and the alerts are on their way. TOLD: they arrived.

    LAPSED: it was not proven in time. REFUSED: it was not granted in the end, whatever the reason.
    """

    ASKED = "asked"
    TELLING = "telling"
    TOLD = "told"
    GRANTED = "granted"
    REFUSED = "refused"
    LAPSED = "lapsed"


EMERGENCY_UNDER_WAY = (EmergencyState.ASKED, EmergencyState.TELLING, EmergencyState.TOLD)

EMERGENCY_FOLLOWS: Mapping[EmergencyState, frozenset[EmergencyState]] = MappingProxyType(
    {
        EmergencyState.ASKED: frozenset(
            {EmergencyState.TELLING, EmergencyState.REFUSED, EmergencyState.LAPSED}
        ),
        EmergencyState.TELLING: frozenset({EmergencyState.TOLD, EmergencyState.REFUSED}),
        EmergencyState.TOLD: frozenset({EmergencyState.GRANTED, EmergencyState.REFUSED}),
    }
)


class Changed(StrEnum):
    """What changed about somebody's proofs.

    SET_UP: authenticator and recovery codes together. PASSKEY_STOPPED: because a second one seems to exist.
    REGAINED: new ones in the place of all that was lost, after two people said that it is them.
    """

    SET_UP = "set-up"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_RENAMED = "passkey-renamed"
    PASSKEY_REMOVED = "passkey-removed"
    PASSKEY_STOPPED = "passkey-stopped"
    AUTHENTICATOR_ADDED = "authenticator-added"
    AUTHENTICATOR_REPLACED = "authenticator-replaced"
    AUTHENTICATOR_REMOVED = "authenticator-removed"
    RECOVERY_CODES = "recovery-codes"
    REGAINED = "regained"


class Ended(StrEnum):
    """What ended an asking to be vouched for, or the word that came of it.

    REPLACED: asked for anew. BURNED: too many wrong codes. CANCELLED: by whoever asked. REPORTED: the person, or
    whoever vouched, said that something was not them. VOID: the word counts no more.
    """

    REPLACED = "replaced"
    BURNED = "burned"
    CANCELLED = "cancelled"
    REPORTED = "reported"
    VOID = "void"
    USED = "used"


class RuleSetState(StrEnum):
    """Where a set of rules stands. Former ones held once; what is withdrawn was proposed, and its files changed."""

    ACTIVE = "active"
    PROPOSED = "proposed"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    FORMER = "former"


class DelegationEnd(StrEnum):
    """Why a delegation is over."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    # Everything of one of the two was revoked, or one of them left, or was switched off.
    REVOKED_ALL = "revoked_all"
    LEFT = "left"
    SWITCHED_OFF = "switched_off"


class Purpose(StrEnum):
    """What a handle is for."""

    RESET = "reset"
    UNLOCK = "unlock"
    ENROL = "enrol"
    LINK = "link"
    CARE = "care"
    REGAIN = "regain"
    STEP_UP = "step_up"


class Result(StrEnum):
    """How far the one change of a handle has come. CHANGING is written before the directory is called (T-3).

    SESSIONS_OPEN: done, but what sessions there were could not be ended. NO_SESSIONS: done, and the directory knows
    of none that it could end. LINK_SENT, PASS_MADE: the directory's own recovery was begun, or a pass was shown once.
    UNKNOWN: the directory did not answer.
    """

    OPEN = ""
    CHANGING = "changing"
    DONE = "done"
    SESSIONS_OPEN = "sessions-open"
    NO_SESSIONS = "no-sessions"
    LINK_SENT = "link-sent"
    PASS_MADE = "pass-made"  # noqa: S105 - how a visit ended
    UNKNOWN = "unknown"

    @property
    def is_sure(self) -> bool:
        """Whether all that could be done is known to be done."""
        return self in (Result.DONE, Result.NO_SESSIONS, Result.LINK_SENT, Result.PASS_MADE)
