"""Column types that keep what they are given: time as whole UTC microseconds, sentences with what fills them.

Nothing here reads a clock, and a time without a zone is never let in.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator

from storage.micros import from_micros, to_micros
from storage.sentences import as_kept, as_text, kept, revived


class UtcMicros(TypeDecorator[datetime]):
    """An aware datetime in Python, INTEGER microseconds UTC in the database; refuses naive datetimes.

    SQLite loses the zone of a DateTime column; an integer sorts, compares and hashes alike everywhere.
    """

    impl = BigInteger
    cache_ok = True

    # Not by `process_bind_param` and its like, to which SQLAlchemy has a long way: every row has several times.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:  # noqa: ARG002  SQLAlchemy passes it
        """Aware datetime → microseconds; None stays None. A naive datetime is a ValueError."""
        return lambda value: None if value is None else to_micros(value)

    def result_processor(
        self,
        dialect: Dialect,  # noqa: ARG002  as above
        coltype: object,  # noqa: ARG002  as above
    ) -> Callable[[int | None], datetime | None]:
        """Microseconds → aware UTC datetime; None stays None."""
        return lambda value: None if value is None else from_micros(value)


class SentenceText(TypeDecorator[str]):
    """Text that may be a `Sentence`, which is kept with its values; other text stands there as it is."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  as above
        """A sentence → a line of JSON; any other text → itself."""
        return None if value is None else as_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  as above
        """The other way."""
        return None if value is None else as_kept(value)


class SentenceJson(TypeDecorator[Any]):
    """Lists and mappings in which some texts may be sentences."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002  as above
        """Each sentence → an object of its template and its values."""
        return kept(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002  as above
        """The other way."""
        return revived(value)
