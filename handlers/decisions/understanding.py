"""What somebody who typed something may have meant: one plain result for each thing that Wicket does.

It never holds text that was not understood: people type passwords into chats.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from handlers.decisions.helping import Act

Courtesy: TypeAlias = Literal[
    "never_mind", "thanks", "goodbye", "hello", "decide", "stuck", "fine", "secret", "one_at_a_time"
]
"""Small words that do nothing: "decide" is a bare "approve" or "send it", which takes a button, and "stuck" a person's
patience at its end. Of "secret" nothing is kept but that it was probably one; of "one_at_a_time", that it was several.
"""


@dataclass(frozen=True, kw_only=True)
class ResetPassword:
    """They want to reset their own password."""


@dataclass(frozen=True, kw_only=True)
class UnlockAccount:
    """They want their own account unlocked."""


@dataclass(frozen=True, kw_only=True)
class ListAccess:
    """They want to see what they hold."""


@dataclass(frozen=True, kw_only=True)
class PasswordExpiry:
    """They want to know when their password expires."""


@dataclass(frozen=True, kw_only=True)
class EnrolProofs:
    """They want to set up their authenticator or recovery codes."""


@dataclass(frozen=True, kw_only=True)
class CareForProofs:
    """They want to see what proofs they have, and add, rename or remove some."""


@dataclass(frozen=True, kw_only=True)
class LostProofs:
    """They lost what they prove themselves with, and cannot show any of it."""


@dataclass(frozen=True, kw_only=True)
class VouchFor:
    """They want to vouch for somebody. Whom is chosen in the form: a name that was typed may be several people's."""


@dataclass(frozen=True, kw_only=True)
class DelegateApprovals:
    """They want somebody else to approve for them. Whom, and what, is chosen in the form: a name may be several's."""


@dataclass(frozen=True, kw_only=True)
class StopAccess:
    """They want access stopped at once, all that is new or one person's: which only a command does."""


@dataclass(frozen=True, kw_only=True)
class HelpSomebody:
    """They want something done for somebody else, as the help desk. It opens a form: a name may be several people's.

    whom: as typed, a login at best. ticket: the first that was named, "" for none.
    """

    act: Act
    whom: str = ""
    ticket: str = ""


@dataclass(frozen=True, kw_only=True)
class TakeCheckpoint:
    """They want the record signed as it is now."""


@dataclass(frozen=True, kw_only=True)
class LinkAccount:
    """They want to link their Slack account to who they are."""


@dataclass(frozen=True, kw_only=True)
class Help:
    """They want to know what can be done here; also what an empty message gets."""


@dataclass(frozen=True, kw_only=True)
class Courteous:
    """Thanks, a greeting, an ok: it gets a kind word, and nothing is done."""

    kind: Courtesy


@dataclass(frozen=True, kw_only=True)
class ForAnother:
    """They want access for somebody else, whom only the form can name."""


@dataclass(frozen=True, kw_only=True)
class Worried:
    """They fear that somebody else has their account or did something in their name."""


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """They want to know what became of what they asked for themselves, whatever it was that they named."""


@dataclass(frozen=True, kw_only=True)
class CheckMembership:
    """They want to know whether they hold this. entitlement: its id."""

    entitlement: str


@dataclass(frozen=True, kw_only=True)
class ShowOwner:
    """They want to know who answers for this. entitlement: its id."""

    entitlement: str


@dataclass(frozen=True, kw_only=True)
class WhyRefused:
    """They want to know why they were refused. entitlement: its id; None for whatever was refused last."""

    entitlement: str | None = None


@dataclass(frozen=True, kw_only=True)
class WhyApproval:
    """They want to know why this needs an approval. entitlement: its id."""

    entitlement: str


@dataclass(frozen=True, kw_only=True)
class ListPossible:
    """They want to know what they could ask for."""


@dataclass(frozen=True, kw_only=True)
class BreakGlass:
    """They want something at once, in an emergency: the way to the form, and nothing more. drill: they practise it."""

    drill: bool = False


@dataclass(frozen=True, kw_only=True)
class DraftRequest:
    """They want access; a draft to show them, never to send by itself.

    entitlement: its id, None if not said. duration: None if not said or not readable. justification: as typed, on
    one line, of any length; None if not said. problems: sentences about what could not be read, fit to show.
    """

    entitlement: str | None = None
    duration: timedelta | None = None
    justification: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DidYouMean:
    """A name that is not quite that of anything, so nothing is done with it.

    candidates: ids of at most three entitlements, closest first; empty if nothing is close. kind: what was wanted with
    it. draft: for "request", all the rest of what they said.
    """

    candidates: tuple[str, ...]
    kind: Literal["membership", "owner", "refusal", "approval", "request"]
    draft: DraftRequest | None = None


@dataclass(frozen=True, kw_only=True)
class SeveralNamed:
    """Several things wanted at once, each certain. draft: all the rest of what they said."""

    entitlements: tuple[str, ...]
    draft: DraftRequest


@dataclass(frozen=True, kw_only=True)
class NearlyUnderstood:
    """Misspelt, or said so that it may be more than one thing: none of it is done. The text is not kept.

    commands: what may have been meant, likeliest first.
    """

    commands: tuple[Literal["reset", "unlock", "access"], ...]


@dataclass(frozen=True, kw_only=True)
class NotUnderstood:
    """None of the above. The text is not kept."""


Understanding = (
    ResetPassword
    | UnlockAccount
    | ListAccess
    | PasswordExpiry
    | EnrolProofs
    | CareForProofs
    | LostProofs
    | VouchFor
    | DelegateApprovals
    | StopAccess
    | HelpSomebody
    | TakeCheckpoint
    | BreakGlass
    | LinkAccount
    | Help
    | Courteous
    | FollowUp
    | ForAnother
    | Worried
    | CheckMembership
    | ShowOwner
    | WhyRefused
    | WhyApproval
    | ListPossible
    | DraftRequest
    | DidYouMean
    | SeveralNamed
    | NearlyUnderstood
    | NotUnderstood
)
