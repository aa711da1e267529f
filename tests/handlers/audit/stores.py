"""A store as this version makes it, on either engine: with nothing in it, with what a test file begins with, with what
is old archived, or with what other hands do to it.

It judges nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from handlers.audit.archivable import YOUNGEST
from handlers.audit.archiving import Done, Plan, archive, look
from handlers.intents import CLI, By
from storage.audit.checkpoint import Signer
from storage.audit.sealing import take_checkpoint
from storage.audit.tiles import add_tiles, next_tiles
from storage.database import Database
from storage.engine.stores import Store
from tests.handlers.access_ground import World
from tests.handlers.made_once import copy_empty_database, copy_filled_database
from tests.storage.postgres import postgres


@contextmanager
def new_store(engine: str, folder: Path) -> Iterator[Store]:
    """engine: "sqlite" or "postgresql". folder: for SQLite's file."""
    if engine == "sqlite":
        yield copy_empty_database(folder / "wicket.db")
    else:
        running = postgres()
        with running.empty() as name:
            yield running.server(name)


def archive_what_is_old(database: Database, folder: Path, at: datetime) -> Done:
    """As an operator does at this time. folder: for the files."""
    signer, by = (
        Signer.from_seed("wicket.example/audit", bytes(32)),
        By(name="Olga", why="RETENTION-7", where=CLI),
    )
    database.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=9)))
    database.write_now(lambda tx: take_checkpoint(tx, signer, at=at))
    plan = database.read_now(lambda tx: look(tx, signer.verifier, before=at - YOUNGEST, at=at))
    assert isinstance(plan, Plan), plan
    return archive(database, plan, folder=folder, signer=signer, by=by, tell=lambda *_: None)


async def by_other_hands(world: World, *statements: str) -> None:
    """As whoever can write to the database does, all of it at once."""
    await world.ground.database.write(
        lambda tx: [tx.connection().execute(text(each)) for each in statements] and None
    )


@contextmanager
def filled_store(engine: str, folder: Path, name: str, fill: Callable[[Store], object]) -> Iterator[Store]:
    """The same with what `fill` puts there, which each engine is asked for once; name: what that is."""
    if engine == "sqlite":
        yield copy_filled_database(folder / "wicket.db", name, fill)
    else:
        running = postgres()
        with running.database(running.filled(name, fill)) as copy:
            yield running.server(copy)
