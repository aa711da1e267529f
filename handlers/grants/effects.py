"""Effects on directories: each holding brought to what its grants want, read back, recorded.

Directory calls run outside transactions, under lease and fence; nothing is believed that was not read back.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.apart import Apart
from handlers.approvals.execution import Execution, Waiting, waiting_among
from handlers.decisions.lifecycle import LONGEST_WAIT
from handlers.grants.completing import LEASE, TOO_SLOW, UNDONE, Completion, Seen, Tried, Unsure, until_of
from handlers.grants.resuming import take_over
from handlers.grants.rounds import Round, Rounds, is_plain
from handlers.grants.unfollowed import Gone
from handlers.ground import Ground
from handlers.patience import CALL, in_call_time
from storage import claims, grants, holdings
from storage.claims import Due
from storage.directories.base import Directory
from storage.faults import DirectoryUnavailable
from storage.ours import with_what_is_ours
from storage.records import Grant, Holding
from storage.states import GrantState

log = structlog.get_logger(__name__)

__all__ = ["LEASE", "ROUNDS", "SLOTS", "Effects", "Tried"]

_OVERTAKEN = "The directory was so slow that the work went to another."
# How many holdings of one directory are worked on at a time one by one, and beside them how many rounds: while one
# waits for its directory or for the disk, the other computes.
SLOTS, ROUNDS = 32, 2


@dataclass(kw_only=True)
class _Place:
    """What is under way in one directory. more: the last look found as much as was looked for.

    caught_up: what was to be taken back when the bot began is; until then rounds go before all giving (A-1).
    apart: what could not be taken up with the others.
    """

    apart: Apart
    alone: set[asyncio.Task[None]] = field(default_factory=set)
    rounds: set[asyncio.Task[None]] = field(default_factory=set)
    more: bool = False
    caught_up: bool = False


class Effects:
    """The worker over the holdings. Each directory has its own slots, so a hung one stalls nobody else (promise 7)."""

    def __init__(
        self,
        ground: Ground,
        *,
        chance: Callable[[], float],
        slot_free: Callable[[], None],
        revoked_late: Callable[[float], None],
        tried: Callable[[Tried], None],
    ) -> None:
        """slot_free: called when a slot is free again. revoked_late: told by how many seconds a removal was late.

        tried: told what came of each try.
        """
        self._ground = ground
        self._slot_free = slot_free
        self._execution = Execution(ground)
        self._completion = Completion(ground, chance=chance, revoked_late=revoked_late, tried=tried)
        self._rounds = Rounds(ground, self._completion)
        self._places = {name: self._place() for name in ground.directories}

    async def resume(self, *, alone: bool) -> None:
        """Take over what ran before, ahead of all new work (A-1). alone: no other bot works on this database.

        A directory that left the settings has slots too: what is due there fails, and so is told and not forgotten.
        """
        for name in await take_over(self._ground, alone=alone):
            self._places.setdefault(name, self._place())

    async def settle_due(self) -> int:
        """Take up every holding that is due and for which there is a slot; how many. Does not wait for them."""
        return sum([await self._take_up(name, place) for name, place in self._places.items()])

    @property
    def is_full(self) -> bool:
        """Whether there may be more to give or take back in a directory than can be taken up now."""
        return self.takes_back or any(len(place.alone) >= SLOTS for place in self._places.values())

    @property
    def takes_back(self) -> bool:
        """Whether a directory takes removals in rounds, and more of them wait than are under way."""
        return any(place.more and bool(place.rounds) for place in self._places.values())

    async def finish(self) -> None:
        """Wait until what was taken up is done."""
        for place in self._places.values():
            while under_way := place.alone | place.rounds:
                await asyncio.gather(*under_way)

    async def _take_up(self, name: str, place: _Place) -> int:
        size, taken = self._rounds.size_in(name), 0
        while True:
            free = max(0, SLOTS - len(place.alone))
            together = size if len(place.rounds) < ROUNDS else 0
            if not together and (not free or (size and place.more)):
                return taken  # what is due next waits for a round to end
            most, begin = max(free, together), partial(self._begin, name=name, place=place)
            done = await place.apart.work(
                partial(self._due, name), partial(begin, free=free, together=together), most=most,
                alone=partial(begin, free=1), most_alone=max(1, free),
            )  # fmt: skip
            place.more = done.found == most
            rounds = [begun.round for begun in done.results if begun.round is not None]
            place.caught_up = place.caught_up or not (rounds or place.rounds)
            for work in (one for begun in done.results for one in begun.alone):
                self._start(place.alone, self._bring_about(work))
            for begun in rounds:
                self._start(place.rounds, self._carry_out(begun, place))
            taken += sum(begun.taken for begun in done.results)
            if not (place.more and rounds):
                return taken

    def _place(self) -> _Place:
        return _Place(apart=Apart(self._ground.database, self._ground.now, "take-up"))

    def _due(self, name: str, tx: Session, most: int) -> Sequence[Due]:
        return claims.due(
            tx, directory=name, at=self._ground.now(), limit=most, longest=LONGEST_WAIT,
            giving=self._ground.stopped(tx) is None,
        )  # fmt: skip

    def _start(self, among: set[asyncio.Task[None]], work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(partial(self._done, among))

    def _begin(
        self,
        tx: Session,
        found: Sequence[Due],
        *,
        name: str,
        free: int,
        together: int | None = None,
        place: _Place,
    ) -> "_Begun":
        """Claim what is due, and write down that it is about to be done before the directory is asked (T-3).

        together: how many may go in a round; None for none, though its directory takes rounds.
        """
        now, in_rounds = self._ground.now(), together is not None and bool(self._rounds.size_in(name))
        plain = [one for one in found if in_rounds and is_plain(one)]
        waits = not place.caught_up and bool(plain or place.rounds)
        others = [one for one in found if not (in_rounds and is_plain(one)) and not (waits and one.wanted)]
        together = min(together or 0, len(plain))
        taken = claims.take(tx, [*plain[:together], *others[:free]], until=now + LEASE)
        in_round, apart = self._rounds.begin(tx, taken[:together], now)
        alone = self._begin_alone(tx, [*apart, *taken[together:]], now)
        return _Begun(round=in_round, alone=alone, taken=len(taken))

    def _begin_alone(self, tx: Session, taken: Collection[Due], now: datetime) -> "list[_Work]":
        rows = claims.rows_of(tx, taken)
        covering = grants.covering_each(tx, rows)
        return [
            self._begun(tx, with_what_is_ours(tx, row, covering[row.id]), covering[row.id], now)
            for row in rows
        ]

    def _begun(self, tx: Session, claimed: Holding, covering: Sequence[Grant], now: datetime) -> "_Work":
        until = until_of(covering, now)
        moving = GrantState.ENDING if until is None else GrantState.APPROVED
        grant = next((each for each in covering if each.state == moving), None) or grants.concerning(
            tx, claimed
        )
        if grant is not None:
            recording.record_grant(
                tx,
                grant,
                at=now,
                action="effect.begun",
                outcome="done",
                **recording.BY_ITSELF,
                facts={"removal": until is None, "try": claimed.attempts},
            )
        return _Work(claimed=claimed, waiting=waiting_among(tx, covering, now), until=until)

    def _done(self, among: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        among.discard(task)
        self._slot_free()

    async def _carry_out(self, work: Round, place: _Place) -> None:
        """One round, and then what it found to be not so plain: that was begun with it, and is ours still."""
        try:
            missed = await self._rounds.carry_out(work)
            alone = await self._ground.database.read(lambda tx: claims.rows_of(tx, missed)) if missed else []
        except Exception as fault:
            log.error("round.left", exc_info=fault)  # until its lease runs out
            return
        for claimed in alone:
            self._start(place.alone, self._bring_about(_Work(claimed=claimed, waiting=(), until=None)))

    async def _bring_about(self, work: "_Work") -> None:
        """One holding. A fault is recorded and tried again later."""
        await self._completion.attempt(work.claimed, self._try(work))

    async def _try(self, work: "_Work") -> None:
        """Ask policy again, change, read back, record."""
        claimed, until, giving = work.claimed, work.until, True
        directory = self._ground.directory(claimed.directory)
        permitted = await self._execution.permitted(claimed, work.waiting)
        if work.waiting or until is not None:  # asking took its time, and may have voided some
            claimed, until, permitted, giving = await self._ground.database.write(
                partial(self._once_more, claimed=claimed, permitted=permitted)
            )
        seen = await self._change(directory, claimed, until, giving=giving)
        await self._completion.finish(claimed, seen, permitted)

    async def _change(
        self, directory: Directory, claimed: Holding, until: datetime | None, *, giving: bool
    ) -> Seen:
        """Bring the membership about, if it is ours to change, and read it back. until: wanted so long; None: not."""
        before = await in_call_time(directory.membership(claimed.account, claimed.group))
        present, wanted = before.present, until is not None
        if wanted and not giving:
            return Seen(present=present, did="nothing")
        ours = claimed.stood_before is False
        # What stood before us is kept only while it stands: what we put in its place is ours (promises 1 and 8).
        if wanted and not ours and (claimed.stood_before is None or not present):
            await self._note_stood_before(claimed, stood=present)
            ours = not present
        is_short = until is not None and before.until is not None and before.until < until
        if (wanted == present and not is_short) or not ours:
            # It was there when it was read last, and we took nothing: what it belonged to may be gone.
            is_missed = ours and not wanted and claimed.present is True
            gone = await _what_is_gone(directory, claimed) if is_missed else None
            return Seen(present=present, did="nothing", gone=gone)
        if claimed.lease_until is None or self._ground.now() + CALL > claimed.lease_until:
            raise DirectoryUnavailable(TOO_SLOW)
        try:
            if wanted:
                await in_call_time(directory.add_member(claimed.account, claimed.group, until=until))
            else:
                await in_call_time(directory.remove_member(claimed.account, claimed.group))
            after = (await in_call_time(directory.membership(claimed.account, claimed.group))).present
        except DirectoryUnavailable as fault:
            raise Unsure(str(fault), "added" if wanted else "removed") from fault
        if after != wanted:
            raise Unsure(UNDONE, "added" if wanted else "removed")
        if wanted == present:  # it only stays longer now
            return Seen(present=after, did="nothing", prolonged=True)
        return Seen(present=after, did="added" if wanted else "removed")

    async def _note_stood_before(self, claimed: Holding, *, stood: bool) -> None:
        """Durable before our first add, so that a crash in between cannot lose it (promise 8)."""
        if not await self._ground.database.write(
            lambda tx: holdings.note_stood_before(tx, claimed, stood=stood)
        ):
            raise DirectoryUnavailable(_OVERTAKEN)

    def _once_more(
        self, tx: Session, *, claimed: Holding, permitted: frozenset[str]
    ) -> tuple[Holding, datetime | None, frozenset[str], bool]:
        """Hold it from now on again, and see until when any grant still gives it, which do, and whether any may.

        One that was approved since policy was asked waits for its own turn: it gives nothing yet (promise 3).
        """
        giving = self._ground.stopped(tx) is None
        permitted = permitted if giving else frozenset()
        now = self._ground.now()
        held = holdings.renew(tx, claimed, until=now + LEASE)
        if held is None:
            raise DirectoryUnavailable(_OVERTAKEN)
        covering = grants.covering_holding(tx, held)
        asked = [one for one in covering if one.state != GrantState.APPROVED or one.id in permitted]
        return held, until_of(asked, now), permitted, giving


@dataclass(frozen=True, kw_only=True)
class _Work:
    """A holding under our lease. waiting: the grants that wait for it. until: as long as any gives it; None: none."""

    claimed: Holding
    waiting: Waiting
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """What was claimed in one transaction."""

    round: Round | None
    alone: Sequence[_Work]
    taken: int


async def _what_is_gone(directory: Directory, claimed: Holding) -> Gone | None:
    """Whether the account or the group is not there any more. None as well where that cannot be had now."""
    try:
        if await in_call_time(directory.account(claimed.account)) is None:
            return "account"
        return "group" if await in_call_time(directory.group(claimed.group)) is None else None
    except DirectoryUnavailable:
        return None  # the access is gone all the same, and that is not held up
