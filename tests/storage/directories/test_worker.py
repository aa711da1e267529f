"""One thread over one SQLite file: what it leaves alone."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt

_VISIT = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM accounts'); c.close()"
)


async def test_opening_a_file_keeps_the_locks_that_others_in_the_process_hold_on_it(tmp_path: Path) -> None:
    """Closing any descriptor of a file drops this process's locks on it; a visitor then took the log away."""
    path = tmp_path / "people.db"
    first = LocalDirectory(path, cost=Scrypt(n=2))
    await first.add_group("staff")
    second = LocalDirectory(path, cost=Scrypt(n=2))
    await second.add_group("guests")
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", _VISIT, str(path)], check=True)
    assert path.with_name("people.db-wal").exists()
    await first.add_group("visitors")
    first.close()
    second.close()
    with closing(sqlite3.connect(path)) as rows:
        assert len(rows.execute("SELECT name FROM groups").fetchall()) == 3
