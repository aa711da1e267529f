"""Emergencies that the record tells of and the table does not have as Wicket wrote it: told, and accounted for by two.

Until then whoever they are about breaks no glass. It gives no access and mends no row; nobody gives two words, and the
person none (B-3, R-1).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlmodel import Session

from handlers import recording
from handlers.decisions.halting import NEEDED
from handlers.decisions.policy import PolicyDecision, same_person
from handlers.emergencies.reviewed import (
    LostMeanwhile,
    MayRestoreLost,
    NothingToRestore,
    Restored,
    RestoreLost,
)
from handlers.emergencies.reviewers import RESTORED, Reviewers, Standing
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import (
    Kind,
    Severity,
    Strange,
    cause_of,
    decided,
    named,
    tell_security,
    wrong_person,
)
from handlers.ground import Ground
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.patience import in_time
from handlers.stops.outcomes import WordKept
from handlers.stops.seconding import Speakers, Whose, looked_up, shown, whose
from storage import deliveries, exception_work, lift_words
from storage.directories.base import Account
from storage.emergency_reviews import Lost, all_lost, lost_of, spoken_of, words_about
from storage.exceptions import decide_exceptions, open_under, settle_exceptions
from storage.faults import DirectoryUnavailable
from storage.records import ExceptionRecord, RestoreWord

T = TypeVar("T")
Refused = NotAllowed | NothingToRestore | Unknown | Repeated


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What there is to account for, and how those stand now who speak of it. asks: whoever clicked.

    people: all whom it could be about, since the record names no directory; a standing beside each of them.
    """

    people: Sequence["_AsTold"]
    lost: Sequence[Lost]
    asks: Sequence[Standing]
    speakers: Speakers
    standings: Mapping[Whose, Sequence[Standing]]

    @property
    def person(self) -> "_AsTold":
        """Whom it is about, to name them."""
        return self.people[0]

    @property
    def reviewer(self) -> Account:
        """Whoever clicked."""
        return self.asks[0].reviewer


class LostEmergencies:
    """One transaction a click, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground, reviewers: Reviewers) -> None:
        self._ground, self._reviewers = ground, reviewers

    async def look(self) -> None:
        """Tell of whoever's are lost, anew where it is more, and settle what was found again. For the schedule."""
        lost, told, found = await self._ground.database.read(_lost_and_told)
        names = {account: await self._named(lost[account][0]) for account in _news(lost, told)}
        if names or found:
            await self._ground.database.write(partial(self._tell, names=names))

    async def consider(self, intent: RestoreLost) -> MayRestoreLost | WordKept | Refused:
        """Whether this person may: asked when the form is about to open."""

        def work(tx: Session, seen: _Seen, decision: PolicyDecision) -> MayRestoreLost | WordKept:
            self._record(tx, intent, seen.lost[0], "emergency.restore_considered", "done", decision)
            said, mine = self._words(tx, seen), _of(seen.reviewer)
            others = [one for one in said if whose(one) != mine]
            if said and not others:
                return WordKept(again=True)
            return MayRestoreLost(
                exception=intent.exception, shown=mark_of(seen.lost),
                who=named(seen.person.name, seen.person.login),
                lost=tuple((one.emergency, one.entitlement, one.at) for one in seen.lost),
                said=tuple(one.name for one in others),
            )  # fmt: skip

        return await self._opened(intent, work)

    async def restore(self, intent: RestoreLost) -> Restored | WordKept | LostMeanwhile | Refused:
        """Say so as one of two; with the second word they can break the glass again."""

        def work(tx: Session, seen: _Seen, decision: PolicyDecision) -> Restored | WordKept | LostMeanwhile:
            if intent.shown != mark_of(seen.lost):
                self._record(tx, intent, seen.lost[0], "emergency.restore_outdated", "refused", decision)
                return LostMeanwhile()
            said, asks = self._words(tx, seen), seen.reviewer
            again = any(whose(one) == _of(asks) for one in said)
            others = [one for one in said if not self._is_of(asks, seen, one)]
            settles = len(others) + 1 >= NEEDED
            mine = [
                RestoreWord(
                    emergency=one.emergency, directory=asks.directory, account=asks.id, name=asks.name,
                    rationale=intent.rationale, settles=settles, at=self._ground.now(),
                )
                for one in seen.lost
            ]  # fmt: skip
            lift_words.keep_each(tx, mine)
            words = [*others, mine[0]]
            cause = cause_of(Kind.EMERGENCY_LOST, seen.person.account)
            decide_exceptions(tx, at=self._ground.now(), cause=cause, facts={"words": shown(words)})
            if not settles:
                action = "emergency.restore_said_before" if again else "emergency.restore_said"
                self._record(tx, intent, seen.lost[0], action, "refused" if again else "done", decision)
                return WordKept(again=again)
            self._account_for(tx, intent, seen, decision, words)
            return Restored(who=named(seen.person.name, seen.person.login))

        return await self._opened(intent, work)

    def _account_for(
        self,
        tx: Session,
        intent: RestoreLost,
        seen: _Seen,
        decision: PolicyDecision,
        words: Sequence[RestoreWord],
    ) -> None:
        now, said = self._ground.now(), [one.account for one in words]
        for one in seen.lost:
            self._record(tx, intent, one, "emergency.accounted_for", "done", decision, said)
        names = ", ".join(one.name for one in words)
        decided(tx, now, Kind.EMERGENCY_LOST, seen.person.account, by=names, rationale=intent.rationale)

    async def _opened(
        self, intent: RestoreLost, work: Callable[[Session, _Seen, PolicyDecision], T]
    ) -> T | Refused:
        """Do it knowing how all who speak of it stand now; once more if anything of that changed meanwhile."""
        while True:
            seen = await self._look_up(intent)

            def look(tx: Session, seen: _Seen | None = seen) -> T | Refused | None:
                return self._open(tx, intent, seen, work)

            if (done := await self._ground.database.write(look)) is not None:
                return done

    def _open(
        self,
        tx: Session,
        intent: RestoreLost,
        seen: _Seen | None,
        work: Callable[[Session, _Seen, PolicyDecision], T],
    ) -> T | Refused | None:
        row = _exception(tx, intent.exception)
        if row is not None and seen is not None:
            words = words_about(tx, seen.lost)
            same = [*lost_of(tx, seen.person.account)] == [*seen.lost]
            if not same or {whose(one) for one in words} != seen.speakers.accounts.keys():
                return None
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        if row is None:
            return turn_away_forged(tx, self._ground, intent, "emergency.review_tampered", what="button")
        if seen is None:
            recording.record(
                tx, at=self._ground.now(), action="emergency.restore_late", outcome="refused", **recording.by(intent),
                correlation=row.correlation, subject=str(row.facts.get("account") or "") or None,
            )  # fmt: skip
            return NothingToRestore(by=str(row.facts.get("decided_by") or ""), at=row.resolved_at)
        decision = self._may(tx, seen.asks, seen)
        if not decision.allowed:
            return self._turn_away(tx, intent, seen, decision)
        return work(tx, seen, decision)

    async def _look_up(self, intent: RestoreLost) -> _Seen | None:
        """DirectoryUnavailable where a directory does not say; None where there is nothing to account for."""

        def of_exception(tx: Session) -> tuple[Sequence[Lost], Sequence[RestoreWord]]:
            row = _exception(tx, intent.exception)
            lost = lost_of(tx, str(row.facts.get("account"))) if row is not None else ()
            return lost, words_about(tx, lost)

        lost, words = await self._ground.database.read(of_exception)
        if not lost:
            return None
        people = await self._people(lost[0])
        speakers = await looked_up(self._ground, words)
        known = {key: one for key, one in speakers.accounts.items() if one is not None}
        standings = {key: await self._standings(one, people) for key, one in known.items()}
        return _Seen(
            people=people, lost=lost, asks=await self._standings(intent.actor.account, people),
            speakers=speakers, standings=standings,
        )  # fmt: skip

    async def _standings(self, reviewer: Account, people: Sequence["_AsTold"]) -> Sequence[Standing]:
        return [await self._reviewers.standing(reviewer, one) for one in people]

    def _words(self, tx: Session, seen: _Seen) -> list[RestoreWord]:
        """The words that count now, one of each who spoke of all that is lost; of one person's accounts, each."""
        found = words_about(tx, seen.lost)
        of_all = [
            one for one in found if sum(whose(other) == whose(one) for other in found) == len(seen.lost)
        ]
        firsts = {whose(one): one for one in of_all}
        return [one for key, one in firsts.items() if self._counts(tx, seen, key)]

    def _counts(self, tx: Session, seen: _Seen, key: Whose) -> bool:
        standings = seen.standings.get(key)
        return (
            standings is not None and standings[0].reviewer.active and self._may(tx, standings, seen).allowed
        )

    def _is_of(self, asks: Account, seen: _Seen, word: RestoreWord) -> bool:
        other = seen.speakers.accounts.get(whose(word))
        return whose(word) == _of(asks) or (other is not None and same_person(asks, other))

    def _may(self, tx: Session, standings: Sequence[Standing], seen: _Seen) -> PolicyDecision:
        """Policy's answer about all of them: the first refusal, or the last permission."""
        asked = [
            self._reviewers.may(
                tx, standing, replace(person, entitlement=one.entitlement, asked_at=one.at, ends_at=one.at), RESTORED
            )
            for person, standing in zip(seen.people, standings, strict=True)
            for one in seen.lost
        ]  # fmt: skip
        return next((one for one in asked if not one.allowed), asked[-1])

    def _turn_away(
        self, tx: Session, intent: RestoreLost, seen: _Seen, decision: PolicyDecision
    ) -> NotAllowed:
        one = seen.lost[0]
        self._record(tx, intent, one, "emergency.review_refused", "refused", decision)
        strange = wrong_person(
            intent.actor.account, decision, about=one.emergency, correlation=one.emergency,
            entitlement=one.entitlement, facts={"emergency": True},
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)
        return NotAllowed(entitlement=one.entitlement, owner_name="", reasons=decision.reasons)

    async def _people(self, lost: Lost) -> Sequence["_AsTold"]:
        """Whom it could be about, in the shape in which reviewers are weighed: who has this account in each home, first
        in the entitlement's. Whoever is gone is, too.
        """
        ground = self._ground
        entitlement = ground.catalogue.entitlements.get(lost.entitlement)
        likely = ground.home_of(entitlement.directory) if entitlement is not None else ""
        homes = sorted(ground.homes, key=lambda one: one != likely)
        found = [(home, await in_time(ground.home(home).account(lost.account))) for home in homes]
        people = [_told(lost, home, login=one.login, name=one.name) for home, one in found if one is not None]
        return people or [_told(lost, homes[0], login="", name=lost.account)]

    async def _named(self, lost: Lost) -> str:
        try:
            person, *_ = await self._people(lost)
        except DirectoryUnavailable:
            return lost.account
        return named(person.name, person.login)

    def _tell(self, tx: Session, names: Mapping[str, str]) -> None:
        now, (lost, told, found) = self._ground.now(), _lost_and_told(tx)
        for account, again in sorted(found.items()):
            self._note_found(tx, account, again, told.get(account, frozenset()) - again)
        for account in sorted(_news(lost, told) & names.keys()):
            some = lost[account]
            recording.record(
                tx, at=now, action="emergency.lost", outcome="failed", **recording.BY_ITSELF,
                correlation=some[0].emergency, subject=account, resource=some[0].entitlement,
                facts={"emergencies": [one.emergency for one in some]},
            )  # fmt: skip
            strange = Strange(
                kind=Kind.EMERGENCY_LOST, severity=Severity.HIGH, who=names[account], cause=account,
                correlation=some[0].emergency,
                facts={
                    "account": account,
                    "count": len(some),
                    "emergencies": [one.emergency for one in some],
                },
                anew=account in told,
            )  # fmt: skip
            tell_security(tx, now, strange)

    def _note_found(self, tx: Session, account: str, found: frozenset[str], left: frozenset[str]) -> None:
        """These are there again: a word about them was about this loss, and is none about a later one."""
        now, cause = self._ground.now(), cause_of(Kind.EMERGENCY_LOST, account)
        for emergency in sorted(found):
            recording.record(
                tx, at=now, action="emergency.found", outcome="done", **recording.BY_ITSELF, correlation=emergency,
                subject=account,
            )  # fmt: skip
        if left:
            decide_exceptions(
                tx, at=now, cause=cause, facts={"emergencies": sorted(left), "count": len(left)}
            )
        else:
            settle_exceptions(tx, at=now, causes=[cause])

    def _record(
        self,
        tx: Session,
        intent: RestoreLost,
        lost: Lost,
        action: str,
        outcome: str,
        decision: PolicyDecision,
        said: Sequence[str] = (),
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.by(intent),
            correlation=lost.emergency, subject=lost.account, resource=lost.entitlement, decision=decision,
            facts={"said": [*said]} if said else {},
            texts={"rationale": intent.rationale} if intent.rationale else {},
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _AsTold:
    """An emergency as the record tells of it, in the shape in which reviewers are weighed; it is kept nowhere."""

    directory: str
    account: str
    login: str
    name: str
    entitlement: str
    asked_at: datetime
    ends_at: datetime | None
    drill: bool = False
    review_due_at: datetime | None = None
    reviewed_at: datetime | None = None
    reminded_at: datetime | None = None
    finding: str = ""
    restored_at: datetime | None = None


def _told(lost: Lost, directory: str, *, login: str, name: str) -> _AsTold:
    return _AsTold(
        directory=directory, account=lost.account, login=login, name=name, entitlement=lost.entitlement,
        asked_at=lost.at, ends_at=lost.at,
    )  # fmt: skip


def _lost_and_told(
    tx: Session,
) -> tuple[Mapping[str, Sequence[Lost]], Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]:
    """By account what is lost of theirs, of which emergencies that is told, and which were told or spoken of and are
    there again.
    """
    lost, rows = all_lost(tx), open_under(tx, f"{Kind.EMERGENCY_LOST}:")
    told = {
        str(row.facts.get("account")): frozenset(map(str, row.facts.get("emergencies") or ())) for row in rows
    }
    found = {
        account: emergencies - {one.emergency for one in lost.get(account, ())}
        for account, emergencies in told.items()
    }
    for account, emergencies in spoken_of(tx).items():
        found[account] = found.get(account, frozenset()) | emergencies
    return lost, told, {account: some for account, some in found.items() if some}


def _news(lost: Mapping[str, Sequence[Lost]], told: Mapping[str, frozenset[str]]) -> set[str]:
    """The accounts of whose emergencies some are lost that are not told of."""
    return {
        account
        for account, some in lost.items()
        if {one.emergency for one in some} - told.get(account, frozenset())
    }


def _exception(tx: Session, exception: str) -> ExceptionRecord | None:
    row = exception_work.get(tx, exception)
    return row if row is not None and row.kind == Kind.EMERGENCY_LOST else None


def mark_of(lost: Sequence[Lost]) -> str:
    """Of exactly these: a word is about what its form named, whatever was thrown away since."""
    return hashlib.sha256("\0".join(one.emergency for one in lost).encode()).hexdigest()[:16]


def _of(account: Account) -> Whose:
    return account.directory, account.id
