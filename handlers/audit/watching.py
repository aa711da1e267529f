"""The watch over the store: is it what was last signed of it? If not, new access stops; if so, it is signed again.

What was signed is kept where a restored store cannot take it back: in a file outside, and in this process.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import structlog
from sqlmodel import Session

from handlers.audit.publishing import Publishing
from handlers.decisions.freezing import Check, What, what_stops
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from handlers.recording import WICKET
from handlers.stops.freezing import Cause, begin
from handlers.stops.standing import written
from storage import freezes
from storage.audit import log as audit_log
from storage.audit.acting import acting, told_of_acting
from storage.audit.checkpoint import BadNote, Checkpoint, Signer, verify_note
from storage.audit.published import Published
from storage.audit.sealing import Contradiction, contradiction, largest_agreeing, sign_head, size_said
from storage.audit.vouched import is_bound, is_ours
from storage.faults import AuditFault, StorageUnavailable, WicketFault
from storage.sentences import Sentence, template
from storage.states import FreezeKind

log = structlog.get_logger(__name__)

# Of the checkpoints in the file, so many of the last are compared at each look.
_LATEST = 20
_REMEMBERED = 1000

# A check takes far less. One that somebody keeps from ever ending, as by a view that is read for ever, fails nowhere.
_ENDS_WITHIN = 60.0
_UNENDED = "TimeoutError"

_ADDED = template(
    "Something was added to the audit log, or its head was changed, by hands that have no key of Wicket's: nobody "
    "vouches for the entries from index {first} on."
)
_STOP_IS_GONE = template("A stop of new access that this process knows is neither open nor lifted.")


class Watching:
    """Compares, freezes, signs. publishing: the file outside.

    latest: the checkpoint of the last look, for whoever asks. stopped: told after each look how many freezes are open.
    """

    def __init__(
        self, ground: Ground, signer: Signer, *, publishing: Publishing, stopped: Callable[[int], None]
    ) -> None:
        self._ground = ground
        self._signer = signer
        self._publishing = publishing
        self._stopped = stopped
        self._own: deque[str] = deque(maxlen=_REMEMBERED)
        self._is_first = True
        # The freezes that stood when they were counted last, and of each check under way what waits for its end.
        self._open: tuple[str, ...] = ()
        self._late: dict[str, asyncio.TimerHandle] = {}
        # Side by side, one that began before something happened would say that all is well after one that saw it; and
        # if each took a thread that never comes back, nothing would be left for whatever else needs one.
        self._alone = asyncio.Lock()
        self.latest: str | None = None

    async def look(self) -> None:
        """Compare the store with what was signed of it, and sign and publish what came since.

        AuditFault if nothing can be added to the log at all. A fault of the store passes through. One at a time.
        """
        async with self._alone:
            with self._or_nothing_new(Check.CHECKPOINTS):
                found = await self._compare()
            try:
                with self._or_nothing_new(Check.SIGNING, passing=(Exception,)):
                    self.latest = await self._sign(found)
            finally:
                await self._count()
            self._is_first = False

    async def look_again(self) -> None:
        """Look before it is due, if the store is unchecked: what passes is not to stop access for as long as that.

        So too where it could not be signed, which stops access only where it lasts; and where the log is not Wicket's.
        """
        # Once the record says that the head is under a key, this process knows it for good.
        await self._ground.database.read(is_bound)
        is_unsigned = Check.SIGNING in self._late and not self._alone.locked()
        is_due = is_unsigned or self._ground.database.unchecked.since is not None
        if is_due or not await self._ground.database.read(is_ours):
            await self.look()

    async def look_for_strangers(self) -> None:
        """What acts on the tables by itself may keep anything from being written, but not this process from knowing.

        While it is there nothing new is given; what ends, ends, and the rest is looked at as ever.
        """
        found, before = list[str](), self._ground.database.unchecked.checks
        with self._or_nothing_new(Check.STRANGERS, is_done=lambda: not found):
            found += await self._ground.database.read(acting)
        if found:
            self._ended(Check.STRANGERS)
            self._nothing_new(Check.STRANGERS, told_of_acting(found), found)
        elif Check.STRANGERS in before:
            await self._count()

    async def stop_for(self, detail: str, unless: Callable[[Session], bool]) -> None:
        """Stop new access for what was found in the log itself, as for a checkpoint that it contradicts.

        detail: what was found, as a sentence. unless: done first, in the same transaction; true if that is all.
        """
        self._found(Check.ENTRIES)
        with self._or_nothing_new(Check.ENTRIES):
            found, history = await self._publishing.read(), await self._publishing.history()

            def stop(tx: Session) -> None:
                if not unless(tx):
                    self._begin(tx, Contradiction(detail=detail), found, history)

            await self._ground.database.write(stop)
        await self._count()

    async def passed_by(self) -> None:
        """What was to be stopped for is gone, or another replica wrote it: nothing waits to be written."""
        self._ground.database.unchecked.end(Check.ENTRIES)
        await self._count()

    async def _compare(self) -> "Published | None":
        """Hold the store against what was signed, and freeze new access if it is not that; what the file says."""
        found = await self._publishing.read()
        wrong = await self._ground.database.read(lambda tx: self._wrong(tx, found))
        if wrong is not None and wrong.broken:
            raise AuditFault(f"The audit store cannot be added to: {wrong.detail}")
        if wrong is not None:
            self._found(Check.CHECKPOINTS)
            # Read before the transaction: it may be long, and nobody else can write meanwhile.
            history = await self._publishing.history()
            await self._ground.database.write(lambda tx: self._freeze(tx, found, history))
        return found

    async def _sign(self, found: "Published | None") -> str:
        """Sign the head, and publish that if it is another than before; what was signed."""
        note = await self._ground.database.read(lambda tx: sign_head(tx, self._signer))
        if note not in self._before(found):
            if note not in tuple(self._own)[-1:]:
                self._own.append(note)
            await self._publishing.publish(note)
        return note

    async def _count(self) -> None:
        """Say how much stands in the way. A freeze that is written, by whomever, is what the walk's would have been."""
        found = await self._ground.database.read(written)
        self._open = tuple(one.id for one in found)
        if what_stops(found, What.PROOFS) is not None:
            self._ground.database.unchecked.end(Check.ENTRIES)
        self._stopped(len(found) + (self._ground.database.unchecked.since is not None))

    def walking(self, is_done: Callable[[], bool]) -> AbstractContextManager[None]:
        """Where the walk takes a step: what it cannot read, or not move past, is not taken for sound.

        is_done: asked after a step that went well, whether it is past all that did not.
        """
        return self._or_nothing_new(Check.WALK, passing=(StorageUnavailable,), is_done=is_done)

    @contextmanager
    def _or_nothing_new(
        self,
        check: Check,
        passing: tuple[type[Exception], ...] = (),
        is_done: Callable[[], bool] = lambda: True,
    ) -> Iterator[None]:
        """Where a check fails, or what it found cannot be written, this process gives nothing new until it is done.

        Whoever can write the database could else keep a freeze from being written, and be given access meanwhile.
        passing: what counts only if the check is not done in time by being made again and again.
        """
        if check not in self._late:
            loop = asyncio.get_running_loop()
            self._late[check] = loop.call_later(_ENDS_WITHIN, self._nothing_new, check, _UNENDED)
        try:
            yield
        except passing:
            raise
        except BaseException as fault:
            self._ended(check)
            if not _is_given_up(fault):
                self._nothing_new(check, str(fault))
            raise
        if is_done():
            self._ended(check)
            self._ground.database.unchecked.end(check)

    def _ended(self, check: Check) -> None:
        """It is late no more."""
        if late := self._late.pop(check, None):
            late.cancel()

    def _found(self, check: Check) -> None:
        """Something is wrong, and it takes a while until that is written."""
        self._ground.database.unchecked.begin(check, self._ground.now())

    def _nothing_new(self, check: Check, fault: str, found: Collection[str] = ()) -> None:
        self._ground.database.unchecked.begin(check, self._ground.now(), found)
        self._stopped(1)
        log.error("access.stopped_unchecked", check=check, fault=fault)

    async def last_look(self) -> None:
        """The look before the end: what came since the last is signed too, if that can be done at all."""
        try:
            await self.look()
        except WicketFault as fault:
            log.warning("checkpoint.not_published", fault=str(fault))

    def _wrong(
        self, tx: Session, found: Published | None, history: Sequence[str] = ()
    ) -> Contradiction | None:
        wrong = contradiction(tx, self._signer.verifier, self._known(found))
        if wrong is None and any(freezes.is_gone(tx, one) for one in self._open):
            return Contradiction(detail=Sentence(_STOP_IS_GONE))
        # Later the process itself remembers what it signed; at the start nobody does.
        return wrong or self._publishing.wrong(tx, found, history, is_first=self._is_first)

    def _known(self, found: Published | None) -> list[str]:
        """What to compare with: the latest of the file, of which the very last must be sound, and our own last."""
        notes = list(found.notes[-_LATEST:]) if found else []
        earlier = [
            note for note in notes[:-1] if not isinstance(verify_note(note, self._signer.verifier), BadNote)
        ]
        return [*earlier, *notes[-1:], *([self._own[-1]] if self._own else [])]

    def _freeze(self, tx: Session, found: Published | None, history: Sequence[str]) -> None:
        """Look once more where nobody else can write: of several that saw it, one freezes."""
        wrong = self._wrong(tx, found, history)
        stands = what_stops(written(tx), What.PROOFS)
        if wrong is None or (wrong.checkpoint is None and not wrong.unvouched and stands):
            return  # an open freeze says all there is to say of a file that cannot be used
        self._begin(tx, wrong, found, history)

    def _begin(
        self, tx: Session, wrong: Contradiction, found: Published | None, history: Sequence[str]
    ) -> None:
        known = self._signed([*(found.notes if found else ()), *self._own])
        kind = FreezeKind.RESTORED if wrong.behind else FreezeKind.MISMATCH
        latest = max((checkpoint.size for _, checkpoint in known), default=0)
        agrees = audit_log.head(tx).size
        if kind == FreezeKind.RESTORED or not is_ours(tx):
            # Of what came after that nobody knows whether other hands added it.
            agrees = largest_agreeing(tx, [*history, *self._own], self._signer.verifier)
        cause = Cause(
            kind=kind,
            detail=Sentence(_ADDED, first=agrees) if wrong.unvouched else wrong.detail,
            agrees=agrees,
            cites=_last_of_each(known, wrong),
            signed=max(latest, wrong.checkpoint.size if wrong.checkpoint else 0),
        )
        begin(tx, self._ground, cause, actor=WICKET, where=SCHEDULE, signer=self._signer)

    def _signed(self, notes: Sequence[str]) -> list[tuple[str, Checkpoint]]:
        read = [(note, verify_note(note, self._signer.verifier)) for note in notes]
        return [(note, one) for note, one in read if isinstance(one, Checkpoint)]

    def _before(self, found: Published | None) -> Sequence[str]:
        """What was signed last, here or in the file: the same is not published twice."""
        return (
            found.notes[-1:] if found is not None and self._publishing.is_somewhere else tuple(self._own)[-1:]
        )


def _is_given_up(fault: BaseException) -> bool:
    """Whether whoever makes the check was asked to stop; what it waits for may be cancelled without that."""
    task = asyncio.current_task()
    return isinstance(fault, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def _last_of_each(known: Sequence[tuple[str, Checkpoint]], wrong: Contradiction) -> list[str]:
    """The largest checkpoint of each epoch that is known, as it was published, and the one that told of it."""
    largest: dict[str, tuple[int, str]] = {}
    for note, checkpoint in known:
        if checkpoint.size >= largest.get(checkpoint.origin, (0, ""))[0]:
            largest[checkpoint.origin] = (checkpoint.size, note)
    told = [wrong.note] if wrong.note else []
    return sorted({*(note for _, note in largest.values()), *told}, key=size_said)
