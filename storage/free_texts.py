"""Where people's own words stand beside the record: in which column, typed by whom, about whom, in which story.

It erases them there and decides nothing about what may be; the record itself is storage.audit's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Table, literal, or_, select, update
from sqlmodel import Session, SQLModel

from storage.engine.changing import put
from storage.engine.listed import among, listed
from storage.free_text_places import ERASED, TYPED_FACTS, Place, places
from storage.macs import bound
from storage.records import ExceptionRecord
from storage.sentences import Sentence
from storage.states import ExceptionState

_EXCEPTIONS = SQLModel.metadata.tables[ExceptionRecord.__tablename__]
_LOGINS = (
    ("grants", "requester_account", "requester_login"),
    ("grants", "target_account", "target_login"),
    ("petitions", "account", "login"),
    ("emergencies", "account", "login"),
    ("desk_acts", "account", "login"),
)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """Words as they stand in one row. key: its primary key. story: "" where the row belongs to none.

    signed: a MAC is over them, so that only whoever has its key can erase them.
    """

    place: str
    key: tuple[Any, ...]
    words: str
    story: str
    signed: bool = False


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Words that stand among the facts of an exception, whose messages show them. settled: nobody works on it now.

    signed: as of a `Copy`.
    """

    exception: str
    words: str
    story: str
    settled: bool
    signed: bool = False


def typed_by(tx: Session, account: str) -> list[Copy]:
    """What this person typed, as far as the rows say so by id."""
    return _of(tx, account, attrgetter("author"))


def said_about(tx: Session, account: str) -> list[Copy]:
    """What stands in rows about this person, whoever typed it."""
    return _of(tx, account, attrgetter("about"))


def standing_of(tx: Session, accounts: Iterable[str]) -> list[Copy]:
    """What these people typed that is needed as long as its row is there."""
    given = {"accounts": listed(set(accounts))}
    return [
        one
        for place in places()
        if place.stays and place.author is not None
        for one in _found(tx, place, among(place.author, "accounts"), given)
    ]


def accounts_called(tx: Session, login: str) -> list[str]:
    """The accounts that rows say had this login, in order: a directory forgets whoever left."""
    found = set[str]()
    for table, account, name in _LOGINS:
        columns = SQLModel.metadata.tables[table].c
        found |= set(
            tx.connection().execute(select(columns[account]).where(columns[name] == login)).scalars()
        )
    return sorted(found - {""})


def of_stories(tx: Session, stories: Iterable[str]) -> list[Copy]:
    """All words in the rows of these stories."""
    given = {"stories": listed(set(stories))}
    return [
        one
        for place in places()
        if place.story is not None
        for one in _found(tx, place, among(place.story, "stories"), given)
    ]


def facts_of(tx: Session, stories: Iterable[str]) -> list[Fact]:
    """All texts among the facts of the exceptions that belong to these stories."""
    wanted = set(stories)
    columns = _EXCEPTIONS.c
    asked = select(columns.id, columns.facts, columns.correlation, columns.state, columns.mac).where(
        or_(among(columns.correlation, "stories"), among(columns.id, "stories"))
    )
    return [
        Fact(
            exception=exception,
            words=text,
            story=story,
            settled=state == ExceptionState.RESOLVED,
            signed=mac != "",
        )
        for exception, facts, correlation, state, mac in tx.connection().execute(
            asked, {"stories": listed(wanted)}
        )
        for text in sorted(set(_texts_in(facts)))
        for story in sorted({correlation, exception} & wanted)
    ]


def erase_copy(tx: Session, copy: Copy) -> bool:
    """Erase these words in their row, which is signed anew if it was genuine. False if they do not stand there."""
    place = _by_name()[copy.place]
    table = _table(place)
    where = [one == value for one, value in zip(table.primary_key, copy.key, strict=True)]
    stands = table.c[place.column] == copy.words
    done: Any = tx.execute(update(table).where(*where, stands).values({place.column: place.instead}))
    return bool(done.rowcount)


def erase_fact(tx: Session, fact: Fact) -> bool:
    """Erase these words wherever they stand among the facts of their exception. False if they do not any more."""
    row = tx.get(ExceptionRecord, fact.exception, with_for_update=True)
    if row is None or fact.words not in _texts_in(row.facts):
        return False
    row.facts = _without(row.facts, fact.words)
    put(tx, row)
    return True


def is_part(copy: Copy) -> bool:
    """Whether it may be a part of what was typed."""
    return _by_name()[copy.place].part


def stays(copy: Copy) -> bool:
    """Whether it is needed as long as its row is there."""
    return _by_name()[copy.place].stays


def _of(tx: Session, account: str, whose: Callable[[Place], ColumnElement[Any] | None]) -> list[Copy]:
    return [
        one
        for place in places()
        if (column := whose(place)) is not None
        for one in _found(tx, place, column == account)
    ]


def _found(
    tx: Session, place: Place, which: ColumnElement[bool], given: Mapping[str, str] | None = None
) -> Iterator[Copy]:
    table = _table(place)
    words, keys = table.c[place.column], list(table.primary_key)
    story = literal("") if place.story is None else place.story
    mac = table.c.mac if bound(place.table, (place.column,)) else literal("")
    asked = select(words, mac, story, *keys).where(which, words.not_in(("", place.instead)))
    for row in tx.connection().execute(asked, given or {}):
        said = row[0]
        if isinstance(said, Sentence) and said.values:
            continue  # ours, as of a membership that was adopted
        yield Copy(
            place=place.name,
            key=tuple(row[3:]),
            words=str(said),
            story=str(row[2]),
            signed=row[1] != "",
        )


def _texts_in(value: Any, under: str = "") -> Iterator[str]:
    """Each text that somebody typed among facts. under: the name by which the value stands there."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts_in(one, name)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts_in(one, under)
    elif _is_typed(value, under):
        yield value


def _without(value: Any, words: str, under: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _without(one, words, name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without(one, words, under) for one in value]
    return ERASED if _is_typed(value, under) and value == words else value


def _is_typed(value: Any, under: str) -> bool:
    """Whether these are words of somebody's; what else stands among facts may read the same, and messages need it."""
    return isinstance(value, str) and under in TYPED_FACTS and value != ERASED


def _table(place: Place) -> Table:
    return SQLModel.metadata.tables[place.table]


@cache
def _by_name() -> Mapping[str, Place]:
    return {one.name: one for one in places()}
