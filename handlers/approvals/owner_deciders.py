"""Who can decide for an owner: its group looked up, and policy asked about each member with an ordinary request.

It reads directories live and changes nothing; nobody is told.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from handlers.decisions.policy import Approvals, PolicyEngine, Role, is_on_call, role_of, same_person
from handlers.decisions.prospects import ordinary_question
from handlers.decisions.requests import may_decide
from handlers.decisions.wanting import supposing
from storage.catalogue import Catalogue, Entitlement
from storage.directories.base import Account, Directory


@dataclass(frozen=True, kw_only=True)
class Deciders:
    """What the question needs. home_of: the directory that the people of another sign in from. now: aware UTC."""

    policy: PolicyEngine
    catalogue: Catalogue
    security_group: str
    home_of: Callable[[str], str]
    now: datetime

    def bodies(self) -> Mapping[tuple[str, str], list[Entitlement]]:
        """By owner and by the home of its approvers, what they decide about: their own, and what they stand in for."""
        found: dict[tuple[str, str], list[Entitlement]] = {}
        for one in self.catalogue.entitlements.values():
            fallback = self.catalogue.owner_of(one).fallback
            for owner in (one.owner, *([fallback] if fallback else [])):
                found.setdefault((owner, self.home_of(one.directory)), []).append(one)
        return found

    def who_may(
        self, wanted: Role, entitlements: Iterable[Entitlement], owner: str = ""
    ) -> Callable[[Account], bool]:
        """Whether an account may decide, in this role, about at least one of these, when somebody ordinary asks.

        owner: the id of whose approvers they are; of what is not its own they stand in.
        """
        asked = list(entitlements)

        def can(account: Account) -> bool:
            return any(self._may(account, wanted, one, owner) for one in asked)

        return can

    def _may(self, account: Account, wanted: Role, entitlement: Entitlement, body: str) -> bool:
        home = self.home_of(entitlement.directory)
        owner = self.catalogue.owner_of(entitlement)
        fallback = self.catalogue.owners.get(body) if body not in ("", owner.id) else None
        question = replace(ordinary_question(entitlement, owner, home=home, now=self.now), fallback=fallback)
        question = replace(question, on_call=is_on_call(account, question.requester, owner))
        role = role_of(account, question.requester, owner, self.security_group, fallback)
        # In stages it may be somebody else's turn first: that is no reason to say that nobody can decide.
        turns = (replace(question, approvals=one) for one in (Approvals(), Approvals(manager=1, security=1)))
        return role == wanted and any(
            may_decide(self.policy, supposing(one), account, role).allowed for one in turns
        )


async def first_able(
    directory: Directory, group: str, can: Callable[[Account], bool], most: int = 2
) -> list[Account] | None:
    """The first different people of this group who can decide; None if there is no such group."""
    found = await directory.group(group)
    if found is None:
        return None
    able: list[Account] = []
    for member in sorted(found.members):
        account = await directory.account(member)
        if account is None or not can(account) or any(same_person(account, one) for one in able):
            continue
        able.append(account)
        if len(able) == most:
            break
    return able
