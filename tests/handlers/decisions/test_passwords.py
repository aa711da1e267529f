"""New passwords: length and the first guesses decide, never a rule about which characters (SP 800-63B-4, 3.1.1.2)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.decisions.passwords import weakness
from handlers.secure_page.passwords import common_passwords
from storage.directories.base import Account

ADA = Account(
    id="p-ada", directory="staff", person="", login="alovelace", name="Ada King-Lovelace", mail="ada.byron@example.com",
    employment="employee", team="Payments", company="Lovelace Ltd", manager=None, active=True, locked=False,
    privileged=False, must_change_password=False, direct_groups=frozenset(), groups=frozenset(),
    password_changed_at=None, password_expires_at=None, read_at=datetime(2026, 3, 2, tzinfo=UTC),
)  # fmt: skip
COMMON = common_passwords()


def _weak(password: str) -> str | None:
    return weakness(password, account=ADA, company_words=["wicket", "ltd."], common=COMMON)


@pytest.mark.parametrize(
    "good",
    [
        "tram lemon forty quiet",
        "tramlemonfortyquiet",
        "wolkenbruch über dem Teich",
        "我喜欢在雨天慢慢地读很长的旧书",
        "x9$Kq!v2Lm#p8@Zr",
        "passwords are rarely purple",
        "🌲🚲🍋🔔🧵🪁🫖🧊🐌🪴🧭🛶🥁🪐🧦",
        "a" * 3 + "long walk before the sunrise" * 1,
    ],
)
def test_a_long_unlikely_password_is_good_whatever_it_is_made_of(good: str) -> None:
    assert _weak(good) is None


def test_sixty_four_characters_and_many_more_are_welcome() -> None:
    assert _weak("tram lemon forty quiet candle orbit walnut pencil river mosaic !") is None
    long = "".join(chr(0x4E00 + i) for i in range(256))
    assert _weak(long) is None
    assert _weak(long + "x") == "It has 257 characters; 256 is the most that can be kept."


def test_length_is_counted_in_code_points() -> None:
    assert _weak("🌲🚲🍋🔔🧵🪁🫖🧊🐌🪴🧭🛶🥁🪐") is not None  # 14, in 56 bytes
    assert str(_weak("short")).startswith("It has 5 characters and needs at least 15.")


@pytest.mark.parametrize(
    "tried",
    [
        "passwordpassword", "P@ssw0rdP@ssw0rd", "Password!!!!!!!!", "password2026!!!", "...sunshine12345",
        "CorrectHorseBatteryStaple", "correct horse battery staple", "correct-horse-battery-staple",
        "th1s1smypassw0rd", "thisismypassword", "1qaz2wsx3edc4rfv", "Administrator123", "iloveyousomuch!!",
        "footballpassword",
    ],
)  # fmt: skip
def test_what_is_tried_first_is_refused_however_it_is_dressed(tried: str) -> None:
    assert _weak(tried) is not None


@pytest.mark.parametrize(
    "same", ["aaaaaaaaaaaaaaa", "abcabcabcabcabc", "ababababababababa", "xK9!xK9!xK9!xK9!x"]
)
def test_repeats_are_refused(same: str) -> None:
    assert _weak(same) == "It repeats the same characters, so it is easily guessed."


@pytest.mark.parametrize(
    "row", ["123456789012345", "qwertyuiopasdfg", "QWERTYUIOPasdfg", "abcdefghijklmno", "poiuytrewqlkjhg"]
)
def test_rows_of_keys_and_letters_are_refused(row: str) -> None:
    assert _weak(row) == "It follows the keyboard or the alphabet, so it is easily guessed."


@pytest.mark.parametrize(
    "own",
    [
        "tram ALOVELACE lemon",
        "my friend lovelace 77",
        "tram 10v3l4c3 lemon",
        "byron wrote poems here",
        "we at wicket like tea",
    ],
)
def test_names_and_company_words_are_refused(own: str) -> None:
    assert "contains" in str(_weak(own))


@pytest.mark.parametrize("word", ["ge", "IBM", "\uff29\uff22\uff2d", "i\u200bbm"])
def test_a_word_that_was_set_counts_however_short_it_is(word: str) -> None:
    """Whoever runs Wicket chose it; one letter alone would refuse everything."""
    password = "tram lemon ibmforge quiet"
    assert "word of the company" in str(weakness(password, account=ADA, company_words=[word], common=COMMON))
    assert weakness(password, account=ADA, company_words=["i", "", " "], common=COMMON) is None


@pytest.mark.parametrize(
    "own",
    [
        "tram ada lemon quiet",
        "ADA, tram lemon quiet",
        "ada2026 tram lemon",
        "4d4 tram lemon quiet",
        "my_ada_tram_lemon",
    ],
)
def test_a_name_of_three_letters_counts_where_it_stands_by_itself(own: str) -> None:
    assert "your name or login" in str(_weak(own))


@pytest.mark.parametrize("other", ["canada in late november", "tramadalemonquiet", "a king ate mango tarts"])
def test_a_short_name_inside_another_word_does_not_count(other: str) -> None:
    """“Ada” stands inside too many ordinary words to be refused there."""
    named = replace(ADA, name="Ada Yi")
    assert weakness(other, account=named, company_words=[], common=COMMON) is None


def _wide(text: str) -> str:
    """The same letters in full width, as a keyboard for Japanese types them."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@pytest.mark.parametrize(
    "narrow", ["byron wrote poems", "passwordpassword", "my lovelace forty", "qwertyuiopasdfg"]
)
def test_other_shapes_of_the_same_letters_are_the_same_letters(narrow: str) -> None:
    assert _weak(_wide(narrow)) == _weak(narrow) is not None


def test_a_name_is_found_whichever_way_its_accents_are_kept() -> None:
    named = replace(ADA, name="Zoë Brontë")
    for typed in ("tram bront\u00eb lemon", "tram bronte\u0308 lemon"):
        assert "your name" in str(weakness(typed, account=named, company_words=[], common=COMMON))


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\ufeff", "\u00ad", "\u2060"])
def test_what_nobody_sees_is_refused_with_the_way_out(unseen: str) -> None:
    """Pasted along unnoticed, it would lock its owner out; it would also hide a name."""
    answer = str(_weak(f"tram by{unseen}ron forty quiet"))
    assert answer.startswith("It contains a character that nobody sees")
    assert unseen not in answer


@pytest.mark.parametrize("control", ["\0", "\x1b", "\ud800", "\n"])
def test_what_cannot_be_typed_everywhere_is_refused(control: str) -> None:
    assert (
        _weak("tram lemon forty quiet" + control)
        == "It contains a character that cannot be typed everywhere."
    )


@given(st.text(max_size=300))
def test_any_text_at_all_is_answered_without_repeating_it(text: str) -> None:
    answer = _weak(text)
    if len(text) > 20 and answer is not None:
        assert text not in answer


def test_the_list_is_worth_its_place() -> None:
    assert len(COMMON) > 1000
    assert all(len(entry) >= 8 and entry == entry.casefold() for entry in COMMON)
