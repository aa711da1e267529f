"""The times that a form offers to choose from.

It never says which of them somebody may have: policy is asked about each.
"""

from collections.abc import Iterable
from datetime import timedelta

from storage.catalogue import Entitlement

_RUNGS = (15, 30, 60, 120, 240, 480, 1440, 3 * 1440, 7 * 1440, 14 * 1440, 30 * 1440, 90 * 1440)


def rungs(entitlements: Iterable[Entitlement]) -> tuple[int, ...]:
    """Minutes, shortest first: round times up to the shortest maximum among these, and that maximum itself."""
    longest = min((one.max_duration for one in entitlements), default=None)
    if longest is None:
        return _RUNGS
    most = max(1, longest // timedelta(minutes=1))
    return (*(minutes for minutes in _RUNGS if minutes < most), most)
