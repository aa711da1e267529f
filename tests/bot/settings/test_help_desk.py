"""[help_desk]: who acts for others and for whom, and what is wrong with it in words (R-6)."""

import pytest

from bot.providers import help_desks
from handlers.decisions.helping import Act

DESK = """[help_desk]
ticket = "INC-[0-9]{4,9}"
acts_a_day = 7

[help_desk.desks.oslo]
group = "help-desk-oslo"
may = ["unlock", "recheck"]
locations = ["Oslo"]
[security]"""


def test_desks_are_those_of_the_settings(load):
    desks = help_desks(load(replace={"[security]": DESK}))
    assert desks is not None
    (oslo,) = desks.desks
    assert (oslo.id, oslo.name, oslo.group) == ("oslo", "oslo", "help-desk-oslo")
    assert (oslo.may, oslo.locations) == (frozenset({Act.UNLOCK, Act.RECHECK}), frozenset({"Oslo"}))
    assert (desks.acts_a_day, desks.for_one_a_day, desks.acts_on_a_ticket) == (7, 3, 5)
    assert desks.ticket_in("INC-1234") == "INC-1234"
    assert desks.ticket_in("INC-123") is None


def test_without_a_desk_nobody_acts_for_others(load):
    assert help_desks(load()) is None


def test_desks_bear_on_security(load):
    """Whom a desk serves, what it may do and how much stand in the hash of every decision."""
    changes = (("", ""), ("Oslo", "Bergen"), ('"unlock", ', ""), ("= 7", "= 8"), ("{4,9}", "{1,9}"))
    digests = {load(replace={"[security]": DESK.replace(*one)}).security_digest for one in changes}
    assert len(digests) == len(changes)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('locations = ["Oslo"]', "", "help_desk.desks.oslo: must say whom it serves"),
        ('locations = ["Oslo"]', 'teams = ["A"]\neverybody = true', "help_desk.desks.oslo: must say whom it serves"),
        ('["unlock", "recheck"]', "[]", "help_desk.desks.oslo.may"),
        ('"recheck"', '"grant"', "help_desk.desks.oslo.may"),
        ("INC-[0-9]{4,9}", "(INC-)+", "help_desk.ticket: must be a regular expression"),
        ("INC-[0-9]{4,9}", "[0-9", "help_desk.ticket: is no regular expression"),
        ("= 7", "= 0", "help_desk.acts_a_day"),
    ],
)  # fmt: skip
def test_wrong_desks_are_named(old, new, told, wrong):
    assert f"  {told}" in wrong(replace={"[security]": DESK.replace(old, new)})
