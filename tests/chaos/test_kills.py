"""The real process killed at random moments under load, and what must hold once it is let alone (promises 1, 2, 6, 10).

A few kills here; `make chaos` has thousands.
"""

import os
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.bots import Nursery
from tests.chaos.checker import check
from tests.chaos.conftest import result, together
from tests.chaos.loops import Outcome, kill_often
from tests.chaos.stage import staged

KILLS = 8
# A quarter of those in `make chaos`: two meet as well as eight do, and each keeps a core busy that the bots wait for.
HANDS = 2
SEED = int(os.environ.get("WICKET_CHAOS_SEED", "1"))
TROUBLED = "sqlite, with troubles"


@pytest.fixture(scope="module")
def outcomes(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    """Each loop with a company, a Slack and a store of its own."""
    folder = tmp_path_factory.mktemp

    async def loop(engine: str, folder: Path, *, trouble: bool) -> Outcome:
        async with staged(folder, engine) as stage:
            return await kill_often(stage, nursery, kills=KILLS, seed=SEED, trouble=trouble, hands=HANDS)

    return together(
        {
            "sqlite": partial(loop, "sqlite", folder("sqlite"), trouble=False),
            "postgresql": partial(loop, "postgresql", folder("postgresql"), trouble=False),
            TROUBLED: partial(loop, "sqlite", folder("troubled"), trouble=True),
        }
    )


@pytest.mark.parametrize("loop", ["sqlite", "postgresql", TROUBLED])
def test_killed_at_any_moment_it_keeps_every_promise(outcomes: Mapping[str, Outcome], loop: str):
    """What was begun is finished once, nobody keeps what is over, all is on the record and told (A-1, SL-5, SL-11)."""
    outcome = result(outcomes, loop)
    assert check(outcome.history) == []
    assert outcome.refused == []


@pytest.mark.parametrize("loop", ["sqlite", "postgresql", TROUBLED])
def test_there_was_enough_to_break(outcomes: Mapping[str, Outcome], loop: str):
    """A loop in which nothing happened would prove nothing."""
    outcome = result(outcomes, loop)
    assert outcome.kills == KILLS
    changes = Counter(change.added for change in outcome.history.changes)
    assert changes[True] > 8 <= changes[False]
    assert len(outcome.troubles) >= (3 if loop == TROUBLED else 0)
