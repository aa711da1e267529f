"""T-1: what SQLite hands over is what it would answer with, of every kind, or a walk would call other rows sound."""

import sqlite3

import pytest

from storage.audit.handed import NAME, Handed

ODD = [
    "'plain'", "CAST(x'610062' AS TEXT)", "'n\u00e4me'", "''", "x'6162'", "x''", "x'ff00'", "NULL", "0", "-1",
    "9223372036854775807", "1767225600000000.0", "1.5", "'1'",
]  # fmt: skip


@pytest.fixture
def store() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE odd (number INTEGER PRIMARY KEY, value)")
    for number, value in enumerate(ODD):
        made.execute(f"INSERT INTO odd VALUES ({number}, {value})")
    return made


def test_a_row_is_handed_over_as_it_stands_there(store: sqlite3.Connection) -> None:
    """T-1: text up to its end, even behind a null in it, and bytes are no text."""
    handed, asked = Handed(store), f"SELECT count({NAME}(number, value)) FROM odd"
    stored = store.execute("SELECT number, value FROM odd").fetchall()
    for _ in range(2):
        found = handed.over(lambda: store.execute(asked).fetchall())
        assert [(*row, *map(type, row)) for row in found] == [(*row, *map(type, row)) for row in stored]


def test_text_that_is_none_is_an_error_and_leaves_nothing_behind(store: sqlite3.Connection) -> None:
    """T-1: as it is where the driver answers with rows."""
    handed, asked = Handed(store), f"SELECT count({NAME}(number, value)) FROM odd"
    store.execute("UPDATE odd SET value = CAST(x'ff' AS TEXT) WHERE number = 3")
    with pytest.raises(sqlite3.OperationalError):
        handed.over(lambda: store.execute(asked).fetchall())
    assert [
        row[0] for row in handed.over(lambda: store.execute(f"{asked} WHERE number > 11").fetchall())
    ] == [12, 13]
