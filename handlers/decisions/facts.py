"""A question in the shape Cedar takes: a request and the entities it is about, nothing else.

It never looks anything up. It never passes null or fractions, which Cedar refuses, nor Cedar text, which a
name could forge.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, TypeAlias

from handlers.decisions.circumstances import RESET_IS_RECENT, Hours, Recently
from handlers.decisions.delegated import DelegateQuestion
from handlers.decisions.emergency_questions import EmergencyQuestion, EmergencyReviewQuestion
from handlers.decisions.help_questions import HelpQuestion
from handlers.decisions.policy import (
    AccessQuestion,
    AccountQuestion,
    AttestQuestion,
    DriftQuestion,
    Question,
    ResumeQuestion,
    VouchQuestion,
)
from handlers.decisions.reading import Read, facts_in, literal
from handlers.decisions.statements import PolicyNote
from handlers.decisions.unknown import around, of_account
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

Json: TypeAlias = dict[str, Any]
"""JSON without null and without fractions."""

_GROUPS = "groups"
_About: TypeAlias = Account | Entitlement | Owner | Json


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The facts that policies read, by name. of_entities: for any action. in_context: for the one that is asked.

    texts: what policies that read groups write out: by these names too whoever is in such a group is in it.
    """

    of_entities: frozenset[str]
    in_context: frozenset[str]
    texts: frozenset[str] = frozenset()


def put(question: Question, wanted: Wanted, hours: Hours | None = None) -> tuple[Json, list[Json]]:
    """A question as Cedar's request and the few entities it is about; ValueError if its time has no zone.

    What questions have in common stands in front, and who asks or clicks at the end. What no policy reads is left out,
    since Cedar reads and checks all that it is given; so is what is unknown.
    """

    resource, context, about = _asked(question)
    names = wanted.texts.union(*map(_groups_of, about)) if _GROUPS in wanted.of_entities else wanted.texts
    entities = _distinct(*(_entity(one, question.recently, names) for one in about))
    context |= {"now": _moment(question), **around(question, wanted.in_context, hours)}
    if (role := _role_in(question)) is not None:
        context["role"] = role
    request = {
        "principal": _uid("Account", question.principal.id),
        "action": _uid("Action", question.action.value),
        "resource": resource,
        "context": _only(context, wanted.in_context),
    }
    return request, [{**one, "attrs": _only(one["attrs"], wanted.of_entities)} for one in entities]


def _role_in(question: Question) -> str | None:
    """The role in which it is asked; None in those about which nobody has any."""
    if isinstance(question, AccountQuestion | EmergencyQuestion | HelpQuestion):
        return None
    return question.role


def _asked(question: Question) -> tuple[dict[str, str], Json, list[_About]]:
    """What it is about, the context, and who and what its facts speak of: first whoever asks."""
    who = question.principal
    match question:
        case AccountQuestion():
            return _uid("Account", question.target.id), _account_context(question), [who, question.target]
        case AttestQuestion():
            return _uid("Account", question.target.id), _attest_context(question), [question.target, who]
        case HelpQuestion():
            return _uid("Account", question.target.id), _help_context(question), [who, question.target]
        case VouchQuestion():
            return _uid("Account", question.target.id), _vouch_context(question), [who, question.target]
        case ResumeQuestion():
            service = _uid("Service", "wicket")
            whole = {"uid": service, "attrs": {"name": "Wicket"}, "parents": []}
            return service, {"kind": question.kind}, [who, whole]
        case EmergencyReviewQuestion():
            about: list[_About] = [who, question.target, question.entitlement, question.owner]
            return _uid("Account", question.target.id), _review_context(question), about
    resource = _uid("Entitlement", question.entitlement.id)
    things: list[_About] = [question.entitlement, question.owner]
    match question:
        case EmergencyQuestion():
            return resource, _emergency_context(question), [who, *things]
        case DelegateQuestion():
            delegate = [question.delegate] if question.delegate else []
            return resource, _delegate_context(question), [who, *delegate, *things]
        case DriftQuestion():
            member = [question.member] if question.member else []
            return resource, _drift_context(question), [who, *member, *things]
        case AccessQuestion():
            report = [question.report] if question.report else []
            return resource, _access_context(question), [who, question.requester, *report, *things]


def texts_about_groups(notes: Iterable[PolicyNote]) -> frozenset[str]:
    """What those of these policies write out that read somebody's groups."""
    return frozenset[str]().union(
        *(note.texts for note in notes if any(fact == _GROUPS for _, fact in note.reads))
    )


def _groups_of(one: _About) -> tuple[str, ...]:
    """The groups that the catalogue names, so that policies compare them with somebody's."""
    match one:
        case Entitlement():
            return (one.group, *one.break_glass)
        case Owner():
            return (one.approvers, one.on_call)
    return ()


def _entity(one: _About, recently: Recently, names: Collection[str]) -> Json:
    match one:
        case Account():
            return _account(one, recently, names)
        case Entitlement():
            return _entitlement(one)
        case Owner():
            return _owner(one)
    return one


def put_whole(question: Question, schema: str) -> tuple[Json, list[Json]]:
    """The same with every known fact that the schema has, for whoever looks at them."""
    every = facts_in(schema)
    return put(question, Wanted(of_entities=every, in_context=every))


def value_of(read: Read, request: Json, entities: Sequence[Json]) -> str | None:
    """The value of a fact in a question as `put` gives it, in the writing of `literal`; None if it is not there."""
    whose, fact = read
    if whose == "context":
        facts = request["context"]
    else:
        uid = request[whose]
        if not fact:
            return literal({"__entity": uid})
        facts = next((one["attrs"] for one in entities if one["uid"] == uid), {})
    return literal(facts[fact]) if fact in facts else None


def _only(facts: Json, wanted: frozenset[str]) -> Json:
    return {name: fact for name, fact in facts.items() if name in wanted}


def _access_context(question: AccessQuestion) -> Json:
    context: Json = {
        "requester": {"__entity": _uid("Account", question.requester.id)},
        "minutes": question.minutes,
        "justificationGiven": question.justification_given,
        "ticketGiven": question.ticket_given,
        "approvals": {
            "owner": question.approvals.owner,
            "security": question.approvals.security,
            "manager": question.approvals.manager,
            "total": question.approvals.total,
        },
        "heldMinutes": question.held + question.minutes,
        "extends": question.held > 0,
        "standsIn": question.stands_in,
        "onCall": question.on_call,
        "way": question.way,
        "rationaleGiven": question.rationale_given,
        "codeRetyped": question.code_retyped,
        "authorityCounted": question.authority_counted,
    }
    if (delegated := question.delegated) is not None:
        context["delegated"] = {
            "maxRisk": delegated.max_risk,
            "maxMinutes": delegated.max_minutes,
            "standing": delegated.standing,
            "ofRequester": delegated.of_requester,
        }
    if question.proof is not None:
        context["proof"] = {"kinds": sorted(question.proof.kinds), "seconds": question.proof.seconds}
    if question.report is not None:
        context["report"] = {"__entity": _uid("Account", question.report.id)}
    return context


def _account_context(question: AccountQuestion) -> Json:
    return {
        "proofs": sorted(question.proofs),
        "unlocksToday": question.unlocks_today,
        "attested": {
            "security": question.attested.security,
            "helpDesk": question.attested.help_desk,
            "manager": question.attested.manager,
            "total": question.attested.total,
        },
    }


def _attest_context(question: AttestQuestion) -> Json:
    return {
        "kind": question.kind,
        "way": question.way,
        "proofs": sorted(question.proofs),
        "isReport": question.is_report,
        "addressMoved": question.moved,
        "petitionedLately": question.petitioned,
    }


def _drift_context(question: DriftQuestion) -> Json:
    context: Json = {"way": question.way, "minutes": question.minutes, "onCall": question.on_call}
    if question.member is not None:
        context["member"] = {"__entity": _uid("Account", question.member.id)}
    return context


def _delegate_context(question: DelegateQuestion) -> Json:
    context: Json = {
        "maxRisk": question.max_risk,
        "maxMinutes": question.max_minutes,
        "hours": question.hours,
        "oneself": question.oneself,
    }
    if question.delegate is not None:
        context["delegate"] = {"__entity": _uid("Account", question.delegate.id)}
    return context


def _emergency_context(question: EmergencyQuestion) -> Json:
    return {
        "minutes": question.minutes,
        "incidentGiven": question.incident_given,
        "incidentOver": question.incident_over,
        "reasonGiven": question.reason_given,
        "drill": question.drill,
        "proofs": sorted(question.proofs),
        "openOfPerson": question.open_of_person,
        "openInAll": question.open_in_all,
        "mostOfPerson": question.most_of_person,
        "mostInAll": question.most_in_all,
        "again": question.again,
        "eligibilityLapsed": question.eligibility_lapsed,
        "toldSecurity": question.told_security,
        "toldOutside": question.told_outside,
        "enoughAlone": question.enough_alone,
    }


def _review_context(question: EmergencyReviewQuestion) -> Json:
    return {
        "entitlement": {"__entity": _uid("Entitlement", question.entitlement.id)},
        "oneself": question.oneself,
        "reportsTo": question.reports_to,
        "finding": question.finding,
        "rationaleGiven": question.rationale_given,
        "overdue": question.overdue,
        "drill": question.drill,
    }


def _vouch_context(question: VouchQuestion) -> Json:
    context: Json = {
        "spoken": question.spoken,
        "ticketGiven": question.ticket_given,
        "oneself": question.oneself,
        "reportsTo": question.reports_to,
        "moved": question.moved,
        "petitionedLately": question.petitioned,
        "hoursLinked": question.hours_linked,
        "proofs": sorted(question.proofs),
    }
    if question.days_since_return is not None:
        context["daysSinceReturn"] = question.days_since_return
    return context


def _help_context(question: HelpQuestion) -> Json:
    return {
        "serves": question.serves,
        "ticketGiven": question.ticket_given,
        "oneself": question.oneself,
        "reportsTo": question.reports_to,
        "actsLeft": question.acts_left,
        "leftForThem": question.left_for_them,
        "ticketLeft": question.ticket_left,
    }


def _moment(question: Question) -> Json:
    if question.now.utcoffset() is None:
        raise ValueError("`now` has no time zone")
    moment = question.now.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return {"__extn": {"fn": "datetime", "arg": f"{moment.isoformat()}Z"}}


def _uid(kind: str, name: str) -> dict[str, str]:
    # Given in parts, never as Cedar text, so that quotes and newlines in a name mean nothing.
    return {"type": kind, "id": name}


def _account(account: Account, recently: Recently, names: Collection[str]) -> Json:
    # Cedar compares letter by letter: a group is told by each of its names, or a `forbid` would pass over one.
    who = (account.directory, account.id)
    since = recently.hours_since_reset.get(who)
    attributes: Json = {
        "directory": account.directory,
        "employment": account.employment,
        "team": account.team,
        "company": account.company,
        "active": account.active,
        "locked": account.locked,
        "privileged": account.privileged,
        "groups": sorted(account.groups | account.names_among(names)),
        "recentReset": since is not None and since < RESET_IS_RECENT,
        "reported": who in recently.reported,
    }
    if since is not None:
        attributes["hoursSinceReset"] = since
    if account.manager is not None:
        attributes["manager"] = account.manager
    attributes |= of_account(account)
    return {"uid": _uid("Account", account.id), "attrs": attributes, "parents": []}


def _entitlement(entitlement: Entitlement) -> Json:
    attributes: Json = {
        "directory": entitlement.directory,
        "group": entitlement.group,
        "owner": {"__entity": _uid("Owner", entitlement.owner)},
        "risk": entitlement.risk,
        "environment": entitlement.environment,
        "kind": entitlement.kind,
        "maxMinutes": int(entitlement.max_duration.total_seconds() // 60),
        "standingAllowed": entitlement.standing_allowed,
        "people": entitlement.people,
        "workload": entitlement.workload,
        "breakGlass": list(entitlement.break_glass),
        "conflictsWith": list(entitlement.conflicts_with),
    }
    return {"uid": _uid("Entitlement", entitlement.id), "attrs": attributes, "parents": []}


def _owner(owner: Owner) -> Json:
    attributes: Json = {"approvers": owner.approvers}
    if owner.on_call:
        attributes["onCall"] = owner.on_call
    return {"uid": _uid("Owner", owner.id), "attrs": attributes, "parents": []}


def _distinct(*entities: Json) -> list[Json]:
    """Each entity once, the first if two differ: Cedar refuses two readings of one account. The last comes first."""
    by_name = {(entity["uid"]["type"], entity["uid"]["id"]): entity for entity in reversed(entities)}
    return list(by_name.values())
