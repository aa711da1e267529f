"""Savepoints said to the driver as they are: SQLAlchemy compiles each anew, which costs as much as an insert.

It knows no engine; the dialects of both take it in.
"""

from sqlalchemy import Connection


class PlainSavepoints:
    """Mixed into a dialect, before SQLAlchemy's own."""

    def say(self, connection: Connection, statement: str) -> None:
        """Run a statement that has no answer."""
        connection.exec_driver_sql(statement)

    def do_savepoint(self, connection: Connection, name: str) -> None:
        """Begin one."""
        self.say(connection, f"SAVEPOINT {name}")

    def do_rollback_to_savepoint(self, connection: Connection, name: str) -> None:
        """Undo what was done since."""
        self.say(connection, f"ROLLBACK TO SAVEPOINT {name}")

    def do_release_savepoint(self, connection: Connection, name: str) -> None:
        """Keep what was done since."""
        self.say(connection, f"RELEASE SAVEPOINT {name}")
