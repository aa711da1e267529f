"""What the page behind a letter says at the end is what was done, and no more (P-6)."""

import pytest

from bot.web.not_me import end_of
from handlers.alarms.reported import NoLink, Stopped


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Stopped(), "is being switched off"),
        (Stopped(again=True), "Nothing more was done"),
        (Stopped(held=True), "the account is not switched off"),
        (NoLink(), "stops nothing any more"),
    ],
)
def test_each_end_says_what_was_done(outcome: Stopped | NoLink, said: str) -> None:
    end = end_of(outcome)
    assert said in " ".join((end.title, *end.sentences))
    assert ("switched off" in " ".join(end.sentences)) == (outcome == Stopped())
