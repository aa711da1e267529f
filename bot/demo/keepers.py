"""The directory of the sample company in its own keepers' hands: set up, looked at and changed past the bot.

It never goes through the bot, and whoever asks it need not know what kind of directory it is.
"""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from bot.demo.company import LOCAL, LOVELACE, seed_directory
from bot.demo.company.shapes import account_of
from storage.clock import Clock
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt

# The sample passwords are no secret: hashing them dearly would only make everybody wait at the first start.
_SAMPLE_COST = Scrypt(n=2)


class Keepers(Protocol):
    """The keepers of one directory. People are named by the login that the company first gave them.

    section: what `wicket.toml` says of the directory, each value as JSON and TOML both write it. secrets: the
    environment variables that go with it. own_clock: whether it goes by the real time, whatever time a story has.
    """

    section: Mapping[str, Any]
    secrets: Mapping[str, str]
    own_clock: bool

    async def move_in(self, at: datetime) -> None:
        """Let the sample company move in, unless it lives there already. at: aware UTC."""
        ...

    def account_of(self, login: str) -> str:
        """The stable id of somebody's account, once they have moved in."""
        ...

    async def has(self, login: str, group: str) -> bool:
        """Whether the group itself names this person."""
        ...

    async def put(self, login: str, group: str) -> None:
        """Make this person a member."""
        ...

    async def take(self, login: str, group: str) -> None:
        """End this person's membership."""
        ...

    async def describe(self, group: str, lines: Sequence[str]) -> None:
        """Let the group say these of itself, and nothing else."""
        ...

    async def rename(self, login: str, *, new_login: str, name: str) -> None:
        """Give this person another name and login; here they are still known by the first one."""
        ...

    async def switch_off(self, login: str) -> None:
        """Switch this person's account off."""
        ...

    async def signs_in(self, login: str, password: str) -> bool:
        """Try to sign this person in, as any program does: a failure counts towards the directory's own lockout."""
        ...

    async def open_sessions(self, login: str) -> int:
        """How many sessions of this person the directory knows of."""
        ...

    def held_up(self) -> AbstractAsyncContextManager[None]:
        """Within it, the directory answers nobody."""
        ...


class LocalKeepers:
    """The keepers of a local directory: whoever may write its file. path: beside the `wicket.toml` that names it."""

    own_clock = False

    def __init__(self, path: Path, *, now: Clock) -> None:
        self.section: Mapping[str, Any] = {**LOCAL, "path": path.name}
        self.secrets: Mapping[str, str] = {}
        self._path = path
        self._directory = LocalDirectory(path, name=LOVELACE.directory, now=now, cost=_SAMPLE_COST)

    async def move_in(self, at: datetime) -> None:
        """Write everything into the file, unless it is there."""
        await seed_directory(self._directory, at=at)

    def account_of(self, login: str) -> str:
        """The id that the sample company gives everybody in a directory of its own."""
        return account_of(login)

    async def has(self, login: str, group: str) -> bool:
        """Whether the group itself names this person."""
        return (await self._directory.membership(account_of(login), group)).present

    async def put(self, login: str, group: str) -> None:
        """Make this person a member; the journal of the bot's doings is silent."""
        await self._directory.put_in_group(group, account_of(login))

    async def take(self, login: str, group: str) -> None:
        """End this person's membership; the journal of the bot's doings is silent."""
        await self._directory.take_from_group(group, account_of(login))

    async def describe(self, group: str, lines: Sequence[str]) -> None:
        """Write the lines to the group; the journal of the bot's doings is silent."""
        await self._directory.describe_group(group, "\n".join(lines))

    async def rename(self, login: str, *, new_login: str, name: str) -> None:
        """Give this person another name and login."""
        await self._directory.change_account(account_of(login), login=new_login, name=name)

    async def switch_off(self, login: str) -> None:
        """Switch this person's account off."""
        await self._directory.change_account(account_of(login), active=False)

    async def signs_in(self, login: str, password: str) -> bool:
        """Whether this password signs the person in now."""
        return await self._directory.verify_password(account_of(login), password)

    async def open_sessions(self, login: str) -> int:
        """How many sessions of this person are open."""
        return await self._directory.sessions(account_of(login))

    @asynccontextmanager
    async def held_up(self) -> AsyncIterator[None]:
        """Hold the file as a backup program might."""
        holder = sqlite3.connect(self._path, isolation_level=None)
        try:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.execute("ROLLBACK")
        finally:
            holder.close()

    def close(self) -> None:
        """Let go of the file."""
        self._directory.close()
