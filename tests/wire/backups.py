"""A backup of the running bot's store, and going back to it, on either engine: what an operator's tools do.

It tells the bot nothing: whether it notices is what is tested.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.audit.published import read_published
from storage.engine.backup import copy_store, remove
from tests.storage.postgres import postgres
from tests.wire.conftest import World, close_world, first_day_on_a_server, open_world

PUBLISHED = "checkpoints.txt"


@asynccontextmanager
async def published_world(folder: Path, engine: str, *, is_named: bool = True) -> AsyncIterator[World]:
    """The bot with a file outside its database that checkpoints are published to. engine: "sqlite" or "postgresql".

    is_named: by an operator; else the bot's settings are as they were shipped.
    """
    named = f'published = "{PUBLISHED}"\n' if is_named else ""
    section = f"[audit]\n{named}every_seconds = 1\n\n[security]"
    if engine == "sqlite":
        world = await open_world(folder, changes={"[security]": section})
        yield world
        await close_world(world)
        return
    async with first_day_on_a_server(folder) as server:
        world = await open_world(folder, changes={"[security]": section}, server=server)
        yield world
        await close_world(world)


def published(world: World) -> tuple[str, ...]:
    """The checkpoints that left the database so far."""
    return read_published(world.folder / PUBLISHED).notes


def back_up(world: World) -> Path:
    """Copy the store while the bot runs."""
    copy = world.folder / "backup"
    if isinstance(world.settings.store, Path):
        copy_store(world.settings.store, copy, patience=5, tell=lambda *_: None)
    else:
        postgres().program("pg_dump", "--format=custom", f"--file={copy}", world.settings.store.url)
    return copy


def go_back(world: World, copy: Path) -> None:
    """Put the copy in the place of the store; the bot has stopped."""
    store = world.settings.store
    if isinstance(store, Path):
        remove(store)
        copy_store(copy, store, patience=5, tell=lambda *_: None)
        return
    name = store.url.partition("@/")[2].partition("?")[0]
    postgres().run(f"DROP DATABASE {name} WITH (FORCE)")
    postgres().run(f"CREATE DATABASE {name} TEMPLATE template0")
    postgres().program("pg_restore", "--exit-on-error", f"--dbname={store.url}", copy)
