"""Bringing a database to the tables that this version of the code expects.

It runs the revisions in storage.migrations under the lock of all writers, and never goes back.
"""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import Session

from storage.database import Database
from storage.engine.stores import Store
from storage.faults import SchemaFault, StorageUnavailable

# Another process may be migrating the same database; it is worth waiting for.
_WAIT_SECONDS = 30.0


def migrate(store: Store) -> None:
    """Make the file if there is none, and run what is missing, all of it or nothing. Does nothing when current.

    SchemaFault for a database of a newer version; StorageUnavailable when it cannot be used.
    """
    if isinstance(store, Path) and not store.exists():
        _make_file(store)
    elif is_current(store):
        return
    database = Database(store, busy_timeout=_WAIT_SECONDS)
    try:
        database.write_now(_upgrade)
    finally:
        database.close()


def is_current(store: Store) -> bool:
    """Whether it holds exactly the tables of this version; False while there is none.

    SchemaFault for a database of a newer version; StorageUnavailable when it cannot be used.
    """
    if isinstance(store, Path) and not store.exists():
        return False
    database = Database(store)
    try:
        return database.read_now(holds_current)
    finally:
        database.close()


def holds_current(tx: Session) -> bool:
    """`is_current` for a session on the file. SchemaFault for a database of a newer version."""
    scripts = _scripts()
    there = set(MigrationContext.configure(tx.connection()).get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    if there - known:
        raise SchemaFault(
            "The database was made by a newer version of Wicket. "
            "Nothing was changed; install that version or a later one."
        )
    return there == set(scripts.get_heads())


def _make_file(path: Path) -> None:
    """Make the file for its owner's eyes alone; SQLite would let others read who asked for what and why."""
    try:
        path.touch(mode=0o600)
    except OSError as fault:
        raise StorageUnavailable(f"The database {path} cannot be made: {fault.strerror}.") from fault


def _upgrade(tx: Session) -> None:
    if holds_current(tx):  # somebody else was faster
        return
    config = _config()
    config.attributes["connection"] = tx.connection()
    command.upgrade(config, "head")


@cache
def _scripts() -> ScriptDirectory:
    """The revisions of this version, read once: they are twenty files and more."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    return config
