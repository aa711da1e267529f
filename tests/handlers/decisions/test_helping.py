"""Whom a desk serves, and which tickets count: what the directory does not say fits nothing (R-6)."""

import re
from dataclasses import replace
from typing import Any

import pytest

from handlers.decisions.helping import Act, Desk, HelpDesks
from handlers.decisions.made_up import SOMEBODY

ADA = replace(SOMEBODY, team="Payments", location="Oslo", company="Example AS")
DESK = Desk(id="oslo", name="Oslo", group="help-desk", may=frozenset({Act.UNLOCK}))


@pytest.mark.parametrize(
    ("narrowed", "serves"),
    [
        ({"everybody": True}, True),
        ({}, False),
        ({"teams": frozenset({"payments"})}, True),
        ({"teams": frozenset({"Billing"})}, False),
        ({"locations": frozenset({"Oslo", "Bergen"})}, True),
        ({"locations": frozenset({"Bergen"})}, False),
        ({"companies": frozenset({"Example AS"})}, True),
        ({"companies": frozenset({"Vendor Co"})}, False),
        ({"teams": frozenset({"Payments"}), "locations": frozenset({"Bergen"})}, False),
        ({"teams": frozenset({"Payments"}), "companies": frozenset({"Vendor Co"})}, False),
    ],
)
def test_of_what_is_written_each_must_fit(narrowed: dict[str, Any], serves: bool) -> None:
    assert replace(DESK, **narrowed).serves(ADA) is serves


def test_what_the_directory_does_not_say_fits_nothing() -> None:
    assert not replace(DESK, locations=frozenset({""})).serves(replace(ADA, location=""))
    assert not replace(DESK, teams=frozenset({"Payments"})).serves(replace(ADA, team=" "))


def test_a_desk_counts_for_whoever_is_on_it_and_for_what_it_may() -> None:
    desks = HelpDesks(desks=(DESK, replace(DESK, id="all", may=frozenset(Act), everybody=True)))
    helper = replace(SOMEBODY, groups=frozenset({"help-desk", ""}))
    assert [one.id for one in desks.of(helper)] == ["oslo", "all"]
    assert [one.id for one in desks.of(helper, Act.RESET)] == ["all"]
    assert desks.of(replace(helper, groups=frozenset({"other"}))) == ()
    assert HelpDesks(desks=(replace(DESK, group=""),)).of(helper) == ()
    assert [one.id for one in desks.serving(ADA, Act.UNLOCK)] == ["all"]


@pytest.mark.parametrize(
    ("pattern", "typed", "kept"),
    [
        (None, " inc-12 ", "INC-12"),
        (None, "https://tracker.example.com/1", "https://tracker.example.com/1"),
        (None, "please", None),
        ("INC-[0-9]+", "inc-12", "INC-12"),
        ("INC-[0-9]+", "HD-12", None),
        ("INC-[0-9]+", "INC-12 and more", None),
        ("INC[0-9]{7}", "INC0012345", "INC0012345"),
        ("[A-Za-z]+[0-9]+", "Chg0012345", "CHG0012345"),
        ("[a-z]+[0-9]+", "chg0012345", "chg0012345"),
        (".*", "https://tracker.example.com/Chg1", "https://tracker.example.com/Chg1"),
        (".*", "tracker.example.com/Chg1", "tracker.example.com/Chg1"),
        (".*", "INC-1\nINC-2", None),
        (".*", "I" * 201, None),
        (".*", "", None),
    ],
)
def test_a_ticket_is_as_the_settings_want_it_from_end_to_end(
    pattern: str | None, typed: str, kept: str | None
) -> None:
    desks = HelpDesks(desks=(DESK,), ticket=re.compile(pattern) if pattern is not None else None)
    assert desks.ticket_in(typed) == kept
