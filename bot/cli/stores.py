"""The store that the settings of a command name, opened for as long as the command works.

It never makes a database or a directory that is not there: a command that reads must not leave one behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bot.cli.public_keys import verifier_of
from bot.group_names import group_names
from bot.settings import Settings
from storage.audit.verification import walk_unless_bound
from storage.database import Database
from storage.engine.revisions import is_current
from storage.faults import SchemaFault, StorageUnavailable
from storage.macs import Macs

# A running bot may be writing; a command can wait longer than a person in Slack.
_WAIT_SECONDS = 10.0


def macs_of(settings: Settings) -> Macs | None:
    """What rows are signed by; None without keys: then what a command writes counts nowhere."""
    return Macs(settings.secrets.vault()) if settings.secrets.secret_keys is not None else None


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The store, if it is there and of this version. StorageUnavailable or SchemaFault if not."""
    store = settings.store
    if isinstance(store, Path) and not store.exists():
        raise StorageUnavailable(
            f"There is no database at {store} yet. `wicket serve` or `wicket migrate` makes it."
        )
    if isinstance(store, Path) and not store.stat().st_size:
        raise StorageUnavailable(
            f"The database at {store} is empty, so nothing of Wicket is in it. Check the path. If there was something, "
            "keep what lies beside it, and go back to a backup with `wicket restore COPY`; to begin anew, run `wicket "
            "migrate`."
        )
    if not is_current(store):
        raise SchemaFault(f"The database at {store} is of an earlier version. Run `wicket migrate` first.")
    database = Database(
        store, busy_timeout=_WAIT_SECONDS, macs=macs_of(settings), replica=settings.server.replica,
        due_within=settings.exceptions.due_within, group_names=group_names(settings.directories),
    )  # fmt: skip
    try:
        database.read_now(partial(walk_unless_bound, verifier=verifier_of(settings, None)))
        yield database
    finally:
        database.close()
