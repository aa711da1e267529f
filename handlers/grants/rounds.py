"""Rounds: many removals at a time, each step of them one transaction or one call, and each of them failing alone.

A round holds only what is plain: access that we gave, that no grant gives any more, and that did not fail before. It
leaves everything else to those who do it one by one, also what turns out to be something else on the way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.grants.completing import LEASE, TOO_SLOW, UNDONE, Change, Completion, Seen, is_late, unexpected
from handlers.grants.unfollowed import causes_of_delay, causes_of_drift
from handlers.ground import Ground
from handlers.patience import CALL, in_call_time
from storage import claims, endings, outbox
from storage.claims import Due
from storage.directories.base import Directory, Pair
from storage.endings import Ending
from storage.exceptions import known_among
from storage.faults import DirectoryUnavailable
from storage.spellings import Membership, ways_of
from storage.states import GrantState

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Small enough that one transaction holds up nobody who waits for the writer, large enough to share what it costs.
ROUND = 200


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A holding under our lease and the grants that end with it. did: what was done, once that is known."""

    claimed: Due
    over: Sequence[Ending]
    did: Literal["removed", "nothing"] = "nothing"

    @property
    def pair(self) -> Pair:
        """The membership."""
        return self.claimed.account, self.claimed.group

    @property
    def seen(self) -> Seen:
        """What was read back, when it is gone."""
        return Seen(present=False, did=self.did)


@dataclass(frozen=True, kw_only=True)
class Round:
    """Removals in one directory that were begun together. until: the end of their lease."""

    directory: Directory
    removals: Sequence[Removal]
    until: datetime


def is_plain(one: Due) -> bool:
    """Whether this may be taken back in a round."""
    return not one.wanted and one.stood_before is False and not one.last_fault


class Rounds:
    """Carries out rounds; what each removal comes to is what `Completion` makes of a single one."""

    def __init__(self, ground: Ground, completion: Completion) -> None:
        self._ground = ground
        self._completion = completion

    def size_in(self, name: str) -> int:
        """How many memberships one round in this directory may hold; 0 where each goes by itself."""
        directory = self._ground.directories.get(name)
        at_once = 1 if directory is None else directory.capabilities.at_once
        return min(ROUND, at_once) if at_once > 1 else 0

    def begin(self, tx: Session, taken: Collection[Due], now: datetime) -> tuple[Round | None, list[Due]]:
        """Write down of each that it is about to be done (T-3). Those that are not so plain come back as a list."""
        if not taken:
            return None, []
        written = ways_of(tx, [_place(one) for one in taken])
        covering = endings.covering_each(tx, [one.id for one in taken])
        # What concerns a group that is written in several ways is found by none of them.
        plain = [one for one in taken if len(written[_place(one)]) == 1 and _are_ending(covering[one.id])]
        begun = [Removal(claimed=one, over=covering[one.id]) for one in plain]
        recording.record_each(
            tx,
            [(one.over[0], {"removal": True, "try": one.claimed.attempts}) for one in begun],
            at=now,
            action="effect.begun",
        )
        ids = {one.id for one in plain}
        others = [one for one in taken if one.id not in ids]
        if not begun:
            return None, others
        directory = self._ground.directory(begun[0].claimed.directory)
        return Round(directory=directory, removals=begun, until=now + LEASE), others

    async def carry_out(self, work: Round) -> Sequence[Due]:
        """Take back, read back, record. What is missing in the directory by other hands than ours comes back."""
        there, missing = await self._read(work)
        left = await self._take(work, there)
        gone = [replace(one, did="removed") for one in left]
        # It was there when it was read last, and we took nothing: what it belonged to may be gone.
        missed = [one for one in missing if one.claimed.present is True]
        done = [*gone, *(one for one in missing if one.claimed.present is not True)]
        if done:
            await self._finish(done)
        return [one.claimed for one in missed]

    async def _read(self, work: Round) -> tuple[list[Removal], list[Removal]]:
        """Those that are members, and those that are none."""
        found = await self._each(work.removals, work.directory.memberships_of)
        members = [one for one, membership in found if membership.present]
        return members, [one for one, membership in found if not membership.present]

    async def _take(self, work: Round, there: Sequence[Removal]) -> list[Removal]:
        """Those that are members no more, as reading them back shows."""
        if self._ground.now() + CALL > work.until:
            await self._give_back(there, TOO_SLOW)
            return []
        taken = [one for one, _ in await self._each(there, work.directory.remove_members, "removed")]
        found = await self._each(taken, work.directory.memberships_of, "removed")
        await self._give_back([one for one, membership in found if membership.present], UNDONE, "removed")
        return [one for one, membership in found if not membership.present]

    async def _each(
        self,
        removals: Sequence[Removal],
        call: Callable[[Sequence[Pair]], Awaitable[Sequence[T | DirectoryUnavailable]]],
        asked: Change | None = None,
    ) -> list[tuple[Removal, T]]:
        """The answers, each beside what it is about. What has none is given back. asked: see `Completion.give_back`."""
        if not removals:
            return []
        try:
            answers = await in_call_time(call([one.pair for one in removals]))
            found = list(zip(removals, answers, strict=True))
        except DirectoryUnavailable as fault:
            await self._give_back(removals, str(fault), asked)
            return []
        except Exception as fault:
            log.error("round.unexpected", directory=removals[0].claimed.directory, exc_info=fault)
            await self._give_back(removals, unexpected(fault), asked)
            return []
        await asyncio.gather(
            *(
                self._completion.give_back(one.claimed, str(answer), asked)
                for one, answer in found
                if isinstance(answer, DirectoryUnavailable)
            )
        )
        return [(one, answer) for one, answer in found if not isinstance(answer, DirectoryUnavailable)]

    async def _give_back(self, removals: Sequence[Removal], reason: str, asked: Change | None = None) -> None:
        await asyncio.gather(*(self._completion.give_back(one.claimed, reason, asked) for one in removals))

    async def _finish(self, done: Sequence[Removal]) -> None:
        """Record what was seen: all that is plain in one transaction, anything else as if it had been done alone."""
        try:
            late, others = await self._ground.database.write(lambda tx: self._complete(tx, done))
            self._completion.is_done(late, tries=len(done) - len(others))
        except Exception as fault:
            # Whichever of them it was about, the others are recorded all the same.
            log.error("round.not_recorded", directory=done[0].claimed.directory, exc_info=fault)
            others = list(done)
        await asyncio.gather(
            *(
                self._completion.attempt(one.claimed, self._completion.finish(one.claimed, one.seen))
                for one in others
            )
        )

    def _complete(self, tx: Session, done: Sequence[Removal]) -> tuple[list[float], list[Removal]]:
        """End the grants of those that are still ours and still plain. How late each was, and those that are not so.

        One that is not ours any more, and that we took away all the same, is none that is plain.
        """
        now = self._ground.now()
        held = claims.held_each(tx, [one.claimed for one in done])
        ours = [one for one in done if one.claimed.id in held]
        standing = endings.standing_each(tx, held)
        told = known_among(tx, [cause for one in ours for cause in _causes(one)])
        plain, others = list[Removal](), [one for one in done if one.claimed.id not in held]
        for one in ours:
            same = standing[one.claimed.id] == {grant.id: GrantState.ENDING for grant in one.over}
            row = held[one.claimed.id]
            quiet = not (row.last_fault or is_late(row.due_at, now)) and told.isdisjoint(_causes(one))
            (plain if same and quiet else others).append(one)
        return self._end(tx, plain, now) if plain else [], others

    def _end(self, tx: Session, plain: Sequence[Removal], now: datetime) -> list[float]:
        """What `Completion` does for each of these when nothing was ever told about them, in one go."""
        over = [grant for one in plain for grant in one.over]
        late = [max(timedelta(0), now - (grant.expires_at or now)) for grant in over]
        endings.end(tx, [grant.id for grant in over], at=now)
        recording.record_each(
            tx,
            [(grant, _removed(grant, by)) for grant, by in zip(over, late, strict=True)],
            at=now,
            action="access.removed",
        )
        messages = self._ground.messages_of(tx, over)
        outbox.owe_each(tx, messages, at=now, courier="slack")
        claims.settle_removed(tx, [one.claimed.id for one in plain])
        return [by.total_seconds() for by in late]


def _place(one: Due) -> Membership:
    return one.directory, one.account, one.group


def _are_ending(covering: Sequence[Ending]) -> bool:
    """An extension also changes what is said of the grant that it goes on from, so it ends by itself."""
    return bool(covering) and all(one.state == GrantState.ENDING and not one.extends for one in covering)


def _causes(one: Removal) -> list[str]:
    """Whatever may have been told of this removal, and would now have to be told to be over."""
    drift = [cause for grant in one.over for cause in causes_of_drift(grant, removal=True)]
    return [*causes_of_delay(one.claimed.id), *drift]


def _removed(grant: Ending, late: timedelta) -> dict[str, recording.Fact]:
    return {
        "read_back": True,
        "was_active": grant.active_at is not None,
        "stood_before": False,
        "covered_by_another": False,
        "late_ms": late // timedelta(milliseconds=1),
    }
