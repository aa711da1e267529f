"""Who decides about drift: the person asked about at every click, the wrong one turned away and told of.

What a decision does is in handlers.drift.ways; no directory is changed here.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import reduce
from typing import TypeVar

from sqlmodel import Session

from handlers.decisions.counterparts import number_of
from handlers.decisions.drift import Member, Way, is_wrong_person, may_reconcile, role_about
from handlers.decisions.freezing import MAKES_ACCESS, reason
from handlers.decisions.policy import DriftQuestion, PolicyDecision, Role, same_person
from handlers.drift.comparing import members_of, place_of
from handlers.drift.differences import is_in_group, member_of
from handlers.drift.ways import LONGEST_ADOPTION, Known, Open, Ways, together
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import Kind, tell_security, wrong_person
from handlers.ground import Ground
from handlers.intents import Reconcile
from handlers.outcomes import MayReconcile, NoLonger, NotAllowed, NotPossible, Reconciled, Repeated, Unknown
from handlers.patience import few_at_a_time, in_time
from handlers.people.counterparts import find_person
from handlers.people.recently import recently
from handlers.questions.concerned import some_approvers
from handlers.requests.beside import Elsewhere, find_elsewhere, having
from storage import deliveries, exception_work, holdings
from storage.catalogue import Entitlement
from storage.directories.base import Account, Directory
from storage.records import ExceptionRecord
from storage.sentences import Sentence
from storage.states import ExceptionState

T = TypeVar("T")

# What can be decided about which kind of exception.
WAYS: Mapping[Kind, frozenset[Way]] = {
    Kind.UNEXPLAINED: frozenset({Way.ADOPT, Way.REMOVE, Way.DECLARE}),
    Kind.VANISHED: frozenset({Way.GIVE_AGAIN, Way.END}),
    Kind.FOUND_STANDING: frozenset({Way.DECLARE}),
    Kind.REVIEW_DUE: frozenset({Way.DECLARE}),
}
Refused = NotAllowed | NotPossible | NoLonger | Unknown | Repeated

# So many of several are asked about at one click: each is a look-up, and whoever clicks waits for all of them.
MOST_AT_ONCE = 100


class Reconciling:
    """One transaction a click, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._ways = Ways(ground)

    async def consider(self, intent: Reconcile) -> MayReconcile | Refused:
        """Whether this person may decide so: asked when the form is about to open."""

        def work(tx: Session, found: Open) -> MayReconcile | Refused:
            self._ways.record(tx, intent, found, "drift.considered", "done")
            longest = min(found.entitlement.max_duration, LONGEST_ADOPTION)
            return MayReconcile(
                exception=found.row.id,
                way=intent.way,
                entitlement=found.entitlement.id,
                who=_whom(found.row),
                longest=int(longest.total_seconds() // 60),
                owner=found.entitlement.owner,
            )

        return await self._with_facts(intent, work)

    async def reconcile(self, intent: Reconcile) -> Reconciled | Refused:
        """Decide, once and for all of this difference."""

        def work(tx: Session, found: Open) -> Reconciled | Refused:
            refused = self._ways.take(tx, intent, found)
            return refused or Reconciled(way=intent.way)

        return await self._with_facts(intent, work)

    async def longest(self, exception: str) -> int | None:
        """For how many minutes at most what this exception tells of could be adopted; None if it is no such thing."""
        row, _, _ = await self._ground.database.read(lambda tx: self._row(tx, exception))
        entitlement = self._entitlement(row)
        if entitlement is None:
            return None
        return int(min(entitlement.max_duration, LONGEST_ADOPTION).total_seconds() // 60)

    async def _with_facts(
        self, intent: Reconcile, work: Callable[[Session, Open], T | Refused]
    ) -> T | Refused:
        facts = await in_time(self._facts(intent))

        def on(tx: Session) -> T | Refused:
            found = self._open(tx, intent, facts)
            return work(tx, found) if isinstance(found, Open) else found

        return await self._ground.database.write(on)

    async def _facts(self, intent: Reconcile) -> Known:
        row, fence, several = await self._ground.database.read(lambda tx: self._row(tx, intent.exception))
        entitlement = self._entitlement(row)
        if row is None or entitlement is None:
            return Known()
        directory = self._ground.directory(entitlement.directory)
        home = self._ground.home(self._ground.home_of(entitlement.directory))
        own, can = await asyncio.gather(
            self._own(intent.actor.account, directory),
            some_approvers(home, self._ground.catalogue.owner_of(entitlement)),
        )
        facts = Known(own=own, can=can)
        if row.facts.get("kind") != "account":
            group = await directory.group(entitlement.group)
            direct = members_of(group) if group else frozenset()
            present = "kind" not in row.facts or member_of(row) in direct
            accounts = await self._accounts(directory, sorted(several & direct)[:MOST_AT_ONCE])
            return replace(facts, direct=direct, present=present, accounts=accounts)
        member = str(row.facts.get("member"))
        account, membership = await asyncio.gather(
            directory.account(member), directory.membership(member, entitlement.group)
        )
        person = await find_person(self._ground, account) if account else None
        elsewhere = await find_elsewhere(self._ground, person, [entitlement]) if person else Elsewhere()
        return replace(
            facts, member=account, person=person, elsewhere=elsewhere, present=membership.present, fence=fence
        )

    async def _own(self, actor: Account, directory: Directory) -> frozenset[Member]:
        """The accounts in the directory that are, or may be, those of whoever clicks, and the groups that hold one."""
        alike = [actor] if actor.directory == directory.name else []
        if actor.mail.strip():
            alike += await directory.accounts_by_mail(actor.mail)
        if number := number_of(actor):
            alike += await directory.accounts_of(number)
        own = {Member(kind="account", id=one.id) for one in alike}
        return frozenset(own | {Member(kind="group", id=group) for one in alike for group in one.groups})

    async def _accounts(self, directory: Directory, members: Iterable[Member]) -> dict[str, Account | None]:
        """Those of these members that are accounts, as they are now: policy is asked about each."""
        ids = [one.id for one in members if one.kind == "account"]
        return dict(zip(ids, await few_at_a_time(directory.account, ids), strict=True))

    def _row(self, tx: Session, exception: str) -> tuple[ExceptionRecord | None, int | None, set[Member]]:
        """The exception, the fence of the holding that it is about, if there is one, and of several which they are."""
        row = exception_work.get(tx, exception)
        entitlement = self._entitlement(row)
        if row is None or entitlement is None:
            return row, None, set()
        place = place_of(entitlement)
        holding = holdings.of_account(tx, account=str(row.facts.get("member")), **place)
        several = together(tx, entitlement, Kind(row.kind), self._ground.now())
        return row, holding.fence if holding else None, several

    def _open(self, tx: Session, intent: Reconcile, facts: Known) -> Open | Refused:
        """The difference, if it can be decided so by this person; everything else is recorded."""
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        row = exception_work.get(tx, intent.exception, held=True)
        kind = Kind(row.kind) if row is not None else None
        if row is None or kind is None or intent.way not in WAYS.get(kind, ()):
            return turn_away_forged(tx, self._ground, intent, "drift.tampered", what="exception")
        entitlement = self._entitlement(row)
        if entitlement is None:
            self._ways.record_about(tx, intent, row, "drift.late", "refused")
            return Unknown(what="entitlement")
        role = role_about(
            intent.actor.account,
            self._ground.home_of(entitlement.directory),
            self._ground.catalogue.owner_of(entitlement),
            self._ground.security_group,
        )
        question = self._question(tx, intent, entitlement, role, facts)
        decision = self._may(row, question, facts)
        found = Open(
            row=row, kind=kind, entitlement=entitlement, question=question, decision=decision, role=role, facts=facts
        )  # fmt: skip
        if not decision.allowed and is_wrong_person(decision, role):
            return self._turn_away(tx, intent, found)
        if row.state == ExceptionState.RESOLVED:
            return self._ways.too_late(tx, intent, found)
        if not decision.allowed:
            return self._ways.not_possible(tx, intent, found, decision.reasons)
        if intent.way in MAKES_ACCESS and (halt := self._ground.stopped(tx)):
            return self._ways.not_possible(tx, intent, found, (reason(halt),))
        return found

    def _question(
        self, tx: Session, intent: Reconcile, entitlement: Entitlement, role: Role | None, facts: Known
    ) -> DriftQuestion:
        actor, owner = intent.actor.account, self._ground.catalogue.owner_of(entitlement)
        person = facts.person
        has = having(tx, self._ground, person, entitlement, facts.elsewhere) if person else None
        return DriftQuestion(
            principal=actor,
            entitlement=entitlement,
            owner=owner,
            member=facts.member,
            way=intent.way,
            minutes=intent.minutes if intent.way == Way.ADOPT else 0,
            role=role,
            now=self._ground.now(),
            on_call=actor.is_in(owner.on_call),
            recently=recently(tx, self._ground.now, (actor, facts.member)),
            having=has,
        )

    def _may(self, row: ExceptionRecord, question: DriftQuestion, facts: Known) -> PolicyDecision:
        same = question.member is not None and same_person(question.principal, question.member)
        own = row.facts.get("kind") is not None and (same or member_of(row) in facts.own)
        return may_reconcile(self._ground.policy, question, own=own)

    def _turn_away(self, tx: Session, intent: Reconcile, found: Open) -> NotAllowed:
        account, decision, entitlement = intent.actor.account, found.decision, found.entitlement
        self._ways.record(tx, intent, found, "drift.refused", "refused")
        strange = wrong_person(
            account, decision, about=found.row.cause, correlation=found.row.correlation, entitlement=entitlement.id,
            facts={"drift": True},
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)
        return NotAllowed(
            entitlement=entitlement.id,
            owner_name=self._ground.catalogue.owner_of(entitlement).name,
            reasons=decision.reasons,
            can=tuple(name for name in found.facts.can if name != account.name),
        )

    def _entitlement(self, row: ExceptionRecord | None) -> Entitlement | None:
        """None as well where it is another group by now: whoever decides reads of the one that was told."""
        found = self._ground.catalogue.entitlements.get(str(row.facts.get("entitlement"))) if row else None
        names = self._ground.database.group_names
        return found if row and found and is_in_group(row, found, names) else None


def _whom(row: ExceptionRecord) -> str:
    """Whom an exception is about, in words: one, or the names that it gives of several and how many more."""
    names = [str(one) for one in row.facts.get("names", ())]
    if "count" not in row.facts:
        return row.who
    more = int(row.facts["count"]) - len(names)
    several = (
        reduce(lambda before, name: Sentence("{names}, {name}", names=before, name=name), names)
        if names
        else ""
    )
    return Sentence("{names}, {count} more", names=several, count=more) if more > 0 else several
