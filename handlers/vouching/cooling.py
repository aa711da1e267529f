"""The end of a cool-off: somebody's word begins to count, and its person is told; or it does not, and ends.

It looks the person up first, gives nothing, and a crash leaves it to the next round.
"""

import structlog
from sqlmodel import Session

from handlers.decisions.vouching import POLICY_BROKEN
from handlers.exceptions.raising import Severity
from handlers.recording import BY_ITSELF
from handlers.secure_page.visits import PageGround
from handlers.vouching import telling
from storage import vouchings
from storage.faults import DirectoryUnavailable
from storage.records import Vouching
from storage.states import Ended

log = structlog.get_logger(__name__)
AT_ONCE = 50
INACTIVE = "inactive"


class Cooling:
    """For the schedule."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground

    async def settle_due(self) -> int:
        """See to what counts by now; how many there were. What nobody can say now waits for the next round."""
        ground = self._ground
        due = await ground.database.read(lambda tx: vouchings.cooling(tx, ground.now(), AT_ONCE))
        for row in due:
            try:
                await self._settle(row)
            except DirectoryUnavailable as fault:
                log.warning("vouching.directory", fault=str(fault))
        return len(due)

    async def _settle(self, row: Vouching) -> None:
        account = await self._ground.directory(row.directory).account(row.account)
        if account is None or not account.active:
            objection = INACTIVE
        else:
            objection = await self._ground.objection(row, account)
        if objection == POLICY_BROKEN:
            return

        def work(tx: Session) -> None:
            at = self._ground.now()
            if objection:
                ended = telling.over(
                    tx, row.id, Ended.VOID, at=at, **BY_ITSELF, facts={"objection": objection}
                )
                if ended and objection != INACTIVE:
                    telling.alarm(
                        tx, row, "lost", at=at, who=row.name, severity=Severity.MEDIUM,
                        facts={"voucher": row.voucher_name},
                    )  # fmt: skip
                return
            if vouchings.cool(tx, row.id, at):
                cooled = vouchings.by_id(tx, row.id) or row
                telling.note(tx, cooled, "vouching.cooled", "done", at=at, **BY_ITSELF)
                telling.show(tx, cooled, at)
                telling.write(tx, cooled, telling.COUNTS, at)

        await self._ground.database.write(work)
