"""A proposed set of rules, approved by two policy owners or denied by one: each looked up live, and proven afresh.

No policy is asked who may: a change of the policies would then be approved by those whom the policies name.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import Stopped
from handlers.decisions.policy import refusal, same_person
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import Kind, Severity, cause_of, tell_security, wrong_person
from handlers.ground import Ground
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.patience import in_time
from handlers.rules.governing import Governing, withdraw
from handlers.rules.outcomes import OnRules, ProveForRules, RulesApproved, RulesDenied, RulesOver, SaidAlready
from storage import deliveries, rule_sets
from storage.directories.base import Account
from storage.exceptions import decide_exceptions
from storage.records import RuleApproval, RuleSet
from storage.rule_sets import STORY
from storage.sentences import template
from storage.states import RuleSetState
from storage.step_ups import About

ENOUGH = 2
NOT_AN_OWNER = template("Only the owners of the policies decide about a change of them.")


Refused = NotAllowed | RulesOver | SaidAlready | Stopped | Unknown | Repeated


class ApprovingRules:
    """One transaction a click, taken once per delivery; each is on the record. owners: the group of policy owners."""

    def __init__(self, ground: Ground, governing: Governing, *, owners: str) -> None:
        self._ground, self._governing, self._owners = ground, governing, owners

    async def approve(self, intent: OnRules) -> RulesApproved | ProveForRules | Refused:
        """Count this owner; with the second the set holds, here at once and elsewhere at their next look."""
        outcome = None
        while outcome is None:  # another approved while the directory was asked: who that is counts, too
            rows = await self._ground.database.read(lambda tx: _approvers(tx, intent.proposal))
            outcome = await self._approve_after(intent, rows)
        if isinstance(outcome, RulesApproved) and outcome.holds:
            await self._governing.look()
        return outcome

    async def deny(self, intent: OnRules) -> RulesDenied | Refused:
        """Keep what holds."""
        return await self._ground.database.write(lambda tx: self._deny(tx, intent))

    async def _approve_after(
        self, intent: OnRules, rows: Sequence[tuple[str, str]]
    ) -> RulesApproved | ProveForRules | Refused | None:
        """None, and nothing done, if by now others approved it than these."""
        others = await self._still_owners(rows)
        return await self._ground.database.write(lambda tx: self._approve(tx, intent, rows, others))

    async def _still_owners(self, rows: Sequence[tuple[str, str]]) -> Sequence[Account]:
        """Those who are owners still, as they are now. DirectoryUnavailable if one cannot be read."""
        found = [await in_time(self._ground.home(directory).account(account)) for directory, account in rows]
        return [one for one in found if one is not None and self._is_owner(one)]

    def _is_owner(self, account: Account) -> bool:
        """In a directory that people sign in from: a group of another that is called the same is another."""
        return account.active and account.directory in self._ground.homes and account.is_in(self._owners)

    def _open(self, tx: Session, intent: OnRules) -> RuleSet | Refused:
        """The set, if this person may decide about it now; everything else is recorded."""
        ground, actor = self._ground, intent.actor
        if not deliveries.take(tx, intent.delivery, ground.now()):
            return Repeated()
        row = rule_sets.get(tx, intent.proposal)
        if row is None:
            return turn_away_forged(tx, ground, intent, "rules.tampered", what="button")
        if not self._is_owner(actor.account):
            return self._turn_away(tx, intent, row)
        if row.state != RuleSetState.PROPOSED:
            self._record(tx, intent, row, "rules.late", "refused")
            return RulesOver(state=row.state)
        if (stopped := ground.stopped(tx)) is not None:
            self._record(tx, intent, row, "rules.stopped", "refused")
            return stopped
        return row

    def _approve(
        self, tx: Session, intent: OnRules, known: Sequence[tuple[str, str]], others: Sequence[Account]
    ) -> RulesApproved | ProveForRules | Refused | None:
        rule_sets.get(tx, intent.proposal)  # held, so that nobody approves it meanwhile
        if _approvers(tx, intent.proposal) != known:
            return None
        row = self._open(tx, intent)
        if not isinstance(row, RuleSet):
            return row
        if not self._governing.is_as_proposed(tx, row):
            return RulesOver(state=row.state)
        now, actor, stepping = self._ground.now(), intent.actor, self._ground.stepping_up
        if any(same_person(one, actor.account) for one in others):
            self._record(tx, intent, row, "rules.said_before", "refused")
            return SaidAlready()
        proof = stepping.fresh_proof(tx, actor, about=row.id, at=now)
        if proof is None or not stepping.spend(tx, proof, now):
            handle = stepping.begin(
                tx, actor, intent.where, about=row.id, kind=About.RULES, thing="rules", whom="Wicket", at=now
            )
            return ProveForRules(handle=handle)
        kept = rule_sets.approve(tx, RuleApproval(
            rule_set=row.id, directory=actor.account.directory, account=actor.account.id, name=actor.account.name,
            slack_user=actor.slack_user, proof=proof.handle, at=now,
        ))  # fmt: skip
        if not kept:
            self._record(tx, intent, row, "rules.said_before", "refused")
            return SaidAlready()
        self._record(tx, intent, row, "rules.approved", "done", {"proof": proof.handle})
        counted = {(one.directory, one.id) for one in others} | {(actor.account.directory, actor.account.id)}
        holds = len(counted) >= ENOUGH
        if holds:
            self._let_hold(tx, row, now)
        names = [
            one.name for one in rule_sets.approvals(tx, row.id) if (one.directory, one.account) in counted
        ]
        self._show(
            tx,
            row,
            {"approved": names, **({"became": "active"} if holds else {})},
            by=actor.account.name if holds else None,
        )
        return RulesApproved(holds=holds)

    def _let_hold(self, tx: Session, row: RuleSet, now: datetime) -> None:
        before = rule_sets.active(tx)
        if before is not None:
            rule_sets.end(tx, before, RuleSetState.FORMER, at=now)
        rule_sets.begin(tx, row, at=now)
        for other in rule_sets.proposed(tx):
            withdraw(tx, other, now)
        self._governing.record_held(tx, row, before)

    def _deny(self, tx: Session, intent: OnRules) -> RulesDenied | Refused:
        row = self._open(tx, intent)
        if not isinstance(row, RuleSet):
            return row
        rule_sets.end(tx, row, RuleSetState.DENIED, at=self._ground.now())
        self._record(tx, intent, row, "rules.denied", "done")
        name = intent.actor.account.name
        self._show(tx, row, {"became": "denied", "denied_by": name}, by=name)
        return RulesDenied()

    def _show(self, tx: Session, row: RuleSet, facts: dict[str, object], *, by: str | None) -> None:
        """by: whose decision it is over with; None while it is not."""
        now = self._ground.now()
        settled = {"settled": now.isoformat(), "decided_by": by} if by is not None else {}
        cause = cause_of(Kind.RULES_PROPOSED, row.id)
        decide_exceptions(tx, at=now, cause=cause, facts={**facts, **settled})

    def _turn_away(self, tx: Session, intent: OnRules, row: RuleSet) -> NotAllowed:
        decision = refusal(self._ground.policy, "policy-owners", NOT_AN_OWNER, "high")
        self._record(tx, intent, row, "rules.not_allowed", "refused")
        strange = wrong_person(
            intent.actor.account, decision, about=row.id, correlation=STORY, facts={"rules": True},
            severity=Severity.HIGH,
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)
        return NotAllowed(entitlement="this", owner_name="the policy owners", reasons=decision.reasons)

    def _record(
        self, tx: Session, intent: OnRules, row: RuleSet, action: str, outcome: str,
        facts: dict[str, recording.Fact] | None = None,
    ) -> None:  # fmt: skip
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.by(intent), correlation=STORY,
            facts={"set": row.policy_set, "proposal": row.id, **(facts or {})},
        )  # fmt: skip


def _approvers(tx: Session, proposal: str) -> Sequence[tuple[str, str]]:
    """Directory and account of each who approved it; a row that the log does not tell of is nobody's word."""
    rows = rule_sets.approvals(tx, proposal)
    return sorted((row.directory, row.account) for row in rows if rule_sets.on_record(tx, row))
