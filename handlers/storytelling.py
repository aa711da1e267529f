"""Fills the story of a grant from the store, as it is at that moment.

It reads only; what a story sounds like is said in bot.slack.messages.
"""

from sqlmodel import Session

from handlers.ground import Ground
from handlers.stories import GrantStory, Report, Requester, Said
from storage import grants
from storage.links import link_to
from storage.records import Grant
from storage.states import GrantState


def tell(tx: Session, ground: Ground, grant_id: str) -> GrantStory | None:
    """The story of this grant, or None if there is no such grant."""
    grant = grants.get(tx, grant_id)
    if grant is None:
        return None
    entitlement = ground.catalogue.entitlements.get(grant.entitlement)
    # What stood before this was asked: a story told again later does not count itself, or what came after.
    holder = (grant.requester_directory, grant.target_account or grant.requester_account)
    past = [
        each
        for each in grants.past_of(tx, *holder, grant.entitlement)
        if each.requested_at < grant.requested_at
    ]
    directory = ground.directories.get(grant.directory)
    voided = grants.voided_of(tx, grant.id)
    is_own = (grant.directory, grant.account) == holder
    return GrantStory(
        id=grant.id,
        state=GrantState(grant.state),
        entitlement_id=grant.entitlement,
        entitlement=entitlement,
        owner=ground.catalogue.owner_of(entitlement) if entitlement else None,
        requester=Requester(
            name=grant.requester_name,
            login=grant.requester_login,
            team=grant.requester_team,
            employment=grant.requester_employment,
            manager=grant.manager_name,
            slack_user=grant.slack_user,
        ),
        minutes=grant.minutes,
        justification=grant.justification,
        reasons=tuple(grant.reasons),
        missing=dict(grant.missing),
        foreseen=grant.foreseen,
        automatic=grant.automatic,
        said=tuple(
            Said(
                name=a.approver_name,
                role=a.role,
                approved=a.approved,
                rationale=a.rationale,
                at=a.at,
                void=voided.get(a.id, ""),
            )
            for a in grants.approvals_of(tx, grant.id)
        ),
        holds=_holds(tx, ground, grant),
        had=len(past),
        had_last=past[0].ended_at if past else None,
        end_reason=grant.end_reason,
        removal_takes_effect=directory.capabilities.removal_takes_effect if directory else "",
        requested_at=grant.requested_at,
        lapses_at=grant.lapses_at,
        decided_at=grant.decided_at,
        expires_at=grant.expires_at,
        active_at=grant.active_at,
        ended_at=grant.ended_at,
        directory="" if is_own else grant.directory,
        account="" if is_own else grant.account,
        report=_report(tx, grant),
        ticket="" if grant.ticket in grant.justification else grant.ticket,
    )


def _report(tx: Session, grant: Grant) -> Report | None:
    if not grant.target_account:
        return None
    link = link_to(tx, grant.requester_directory, grant.target_account)
    return Report(
        name=grant.target_name, login=grant.target_login, slack_user=link.slack_user if link else ""
    )


def _holds(tx: Session, ground: Ground, grant: Grant) -> tuple[str, ...]:
    """What its holder held when it was asked or holds by grants now, the riskiest first, this one left out."""
    of = (grant.requester_directory, grant.target_account or grant.requester_account)
    live = {other.entitlement for other in grants.live_of(tx, *of)}
    held = (live | set(grant.standing)) - {grant.entitlement}
    known = [ground.catalogue.entitlements[name] for name in held if name in ground.catalogue.entitlements]
    return tuple(e.id for e in sorted(known, key=lambda e: (-e.risk, e.id)))
