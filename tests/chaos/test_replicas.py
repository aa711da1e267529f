"""Three real processes on one PostgreSQL under load: one is killed again and again, one frozen past its lease."""

from collections import Counter
from pathlib import Path

from tests.chaos.bots import Nursery
from tests.chaos.checker import check
from tests.chaos.loops import kill_replicas
from tests.chaos.stage import staged
from tests.chaos.test_kills import HANDS, SEED

KILLS = 6


async def test_three_replicas_keep_every_promise_while_they_are_killed_and_frozen(
    tmp_path: Path, nursery: Nursery
):
    """The frozen one wakes up with a lease that is long over, and changes nothing by it (promise 6, A-1, SL-5)."""
    async with staged(tmp_path, "postgresql") as stage:
        outcome = await kill_replicas(stage, nursery, kills=KILLS, freezes=1, seed=SEED, hands=HANDS)
    assert check(outcome.history) == []
    assert outcome.refused == []
    changes = Counter(change.added for change in outcome.history.changes)
    assert changes[True] > 8 <= changes[False]
