"""Help with one's own account: a reset, an unlock, proofs to set up. Slack is the front desk, not the vault.

It opens the secure page or unlocks; no password or code ever passes through here.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import What, reason
from handlers.decisions.policy import AccountQuestion, Action, PolicyDecision
from handlers.exceptions.raising import named, refused_self_service, tell_security
from handlers.ground import Ground
from handlers.intents import Intent
from handlers.outcomes import Repeated
from handlers.patience import in_time
from handlers.people.recently import recently
from handlers.questions.answers import NotHere, NotKnownUnlocked, NotLocked, PageOpened, Unlocked
from handlers.secure_page.changes import UNLOCK, unsure
from handlers.secure_page.handles import Handles
from handlers.stops.stopping import stopped
from storage import deliveries, proofs
from storage.audit import log as audit_log
from storage.directories.base import Directory
from storage.faults import DirectoryUnavailable, WicketFault
from storage.handles import make_handle, move
from storage.identifiers import new_id
from storage.outbox import owe
from storage.proofs import ProofKind
from storage.records import Handle
from storage.states import Purpose, Result

log = structlog.get_logger(__name__)

_EVERY_PROOF = frozenset(kind.value for kind in ProofKind)
ALONE = "privileged-never-by-themselves"
"""The policy that refuses only for want of two people's word."""
UNLOCK_WINDOW = timedelta(hours=24)


class Accounts:
    """What a person asks about their own account. Each answer is on the record.

    sign_in_apart: signing in at the company's provider can replace a forgotten password, so nothing need be set up.
    vouches: somebody else can vouch for whoever set nothing up.
    """

    def __init__(
        self, ground: Ground, *, handles: Handles, sign_in_apart: bool = False, vouches: bool = False
    ) -> None:
        self._ground = ground
        self._handles = handles
        self._sign_in_apart, self._vouches = sign_in_apart, vouches

    async def open_page(
        self,
        intent: Intent,
        purpose: Literal[Purpose.RESET, Purpose.ENROL, Purpose.CARE],
        *,
        by_message: bool,
        unprepared: bool = False,
    ) -> PageOpened | NotHere | Repeated:
        """Open the secure page. A privileged account never resets itself (P-4), and is told so frankly, here only.

        unprepared: for somebody else to vouch, where nothing was set up.
        """

        def work(tx: Session) -> PageOpened | NotHere | Repeated:
            if halt := self._stopped(tx, intent, purpose):
                return halt
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            decision = self._could_be_allowed(tx, intent) if purpose == Purpose.RESET else None
            if decision is not None and not decision.allowed:
                self._refuse(tx, intent, purpose, decision)
                alone = decision.policy_ids == (ALONE,)
                return NotHere(
                    purpose=purpose,
                    reasons=decision.reasons,
                    instead="ask two people" if alone else "governed way",
                )
            account = intent.actor.account
            if purpose == Purpose.RESET and not (
                self._sign_in_apart
                or (unprepared and self._vouches)
                or proofs.has_proofs(tx, account.directory, account.id)
            ):
                self._record(
                    tx, intent, "reset.no_proofs", "refused", decision, new_id("u", self._ground.now())
                )
                return NotHere(
                    purpose=purpose, reasons=(), instead="set up proofs first", vouches=self._vouches
                )
            return self._open(tx, intent, purpose, decision, by_message=by_message)

        return await self._ground.database.write(work)

    async def unlock(
        self, intent: Intent, *, by_message: bool
    ) -> Unlocked | NotKnownUnlocked | NotLocked | PageOpened | NotHere | Repeated:
        """Unlock at once where policy allows it without a proof; otherwise open the page to ask for one."""
        account = intent.actor.account
        directory = self._ground.directory(account.directory)

        def work(tx: Session) -> Handle | NotLocked | PageOpened | NotHere | Repeated:
            now = self._ground.now()
            if not deliveries.take(tx, intent.delivery, now):
                return Repeated()
            if not account.locked:
                self._record(tx, intent, "unlock.not_locked", "refused", None, new_id("u", now))
                return NotLocked()
            used = audit_log.count(
                tx, subject=account.id, action="account.unlock_started", since=now - UNLOCK_WINDOW
            )
            decision = self._ground.policy.ask(
                AccountQuestion(
                    action=Action.UNLOCK,
                    principal=account,
                    target=account,
                    unlocks_today=used,
                    now=now,
                    recently=(lately := recently(tx, self._ground.now, (account,))),
                )
            )
            if decision.allowed:
                return self._begin(tx, intent, decision)
            if account.privileged or lately.reported or decision.errors:
                self._refuse(tx, intent, Purpose.UNLOCK, decision)
                return NotHere(purpose=Purpose.UNLOCK, reasons=decision.reasons, instead="governed way")
            if halt := self._stopped(tx, intent, Purpose.UNLOCK):
                return halt
            return self._open(tx, intent, Purpose.UNLOCK, decision, by_message=by_message)

        started = await self._ground.database.write(work)
        if not isinstance(started, Handle):
            return started
        done = await unlock_now(directory, account.id)
        try:
            await self._ground.database.write(lambda tx: self._end(tx, intent, started, done=done))
        except (
            WicketFault
        ) as fault:  # it may be done by now, so nobody hears that it is not; the schedule closes it
            log.error("unlock.not_recorded", fault=str(fault))
            return NotKnownUnlocked()
        return Unlocked() if done else NotKnownUnlocked()

    def _stopped(self, tx: Session, intent: Intent, purpose: Purpose) -> NotHere | None:
        """After a restore the proofs that are kept may be those of yesterday, so nothing is done on their strength."""
        story = intent.actor.account.id
        action = f"{purpose}.stopped"
        what = What.RESETS if purpose == Purpose.RESET else What.PROOFS
        halt = stopped(tx, self._ground, intent, action, correlation=story, what=what)
        return NotHere(purpose=purpose, reasons=(reason(halt),), instead="governed way") if halt else None

    def _begin(self, tx: Session, intent: Intent, decision: PolicyDecision) -> Handle:
        """Make the intent durable before the directory is touched (T-3), as a change that is under way.

        Its handle was never open and has no link: it is there to be ended, by us or as cut off.
        """
        now, account = self._ground.now(), intent.actor.account
        handle = make_handle(
            tx,
            at=now,
            expires_at=now,
            purpose=Purpose.UNLOCK,
            directory=account.directory,
            account=account.id,
            slack_team=intent.actor.slack_team,
            slack_user=intent.actor.slack_user,
        )
        move(tx, handle.id, was=Result.OPEN, now=Result.CHANGING, at=now)
        self._record(tx, intent, "account.unlock_started", "done", decision, handle.id)
        return handle

    def _end(self, tx: Session, intent: Intent, handle: Handle, *, done: bool) -> None:
        now, account = self._ground.now(), intent.actor.account
        result = Result.DONE if done else Result.UNKNOWN
        if not move(tx, handle.id, was=Result.CHANGING, now=result, at=now):
            return  # it took so long that it was ended as cut off
        self._record(tx, intent, UNLOCK.ended, "done" if done else "failed", None, handle.id)
        if not done:
            tell_security(tx, now, unsure(handle, UNLOCK, result, named(account.name, account.login)))

    def _could_be_allowed(self, tx: Session, intent: Intent) -> PolicyDecision:
        """Whether policy would allow a reset if every proof were given: otherwise the page would only disappoint."""
        account = intent.actor.account
        return self._ground.policy.ask(
            AccountQuestion(
                action=Action.RESET_PASSWORD,
                principal=account,
                target=account,
                proofs=_EVERY_PROOF,
                now=self._ground.now(),
                recently=recently(tx, self._ground.now, (account,)),
            )
        )

    def _open(
        self,
        tx: Session,
        intent: Intent,
        purpose: Purpose,
        decision: PolicyDecision | None,
        *,
        by_message: bool,
    ) -> PageOpened:
        now, account = self._ground.now(), intent.actor.account
        handle: Handle = self._handles.open_handle(
            tx,
            purpose=purpose,
            directory=account.directory,
            account=account.id,
            slack_team=intent.actor.slack_team,
            slack_user=intent.actor.slack_user,
            at=now,
        )
        # A reset is weighed here as if every proof had been given, and the record says so.
        facts = {"supposed_proofs": sorted(_EVERY_PROOF)} if purpose == Purpose.RESET else None
        self._record(tx, intent, f"{purpose}.page_opened", "done", decision, handle.id, facts)
        if by_message:
            owe(tx, at=now, courier="slack", kind="page", subject=handle.id, recipient=handle.slack_user)
        return PageOpened(handle=handle.id, purpose=purpose)

    def _refuse(self, tx: Session, intent: Intent, purpose: Purpose, decision: PolicyDecision) -> None:
        now, account = self._ground.now(), intent.actor.account
        correlation = new_id("u", now)
        self._record(tx, intent, f"{purpose}.refused", "refused", decision, correlation)
        strange = refused_self_service(
            account, decision, about=purpose, purpose=purpose, correlation=correlation
        )
        if strange is not None:
            tell_security(tx, now, strange)

    def _record(
        self,
        tx: Session,
        intent: Intent,
        action: str,
        outcome: str,
        decision: PolicyDecision | None,
        correlation: str,
        facts: Mapping[str, recording.Fact] | None = None,
    ) -> None:
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            **recording.by(intent),
            subject=intent.actor.account.id,
            correlation=correlation,
            decision=decision,
            facts=facts,
        )


async def unlock_now(directory: Directory, account_id: str) -> bool:
    """Lift the lockout; whether the directory, read back, says that it is lifted."""
    try:
        await in_time(directory.unlock(account_id))
        after = await in_time(directory.account(account_id))
    except DirectoryUnavailable:
        return False
    return after is not None and not after.locked
