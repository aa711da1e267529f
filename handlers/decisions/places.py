"""Where in a statement something is wrong: Cedar names what, but not where.

It judges nothing; a place that cannot be found is the statement's beginning.
"""

import re
from collections.abc import Callable

_UNFINISHED = "unexpected end of input"
_NAMED = re.compile(r"`([^`]+)`|: (\w+)$")


def offset_of(text: str, wrong: str, still_wrong: Callable[[str], str]) -> int:
    """How many characters stand before what is wrong.

    wrong: Cedar's words. still_wrong: Cedar's words about the beginning of the text: the shortest beginning about
    which it says the same ends with what is wrong.
    """
    for found in _NAMED.finditer(wrong):
        named = found[1] or found[2]
        if text.count(named) == 1:
            return text.index(named)
    if wrong == _UNFINISHED:  # every shorter beginning is unfinished as well
        return _start(text)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high) // 2
        if still_wrong(text[:middle]) == wrong:
            high = middle
        else:
            low = middle + 1
    if low == len(text) or still_wrong(text[:low]) != wrong:
        return _start(text)
    return max(0, low - 1)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Both from 1, within this text."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _start(text: str) -> int:
    """Where the statement begins, after the comments before it."""
    at = 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.strip().startswith("//"):
            return at + len(line) - len(line.lstrip())
        at += len(line)
    return 0
