"""Taking a request up: the facts it rests on, its row, what policy says of it, and who hears of a refusal.

It takes no delivery and changes no directory; whoever calls decides when something is asked.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from sqlmodel import Session

from handlers import recording
from handlers.decisions.circumstances import NOTHING_LATELY, Having, Recently
from handlers.decisions.counterparts import Counterpart, NoCounterpart
from handlers.decisions.policy import AccessQuestion
from handlers.decisions.requests import Verdict, weigh_request
from handlers.decisions.timing import minutes_held
from handlers.decisions.too_long import with_its_length
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, named, tell_security
from handlers.ground import Ground
from handlers.intents import Intent
from handlers.outcomes import Asked
from handlers.people.counterparts import find_target, uncertain
from handlers.people.recently import recently
from handlers.requests.beside import Elsewhere, find_elsewhere, having
from handlers.requests.extensions import held_since
from handlers.requests.passing import begin_waiting
from handlers.requests.requestable import weighed
from storage import grants, holdings
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.identifiers import new_id
from storage.records import Grant
from storage.spellings import ways
from storage.states import GrantState

# From this risk on a refusal is something for the security channel, whatever refused it.
PRIVILEGED_RISK = 4
# But that it was for too long: whoever asks for less is carried to the owner. So often within a day is an attempt.
TOO_LONG_REPEATED, DAY = 3, timedelta(days=1)

# Policy hears that one is given, and no more of it.
ANY_TICKET = "ANY-1"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One thing that is wanted. minutes: 0 while that is not said. ticket: beside the justification or in it, or "".

    held: the minutes that the same was held without a break by now; a wish with a row has that from its row.
    """

    entitlement: Entitlement
    minutes: int
    justification: str
    ticket: str
    held: int = 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the directories say, read before the transaction.

    manager: name of the requester's. report: whom they ask for, if not for themselves. targets: for each directory,
    the account there that gets it. recently: what happened to the accounts of the two. elsewhere: the accounts of
    whoever is to have it, where something is kept that bears on it. having: what they have beside each, by entitlement.
    """

    manager: str
    report: Account | None
    targets: Mapping[str, Counterpart]
    recently: Recently = NOTHING_LATELY
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    having: Mapping[str, Having] = field(default_factory=dict)

    def target(self, entitlement: Entitlement) -> Counterpart:
        """The account that gets it."""
        return self.targets[entitlement.directory]


@dataclass(frozen=True, kw_only=True)
class Before:
    """How it stands with what is wanted, by entitlement. needless: held by other hands, or asked for and waiting.

    held: the minutes that it was held without a break by grants of ours, where it is.
    """

    needless: Mapping[str, Literal["held", "waiting"]]
    held: Mapping[str, int]


class TakingUp:
    """Makes requests of wishes. Whatever touches a row does so in the transaction it is given."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def facts(
        self, account: Account, wanted: Collection[Entitlement], report: Account | None = None
    ) -> Facts:
        """The facts of this person's wishes. DirectoryUnavailable when one that must be asked does not answer."""
        directories = sorted({entitlement.directory for entitlement in wanted})
        holder = report or account
        looked_up = (find_target(self._ground, holder, directory) for directory in directories)
        manager, targets, elsewhere = await asyncio.gather(
            self._manager_name(account),
            asyncio.gather(*looked_up),
            find_elsewhere(self._ground, holder, wanted),
        )

        def look(tx: Session) -> tuple[Recently, dict[str, Having]]:
            lately = recently(tx, self._ground.now, (account, report))
            return lately, {one.id: having(tx, self._ground, holder, one, elsewhere) for one in wanted}

        lately, has = await self._ground.database.glance(look)
        found = dict(zip(directories, targets, strict=True))
        return Facts(
            manager=manager, report=report, targets=found, recently=lately, elsewhere=elsewhere, having=has
        )

    def before(self, tx: Session, account: Account, wanted: Collection[Entitlement], facts: Facts) -> Before:
        """How it stands with all of this, for whoever is to have it."""
        now, holder = self._ground.now(), facts.report or account
        needless: dict[str, Literal["held", "waiting"]] = {}
        held: dict[str, int] = {}
        for one in wanted:
            if stands(tx, facts.target(one), one):
                needless[one.id] = "held"
            elif grants.open_of(tx, holder.directory, holder.id, one.id) is not None:
                needless[one.id] = "waiting"
            held[one.id] = minutes_held(held_since(tx, facts.target(one), one, now), now)
        return Before(needless=needless, held=held)

    def question(self, account: Account, wish: Wish, facts: Facts) -> AccessQuestion:
        """What this wish puts to policy."""
        question = self._ground.question(
            requester=account,
            target=facts.target(wish.entitlement),
            entitlement=wish.entitlement,
            minutes=wish.minutes,
            justification=wish.justification,
            ticket=wish.ticket,
            held=wish.held,
            report=facts.report,
        )
        has = facts.having.get(wish.entitlement.id)
        return replace(question, recently=facts.recently, having=has)

    def weigh(self, account: Account, wish: Wish, facts: Facts) -> Verdict:
        """What becomes of it, as policy says now."""
        return weigh_request(self._ground.policy, self.question(account, wish, facts))

    def weigh_row(
        self, tx: Session, account: Account, grant: Grant, entitlement: Entitlement, facts: Facts
    ) -> Verdict:
        """The same of a wish that has its row, which knows since when it is held already, by what they have by now."""
        holder = facts.report or account
        has = having(tx, self._ground, holder, entitlement, facts.elsewhere, grant.id)
        question = self._ground.question_of(
            grant, account, facts.target(entitlement), entitlement, facts.report
        )
        question = replace(question, recently=facts.recently, having=has)
        verdict = weigh_request(self._ground.policy, question)
        if verdict.severity is not None or entitlement.risk < PRIVILEGED_RISK:
            return verdict  # whether security hears of it has nothing to do with its length
        return with_its_length(self._ground.policy, question, verdict)

    def wants_ticket(self, account: Account, wish: Wish, facts: Facts) -> bool:
        """Whether policy refuses this wish only because no ticket is named."""
        if wish.ticket or self.weigh(account, wish, facts).outcome != "refused":
            return False
        return self.weigh(account, replace(wish, ticket=ANY_TICKET), facts).outcome != "refused"

    def row(self, tx: Session, intent: Intent, wish: Wish, facts: Facts, *, extends: str = "") -> Grant:
        """The wish as a draft that is kept nowhere yet."""
        now, account, report = self._ground.now(), intent.actor.account, facts.report
        target, entitlement = facts.target(wish.entitlement), wish.entitlement
        offered = self._ground.catalogue.entitlements.values()
        holder = target.id if isinstance(target, Account) else ""
        held = [e.id for e in offered if stands(tx, report or account, e) or stands(tx, target, e)]
        return Grant(
            id=new_id("g", now),
            state=GrantState.DRAFT,
            directory=entitlement.directory,
            account=holder,
            requester_directory=account.directory,
            requester_account=account.id,
            target_account=report.id if report else "",
            target_name=report.name if report else "",
            target_login=report.login if report else "",
            entitlement=entitlement.id,
            group=ways(tx, entitlement.directory, holder, entitlement.group)[0],
            minutes=wish.minutes,
            justification=wish.justification,
            ticket=wish.ticket,
            slack_team=intent.actor.slack_team,
            slack_user=intent.actor.slack_user,
            requester_name=account.name,
            requester_login=account.login,
            requester_team=account.team,
            requester_employment=account.employment,
            manager_name=facts.manager,
            standing=held,
            reasons=[],
            missing={},
            policy_set="",
            requested_at=now,
            held_since=held_since(tx, target, entitlement, now),
            extends=extends,
        )

    def preview(self, grant: Grant, verdict: Verdict) -> None:
        """Keep on the row what policy says of it."""
        grants.show_verdict(
            grant,
            reasons=verdict.reasons,
            missing=vars(verdict.missing) if verdict.missing else {},
            policy_set=verdict.decision.policy_set,
            foreseen=verdict.outcome,
        )

    def settle(
        self, tx: Session, intent: Intent, grant: Grant, entitlement: Entitlement, verdict: Verdict
    ) -> Asked:
        """Send it: done at once, carried to the owner, or refused, with its record and the messages owed."""
        now = self._ground.now()
        verdict = weighed(tx, self._ground, entitlement, verdict)
        self.preview(grant, verdict)
        if verdict.outcome == "refused":
            grants.move(tx, grant, GrantState.REFUSED, decided_at=now)
            self._record(tx, intent, grant, "grant.refused", "refused", verdict)
            self._tell_of_refusal(tx, intent, grant, entitlement, verdict)
        elif verdict.outcome == "approval":
            begin_waiting(tx, self._ground, grant)
            self._record(tx, intent, grant, "grant.requested", "done", verdict)
        else:
            expires_at = now + timedelta(minutes=grant.minutes)
            grants.move(tx, grant, GrantState.APPROVED, decided_at=now, expires_at=expires_at, automatic=True)
            self._record(tx, intent, grant, "grant.approved", "done", verdict)
            holdings.follow_grant(tx, grant, at=now, due_at=now)
        self._ground.show(tx, grant)
        return Asked(grant=grant.id, state=grant.state, reasons=verdict.reasons)

    def _tell_of_refusal(
        self, tx: Session, intent: Intent, grant: Grant, entitlement: Entitlement, verdict: Verdict
    ) -> None:
        if verdict.nobodys is not None and verdict.nobodys.is_uncertain:
            tell_security(tx, self._ground.now(), uncertain(verdict.nobodys, grant))
            return
        account = intent.actor.account
        if verdict.decision.errors:
            strange = broken_policy(
                verdict.decision,
                who=named(account.name, account.login),
                correlation=grant.id,
                entitlement=entitlement.id,
            )
            tell_security(tx, self._ground.now(), strange)
            return
        severity, times = verdict.severity, 0
        if severity is None and entitlement.risk >= PRIVILEGED_RISK:
            times = self._times_refused(tx, grant) if verdict.only_too_long else 0
            severity = None if 0 < times < TOO_LONG_REPEATED else "medium"
        if severity is not None:
            refused = refusal(
                account,
                entitlement,
                minutes=grant.minutes,
                severity=Severity(severity),
                correlation=grant.id,
                policies=verdict.decision.policy_ids,
                reasons=verdict.reasons,
                times=times,
            )
            tell_security(tx, self._ground.now(), refused)

    def _times_refused(self, tx: Session, grant: Grant) -> int:
        """How often this was refused them within a day, with this time."""
        directory, account = grant.requester_directory, grant.requester_account
        since = self._ground.now() - DAY
        return grants.refused_since(tx, directory, account, grant.entitlement, since)

    def _record(
        self, tx: Session, intent: Intent, grant: Grant, action: str, outcome: str, verdict: Verdict
    ) -> None:
        is_in_words = grant.ticket in grant.justification
        recording.record_grant(
            tx,
            grant,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            actor=recording.person(intent.actor),
            where=intent.where,
            decision=verdict.decision,
            facts={"minutes": grant.minutes, "automatic": grant.automatic},
            texts={
                "justification": grant.justification,
                **({} if is_in_words else {"ticket": grant.ticket}),
            },
        )

    async def _manager_name(self, account: Account) -> str:
        if account.manager is None:
            return ""
        manager = await self._ground.directory(account.directory).account(account.manager)
        return manager.name if manager else ""


def refusal(
    account: Account,
    entitlement: Entitlement,
    *,
    minutes: int,
    severity: Severity,
    correlation: str,
    policies: Collection[str],
    reasons: Collection[str],
    times: int = 0,
) -> Strange:
    """The exception that this person's request was refused. times: within a day, where that makes it one."""
    return Strange(
        kind=Kind.REFUSED_REQUEST,
        severity=severity,
        who=named(account.name, account.login),
        cause=f"{account.id}:{entitlement.id}",
        correlation=correlation,
        facts={
            "entitlement": entitlement.id,
            "minutes": minutes,
            "employment": account.employment,
            "company": account.company,
            "policies": list(policies),
            "reasons": list(reasons),
            **({"times": times} if times else {}),
        },
    )


def stands(tx: Session, account: Counterpart, entitlement: Entitlement) -> bool:
    """Whether this account holds it by other hands than ours, through a group within the group as well.

    What we gave and are about to take back does not stand, nor what we took back since the account was read.
    """
    if isinstance(account, NoCounterpart) or entitlement.directory != account.directory:
        return False
    if not account.is_in(entitlement.group):
        return False
    place = {"directory": entitlement.directory, "account": account.id, "group": entitlement.group}
    ours = grants.covering(tx, **place) or grants.ended_since(tx, at=account.read_at, **place)
    return not ours
