"""The sealer: puts the hashes of committed entries into the stored tree, a few thousand at a time.

It changes no entry, decides nothing, and is never ahead of what is committed.
"""

import asyncio

import structlog

from storage.audit.tiles import Tile, add_tiles, next_tiles
from storage.database import Database
from storage.faults import AuditFault

log = structlog.get_logger(__name__)

# Of those over leaves at once: 4,096 entries are some milliseconds of reading, and one of writing.
_AT_ONCE = 16
# Between two rounds others have their turn; an existing store is filled at some 20,000 entries a second all the same.
_REST = 0.05


class Tiling:
    """Keeps the stored tree behind the log by less than a tile.

    Tiles are found by a reader and added in one short transaction, which first looks where the tree ends now: writing
    transactions come one after the other in every process, so of several replicas one adds a tile, and whoever is
    killed before the commit has added none.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told = ""

    async def seal_due(self) -> None:
        """Add every tile that committed entries fill. A fault of the store passes through."""
        while tiles := await self._next():
            await self._database.write(lambda tx, found=tiles: add_tiles(tx, found))  # type: ignore[misc]
            await asyncio.sleep(_REST)

    async def _next(self) -> list[Tile]:
        """What comes next; nothing where the log does not fit together, which is logged once."""
        try:
            found = await self._database.read(lambda tx: next_tiles(tx, most=_AT_ONCE))
        except AuditFault as fault:
            if str(fault) != self._told:
                log.error("tiles.stopped", fault=str(fault))
            self._told = str(fault)
            return []
        self._told = ""
        return found
