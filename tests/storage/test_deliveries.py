"""Each inbound delivery is taken once, with its effect or not at all (promise 6, SL-5)."""

import asyncio
from datetime import timedelta

import pytest

from storage import deliveries
from storage.deliveries import KEPT


async def test_four_deliveries_of_one_thing_are_taken_once(database, now):
    taken = await asyncio.gather(
        *(database.write(lambda tx: deliveries.take(tx, "event:Ev1", now)) for _ in range(4))
    )
    assert sorted(taken) == [False, False, False, True]


def test_another_delivery_is_another_thing(database, now):
    assert database.write_now(lambda tx: deliveries.take(tx, "event:Ev1", now))
    assert database.write_now(lambda tx: deliveries.take(tx, "event:Ev2", now))
    assert database.write_now(lambda tx: deliveries.take(tx, "trigger:Ev1", now))


def test_a_delivery_whose_effect_was_undone_can_come_again(database, now):
    """A retry after a fault must do what the first could not."""

    def work(tx) -> None:
        assert deliveries.take(tx, "event:Ev1", now)
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(work)
    assert database.write_now(lambda tx: deliveries.take(tx, "event:Ev1", now))


def test_keys_are_forgotten_only_when_no_repeat_can_come_any_more(database, now):
    database.write_now(lambda tx: deliveries.take(tx, "event:old", now - KEPT - timedelta(microseconds=1)))
    database.write_now(lambda tx: deliveries.take(tx, "event:young", now - KEPT))
    database.write_now(lambda tx: deliveries.forget_old(tx, now))
    assert database.write_now(lambda tx: deliveries.take(tx, "event:old", now))
    assert not database.write_now(lambda tx: deliveries.take(tx, "event:young", now))
    assert timedelta(minutes=10) < KEPT
