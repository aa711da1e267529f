"""What a person may say of an exception, by what its row holds: that it is over, that it is not, that it is not theirs.

Facts in, answers out; who is of security is asked elsewhere.
"""

from handlers.exceptions.strange import DECIDED_BY_BUTTONS, named
from handlers.ground import Ground
from storage.directories.base import Account
from storage.exceptions import is_over
from storage.floods import Told
from storage.records import ExceptionRecord
from storage.states import BY_PEOPLE


def can_be_resolved(ground: Ground, row: ExceptionRecord) -> bool:
    """Whether a person may say that it is over: not while buttons of its own decide that, and still can."""
    entitlement = row.facts.get("entitlement")
    is_gone = entitlement is not None and entitlement not in ground.catalogue.entitlements
    return row.kind not in DECIDED_BY_BUTTONS or is_gone


def can_be_reopened(row: ExceptionRecord) -> bool:
    """Whether it is a person's word alone that says that it is over."""
    return row.resolution in BY_PEOPLE and not is_over(row)


def is_about(row: Told, account: Account) -> bool:
    """Whether an exception is about this person, as far as it names one: nobody works on their own (R-1).

    Whose ids stand in a cause is kept with the row: names change, and of two who approve each other one is `who`.
    """
    ids = (row.correlation, row.facts.get("member"), row.facts.get("account"), *row.cause.split(":"))
    return account.id in ids or row.who in (named(account.name, account.login), account.name)
