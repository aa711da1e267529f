"""The ways to decide about drift: adopt a membership, remove it, declare it, give it again, end its grant.

Each is checked against what is true in its transaction: what became explained meanwhile is left alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from sqlmodel import Session

from handlers import recording
from handlers.decisions.drift import Member, Way, is_explained, may_reconcile
from handlers.decisions.policy import DriftQuestion, PolicyDecision, Role, same_person
from handlers.drift.adopting import adopt, take_away
from handlers.drift.comparing import facts_about, kept_in, place_of
from handlers.drift.differences import member_of
from handlers.exceptions.strange import Kind
from handlers.ground import Ground
from handlers.intents import Reconcile
from handlers.outcomes import NoLonger, NotPossible
from handlers.requests.beside import Elsewhere
from storage import grants, holdings, standings
from storage.approvals import add_approval
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.exceptions import SETTLED, decide_exceptions, settle_exceptions
from storage.records import ExceptionRecord, Grant
from storage.sentences import Sentence, template
from storage.states import GrantState

LONGEST_REVIEW = timedelta(days=365)
USUAL_REVIEW = timedelta(days=90)
# Nobody keeps what was found for longer than this before it is looked at again.
LONGEST_ADOPTION = timedelta(hours=24)
ONLY_ONES_OWN = (
    "Your own membership is the only one left here, and nobody decides about that. Somebody else can."
)
WHOSE = "It is not certain whose account this is, so it cannot be theirs for a time. Correct its number, or remove it."
GONE = "Their account is gone by now, so there is nothing to declare."
GROUPS_STAY = "Wicket puts people into groups, not groups. Take the inner group out in the directory itself."

Refused = NotPossible | NoLonger


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the store and the directory say now, read before the transaction.

    present: whether the membership is there, for one account's. person: whose it is, at home, if that is certain;
    elsewhere: the accounts of theirs where something is kept that bears on it.
    fence: of its holding, read before. own: whoever clicks, as members there: each of their accounts, and each group
    that holds one. can: names of some who could decide. direct: who is in the group, for several; accounts: of those
    that could be declared together, by id, None for one that is gone. Who is not among them was not asked for.
    """

    member: Account | None = None
    person: Account | None = None
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    present: bool = True
    fence: int | None = None
    direct: frozenset[Member] = frozenset()
    accounts: Mapping[str, Account | None] = field(default_factory=dict)
    own: frozenset[Member] = frozenset()
    can: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Open:
    """A difference that can be decided about now. question: what was put to policy, and decision: what it said."""

    row: ExceptionRecord
    kind: Kind
    entitlement: Entitlement
    question: DriftQuestion
    decision: PolicyDecision
    role: Role | None
    facts: Known


def together(tx: Session, entitlement: Entitlement, kind: Kind, now: datetime) -> set[Member]:
    """The members that are declared all at once where they are still there: found at first, or due for review."""
    kept = kept_in(tx, entitlement)
    if kind == Kind.FOUND_STANDING:
        return set(kept.found)
    return (
        {one for one, review in kept.declared.items() if review <= now} if kind == Kind.REVIEW_DUE else set()
    )


class Ways:
    """What each decision does, inside the transaction it is given; None when it counts."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._table: Mapping[Way, Callable[[Session, Reconcile, Open], Refused | None]] = {
            Way.ADOPT: self._adopt,
            Way.REMOVE: self._remove,
            Way.DECLARE: self._declare,
            Way.GIVE_AGAIN: self._give_again,
            Way.END: self._end,
        }

    def take(self, tx: Session, intent: Reconcile, found: Open) -> Refused | None:
        """Do it, or say why not."""
        return self._table[Way(intent.way)](tx, intent, found)

    def _adopt(self, tx: Session, intent: Reconcile, found: Open) -> Refused | None:
        over = self._explained_meanwhile(tx, intent, found)
        account, entitlement = found.facts.member, found.entitlement
        if over is not None:
            return over
        longest = min(entitlement.max_duration, LONGEST_ADOPTION)
        if account is None or not 0 < intent.minutes <= longest.total_seconds() // 60:
            return self.not_possible(
                tx, intent, found, (template("It cannot be adopted so. Remove it instead."),)
            )
        if found.facts.person is None:  # nobody would notice that they left
            return self.not_possible(tx, intent, found, (WHOSE,))
        actor = intent.actor.account
        why = Sentence("Found in the directory and adopted by {name}", name=actor.name)
        grant = adopt(
            tx, self._ground, entitlement, account, found.facts.person, minutes=intent.minutes, why=why
        )
        add_approval(
            tx,
            grant,
            at=self._ground.now(),
            approver=actor.id,
            approver_name=actor.name,
            slack_user=intent.actor.slack_user,
            role=found.role or "",
            approved=True,
            rationale=intent.rationale,
        )
        facts: dict[str, recording.Fact] = {"grant": grant.id, "minutes": intent.minutes}
        self._decided(tx, intent, found, "drift.adopted", facts, settled=True, minutes=intent.minutes)
        return None

    def _remove(self, tx: Session, intent: Reconcile, found: Open) -> Refused | None:
        member = member_of(found.row)
        if member.kind == "group":
            return self.not_possible(tx, intent, found, (GROUPS_STAY,))
        if (over := self._explained_meanwhile(tx, intent, found)) is not None:
            return over
        why = Sentence("nobody had granted it; taken away by {name}", name=intent.actor.account.name)
        grant = take_away(
            tx,
            self._ground,
            found.entitlement,
            member.id,
            found.facts.member,
            by=intent.actor.account.name,
            why=why,
        )
        self._decided(tx, intent, found, "drift.removed", {"grant": grant.id}, settled=False)
        return None

    def _declare(self, tx: Session, intent: Reconcile, found: Open) -> Refused | None:
        now, place = self._ground.now(), place_of(found.entitlement)
        review = datetime.combine(intent.review, time(12), UTC) if intent.review else now + USUAL_REVIEW
        members = self._to_declare(tx, found)
        theirs, refused = self._weighed(found, members - found.facts.own)
        is_new = found.kind == Kind.UNEXPLAINED
        if is_new and (over := self._explained_meanwhile(tx, intent, found)) is not None:
            return over
        if not members:
            return self._over_by_itself(tx, intent, found)
        if not theirs:
            return self.not_possible(tx, intent, found, refused or (ONLY_ONES_OWN,))
        if not now < review <= now + LONGEST_REVIEW + timedelta(days=1):
            return self.not_possible(
                tx, intent, found, (template("It has to be looked at again within a year from now."),)
            )
        if intent.owner not in self._ground.catalogue.owners:
            return self.not_possible(tx, intent, found, (template("Choose a team that answers for it."),))
        standings.declare(
            tx,
            at=now,
            **place,
            entitlement=found.entitlement.id,
            members=[(one.kind, one.id) for one in theirs],
            owner=intent.owner,
            declared_by=intent.actor.account.id,
            rationale=intent.rationale,
            review_at=review,
        )
        left = len(members) - len(theirs)
        facts: dict[str, recording.Fact] = {
            "members": len(theirs),
            "left": left,
            "owner": intent.owner,
            "review_at": review.isoformat(),
        }
        if left:  # one's own stays for somebody else to decide about, and what policy refuses
            self.record(tx, intent, found, "drift.declared", "done", facts)
            named_ = {"declared": len(theirs), "declared_by": intent.actor.account.name, "count": left}
            decide_exceptions(tx, at=now, cause=found.row.cause, facts={**named_, "names": []})
        else:
            self._decided(tx, intent, found, "drift.declared", facts, settled=True, review=review.isoformat())
        return None

    def _give_again(self, tx: Session, intent: Reconcile, found: Open) -> Refused | None:
        now, again = self._ground.now(), self._active(tx, found)
        if not again or found.facts.present:
            return self._over_by_itself(tx, intent, found)
        for grant in again:  # policy is asked once more before it is given, as for any that was approved
            grants.move(tx, grant, GrantState.APPROVED)
            holdings.follow_grant(tx, grant, at=now, due_at=now)
            self._ground.show(tx, grant)
        facts: dict[str, recording.Fact] = {"grant": again[-1].id}
        self._decided(tx, intent, found, "drift.given_again", facts, settled=False)
        return None

    def _end(self, tx: Session, intent: Reconcile, found: Open) -> Refused | None:
        now, over = self._ground.now(), self._active(tx, found)
        if not over:
            return self._over_by_itself(tx, intent, found)
        name = intent.actor.account.name
        for grant in over:
            why = Sentence("it was gone from the directory, and {name} ended it", name=name)
            grants.move(tx, grant, GrantState.ENDING, end_reason=why, ended_by=name)
            holdings.follow_grant(tx, grant, at=now, due_at=now)
            self._ground.show(tx, grant)
        self._decided(tx, intent, found, "drift.ended", {"grant": over[-1].id}, settled=False)
        return None

    # What the ways share.

    def _active(self, tx: Session, found: Open) -> list[Grant]:
        """The active grants on a membership that vanished."""
        covering = grants.covering(tx, account=member_of(found.row).id, **place_of(found.entitlement))
        return [grant for grant in covering if grant.state == GrantState.ACTIVE]

    def _to_declare(self, tx: Session, found: Open) -> set[Member]:
        if found.kind in (Kind.FOUND_STANDING, Kind.REVIEW_DUE):
            return together(tx, found.entitlement, found.kind, self._ground.now()) & found.facts.direct
        return {member_of(found.row)}

    def _weighed(self, found: Open, members: set[Member]) -> tuple[set[Member], tuple[str, ...]]:
        """Those whom policy lets stand, asked about each of several; and its reasons about one of the others.

        Of an account that is gone by now nobody can be asked; one that was not asked for waits for another click.
        """
        if found.kind not in (Kind.FOUND_STANDING, Kind.REVIEW_DUE):
            return members, ()
        theirs, refused, actor = set[Member](), tuple[str, ...](), found.question.principal
        for one in sorted(members):
            if one.kind == "account" and one.id not in found.facts.accounts:
                continue
            account = found.facts.accounts.get(one.id) if one.kind == "account" else None
            if one.kind == "account" and account is None:
                refused = refused or (GONE,)
                continue
            own = account is not None and same_person(actor, account)
            decision = may_reconcile(self._ground.policy, replace(found.question, member=account), own=own)
            if decision.allowed:
                theirs.add(one)
            else:
                refused = refused or decision.reasons
        return theirs, refused

    def _explained_meanwhile(self, tx: Session, intent: Reconcile, found: Open) -> Refused | None:
        """A grant, a declaration or a change under way accounts for it by now, or it is there no more."""
        member = member_of(found.row)
        known, fences = facts_about(tx, self._ground, found.entitlement, [member], among=[member.id])
        untouched = fences.get(member.id) == found.facts.fence  # or it was ours a moment ago
        if found.facts.present and untouched and not is_explained(member, known):
            return None
        return self._over_by_itself(tx, intent, found)

    def _decided(
        self,
        tx: Session,
        intent: Reconcile,
        found: Open,
        action: str,
        facts: Mapping[str, recording.Fact],
        *,
        settled: bool,
        **shown: str | int,
    ) -> None:
        """Record it and have the message say who did what. settled: nothing has to happen in the directory."""
        now = self._ground.now()
        self.record(tx, intent, found, action, "done", facts)
        said = {
            "way": intent.way,
            "decided_by": intent.actor.account.name,
            "decided_at": now.isoformat(),
            **shown,
            **({SETTLED: now.isoformat()} if settled else {}),
        }
        decide_exceptions(tx, at=now, cause=found.row.cause, facts=said)

    def _over_by_itself(self, tx: Session, intent: Reconcile, found: Open) -> NoLonger:
        settle_exceptions(tx, at=self._ground.now(), causes=[found.row.cause])
        self.record(tx, intent, found, "drift.late", "refused")
        return NoLonger(by="", way="", at=None)

    def too_late(self, tx: Session, intent: Reconcile, found: Open) -> NoLonger:
        """It was decided, or is over: who and when, if somebody decided."""
        self.record(tx, intent, found, "drift.late", "refused")
        facts = found.row.facts
        at = facts.get("decided_at")
        return NoLonger(
            by=str(facts.get("decided_by", "")),
            way=str(facts.get("way", "")),
            at=datetime.fromisoformat(at) if at else None,
        )

    def not_possible(
        self, tx: Session, intent: Reconcile, found: Open, reasons: tuple[str, ...]
    ) -> NotPossible:
        """Somebody may decide, but not so."""
        self.record(tx, intent, found, "drift.not_possible", "refused")
        return NotPossible(reasons=reasons)

    def record(
        self,
        tx: Session,
        intent: Reconcile,
        found: Open,
        action: str,
        outcome: str,
        facts: Mapping[str, recording.Fact] | None = None,
    ) -> None:
        """One entry about a click, with what policy said of it."""
        self.record_about(tx, intent, found.row, action, outcome, found.decision, facts)

    def record_about(
        self,
        tx: Session,
        intent: Reconcile,
        row: ExceptionRecord,
        action: str,
        outcome: str,
        decision: PolicyDecision | None = None,
        facts: Mapping[str, recording.Fact] | None = None,
    ) -> None:
        """One entry about a click on an exception that cannot be decided."""
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            **recording.by(intent),
            subject=str(row.facts["member"]) if row.facts.get("member") else None,
            resource=str(row.facts.get("entitlement")) if row.facts.get("entitlement") else None,
            correlation=row.correlation,
            decision=decision,
            facts={"way": intent.way, "exception": row.id, **(facts or {})},
            texts={"rationale": intent.rationale} if intent.rationale else {},
        )
