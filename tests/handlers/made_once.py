"""What every ground of the handlers begins with, made once for all tests of a process: nothing of it ever changes."""

import atexit
import shutil
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from handlers.decisions.cedar import CedarPolicy
from handlers.policies import shipped
from storage.directories.local import LocalDirectory
from storage.engine.migrating import migrate

_PEOPLE: dict[str, Path] = {}
_FILLED: dict[str, Path] = {}


@cache
def shipped_policy() -> CedarPolicy:
    """The shipped policies, parsed once."""
    return CedarPolicy.load(*shipped(), bound_to="test")


def without_step_up() -> tuple[dict[str, str], str]:
    """The shipped policies but those by which approvers prove who they are: for tests that are not about that.

    Those that are, and every test of the demo and in a browser, run by all of them.
    """
    sources, schema = shipped()
    del sources["stepping.cedar"]
    return sources, schema


@cache
def unproven_policy() -> CedarPolicy:
    """The same, parsed once."""
    return CedarPolicy.load(*without_step_up(), bound_to="test")


def copy_empty_database(to: Path) -> Path:
    """A database with every table and nothing in them, put there."""
    return Path(shutil.copy(_empty_database(), to))


def copy_filled_database(to: Path, name: str, fill: Callable[[Path], object]) -> Path:
    """The same with what `fill` puts into it, which is asked once; name: what that is."""
    if name not in _FILLED:
        made = copy_empty_database(_folder() / f"filled-{name}.db")
        fill(made)
        _FILLED[name] = made
    return Path(shutil.copy(_FILLED[name], to))


async def copy_people(to: Path, company: str, fill: Callable[[Path], Awaitable[LocalDirectory]]) -> None:
    """The file of the local directory of this company, put there. fill: makes it when it is first asked for."""
    if company not in _PEOPLE:
        made = _folder() / f"{company}.db"
        directory = await fill(made)
        directory.close()
        _PEOPLE[company] = made
    shutil.copy(_PEOPLE[company], to)


@cache
def _empty_database() -> Path:
    migrate(_folder() / "wicket.db")
    return _folder() / "wicket.db"


@cache
def _folder() -> Path:
    folder = mkdtemp(prefix="wicket-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
