"""Reading text that is none: whoever edited a row may have left any bytes there, and it must still be read to be named.

It changes nothing and judges nothing.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from storage.audit.log import Transaction, connection_of


@contextmanager
def forgiving(tx: Transaction) -> Iterator[None]:
    """On SQLite, read text that is no UTF-8 with replacement characters: it must be named, not end the walk."""
    driver = connection_of(tx).connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    before, driver.text_factory = driver.text_factory, _replacing
    try:
        yield
    finally:
        driver.text_factory = before


def _replacing(stored: bytes) -> str:
    return stored.decode(errors="replace")
