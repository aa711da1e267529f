"""Grants that no request led to: a membership that was found, made ours for a time or to be taken away.

The end is durable with the row (promise 1); what happens in the directory is left to handlers.grants.effects.
"""

from datetime import timedelta

from sqlmodel import Session

from handlers.ground import Ground
from storage import grants, holdings
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.identifiers import new_id
from storage.links import link_to
from storage.records import Grant
from storage.spellings import ways
from storage.states import GrantState


def adopt(
    tx: Session,
    ground: Ground,
    entitlement: Entitlement,
    account: Account,
    person: Account,
    *,
    minutes: int,
    why: str,
) -> Grant:
    """Make a membership that stands a grant that ends in so many minutes.

    person: whose account it is, where they sign in from. why: one sentence for the record.
    """
    now = ground.now()
    grant = _found(tx, ground, entitlement, account.id, person, minutes=minutes, why=why)
    grants.move(
        tx,
        grant,
        GrantState.ACTIVE,
        decided_at=now,
        active_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    holdings.take_over(tx, grant, at=now)
    ground.show(tx, grant)
    return grant


def take_away(
    tx: Session,
    ground: Ground,
    entitlement: Entitlement,
    member: str,
    account: Account | None,
    *,
    by: str,
    why: str,
) -> Grant:
    """Have a membership removed like any that is over. member: the account's id; account: what is known of it."""
    now = ground.now()
    grant = _found(tx, ground, entitlement, member, account, minutes=0, why=why)
    grants.move(
        tx, grant, GrantState.ENDING, decided_at=now, expires_at=now, end_reason=why, ended_by=by
    )  # fmt: skip
    holdings.take_over(tx, grant, at=now)
    ground.show(tx, grant)
    return grant


def _found(
    tx: Session,
    ground: Ground,
    entitlement: Entitlement,
    member: str,
    account: Account | None,
    *,
    minutes: int,
    why: str,
) -> Grant:
    now = ground.now()
    # Whoever it belongs to, as far as anybody knows: where nothing is known, the membership's own account.
    person = (account.directory, account.id) if account else (entitlement.directory, member)
    link = link_to(tx, *person)
    return Grant(
        id=new_id("g", now),
        state=GrantState.ACTIVE if minutes else GrantState.ENDING,
        directory=entitlement.directory,
        account=member,
        requester_directory=person[0],
        requester_account=person[1],
        entitlement=entitlement.id,
        group=ways(tx, entitlement.directory, member, entitlement.group)[0],
        minutes=minutes,
        justification=why,
        slack_team=link.slack_team if link else "",
        slack_user=link.slack_user if link else "",
        requester_name=account.name if account else member,
        requester_login=account.login if account else "",
        requester_team=account.team if account else "",
        requester_employment=account.employment if account else "",
        manager_name="",
        standing=[],
        reasons=[],
        missing={},
        policy_set=ground.policy.policy_set,
        requested_at=now,
    )
