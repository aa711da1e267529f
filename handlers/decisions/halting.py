"""Who may stop things at once, and whose words lift an emergency stop: facts in, answers out.

Pure. A stop only takes away, so it asks for no fresh proof; that two people lift it is what keeps it honest.
"""

from storage.directories.base import Account
from storage.sentences import template

NEEDED = 2
"""So many people of the security team lift an emergency stop."""

NOT_SECURITY = template("Only people of the security team can do this. If you saw something, tell them now.")
NOT_THEIR_WORK = template(
    "Exceptions are the security team's work. If you know something about this one, tell them."
)
ABOUT_YOU = template("This one is about you, so somebody else of the security team takes it.")
_NOT_ON_THE_TEAM = template("They are not on the security team.")
_OF_SOMEBODY_ELSE = {
    NOT_SECURITY: _NOT_ON_THE_TEAM,
    NOT_THEIR_WORK: _NOT_ON_THE_TEAM,
    ABOUT_YOU: template("It is about them, so somebody else of the security team takes it."),
}
NOT_EMPLOYED = template("Contractors do not decide about access.")
REPORTED = template(
    "It was reported that somebody else is in this account. Nothing is asked, given or decided before security lifts "
    "that."
)


def as_security_reads(reason: str) -> str:
    """The same, where it is about somebody else than whoever reads it."""
    return _OF_SOMEBODY_ELSE.get(reason, reason)


def why_not(account: Account, *, of_security: bool, reported: bool, otherwise: str = NOT_SECURITY) -> str:
    """Why this person may not act for security; "" if they may. account: as the directory has them now.

    otherwise: what whoever is not of security hears.
    """
    if not of_security or not account.active:
        return otherwise
    if account.employment != "employee":
        return NOT_EMPLOYED
    return REPORTED if reported else ""
