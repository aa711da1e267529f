"""The directories, examined: each opened once for all who look, and what it says of itself.

It opens no local directory that is not there, since opening would make it.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path

from bot.checking.report import failed
from bot.directories import Opened, open_directory
from bot.settings import LocalDirectorySection, Settings
from storage.clock import Clock
from storage.directories.base import Account, Directory, Finding
from storage.engine.reading import looked_at
from storage.faults import DirectoryUnavailable, WicketFault

# Seconds to open one, which asks nobody yet, but may read a file.
_OPEN_WITHIN = 4.0
# Seconds to let go of a directory when everything was said.
_CLOSE_WITHIN = 1.0
# Seconds to wait for the lock of a local one.
_PATIENCE = 2.0


class Directories:
    """The configured directories, each opened when it is first asked for, by whichever part asks."""

    def __init__(self, settings: Settings, now: Clock) -> None:
        self._settings, self._now = settings, now
        self._opening: dict[str, asyncio.Task[Opened]] = {}

    async def get(self, name: str) -> Directory:
        """The directory of this name. DirectoryUnavailable, in its own words, if it cannot be opened."""
        if name not in self._opening:
            self._opening[name] = asyncio.create_task(asyncio.to_thread(self._open, name))
        try:
            async with asyncio.timeout(_OPEN_WITHIN):
                return await asyncio.shield(self._opening[name])
        except TimeoutError:
            raise DirectoryUnavailable(
                f"The directory {name} could not be opened within {_OPEN_WITHIN:.0f} s."
            ) from None

    def _open(self, name: str) -> Opened:
        section = self._settings.directories[name]
        if isinstance(section, LocalDirectorySection):
            _must_be_there(section.path)
        return open_directory(name, section, self._settings.secrets, now=self._now)

    async def close(self) -> None:
        """Let go of those that were opened, without waiting for one that hangs."""
        opened = [one.result() for one in self._opening.values() if _is_open(one)]
        closing = [asyncio.create_task(asyncio.to_thread(one.close)) for one in opened]
        if closing:
            await asyncio.wait(closing, timeout=_CLOSE_WITHIN)


async def examine_directory(directories: Directories, name: str, groups: Collection[str]) -> list[Finding]:
    """What the directory finds about itself and these groups, under its name."""
    try:
        found = await (await directories.get(name)).examine(groups)
    except WicketFault as fault:
        return [failed(name, str(fault), f"Mend [directories.{name}], or what it points to.")]
    return [
        Finding(level=one.level, about=f"{name}: {one.about}", found=one.found, advice=one.advice)
        for one in found
    ]


def groups_in(settings: Settings, directory: str) -> frozenset[str]:
    """The groups of this directory that entitlements give: those, and no others, Wicket's account is to change.

    Groups of approvers are looked at with the approvers: an account that may change them could approve for itself.
    """
    entitlements = settings.catalogue.entitlements.values()
    return frozenset(one.group for one in entitlements if one.directory == directory)


def _is_open(opening: "asyncio.Task[Opened]") -> bool:
    return opening.done() and not opening.cancelled() and opening.exception() is None


def _must_be_there(path: Path) -> None:
    if not path.exists():
        raise DirectoryUnavailable(f"There is no file {path}.")
    with looked_at(path, patience=_PATIENCE) as session:
        tables = {row[0] for row in session.connection().exec_driver_sql("SELECT name FROM sqlite_master")}
    if "accounts" not in tables:
        raise DirectoryUnavailable(f"There is no directory in the file {path}.")


def is_employed(account: Account) -> bool:
    """An employee whose account is active."""
    return account.active and account.employment == "employee"
