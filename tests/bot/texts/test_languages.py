"""A translation is taken whole or not at all: one that leaves a fact out, or cannot be filled, stops the start."""

from pathlib import Path

import pytest

from bot.languages import read_language
from bot.slack import words
from bot.slack.messages.deciding import too_late_text
from bot.texts import ENGLISH, as_told, read_in
from handlers.outcomes import TooLate
from storage.faults import SettingsFault
from tests.bot.slack.stories import NOW
from tests.bot.texts.compiled import compiled

APPROVED = "{name} approved this at {time}."
LATE = TooLate(entitlement="prod-db", state="active", by="Grace", at=NOW)


def test_without_a_file_it_is_english():
    assert read_language(None) is ENGLISH


def test_a_translation_is_said_and_what_it_lacks_is_english(tmp_path: Path):
    file = compiled(
        tmp_path / "wicket.mo",
        {
            APPROVED: "Um {time} hat {name} das genehmigt.",
            ("{count} day", "{count} days"): ("{count} Tag", "{count} Tage"),
            "it is production": "es ist Produktion",
            "{names} and {last}": "{names} und {last}",
        },
    )
    with read_in(read_language(file)):
        heard = too_late_text(LATE)
        assert heard.startswith("Um <!date^")
        assert heard.endswith("hat Grace das genehmigt. Nothing more to do.")
        assert [words.duration(1440), words.duration(2880)] == ["1 Tag", "2 Tage"]
        assert as_told("it is production") == "es ist Produktion"
        assert words.listed(["a", "b"]) == "a und b"


@pytest.mark.parametrize(
    "wrong",
    [
        {APPROVED: "{name} hat das genehmigt."},  # a fact is missing
        {APPROVED: "{name} {time} {warum}"},  # nothing fills this
        {APPROVED: "{name.upper} {time}"},
        {APPROVED: "{name um {time}"},
        {APPROVED: "{name:>9} {time}"},
        {("{count} day", "{count} days"): ("ein Tag", "{zahl} Tage")},
    ],
)
def test_one_that_would_leave_out_a_fact_or_could_not_be_filled_is_not_taken(
    tmp_path: Path, wrong: dict[str, str]
):
    with pytest.raises(SettingsFault, match="does not have the places of"):
        read_language(compiled(tmp_path / "wicket.mo", wrong))


def test_a_plural_may_say_its_number_in_a_word(tmp_path: Path):
    texts = {("{count} day", "{count} days"): ("ein Tag", "{count} Tage")}
    with read_in(read_language(compiled(tmp_path / "wicket.mo", texts))):
        assert words.duration(1440) == "ein Tag"


@pytest.mark.parametrize(
    ("right", "wrong"), [(b"charset=UTF-8", b"charset=CHARS"), (b"; plural=", b"; plurax=")]
)
def test_a_head_that_was_never_filled_in_says_what_to_do(tmp_path: Path, right: bytes, wrong: bytes):
    file = compiled(tmp_path / "wicket.mo", {APPROVED: APPROVED})
    assert right in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(right, wrong))
    with pytest.raises(SettingsFault, match="msgfmt"):
        read_language(file)


@pytest.mark.parametrize("content", [None, b"", b"msgid", b"\xde\x12\x04\x95\xff\xff\xff\xff" + b"\xff" * 40])
def test_a_file_that_is_none_says_what_to_do(tmp_path: Path, content: bytes | None):
    file = tmp_path / "wicket.mo"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsFault, match="msgfmt"):
        read_language(file)
