"""The short sentences: each kind, each with what to do next, none with a word that belongs in a log."""

import pytest

from bot.slack import sentences
from handlers.decisions.identity import NotAPerson

SAID = {name: value for name, value in vars(sentences).items() if name.isupper() and isinstance(value, str)}
EVERY = [*SAID.values(), *filter(None, sentences.TURNED_AWAY.values())]


@pytest.mark.parametrize("said", EVERY)
def test_each_is_a_whole_plain_sentence(said):
    assert said[0].isupper()
    assert said.endswith(".")
    assert "  " not in said
    assert not any(
        word in said.lower()
        for word in ("exception", "error", "null", "invalid", "please be advised", "sorry")
    )
    assert len(said) < 200


def test_everybody_who_is_turned_away_hears_why_but_a_bot():
    """Two bots must not talk to each other for ever."""
    assert set(sentences.TURNED_AWAY) == set(NotAPerson)
    assert [who for who, said in sentences.TURNED_AWAY.items() if not said] == [NotAPerson.BOT]


@pytest.mark.parametrize(
    "name", ["NO_DIRECTORY", "NO_STORE", "NO_IDENTITY", "FAULT", "TOO_FAST", "TRY_AGAIN", "TYPE_AGAIN"]
)
def test_what_failed_for_now_says_to_try_again(name):
    assert "lease" in SAID[name]
    assert any(words in SAID[name] for words in ("try again", "wait a moment", "once more"))


def test_nothing_is_claimed_to_be_undone_where_it_is_not_known():
    """A fault nobody foresaw may come after the commit."""
    assert "Nothing was done" not in sentences.FAULT


def test_who_is_too_fast_hears_that_it_was_not_taken_up():
    """A typed request is dropped: nobody may wait for an answer to it."""
    assert "lost" not in sentences.TOO_FAST
    assert "not take this up" in sentences.TOO_FAST
