"""Fills the story of a grant from the store, as it is at that moment.

It reads only; what a story sounds like is said in bot.slack.messages.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers.approvals.deciders import deciders, how_far
from handlers.decisions.circumstances import RESET_IS_RECENT
from handlers.decisions.delegated import SCOPE
from handlers.ground import Ground
from handlers.patience import in_time
from handlers.requests.stories import (
    Asked,
    ByDelegation,
    Extension,
    GrantStory,
    Held,
    LastTime,
    PassedOn,
    Report,
    Requester,
    Said,
)
from storage import delegations, grants, inquiries
from storage.approvals import approvals_of, counting_of, proof_of, voided_of
from storage.binding import mark
from storage.faults import DirectoryUnavailable
from storage.free_text_places import ERASED
from storage.handles import resets_since
from storage.links import link_to
from storage.records import Approval, Grant
from storage.reminders import extension_of, seen
from storage.states import LIVE, GrantState
from storage.whose import holder_of


def tell(tx: Session, ground: Ground, grant_id: str) -> GrantStory | None:
    """The story of this grant, or None if there is no such grant."""
    grant = grants.get(tx, grant_id)
    if grant is None:
        return None
    entitlement = ground.catalogue.entitlements.get(grant.entitlement)
    past = _past(tx, grant)
    directory = ground.directories.get(grant.directory)
    is_own = (grant.directory, grant.account) == holder_of(grant)
    return GrantStory(
        id=grant.id,
        state=GrantState(grant.state),
        entitlement_id=grant.entitlement,
        entitlement=entitlement,
        owner=ground.catalogue.owner_of(entitlement) if entitlement else None,
        requester=_requester(grant),
        minutes=grant.minutes,
        justification=grant.justification,
        reasons=tuple(grant.reasons),
        missing=dict(grant.missing),
        foreseen=grant.foreseen,
        automatic=grant.automatic,
        said=_said(tx, ground, grant),
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
        shown=mark(grant),
        asked_minutes=grant.asked_minutes,
        asked=_asked(tx, grant),
        last=_last(tx, past[0]) if past else None,
        passed_on=_passed_on(ground, grant),
        goes_on_from=_goes_on_from(tx, grant),
        extension=_extension(tx, grant),
        ended_by=grant.ended_by,
        end_rationale=grant.end_rationale,
        fallback=_fallback(ground, grant),
        report=_report(tx, grant),
        ticket="" if grant.ticket in grant.justification else grant.ticket,
        reset_at=_reset_at(tx, ground, grant),
        stopped=ground.stopped(tx) if grant.state == GrantState.DRAFT else None,
    )


def _past(tx: Session, grant: Grant) -> list[Grant]:
    """What its holder had of it before this was asked: a story told later counts neither itself nor what came after."""
    before = grants.past_of(tx, *holder_of(grant), grant.entitlement)
    return [each for each in before if each.requested_at < grant.requested_at]


def _requester(grant: Grant) -> Requester:
    return Requester(
        name=grant.requester_name,
        login=grant.requester_login,
        team=grant.requester_team,
        employment=grant.requester_employment,
        manager=grant.manager_name,
        slack_user=grant.slack_user,
    )


def _said(tx: Session, ground: Ground, grant: Grant) -> tuple[Said, ...]:
    voided = voided_of(tx, grant.id)
    return tuple(
        Said(
            name=one.approver_name,
            role=one.role,
            approved=one.approved,
            rationale=one.rationale,
            at=one.at,
            void=voided.get(one.id, ""),
            proof=proof_of(one),
            delegation=_by_delegation(tx, ground, one.delegation),
        )
        for one in approvals_of(tx, grant.id)
    )


def _by_delegation(tx: Session, ground: Ground, delegation: str) -> ByDelegation | None:
    if delegation.startswith(SCOPE):
        scope = ground.catalogue.scopes.get(delegation.removeprefix(SCOPE))
        return ByDelegation(scope=scope.name if scope else delegation.removeprefix(SCOPE))
    row = delegations.look(tx, delegation) if delegation else None
    return ByDelegation(by=row.delegator_name, until=row.ended_at or row.expires_at) if row else None


def _asked(tx: Session, grant: Grant) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            id=one.id,
            name=one.asker_name,
            slack_user=one.slack_user,
            question=one.question,
            at=one.asked_at,
            answer=one.answer,
            answered_at=one.answered_at,
        )
        for one in inquiries.about(tx, grant.id)
    )


def _reset_at(tx: Session, ground: Ground, grant: Grant) -> datetime | None:
    """Whoever decides reads of it, while it waits for them."""
    if grant.state != GrantState.PENDING:
        return None
    accounts = {grant.requester_account, grant.target_account} - {""}
    people = {(grant.requester_directory, account) for account in accounts}
    found = resets_since(tx, people, ground.now() - timedelta(hours=RESET_IS_RECENT))
    return max(found.values(), default=None)


def _report(tx: Session, grant: Grant) -> Report | None:
    if not grant.target_account:
        return None
    link = link_to(tx, grant.requester_directory, grant.target_account)
    return Report(
        name=grant.target_name, login=grant.target_login, slack_user=link.slack_user if link else ""
    )


async def with_deciders(ground: Ground, story: GrantStory) -> GrantStory:
    """The story with who can decide now, if the directory says so soon; without it the message still goes."""
    if story.state != GrantState.PENDING:
        return story
    try:
        able = await in_time(deciders(ground, story.id))
        passed_on = story.passed_on is not None and any(one.approved for one in story.said)
        if passed_on or any(one.delegation for one in story.said):
            # Whom it was passed on or delegated to before may have approved: where that is over, it counts no more.
            now = await in_time(how_far(ground, story.id))
            if now is not None:
                counted, missing = now
                story = replace(story, counted=counted, missing={r: n for r, n in vars(missing).items() if n})
    except DirectoryUnavailable:
        return story
    found = [
        one for one in able if story.missing.get(one.role)
    ]  # others may, and it would bring it no further
    can: dict[str, tuple[str, ...]] = {}
    for one in found:
        can[one.role] = (*can.get(one.role, ()), one.account.name)
    return replace(story, can=can, one_click=bool(found) and not any(one.explains for one in found))


def _last(tx: Session, grant: Grant) -> LastTime | None:
    if grant.ended_at is None:
        return None
    given = _as_it_was(tx, grant) if grant.justification == ERASED else counting_of(tx, grant.id)
    by = tuple(one.approver_name for one in given)
    return LastTime(at=grant.ended_at, minutes=grant.minutes, by=by, end_reason=grant.end_reason)


def _as_it_was(tx: Session, grant: Grant) -> list[Approval]:
    """The approvals that counted when its words were not erased yet: those of the request as it was approved last."""
    voided = voided_of(tx, grant.id)
    given = [one for one in approvals_of(tx, grant.id) if one.approved and one.id not in voided]
    return [one for one in given if one.shown == given[-1].shown]


def _fallback(ground: Ground, grant: Grant) -> str:
    owner = ground.owner(grant.entitlement)
    fallback = ground.catalogue.owners.get(owner.fallback) if owner else None
    return fallback.name if fallback else ""


def _passed_on(ground: Ground, grant: Grant) -> PassedOn | None:
    owner = ground.catalogue.owners.get(grant.passed_on_to)
    if owner is None or grant.passed_on_at is None:
        return None
    return PassedOn(owner=owner, why=grant.passed_on_why, at=grant.passed_on_at)


def _goes_on_from(tx: Session, grant: Grant) -> Held | None:
    before = seen(tx, grant.extends)
    return Held(since=grant.held_since, until=before.expires_at) if before is not None else None


def _extension(tx: Session, grant: Grant) -> Extension | None:
    if grant.state not in (*LIVE, GrantState.ENDING, GrantState.ENDED):
        return None
    after = extension_of(tx, grant)
    return Extension(until=after.expires_at, minutes=after.minutes) if after is not None else None


def _holds(tx: Session, ground: Ground, grant: Grant) -> tuple[str, ...]:
    """What its holder held when it was asked or holds by grants now, the riskiest first, this one left out."""
    live = {other.entitlement for other in grants.live_of(tx, *holder_of(grant))}
    held = (live | set(grant.standing)) - {grant.entitlement}
    known = [ground.catalogue.entitlements[name] for name in held if name in ground.catalogue.entitlements]
    return tuple(e.id for e in sorted(known, key=lambda e: (-e.risk, e.id)))
