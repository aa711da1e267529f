"""Handles as rows: whose password was reset lately."""

from datetime import timedelta

import pytest

from storage.handles import resets_since
from storage.records import Handle
from storage.states import Purpose


@pytest.mark.parametrize("others", [0, 1, 3, 4, 9])
def test_whoever_is_asked_about_with_others_has_the_same_last_reset(database, now, others):
    """P-8: about few people and about many it is another statement, and one answer."""
    hour = timedelta(hours=1)

    def work(tx):
        for number, (account, purpose, ago) in enumerate(
            [
                ("p-ada", Purpose.RESET, 3),
                ("p-ada", Purpose.RESET, 2),
                ("p-ada", Purpose.ENROL, 1),
                ("p-bob", Purpose.RESET, 9),
                ("p-eve", Purpose.RESET, 1),
            ]
        ):
            tx.add(
                Handle(
                    id=f"h-{number}", purpose=purpose, directory="local", account=account, slack_team="T1",
                    slack_user="U1", proven=[], created_at=now - 10 * hour, expires_at=now, done_at=now - ago * hour,
                )
            )  # fmt: skip

    database.write_now(work)
    people = ["p-ada", "p-bob", *(f"p-{number}" for number in range(others))]
    found = database.read_now(lambda tx: resets_since(tx, people, now - 5 * hour))
    assert found == {("local", "p-ada"): now - 2 * hour}
    assert database.read_now(lambda tx: resets_since(tx, [], now - 5 * hour)) == {}
