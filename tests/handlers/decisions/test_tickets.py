"""Tickets as people name them: which of two names are one ticket."""

import pytest

from handlers.decisions.tickets import one_ticket

PAGE = "https://tracker.example/browse/INC-1"


@pytest.mark.parametrize("place", ["", "#", "#comment-7", "#c12", "#issuecomment-4.2"])
def test_a_place_on_a_page_makes_no_other_ticket(place: str) -> None:
    assert one_ticket(f"{PAGE}{place}") == PAGE


@pytest.mark.parametrize(
    "ticket",
    [
        "INC-1",
        "#4711",
        "desk#4711",
        f"{PAGE}?id=2",
        "https://tracker.example/app#/tickets/1",
        "https://tracker.example/web#id=1",
        "https://tracker.example/app#!1",
        "https://tracker.example/#INC-1",
        "https://tracker.example#INC-1",
    ],
)
def test_what_may_say_which_ticket_it_is_stays(ticket: str) -> None:
    assert one_ticket(ticket) == ticket
