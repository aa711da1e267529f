"""What security is to see of what is refused on the secure page, and whose count it belongs to.

Pure: it records and tells nothing.
"""

from handlers.decisions.policy import PolicyDecision
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, named
from handlers.secure_page.visits import Person
from storage.directories.base import Account
from storage.failures import Attempt
from storage.records import Handle
from storage.sentences import Sentence
from storage.states import Purpose


def counted_as(handle: Handle) -> str:
    """Whose count an attempt belongs to; a Slack account or a login that fits nobody has one of its own."""
    nobodys = f"door:{handle.door}" if handle.door else f"slack:{handle.slack_team}:{handle.slack_user}"
    return handle.account or nobodys


def _moved(person: Person) -> dict[str, str]:
    return {"changed_at": person.mail_moved_at.isoformat()} if person.mail_moved_at else {}


_REASONS = {
    "wrong": "too many wrong proofs in a row",
    "locked": "too many wrong proofs in a row",
    "unknown": "the Slack account fits nobody",
    "taken": "the person or the Slack account is linked to another already",
    "other_person": "somebody else signed in at the provider",
    "other_subject": "the provider knows them as somebody else than before",
    "mail_changed": "the e-mail address changed",
    "not_linked": "the link does not stand any more",
}


def who_is_behind(handle: Handle, account: Account | None) -> str:
    """How to name them to security: by their account, where they came from otherwise."""
    if account is not None:
        return named(account.name, account.login)
    if handle.door:
        return Sentence("Somebody at the front door")
    return Sentence("Slack account {account}", account=handle.slack_user)


def strange_of(
    handle: Handle, person: Person, attempt: Attempt, why: str, decision: PolicyDecision | None
) -> Strange | None:
    """What the security channel must see of something that was refused in this visit, if anything."""
    account = person.account
    if why == "locked" or attempt.last:
        kind, severity = Kind.PAGE_LOCKOUT, Severity.HIGH
    elif (handle.purpose == Purpose.LINK and why in ("unknown", "taken")) or why == "other_person":
        kind, severity = Kind.IDENTITY_MISMATCH, Severity.MEDIUM
    elif why == "mail_moved":
        kind, severity = Kind.ADDRESS_CHANGED, Severity.HIGH
    elif why in ("mail_changed", "not_linked", "other_subject"):
        kind, severity = Kind.IDENTITY_MISMATCH, Severity.HIGH
    elif decision is not None and decision.errors:
        return broken_policy(decision, who=who_is_behind(handle, account), correlation=handle.id)
    elif decision is not None and decision.severity is not None:
        kind, severity = Kind.REFUSED_SELF_SERVICE, Severity(decision.severity)
    else:
        return None
    return Strange(
        kind=kind,
        severity=severity,
        who=who_is_behind(handle, account),
        cause=f"{handle.directory}:{counted_as(handle)}",
        correlation=handle.id,
        facts={
            "directory": handle.directory,
            "account": handle.account,
            "slack_user": handle.slack_user,
            "door": bool(handle.door),
            "purpose": handle.purpose,
            "reason": _REASONS.get(why, why),
            "reasons": list(decision.reasons) if decision else [],
            "policies": list(decision.policy_ids) if decision else [],
            "wrong_in_a_row": attempt.number,
            "until_lifted": attempt.until_lifted,
            **_moved(person),
        },
    )
