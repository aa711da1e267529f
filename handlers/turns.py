"""Looks at the same thing that may go side by side, numbered as they begin: which of them count when they end.

It looks at nothing itself, and knows only of the looks of this process.
"""

import itertools
from collections import OrderedDict

# Of so many things it is known which look stands; of one that was looked at long ago nothing is under way any more.
_KEPT = 5000


class Turns:
    """The number of the look whose findings stand, of each thing that is looked at."""

    def __init__(self) -> None:
        self._begun = itertools.count(1)
        self._stands: OrderedDict[str, int] = OrderedDict()

    def begin(self) -> int:
        """A look begins: its number, which is higher than that of each before it."""
        return next(self._begun)

    def counts(self, what: str, turn: int, *, stands: bool = True) -> bool:
        """Whether nothing stands that a later look at this found. stands: what this one found does, from now on."""
        newest = self._stands.get(what, 0)
        if stands and turn > newest:
            self._stands[what] = turn
            self._stands.move_to_end(what)
            if len(self._stands) > _KEPT:
                self._stands.popitem(last=False)
        return turn >= newest
