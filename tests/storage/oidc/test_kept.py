"""What is kept of the provider's, and that one who hangs is asked by one of those who wait."""

from datetime import timedelta

import pytest

from storage.faults import ProviderUnavailable
from storage.oidc.kept import Kept
from tests.handlers.page_ground import Clock

HOUR = timedelta(hours=1)


async def test_a_provider_that_hangs_is_not_asked_by_each_who_waited_for_it() -> None:
    """Promise 7: its failure counts from when it failed, for it may take longer than everybody then waits."""
    clock, kept, asked = Clock(), Kept[str](), 0

    async def hang() -> str:
        nonlocal asked
        asked += 1
        clock.forward(seconds=4)
        raise ProviderUnavailable

    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            await kept.get(hang, clock, younger_than=HOUR, holds=HOUR)
    assert asked == 1
    clock.forward(seconds=3)
    with pytest.raises(ProviderUnavailable):
        await kept.get(hang, clock, younger_than=HOUR, holds=HOUR)
    assert asked == 2


async def test_what_was_had_before_the_clock_was_set_back_is_not_young() -> None:
    """A provider that changed its keys would be held to the old ones for hours."""
    clock, kept, asked = Clock(), Kept[str](), 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        return f"keys {asked}"

    assert await kept.get(ask, clock, younger_than=HOUR, holds=HOUR) == "keys 1"
    clock.forward(hours=-5)
    assert await kept.get(ask, clock, younger_than=HOUR, holds=HOUR) == "keys 2"
    assert await kept.get(ask, clock, younger_than=HOUR, holds=HOUR) == "keys 2"
