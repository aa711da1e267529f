"""The emergency stop: one person of the security team, looked up live, or an operator stops all new access at once.

It gives nothing, takes nothing away and lifts nothing; whoever may not is told kindly, and it is an exception.
"""

from collections.abc import Callable
from typing import TypeVar, Unpack

from sqlmodel import Session

from handlers import recording
from handlers.decisions.halting import NOT_SECURITY, as_security_reads, why_not
from handlers.exceptions.raising import Kind, Severity, Strange, named, tell_security
from handlers.ground import Ground
from handlers.intents import Intent, Where
from handlers.outcomes import Repeated
from handlers.questions.concerned import of_security
from handlers.stops.freezing import Cause, begin
from handlers.stops.outcomes import Halt, Halted, HaltedBefore, MayHalt, MayNotStop
from handlers.stops.seconding import emergency
from storage import alarms, deliveries
from storage.audit.checkpoint import Signer
from storage.directories.base import Account
from storage.records import Freeze
from storage.sentences import template
from storage.states import FreezeKind

T = TypeVar("T")
Refused = MayNotStop | HaltedBefore | Repeated

STOPPED = template("Somebody of the security team stopped it.")
STOPPED_BY_OPERATOR = template("An operator stopped it, on the command line.")


class Halting:
    """One transaction a click, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground, signer: Signer) -> None:
        self._ground, self._signer = ground, signer

    async def consider(self, intent: Halt) -> MayHalt | Refused:
        """Whether this person may: asked when the form is about to open."""
        return await self._ground.database.write(lambda tx: self._open(tx, intent, MayHalt))

    async def halt(self, intent: Halt) -> Halted | Refused:
        """Stop new access, with the reason why. No fresh proof is needed: a stop gives nobody anything."""

        def work(tx: Session) -> Halted | Refused:
            name = intent.actor.account.name
            return self._open(
                tx, intent, lambda: self._begin(tx, STOPPED, intent.rationale, name, **recording.by(intent))
            )

        return await self._ground.database.write(work)

    def by_operator(self, tx: Session, rationale: str, where: Where) -> Halted | HaltedBefore:
        """The same from the command line, which only operators reach."""
        standing = emergency(tx)  # another kind is no reason not to: each is lifted by itself
        if standing is not None:
            return HaltedBefore(by=_name_of(standing), since=standing.since)
        return self._begin(tx, STOPPED_BY_OPERATOR, rationale, "", actor=recording.OPERATOR, where=where)

    def _begin(
        self, tx: Session, detail: str, rationale: str, name: str, **by: Unpack[recording.By]
    ) -> Halted:
        cause = Cause(kind=FreezeKind.EMERGENCY, detail=detail, by=name, rationale=rationale)
        begin(tx, self._ground, cause, signer=self._signer, **by)
        return Halted()

    def _open(self, tx: Session, intent: Halt, work: Callable[[], T]) -> T | Refused:
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        if (refused := turn_away(tx, self._ground, intent, "freeze.refused")) is not None:
            return refused
        standing = emergency(tx)
        if standing is not None:
            _record(tx, self._ground, intent, "freeze.late", standing.id)
            return HaltedBefore(by=_name_of(standing), since=standing.since)
        return work()


def turn_away(tx: Session, ground: Ground, intent: Intent, action: str) -> MayNotStop | None:
    """Refuse whoever may not stop things at once, on the record and told of; None if they may.

    action: of the entry; what stands before its point says what they tried.
    """
    reason = reason_against(tx, ground, intent.actor.account)
    return turn_away_from(tx, ground, intent, action, reason) if reason else None


def reason_against(tx: Session, ground: Ground, account: Account, otherwise: str = NOT_SECURITY) -> str:
    """Why this person may not act for security now; "" if they may. otherwise: what all others hear."""
    reported = bool(alarms.open_of(tx, account.directory, account.id))
    return why_not(account, of_security=of_security(ground, account), reported=reported, otherwise=otherwise)


def turn_away_from(
    tx: Session, ground: Ground, intent: Intent, action: str, reason: str, about: str = ""
) -> MayNotStop:
    """Refuse it for this reason, on the record and told of. about: the story that it belongs to, if to another."""
    account = intent.actor.account
    what = action.partition(".")[0]
    _record(tx, ground, intent, action, about or account.id)
    strange = Strange(
        kind=Kind.WRONG_APPROVER,
        severity=Severity.MEDIUM,
        who=named(account.name, account.login),
        cause=f"{account.id}:{what}",
        correlation=account.id,
        facts={"stop": what, "reasons": [as_security_reads(reason)], "policies": []},
    )
    tell_security(tx, ground.now(), strange)
    return MayNotStop(reason=reason)


def _record(tx: Session, ground: Ground, intent: Intent, action: str, correlation: str) -> None:
    recording.record(
        tx, at=ground.now(), action=action, outcome="refused", **recording.by(intent), correlation=correlation
    )


def _name_of(freeze: Freeze) -> str:
    return str(freeze.facts.get("by") or "")
