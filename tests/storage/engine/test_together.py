"""Many rows by one statement, and lists as one value: as if each had been put or asked for alone."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from storage.engine.listed import among, listed
from storage.engine.together import Together
from storage.micros import to_micros
from storage.records import Delivery

DELIVERIES = SQLModel.metadata.tables[Delivery.__tablename__]
ADD = Together(DELIVERIES.name, ("key", "at"))
ASK = select(DELIVERIES.c.key).where(among(DELIVERIES.c.key, "keys")).order_by(DELIVERIES.c.key)
ODD = ["", 'a"b', "{%s}", "näme\\", "😀", "null"]


def put(database, keys, at) -> None:
    database.write_now(lambda tx: ADD.put(tx.connection(), [(key, to_micros(at)) for key in keys]))


@pytest.mark.parametrize("count", [0, 1, 100, 101, 230])
def test_all_of_them_are_put_there(database, now, count):
    """Whether or not they go into one statement."""
    put(database, [f"{number:03}" for number in range(count)], now)
    kept = database.read_now(lambda tx: tx.connection().execute(select(DELIVERIES)).all())
    assert sorted(kept) == [(f"{number:03}", now) for number in range(count)]


def test_one_that_is_there_keeps_all_of_them_out(database, now):
    put(database, ["7"], now)
    with pytest.raises(IntegrityError):
        put(database, ["6", "7", "8"], now)
    assert database.read_now(
        lambda tx: tx.connection().execute(select(DELIVERIES.c.key)).scalars().all()
    ) == ["7"]


@pytest.mark.parametrize("asked", [ODD, ODD[:1], [], ["none of them"]])
def test_a_list_finds_what_is_in_it_whatever_its_texts(database, now, asked):
    put(database, [*ODD, "another"], now)
    found = database.read_now(
        lambda tx: tx.connection().execute(ASK, {"keys": listed(asked)}).scalars().all()
    )
    assert set(found) == set(asked) & set(ODD)
