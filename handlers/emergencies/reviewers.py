"""Who may review an emergency, and whose eligibility for another has lapsed: people looked up live, policy asked.

It changes nothing. What a directory does not say in time is unknown, and refuses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from sqlmodel import Session

from handlers.decisions.emergency_questions import EmergencyReviewQuestion
from handlers.decisions.emergency_reviews import Finding, Followed, Lapse, due_of, lapse_of, may_review
from handlers.decisions.made_up import NOBODY, SOMEBODY, left_catalogue
from handlers.decisions.policy import PolicyDecision, same_person
from handlers.ground import Ground
from handlers.patience import answering_within, few_at_a_time, in_time
from handlers.people.recently import recently
from handlers.questions.concerned import of_owner, of_security
from handlers.vouching.vouchers import is_above
from storage import emergency_reviews
from storage.directories.base import Account
from storage.faults import DirectoryUnavailable
from storage.records import Emergency

# Of each group so many are asked about, and so many are named: more names than anybody reads.
_MOST, _NAMED = 20, 4
# Nobody waits for the names, and a review is due in days: a busy directory may take its time.
_NAMED_WITHIN = 10.0
RESTORED: Literal["restored"] = "restored"
"""What policy is asked for whoever lets somebody again: it is no finding."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A reviewer and whom it is about, as their directories have them now.

    role: the reviewer's. oneself: both accounts are one person's. reports_to: the reviewer depends on the other,
    through however many.
    """

    reviewer: Account
    person: Account
    role: Literal["owner", "security"] | None
    oneself: bool
    reports_to: bool


class Took(Followed, Protocol):
    """What is needed of an emergency to weigh who may say something of it."""

    @property
    def directory(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def login(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def entitlement(self) -> str: ...


class Reviewers:
    """Weighs one person's word about what another did in an emergency."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self.days = ground, ground.emergencies.days

    async def standing(self, reviewer: Account, emergency: Took) -> Standing:
        """DirectoryUnavailable when a directory does not say."""
        return await self._standing(reviewer, await self.person(emergency), emergency.entitlement)

    async def person(self, emergency: Took) -> Account:
        """Whoever broke the glass, as their directory has them now; whoever is gone from it is switched off."""
        ground = self._ground
        if emergency.directory in ground.homes:
            found = await in_time(ground.home(emergency.directory).account(emergency.account))
            if found is not None:
                return found
        return replace(
            SOMEBODY, id=emergency.account, directory=emergency.directory, login=emergency.login,
            name=emergency.name, active=False,
        )  # fmt: skip

    def may(
        self, tx: Session, standing: Standing, emergency: Took, finding: Finding | Literal["restored"]
    ) -> PolicyDecision:
        """Policy's answer about this person saying so of it."""
        ground, now = self._ground, self._ground.now()
        entitlement = ground.catalogue.entitlements.get(emergency.entitlement) or left_catalogue(
            emergency.entitlement
        )
        owner = ground.catalogue.owners.get(entitlement.owner) or NOBODY
        return may_review(
            ground.policy,
            EmergencyReviewQuestion(
                principal=standing.reviewer,
                target=standing.person,
                entitlement=entitlement,
                owner=owner,
                role=standing.role,
                finding=finding.value if isinstance(finding, Finding) else finding,
                now=now,
                oneself=standing.oneself,
                reports_to=standing.reports_to,
                overdue=due_of(emergency, self.days) <= now,
                drill=emergency.drill,
                recently=recently(tx, ground.now, (standing.reviewer, standing.person)),
            ),
        )

    async def able(self, emergency: Emergency) -> Sequence[str]:
        """The names of a few who may review it now, its owner's team first; nobody where a directory does not say."""
        try:
            with answering_within(_NAMED_WITHIN):
                found = await in_time(self._able(emergency))
        except DirectoryUnavailable:
            return ()
        return [one.name for one in found[:_NAMED]]

    async def _able(self, emergency: Emergency) -> list[Account]:
        person = await self.person(emergency)
        standings = await few_at_a_time(
            lambda one: self._standing(one, person, emergency.entitlement), await self._candidates(emergency)
        )

        def allowed(tx: Session) -> list[Account]:
            asked = [one for one in standings if self.may(tx, one, emergency, Finding.JUSTIFIED).allowed]
            return [one.reviewer for one in sorted(asked, key=lambda one: one.role != "owner")]

        return await self._ground.database.glance(allowed)

    async def _candidates(self, emergency: Emergency) -> list[Account]:
        """Those of the owner's team and of security, in the directory that whoever it is about signs in from."""
        ground = self._ground
        owner = ground.owner(emergency.entitlement)
        groups = dict.fromkeys([*([owner.approvers, owner.on_call] if owner else []), ground.security_group])
        if emergency.directory not in ground.homes:
            return []
        home, ids = ground.home(emergency.directory), dict[str, None]()
        for group in filter(None, groups):
            found = await home.group(group)
            ids |= dict.fromkeys(sorted(found.members)[:_MOST] if found else ())
        accounts = await few_at_a_time(home.account, ids)
        return [one for one in accounts if one is not None and one.active]

    async def _standing(self, reviewer: Account, person: Account, entitlement: str) -> Standing:
        ground = self._ground
        role: Literal["owner", "security"] | None = None
        if of_security(ground, reviewer):
            role = "security"
        elif of_owner(ground, reviewer, entitlement):
            role = "owner"
        home = ground.home(reviewer.directory)
        return Standing(
            reviewer=reviewer, person=person, role=role, oneself=same_person(reviewer, person),
            reports_to=await in_time(is_above(home, person, reviewer)),
        )  # fmt: skip


async def lapse(ground: Ground, account: Account) -> Lapse | None:
    """Why this person cannot break the glass, if so: what any account of theirs left open counts (B-3, R-1).

    What the record tells of and the table does not have, as Wicket wrote it, was not reviewed. DirectoryUnavailable
    where it could be somebody else's, and nobody can say.
    """
    found, lost = await ground.database.read(
        lambda tx: (emergency_reviews.unsettled(tx), emergency_reviews.all_lost(tx).keys())
    )
    now, days = ground.now(), ground.emergencies.days
    theirs = [
        one for one in found if lapse_of([one], now, days) and await _is_of(ground, account, one)
    ]  # fmt: skip
    left_open = lapse_of(theirs, now, days)
    if left_open is None and any([await _could_be_of(ground, account, one) for one in lost]):
        return Lapse.OVERDUE
    return left_open


async def _could_be_of(ground: Ground, account: Account, other: str) -> bool:
    """Whether an account of this id, in whatever home, is this person's: the record names no directory."""
    if other == account.id:
        return True
    found = [await in_time(home.account(other)) for home in ground.homes.values()]
    return any(one is not None and same_person(account, one) for one in found)


async def _is_of(ground: Ground, account: Account, emergency: Emergency) -> bool:
    if (emergency.directory, emergency.account) == (account.directory, account.id):
        return True
    if emergency.directory not in ground.homes:
        return False
    other = await in_time(ground.home(emergency.directory).account(emergency.account))
    return other is not None and same_person(account, other)
