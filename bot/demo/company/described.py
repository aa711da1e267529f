"""What two groups of the sample company say of themselves in its directory, where nobody wrote them down for Wicket.

One can be asked for by it; the other says something that cannot be used. It is data alone.
"""

from typing import NamedTuple

_REST = ("wicket: risk=3", "wicket: environment=corporate", "wicket: kind=tool", "wicket: max=4h")


class Describing(NamedTuple):
    """A group, and what its keepers write to it."""

    group: str
    lines: tuple[str, ...]


BLOG = Describing("company-blog", ("wicket: owner=it-desk", "wicket: title=Company blog", *_REST))
MISSPELT = Describing("status-page", ("wicket: owner=observabilty", *_REST))
MENDED = Describing("status-page", ("wicket: owner=observability", *_REST))
