"""What happened with something: the entries of its story, a page at a time, for whoever it concerns.

It shows nobody another person's story, changes nothing, and puts a look that was refused on the record.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers import recording
from handlers.exceptions.forged import refuse_forged
from handlers.ground import Ground
from handlers.intents import Actor, AskStory
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.patience import few_at_a_time, in_time
from handlers.questions.concerned import could_decide, of_delegation, of_owner, of_security
from handlers.questions.words_told import Reader, withheld
from handlers.requests.own import is_report, owns
from storage import delegations, deliveries, emergencies, floods, grants
from storage.approvals import approvals_of
from storage.audit import stories
from storage.audit.archives import may_lack
from storage.audit.log import Row
from storage.audit.stories import About
from storage.directories.base import Account, Directory
from storage.faults import DirectoryUnavailable
from storage.records import Delegation, Emergency, ExceptionRecord, Grant, Handle, Petition
from storage.sentences import template

ON_A_PAGE = 8
NOT_FOR_YOU = template(
    "What happened with this is for the people it concerns, for those who answer for it, and for security. If you need "
    "to know, please ask one of them."
)


@dataclass(frozen=True, kw_only=True)
class Story:
    """One page of a story. about: what was asked for. rows: its entries, oldest first. names: of people, by their ids.

    page: from 0; pages, entries: how many there are. archived: until when entries of it may be archived and not here.
    withheld: ids of those of its entries whose words are not for whoever asked.
    """

    about: str
    correlation: str
    rows: Sequence[Row]
    names: Mapping[str, str]
    page: int
    pages: int
    entries: int
    archived: datetime | None = None
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What the store says of it. visit: of whose account it is, where it is a visit of the page or an emergency.

    things: the entitlements that it is about, for those who answer for all of them. archived: see Story.
    """

    correlation: str
    about: About
    grant: Grant | None
    visit: tuple[str, str] | None
    by_manager: bool
    names: Mapping[str, str]
    things: frozenset[str]
    delegation: Delegation | None = None
    # What people of security did about the exception that was asked for, and how many entries that are: for them alone.
    work: str = ""
    done: int = 0
    archived: datetime | None = None


class WhatHappened:
    """Tells it to whom it concerns, as the directory says now who that is; anybody else is refused on the record."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def look(self, intent: AskStory) -> Story | NotAllowed | Unknown | Repeated:
        """One page; the last one where that is beyond the end."""
        found = await self._ground.database.read(lambda tx: _find(tx, intent.about))
        if found is None:
            return await refuse_forged(self._ground, intent, "story.tampered", what="story")
        reader = await self._reader(intent.actor, found)
        if reader is None:
            return await self._ground.database.write(lambda tx: self._refuse(tx, intent, found))
        told: tuple[str, ...] = (found.correlation,)
        entries = found.about.entries
        if found.work and reader == Reader.SECURITY:
            told, entries = (found.correlation, found.work), entries + found.done
        pages = max(1, -(-entries // ON_A_PAGE))
        page = min(max(0, intent.page), pages - 1)
        rows = await self._ground.database.read(
            lambda tx: stories.story(tx, *told, skip=page * ON_A_PAGE, limit=ON_A_PAGE)
        )
        return Story(
            about=intent.about,
            correlation=found.correlation,
            rows=rows,
            names=await self._names(rows, found.names),
            page=page,
            pages=pages,
            entries=entries,
            archived=found.archived,
            withheld=withheld(
                rows, reader, intent.actor.account.id, (intent.actor.slack_team, intent.actor.slack_user)
            ),
        )

    async def _reader(self, actor: Actor, found: _Found) -> Reader | None:
        """Security; the one it is about; whoever could decide it; and the owner of all that it is about."""
        ground, account, grant = self._ground, actor.account, found.grant
        if of_security(ground, account):
            return Reader.SECURITY
        owns_all = bool(found.things) and all(of_owner(ground, account, thing) for thing in found.things)
        if found.visit == (account.directory, account.id):
            return Reader.DECIDES if owns_all else Reader.PETITIONER
        if grant is not None:
            return await self._reader_of_grant(actor, grant, by_manager=found.by_manager)
        if found.delegation is not None:
            return Reader.DELEGATION if of_delegation(ground, account, found.delegation) else None
        return Reader.DECIDES if owns_all else None

    async def _reader_of_grant(self, actor: Actor, grant: Grant, *, by_manager: bool) -> Reader | None:
        ground, account = self._ground, actor.account
        is_owner = of_owner(ground, account, grant.entitlement)
        if owns(actor, grant):
            return Reader.ASKED
        if is_report(actor, grant):
            return Reader.DECIDES if is_owner else Reader.FOR_THEM
        # A draft is its author's alone, and what was refused at once went to no owner.
        able = (grant.automatic and is_owner) or await could_decide(
            ground, actor, grant, by_manager=by_manager
        )
        return Reader.DECIDES if able else None

    async def _names(self, rows: Iterable[Row], known: Mapping[str, str]) -> Mapping[str, str]:
        """Names as the store has them, otherwise as the directory does; whoever it does not know stays an id."""
        wanted = {one for row in rows for one in (row.actor, row.subject) if one} - {*known, *_NOBODY}
        names = dict(known)
        for home in self._ground.homes.values():
            unknown = sorted(wanted - set(names))
            names.update({one.id: one.name for one in await _accounts(home, unknown)})
        return names

    def _refuse(self, tx: Session, intent: AskStory, found: _Found) -> NotAllowed | Repeated:
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        recording.record(
            tx,
            at=self._ground.now(),
            action="story.refused",
            outcome="refused",
            **recording.by(intent),
            # Beside the story and not in it: whoever may not read it adds nothing to it.
            correlation=intent.actor.account.id,
            facts={"story": found.correlation},
        )
        return NotAllowed(entitlement="", owner_name="", reasons=(NOT_FOR_YOU,))


_NOBODY = frozenset({recording.WICKET.id, recording.OPERATOR.id, "unknown"})


def _find(tx: Session, about: str) -> _Found | None:
    """What this names, if it is anything of ours."""
    row = tx.get(ExceptionRecord, about)
    correlation = floods.story_of(tx, row) if row is not None else about
    grant = grants.get(tx, correlation)
    emergency = tx.get(Emergency, correlation)
    visit = emergency or tx.get(Petition, correlation) or tx.get(Handle, correlation)
    delegation = delegations.look(tx, correlation)
    if row is None and grant is None and delegation is None and not isinstance(visit, Petition | Emergency):
        return None  # visits of the page have no message with this button
    names = {}
    said = approvals_of(tx, grant.id) if grant is not None else []
    if grant is not None:
        names = {one.approver: one.approver_name for one in said} | {
            grant.requester_account: grant.requester_name
        }
        names |= {grant.target_account: grant.target_name} if grant.target_account else {}
    if delegation is not None:
        names = {
            delegation.delegator: delegation.delegator_name,
            delegation.delegate: delegation.delegate_name,
        }
    about_it, archived = stories.about(tx, correlation), may_lack(tx, correlation)
    # What left may name something that whoever owns the rest does not answer for.
    named = about_it.resources if archived is None else frozenset()
    return _Found(
        correlation=correlation,
        about=about_it,
        grant=grant,
        visit=(visit.directory, visit.account) if visit is not None and visit.account else None,
        by_manager=grant is not None
        and ("manager" in grant.missing or any(one.role == "manager" for one in said)),
        names=names,
        things=_of_emergency(tx, emergency) if emergency is not None else named,
        delegation=delegation,
        work=row.id if row is not None and correlation != row.id else "",
        done=stories.about(tx, row.id).entries if row is not None else 0,
        archived=archived,
    )


def _of_emergency(tx: Session, emergency: Emergency) -> frozenset[str]:
    """What it takes, once its owner was told of it; nothing of one that is not as Wicket wrote it."""
    told = (
        emergency.tell_by is not None or not emergency.handle
    )  # what was put on the record by hand has no visit
    genuine = emergencies.get(tx, emergency.id) is not None
    return frozenset({emergency.entitlement} if told and genuine else ())


async def _accounts(home: Directory, ids: Sequence[str]) -> Sequence[Account]:
    """Those that it knows; none where it does not answer soon: a story is told all the same."""
    try:
        found = await in_time(few_at_a_time(home.account, ids))
    except DirectoryUnavailable:
        return ()
    return [one for one in found if one is not None]
