"""The breaker over everybody's resets: it counts them and wrong proofs, and at too many stops them all (P-7).

It is never lifted here, and it holds up nothing but resets.
"""

from collections.abc import Mapping

import structlog
from sqlmodel import Session

from handlers.decisions.breaking import KNOWN_FOR, WINDOW, Counted, bar
from handlers.decisions.freezing import UNCHECKED, Stopped, What, reason, what_stops
from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.intents import PAGE
from handlers.recording import WICKET, Fact, record
from handlers.secure_page.visits import NotYet, PageGround
from handlers.stops.standing import standing
from storage import freezes, petitions, tallies
from storage.handles import close_everybodys
from storage.records import Freeze, Handle
from storage.sentences import template, told_together
from storage.states import FreezeKind, PetitionState, Purpose

log = structlog.get_logger(__name__)

_STOPPED_AS: Mapping[str, What] = {
    Purpose.RESET: What.RESETS,
    **dict.fromkeys((Purpose.UNLOCK, Purpose.ENROL, Purpose.CARE, Purpose.STEP_UP), What.PROOFS),
}
_NONE_ADDED = template(
    "Until then no proof is added or replaced. Try again in some minutes; if it still says this then, tell your "
    "security team."
)


def stopped(tx: Session) -> Stopped | None:
    """What stops resets now; None if nothing does."""
    return what_stops(standing(tx), What.RESETS)


def stops(tx: Session, handle: Handle) -> Stopped | None:
    """What stops this visit now: what would not be opened now, by its person or by two people (T-4).

    A freeze that is written closes open visits; what this process alone knows cannot (T-2).
    """
    found = standing(tx)
    halt = what_stops(found, _STOPPED_AS[handle.purpose]) if handle.purpose in _STOPPED_AS else None
    if halt is None and found and petitions.look(tx, handle.id) is not None:
        halt = what_stops(found, What.ACCESS)
    return halt


def not_added(halt: Stopped) -> NotYet:
    """What to say where one more way to prove who one is was to be kept."""
    again = _NONE_ADDED if halt.kind == UNCHECKED else ""  # any other is for security to lift
    return NotYet(reason=told_together(reason(halt), again))


def why_stopped(handle: Handle) -> str:
    """What stopped this visit, for the record."""
    return "resets_stopped" if handle.purpose == Purpose.RESET else "stopped"


def lets_by(tx: Session, ground: PageGround, what: Counted) -> bool:
    """Count one more. False if resets are stopped, or are from now on because this one was too many."""
    at, bars = ground.now(), ground.limits.bars
    tallies.count(tx, what, at)
    if stopped(tx) is not None:
        return False
    found = tallies.lately(tx, what, at, WINDOW, since=freezes.lifted_last(tx, FreezeKind.RESETS))
    if found <= bars.of(what) / 3:  # below every bar, so nobody need ask what is usual
        return True
    most = bar(bars, what, tallies.usual(tx, what, at, WINDOW, least=KNOWN_FOR))
    if found <= most:
        return True
    _trip(tx, ground, what, found, most)
    return False


def came_to_nothing(tx: Session, ground: PageGround, what: Counted) -> None:
    """What was counted before it began did not happen after all."""
    tallies.count(tx, what, ground.now(), by=-1)


def _trip(tx: Session, ground: PageGround, what: Counted, found: int, most: int) -> None:
    """Stop them, close what is open, and tell security: once, since one transaction writes at a time."""
    at = ground.now()
    facts: dict[str, Fact] = {"what": what, "count": found, "most": most}
    freeze: Freeze = freezes.begin(
        tx,
        at=at,
        kind=FreezeKind.RESETS,
        by=WICKET.id,
        lost_from=None,
        facts={**facts, "detail": _DETAILS[what]},
    )
    # What two people opened is no self-service: it is stopped like all others, and goes on when that is lifted.
    spared = [one.id for one in petitions.listed(tx, since=at) if one.state == PetitionState.OPEN]
    close_everybodys(tx, at, purpose=Purpose.RESET, spared=spared)
    record(
        tx, at=at, action="resets.stopped", outcome="done", actor=WICKET, where=PAGE, correlation=freeze.id,
        facts=facts,
    )  # fmt: skip
    strange = Strange(
        kind=Kind.ACCESS_STOPPED,
        severity=Severity.HIGH,
        who="Wicket",
        cause=freeze.id,
        correlation=freeze.id,
        facts={"freeze": freeze.id, "kind": freeze.kind, "detail": _DETAILS[what], "lost": 0, **facts},
    )
    tell_security(tx, at, strange)
    log.error("resets.stopped", what=what, count=found, most=most)


_DETAILS = {
    Counted.RESETS: "Within an hour more passwords were reset than is let by.",
    Counted.WRONG_PROOFS: "Within an hour more wrong proofs were given than is let by.",
}
