"""Asking a petition: somebody who cannot pass by themselves asks two people to say that it is them.

It gives nothing; what was typed at the front door is answered alike whoever typed it (P-9).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from handlers import recording
from handlers.decisions.attested import Attested
from handlers.decisions.freezing import Stopped, What, reason
from handlers.decisions.petitioning import in_the_end, still_missing
from handlers.decisions.policy import PolicyDecision
from handlers.exceptions.raising import refused_self_service, tell_security
from handlers.ground import Ground
from handlers.intents import PAGE, Intent
from handlers.outcomes import Repeated
from handlers.patience import in_time
from handlers.people.addresses import changed_lately, seen_now
from handlers.petitions import ends
from handlers.petitions.ends import By
from handlers.petitions.outcomes import (
    ASKED,
    AskedBefore,
    AskPetition,
    MayAsk,
    NotForYou,
    NotNeeded,
    Petitioned,
)
from handlers.secure_page.visits import NOBODY
from storage import alarms, deliveries, links, petitions
from storage.directories.base import Account
from storage.exceptions import SECURITY
from storage.handles import make_handle
from storage.identifiers import new_id
from storage.records import Address, Petition
from storage.states import LinkState, PetitionKind, PetitionState, Purpose

ANSWERED_WITHIN = timedelta(hours=24)
A_DAY = 3
PURPOSES: Mapping[PetitionKind, Purpose] = {
    PetitionKind.PASSWORD: Purpose.RESET,
    PetitionKind.PROOFS: Purpose.REGAIN,
}
MOVED = (
    "Your mail address changed less than 72 hours ago, so nobody can be told for certain that it is you who asks. "
    "Go to the IT desk in person."
)
REPORTED = (
    "Somebody else may be in this account, so nothing is asked in its name. Speak to the security team."
)
NO_MAIL = (
    "The directory holds no mail address for you, so you could not be told. Go to the IT desk in person."
)
ENOUGH = "You asked three times in the last 24 hours, the most in a day. Go to the IT desk in person."

Refused = NotForYou | NotNeeded | AskedBefore


class Petitioning:
    """Takes petitions up, from Slack and from the front door."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: Intent, kind: PetitionKind) -> MayAsk | Refused | Repeated:
        """Whether this person may ask: before the form opens. Who may not is on the record."""
        account = intent.actor.account
        seen = await seen_now(self._ground.database, account, self._ground.now())

        def work(tx: Session) -> MayAsk | Refused | Repeated:
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            refused = self._refusal(tx, account, kind, seen)
            if not isinstance(refused, tuple):
                return MayAsk(kind=kind, privileged=account.privileged)
            by = By(**recording.by(intent))
            self._refuse(tx, account, kind, by, refused)
            return refused[0]

        return await self._ground.database.write(work)

    async def ask(self, intent: AskPetition) -> Petitioned | Refused | Repeated:
        """Ask, and tell the person and those who decide."""
        account, actor = intent.actor.account, intent.actor
        seen = await seen_now(self._ground.database, account, self._ground.now())
        manager = await self._manager(account, account.directory)

        def work(tx: Session) -> Petitioned | Refused | Repeated:
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            by = By(actor=recording.person(actor), where=intent.where)
            missing = self._refusal(tx, account, intent.kind, seen)
            if isinstance(missing, tuple):
                self._refuse(tx, account, intent.kind, by, missing)
                return missing[0]
            asked = _Asked(account, manager, intent.kind, intent.explanation, missing)
            return self._ask(tx, asked, by, actor.slack_team, actor.slack_user)

        return await self._ground.database.write(work)

    async def ask_at_door(
        self, account: Account | None, kind: PetitionKind, explanation: str, *, directory: str
    ) -> None:
        """The same by a login that was typed: nobody hears what came of it but the person, by mail and in Slack.

        The directory is asked as often whoever it is, or whoever waits could tell where it is slow or away (P-9).
        """
        at = self._ground.now()
        seen = await seen_now(self._ground.database, account, at) if account is not None else None
        manager = await self._manager(account, directory)

        def work(tx: Session) -> None:
            by = By(actor=recording.stranger("", ""), where=PAGE)
            link = links.link_to(tx, account.directory, account.id) if account is not None else None
            if account is None or link is None:
                self._unknown(tx, account, "unknown" if account is None else "not_linked", kind)
                return
            missing = self._refusal(tx, account, kind, seen)
            if isinstance(missing, tuple):
                self._refuse(tx, account, kind, by, missing)
                return
            asked = _Asked(account, manager, kind, explanation, missing)
            self._ask(tx, asked, by, link.slack_team, link.slack_user)

        await self._ground.database.write(work)

    def _refusal(
        self, tx: Session, account: Account, kind: PetitionKind, seen: Address | None
    ) -> tuple[Refused, PolicyDecision | None, str] | Attested:
        """Why not, with policy's answer and a word for the record; whose word is needed, if they may."""
        ground, at = self._ground, self._ground.now()
        if alarms.open_of(tx, account.directory, account.id):
            return NotForYou(reasons=(REPORTED,)), None, "reported"
        halt = stops(tx, ground, kind)
        if halt is not None:
            return NotForYou(reasons=(reason(halt),)), None, "stopped"
        before = petitions.open_of(tx, account.directory, account.id)
        if before is not None:
            return AskedBefore(petition=before.id), None, "asked_before"
        if not account.mail:
            return NotForYou(reasons=(NO_MAIL,)), None, "no_mail"
        if changed_lately(account, seen, at) is not None:
            return NotForYou(reasons=(MOVED,)), None, "mail_moved"
        if petitions.asked_since(tx, account.directory, account.id, at - timedelta(days=1)) >= A_DAY:
            return NotForYou(reasons=(ENOUGH,)), None, "too_often"
        missing = still_missing(ground.policy, in_the_end(kind, account, at), Attested())
        if isinstance(missing, PolicyDecision):
            return NotForYou(reasons=missing.reasons), missing, "policy"
        return (NotNeeded(kind=kind), None, "not_needed") if missing.total == 0 else missing

    def _refuse(
        self,
        tx: Session,
        account: Account,
        kind: PetitionKind,
        by: By,
        refused: tuple[Refused, PolicyDecision | None, str],
    ) -> None:
        _, decision, why = refused
        at, correlation = self._ground.now(), new_id("u", self._ground.now())
        recording.record(
            tx, at=at, action="petition.refused", outcome="refused", actor=by.actor, where=by.where,
            correlation=correlation, subject=account.id, decision=decision, facts={"kind": kind, "why": why},
        )  # fmt: skip
        if decision is None:
            return
        strange = refused_self_service(
            account, decision, about="petition", purpose=kind, correlation=correlation
        )
        if strange is not None:
            tell_security(tx, at, strange)

    def _unknown(self, tx: Session, account: Account | None, why: str, kind: PetitionKind) -> None:
        at = self._ground.now()
        recording.record(
            tx, at=at, action="petition.refused", outcome="refused", actor=recording.stranger("", ""), where=PAGE,
            correlation=new_id("u", at), subject=account.id if account else None, facts={"kind": kind, "why": why},
        )  # fmt: skip

    def _ask(
        self, tx: Session, asked: "_Asked", by: By, slack_team: str, slack_user: str
    ) -> Petitioned | AskedBefore:
        """Keep it with a visit that stays shut, and owe everything that tells of it."""
        at, account, kind = self._ground.now(), asked.account, asked.kind
        handle = make_handle(
            tx, at=at, expires_at=at, purpose=PURPOSES[kind], directory=account.directory, account=account.id,
            slack_team=slack_team, slack_user=slack_user,
        )  # fmt: skip
        lapses_at = at + ANSWERED_WITHIN
        petition = Petition(
            id=handle.id, kind=kind, directory=account.directory, account=account.id, name=account.name,
            login=account.login, privileged=account.privileged, slack_team=slack_team, slack_user=slack_user,
            team=account.team, employment=account.employment, manager=asked.manager,
            explanation=asked.explanation.strip(), state=PetitionState.ASKED, missing=as_missing(asked.missing),
            asked_at=at, lapses_at=lapses_at, next_at=lapses_at,
        )  # fmt: skip
        for spoilt in petitions.spoilt_of(tx, account.directory, account.id):
            ends.end_spoilt(tx, spoilt, at)
        if not petitions.add(tx, petition):
            before = petitions.open_of(tx, account.directory, account.id)
            return AskedBefore(petition=before.id if before else "")
        recording.record(
            tx, at=at, action="petition.asked", outcome="done", actor=by.actor, where=by.where,
            correlation=petition.id, subject=account.id,
            facts={"kind": kind, "privileged": account.privileged},
            texts={"explanation": petition.explanation},
        )  # fmt: skip
        ends.show(tx, petition, at, besides=self._places(tx, petition, account))
        ends.tell(tx, petition, ASKED, at)
        if petition.privileged:
            ends.raise_about(tx, petition, PetitionState.ASKED, at)
        return Petitioned(petition=petition.id)

    async def _manager(self, account: Account | None, directory: str) -> str:
        """The name of their manager, for those who decide; whoever has none has it looked up all the same."""
        whose = account.manager if account is not None and account.manager else NOBODY
        found = await in_time(self._ground.home(directory).account(whose))
        return found.name if found is not None else ""

    def _places(self, tx: Session, petition: Petition, account: Account) -> list[str]:
        """Where it is decided: the help desk's channel, security's for the privileged, and with the manager alone."""
        ground = self._ground
        places = [ground.petition_channel] if ground.petition_channel else []
        if petition.privileged or not places:
            places.insert(0, SECURITY)
        manager = links.link_to(tx, account.directory, account.manager) if account.manager else None
        if manager is not None and manager.state == LinkState.ACTIVE:
            places.append(manager.slack_user)
        return places


@dataclass(frozen=True)
class _Asked:
    account: Account
    manager: str
    kind: PetitionKind
    explanation: str
    missing: Attested


def as_missing(missing: Attested) -> dict[str, int]:
    """Whose word is still needed, as it is kept."""
    counts = {"security": missing.security, "help_desk": missing.help_desk, "manager": missing.manager}
    return {role: count for role, count in counts.items() if count}


def stops(tx: Session, ground: Ground, kind: PetitionKind) -> Stopped | None:
    """What stops petitions of this kind now: any freeze of access or proofs, and of a new password one of resets."""
    found = ground.stopped(tx, What.ACCESS) or ground.stopped(tx, What.PROOFS)
    if found is None and kind == PetitionKind.PASSWORD:
        found = ground.stopped(tx, What.RESETS)
    return found
