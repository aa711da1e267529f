"""The facts that are looked up only where a policy reads them: as Cedar takes them, or in words where unknown.

It looks nothing up, and never fills in what is unknown (A-10).
"""

from collections.abc import Iterator, Mapping

from handlers.decisions.circumstances import Hours
from handlers.decisions.delegated import DelegateQuestion
from handlers.decisions.emergency_questions import EmergencyReviewQuestion
from handlers.decisions.help_questions import HelpQuestion
from handlers.decisions.policy import (
    AccessQuestion,
    AccountQuestion,
    AttestQuestion,
    DriftQuestion,
    Question,
    VouchQuestion,
)
from handlers.decisions.reading import Read
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.sentences import Sentence, template

FACT_MISSING = "fact-missing"
"""The id on the record when a policy came to a fact that is unknown."""

_NOT_KNOWN = {
    "location": template(
        "I could not find out the location of {name}, and a policy asks for it. "
        "Ask the IT desk to enter it in the directory."
    ),
    "environment": template(
        "I could not find out the environment that the service account {name} belongs to, and a policy asks for it. "
        "Ask the IT desk to enter it in the directory."
    ),
    "workload": template(
        "I could not find out the workload that the service account {name} belongs to, and a policy asks for it. "
        "Ask the IT desk to enter it in the directory."
    ),
}
_NOT_SURE = template(
    "I could not find out what {name} has in another directory, and a policy asks for it. Ask the IT desk about it."
)
_NOT_COUNTED = template("I could not find out how many grants {name} has, and a policy asks for it.")
_NO_HOURS = template(
    "I could not find out whether it is within business hours, and a policy asks for it: the settings do not say "
    "when they are."
)


def of_account(account: Account) -> Mapping[str, str]:
    """Those of these facts that are known of this account."""
    return {fact: said for fact in _NOT_KNOWN if (said := getattr(account, fact))}


def around(question: Question, asked: frozenset[str], hours: Hours | None) -> dict[str, object]:
    """Those of the facts asked for that are known beside the people, for the context."""
    found: dict[str, object] = {}
    if "local" in asked and hours is not None:
        here = hours.local(question.now)
        found["local"] = {
            "businessHours": hours.within(question.now),
            "hour": here.hour,
            "weekday": here.isoweekday(),
        }
    if not isinstance(question, AccessQuestion | DriftQuestion):
        return found
    if "conflicts" in asked and (conflicts := conflicts_of(question)) is not None:
        found["conflicts"] = conflicts
    if not isinstance(question, AccessQuestion):
        return found
    if "workloadEnvironments" in asked and (environments := _environments_of(question)) is not None:
        found["workloadEnvironments"] = environments
    having = question.having
    if "openGrants" in asked and having is not None and having.open_grants is not None:
        found["openGrants"] = having.open_grants
    return found


def conflicts_of(question: AccessQuestion | DriftQuestion) -> list[str] | None:
    """What they have that conflicts with what they ask for, by id; None if that is unknown."""
    if not question.entitlement.conflicts_with:
        return []
    beside = _beside(question)
    apart = question.entitlement.conflicts_with
    return None if beside is None else sorted(one.id for one in beside if one.id in apart)


def unknown(question: Question, hours: Hours | None) -> Mapping[Read, str]:
    """The facts of this question that are unknown, whether any policy asks for them or not, in words."""
    found: dict[Read, str] = {}
    for whose, account in _people(question):
        for fact in _NOT_KNOWN:
            if not getattr(account, fact):
                found[whose, fact] = Sentence(_NOT_KNOWN[fact], name=account.name)
    if hours is None:
        found["context", "local"] = Sentence(_NO_HOURS)
    if isinstance(question, AccessQuestion):
        name = question.holder.name
        if conflicts_of(question) is None:
            found["context", "conflicts"] = Sentence(_NOT_SURE, name=name)
        if _environments_of(question) is None:
            found["context", "workloadEnvironments"] = Sentence(_NOT_SURE, name=name)
        if question.having is None or question.having.open_grants is None:
            found["context", "openGrants"] = Sentence(_NOT_COUNTED, name=name)
    elif isinstance(question, DriftQuestion) and question.member and conflicts_of(question) is None:
        found["context", "conflicts"] = Sentence(_NOT_SURE, name=question.member.name)
    return found


def _people(question: Question) -> Iterator[tuple[str, Account]]:
    yield "principal", question.principal
    match question:
        case AccessQuestion():
            yield "context.requester", question.requester
            if question.report is not None:
                yield "context.report", question.report
        case (
            AccountQuestion()
            | AttestQuestion()
            | VouchQuestion()
            | EmergencyReviewQuestion()
            | HelpQuestion()
        ):
            yield "resource", question.target
        case DriftQuestion(member=Account() as member):
            yield "context.member", member
        case DelegateQuestion(delegate=Account() as delegate):
            yield "context.delegate", delegate


def _environments_of(question: AccessQuestion) -> list[str] | None:
    """The environments in which they have something of the same workload; None if that is unknown."""
    workload = question.entitlement.workload
    if not workload:
        return []
    beside = _beside(question)
    return None if beside is None else sorted({one.environment for one in beside if one.workload == workload})


def _beside(question: AccessQuestion | DriftQuestion) -> tuple[Entitlement, ...] | None:
    return None if question.having is None else question.having.beside
