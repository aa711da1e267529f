"""A sentence keeps its template and values through a row, and is English for whatever knows nothing of it (SL-19)."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import as_known, as_told, duration, read_in
from storage.faults import DirectoryUnavailable
from storage.sentences import Length, Sentence, as_kept, as_text, kept, revived, told_together
from tests.bot.texts.pseudo import Pseudo, english

WHY = Sentence("nobody had granted it; taken away by {name}", name="Γρεις")
HELD = Sentence("Held for {length}.", length=Length(150))
NESTED = told_together(Sentence("Left: {count}.", count=2), "No policy allows this.")


def test_its_text_is_english_for_the_record() -> None:
    assert WHY == "nobody had granted it; taken away by Γρεις"
    assert (
        json.dumps({"why": WHY}, ensure_ascii=False)
        == '{"why": "nobody had granted it; taken away by Γρεις"}'
    )


@pytest.mark.parametrize("minutes", [0, 1, 2, 59, 60, 61, 90, 120, 1439, 1440, 1561, 2880, 43_200])
def test_a_length_of_time_is_read_as_everywhere_else(minutes: int) -> None:
    """Where it comes out of a row, too: "60 minutes" stood beside "1 hour"."""
    held = Sentence("Held for {length}.", length=Length(minutes))
    again = revived(json.loads(json.dumps(kept(held))))
    assert held == again == as_told(again) == f"Held for {duration(minutes)}."
    with read_in(Pseudo()):
        assert not english(as_told(again))


def test_a_template_with_other_places_is_none() -> None:
    with pytest.raises(LookupError):
        Sentence("{name} left.", who="Grace")


@pytest.mark.parametrize("sentence", [WHY, NESTED, HELD, Sentence("{a}", a="{b}"), Sentence("Somebody")])
def test_it_comes_back_from_a_row_with_its_values(sentence: Sentence) -> None:
    for again in (
        as_kept(as_text(sentence)),
        revived(json.loads(json.dumps(kept({"x": [sentence]}))))["x"][0],
        pickle.loads(pickle.dumps(sentence)),
    ):
        assert isinstance(again, Sentence)
        assert (again, again.template, again.values) == (sentence, sentence.template, sentence.values)


@given(st.one_of(st.text(), st.text().map(lambda text: as_text(Sentence("{x}", x=text)))))
def test_what_people_wrote_comes_back_as_they_wrote_it(text: str) -> None:
    """Even where it looks like one of ours: nobody writes a sentence for Wicket to say."""
    again = as_kept(as_text(text))
    assert again == text
    with read_in(Pseudo()):
        assert not isinstance(again, Sentence) or not again.values


def test_it_is_said_in_the_readers_language_with_what_stands_in_it() -> None:
    with read_in(Pseudo()):
        assert english(as_told(WHY), as_told(NESTED)) == []
        assert as_told(WHY).endswith("Γρεις")
        assert as_told(Sentence("{a}", a="{b}")) == "{b}"


def test_a_name_is_never_looked_up_and_a_sentence_in_its_place_is() -> None:
    with read_in(Pseudo()):
        assert as_known("it is production") == "it is production"
        assert english(as_known(Sentence("Somebody at the front door"))) == []


def test_a_fault_keeps_the_sentence_that_it_was_raised_with() -> None:
    fault = DirectoryUnavailable(Sentence("The directory {directory} is closed.", directory="staff"))
    said = str(fault)
    assert isinstance(said, Sentence)
    assert said.values == {"directory": "staff"}
