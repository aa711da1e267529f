"""What was written ahead of the file, moved into it, so that nothing that was deleted stays beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.engine.backup import folded


def test_what_was_written_ahead_is_moved_into_the_file_unless_somebody_reads_what_was_before(
    tmp_path: Path,
) -> None:
    path = tmp_path / "wicket.db"
    ahead = path.with_name("wicket.db-wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE words (said TEXT)")
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM words").fetchone() == (0,)
            writer.execute("INSERT INTO words VALUES ('CANARY')")
            assert not folded(path, patience=0)
            assert b"CANARY" in ahead.read_bytes()
        assert folded(path, patience=0)
        assert ahead.read_bytes() == b""
