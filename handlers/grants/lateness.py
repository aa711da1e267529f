"""What is late, told: removals by their holdings, and ends that never began or that nobody works on.

It moves nothing. Where the row that is late cannot be written, that it was told is kept in this process alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlmodel import Session

from handlers.apart import Apart
from handlers.decisions.freezing import Check
from handlers.decisions.lifecycle import OVERDUE_AFTER, PAGE_AGAIN, is_page, told_again_at
from handlers.grants.unfollowed import Late, tell_late, tell_overdue
from handlers.ground import Ground
from storage import endings, grants, holdings, stuck
from storage.records import Grant, Holding
from storage.sentences import Sentence, template
from storage.truly import as_it_stands
from storage.unchecked import Looks

log = structlog.get_logger(__name__)

# Small enough that one transaction holds up nobody who waits for the writer, large enough to share a commit.
BATCH = 25

NOT_BEGUN = template(
    "The end cannot be written to the database: something there keeps it from being changed."
)
NOT_NOTED = template("The database does not let me change what I know of it.")
SETTLED = template("The database says that it is done, and it is not.")


@dataclass(frozen=True, kw_only=True)
class _Found:
    late: Late
    grant: Grant


class Lateness:
    """Tells of each once when it is late, and again while it goes on."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._looks = Looks(ground.database.unchecked, Check.ALERTS, ground.now)
        self._removals = Apart(ground.database, ground.now, "overdue")
        # Of what cannot be noted in its row, by its cause: when it is told the next time.
        self._again: dict[str, datetime] = {}

    async def tell(self, tries: Mapping[str, int]) -> int:
        """How many were told. tries: how often it failed to begin the end of a grant, by its id.

        While one cannot be told at all, or cannot even be looked for, this process gives nothing new, and says so past
        the store.
        """
        is_told = list[bool]()
        with self._looks.look(is_done=lambda: all(is_told)):
            told = await self._tell_removals_late()
            late = await self._ground.database.read(partial(self._kept_from, tries=tries))
            self._again = {
                each.late.cause: self._again[each.late.cause] for each in late if self._knows(each)
            }
            now = self._ground.now()
            is_told += [await self._tell(each) for each in late if not self._was_told(each, now)]
        return told + sum(is_told)

    async def _tell_removals_late(self) -> int:
        told, found = 0, BATCH
        while found == BATCH:
            done = await self._removals.work(self._overdue, self._tell_removals, most=BATCH)
            found, told = done.found, told + sum(done.results)
        return told

    def _overdue(self, tx: Session, most: int) -> Sequence[Holding]:
        return holdings.overdue(tx, self._ground.now(), after=OVERDUE_AFTER, again=PAGE_AGAIN, limit=most)

    def _tell_removals(self, tx: Session, late: Sequence[Holding]) -> int:
        now = self._ground.now()
        for holding in late:
            grant = grants.concerning(tx, holding)
            if grant is None:
                holdings.told_overdue(tx, holding, page_at=told_again_at(holding.due_at, now))
                continue
            is_first = not holding.overdue_told
            tell_overdue(tx, self._ground, holding, grant, page=is_page(holding.due_at, now))
            if is_first:  # its message says from then on that it is late
                self._ground.show(tx, grant)
        return len(late)

    def _kept_from(self, tx: Session, tries: Mapping[str, int]) -> list[_Found]:
        """All that is later than it may be and that no holding says, or one that cannot be written."""
        before, most = self._ground.now() - OVERDUE_AFTER, BATCH + len(self._again)
        unbegun = (as_it_stands(tx, one.id) for one in endings.due(tx, before, most))
        found = [_found(tx, one, NOT_BEGUN, tries.get(one.id, 0)) for one in unbegun if one is not None]
        # What was ended before its time is told as a row that was put back (handlers.audit.doubts).
        found += [
            _found(tx, one, SETTLED, 0)
            for one in stuck.stuck(tx, most)
            if one.expires_at is not None and one.expires_at <= before
        ]
        for holding_id in self._removals.failed:
            holding = holdings.look(tx, holding_id)
            grant = grants.concerning(tx, holding) if holding is not None else None
            if holding is not None and grant is not None:
                found.append(_Found(late=Late.of(holding, fault=Sentence(NOT_NOTED)), grant=grant))
        return found

    def _knows(self, found: _Found) -> bool:
        return found.late.cause in self._again

    def _was_told(self, found: _Found, now: datetime) -> bool:
        again_at = self._again.get(found.late.cause)
        return again_at is not None and again_at - PAGE_AGAIN <= now < again_at

    async def _tell(self, found: _Found) -> bool:
        now = self._ground.now()
        page = is_page(found.late.due, now)
        try:
            await self._ground.database.write(
                lambda tx: tell_late(tx, self._ground, found.late, found.grant, page=page)
            )
        except Exception as fault:
            log.error("overdue.untold", grant=found.grant.id, exc_info=fault)
            return False
        self._again[found.late.cause] = told_again_at(found.late.due, now)
        return True


def _found(tx: Session, grant: Grant, why: str, tries: int) -> _Found:
    place = {"directory": grant.directory, "account": grant.account, "group": grant.group}
    holding = holdings.of_account(tx, **place)
    late = Late(
        cause=holding.id if holding else grant.id, directory=grant.directory, fault=Sentence(why), tries=tries,
        due=grant.expires_at or grant.requested_at,
    )  # fmt: skip
    return _Found(late=late, grant=grant)
