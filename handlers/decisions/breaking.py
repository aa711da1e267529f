"""When many resets or wrong proofs are too many, over everybody together: numbers in, a bar out (P-7).

Pure. It knows no person, and what trips the breaker says nothing against anybody.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WINDOW = timedelta(hours=1)
# Before so much is known nobody can say what is usual.
KNOWN_FOR = timedelta(days=7)


class Counted(StrEnum):
    """What is counted over everybody."""

    RESETS = "resets"
    WRONG_PROOFS = "wrong-proofs"


@dataclass(frozen=True, kw_only=True)
class Bars:
    """How many of each in an hour are let by, and how many times what is usual. times: 0 asks for no usual."""

    resets: int = 30
    wrong_proofs: int = 100
    times: int = 10

    def of(self, what: Counted) -> int:
        """The bar that always holds."""
        return self.resets if what == Counted.RESETS else self.wrong_proofs


def bar(bars: Bars, what: Counted, usual: float | None) -> int:
    """How many in an hour are let by. usual: how many there are in an hour on average; None while that is not known.

    What is usual lowers the bar to a third at most, so that one person's bad day does not stop everybody.
    """
    most = bars.of(what)
    if usual is None or not bars.times:
        return most
    return min(most, max(math.ceil(usual * bars.times), math.ceil(most / 3)))
