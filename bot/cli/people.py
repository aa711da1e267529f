"""Names for account ids, and accounts for logins, asked of the configured directories.

It changes nothing in a directory, and an id that no directory knows stays an id.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import typer

from bot.directories import open_directory
from bot.settings import LocalDirectorySection, Settings
from storage.database import Database
from storage.directories.base import Account, Directory
from storage.faults import DirectoryUnavailable

if TYPE_CHECKING:
    from handlers.decisions.policy import PolicyEngine
    from handlers.ground import Ground


def names_of(settings: Settings, ids: Iterable[str]) -> Mapping[str, str]:
    """The name of each person; their id where no directory can say."""

    async def ask() -> Mapping[str, str]:
        async with directories_of(settings) as directories:
            wanted = sorted(set(ids))
            return dict(
                zip(wanted, await asyncio.gather(*(_name(directories, one) for one in wanted)), strict=True)
            )

    return asyncio.run(ask())


def find_person(settings: Settings, word: str) -> Account | None:
    """The account with this login or id in a directory that people sign in from.

    DirectoryUnavailable when nobody was found and not everyone answered, or when several people are known by it.
    """

    async def ask() -> Account | None:
        async with directories_of(settings) as directories:
            homes = [one for one in directories if _is_home(settings, one.name)]
            return await _found(homes, word, silent=_not_asked(settings))

    return asyncio.run(ask())


def known_person(settings: Settings, word: str, *, otherwise: str = "Nothing was changed.") -> Account:
    """Likewise; where nobody is known by it, DirectoryUnavailable, with what came of it otherwise."""
    found = find_person(settings, word)
    if found is None:
        raise DirectoryUnavailable(f"No directory knows anybody with the login or id {word!r}. {otherwise}")
    return found


def account_id(settings: Settings, word: str) -> str:
    """The id of the person with this login or id; the word itself when nobody is known by it (any more)."""
    try:
        found = find_person(settings, word)
    except DirectoryUnavailable as fault:
        typer.echo(f"{fault} Taking {word!r} as an account id.", err=True)
        found = None
    return found.id if found else word


@asynccontextmanager
async def directories_of(settings: Settings) -> AsyncIterator[list[Directory]]:
    """The configured directories that can be asked; opening a local one that is not there would make it."""
    opened = [
        open_directory(name, section, settings.secrets)
        for name, section in settings.directories.items()
        if (section.path.exists() if isinstance(section, LocalDirectorySection) else _may_ask(settings, name))
    ]
    try:
        yield list(opened)
    finally:
        for directory in opened:
            directory.close()


@asynccontextmanager
async def grounded(
    settings: Settings, database: Database, policy: "PolicyEngine | None" = None
) -> AsyncIterator["Ground"]:
    """What handlers stand on: the directories as they are, and the policies in force or these."""
    # Policies are slow to load, and `wicket --help` has no need of them.
    from bot.grounds import ground_of

    async with directories_of(settings) as opened:
        directories = {one.name: one for one in opened}
        yield ground_of(settings, database, directories, database.now, policy)


def _may_ask(settings: Settings, name: str) -> bool:
    """Whether the password for it was given; commands that only read do without."""
    return name in settings.secrets.directory_passwords


def _is_home(settings: Settings, name: str) -> bool:
    """Whether people sign in from it: a login of another directory may be somebody else's."""
    return settings.directories[name].people_of is None


def _not_asked(settings: Settings) -> DirectoryUnavailable | None:
    """What to say where somebody might be in a directory that could not be asked."""
    for name, section in settings.directories.items():
        if not _is_home(settings, name):
            continue
        if isinstance(section, LocalDirectorySection):
            why = "" if section.path.exists() else f"there is no file {section.path}."
        else:
            why = "" if _may_ask(settings, name) else "its password is not given."
        if why:
            return DirectoryUnavailable(f"The directory {name} was not asked: {why}")
    return None


async def _name(directories: list[Directory], account: str) -> str:
    for directory in directories:
        try:
            found = await directory.account(account)
        except DirectoryUnavailable:
            continue
        if found is not None:
            return found.name
    return account


async def _found(
    directories: list[Directory], word: str, *, silent: DirectoryUnavailable | None
) -> Account | None:
    found: list[Account] = []
    for directory in directories:
        try:
            account = await directory.account_by_login(word) or await directory.account(word)
        except DirectoryUnavailable as fault:
            silent = fault
            continue
        found += [account] if account else []
    if len(found) > 1:
        names = " and ".join(account.directory for account in found)
        raise DirectoryUnavailable(
            f"{word!r} is somebody in each of the directories {names}, and nobody is guessed. Give the account's id."
        )
    if not found and silent is not None:
        raise silent
    return found[0] if found else None
