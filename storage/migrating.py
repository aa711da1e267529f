"""Bringing a database file to the tables that this version of the code expects.

It runs the revisions in storage.migrations under the file's own write lock, and never goes back.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import Session

from storage.database import Database
from storage.faults import SchemaFault, StorageUnavailable

# Another process may be migrating the same file; it is worth waiting for.
_WAIT_SECONDS = 30.0


def migrate(path: Path) -> None:
    """Make the file if there is none, and run what is missing, all of it or nothing. Does nothing when current.

    SchemaFault for a database of a newer version; StorageUnavailable when the file cannot be used.
    """
    if not path.exists():
        _make_file(path)
    elif is_current(path):
        return
    database = Database(path, busy_timeout=_WAIT_SECONDS)
    try:
        database.write_now(_upgrade)
    finally:
        database.close()


def is_current(path: Path) -> bool:
    """Whether the file holds exactly the tables of this version; False while there is none.

    SchemaFault for a database of a newer version; StorageUnavailable when the file cannot be used.
    """
    if not path.exists():
        return False
    database = Database(path)
    try:
        return database.read_now(holds_current)
    finally:
        database.close()


def holds_current(tx: Session) -> bool:
    """`is_current` for a session on the file. SchemaFault for a database of a newer version."""
    scripts = ScriptDirectory.from_config(_config())
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


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    return config
