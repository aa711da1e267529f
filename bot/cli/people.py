"""Names for account ids, and accounts for logins, asked of the configured directories.

It changes nothing in a directory, and an id that no directory knows stays an id.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import typer

from bot.settings import Settings
from storage.directories.base import Account, Directory
from storage.directories.local import LocalDirectory
from storage.faults import DirectoryUnavailable


def names_of(settings: Settings, ids: Iterable[str]) -> Mapping[str, str]:
    """The name of each person; their id where no directory can say."""

    async def ask() -> Mapping[str, str]:
        async with _directories(settings) as directories:
            wanted = sorted(set(ids))
            return dict(
                zip(wanted, await asyncio.gather(*(_name(directories, one) for one in wanted)), strict=True)
            )

    return asyncio.run(ask())


def find_person(settings: Settings, word: str) -> Account | None:
    """The account with this login or id. DirectoryUnavailable when nobody was found and not everyone answered."""

    async def ask() -> Account | None:
        async with _directories(settings) as directories:
            return await _found(directories, word)

    return asyncio.run(ask())


def account_id(settings: Settings, word: str) -> str:
    """The id of the person with this login or id; the word itself when nobody is known by it (any more)."""
    try:
        found = find_person(settings, word)
    except DirectoryUnavailable as fault:
        typer.echo(f"{fault} Taking {word!r} as an account id.", err=True)
        found = None
    return found.id if found else word


@asynccontextmanager
async def _directories(settings: Settings) -> AsyncIterator[list[Directory]]:
    """The configured directories that are there; opening a local one would make it."""
    opened = [
        LocalDirectory(section.path, name=name)
        for name, section in settings.directories.items()
        if section.path.exists()
    ]
    try:
        yield list(opened)
    finally:
        for directory in opened:
            directory.close()


async def _name(directories: list[Directory], account: str) -> str:
    for directory in directories:
        try:
            found = await directory.account(account)
        except DirectoryUnavailable:
            continue
        if found is not None:
            return found.name
    return account


async def _found(directories: list[Directory], word: str) -> Account | None:
    silent: DirectoryUnavailable | None = None
    for directory in directories:
        try:
            found = await directory.account_by_login(word) or await directory.account(word)
        except DirectoryUnavailable as fault:
            silent = fault
            continue
        if found is not None:
            return found
    if silent is not None:
        raise silent
    return None
