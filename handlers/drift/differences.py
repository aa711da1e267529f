"""What differs between a directory and what we know, told: once while it lasts, settled when it is over.

It reads no directory; what it tells was read before, and is compared again in the transaction that tells it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from handlers import recording
from handlers.decisions.drift import Differences, Member, Way, how_grave, is_taken_away_unasked, shown
from handlers.drift.adopting import take_away
from handlers.drift.comparing import Look, compared, kept_in, place_of, place_told
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.exceptions.strange import membership_cause, named, named_holder
from handlers.ground import Ground
from storage import grants, holdings, standings
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.exceptions import (
    SAME_CAUSE,
    decide_exceptions,
    is_open,
    open_of,
    open_under,
    settle_exceptions,
    was_settled_since,
)
from storage.group_names import GroupNames
from storage.identifiers import new_id
from storage.ours import was_left_given
from storage.records import ExceptionRecord, Grant
from storage.sentences import Sentence, template
from storage.spellings import names_in
from storage.states import GrantState
from storage.truly import given_truly

BY_CATALOGUE = "the catalogue"
BY_RECORD = "the record"
_STRANGER = template("nobody had granted it, and the catalogue says that it is taken away")
_GIVEN_BEFORE = template("I gave it, and its grant in the database is not as I wrote it")


class Telling:
    """Tells what a look showed: rows, entries of the record and messages owed, in the transaction it is given."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def tell(self, tx: Session, look: Look, known: Mapping[str, Account | None]) -> None:
        entitlement, group, now = look.entitlement, look.group, self._ground.now()
        news = News.of(tx, look, now)
        if group is None:
            if news.group_gone:
                self._tell_gone(tx, entitlement)
            return
        again, fences = compared(tx, self._ground, entitlement, group, among=look.in_doubt)

        def same(account: str) -> bool:
            return look.fences.get(account) == fences.get(account)

        for member in sorted(look.found.unexplained & again.unexplained):
            if member in news.unexplained and same(member.id):
                given = _was_left_given(tx, entitlement, member)
                self._tell_unexplained(tx, entitlement, member, known.get(member.id), given=given)
        for account in sorted(look.found.vanished & again.vanished):
            if account in news.vanished and same(account):
                self._tell_vanished(tx, look, account, known.get(account))
        first = frozenset(one for one in look.found.first & again.first if same(one.id))
        place = {"directory": entitlement.directory, "group": entitlement.group}
        if look.found.is_first and again.is_first:
            left_given = {one for one in first if _was_left_given(tx, entitlement, one)}
            for member in sorted(left_given):  # the group was looked at before, and others took that row away
                self._tell_unexplained(tx, entitlement, member, known.get(member.id), given=True)
            first -= left_given
            standings.watch(
                tx, at=now, **place, entitlement=entitlement.id, found=[(one.kind, one.id) for one in first]
            )
            self._tell_first(tx, entitlement, first, known)
        left = look.found.gone & again.gone
        if left:
            standings.forget(tx, **place, members=[(one.kind, one.id) for one in left])
            self._record(tx, entitlement, "drift.found_left", entitlement.id, facts={"members": len(left)})
        if again.due and news.due:
            self._tell_due(tx, entitlement, again.due, known)
        seen = replace(
            again,
            unexplained=look.found.unexplained & again.unexplained,
            vanished=look.found.vanished & again.vanished,
            gone=left,
        )
        settle_exceptions(tx, at=now, causes=_over(tx, look, seen), began=look.began)

    def _tell_unexplained(
        self, tx: Session, entitlement: Entitlement, member: Member, account: Account | None, *, given: bool
    ) -> None:
        now, by_record = self._ground.now(), {"given": True} if given else {}
        asked = not given and (self._ground.stopped(tx) is not None or _was_asked(tx, entitlement, member))
        unasked = given or (is_taken_away_unasked(entitlement, member) and not asked)
        who = named(account.name, account.login) if account else member.id
        cause = membership_cause(entitlement.id, member.kind, member.id)
        correlation = new_id("d", now)
        if unasked:
            why = _GIVEN_BEFORE if given else _STRANGER
            grant = take_away(
                tx, self._ground, entitlement, member.id, account, by="", why=why
            )  # fmt: skip
            correlation = grant.id
        self._record(
            tx, entitlement, "drift.unexplained", correlation, subject=member.id,
            facts={"removed": unasked, **by_record},
        )  # fmt: skip
        longest = int(entitlement.max_duration.total_seconds() // 60)
        strange = Strange(
            kind=Kind.UNEXPLAINED, severity=Severity(how_grave(entitlement)), who=who, cause=cause,
            correlation=correlation,
            facts={
                "entitlement": entitlement.id, **place_told(self._ground, entitlement), "kind": member.kind,
                "member": member.id, "longest": longest, "asked": asked, **by_record,
            },
        )  # fmt: skip
        tell_security(tx, now, strange)
        if unasked:
            by = BY_RECORD if given else BY_CATALOGUE
            facts = {"way": Way.REMOVE, "decided_by": by, "decided_at": now.isoformat()}
            decide_exceptions(tx, at=now, cause=cause_of(Kind.UNEXPLAINED, cause), facts=facts)

    def _tell_vanished(self, tx: Session, look: Look, account_id: str, account: Account | None) -> None:
        entitlement, place = look.entitlement, place_of(look.entitlement)
        grant = max(
            (g for g in grants.covering(tx, account=account_id, **place) if g.state == GrantState.ACTIVE),
            key=lambda g: (g.expires_at or self._ground.now(), g.id),
        )
        self._record(tx, entitlement, "drift.vanished", grant.id, subject=account_id)
        who = named(account.name, account.login) if account else named_holder(grant)
        tell_security(tx, self._ground.now(), vanished(self._ground, entitlement, grant, who, account_id))

    def _tell_first(
        self,
        tx: Session,
        entitlement: Entitlement,
        first: Collection[Member],
        known: Mapping[str, Account | None],
    ) -> None:
        self._record(tx, entitlement, "drift.first_look", entitlement.id, facts={"found": len(first)})
        if first:
            severity = Severity.LOW if entitlement.standing_allowed else Severity.MEDIUM
            self._tell_several(tx, Kind.FOUND_STANDING, severity, entitlement, first, known)

    def _tell_due(
        self,
        tx: Session,
        entitlement: Entitlement,
        due: Collection[Member],
        known: Mapping[str, Account | None],
    ) -> None:
        self._record(tx, entitlement, "drift.review_due", entitlement.id, facts={"members": len(due)})
        self._tell_several(tx, Kind.REVIEW_DUE, Severity.MEDIUM, entitlement, due, known)

    def _tell_several(
        self,
        tx: Session,
        kind: Kind,
        severity: Severity,
        entitlement: Entitlement,
        members: Collection[Member],
        known: Mapping[str, Account | None],
    ) -> None:
        strange = Strange(
            kind=kind,
            severity=severity,
            who=entitlement.id,
            cause=entitlement.id,
            correlation=entitlement.id,
            facts={
                "entitlement": entitlement.id,
                **place_told(self._ground, entitlement),
                "standing": entitlement.standing_allowed,
                "count": len(members),
                "names": names_of(members, known),
            },
        )
        tell_security(tx, self._ground.now(), strange)

    def _tell_gone(self, tx: Session, entitlement: Entitlement) -> None:
        place = place_of(entitlement)
        live = grants.concerning_group(tx, entitlement=entitlement.id, **place)
        self._record(tx, entitlement, "drift.group_gone", entitlement.id, facts={"grants": len(live)})
        strange = Strange(
            kind=Kind.GROUP_GONE,
            severity=Severity.HIGH if live else Severity.MEDIUM,
            who=entitlement.id,
            cause=entitlement.id,
            correlation=entitlement.id,
            facts={
                "entitlement": entitlement.id,
                **place_told(self._ground, entitlement),
                "count": len(live),
            },
        )
        tell_security(tx, self._ground.now(), strange)

    def _record(
        self,
        tx: Session,
        entitlement: Entitlement,
        action: str,
        correlation: str,
        subject: str | None = None,
        facts: Mapping[str, recording.Fact] | None = None,
    ) -> None:
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome="done",
            **recording.BY_ITSELF,
            subject=subject,
            resource=entitlement.id,
            correlation=correlation,
            facts=facts,
        )


@dataclass(frozen=True, kw_only=True)
class News:
    """What of a look was not told yet, and whether anything told is over."""

    unexplained: frozenset[Member] = frozenset()
    vanished: frozenset[str] = frozenset()
    first: bool = False
    gone: bool = False
    due: bool = False
    group_gone: bool = False
    over: bool = False

    @classmethod
    def of(cls, tx: Session, look: Look, now: datetime) -> "News":
        """Read in `tx`. A cause that was told within a day, and is not over, is no news.

        Nor is one that a look which began later found to be over: the next tells of what came back.
        """
        entitlement, found, since = look.entitlement, look.found, now - SAME_CAUSE

        def is_news(kind: Kind, cause: str) -> bool:
            whole = cause_of(kind, cause)
            is_over = was_settled_since(tx, whole, look.began, now=now)
            return not is_over and not is_open(tx, whole, since=since)

        if look.group is None:
            return cls(group_gone=is_news(Kind.GROUP_GONE, entitlement.id))
        return cls(
            unexplained=frozenset(
                one
                for one in found.unexplained
                if is_news(Kind.UNEXPLAINED, membership_cause(entitlement.id, one.kind, one.id))
            ),
            vanished=frozenset(
                one
                for one in found.vanished
                if is_news(Kind.VANISHED, membership_cause(entitlement.id, "account", one))
            ),
            first=found.is_first and not standings.is_watched(tx, entitlement.directory, entitlement.group),
            gone=bool(found.gone),
            due=bool(found.due) and is_news(Kind.REVIEW_DUE, entitlement.id),
            over=bool(_over(tx, look, found)),
        )

    @property
    def any(self) -> bool:
        """Whether there is anything to write."""
        flags = (self.first, self.gone, self.due, self.group_gone, self.over)
        return bool(self.unexplained or self.vanished) or any(flags)

    def to_name(self, look: Look) -> set[str]:
        """Ids of accounts that the messages name."""
        several = (look.found.first if self.first else frozenset()) | (
            look.found.due if self.due else frozenset()
        )
        few = shown([one.id for one in several if one.kind == "account"])
        alone = {one.id for one in self.unexplained if one.kind == "account"}
        return {*few, *alone, *self.vanished}


def vanished(ground: Ground, entitlement: Entitlement, grant: Grant, who: str, account: str) -> Strange:
    """What was given and is gone by other hands. account: the id of the one that had it."""
    return Strange(
        kind=Kind.VANISHED,
        severity=Severity.MEDIUM,
        who=who,
        cause=membership_cause(entitlement.id, "account", account),
        correlation=grant.id,
        facts={
            "entitlement": entitlement.id, **place_told(ground, entitlement), "kind": "account", "member": account,
            "ends": grant.expires_at.isoformat() if grant.expires_at else "",
        },
    )  # fmt: skip


def names_of(members: Collection[Member], known: Mapping[str, Account | None]) -> list[str]:
    """Whom a message names, ten at most: groups first, since each is many."""

    def name(member: Member) -> str:
        account = known.get(member.id)
        if member.kind == "group":
            return Sentence("the group {group}", group=member.id)
        return named(account.name, account.login) if account else member.id

    accounts = shown([one.id for one in members if one.kind == "account"])
    groups = sorted(one for one in members if one.kind == "group")
    named_ones = [*groups, *(Member(kind="account", id=one) for one in accounts)]
    return [name(member) for member in named_ones[:10]]


def _over(tx: Session, look: Look, found: Differences) -> list[str]:
    """The causes of what was told about this entitlement and is over now."""
    entitlement = look.entitlement
    alone = {
        kind: cause_of(kind, entitlement.id)
        for kind in (Kind.GROUP_GONE, Kind.FOUND_STANDING, Kind.REVIEW_DUE)
    }
    told = {row.cause for row in open_of(tx, *alone.values())}
    over, under = {alone[Kind.GROUP_GONE]}, list[str]()
    for row in open_under(tx, cause_of(Kind.UNEXPLAINED, f"{entitlement.id}:")):
        member = member_of(row)
        lasts = member in found.unexplained or _is_restless(tx, entitlement, member.id)
        if not lasts or not is_in_group(row, entitlement, names_in(tx)):
            under.append(row.cause)
    for row in open_under(tx, cause_of(Kind.VANISHED, f"{entitlement.id}:")):
        member = member_of(row)
        lasts = member.id in found.vanished or _is_restless(tx, entitlement, member.id)
        if not lasts or not is_in_group(row, entitlement, names_in(tx)):
            under.append(row.cause)
    if alone[Kind.FOUND_STANDING] in told and not kept_in(tx, entitlement).found - found.gone:
        over.add(alone[Kind.FOUND_STANDING])
    if not found.due:
        over.add(alone[Kind.REVIEW_DUE])
    return [*sorted(over & told), *under]


def member_of(row: ExceptionRecord) -> Member:
    """Whom an exception about one membership is about."""
    return Member(
        kind="group" if row.facts.get("kind") == "group" else "account", id=str(row.facts.get("member"))
    )


def is_in_group(row: ExceptionRecord, entitlement: Entitlement, names: GroupNames) -> bool:
    """Whether what it tells of is the group that the catalogue names now: of another nothing is decided by it."""
    told = str(row.facts.get("group", entitlement.group))
    return names.are_one(entitlement.directory, told, entitlement.group)


def _was_asked(tx: Session, entitlement: Entitlement, member: Member) -> bool:
    """Whether a human was asked about it while new access was stopped: then it stays theirs to decide."""
    cause = cause_of(Kind.UNEXPLAINED, membership_cause(entitlement.id, member.kind, member.id))
    return any(row.facts.get("asked") for row in open_of(tx, cause))


def _was_left_given(tx: Session, entitlement: Entitlement, member: Member) -> bool:
    """Whether Wicket gave it, and took it back by no entry: no grant that is as Wicket wrote it lets go of that.

    While one gives the same elsewhere, the catalogue calls another group so by now, and this is none of Wicket's.
    """
    directory = entitlement.directory
    if member.kind != "account" or not was_left_given(
        tx, directory=directory, account=member.id, entitlement=entitlement.id
    ):
        return False
    live = given_truly(tx, grants.live_of(tx, directory, member.id))
    return all(one.entitlement != entitlement.id for one in live)


def _is_restless(tx: Session, entitlement: Entitlement, account: str) -> bool:
    holding = holdings.of_account(tx, account=account, **place_of(entitlement))
    return holding is not None and not holding.settled
