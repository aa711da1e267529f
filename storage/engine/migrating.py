"""Bringing a database to the tables that this version of the code expects.

It runs the revisions in storage.migrations under the lock of all writers, and never goes back.
"""

from pathlib import Path

from sqlmodel import Session

from storage.database import Database
from storage.engine.revisions import holds_current, is_current
from storage.engine.stores import Store
from storage.faults import StorageUnavailable

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


def _make_file(path: Path) -> None:
    """Make the file for its owner's eyes alone; SQLite would let others read who asked for what and why."""
    try:
        path.touch(mode=0o600)
    except OSError as fault:
        raise StorageUnavailable(f"The database {path} cannot be made: {fault.strerror}.") from fault


def _upgrade(tx: Session) -> None:
    if holds_current(tx):  # somebody else was faster
        return
    # Slow to load, and nearly every start finds nothing to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.attributes["connection"] = tx.connection()
    command.upgrade(config, "head")
