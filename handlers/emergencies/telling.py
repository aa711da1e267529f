"""Who hears of an emergency: the messages owed of it, the notice that goes outside Slack, and what is an exception.

It decides nothing, gives nothing, and puts nobody's own words outside Slack.
"""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision
from handlers.emergencies.outcomes import ALERTED, BEGUN, EXTENDED, NEWS, OVER, STATUS
from handlers.exceptions.outside import Notice
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, named, tell_security
from storage import emergencies
from storage.emergencies import FORESEEN
from storage.exceptions import SECURITY
from storage.outbox import ALERT, OWNER, Message, owe, where_posted
from storage.records import Emergency, Grant
from storage.reminders import extension_of
from storage.sentences import Length, Sentence, template
from storage.states import EmergencyState, GrantState

if TYPE_CHECKING:
    from handlers.ground import Ground, Shown

_TITLES = {
    False: template("Break-glass: {who} takes {entitlement} for {length}, incident {incident}"),
    True: template("DRILL of break-glass: {who} takes {entitlement} for {length}, incident {incident}"),
}
TOLD = template(
    "They proved who they are. The access begins once this was taken, and ends by itself. The team {owner} and "
    "security can end it at once in Slack."
)
DRILL_TOLD = template("This is a DRILL: nothing happened, nothing is given, and nobody has to act.")


def show(tx: Session, ground: "Ground", emergency: Emergency) -> None:
    """Owe what shows how it stands: first in the queue, since the access waits for it."""
    owed = [Message(STATUS, emergency.id, emergency.slack_user)]
    if emergency.tell_by is not None:  # before that nobody knows that it was them
        owed += [Message(ALERTED, emergency.id, place) for place in _places(ground, emergency.entitlement)]
    for one in owed:
        owe(tx, at=ground.now(), courier="slack", urgency=ALERT, **one._asdict())


def of_emergency(tx: Session, ground: "Ground", grant: "Shown") -> list[Message]:
    """What says how the grant of an emergency stands, beside its holder's own message; nothing for any other grant."""
    if grant.foreseen != FORESEEN:
        return []
    news = [BEGUN] if grant.state != GrantState.APPROVED else []
    # What ends together with others is shown as it was when its end began.
    if grant.state in (GrantState.ENDING, GrantState.ENDED, GrantState.VOIDED):
        news.append(OVER)
    whole = tx.get(Grant, grant.id)
    if whole is not None and extension_of(tx, whole) is not None:
        news.append(EXTENDED)
    places = _places(ground, grant.entitlement)
    return [
        *(Message(ALERTED, grant.id, place) for place in places),
        *(Message(NEWS, f"{grant.id}:{one}", place) for one in news for place in places),
    ]


def is_in_channel(tx: Session, emergency: Emergency) -> bool:
    """Whether the alert stands in the security channel: Slack took it, and said where."""
    return where_posted(tx, kind=ALERTED, subject=emergency.id, recipient=SECURITY) is not None


def notice_of(ground: "Ground", emergency: Emergency, at: datetime) -> Notice:
    """What goes outside Slack. Told again after a crash it is the same notice, by its id."""
    owner = ground.owner(emergency.entitlement)
    return Notice(
        id=emergency.id,
        kind="break-glass.drill" if emergency.drill else "break-glass",
        severity="high",
        title=Sentence(
            _TITLES[emergency.drill],
            who=named(emergency.name, emergency.login),
            entitlement=emergency.entitlement,
            length=Length(emergency.minutes),
            incident=emergency.incident,
        ),
        told=DRILL_TOLD if emergency.drill else Sentence(TOLD, owner=owner.name if owner else ""),
        at=at,
        correlation=emergency.id,
    )


def tell_refused(
    tx: Session,
    ground: "Ground",
    *,
    who: str,
    account: str,
    stage: str,
    severity: str,
    correlation: str,
    reasons: Collection[str] = (),
    row: Emergency | None = None,
    decision: PolicyDecision | None = None,
) -> None:
    """Somebody reached for the glass and nothing was given: always something for the security channel.

    stage: how far it came: "listed", "asked", "unproven", "proven", "told" or "given". account: whose, by its id.
    """
    entitlement = row.entitlement if row else None
    if decision is not None and decision.errors:
        broken = broken_policy(decision, who=who, correlation=correlation, entitlement=entitlement)
        tell_security(tx, ground.now(), broken)
        return
    about = {"entitlement": row.entitlement, "incident": row.incident, "minutes": row.minutes} if row else {}
    strange = Strange(
        kind=Kind.EMERGENCY_REFUSED,
        severity=Severity(severity),
        who=who,
        cause=f"{account}:{entitlement or ''}:{stage}",
        correlation=correlation,
        facts={
            "stage": stage,
            "reasons": list(reasons),
            "policies": list(decision.policy_ids) if decision else [],
            "drill": row is not None and row.drill,
            **about,
        },
    )
    tell_security(tx, ground.now(), strange)


def _places(ground: "Ground", entitlement_id: str) -> list[str]:
    entitlement = ground.catalogue.entitlements.get(entitlement_id)
    return [SECURITY, *([f"{OWNER}{entitlement.owner}"] if entitlement else [])]


def of_grant(tx: Session, grant: Grant) -> Emergency | None:
    """The emergency that this grant is of, if it came to it; None if it is of none, whatever the grant says."""
    found = emergencies.get(tx, grant.id) if grant.foreseen == FORESEEN else None
    return found if found is not None and found.state == EmergencyState.GRANTED else None
