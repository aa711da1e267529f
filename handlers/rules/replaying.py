"""The requests, approvals and questions of the audit log, put to another policy set with the facts on the record.

It reads inside the transaction that it is given and writes nothing: what happened stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session, select

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.circumstances import Recently
from handlers.decisions.delegated import SCOPE
from handlers.decisions.explaining import answer_to
from handlers.decisions.policy import (
    AccessQuestion,
    AccountQuestion,
    Action,
    Approvals,
    GivenProof,
    PolicyEngine,
    Question,
    Role,
)
from handlers.decisions.recollecting import CannotTell, Known, Recollecting, Remembered, RulesRecalled
from handlers.decisions.requests import NO_ACCOUNT, OTHER_DIRECTORY, OWN_REPORTS, UNCERTAIN_ACCOUNT
from handlers.decisions.statements import id_of, statements
from handlers.decisions.timing import minutes_held
from handlers.delegations.in_force import recalled
from handlers.requests.requestable import NO_GROUP, NO_OWNER
from storage import rule_sets
from storage.approvals import approvals_of
from storage.audit.entry import decode
from storage.audit.stories import Brief, during
from storage.catalogue import Catalogue, as_plain
from storage.directories.base import Account
from storage.records import Approval, Grant, RuleSet

Became = Literal["same", "differs", "untold"]

_REQUESTS = {"grant.requested": "approval", "grant.approved": "automatic", "grant.refused": "refused"}
_APPROVALS = ("approval.given", "approval.denied")
_ACCOUNTS: Mapping[str, Action] = {
    "question.asked": Action.VIEW,
    "reset.page_opened": Action.RESET_PASSWORD,
    "reset.refused": Action.RESET_PASSWORD,
    "password.change_started": Action.RESET_PASSWORD,
    "account.unlock_started": Action.UNLOCK,
    "account.proven_unlock_started": Action.UNLOCK,
    "unlock.refused": Action.UNLOCK,
}
ASKED = (*_REQUESTS, *_APPROVALS, *_ACCOUNTS)
_CHANGED, _REPORTED, _RELEASED = "password.changed", "account.reported", "account.released"
_LATELY = (_CHANGED, _REPORTED, _RELEASED)
_KNOWN_FOR = timedelta(days=7)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)

# Of whoever speaks: the door turns away everybody whose account is not active.
_OF_ANYBODY = frozenset({"directory", "reported", "recentReset", "hoursSinceReset"})
_OF_WHO_SPEAKS = _OF_ANYBODY | {"active"}
_OF_WHO_ASKED = _OF_WHO_SPEAKS | {"employment", "team"}

LEFT_CATALOGUE = "the entitlement, which left the catalogue"
NO_ROW = "the request, whose row is gone"
BY_CODE = "the account that was meant: it was refused before any policy was asked"
_BY_CODE = frozenset({OTHER_DIRECTORY, NO_ACCOUNT, OWN_REPORTS, UNCERTAIN_ACCOUNT, NO_GROUP, NO_OWNER})


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One question of the record, asked again. was, would: "refused", "approval", "automatic" or "allowed", with ids.

    facts: for "untold", those that the record does not hold.
    """

    became: Became
    story: str
    at: datetime
    action: str
    person: str
    resource: str
    was: str
    was_by: tuple[str, ...]
    would: str = ""
    would_by: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def by(self) -> tuple[str, ...]:
        """The policies that make the difference: those that decide now, or where none does, those that did."""
        new = tuple(one for one in self.would_by if one not in self.was_by)
        return new or tuple(one for one in self.was_by if one not in self.would_by) or self.would_by


@dataclass
class _Lately:
    """What happened to accounts up to a moment of the record, which goes forward."""

    resets: dict[str, datetime] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)

    def take(self, entry: Brief) -> None:
        if entry.action == _CHANGED and entry.outcome == "done":
            self.resets[entry.subject] = entry.at
        elif entry.action == _REPORTED and entry.outcome == "done":
            self.reported.add(entry.subject)
        elif entry.action == _RELEASED and entry.outcome == "done":
            self.reported.discard(entry.subject)

    def of(self, accounts: Iterator[Account], at: datetime) -> Recently:
        who = {(one.directory, one.id) for one in accounts}
        hours = {
            (directory, account): int((at - self.resets[account]).total_seconds() // 3600)
            for directory, account in who
            if account in self.resets and at - self.resets[account] < _KNOWN_FOR
        }
        reported = frozenset(one for one in who if one[1] in self.reported)
        return Recently(hours_since_reset=hours, reported=reported)


@dataclass(frozen=True, kw_only=True)
class Base:
    """A set whose policies are known, by @id: what they came to follows from the entries that were decided by it.

    same_catalogue: its catalogue is that of now.
    """

    policy_set: str
    texts: Mapping[str, str]
    same_catalogue: bool = True


class Replaying:
    """Asks again. policy: the other set. base: the set in force; others are kept in the store."""

    def __init__(self, policy: CedarPolicy, catalogue: Catalogue, base: Base) -> None:
        self._rules = RulesRecalled(policy.notes, policy.policy_set, policy.hours)
        self._catalogue = catalogue
        self._bases: dict[str, Base | None] = {base.policy_set: base}

    def replay(self, tx: Session, since: datetime, until: datetime) -> Iterator[Replayed]:
        """Every question on the record from `since` until before `until`, in order."""
        lately = _Lately()
        for entry in during(tx, _EVER, since, _LATELY):
            lately.take(entry)
        for entry in during(tx, since, until, (*ASKED, *_LATELY)):
            lately.take(entry)
            said = decode(entry.leaf)
            if entry.action in ASKED and said["policy"] is not None and not _is_by_hand(entry, said):
                yield self._again(tx, entry, said, lately)

    def _again(self, tx: Session, entry: Brief, said: Mapping[str, Any], lately: _Lately) -> Replayed:
        policy = said["policy"]
        was = _REQUESTS.get(entry.action) or ("allowed" if policy["allowed"] else "refused")
        told: Callable[..., Replayed] = lambda became, **more: Replayed(  # noqa: E731
            became=became, story=entry.correlation, at=entry.at, action=entry.action,
            person=entry.subject or entry.actor, resource=entry.resource, was=was, was_by=tuple(policy["ids"]), **more,
        )  # fmt: skip
        try:
            asked = self._question(tx, entry, said, lately)
            engine: PolicyEngine = Recollecting(self._rules, asked.known, self._remembered(tx, entry, policy))
            verdict = answer_to(engine, asked.question, whole=entry.action in _REQUESTS)
        except CannotTell as unknown:
            return told("untold", facts=unknown.facts)
        became: Became = "same" if verdict.outcome == was else "differs"
        return told(became, would=verdict.outcome, would_by=verdict.decision.policy_ids)

    def _base(self, tx: Session, policy_set: str) -> Base | None:
        """The set of this hash, if it is known."""
        if policy_set not in self._bases:
            kept = rule_sets.of_hash(tx, policy_set)
            self._bases[policy_set] = None if kept is None else self._base_of(kept)
        return self._bases[policy_set]

    def _base_of(self, kept: RuleSet) -> Base:
        written = (one for file, text in kept.sources.items() for one in statements(file, text))
        return Base(
            policy_set=kept.policy_set,
            texts={id_of(one): one.text for one in written},
            same_catalogue=kept.catalogue == as_plain(self._catalogue),
        )

    def _remembered(self, tx: Session, entry: Brief, policy: Mapping[str, Any]) -> Remembered | None:
        base = self._base(tx, policy["set"])
        if base is None:
            return None
        if entry.action == "grant.approved":
            action = Action.GRANT
        elif entry.action in _REQUESTS:
            action = Action.REQUEST
        else:
            action = _ACCOUNTS.get(entry.action, Action.APPROVE)
        return Remembered(
            action=action,
            allowed=policy["allowed"],
            ids=frozenset(policy["ids"]),
            texts=base.texts,
            same_catalogue=base.same_catalogue,
            approvals=Approvals() if entry.action in _REQUESTS else None,
        )

    def _question(self, tx: Session, entry: Brief, said: Mapping[str, Any], lately: _Lately) -> "_Asked":
        if entry.action in _ACCOUNTS:
            return _of_account(entry, said, lately)
        grant = tx.exec(select(Grant).where(Grant.id == entry.correlation)).first()
        if grant is None:
            raise CannotTell([NO_ROW])
        tx.expunge(grant)
        if grant.entitlement not in self._catalogue.entitlements:
            raise CannotTell([LEFT_CATALOGUE])
        if _BY_CODE.intersection(said["policy"]["ids"]):
            raise CannotTell([BY_CODE])
        if entry.action in _APPROVALS:
            return self._of_approval(tx, entry, said, grant, lately)
        return self._of_request(entry, said, grant, lately)

    def _of_request(self, entry: Brief, said: Mapping[str, Any], grant: Grant, lately: _Lately) -> "_Asked":
        minutes = int(said["facts"].get("minutes", grant.minutes))
        question, known = self._access(entry, grant, minutes, lately)
        return _Asked(question=question, known=Known(accounts=known))

    def _of_approval(
        self, tx: Session, entry: Brief, said: Mapping[str, Any], grant: Grant, lately: _Lately
    ) -> "_Asked":
        question, known = self._access(entry, grant, grant.minutes, lately)
        given = next((one for one in approvals_of(tx, grant.id) if one.approver == entry.actor), None)
        if given is None:
            raise CannotTell(["the approval, whose row is gone"])
        by = str(said["facts"].get("delegation", ""))
        delegated = recalled(tx, self._catalogue, question, by)
        if by and delegated is None and not by.startswith(SCOPE):  # a scope that is gone is a rule that is
            raise CannotTell(["the delegation, whose row is gone"])
        approver = _somebody(entry.actor, grant.requester_directory)
        role: Role | None = next((one for one in _ROLES if one == given.role), None)
        less = "asked_minutes" in said["facts"]
        asked = AccessQuestion(
            action=Action.APPROVE, principal=approver, requester=question.requester, report=question.report,
            entitlement=question.entitlement, owner=question.owner, minutes=question.minutes,
            justification_given=question.justification_given, ticket_given=question.ticket_given, now=entry.at,
            held=question.held, role=role, rationale_given=bool(given.rationale.strip()), proof=_proof(given),
            code_retyped=given.retyped, stands_in="stands_in" in said["facts"],
            delegated=delegated,
            way="deny" if not given.approved else "approve-less" if less else "approve",
            recently=lately.of(iter((approver, question.requester, question.holder)), entry.at),
        )  # fmt: skip
        unknown = {
            "onCall",
            "approvals",
            "authorityCounted",
            *(("minutes", "heldMinutes") if grant.asked_minutes and not less else ()),
        }
        # Whether whoever asked was still active at the click is on no record.
        others = {name: facts - {"active"} for name, facts in known.items()}
        accounts = {**others, approver.id: _OF_WHO_SPEAKS}
        return _Asked(question=asked, known=Known(accounts=accounts, not_in_context=frozenset(unknown)))

    def _access(
        self, entry: Brief, grant: Grant, minutes: int, lately: _Lately
    ) -> tuple[AccessQuestion, dict[str, frozenset[str]]]:
        entitlement = self._catalogue.entitlements[grant.entitlement]
        requester = _somebody(
            grant.requester_account, grant.requester_directory,
            employment=grant.requester_employment, team=grant.requester_team,
        )  # fmt: skip
        known = {requester.id: _OF_WHO_ASKED}
        report = None
        if grant.target_account:
            report = _somebody(grant.target_account, grant.requester_directory, manager=requester.id)
            known[report.id] = _OF_ANYBODY | {"manager"}
        question = AccessQuestion(
            action=Action.REQUEST, principal=report or requester, requester=requester, report=report,
            entitlement=entitlement, owner=self._catalogue.owner_of(entitlement), minutes=minutes,
            justification_given=bool(grant.justification.strip()), ticket_given=bool(grant.ticket), now=entry.at,
            held=minutes_held(grant.held_since, grant.requested_at),
            target=_somebody(grant.account or requester.id, entitlement.directory),
            recently=lately.of(iter((requester, report or requester)), entry.at),
        )  # fmt: skip
        return question, known


_ROLES: tuple[Role, ...] = ("owner", "security", "manager")


@dataclass(frozen=True, kw_only=True)
class _Asked:
    question: Question
    known: Known


def _is_by_hand(entry: Brief, said: Mapping[str, Any]) -> bool:
    """Whether a request was approved by people: that follows from their approvals, which are asked themselves."""
    return entry.action == "grant.approved" and not said["facts"].get("automatic", False)


def _of_account(entry: Brief, said: Mapping[str, Any], lately: _Lately) -> _Asked:
    account = _somebody(entry.subject or entry.actor, "")
    proofs = said["facts"].get("supposed_proofs")
    question = AccountQuestion(
        action=_ACCOUNTS[entry.action],  # type: ignore[arg-type]  # those of accounts alone
        principal=account,
        target=account,
        now=entry.at,
        proofs=frozenset(proofs or ()),
        recently=lately.of(iter((account,)), entry.at),
    )
    unknown = {"unlocksToday", "attested", *(() if proofs else ("proofs",))}
    known = (_OF_WHO_SPEAKS if entry.actor == account.id else _OF_ANYBODY) - {"directory"}
    return _Asked(
        question=question, known=Known(accounts={account.id: known}, not_in_context=frozenset(unknown))
    )


def _proof(given: Approval) -> GivenProof | None:
    if not given.proved_by or given.proved_at is None:
        return None
    seconds = max(0, int((given.at - given.proved_at).total_seconds()))
    return GivenProof(kinds=frozenset(given.proved_by.split()), seconds=seconds)


def _somebody(
    account: str, directory: str, *, employment: str = "", team: str = "", manager: str | None = None
) -> Account:
    """An account with what the record holds of it; whatever else it has here is taken out before policy is asked."""
    return Account(
        id=account, directory=directory, person="", login="", name="", mail="", employment=employment, team=team,
        company="", manager=manager, active=True, locked=False, privileged=False, must_change_password=False,
        direct_groups=frozenset(), groups=frozenset(), password_changed_at=None, password_expires_at=None,
        read_at=_EVER,
    )  # fmt: skip
