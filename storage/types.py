"""Column types that keep what they are given: time as whole UTC microseconds, sentences with what fills them.

Nothing here reads a clock, and a time without a zone is never let in. Whoever can write to the database may leave
anything in any column: what is none of its kind is read as something that harms no other row, and never raises.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator

from storage.micros import from_micros, to_micros
from storage.sentences import as_kept, as_text, kept, revived

NO_MOMENT: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""What stands for a time that is none. Wicket writes no such time, so a MAC over it is none of its own; and there is
room on both sides, so that whoever reckons with it gets a time again.
"""
NOT_READ: Final = "What stood there cannot be read."
"""What stands for a text that is none."""

_FIRST, _LAST = to_micros(datetime(2, 1, 1, tzinfo=UTC)), to_micros(NO_MOMENT)


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
    ) -> Callable[[Any], datetime | None]:
        """Microseconds → aware UTC datetime; None stays None. NO_MOMENT for what is no such time."""
        return _moment


class SentenceText(TypeDecorator[str]):
    """Text that may be a `Sentence`, which is kept with its values; other text stands there as it is."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  as above
        """A sentence → a line of JSON; any other text → itself."""
        return None if value is None else as_text(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], str | None]:  # noqa: ARG002  as above
        """The other way; NOT_READ for what is neither."""
        return _text


class PlainJson(TypeDecorator[Any]):
    """Lists or mappings of plain values. kind: which of the two; an empty one stands for what is none."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type[list[Any] | dict[str, Any]]) -> None:
        super().__init__()
        self.kind = kind

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any]:
        """The other way."""
        return _of_kind(self.kind, super().result_processor(dialect, coltype) or (lambda value: value))


class SentenceJson(PlainJson):
    """The same, in which some texts may be sentences."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002  as above
        """Each sentence → an object of its template and its values."""
        return kept(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002  as above
        """The other way."""
        return revived(value)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return from_micros(value) if _FIRST <= value < _LAST else NO_MOMENT
    except TypeError:
        return NO_MOMENT


def _text(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return as_kept(value)
    except Exception:  # noqa: BLE001  a template can fail in any way for what is to fill it
        return NOT_READ


def _of_kind(kind: type[list[Any] | dict[str, Any]], read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def one(value: Any) -> Any:
        try:
            found = read(value)
        except Exception:  # noqa: BLE001  as above, and JSON can be too deep or too long
            return kind()
        return found if value is None or isinstance(found, kind) else kind()

    return one
