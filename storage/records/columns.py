"""The columns and index conditions that tables share.

It knows no table.
"""

from typing import Any

from sqlalchemy import Column, text
from sqlmodel import Field

from storage.types import PlainJson, SentenceJson, SentenceText, UtcMicros


def moment(*, null: bool = False, index: bool = False) -> Any:
    """A moment in UTC, kept in whole microseconds."""
    return Field(sa_column=Column(UtcMicros, nullable=null, index=index), default=None)


def added() -> Any:
    """A column of text that a later revision added: rows that were there before need something to stand in it."""
    return Field(sa_column_kwargs={"server_default": ""})


def added_empty() -> Any:
    """The same, where most new rows have nothing to say in it either."""
    return Field(default="", sa_column_kwargs={"server_default": ""})


def json_value(kind: type[list[Any] | dict[str, Any]]) -> Any:
    """A list or a mapping of plain values and of sentences."""
    return Field(sa_column=Column(SentenceJson(kind), nullable=False))


def plain_json(kind: type[list[Any] | dict[str, Any]]) -> Any:
    """A list or a mapping of plain values alone."""
    return Field(sa_column=Column(PlainJson(kind), nullable=False))


def sentence(*, empty: bool = True) -> Any:
    """Text that may be a sentence with its values. empty: most new rows have nothing to say in it."""
    column = Column(SentenceText, nullable=False)
    return Field(default="", sa_column=column) if empty else Field(sa_column=column)


def only(sqlite: str, postgresql: str | None = None) -> dict[str, Any]:
    """Let an index hold only the rows of which this is true. postgresql: where it is said in other words there."""
    return {"sqlite_where": text(sqlite), "postgresql_where": text(postgresql or sqlite)}
