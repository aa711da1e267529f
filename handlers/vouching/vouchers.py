"""Who somebody is to the person they vouch for, looked up live; and whether their word still counts when it is used.

It asks policy and changes nothing. What a directory does not say in time is unknown, and refuses.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision, VouchQuestion, same_person
from handlers.decisions.standing import roles_towards
from handlers.decisions.vouching import POLICY_BROKEN, VouchRole, role_in
from handlers.exceptions.raising import broken_policy, cause_of, tell_security
from handlers.ground import Ground
from handlers.patience import in_time
from handlers.people.addresses import changed_lately, seen_now
from handlers.people.others import all_of
from handlers.people.recently import KNOWN_FOR, recently
from storage import links, petitions, vouchings
from storage.directories.base import Account, Directory
from storage.exceptions import open_under
from storage.handles import handle_by_id
from storage.records import Vouching

# As deep as companies go; further up nobody is anybody's boss.
_MOST_LEVELS = 12


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Two people as their directory has them now. reports_to: the voucher depends on the person, however far up.

    moved: the voucher's address is new. by, of: the ids of all accounts that each of the two has where they are, since
    who vouches in return is a person and no account (R-1).
    """

    voucher: Account
    person: Account
    role: VouchRole | None
    oneself: bool
    reports_to: bool
    moved: bool
    by: frozenset[str]
    of: frozenset[str]


class Vouchers:
    """Weighs one person's word about another."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def standing(self, voucher: Account, person: Account) -> Standing:
        """DirectoryUnavailable when the directory does not say."""
        ground = self._ground
        found = roles_towards(
            voucher, person, security_group=ground.security_group, help_desk=ground.help_desk
        )
        address = await seen_now(ground.database, voucher, ground.now())
        both = asyncio.gather(*(all_of(ground.home(one.directory), one) for one in (voucher, person)))
        by, of = [frozenset(one.id for one in theirs) for theirs in await in_time(both)]
        return Standing(
            voucher=voucher,
            person=person,
            role=role_in(found),
            oneself=same_person(voucher, person),
            reports_to=await in_time(is_above(ground.home(voucher.directory), person, voucher)),
            moved=changed_lately(voucher, address, ground.now()) is not None,
            by=by,
            of=of,
        )

    def question(
        self, tx: Session, standing: Standing, *, spoken: str, ticket_given: bool, proofs: Collection[str]
    ) -> VouchQuestion:
        """What is put to policy. proofs: those that the voucher has shown afresh, for this."""
        voucher, person, now = standing.voucher, standing.person, self._ground.now()
        linked = links.linked_at(tx, voucher.directory, voucher.id)
        returned = vouchings.last_word(
            tx, vouchers=standing.of, directory=voucher.directory, accounts=standing.by
        )
        return VouchQuestion(
            principal=voucher,
            target=person,
            role=standing.role,
            spoken=spoken,
            ticket_given=ticket_given,
            oneself=standing.oneself,
            reports_to=standing.reports_to,
            moved=standing.moved,
            petitioned=petitions.opened_since(tx, voucher.directory, voucher.id, now - KNOWN_FOR),
            hours_linked=_hours(linked, now) if linked is not None else 0,
            days_since_return=_hours(returned, now) // 24 if returned is not None else None,
            now=now,
            proofs=frozenset(proofs),
            recently=recently(tx, self._ground.now, (voucher, person)),
        )

    async def objection(self, row: Vouching, person: Account) -> str:
        """Why a word that was given counts no more, as policy has it now; "" if it does. For the record."""
        voucher = await in_time(self._ground.home(row.directory).account(row.voucher))
        if voucher is None or not voucher.active:
            return "voucher_gone"
        decision = await self.still(row, await self.standing(voucher, person))
        if decision.errors:
            await self._ground.database.write(lambda tx: self._tell(tx, row, decision))
            return POLICY_BROKEN
        return "" if decision.allowed else "voucher_lost"

    def _tell(self, tx: Session, row: Vouching, decision: PolicyDecision) -> None:
        """Once: the schedule asks again every few seconds."""
        broken = broken_policy(decision, who=row.voucher_name, correlation=row.handle)
        if not open_under(tx, cause_of(broken.kind, broken.cause)):
            tell_security(tx, self._ground.now(), broken)

    async def still(self, row: Vouching, standing: Standing) -> PolicyDecision:
        """Policy's answer of now about a word that was given before."""

        def work(tx: Session) -> PolicyDecision:
            shown = handle_by_id(tx, row.proof)
            question = self.question(
                tx, standing, spoken=row.spoken, ticket_given=bool(row.ticket),
                proofs=shown.proven if shown is not None else (),
            )  # fmt: skip
            return self._ground.policy.ask(question)

        return await self._ground.database.read(work)


def _hours(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds() // 3600))


async def is_above(directory: Directory, above: Account, below: Account) -> bool:
    """Whether one is the other's manager, or their manager's, and so on: by whatever accounts of the two (R-1).

    directory: the one that the other is in.
    """
    for one in await all_of(directory, below):
        if await _is_above(directory, above, one):
            return True
    return False


async def _is_above(directory: Directory, above: Account, below: Account) -> bool:
    seen, manager = {below.id}, below.manager
    for _ in range(_MOST_LEVELS):
        if manager is None or manager in seen:
            return False
        if (above.directory, above.id) == (below.directory, manager):
            return True
        seen.add(manager)
        found = await directory.account(manager)
        if found is not None and same_person(found, above):
            return True
        manager = found.manager if found is not None else None
    return False
