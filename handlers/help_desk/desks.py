"""Who somebody on a help desk is to the person they act for, looked up live, weighed by policy, and turned away kindly.

It does nothing for anybody itself. What it refuses is on the record, and again and again it is an exception.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import Stopped, What
from handlers.decisions.help_questions import HelpQuestion
from handlers.decisions.helping import ONESELF, Act, Desk, HelpDesks, may_help, names_of
from handlers.decisions.policy import PolicyDecision, same_person
from handlers.decisions.tickets import one_ticket
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, named, tell_security
from handlers.ground import Ground
from handlers.help_desk.outcomes import (
    ConsiderHelp,
    HelpFor,
    MayNotHelp,
    NobodyToHelp,
    NoTicket,
    NotOfDesk,
    NotServed,
)
from handlers.help_desk.telling import tell
from handlers.outcomes import Repeated
from handlers.patience import in_time
from handlers.people.others import all_of
from handlers.people.recently import recently
from handlers.stops.stopping import stopped
from handlers.vouching.vouchers import is_above
from storage import deliveries, desk_acts, failures, links
from storage.directories.base import Account
from storage.identifiers import new_id
from storage.records import DeskAct, Handle

DAY = timedelta(days=1)
# The refusals in a row of which security hears; a day later, and after an act that was allowed, it begins anew.
REPEATED = 3

_UNUSUAL: Mapping[str, str] = {
    ONESELF: "oneself",
    "help-never-ones-boss": "boss",
    "help-never-the-privileged": "privileged",
    "help-so-much-a-day": "burst",
    "help-so-often-for-one": "burst",
    "help-ticket-used-up": "ticket",
}


@dataclass(frozen=True, kw_only=True)
class TwoPeople:
    """Two people as their directory has them now. accounts: the ids of all that are the helper's there, since what one
    may do in a day is a person's (R-1). serving: the helper's desks that may do it and serve the person.

    slack_team, slack_user: where the person is told. reports_to: the helper does, through however many.
    """

    helper: Account
    accounts: frozenset[str]
    person: Account
    slack_team: str
    slack_user: str
    serving: tuple[Desk, ...]
    oneself: bool
    reports_to: bool


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Policy says yes. used: how often the ticket was named before."""

    two: TwoPeople
    decision: PolicyDecision
    ticket: str
    used: int


class Desks:
    """Weighs one person's act for another."""

    def __init__(self, ground: Ground, desks: HelpDesks) -> None:
        self._ground, self._desks = ground, desks

    def of(self, intent: ConsiderHelp | HelpFor) -> tuple[Desk, ...]:
        """The desks that this person is on now, and that may do this."""
        return self._desks.of(intent.actor.account, intent.act)

    async def two_people(self, intent: HelpFor) -> TwoPeople | None:
        """None if the Slack account is nobody's who can be told. DirectoryUnavailable when a directory is silent."""
        ground, helper = self._ground, intent.actor.account
        link = await ground.database.read(lambda tx: links.link_of_user(tx, intent.whom))
        if link is None:
            return None
        home = ground.home(link.directory)
        person = await in_time(home.account(link.account))
        if person is None:
            return None
        serving = [one for one in self.of(intent) if one.serves(person)]
        accounts = await in_time(all_of(ground.home(helper.directory), helper))
        return TwoPeople(
            helper=helper,
            accounts=frozenset(one.id for one in accounts),
            person=person,
            slack_team=link.slack_team,
            slack_user=link.slack_user,
            serving=tuple(serving) if person.directory == helper.directory else (),
            oneself=same_person(helper, person),
            reports_to=await in_time(is_above(ground.home(helper.directory), person, helper)),
        )

    def weigh(
        self, tx: Session, intent: HelpFor, two: TwoPeople | None, *, what: tuple[What, ...] = ()
    ) -> Allowed | Stopped | NotOfDesk | NotServed | MayNotHelp | NobodyToHelp | NoTicket | Repeated:
        """Policy's answer, with the facts of this transaction; what it refuses is recorded and told of.

        What was done by this delivery is not weighed again: it may have used up what is left, or changed what is so.

        what: that stops it when it is stopped, beside new access: nobody is let in anew by another hand meanwhile.
        """
        if deliveries.was_taken(tx, intent.delivery):
            return Repeated()
        for one in (What.ACCESS, *what):
            story = intent.actor.account.id
            if halt := stopped(tx, self._ground, intent, "desk.stopped", correlation=story, what=one):
                return halt
        if not self.of(intent):
            return self.turn_away_stranger(tx, intent, two.person if two else None)
        if two is None:
            self._refuse(tx, intent, None, "unknown")
            return NobodyToHelp()
        ticket = self._desks.ticket_in(intent.ticket)
        since = self._ground.now() - desk_acts.COUNTED_FOR
        used = desk_acts.by_ticket(tx, ticket, since, one_ticket) if ticket else 0
        decision = self._ask(tx, intent, two, used)
        if not decision.allowed:
            return self._turn_away(tx, intent, two, decision)
        if ticket is None:
            self._refuse(tx, intent, two.person, "no_ticket")
            return NoTicket()
        return Allowed(two=two, decision=decision, ticket=ticket, used=used)

    def begun(
        self,
        tx: Session,
        intent: HelpFor,
        allowed: Allowed,
        handle: Handle,
        action: str,
        given_again: tuple[str, ...] = (),
    ) -> DeskAct:
        """Keep that it is done, on the record, and tell the person; every entry and the message belong to its visit."""
        two, at = allowed.two, self._ground.now()
        helper, person, desk = two.helper, two.person, two.serving[0]
        act = desk_acts.keep(
            tx,
            DeskAct(
                id=new_id("k", at), act=intent.act, desk=desk.id, directory=person.directory, account=person.id,
                name=person.name, login=person.login, slack_user=two.slack_user, helper=helper.id,
                helper_name=helper.name, helper_slack=intent.actor.slack_user, ticket=allowed.ticket,
                handle=handle.id, given_again=list(given_again), at=at,
            ),
        )  # fmt: skip
        failures.clear(tx, directory=helper.directory, account=_counted(helper))
        facts: dict[str, recording.Fact] = {"desk": desk.id, "ticket_used": allowed.used + 1}
        if intent.act == Act.RECHECK:
            facts["given_again"] = list(given_again)
        recording.record(
            tx, at=at, action=action, outcome="done", **recording.by(intent), correlation=handle.id,
            subject=person.id,
            resource=intent.entitlement if intent.entitlement in self._ground.catalogue.entitlements else None,
            decision=allowed.decision, facts=facts,
            texts={"ticket": allowed.ticket, "rationale": intent.rationale.strip()},
        )  # fmt: skip
        tell(tx, act, at)
        return act

    def turn_away_stranger(
        self, tx: Session, intent: ConsiderHelp | HelpFor, person: Account | None
    ) -> NotOfDesk:
        """Whoever is on no desk that may: who could is named, and of the person nothing is said."""
        self._refuse(tx, intent, person, "no_desk", again=True)
        return NotOfDesk(ask=names_of(one for one in self._desks.desks if intent.act in one.may))

    def note(self, tx: Session, intent: HelpFor, person: Account, action: str) -> None:
        """One entry of something that came to nothing."""
        if deliveries.take(tx, f"{intent.delivery}:{action}", self._ground.now()):
            self._record(tx, intent, person, action, {})

    def _ask(self, tx: Session, intent: HelpFor, two: TwoPeople, used: int) -> PolicyDecision:
        """As if the ticket were there: without it they hear what is wrong before they look for one."""
        now, helper, person = self._ground.now(), two.helper, two.person
        done = desk_acts.by_helper(tx, two.accounts, now - DAY)
        had = desk_acts.for_person(tx, person.id, now - DAY)
        limits = self._desks
        return may_help(
            self._ground.policy,
            HelpQuestion(
                action=intent.act.action,
                principal=helper,
                target=person,
                serves=bool(two.serving),
                ticket_given=True,
                oneself=two.oneself,
                reports_to=two.reports_to,
                acts_left=max(0, limits.acts_a_day - done),
                left_for_them=max(0, limits.for_one_a_day - had),
                ticket_left=max(0, limits.acts_on_a_ticket - used),
                now=now,
                recently=recently(tx, self._ground.now, (helper, person)),
            ),
        )

    def _turn_away(
        self, tx: Session, intent: HelpFor, two: TwoPeople, decision: PolicyDecision
    ) -> NotServed | MayNotHelp:
        """Of somebody whom they do not serve they hear who does, and nothing of how their account stands."""
        at, helper, person = self._ground.now(), two.helper, two.person
        outside = not two.serving and not two.oneself
        first = self._refuse(
            tx, intent, person, "not_served" if outside else "policy", decision, again=outside
        )
        if first and decision.errors:
            who = named(helper.name, helper.login)
            tell_security(tx, at, broken_policy(decision, who=who, correlation=person.id))
        elif first and decision.severity is not None:
            reason = next((_UNUSUAL[one] for one in decision.policy_ids if one in _UNUSUAL), "refused")
            facts: dict[str, recording.Fact] = {
                "reasons": list(decision.reasons),
                "policies": list(decision.policy_ids),
            }
            self._alarm(tx, helper, person, reason, Severity(decision.severity), facts)
        if outside:
            same_home = person.directory == helper.directory
            serving = self._desks.serving(person, intent.act) if same_home else ()
            return NotServed(name=person.name, ask=names_of(serving))
        return MayNotHelp(name=person.name, reasons=decision.reasons if decision.policy_ids else ())

    def _refuse(
        self,
        tx: Session,
        intent: ConsiderHelp | HelpFor,
        person: Account | None,
        why: str,
        decision: PolicyDecision | None = None,
        *,
        again: bool = False,
    ) -> bool:
        """Record it once for each delivery; whether it was the first. again: several of the kind are an exception."""
        at, helper = self._ground.now(), intent.actor.account
        # What was typed is not kept anywhere; what a form says is a Slack id.
        whom = intent.whom if isinstance(intent, HelpFor) else ""
        if not deliveries.take(tx, f"{intent.delivery}:{whom}:{why}", at):
            return False
        facts: dict[str, recording.Fact] = {"slack_user": whom} if whom else {}
        self._record(tx, intent, person, "desk.refused", {"why": why, **facts}, decision)
        if again:
            tried = failures.count_attempt(
                tx, directory=helper.directory, account=_counted(helper), at=at, limit=REPEATED, lock=DAY
            )
            if tried.number >= REPEATED:
                self._alarm(tx, helper, person, "repeated", Severity.MEDIUM, {"tries": tried.number})
        return True

    def _alarm(
        self,
        tx: Session,
        helper: Account,
        person: Account | None,
        reason: str,
        severity: Severity,
        facts: Mapping[str, recording.Fact],
    ) -> None:
        about = "" if person is None or reason in ("burst", "ticket", "repeated") else person.id
        strange = Strange(
            kind=Kind.HELP_DESK,
            severity=severity,
            who=named(helper.name, helper.login),
            cause=f"{helper.directory}:{helper.id}:{about}:{reason}",
            correlation=person.id if person else helper.id,
            facts={"reason": reason, "whom": named(person.name, person.login) if person else "", **facts},
        )
        tell_security(tx, self._ground.now(), strange)

    def _record(
        self,
        tx: Session,
        intent: ConsiderHelp | HelpFor,
        person: Account | None,
        action: str,
        facts: Mapping[str, recording.Fact],
        decision: PolicyDecision | None = None,
    ) -> None:
        helper = intent.actor.account
        recording.record(
            tx, at=self._ground.now(), action=action, outcome="refused", **recording.by(intent),
            correlation=person.id if person else helper.id, subject=person.id if person else None, decision=decision,
            facts={"act": intent.act, **facts},
        )  # fmt: skip


def _counted(helper: Account) -> str:
    return f"helping:{helper.id}"
