"""Who said of a petition's person that it is them, and still may: looked up live, and policy asked about each again.

It keeps no count, and whoever cannot be found, or lost what they had, does not count.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from handlers.decisions.attested import Attested
from handlers.decisions.petitioning import may_attest
from handlers.decisions.policy import AttestQuestion, AttestWay, PolicyDecision, same_person
from handlers.decisions.standing import HelperRole, reports_to, role_towards
from handlers.exceptions.raising import broken_policy, cause_of, named, tell_security
from handlers.ground import Ground
from handlers.patience import CALL, few_at_a_time, in_time
from handlers.people.addresses import changed_lately, seen_now
from handlers.people.others import all_of
from handlers.people.recently import KNOWN_FOR, recently
from handlers.petitions.ends import BY_WICKET, record_about
from storage import addresses, petitions
from storage.directories.base import Account
from storage.exceptions import open_under
from storage.records import Attestation, Handle, Petition
from storage.states import PetitionState


@dataclass(frozen=True, kw_only=True)
class Two:
    """An approver and whose petition it is, as their directory has them now. is_report: the former depends on them."""

    approver: Account
    person: Account
    is_report: bool


@dataclass(frozen=True, kw_only=True)
class Count:
    """Who counts now. rows: what was counted over.

    broken: policy's answer, if it could not be evaluated for one of them.
    """

    attested: Attested
    rows: tuple[Attestation, ...]
    broken: PolicyDecision | None = None

    @classmethod
    def of_nobody(cls) -> "Count":
        """Nobody was counted."""
        return cls(attested=Attested(), rows=())


class StandingBy:
    """Counts the approvers of petitions."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def behind(self, handle: Handle) -> Attested | None:
        """For the secure page: who stands behind this visit; None if it is no petition's, or that one is over."""
        petition = await self._ground.database.read(lambda tx: petitions.look(tx, handle.id))
        if petition is None:
            return None
        if petition.state not in (PetitionState.APPROVED, PetitionState.OPEN):
            return Attested()
        account = await self._ground.home(petition.directory).account(petition.account)
        count = await self.count(petition, account) if account is not None else Count.of_nobody()
        if broken := count.broken:
            await self._ground.database.write(lambda tx: self._tell(tx, petition, broken))
        return count.attested

    async def count(self, petition: Petition, person: Account) -> Count:
        """Who counts, asked of the directory now. DirectoryUnavailable when it does not answer."""
        rows = tuple(
            await self._ground.database.read(lambda tx: list(petitions.attestations(tx, petition.id)))
        )
        home = self._ground.home(petition.directory)

        async def look(account: str) -> Two | None:
            approver = await home.account(account)
            return await self._two(approver, person) if approver is not None else None

        look_ups = few_at_a_time(look, [row.account for row in rows])
        found = await in_time(look_ups, otherwise=CALL.total_seconds())
        for two in found:
            await self._see(two)
        return await self._ground.database.read(lambda tx: self._count(tx, petition, rows, found))

    async def two(self, petition: Petition, approver: Account) -> Two | None:
        """Whoever clicks and whose petition it is; None if the directory does not know the latter any more."""
        person = await in_time(self._ground.home(petition.directory).account(petition.account))
        two = await in_time(self._two(approver, person)) if person is not None else None
        await self._see(two)
        return two

    def ask(
        self, tx: Session, petition: Petition, two: Two, way: AttestWay, proofs: frozenset[str]
    ) -> PolicyDecision:
        """Whether this approver may decide so about this person."""
        return may_attest(self._ground.policy, self.question(tx, petition, two, way, proofs))

    def question(
        self, tx: Session, petition: Petition, two: Two, way: AttestWay, proofs: frozenset[str]
    ) -> AttestQuestion:
        """The question, with the facts of now."""
        ground, at, approver, person = self._ground, self._ground.now(), two.approver, two.person
        seen = addresses.known(tx, approver.directory, [approver.id]).get(approver.id)
        return AttestQuestion(
            principal=approver,
            target=person,
            kind=petition.kind,
            way=way,
            role=self.role(approver, person),
            now=at,
            proofs=proofs,
            is_report=two.is_report,
            moved=changed_lately(approver, seen, at) is not None,
            petitioned=petitions.opened_since(tx, approver.directory, approver.id, at - KNOWN_FOR),
            recently=recently(tx, ground.now, (approver, person)),
        )

    def _tell(self, tx: Session, petition: Petition, broken: PolicyDecision) -> None:
        """Once: the page asks at each step."""
        strange = broken_policy(
            broken, who=named(petition.name, petition.login), correlation=petition.id
        )  # fmt: skip
        if not open_under(tx, cause_of(strange.kind, strange.cause)):
            at = self._ground.now()
            record_about(
                tx, petition, "petition.not_weighed", "refused", BY_WICKET, at, decision=broken
            )  # fmt: skip
            tell_security(tx, at, strange)

    def role(self, approver: Account, person: Account) -> HelperRole | None:
        """The one role in which this approver counts, if any."""
        ground = self._ground
        return role_towards(
            approver, person, security_group=ground.security_group, help_desk=ground.help_desk
        )  # fmt: skip

    async def _two(self, approver: Account, person: Account) -> Two:
        """Whoever has the person for a manager depends on them, by whatever accounts of the two (R-1)."""
        if approver.directory != person.directory:  # then they are nothing to each other
            return Two(approver=approver, person=person, is_report=False)
        home = self._ground.home(person.directory)
        # At once, for somebody waits for it with a click open.
        by, of = await asyncio.gather(*(all_of(home, one) for one in (approver, person)))
        return Two(
            approver=approver,
            person=person,
            is_report=any(reports_to(one, other) for one in by for other in of),
        )

    async def _see(self, two: Two | None) -> None:
        """Notice a mail address of the approver that is news."""
        if two is not None:
            await seen_now(self._ground.database, two.approver, self._ground.now())

    def _count(
        self, tx: Session, petition: Petition, rows: Sequence[Attestation], found: Sequence[Two | None]
    ) -> Count:
        counted: list[tuple[Account, str]] = []
        broken: PolicyDecision | None = None
        for row, two in zip(rows, found, strict=True):
            question = (
                self.question(tx, petition, two, "approve", frozenset({row.proof}))
                if two is not None
                else None
            )
            decision = may_attest(self._ground.policy, question) if question is not None else None
            broken = decision if decision is not None and decision.errors else broken
            if two is None or question is None or question.role is None:
                continue
            is_new = not any(same_person(two.approver, other) for other, _ in counted)
            if decision is not None and decision.allowed and is_new:
                counted.append((two.approver, question.role))
        attested = Attested.of(role for _, role in counted)
        return Count(attested=attested, rows=tuple(rows), broken=broken)
