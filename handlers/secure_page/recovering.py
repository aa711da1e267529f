"""A forgotten password where the directory lets nobody set one: its own flow begun, or a temporary pass shown once.

The pass is handed to the page and to nothing else; it is never kept, recorded or told.
"""

from dataclasses import dataclass, field
from math import ceil

from handlers.exceptions.strange import named
from handlers.secure_page.changes import RESET
from handlers.secure_page.passwords import NOT_HERE, Passwords
from handlers.secure_page.visits import Done, NotYet, Over, Visitor
from storage.directories.base import Recovery
from storage.faults import DirectoryUnavailable
from storage.states import Purpose, Result


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A temporary pass, to be shown now and never again. minutes: how long it works."""

    text: str = field(repr=False)
    minutes: int


class Recovering(Passwords):
    """Recoveries, under the rules and limits of resets."""

    def way(self, directory: str) -> Recovery:
        """What a recovery does in this directory; "" for none, and for one that is not known."""
        found = self._ground.directories.get(directory)
        return found.capabilities.recovery if found is not None else ""

    async def recover(self, visitor: Visitor) -> Pass | Done | NotYet | Over:
        """Do what the directory can, once for this visit. Sessions end first: whoever holds one is not to see it."""
        found = await self._proven(visitor, Purpose.RESET)
        if isinstance(found, NotYet | Over):
            return found
        directory = self._ground.directory(found.handle.directory)
        way = directory.capabilities.recovery
        if not way or directory.capabilities.set_password:
            return NotYet(reason=NOT_HERE)
        found = await self._begun(visitor, found.handle)
        if isinstance(found, NotYet | Over):
            return found
        who = named(found.account.name, found.account.login)
        sessions = await self._end_sessions(found)
        if sessions == Result.SESSIONS_OPEN:
            await self._changes.give_back(found.handle, RESET)
            raise DirectoryUnavailable("The sessions could not be ended, so nothing was done.")
        facts = {"recovery": way, "sessions_ended": sessions == Result.DONE}
        try:
            made = await directory.recover(found.account.id)
        except DirectoryUnavailable:
            await self._changes.end(found.handle, RESET, Result.UNKNOWN, who, facts)
            return Done()
        result = Result.LINK_SENT if made is None else Result.PASS_MADE
        await self._changes.end(found.handle, RESET, result, who, facts)
        if made is None:
            return Done()
        left = (made.until - self._ground.now()).total_seconds()
        return Pass(text=made.text, minutes=max(1, ceil(left / 60)))
