"""How an entitlement can be had at all: the question of an ordinary employee, put for nobody in particular.

It looks nothing up and grants nothing; real requests are weighed in `handlers.decisions.requests`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.decisions.circumstances import HAS_NOTHING
from handlers.decisions.made_up import SOMEBODY
from handlers.decisions.policy import AccessQuestion, Action, PolicyEngine
from handlers.decisions.requests import Verdict, weigh_request
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

_USUAL = timedelta(hours=1)
_SHORTEST = timedelta(minutes=1)
# Somebody ordinary works somewhere; a policy about one place is not about them.
_ANYWHERE = "anywhere"


def prospect(
    policy: PolicyEngine, entitlement: Entitlement, owner: Owner, *, home: str, now: datetime
) -> Verdict:
    """What becomes of a well-written request for an hour, or for another time if only that is not refused."""

    def weighed(length: timedelta) -> Verdict:
        return weigh_request(policy, ordinary_question(entitlement, owner, length, home=home, now=now))

    longest = entitlement.max_duration
    usual = weighed(min(_USUAL, longest))
    if usual.outcome != "refused":
        return usual
    others = (weighed(length) for length in (_SHORTEST, longest))
    return next((verdict for verdict in others if verdict.outcome != "refused"), usual)


def ordinary_question(
    entitlement: Entitlement, owner: Owner, length: timedelta = _USUAL, *, home: str, now: datetime
) -> AccessQuestion:
    """An employee without any power asks, with a reason and a ticket. home: where they sign in. now: aware UTC."""
    somebody = _employee(home, now)
    return AccessQuestion(
        action=Action.GRANT,
        principal=somebody,
        requester=somebody,
        entitlement=entitlement,
        owner=owner,
        minutes=max(1, int(length.total_seconds() // 60)),
        justification_given=True,
        ticket_given=True,
        now=now,
        target=_employee(entitlement.directory, now),
        having=HAS_NOTHING,
    )


def _employee(directory: str, now: datetime) -> Account:
    return replace(
        SOMEBODY,
        id="somebody",
        directory=directory,
        login="somebody",
        name="Somebody",
        location=_ANYWHERE,
        read_at=now,
    )
