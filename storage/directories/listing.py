"""The port of directories that can tell whom they hold, for an operator's question about everybody.

No request depends on it: people are looked up one by one as they come.
"""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Listing(Protocol):
    """A directory that lists its people."""

    async def people(self) -> list[str]:
        """The stable ids of everybody in it, sorted, and of nobody twice: of each person the id alone is in memory.

        It may take longer than other calls. DirectoryUnavailable when it cannot answer in full.
        """
