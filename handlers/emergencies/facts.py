"""The facts that an emergency rests on, live: who it is, what else is open, and what policy is asked with them.

It changes nothing; whoever asks policy asks anew before each step (promise 3).
"""

from dataclasses import dataclass

from sqlmodel import Session

from handlers.decisions.counterparts import Counterpart, NoCounterpart, Reason
from handlers.decisions.emergencies import is_reason, may_break, on_the_list, supposing
from handlers.decisions.emergency_questions import EmergencyQuestion, Fallback
from handlers.decisions.policy import PolicyDecision, Severity, refusal, same_person
from handlers.emergencies.reviewers import lapse
from handlers.ground import Ground
from handlers.patience import few_at_a_time
from handlers.people.counterparts import find_target
from handlers.people.recently import recently
from storage import emergencies
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.faults import NotKnownHere
from storage.records import Emergency
from storage.states import EmergencyState

NO_ACCOUNT = "no-account"
"""The id on the record where it is not certain which account would get it, or nobody has one."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """Who it is now, the account that would get it, and what it is. lapsed: a review of theirs is missing (B-3).

    accounts: the ids of this one, and of theirs in the same directory by which somebody broke the glass lately (R-1).
    """

    account: Account
    accounts: frozenset[str]
    target: Counterpart
    entitlement: Entitlement
    lapsed: bool


def theirs_in_an_emergency(ground: Ground, account: Account) -> list[Entitlement]:
    """What this account may take so by its groups, which are those of its own directory."""
    return [
        one for one in on_the_list(ground.catalogue, account)
        if ground.home_of(one.directory) == account.directory
    ]  # fmt: skip


async def known_now(ground: Ground, emergency: Emergency) -> Known | None:
    """The facts of one that was asked before; None if the person or the entitlement is gone.

    DirectoryUnavailable if one that must be asked does not answer; NotKnownHere while other rules are rolled out.
    """
    entitlement = ground.catalogue.entitlements.get(emergency.entitlement)
    if entitlement is None and await ground.database.glance(ground.is_behind):
        raise NotKnownHere
    account = await ground.home(emergency.directory).account(emergency.account)
    if entitlement is None or account is None:
        return None
    return await known_of(ground, account, entitlement)


async def known_of(ground: Ground, account: Account, entitlement: Entitlement) -> Known:
    """The facts of this person. Groups of another directory that are called the same are another's."""
    if account.directory != ground.home_of(entitlement.directory):
        target: Counterpart = NoCounterpart(
            reason=Reason.ELSEWHERE, directory=entitlement.directory, home=account.directory
        )
    else:
        target = await find_target(ground, account, entitlement.directory)
    lapsed = await lapse(ground, account) is not None
    accounts = await _accounts_of(ground, account)
    return Known(account=account, accounts=accounts, target=target, entitlement=entitlement, lapsed=lapsed)


async def _accounts_of(ground: Ground, account: Account) -> frozenset[str]:
    """Whoever takes something in an emergency signs in from one directory, so no other one need answer for it."""
    since = ground.now() - ground.emergencies.again_after
    lately = await ground.database.glance(
        lambda tx: emergencies.accounts_since(tx, account.directory, since) - {account.id}
    )
    found = await few_at_a_time(ground.home(account.directory).account, sorted(lately))
    theirs = (one.id for one in found if one is not None and same_person(account, one))
    return frozenset((account.id, *theirs))


def question_of(tx: Session, ground: Ground, known: Known, emergency: Emergency) -> EmergencyQuestion:
    """What it puts to policy, by what is so now. The row need not be kept yet."""
    rules, now = ground.emergencies, ground.now()
    # What is only practised takes no place from anything real.
    others = [
        one for one in emergencies.gives(tx) if one.id != emergency.id and (emergency.drill or not one.drill)
    ]
    return EmergencyQuestion(
        principal=known.account,
        entitlement=known.entitlement,
        owner=ground.catalogue.owner_of(known.entitlement),
        minutes=emergency.minutes,
        now=now,
        incident_given=emergency.drill or rules.incident(emergency.incident) == emergency.incident,
        incident_over=not emergency.drill and _is_over(tx, emergency, {one.id for one in others}),
        reason_given=is_reason(emergency.reason),
        drill=emergency.drill,
        proofs=frozenset(emergency.proved_by.split()),
        open_of_person=sum(
            one.directory == emergency.directory and one.account in known.accounts for one in others
        ),
        open_in_all=len(others),
        most_of_person=rules.most_of_person,
        most_in_all=rules.most_in_all,
        again=_is_again(tx, ground, known, emergency),
        eligibility_lapsed=known.lapsed,
        told_security=emergency.told_security_at is not None,
        told_outside=emergency.told_outside_at is not None,
        enough_alone=rules.fallback,
        recently=recently(tx, ground.now, (known.account,)),
    )


def nobodys(ground: Ground, target: NoCounterpart) -> PolicyDecision:
    """The answer where there is no account to give it to; policy does not hear of accounts elsewhere."""
    severity: Severity = "medium" if target.is_uncertain else "low"
    return refusal(ground.policy, NO_ACCOUNT, target.advice, severity)


def decision_of(
    tx: Session, ground: Ground, known: Known, emergency: Emergency, *, suppose: bool = False
) -> PolicyDecision:
    """Policy's answer as things are now. suppose: that they proved who they are, and that everybody has heard."""
    if isinstance(known.target, NoCounterpart):
        return nobodys(ground, known.target)
    question = question_of(tx, ground, known, emergency)
    return may_break(ground.policy, supposing(question) if suppose else question)


def enough_alone(emergency: Emergency, fallback: Fallback) -> Fallback | str:
    """The fallback that it rests on, if it needs one; "" if both were told."""
    both = emergency.told_security_at is not None and emergency.told_outside_at is not None
    return "" if both else fallback


def _is_over(tx: Session, emergency: Emergency, ongoing: set[str]) -> bool:
    """Whether the incident was used before and nothing of it lasts: several people may work on one that goes on."""
    if emergency.state == EmergencyState.GRANTED:  # it goes on by this one
        return False
    used = [one.id for one in emergencies.granted_for(tx, emergency.incident) if one.id != emergency.id]
    return bool(used) and ongoing.isdisjoint(used)


def _is_again(tx: Session, ground: Ground, known: Known, emergency: Emergency) -> bool:
    """Whether they had the same a short while ago, by any account of theirs.

    What was only practised stands in the way of nothing real.
    """
    place = (known.entitlement.directory, known.entitlement.group)
    last = emergencies.last_granted(tx, emergency, known.accounts, place=place, drills=emergency.drill)
    if last is None or last.ends_at is None:
        return False
    return ground.now() < last.ends_at + ground.emergencies.again_after
